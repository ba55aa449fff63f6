"""Suppliers, agreements and price lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, update

from auth.organisation import Organisation, OrganisationKind
from catalog.actions.external import ExternalFacts, enter
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.external import ExternalCallOff
from catalog.picture import ArticlePicture, version_of
from catalog.price_list import Article, PriceList, PriceListState, Publication, VatClass
from catalog.supplier import Supplier
from catalog.synonym import Synonym
from core.checkdigits import luhn_check_digit
from core.clock import now, today
from core.db import db
from core.types import sort_key
from tests.factories import unique
from tests.factories.auth import make_office

YEAR = timedelta(days=365)


def make_category(**values: object) -> Category:
    number = unique()
    category = Category(**{"code": f"C{number}", "name": f"Kategori {number}", **values})
    db.session.add(category)
    db.session.flush()
    category.path = f"{category.parent.path if category.parent else '/'}{category.id}/"
    return category


def make_synonym(word: str | None = None, means: str = "papper", *, is_both_ways: bool = False) -> Synonym:
    synonym = Synonym(word=word or f"ord{unique()}", means=means, is_both_ways=is_both_ways, changed_at=now())
    db.session.add(synonym)
    db.session.flush()
    return synonym


def make_supplier(**values: object) -> Supplier:
    number = unique()
    digits = f"5569{number:05d}"
    values.setdefault("name", f"Leverantör {number} AB")
    supplier = Supplier(
        **{
            "organisation_number": f"{digits}{luhn_check_digit(digits)}",
            "sort_name": sort_key(str(values["name"])),
            "street": "Industrigatan 3",
            "postal_code": "83148",
            "city": "Östersund",
            "order_email": f"order@leverantor{number}.example",
            **values,
        }
    )
    db.session.add(supplier)
    db.session.flush()
    return supplier


def make_agreement(*entitled: Organisation, **values: object) -> Agreement:
    """An active agreement without lots, which the given organisations may call off."""
    number = unique()
    owner = db.session.query(Organisation).filter_by(kind=OrganisationKind.OFFICE).first() or make_office()
    values.setdefault("title", f"Kontorsmaterial {number}")
    agreement = Agreement(
        **{
            "number": f"UK-{number}",
            "sort_title": sort_key(str(values["title"])),
            "summary": "Papper, pennor och annat till kontoret.",
            "owner": owner,
            "starts_on": today() - YEAR,
            "ends_on": today() + YEAR,
            "state": AgreementState.PUBLISHED,
            "published_at": now(),
            "created_at": now(),
            **values,
        }
    )
    agreement.entitlements = [Entitlement(organisation=o, starts_on=agreement.starts_on) for o in entitled]
    db.session.add(agreement)
    db.session.flush()
    return agreement


def make_lot(agreement: Agreement, **values: object) -> Lot:
    number = unique()
    lot = Lot(
        **{
            "agreement": agreement,
            "number": str(number),
            "title": f"Delområde {number}",
            "method": CallOffMethod.SINGLE,
            "clause": "Avtalet punkt 4.2",
            **values,
        }
    )
    db.session.add(lot)
    db.session.flush()
    return lot


def make_award(lot: Lot, supplier: Supplier | None = None, **values: object) -> Award:
    award = Award(**{"lot": lot, "supplier": supplier or make_supplier(), "rank": len(lot.awards) + 1, **values})
    db.session.add(award)
    db.session.flush()
    return award


def make_ceiling(agreement: Agreement, limit: Decimal | None, **values: object) -> Ceiling:
    ceiling = Ceiling(**{"agreement": agreement, "limit": limit, **values})
    db.session.add(ceiling)
    db.session.flush()
    return ceiling


def make_external(agreement: Agreement, amount: Decimal = Decimal(100), **values: Any) -> ExternalCallOff:
    """A call-off made elsewhere, entered by the machine."""
    return enter(None, agreement, ExternalFacts(called_off_on=today(), amount=amount, **values))


def make_price_list(award: Award, rows: Iterable[dict[str, Any]] = ({},), **values: object) -> PriceList:
    """A published price list of an award; each row says only what matters: `{"name": "Penna", "price": Decimal(9)}`."""
    former = db.session.query(PriceList).filter_by(award_id=award.id).count()
    state = values.pop("state", PriceListState.PUBLISHED)
    price_list = PriceList(
        **{"award": award, "version": former + 1, "effective_from": today(), "created_at": now(), **values}
    )
    db.session.add(price_list)
    db.session.flush()
    for row in rows:
        make_article(price_list, **row)
    price_list.article_count = db.session.query(Article).filter_by(price_list_id=price_list.id).count()
    if state is PriceListState.PUBLISHED:
        db.session.query(PriceList).filter_by(award_id=award.id, state=PriceListState.PUBLISHED).update(
            {"state": PriceListState.SUPERSEDED}
        )
        price_list.publication = db.session.scalar(
            update(Publication).values(last=Publication.last + 1).returning(Publication.last)
        )
        price_list.published_at = now()
    price_list.state = state  # type: ignore[assignment]
    db.session.flush()
    return price_list


def make_article(price_list: PriceList, **values: object) -> Article:
    """A row of a draft price list."""
    number = unique()
    row = {
        "price_list_id": price_list.id,
        "award_id": price_list.award_id,
        "supplier_number": f"A{number}",
        "name": f"Kopieringspapper A4 {number}",
        "unit_code": "XPK",
        "price": Decimal("49.90"),
        "base_quantity": Decimal(1),
        "vat_class": VatClass.STANDARD,
        **values,
    }
    article_id = db.session.scalar(insert(Article).returning(Article.id), row)
    return db.session.get_one(Article, article_id)


def make_offer(*entitled: Organisation, price: Decimal = Decimal("49.90"), **row: Any) -> Article:
    """The shortest way to something orderable: agreement, lot, award, published list with one article."""
    lot = make_lot(make_agreement(*entitled))
    price_list = make_price_list(make_award(lot), [{"price": price, **row}])
    return db.session.query(Article).filter_by(price_list_id=price_list.id).one()


def make_picture(address: str, content: bytes = b"\xff\xd8\xffa picture") -> ArticlePicture:
    """What was fetched from an address."""
    picture = ArticlePicture(
        address=address, content=content, media_type="image/jpeg", version=version_of(content), fetched_at=now()
    )
    db.session.add(picture)
    db.session.flush()
    return picture
