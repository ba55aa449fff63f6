"""Allowed combinations: only, needed and not at all, by spans of codes."""

from __future__ import annotations

import pytest

from orders.coding import Dimension
from orders.coding_rule import CodingRule, Effect, broken_rules, lies_in, spans_of

KONTO, PROJEKT = Dimension(id=1, name="Konto"), Dimension(id=2, name="Projekt")


def rule(effect: Effect, codes: str | None = None, span: tuple[str, str] = ("4000", "4999")) -> CodingRule:
    return CodingRule(
        name="K1",
        if_dimension_id=1,
        then_dimension_id=2,
        if_dimension=KONTO,
        then_dimension=PROJEKT,
        effect=effect,
        codes=codes,
        from_code=span[0],
        to_code=span[1],
    )


@pytest.mark.parametrize(
    ("effect", "codes", "project", "is_broken"),
    [
        (Effect.ALLOWED, "900-910", None, False),
        (Effect.ALLOWED, "900-910", "905", False),
        (Effect.ALLOWED, "900-910", "911", True),
        (Effect.REQUIRED, None, None, True),
        (Effect.REQUIRED, None, "1", False),
        (Effect.REQUIRED, "900", "1", True),
        (Effect.REQUIRED, "900", "900", False),
        (Effect.FORBIDDEN, None, None, False),
        (Effect.FORBIDDEN, None, "1", True),
        (Effect.FORBIDDEN, "900, 905-906", "904", False),
        (Effect.FORBIDDEN, "900, 905-906", "906", True),
    ],
)
def test_a_rule_is_broken(effect: Effect, codes: str | None, project: str | None, is_broken: bool) -> None:
    one = rule(effect, codes)
    for konto, fits in (("4000", True), ("4999", True), ("3999", False), ("5000", False)):
        coded = {1: konto} | ({2: project} if project else {})
        assert list(broken_rules([one], coded)) == ([one] if is_broken and fits else [])


def test_a_rule_about_a_code_that_is_not_given_says_nothing() -> None:
    assert list(broken_rules([rule(Effect.REQUIRED)], {2: "1"})) == []


def test_rules_that_allow_add_up() -> None:
    rules = [rule(Effect.ALLOWED, "900"), rule(Effect.ALLOWED, "950"), rule(Effect.ALLOWED, "1", ("5000", "5999"))]
    assert list(broken_rules(rules, {1: "4500", 2: "950"})) == []
    assert list(broken_rules(rules, {1: "4500", 2: "1"})) == rules[:1]


def test_numbers_are_compared_as_numbers_and_words_as_words() -> None:
    assert lies_in("99", ("9", "100"))
    assert lies_in("0099", ("90", "100"))
    assert not lies_in("B1", ("100", "200"))
    assert lies_in("B1", ("A", "C"))


def test_spans_are_read_as_people_write_them() -> None:
    assert spans_of(" 410, 600 - 699;A1–A9 ,") == [("410", "410"), ("600", "699"), ("A1", "A9")]


def test_a_refusal_names_the_rule_in_words(app: object) -> None:
    assert str(rule(Effect.REQUIRED).sentence()) == "K1: Konto 4000–4999 ska ha Projekt."
    assert str(rule(Effect.ALLOWED, "9").sentence()) == "K1: till Konto 4000–4999 hör bara Projekt 9."
