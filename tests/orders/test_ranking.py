"""The ranking log: what an entry opens, for how much, and what it takes to note one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from auth.journal import entries_about
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from core.clock import frozen, now
from core.db import TransactionalFlask, commit, db
from core.errors import RuleBroken
from orders.actions.approval import send_back
from orders.actions.basket import add, change, remove
from orders.actions.ranking import note_refusal
from orders.actions.requisition import mend, submit
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of, view_basket
from orders.ranking import AskedGoods, RankingRefusal, refused_by_line
from orders.ranking_queries import refusals_of
from orders.sent_file import SentFile
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list
from tests.factories.orders import Place, checkout_at, make_place, pending_step

HOUR = timedelta(hours=1)


@dataclass
class Ranked:
    """Three ranked suppliers of a lot, each selling paper (one GTIN) and staples of its own."""

    place: Place
    paper: list[Article]
    staples: list[Article]

    def basket(self) -> Basket:
        found = basket_of(self.place.orderer, self.place.organisation)
        assert found is not None
        return found

    def put(self, article: Article, quantity: int = 1) -> BasketLine:
        return add(self.place.orderer, self.place.organisation, article, Decimal(quantity))

    def note(
        self, rank: int, answer: str = "declined", asked_at: datetime | None = None, **more: Any
    ) -> RankingRefusal:
        award = self.paper[rank - 1].award
        asked_at = asked_at or now() - HOUR
        return note_refusal(self.place.orderer, self.basket(), award, asked_at, "telefon", answer, "Slut", **more)

    def codes(self) -> list[set[str]]:
        view = view_basket(self.basket())
        return [{f.code for f in view.findings[line.id] if f.level.value == "stop"} for line in view.basket.lines]

    def submit(self) -> Any:
        return submit(self.place.orderer, self.place.organisation, checkout_at(self.place))


@pytest.fixture
def ranked(app: TransactionalFlask) -> Ranked:
    place = make_place()
    lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.RANKING, answer_hours=48)
    paper, staples = [], []
    for number in (1, 2, 3):
        rows = [
            {"name": f"Papper {number}", "gtin": "07310869000010", "price": Decimal(40 + number)},
            {"name": f"Klammer {number}", "price": Decimal(5)},
        ]
        made = make_price_list(make_award(lot), rows)
        one, other = db.session.query(Article).filter_by(price_list_id=made.id).order_by(Article.id)
        paper.append(one)
        staples.append(other)
    return Ranked(place, paper, staples)


STOPPED: set[str] = {"not-next-in-rank"}


def test_an_answer_is_about_so_many_and_no_more(ranked: Ranked) -> None:
    line = ranked.put(ranked.paper[1], 10)
    ranked.note(1)
    assert ranked.codes() == [set()]
    change(ranked.place.orderer, line, Decimal(11))
    assert ranked.codes() == [STOPPED]
    change(ranked.place.orderer, line, Decimal(9))
    assert ranked.codes() == [set()]


def test_an_answer_is_about_the_articles_that_were_asked_for(ranked: Ranked) -> None:
    ranked.put(ranked.paper[1], 10)
    ranked.note(1)
    ranked.put(ranked.staples[1])
    assert ranked.codes() == [set(), STOPPED]
    with pytest.raises(RuleBroken):
        ranked.submit()
    ranked.note(1)
    assert ranked.codes() == [set(), set()]


def test_an_answer_follows_the_same_article_to_the_next_supplier(ranked: Ranked) -> None:
    """Asked while rank 2's paper lay there; rank 2 declines too, and rank 3 sells the same GTIN."""
    line = ranked.put(ranked.paper[1], 10)
    ranked.note(1)
    ranked.note(2)
    remove_after = line.id
    ranked.put(ranked.paper[2], 10)
    remove(ranked.place.orderer, next(one for one in ranked.basket().lines if one.id == remove_after))
    assert ranked.codes() == [set()]


def test_the_same_answer_is_not_used_for_two_lines_of_one_article(ranked: Ranked) -> None:
    ranked.put(ranked.paper[1], 10)
    ranked.note(1)
    ranked.note(2)
    ranked.put(ranked.paper[2], 10)
    assert [bool(codes) for codes in ranked.codes()] == [False, True]


def test_an_old_entry_without_what_was_asked_opens_its_need_as_before() -> None:
    refusal = RankingRefusal(award_id=7, asked_for=None)

    class Line:
        article, quantity = None, Decimal(1)

    assert refused_by_line([refusal], [Line(), Line()]) == [frozenset({7})] * 2


def test_units_that_differ_are_not_the_same_goods() -> None:
    asked = AskedGoods(1, "A1", "07310869000010", "Papper", "XPK", Decimal(5))
    assert asked.is_about(Article(award_id=2, supplier_number="B1", gtin="07310869000010", unit_code="XPK", name="Ark"))
    assert not asked.is_about(
        Article(award_id=2, supplier_number="B1", gtin="07310869000010", unit_code="C62", name="Papper")
    )
    assert asked.is_about(Article(award_id=2, supplier_number="B1", gtin=None, unit_code="XPK", name="PAPPER"))


@pytest.mark.parametrize(("hours", "is_silence"), [(Decimal("47.99"), False), (48, True), (49, True)])
def test_silence_is_noted_when_the_hours_are_out(ranked: Ranked, hours: Any, is_silence: bool) -> None:
    ranked.put(ranked.paper[1])
    asked_at = now() - timedelta(hours=int(hours), minutes=int(hours % 1 * 60))
    if not is_silence:
        with pytest.raises(RuleBroken, match="48"):
            ranked.note(1, "silent", asked_at)
        return
    assert ranked.note(1, "silent", asked_at).answer_by == asked_at + timedelta(hours=48)
    assert ranked.codes() == [set()]


def test_the_hours_run_on_through_the_weekend(ranked: Ranked) -> None:
    """What the agreement counts in hours is counted in hours: docs/avropsordningar.md."""
    friday = datetime.fromisoformat("2026-11-20T15:00:00+01:00")
    ranked.put(ranked.paper[1])
    with frozen(friday + timedelta(hours=48)):
        assert ranked.note(1, "silent", friday).answer == "silent"


@pytest.mark.parametrize("ago", [-HOUR, timedelta(days=31)])
def test_nobody_is_asked_in_the_future_or_long_ago(ranked: Ranked, ago: timedelta) -> None:
    ranked.put(ranked.paper[1])
    with pytest.raises(RuleBroken):
        ranked.note(1, asked_at=now() - ago)


def test_nothing_is_asked_about_an_empty_basket(ranked: Ranked) -> None:
    line = ranked.put(ranked.paper[1])
    basket = line.basket
    remove(ranked.place.orderer, line)
    with pytest.raises(RuleBroken, match="varukorgen"):
        note_refusal(ranked.place.orderer, basket, ranked.paper[0].award, now(), "telefon", "declined", "Slut")


def test_the_database_knows_no_early_silence(ranked: Ranked) -> None:
    ranked.put(ranked.paper[1])
    ranked.note(1)
    commit()
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            text(
                "INSERT INTO ranking_refusal (award_id, basket_id, asked_at, answer_by, channel, answer, reason, "
                "noted_by_id, noted_at) SELECT award_id, basket_id, asked_at, answer_by, channel, 'silent', reason, "
                "noted_by_id, noted_at FROM ranking_refusal"
            )
        )


@pytest.mark.parametrize("column", ["answer", "reason", "asked_at", "asked_for"])
def test_the_database_lets_nobody_rewrite_the_log(ranked: Ranked, column: str) -> None:
    ranked.put(ranked.paper[1])
    ranked.note(1)
    commit()
    value = {"asked_at": now() - 9 * HOUR, "asked_for": None}.get(column, "annat")
    with pytest.raises(IntegrityError, match="ranking log"), db.session.begin_nested():
        db.session.execute(update(RankingRefusal).values({column: value}))


def test_the_file_is_kept_with_the_entry(ranked: Ranked) -> None:
    ranked.put(ranked.paper[1])
    kept = ranked.note(1, file=SentFile("../nej tack.exe", b"%PDF-1.7 nej"))
    assert (kept.file_name, kept.file_type) == ("nej tack.pdf", "application/pdf")
    commit()
    [entry] = entries_about("award", ranked.paper[0].award_id)
    assert entry.details["file"] == kept.file_sha256
    with pytest.raises(RuleBroken):
        ranked.note(1, file=SentFile("nej.exe", b"MZ\x00\x01"))


def test_the_log_follows_the_need_through_its_mending_and_no_further(ranked: Ranked) -> None:
    ranked.put(ranked.paper[1], 10)
    ranked.note(1)
    requisition = ranked.submit()
    step = pending_step(requisition)
    send_back(ranked.place.approver, step, "Färre räcker", requisition.content_hash or "")
    mend(ranked.place.orderer, requisition)
    assert ranked.codes() == [set()]
    [line] = ranked.basket().lines
    change(ranked.place.orderer, line, Decimal(12))
    assert ranked.codes() == [STOPPED]
    change(ranked.place.orderer, line, Decimal(5))
    assert [one.award for one in refusals_of(ranked.submit())] == [ranked.paper[0].award]
    ranked.put(ranked.paper[1], 1)
    assert ranked.codes() == [STOPPED]
