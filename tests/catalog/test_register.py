"""Bringing a register of agreements in."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from auth.journal import entries_about
from catalog.actions.intake import RegisterRefused
from catalog.actions.register import RegisterOutcome, import_register
from catalog.agreement import Agreement, AgreementState, CallOffMethod
from catalog.ceiling import Ceiling
from catalog.supplier import Supplier
from core.db import commit, db, rollback
from exchange.registerfile import UNKNOWN, RegisterRow
from tests.factories.auth import make_office, make_organisation
from tests.factories.catalog import make_category

pytestmark = pytest.mark.usefixtures("app")

A, B = "5560000167", "5560003468"


def row(**values: Any) -> RegisterRow:
    return RegisterRow(
        **{
            "line": 2,
            "agreement": "UK-1",
            "lot": "1",
            "supplier": A,
            "title": "Livsmedel",
            "starts_on": date(2026, 1, 1),
            "ends_on": date(2027, 12, 31),
            "summary": "Mat.",
            "clause": "punkt 4",
            "supplier_name": f"Bolag {values.get('supplier', A)}",
            "supplier_email": "order@bolag.example",
            "entitled": ("alla",),
            **values,
        }
    )


@pytest.fixture(autouse=True)
def _organisations(app: object) -> None:
    make_office()
    for number in range(3):
        make_organisation(name=f"Kommun {number}")


def bring_in(*rows: RegisterRow, publish: bool = False) -> RegisterOutcome:
    outcome = import_register(None, rows, publish=publish)
    commit()
    return outcome


def the_agreement() -> Agreement:
    return db.session.scalars(select(Agreement).where(Agreement.number == "UK-1")).one()


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_row_becomes_a_whole_draft() -> None:
    category = make_category(name="Livsmedel")
    outcome = bring_in(
        row(ceiling=Decimal(5000), category="livsmedel", method="ranking", rank=2),
        row(line=3, supplier=B, method="ranking", rank=1),
    )
    agreement = the_agreement()
    lot = agreement.lots[0]
    assert outcome.created == ["UK-1"]
    assert (agreement.state, agreement.category) == (AgreementState.DRAFT, category)
    assert (lot.method, lot.title) == (CallOffMethod.RANKING, "Livsmedel")
    assert {(a.supplier.organisation_number, a.rank) for a in lot.awards} == {(A, 2), (B, 1)}
    assert len(agreement.entitlements) == 3  # everybody but the office
    ceiling = db.session.scalars(select(Ceiling).where(Ceiling.lot_id.is_(None))).one()
    assert ceiling.limit == Decimal(5000)


def test_publish_opens_complete_drafts() -> None:
    assert bring_in(row(), publish=True).published == ["UK-1"]
    assert the_agreement().state is AgreementState.PUBLISHED


def test_importing_again_changes_nothing() -> None:
    bring_in(row(ceiling=Decimal(5000)))
    again = bring_in(row(ceiling=Decimal(5000)))
    assert (again.created, again.changed, again.unchanged) == ([], {}, ["UK-1"])
    assert (count(Supplier), count(Ceiling)) == (1, 3)


def test_importing_again_updates_a_draft_and_tells_what_changed() -> None:
    bring_in(row(ceiling=Decimal(5000)))
    again = bring_in(row(title="Mat och dryck", ceiling=UNKNOWN), row(line=3, lot="2", lot_title="Mejeri"))
    assert [*map(str, again.changed["UK-1"])] == [
        "title: Livsmedel → Mat och dryck",
        "+ 2 Mejeri",
        f"+ 2: Bolag {A}",
        "UK-1: 5000.00 → okänd",
    ]
    assert the_agreement().sort_title == "mat och dryck"


def test_empty_cell_changes_nothing() -> None:
    bring_in(row(ceiling=Decimal(5000), registry_number="D-1"))
    assert bring_in(row(ceiling=None, registry_number=None, summary=None)).unchanged == ["UK-1"]


def test_what_is_not_in_the_file_is_told_and_never_removed() -> None:
    bring_in(row(method="ranking"), row(line=3, supplier=B))
    outcome = bring_in(row())
    assert len(outcome.remarks) == 1 and f"Bolag {B}" in str(outcome.remarks[0])
    assert len(the_agreement().lots[0].awards) == 2


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"ends_on": date(2028, 12, 31)}, "Till"),
        ({"regime": "luf"}, "Lag"),
        ({"ceiling": Decimal(9000)}, "Takvolym"),
        ({"ceiling": UNKNOWN}, "Takvolym"),
        ({"lot_ceiling": Decimal(10)}, "Delområdets tak"),
        ({"clause": "punkt 5"}, "Avtalspunkt"),
        ({"method": "ranking"}, "Avropsordning"),
        ({"lot": "2"}, "Delområde"),
        ({"rank": 3}, "Rangordning"),
        ({"supplier": B}, "Leverantörens organisationsnummer"),
    ],
)
def test_published_agreement_keeps_what_the_law_cares_about(values: dict[str, Any], column: str) -> None:
    bring_in(row(ceiling=Decimal(5000)), publish=True)
    with pytest.raises(RegisterRefused) as refused:
        bring_in(row(**values))
    assert [(r.line, r.column) for r in refused.value.refusals] == [(2, column)]
    assert "publicerat" in str(refused.value.refusals[0].text)


def test_published_agreement_takes_new_texts() -> None:
    bring_in(row(), publish=True)
    changed = bring_in(row(summary="Mat och dryck.")).changed
    assert [*map(str, changed["UK-1"])] == ["summary: Mat. → Mat och dryck."]
    assert the_agreement().summary == "Mat och dryck."


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"entitled": ("2120009999",)}, "Avropsberättigade"),
        ({"owner": "2120009999"}, "Avtalsägare"),
        ({"category": "Finns inte"}, "Kategori"),
        ({"ends_on": date(2031, 1, 1)}, "Avtalsnummer"),
        ({"summary": None}, "Avtalsnummer"),  # refused by --publish
    ],
)
def test_refused_register_leaves_nothing(values: dict[str, Any], column: str) -> None:
    with pytest.raises(RegisterRefused) as refused:
        bring_in(row(agreement="UK-0", supplier=B), row(line=7, **values), publish=True)
    rollback()
    assert [(r.line, r.column) for r in refused.value.refusals] == [(7, column)]


def test_every_refused_agreement_is_named_in_one_go() -> None:
    bad = {"category": "Finns inte"}
    rows = [row(**bad), row(line=3, agreement="UK-2", **bad), row(line=4, agreement="UK-3", ends_on=date(2040, 1, 1))]
    with pytest.raises(RegisterRefused) as refused:
        bring_in(*rows)
    assert [r.line for r in refused.value.refusals] == [2, 3, 4]


def test_long_term_is_taken_with_its_reason() -> None:
    assert bring_in(row(ends_on=date(2031, 1, 1), reason="Lång avskrivningstid")).created == ["UK-1"]


def test_several_suppliers_without_a_method_are_refused() -> None:
    with pytest.raises(RegisterRefused) as refused:
        bring_in(row(), row(line=3, supplier=B))
    assert refused.value.refusals[0].column == "Avropsordning"


def test_order_address_of_a_known_supplier_is_never_overwritten() -> None:
    bring_in(row())
    outcome = bring_in(row(supplier_email="annan@bolag.example"))
    assert db.session.scalars(select(Supplier.order_email)).all() == ["order@bolag.example"]
    assert "order@bolag.example" in str(outcome.remarks[0])


def test_order_address_that_was_missing_is_entered_and_told_to_the_journal() -> None:
    bring_in(row(supplier_email=None))
    bring_in(row())
    supplier = db.session.scalars(select(Supplier)).one()
    assert supplier.order_email == "order@bolag.example"
    assert entries_about("supplier", supplier.id)[-1].details["changes"] == {
        "order_email": [None, "order@bolag.example"]
    }
