"""Price lists: all or nothing in, one in force, never edited."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from auth.permission import Role
from catalog.actions.price_list import approve, import_price_list, publish, publish_due, withdraw
from catalog.agreement import Award
from catalog.managing import in_force, price_range
from catalog.price_list import Article, PriceList, PriceListState, VatClass
from catalog.price_row import rows_of
from core.clock import frozen, now, today
from core.db import commit, db, unit_of_work
from core.errors import AvropError, NotAllowed, RuleBroken, WrongState
from exchange import pricesheet
from exchange.pricefile import read_price_file
from exchange.table import CHUNK
from exchange.tablefile import Form
from tests.factories import hostile
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list
from tests.factories.hostile import catalogue_line

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms;GTIN;Märkning"


def price_file(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


GOOD = price_file("A1;Penna;st;9,50;25;;", "A2;Mjölk;l;12,3456;livsmedel;7340090400001;KRAV, Svanen")


def bring_in(award: Award, data: bytes = GOOD, days: int = 0) -> PriceList:
    outcome = import_price_list(None, award, data, "lista", today() + timedelta(days=days))
    assert outcome.price_list is not None, outcome.problems
    return outcome.price_list


@pytest.fixture
def award(app: Flask) -> Award:
    return make_award(make_lot(make_agreement()))


def test_file_becomes_a_draft_with_every_row(award: Award) -> None:
    price_list = bring_in(award)
    assert (price_list.state, price_list.version, price_list.article_count) == (PriceListState.DRAFT, 1, 2)
    milk = db.session.scalars(select(Article).where(Article.supplier_number == "A2")).one()
    assert (milk.price, milk.vat_class, milk.unit_code) == (Decimal("12.3456"), VatClass.FOOD, "LTR")
    assert milk.mark_list == ["KRAV", "Svanen"]
    assert price_range(price_list) == (Decimal("9.5"), Decimal("12.3456"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\x00\x01",
        b"PK\x03\x04",
        b"hej",
        price_file(),
        price_file("A1;Penna;st;-1;25;;"),
        price_file("A1;Penna;st;1e30;25;;"),
        price_file("A1;Penna;st;9;25;7340090400002;"),
        price_file("A1;=1+1;st;9;25;;"),
        price_file("A1;Pen\0na;st;9;25;;"),
        price_file(f"A1;{'x' * 10_000_000};st;9;25;;"),
        price_file("A1;Penna;st;9;25;;", "A1;Penna;st;9;25;;"),
        price_file("A1;Penna;st;9;25;;", "A2;Penna;st;0;25;;"),
    ],
)
def test_one_bad_row_and_nothing_is_stored(award: Award, data: bytes) -> None:
    outcome = import_price_list(None, award, data, "lista.csv", today())
    assert outcome.price_list is None
    assert outcome.problems
    assert all(problem.text for problem in outcome.problems)
    assert db.session.scalar(select(func.count()).select_from(PriceList)) == 0
    assert db.session.scalar(select(func.count()).select_from(Article)) == 0


def test_number_that_comes_again_far_down_is_named_with_both_lines(award: Award) -> None:
    """While a list is stored nobody remembers all its numbers: the database finds the second one."""
    lines = [f"A{n};Penna;st;1;25;;" for n in range(2, 3 * CHUNK)]
    outcome = import_price_list(None, award, price_file(*lines, "A7;Penna;st;1;25;;"), "lista.csv", today())
    assert [(p.code, p.line, p.params) for p in outcome.problems] == [("number-twice", 3 * CHUNK, {"other": 7})]
    assert outcome.price_list is None
    assert db.session.scalar(select(func.count()).select_from(Article)) == 0
    assert bring_in(award).version == 1


def test_open_file_is_read_like_its_bytes(award: Award, tmp_path: Path) -> None:
    path = tmp_path / "lista.csv"
    path.write_bytes(GOOD)
    with path.open("rb") as file:
        outcome = import_price_list(None, award, file, path.name, today())
    first = bring_in(award)
    assert outcome.price_list is not None and outcome.price_list.source_sha256 == first.source_sha256
    assert first.source_sha256 == sha256(GOOD).hexdigest()
    assert list(rows_of(outcome.price_list)) == list(rows_of(first)) == read_price_file(GOOD).rows


def test_what_is_wrong_with_the_database_is_not_blamed_on_the_file(award: Award) -> None:
    db.session.execute(text("CREATE UNIQUE INDEX one_of_each_unit ON article (unit_code)"))
    with pytest.raises(IntegrityError):
        bring_in(award, price_file("A1;Penna;st;9;25;;", "A2;Penna;st;9;25;;"))


def test_widest_row_that_the_reader_takes_is_stored(award: Award) -> None:
    """What the file may hold and what the columns hold are two lists of limits; PostgreSQL tells when they differ."""
    fields = {
        "Artikelnummer": "å" * 50,
        "Benämning": "å" * 200,
        "Enhet": "st",
        "Pris": "1000000000",
        "Moms": "25",
        "Beskrivning": "å" * 4000,
        "Tillverkare": "å" * 100,
        "Sökord": ",".join(["å" * 9] * 50),
        "Märkning": ",".join(["å" * 9] * 20),
        "Bild": "https://" + "a" * 492,
        "Prisenhet": "1000000",
        "Leveranstid": "999",
    }
    bring_in(award, f"{';'.join(fields)}\n{';'.join(fields.values())}".encode())
    assert len(db.session.scalars(select(Article.marks)).one() or "") == 199


def test_publishing_supersedes_the_list_in_force(award: Award) -> None:
    first, second = bring_in(award), bring_in(award)
    approve(None, first)
    approve(None, second)
    assert (first.state, second.state) == (PriceListState.SUPERSEDED, PriceListState.PUBLISHED)
    assert first.superseded_at is not None
    assert first.publication is not None and second.publication is not None
    assert second.publication > first.publication


def test_list_of_another_award_stays_in_force(award: Award) -> None:
    other = bring_in(make_award(make_lot(make_agreement())))
    approve(None, other)
    approve(None, bring_in(award))
    assert other.state is PriceListState.PUBLISHED


@pytest.mark.parametrize("state", [s for s in PriceListState if s is not PriceListState.DRAFT])
def test_only_a_draft_is_approved(award: Award, state: PriceListState) -> None:
    price_list = bring_in(award)
    price_list.state = state
    with pytest.raises(WrongState):
        approve(None, price_list)


@pytest.mark.parametrize("state", [s for s in PriceListState if s is not PriceListState.REVIEWED])
def test_only_a_reviewed_list_is_published_and_nothing_else_is_touched(award: Award, state: PriceListState) -> None:
    in_force = make_price_list(award) if state is not PriceListState.PUBLISHED else None
    price_list = bring_in(award)
    price_list.state = state
    with pytest.raises(WrongState):
        publish(None, price_list)
    assert in_force is None or in_force.state is PriceListState.PUBLISHED


def test_list_for_a_coming_day_waits_for_it(award: Award) -> None:
    in_force = make_price_list(award)
    coming = bring_in(award, days=3)
    approve(None, coming)
    assert coming.state is PriceListState.REVIEWED
    with pytest.raises(RuleBroken):
        publish(None, coming)
    commit()
    assert publish_due() == 0
    with frozen(now() + timedelta(days=3)):
        assert publish_due() == 1
        assert publish_due() == 0
    assert (in_force.state, coming.state) == (PriceListState.SUPERSEDED, PriceListState.PUBLISHED)


def test_withdrawing_needs_a_reason(award: Award) -> None:
    actor = make_member(Role.AGREEMENT_OWNER, award.lot.agreement.owner)
    price_list = make_price_list(award)
    with pytest.raises(RuleBroken):
        withdraw(actor, price_list, "")
    withdraw(actor, price_list, "Fel priser")
    assert price_list.state is PriceListState.WITHDRAWN


def test_import_refuses_who_does_not_manage_the_agreement(award: Award) -> None:
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    with pytest.raises(NotAllowed):
        import_price_list(stranger, award, GOOD, "lista.csv", today())


@pytest.mark.parametrize("change", [{"price": Decimal(1)}, {"price_list_id": None}])
def test_the_database_refuses_to_change_a_published_list(award: Award, change: dict[str, Any]) -> None:
    published, draft = make_price_list(award, [{}]), make_price_list(award, state=PriceListState.DRAFT)
    articles = select(Article.id).where(Article.price_list_id == (draft if "price_list_id" in change else published).id)
    values = {name: published.id if value is None else value for name, value in change.items()}
    with pytest.raises(DatabaseError, match="never changed"), db.session.begin_nested():
        db.session.execute(update(Article).where(Article.id.in_(articles)).values(values))


def test_two_who_publish_at_once_leave_one_list_in_force(fresh_app: Flask) -> None:
    with fresh_app.app_context(), unit_of_work():
        award = make_award(make_lot(make_agreement()))
        ids = [bring_in(award).id for _ in range(4)]
        award_id = award.id
    barrier, outcomes = Barrier(len(ids) + 1), []

    def work(price_list_id: int) -> None:
        with fresh_app.app_context():
            barrier.wait()
            try:
                with unit_of_work() as session:
                    approve(None, session.get_one(PriceList, price_list_id))
                outcomes.append("published")
            except AvropError as error:
                outcomes.append(error.code)

    # the same list twice: one of the two is told that somebody was before
    threads = [Thread(target=work, args=(i,)) for i in [*ids, ids[0]]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["published"] * 4 + ["wrong-state"]
    with fresh_app.app_context():
        states = db.session.scalars(select(PriceList.state).where(PriceList.award_id == award_id)).all()
        numbers = db.session.scalars(select(PriceList.publication)).all()
    assert sorted(state.value for state in states) == ["published", *["superseded"] * 3]
    assert len(set(numbers)) == 4


def test_no_hostile_file_leaves_anything(award: Award) -> None:
    for file_name, make in hostile.FILES.values():
        assert import_price_list(None, award, make(), file_name, today()).price_list is None, make.__name__
    assert db.session.scalar(select(func.count()).select_from(PriceList)) == 0
    assert db.session.scalar(select(func.count()).select_from(Article)) == 0


def rows(price_list: PriceList) -> list[tuple[str, Decimal]]:
    return [(row.supplier_number, row.price) for row in rows_of(price_list)]


def changes(lines: str, action: str = "Update") -> bytes:
    return hostile.catalogue(lines, header=f"<cbc:ActionCode>{action}</cbc:ActionCode>")


def test_catalogue_of_changes_is_applied_to_the_list_in_force(award: Award) -> None:
    approve(None, bring_in(award))
    lines = catalogue_line("A1", act="Update", price="11") + catalogue_line("A2", act="Delete") + catalogue_line("A3")
    draft = bring_in(award, changes(lines))
    assert rows(draft) == [("A1", Decimal(11)), ("A3", Decimal(1))]
    assert draft.article_count == 2
    published = in_force(award)
    assert published is not None
    assert [number for number, _ in rows(published)] == ["A1", "A2"]


def test_catalogue_that_replaces_is_the_whole_list(award: Award) -> None:
    approve(None, bring_in(award))
    assert rows(bring_in(award, changes(catalogue_line("A9"), "Replace"))) == [("A9", Decimal(1))]


def test_catalogue_of_changes_without_a_list_in_force_is_the_list(award: Award) -> None:
    lines = catalogue_line("A1", act="Update") + catalogue_line("A7", act="Delete")
    outcome = import_price_list(None, award, changes(lines), "katalog.xml", today())
    assert [(p.code, p.value, p.severity) for p in outcome.problems] == [("not-in-force", "A7", "warning")]
    assert outcome.price_list is not None
    assert rows(outcome.price_list) == [("A1", Decimal(1))]


def test_catalogue_that_leaves_nothing_is_refused(award: Award) -> None:
    approve(None, bring_in(award))
    lines = catalogue_line("A1", act="Delete") + catalogue_line("A2", act="Delete")
    outcome = import_price_list(None, award, changes(lines), "katalog.xml", today())
    assert (outcome.price_list, [problem.code for problem in outcome.problems]) == (None, ["no-rows"])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_list_taken_out_and_put_back_is_the_same(award: Award, form: Form) -> None:
    first = bring_in(award)
    data = pricesheet.price_list(rows_of(first), form)
    outcome = import_price_list(None, award, data, f"lista.{form}", today())
    assert outcome.price_list is not None, outcome.problems
    assert list(rows_of(outcome.price_list)) == list(rows_of(first))
