"""What is done about free text: stated under an award that allows it, straight into the basket."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Award, FreeTextPrice
from catalog.finding import Period
from catalog.price_list import Article, PriceList, VatClass
from catalog.rules import judge
from catalog.steering import Ask, Finding, Free, load_facts, unmendable
from core.clock import now, today
from core.db import db, insert_with_conflict
from core.errors import RuleBroken
from core.state import advance
from core.types import rounded
from orders.actions.basket import open_basket
from orders.basket import Basket, BasketLine
from orders.free_text import HOUR, LUMP_SUM, FreeText, free_of
from orders.requisition import MOST_LINES
from orders.sent_file import SentFile, file_columns, known_file

NO_VERSION = 0  # of the list that holds an award's free texts: those of price lists begin at 1


@dataclass(frozen=True, kw_only=True)
class FreeTextFacts:
    """What is stated. `price` is for one `unit_code`, SEK excl. VAT: of an hour, off the supplier's list before the
    mark-up (in percent), or an estimate."""

    key: str
    name: str
    quantity: Decimal
    price: Decimal
    price_kind: FreeTextPrice
    unit_code: str = HOUR
    mark_up: Decimal | None = None
    vat_class: VatClass = VatClass.STANDARD
    description: str | None = None
    file: SentFile | None = None
    is_file_sent: bool = False
    period: Period | None = None  # of a blanket order: then `price` is its cap

    @property
    def unit_price(self) -> Decimal:
        """What one costs, with the mark-up; four decimals."""
        if self.price_kind is FreeTextPrice.MARK_UP:
            return rounded(self.price * (100 + (self.mark_up or Decimal(0))) / 100, 4)
        return self.price


def state(actor: User, organisation: Organisation, award: Award, facts: FreeTextFacts) -> BasketLine:
    """Put something that stands in no price list into the basket, where the award allows it; the same key does it once.

    Raises RuleBroken with the findings: the gates of an article, and those of free text.
    """
    basket = open_basket(actor, organisation)
    hers = (FreeText.author_id == actor.id, FreeText.key == facts.key)
    if known := db.session.scalar(select(FreeText).where(*hers)):
        lying = next((line for line in basket.lines if line.free_text_id == known.id), None)
        if lying is None:
            raise RuleBroken(_l("Det är redan lagt i varukorgen, och skickat eller borttaget. Skriv det på nytt."))
        return lying  # the button was pressed twice
    if len(basket.lines) >= MOST_LINES:
        raise RuleBroken(_l("En varukorg rymmer %(count)s rader. Skicka den här först.", count=MOST_LINES))
    _check_gates(basket, Article(**_row(actor, award, facts)), facts)
    article = _write_row(actor, award, facts)
    stated = _stated(actor, organisation, article, facts)
    line = BasketLine(article=article, quantity=facts.quantity, free_text=stated, added_at=now())
    basket.lines.append(line)
    db.session.flush()
    return line


def closed_to(organisation: Organisation, award: Award) -> tuple[Finding, ...]:
    """What keeps an organisation from stating any free text under an award; nothing where it may."""
    price = next(iter(award.free_text_prices), FreeTextPrice.ESTIMATE)
    row = Article(award_id=award.id, supplier_number="", name="", unit_code=HOUR, price=Decimal(0))
    asks = [Ask(row, free=Free(price, Decimal(0), has_file=True))]
    return unmendable(judge(asks, load_facts(asks, organisation, today(), current={})))


def _check_gates(basket: Basket, article: Article, facts: FreeTextFacts) -> None:
    """Every gate of the award, together with the free text of it that lies in the basket already."""
    free = Free(facts.price_kind, facts.mark_up, has_file=facts.file is not None, period=facts.period)
    lying = [line for line in basket.lines if line.free_text_id and line.article.award_id == article.award_id]
    asks = [
        Ask(article, facts.quantity, free=free),
        *(Ask(line.article, line.quantity, free=free_of(line)) for line in lying),
    ]
    loaded = load_facts(asks, basket.organisation, today(), current={})
    if hard := unmendable(judge(asks, loaded)[:1]):
        raise RuleBroken(hard[0].text, way_on=hard[0].way_on, findings=hard)


def _unit(facts: FreeTextFacts) -> str:
    if facts.period is not None:
        return LUMP_SUM
    return HOUR if facts.price_kind is FreeTextPrice.HOURLY else facts.unit_code


def _row(actor: User, award: Award, facts: FreeTextFacts) -> dict[str, object]:
    told = f"{actor.id}:{facts.key}"
    return {
        "award_id": award.id,
        "supplier_number": f"fritext-{sha256(told.encode()).hexdigest()[:16]}",  # tells rows apart, shown to nobody
        "name": facts.name,
        "description": facts.description,
        "unit_code": _unit(facts),
        "price": facts.unit_price,
        "base_quantity": Decimal(1),
        "vat_class": facts.vat_class,
    }


def _write_row(actor: User, award: Award, facts: FreeTextFacts) -> Article:
    """The row that lines of it point at, in the list that holds the award's free texts and is never on show."""
    row = {"price_list_id": _list_of(award), **_row(actor, award, facts)}
    article: Article = db.session.scalars(insert(Article).returning(Article), [row]).one()
    return article


def _list_of(award: Award) -> int:
    """The id of the list that holds an award's free texts; made with the first of them, once."""
    new = insert_with_conflict(PriceList).values(
        award_id=award.id, version=NO_VERSION, effective_from=today(), created_at=now()
    )
    made = db.session.scalar(new.on_conflict_do_nothing().returning(PriceList.__table__.c.id))
    if made is not None:
        advance(db.session.get_one(PriceList, made), "gather")
        db.session.flush()
        return int(made)
    of_award = (PriceList.award_id == award.id, PriceList.version == NO_VERSION)
    return db.session.scalars(select(PriceList.id).where(*of_award)).one()


def _stated(actor: User, organisation: Organisation, article: Article, facts: FreeTextFacts) -> FreeText:
    is_on_list = facts.price_kind is FreeTextPrice.MARK_UP
    return FreeText(
        key=facts.key,
        organisation_id=organisation.id,
        author_id=actor.id,
        award_id=article.award_id,
        article_id=article.id,
        price_kind=facts.price_kind,
        list_price=facts.price if is_on_list else None,
        mark_up=facts.mark_up or Decimal(0) if is_on_list else None,
        stated_at=now(),
        **file_columns(known_file(facts.file) if facts.file else None),
        is_file_sent=facts.file is not None and facts.is_file_sent,
        blanket_starts_on=facts.period[0] if facts.period else None,
        blanket_ends_on=facts.period[1] if facts.period else None,
    )
