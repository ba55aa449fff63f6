"""Categories that words suggest: the ranking, the office's own tree, and the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.bench.categories import bench_categories
from auth.permission import Role
from auth.user import User
from catalog import suggestion
from catalog.agreement import Agreement, AgreementState
from catalog.likeness import Likeness
from catalog.suggestion import article_names, suggest_categories
from core.db import db
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_category, make_lot, make_price_list


@pytest.fixture(autouse=True)
def _nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has ids that others have had."""
    monkeypatch.setattr(suggestion, "_known", {})


EXAMPLES = [
    ("Kopieringspapper och kuvert", "paper"),
    ("Ramavtal kontorspapper", "paper"),
    ("Städning av skolor", "cleaning"),
    ("Lokalvård förskolor", "cleaning"),
    ("Fönsterputsning", "windows"),
]
NAMES = [("Pappersvaror", "paper"), ("Lokalvårdstjänster", "cleaning"), ("Taxiresor", "taxi")]


def likeness() -> Likeness[str]:
    return Likeness(EXAMPLES, NAMES, lambda label: (label[:1], label))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Papper till kopiatorn", "paper"),
        ("Städtjänster i kommunens skolor", "cleaning"),
        ("lokalvard", "cleaning"),  # without its dots
        ("Puts av fönster", "windows"),
        ("Taxi", "taxi"),  # known by its name only
    ],
)
def test_the_likest_label_comes_first(text: str, label: str) -> None:
    assert likeness().rank(text)[0] == label


def test_text_like_nothing_known_gets_no_label() -> None:
    assert likeness().rank("qzxw") == []
    assert likeness().rank("") == []


def test_nothing_is_ranked_where_nothing_is_known() -> None:
    assert Likeness[str]([], [], lambda label: (label, label)).rank("papper") == []


@pytest.mark.usefixtures("app")
def test_the_trees_own_names_suggest() -> None:
    paper, taxi = make_category(name="Papper", name_en="Paper"), make_category(name="Resor med taxi")
    assert suggest_categories("Taxiresor för elever", [paper, taxi])[0] is taxi
    assert suggest_categories("Office paper", [paper, taxi])[0] is paper
    assert suggest_categories("Office paper", [paper, taxi], besides=paper.id) == []
    assert suggest_categories("  ", [paper, taxi]) == []


@pytest.mark.usefixtures("app")
def test_what_lies_in_a_category_suggests_it() -> None:
    office, care = make_category(name="Kontor"), make_category(name="Vård")
    lot = make_lot(make_agreement(title="Avtal A", summary="Häftapparater", category=office), title="Del")
    make_price_list(make_award(lot), [{"name": "Gem 28 mm"}, {"name": "Hålslag"}])
    make_agreement(title="Inkontinensskydd", category=care)
    assert suggest_categories("hålslag till skolan", [office, care])[0] is office
    assert suggest_categories("skydd vid inkontinens", [office, care])[0] is care
    assert article_names(lot) == ["Gem 28 mm", "Hålslag"]


@pytest.mark.usefixtures("app")
def test_what_changed_is_learnt_anew() -> None:
    one, other = make_category(name="Kontor"), make_category(name="Vård")
    assert suggest_categories("Blöjor", [one, other]) == []
    make_agreement(title="Blöjor", category=other)
    assert suggest_categories("Blöjor", [one, other]) == [other]


@pytest.fixture
def owner(login_as: Callable[[User], FlaskClient]) -> FlaskClient:
    return login_as(make_member(Role.AGREEMENT_OWNER, make_office()))


def test_click_on_a_suggestion_chooses_and_saves_nothing(owner: FlaskClient) -> None:
    paper = make_category(name="Kopieringspapper")
    agreement = make_agreement(make_organisation(), title="Papper till kopiering", state=AgreementState.DRAFT)
    address = f"/admin/agreements/{agreement.id}/edit"
    assert f'name="pick" value="{paper.id}"' in owner.get(address).text
    page = owner.post(address, data={"title": "Nytt namn", "pick": paper.id})
    assert page.status_code == 200
    assert f'<option selected value="{paper.id}">' in page.text and 'value="Nytt namn"' in page.text
    assert "error-summary" not in page.text
    kept = db.session.get_one(Agreement, agreement.id)
    assert (kept.title, kept.category) == ("Papper till kopiering", None)


def test_words_just_written_suggest_before_anything_is_saved(owner: FlaskClient) -> None:
    paper = make_category(name="Kopieringspapper")
    page = owner.post("/admin/agreements/new", data={"title": "Papper för kopiering", "pick": "0"})
    assert page.status_code == 200 and f'name="pick" value="{paper.id}"' in page.text


def test_articles_of_a_lot_suggest_its_category(owner: FlaskClient) -> None:
    tools = make_category(name="Verktyg, hammare och skruvmejslar")
    lot = make_lot(make_agreement(make_organisation()), title="Delområde 1")
    make_price_list(make_award(lot), [{"name": "Skruvmejsel PZ2"}, {"name": "Hammare 16 oz"}])
    assert f'name="pick" value="{tools.id}"' in owner.get(f"/admin/lots/{lot.id}").text
    page = owner.post(f"/admin/lots/{lot.id}", data={"pick": tools.id})
    assert page.status_code == 200 and f'<option selected value="{tools.id}">' in page.text


@pytest.mark.slow
def test_real_titles_find_the_buyers_code_more_often_than_the_nearest_title_does(shared: Path) -> None:
    titles, codes = shared / "data/cpv-titles/dev.csv", shared / "data/cpv-2008/cpv.csv"
    if not (titles.is_file() and codes.is_file()):
        pytest.skip(f"SKIPPED: {titles} or {codes} is missing")
    figures = {f.variant: f for f in bench_categories(None, 0, True, titles=titles, codes=codes)}
    found = figures["code among the first 10, 300 titles"]
    assert found.value > 61
    assert found.floor is not None and found.value > found.floor + 4
