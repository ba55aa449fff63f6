"""Spelling, compounds both ways, and suggestions: what is meant by what is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.search import SearchRequest, SearchResult, search, suggest, update_index
from catalog.search.analyser import Vocabulary, stem
from catalog.search.spelling import Speller, distance
from core.clock import today
from core.db import TransactionalFlask
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list

GOODS = (
    "Kopieringspapper A4",
    "Toalettpapper 2-lags",
    "Toalettborste",
    "Soppåse 30 l",
    "Dammsugare",
    "Whiteboardpenna röd",
    "Skrivbord vitt",
    "Bord runt",
    "Hållbart bestick",
)


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def shop(town: Organisation) -> None:
    make_price_list(make_award(make_lot(make_agreement(town))), [{"name": name} for name in GOODS])
    update_index(anew=True)


def look(text: str, organisation: Organisation) -> SearchResult:
    return search(SearchRequest(text=text, organisation=organisation, on=today()))


def first(result: SearchResult) -> str | None:
    return result.hits[0].article.name if result.hits else None


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("penna", "penna", 0),
        ("pena", "penna", 1),
        ("pnena", "penna", 1),
        ("toalletpapper", "toalettpapper", 2),
        ("abc", "xyz", None),
        ("a", "abcdef", None),
        ("skrivbrod", "skrivbord", 1),
    ],
)
def test_distance_counts_what_a_typist_does(one: str, other: str, errors: int | None) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) == errors


def test_short_words_may_have_one_error_and_long_ones_two() -> None:
    speller = Speller(["borste", "toalettpapper"])
    assert speller.near("brste") == [(1, "borste")]
    assert speller.near("brstee") == []
    assert speller.near("toalletpapper") == [(2, "toalettpapper")]
    assert speller.near("bor") == speller.near("123") == []


def test_the_nearest_word_is_found_among_many() -> None:
    letters = "abcdefghijklmnoprstuvåäö"
    many = [f"{a}{b}{c}{d}o{b}{a}" for a in letters for b in letters for c in letters[:12] for d in letters[:6]]
    speller = Speller([*many, "whiteboardpenna"])
    assert speller.near("witeboardpena") == [(2, "whiteboardpenna")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kalender", "kalendrar"),
        ("stämpel", "stämplar"),
        ("stämpel", "stämpeln"),
        ("fågel", "fåglarna"),
        ("register", "registret"),
        ("botten", "bottnar"),
        ("hållbar", "hållbara"),
        ("bärbar", "bärbart"),
    ],
)
def test_a_lost_vowel_does_not_part_the_forms_of_a_word(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ugn", "ugnar"), ("vagn", "vagnar"), ("kvarn", "kvarnar"), ("bil", "bilar")]
)
def test_a_word_that_has_lost_nothing_gets_nothing(one: str, other: str) -> None:
    assert stem(one) == stem(other) == one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sop påse", "Soppåse 30 l"),
        ("damm sugare", "Dammsugare"),
        ("skriv bord", "Skrivbord vitt"),
        ("papper toalett", "Toalettpapper 2-lags"),
        ("whiteboard penna röd", "Whiteboardpenna röd"),
    ],
)
def test_a_compound_is_found_written_apart(town: Organisation, shop: None, text: str, expected: str) -> None:
    assert first(look(text, town)) == expected


@pytest.mark.parametrize(
    ("text", "expected", "read_as"),
    [
        ("toalletpapper", "Toalettpapper 2-lags", "toalettpapper"),
        ("koperingspapper", "Kopieringspapper A4", "kopieringspapper"),
        ("sopåsar", "Soppåse 30 l", "soppåse"),
        ("witeboardpena", "Whiteboardpenna röd", "whiteboardpenna"),
    ],
)
def test_two_errors_are_mended_and_told(town: Organisation, shop: None, text: str, expected: str, read_as: str) -> None:
    result = look(text, town)
    assert (first(result), result.suggestion) == (expected, read_as)


def test_a_rare_word_beside_a_common_one_is_asked_about(
    town: Organisation, login_as: Callable[[User], FlaskClient]
) -> None:
    award = make_award(make_lot(make_agreement(town)))
    make_price_list(award, [{"name": "Pinsett till frimärken"}, *({"name": f"Pincett {n}"} for n in range(12))])
    update_index(anew=True)
    result = look("pinsett", town)
    assert (result.suggestion, result.alternative) == (None, "pincett")
    assert look("pincett", town).alternative is None
    page = login_as(make_member(Role.ORDERER, town)).get("/search?q=pinsett").get_data(as_text=True)
    assert 'Menade du <a href="/search?q=pincett">pincett</a>?' in page


# Suggestions


def test_a_word_that_has_begun_is_completed(town: Organisation, shop: None) -> None:
    assert set(suggest("toa", town, today())) == {"toalettpapper", "toalettborste"}
    assert suggest("vitt skrivb", town, today()) == ["vitt skrivbord"]
    assert suggest("whitbo", town, today()) == []
    assert suggest("dammsugaer", town, today()) == ["dammsugare"]


@pytest.mark.parametrize("text", ["", "t", "  ", "toa ", "zzzz", "\0", "😀", "(" * 300, "%", "*"])
def test_nothing_is_suggested_where_nothing_has_begun(town: Organisation, shop: None, text: str) -> None:
    assert suggest(text, town, today()) == []


def test_words_of_others_price_lists_are_never_suggested(town: Organisation, shop: None) -> None:
    make_offer(make_organisation(), name="Toalettkamin hemlig")
    update_index(anew=True)
    assert not any(
        "kamin" in text for text in suggest("toalettk", town, today()) + suggest("toalettkamim", town, today())
    )
    assert suggest("hemlig", town, today()) == []
    for text in ("hemlih", "toalettkamim"):
        result = look(text, town)
        assert (result.total, result.suggestion, result.alternative) == (0, None, None)


def test_suggestions_take_the_same_few_queries(
    town: Organisation, shop: None, login_as: Callable[[User], FlaskClient], count_queries: Callable[[], object]
) -> None:
    browser = login_as(make_member(Role.ORDERER, town))
    browser.get("/search/suggest?q=toa")
    with count_queries() as queries:  # type: ignore[attr-defined]
        answer = browser.get("/search/suggest?q=toa")
    assert answer.json == {"suggestions": suggest("toa", town, today())} and answer.json["suggestions"]
    assert len(queries) <= 5


def test_searching_keeps_to_ten_queries(
    town: Organisation, shop: None, login_as: Callable[[User], FlaskClient], count_queries: Callable[[], object]
) -> None:
    browser = login_as(make_member(Role.ORDERER, town))
    for text in ("papper", "toalletpapper", "sop påse", "snusnäsduk"):
        browser.get("/search", query_string={"q": text})
        with count_queries() as queries:  # type: ignore[attr-defined]
            browser.get("/search", query_string={"q": text})
        asked = [q for q in queries if "search_miss" not in q]
        assert len(asked) <= 10, (text, asked)


def test_the_box_is_plain_without_the_script(town: Organisation, login_as: Callable[[User], FlaskClient]) -> None:
    page = login_as(make_member(Role.ORDERER, town)).get("/search?q=papper").get_data(as_text=True)
    assert 'data-suggest="/search/suggest"' in page and 'role="combobox"' not in page


@pytest.mark.parametrize("text", ["skrivbordet", "bordets", "bestickens", "soppåsens"])
def test_an_ending_that_nobody_has_written_hides_no_word(town: Organisation, shop: None, text: str) -> None:
    result = look(text, town)
    assert result.hits and result.suggestion is None


def test_a_joined_word_needs_to_be_known() -> None:
    vocabulary = Vocabulary.learn(Counter({"kontorsstol": 3, "soppåse": 2}))
    assert vocabulary.joined("sop", "påsar") == "soppåsar"
    assert vocabulary.joined("kontor", "stol") == "kontorsstol"
    assert vocabulary.joined("röd", "stol") is None
