"""Texts that go through a file and come back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import plaintext, registers
from exchange.cells import Refused, line, paragraphs
from exchange.tablefile import MEDIA_TYPES, Form

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
risky = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "'", "''", "'=", " =", "\t=", "\u200f="]), texts)
cells = st.one_of(texts, risky)


@given(cells)
@settings(max_examples=1500)
def test_what_is_written_and_read_is_the_same_text(text: str) -> None:
    for lines, read in ((False, line(200)), (True, paragraphs(200))):
        clean = plaintext.clean(text, lines=lines)
        if clean is not None:
            written = plaintext.calm(clean)
            assert not written.startswith(("=", "+", "-", "@"))
            assert read(written) == clean
            assert plaintext.clean(clean, lines=lines) == clean


@pytest.mark.parametrize("cell", ["=1+1", "+46", "@x", "-1"])
def test_formula_is_refused_unless_it_is_marked_as_text(cell: str) -> None:
    with pytest.raises(Refused):
        line(50)(cell)
    assert line(50)(f"'{cell}") == cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_what_a_spreadsheet_would_reckon_with_is_marked_as_text(text: str) -> None:
    assert plaintext.calm(text) == f"'{text}"
    assert plaintext.bare(f"'{text}") == text


@pytest.mark.parametrize("text", ["Pärm = bra", "'t Hart", "'", ""])
def test_other_texts_are_left_alone(text: str) -> None:
    assert plaintext.calm(text) == plaintext.bare(text) == text


def test_list_may_begin_with_a_hyphen() -> None:
    assert paragraphs(50)("- ett\r\n- två") == "- ett\n- två"


def round_trip(rows: list[tuple[str, str]], form: Form) -> None:
    values: list[dict[str, Any]] = [
        {"code": f"K{at}", "name": name, "name_en": name_en} for at, (name, name_en) in enumerate(rows)
    ]
    read = registers.read(registers.CATEGORIES, registers.write(registers.CATEGORIES, values, form), f"a.{form}")
    assert [problem for problem in read.problems if problem.code != "missing-value"] == []
    known = {row.values["code"]: row.values for row in read.rows}
    for value in values:
        if plaintext.clean(value["name"]):  # a category must have a name that can be seen
            found = known[value["code"]]
            assert (found["name"], found["name_en"]) == (
                plaintext.clean(value["name"]),
                plaintext.clean(value["name_en"]),
            )


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=20))
@settings(max_examples=1000, deadline=None)
def test_register_as_csv_comes_back(rows: list[tuple[str, str]]) -> None:
    round_trip(rows, "csv")


@given(st.lists(st.tuples(cells, cells), min_size=20, max_size=60))
@settings(max_examples=15, deadline=None)
def test_register_as_xlsx_comes_back(rows: list[tuple[str, str]]) -> None:
    round_trip(rows, "xlsx")


@pytest.mark.parametrize("form", [*MEDIA_TYPES])
def test_what_looks_like_an_escape_of_the_format_comes_back(form: Form) -> None:
    round_trip([("_x0041_", "a&amp;b"), ("<b>", "]]>"), ('"', "''"), ("1e5", "00123")], form)
