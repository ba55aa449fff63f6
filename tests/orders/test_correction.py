"""A decided direct procurement is corrected: the sum follows, and what it said before stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from auth.journal import entries_about
from auth.user import User
from catalog.category import Category
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken
from orders.actions.correction import Corrected, correct
from orders.actions.need import answer_directly
from orders.direct_procurement import DirectProcurement
from orders.story import tell
from tests.factories.catalog import make_category
from tests.factories.needs import SUPPLIER_NUMBER, make_need, make_procurement, procured, procurement_facts
from tests.factories.orders import Place

LogIn = Callable[[User], FlaskClient]
OTHER_NUMBER = "5559900724"


@pytest.fixture
def category(place: Place) -> Category:
    return make_category()


@pytest.fixture
def bought(place: Place, buyer: User, category: Category) -> DirectProcurement:
    return make_procurement(buyer, place, category, "150000")


def said(bought: DirectProcurement) -> Corrected:
    return Corrected(bought.value, bought.chosen.name, bought.chosen.organisation_number, bought.reasons)


def test_the_sum_follows_and_what_stood_before_stays(
    place: Place, buyer: User, category: Category, bought: DirectProcurement
) -> None:
    standing = correct(buyer, bought, replace(said(bought), value=Decimal(510_000)), "En nolla för lite.")
    assert standing.total == procured(place, category) == Decimal(510_000)
    correct(buyer, bought, replace(said(bought), supplier="Bord & Stol AB"), "Fel bolag.")
    assert (bought.value, bought.chosen.name, bought.chosen.price) == (
        Decimal(510_000),
        "Bord & Stol AB",
        Decimal(510_000),
    )
    assert [(one.former_value, one.former_supplier, one.why) for one in bought.corrections] == [
        (Decimal(150_000), "Bordsbutiken AB", "En nolla för lite."),
        (Decimal(510_000), "Bordsbutiken AB", "Fel bolag."),
    ]


def test_it_is_journaled_and_told(buyer: User, bought: DirectProcurement) -> None:
    correct(buyer, bought, replace(said(bought), value=Decimal(51_000)), "En nolla för mycket.")
    commit()
    entry = entries_about("need-report", bought.report_id)[-1]
    assert (entry.act, entry.actor_name) == ("correct", buyer.name)
    assert (entry.details["former_value"], entry.details["value"]) == ("150000.00", "51000")
    assert "rättade direktupphandlingen" in tell([entry])[0].text and tell([entry])[0].said == "En nolla för mycket."


def test_what_is_bought_is_noted_above_the_limit_and_the_next_is_refused(
    place: Place, buyer: User, category: Category, bought: DirectProcurement
) -> None:
    standing = correct(buyer, bought, replace(said(bought), value=Decimal(800_000)), "Tilläggen saknades.")
    assert standing.total > standing.limit and standing.left == 0
    with pytest.raises(RuleBroken, match="Gränsen för direktupphandling"):
        answer_directly(buyer, make_need(place), procurement_facts(category, Decimal(1)))


@pytest.mark.parametrize(
    ("change", "why", "match"),
    [
        ({}, "Fel.", "Inget är ändrat"),
        ({"value": Decimal(160_000)}, " ", "vad som var fel"),
        ({"value": Decimal(160_000), "reasons": None}, "Fel.", "Ange skälen"),
        ({"supplier": "Bord AB", "organisation_number": None}, "Fel.", "organisationsnummer"),
    ],
)
def test_it_needs_a_change_a_ground_and_a_whole_documentation(
    buyer: User, bought: DirectProcurement, change: dict[str, object], why: str, match: str
) -> None:
    with pytest.raises(RuleBroken, match=match):
        correct(buyer, bought, replace(said(bought), **change), why)  # type: ignore[arg-type]


def test_only_those_who_may_answer(place: Place, buyer: User, bought: DirectProcurement) -> None:
    for person in (place.orderer, place.approver):
        with pytest.raises(NotAllowed):
            correct(person, bought, replace(said(bought), value=Decimal(1)), "Fel.")


@pytest.mark.parametrize(
    "statement", ["UPDATE procurement_correction SET why='x'", "DELETE FROM procurement_correction"]
)
def test_the_database_keeps_a_correction(buyer: User, bought: DirectProcurement, statement: str) -> None:
    correct(buyer, bought, replace(said(bought), value=Decimal(160_000)), "Fel.")
    with pytest.raises(DatabaseError, match="never changed"):
        db.session.execute(text(statement))


def test_the_page_corrects_and_the_pdf_tells_both(
    buyer: User, place: Place, bought: DirectProcurement, login_as: LogIn
) -> None:
    commit()
    client, path = login_as(buyer), f"/needs/{bought.report_id}/documentation"
    form = {"value": "710 000", "supplier": "Bord & Stol AB", "organisation_number": SUPPLIER_NUMBER}
    refused = client.post(f"{path}/correct", data={**form, "reasons": "Bara en hade bordet."})
    assert refused.status_code == 422 and "Fyll i det här fältet" in refused.text
    done = client.post(
        f"{path}/correct", data={**form, "reasons": "Bara en hade bordet.", "why": "Frakten."}, follow_redirects=True
    )
    assert "De skulle ha hållit sig under" in done.text
    assert "150\N{NO-BREAK SPACE}000,00" in done.text and "Frakten." in done.text
    answer = client.get(f"{path}.pdf")
    assert answer.mimetype == "application/pdf"
    printed = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages).split())
    for told in ("710 000,00 kr", "Bord & Stol AB", "150 000,00 kr", "Bordsbutiken AB", "Frakten.", buyer.name):
        assert told in printed, told
    assert login_as(place.approver).get(f"{path}/correct").status_code in (403, 404)
