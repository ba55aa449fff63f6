"""Quick entry: what people paste is read as they mean it, and every row tells what became of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from werkzeug.datastructures import MultiDict

from auth.organisation import Organisation
from auth.user import User
from catalog.price_list import Article
from core.checkdigits import gs1_check_digit
from core.db import TransactionalFlask, commit, db
from orders.proposal import MOST_CHOICES
from orders.proposal_forms import sent_rows
from orders.quick_entry import read_rows
from orders.quick_entry_queries import propose_rows
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list, make_supplier
from tests.factories.orders import Place

LogIn = Callable[[User], FlaskClient]
GTIN = "735999000001"
GTIN += gs1_check_digit(GTIN)


@pytest.mark.parametrize(
    ("text", "number", "quantity"),
    [
        ("A-1\t3", "A-1", "3"),
        ("A-1;3", "A-1", "3"),
        ("A-1,3", "A-1", "3"),
        ("A-1 3", "A-1", "3"),
        ("A-1\t2,5", "A-1", "2.5"),
        ("A-1,2,5", "A-1", "2.5"),  # the first comma divides, the second is a decimal's
        ("A-1, 2,5", "A-1", "2.5"),
        ("A-1 2,5", "A-1", "2.5"),
        ("A-1 2.5", "A-1", "2.5"),
        ("A-1\t1 234", "A-1", "1234"),
        ("A-1\t12 st", "A-1", "12"),
        ("A-1 12 st", "A-1", "12"),
        ("A-1;Pärm A4;3", "A-1", "3"),  # a name between them
        ('"A-1";"3"', "A-1", "3"),
        ('"A-1","2,5"', "A-1", "2.5"),
        ('"A-1" 3', "A-1", "3"),
        ("A-1 B\t3", "A-1 B", "3"),
        ("  A-1\t3\t", "A-1", "3"),
        ("7E12\t3", "7E12", "3"),  # a supplier's number, and none that a spreadsheet has shortened
    ],
)
def test_a_row_is_read_as_it_is_meant(text: str, number: str, quantity: str) -> None:
    [entry] = read_rows(text)
    assert (entry.number, entry.quantity, entry.problem) == (number, Decimal(quantity), None)


@pytest.mark.parametrize(
    "text", ["A-1", "A-1\tmånga", "A-1\t0", "A-1\t-2", "A-1;2;3", "A-1\t1.500", "7,35E+12\t2", "A" * 61 + "\t2", ";;"]
)
def test_a_row_that_cannot_be_read_says_why(app: TransactionalFlask, text: str) -> None:
    [entry] = read_rows(text)
    assert entry.quantity is None or entry.problem
    assert str(entry.problem)


def test_blank_lines_and_a_heading_are_passed_over_and_lines_keep_their_numbers() -> None:
    rows = read_rows("Artikelnummer\tAntal\n\nA-1\t2\r\n\r\nA-2\t3\n")
    assert [(entry.line, entry.number) for entry in rows] == [(3, "A-1"), (5, "A-2")]
    assert [entry.number for entry in read_rows('"Artikelnummer","Antal"\n"A-1","2"')] == ["A-1"]


def test_a_very_long_row_takes_no_time() -> None:
    [entry] = read_rows("A-1\t1" + " " * 19_000 + "!")
    assert entry.quantity is None and entry.problem


@given(st.text(max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    for entry in read_rows(text):
        assert entry.problem is not None or entry.quantity is not None
        assert entry.quantity is None or 0 < entry.quantity <= 1_000_000


def test_numbers_are_found_by_suppliers_number_and_by_gtin_however_written(place: Place) -> None:
    paper = make_offer(place.organisation, supplier_number="KP-100", gtin=GTIN)
    short = make_offer(place.organisation, gtin="00012345678905")
    rows = propose_rows(read_rows(f"kp-100 1\nKP-100 2\n{GTIN} 3\n12345678905\t4"), place.organisation)
    assert [row.now for row in rows] == [paper, paper, paper, short]
    assert [row.quantity for row in rows] == [1, 2, 3, 4]
    assert "rad 1" in str(rows[1].notes[0])


def test_of_several_with_the_same_number_she_chooses_among_those_she_may_order(place: Place) -> None:
    offers = [make_offer(place.organisation, supplier_number="100") for _supplier in range(2)]
    make_offer(make_organisation(), supplier_number="100")
    [row] = propose_rows(read_rows("100 5"), place.organisation)
    assert {choice.article.id for choice in row.choices} == {article.id for article in offers}
    assert row.now is None and not row.stops


def test_what_may_not_be_ordered_tells_the_clause_and_what_is_unknown_says_so(place: Place) -> None:
    make_offer(make_organisation(), supplier_number="FRÄMMANDE")
    foreign, unknown, mistyped = propose_rows(
        read_rows(f"FRÄMMANDE 1\nFINNS-INTE 1\n{GTIN[:-1]}{(int(GTIN[-1]) + 1) % 10}\t1"), place.organisation
    )
    assert [finding.code for finding in foreign.stops] == ["not-entitled"] and not foreign.can_be_ordered
    assert "Ingen artikel" in str(unknown.problems[0])
    assert "kontrollsiffran" in str(mistyped.problems[0])


def test_a_unit_that_is_not_the_articles_is_told(place: Place) -> None:
    make_offer(place.organisation, supplier_number="100", unit_code="H87")
    box, piece = propose_rows(read_rows("100\t2 krt\n100\t2 st"), place.organisation)
    assert "krt" in str(box.notes[0]) and "st" in str(box.notes[0])
    assert [str(note) for note in piece.notes] == ["Numret står också på rad 1. Antalen läggs ihop."]


def test_the_page_shows_the_rows_and_puts_nothing_into_the_basket(place: Place, login_as: LogIn) -> None:
    paper = make_offer(place.organisation, supplier_number="KP-100", price=Decimal(10))
    browser = login_as(place.orderer)
    page = browser.post("/quick", data={"text": "KP-100\t4\nOKÄND\t2"})
    assert page.status_code == 200
    assert paper.name in page.text and "40,00" in page.text and "1 av 2 rader kan beställas" in page.text
    assert "OKÄND\t2" in page.text  # what was pasted stands there still
    assert "Varukorgen är tom" in browser.get("/basket").text
    rows = {"take": "1", "row-1-options": str(paper.id), "row-1-quantity": "4"}
    assert browser.post("/basket/rows", data=rows).location == "/basket"
    assert "40,00" in browser.get("/basket").text


@pytest.mark.parametrize("text", ["", "   ", "Artikelnummer;Antal", "A-1 1\n" * 201, "x" * 20_001])
def test_too_little_and_too_much_is_refused_on_the_page(text: str, place: Place, login_as: LogIn) -> None:
    answer = login_as(place.orderer).post("/quick", data={"text": text})
    assert answer.status_code == 422
    assert "error-summary" in answer.text


def test_rows_of_lists_that_another_one_followed_are_not_read(place: Place) -> None:
    award = make_award(make_lot(make_agreement(place.organisation)), make_supplier())
    for _version in range(3):
        make_price_list(award, [{"supplier_number": "N1", "gtin": GTIN}])
    organisation_id = place.organisation.id
    db.session.expunge_all()
    loaded: list[Article] = []
    note = lambda article, _context: loaded.append(article)  # noqa: E731
    event.listen(Article, "load", note)
    try:
        rows = propose_rows(read_rows(f"{GTIN} 1\nN1 1"), db.session.get_one(Organisation, organisation_id))
    finally:
        event.remove(Article, "load", note)
    assert [row.now for row in rows] == [loaded[0]] * 2 and len(loaded) == 1


def test_the_page_asks_as_many_queries_for_forty_rows_as_for_two(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    award = make_award(make_lot(make_agreement(place.organisation)), make_supplier())
    make_price_list(award, [{"supplier_number": f"N{number}"} for number in range(40)])
    commit()
    browser = login_as(place.orderer)
    counted = []
    for rows in (2, 40):
        text = "\n".join(f"N{number}\t1" for number in range(rows))
        with count_queries() as queries:
            assert browser.post("/quick", data={"text": text}).text.count('name="take"') == rows
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 14, counted


def test_a_sent_row_has_no_more_choices_than_it_was_offered() -> None:
    options = " ".join(map(str, range(1, MOST_CHOICES + 2)))
    sent = {"take": "7", "row-7-options": options, "row-7-quantity": "1", "row-7-article": str(MOST_CHOICES + 1)}
    [row] = sent_rows(MultiDict(sent))
    assert len(row.options) == MOST_CHOICES
    assert row.chosen_id is None and row.problem
