"""Searches without a hit, and the office's synonyms: what is kept, who sees it, and what it changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.journal import entries_about
from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.actions import synonym as actions
from catalog.actions.synonym import SynonymFacts
from catalog.search import SearchMiss, SearchRequest, search
from catalog.search.miss import misses, note_miss
from catalog.synonym import Synonym
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db
from core.errors import NotAllowed, RuleBroken
from exchange.synonymfile import BadLine, read_synonyms, write_synonyms
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_offer, make_synonym

Login = Callable[[User], FlaskClient]


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def owner(app: TransactionalFlask) -> User:
    """Somebody at the office who manages agreements."""
    return make_member(Role.AGREEMENT_OWNER, make_office())


def kept() -> dict[str, int]:
    db.session.expire_all()
    return {miss.text: miss.count for miss in db.session.scalars(select(SearchMiss))}


def names(text: str, organisation: Organisation) -> list[str]:
    found = search(SearchRequest(text=text, organisation=organisation, on=today()))
    return [hit.article.name for hit in found.hits]


# Searches without a hit


def test_a_search_without_a_hit_is_kept_without_who_asked(town: Organisation, login_as: Login) -> None:
    make_offer(town, name="Kopieringspapper A4")
    browser = login_as(make_member(Role.ORDERER, town))
    for text in ("Snusnäsdukar  RÖDA", "kopieringspapper"):
        assert browser.get("/search", query_string={"q": text}).status_code == 200
    assert kept() == {"snusnäsdukar röda": 1}
    columns = {column.name for column in SearchMiss.__table__.columns}
    assert columns == {"id", "organisation_id", "text", "count", "first_at", "last_at"}


def test_the_same_text_counts_once_a_minute(town: Organisation) -> None:
    begin = now()
    for seconds in (0, 5, 59, 61, 200):
        commit()
        with frozen(begin + timedelta(seconds=seconds)):
            note_miss(town.id, "Snusnäsduk")
    assert kept() == {"snusnäsduk": 3}


@pytest.mark.parametrize(
    "text", ["kim@exempel.se", "850709-9805", "19850709 9805", "070-123 45 67", "x" * 61, "4711", "-"]
)
def test_what_may_be_a_person_is_never_kept(town: Organisation, text: str) -> None:
    commit()
    note_miss(town.id, text)
    assert kept() == {}


def test_an_organisation_keeps_a_limited_number(town: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.search.miss.MOST", 2)
    for text in ("ett", "två", "tre"):
        commit()
        note_miss(town.id, text)
    assert set(kept()) == {"ett", "två"}


def test_a_narrowed_search_is_no_miss(town: Organisation, login_as: Login) -> None:
    make_offer(town, name="Kopieringspapper A4")
    login_as(make_member(Role.ORDERER, town)).get("/search?q=snusnäsduk&supplier=1")
    assert kept() == {}


def test_the_list_has_the_most_wanted_first_and_only_her_organisations(town: Organisation) -> None:
    other = make_organisation()
    begin = now()
    for minute, (organisation, text) in enumerate([(town, "tofflor"), (other, "tofflor"), (other, "sjal")]):
        commit()
        with frozen(begin + timedelta(minutes=2 * minute)):
            note_miss(organisation.id, text)
    assert [(row.text, row.count) for row in misses(None)] == [("tofflor", 2), ("sjal", 1)]
    assert [(row.text, row.count) for row in misses({town.id})] == [("tofflor", 1)]


def test_the_page_leads_to_a_synonym_and_lets_a_text_go(town: Organisation, owner: User, login_as: Login) -> None:
    commit()
    note_miss(town.id, "snusnäsduk")
    browser = login_as(owner)
    page = browser.get("/admin/searches").get_data(as_text=True)
    assert "snusnäsduk" in page and "/admin/synonyms/new?word=snusn%C3%A4sduk" in page
    assert 'value="snusnäsduk"' in browser.get("/admin/synonyms/new?word=snusnäsduk").get_data(as_text=True)
    assert browser.post("/admin/searches/remove", data={"text": "snusnäsduk"}).status_code == 303
    assert kept() == {}


def test_an_organisations_own_owner_sees_only_her_organisation(town: Organisation, login_as: Login) -> None:
    for organisation, text in ((town, "tofflor"), (make_organisation(), "sjal")):
        commit()
        note_miss(organisation.id, text)
    browser = login_as(make_member(Role.AGREEMENT_OWNER, town))
    page = browser.get("/admin/searches").get_data(as_text=True)
    assert "tofflor" in page and "sjal" not in page
    assert browser.get("/admin/synonyms/new").status_code == 403
    browser.post("/admin/searches/remove", data={"text": "sjal"})
    assert set(kept()) == {"tofflor", "sjal"}


# Synonyms


def test_a_synonym_works_from_the_next_search_on(town: Organisation, owner: User) -> None:
    make_offer(town, name="Notisblock självhäftande")
    assert names("gula lappar", town) == []
    made = actions.add(owner, SynonymFacts(word="Gula lappar", means="notisblock"))
    assert names("gula lappar", town) == names("gul lapp", town) == ["Notisblock självhäftande"]
    actions.edit(owner, made, SynonymFacts(word="gula lappar", means="kuvert"))
    assert names("gula lappar", town) == []
    actions.remove(owner, made)
    assert names("gula lappar", town) == []
    assert [entry.act for entry in _story(made.id)] == ["create", "edit", "remove"]


def _story(synonym_id: int) -> list[Any]:
    commit()
    return entries_about("synonym", synonym_id)


@pytest.mark.parametrize(("is_both_ways", "found"), [(True, ["Snigelkuvert"]), (False, [])])
def test_a_synonym_goes_one_way_or_both(town: Organisation, is_both_ways: bool, found: list[str]) -> None:
    make_offer(town, name="Snigelkuvert")
    make_synonym("snigelkuvert", "postpåse", is_both_ways=is_both_ways)
    assert names("postpåse", town) == found


def test_a_synonym_inside_a_longer_question_still_wants_the_rest(town: Organisation) -> None:
    award = make_offer(town, name="Notisblock rosa").award
    assert award.id
    make_offer(town, name="Pennor blå")
    make_synonym("gula lappar", "notisblock")
    assert names("rosa gula lappar", town)[0] == "Notisblock rosa"


@pytest.mark.parametrize(
    ("word", "means"), [("pärm", "pärmar"), ("!!", "pärm"), ("pärm", " "), ("x" * 101, "pärm"), ("redan", "papper")]
)
def test_a_synonym_that_says_nothing_is_refused(owner: User, word: str, means: str) -> None:
    make_synonym("redan", "papper")
    with pytest.raises(RuleBroken):
        actions.add(owner, SynonymFacts(word=word, means=means))


def test_only_the_office_changes_synonyms(town: Organisation) -> None:
    with pytest.raises(NotAllowed):
        actions.add(make_member(Role.AGREEMENT_OWNER, town), SynonymFacts(word="sudd", means="suddgummi"))


def test_the_page_tries_before_it_keeps(town: Organisation, owner: User, login_as: Login) -> None:
    make_offer(owner.organisations()[0], name="Notisblock gult")
    browser = login_as(owner)
    data = {"word": "gula lappar", "means": "notisblock"}
    tried = browser.post("/admin/synonyms/new", data=data | {"try": "yes"})
    assert tried.status_code == 200 and "Notisblock gult" in tried.get_data(as_text=True)
    assert db.session.scalars(select(Synonym)).all() == []
    assert browser.post("/admin/synonyms/new", data=data).status_code == 303
    made = db.session.scalars(select(Synonym)).one()
    assert browser.post(f"/admin/synonyms/{made.id}", data=data | {"is_both_ways": "y"}).status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Synonym.is_both_ways)).one() is True
    assert browser.post(f"/admin/synonyms/{made.id}/remove").status_code == 303
    assert db.session.scalars(select(Synonym)).all() == []


# As a file


def test_what_is_exported_is_imported_again() -> None:
    rows = [("gula lappar", "notisblock", True), ("=1+1", "'citat", False), ("a;b", 'x"y', False), ("-", "@x", True)]
    read = read_synonyms(write_synonyms(rows), "synonymer.csv")
    assert [tuple(row[1:]) for row in read] == rows


def test_no_cell_of_the_file_is_a_formula() -> None:
    text = write_synonyms([("=HYPERLINK(1)", "+1", False)]).decode("utf-8-sig")
    assert text.splitlines()[1] == "'=HYPERLINK(1);'+1;en"


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty", None),
        (b"PK\x03\x04", "spreadsheet", None),
        (b"a;b\n1;2\n", "header", None),
        (b"ord;betyder;riktning\nett;tv\xe5;sidl\xe4nges\n", "direction", 2),
        (b"ord;betyder\nett\n", "columns", 2),
    ],
)
def test_a_file_that_cannot_be_read_says_where(data: bytes, code: str, line: int | None) -> None:
    with pytest.raises(BadLine) as refused:
        read_synonyms(data, "synonymer.csv")
    assert (refused.value.code, refused.value.line) == (code, line)


def test_a_file_comes_in_whole_or_not_at_all(owner: User, login_as: Login) -> None:
    browser = login_as(owner)

    def send(text: str) -> Any:
        file = (BytesIO(text.encode()), "synonymer.csv")
        return browser.post("/admin/synonyms/import", data={"file": file}, content_type="multipart/form-data")

    refused = send("ord;betyder;riktning\nsudd;suddgummi;en\npärm;pärmar;en\n")
    assert refused.status_code == 422 and "Rad 3" in refused.get_data(as_text=True)
    assert db.session.scalars(select(Synonym)).all() == []
    assert send("ord;betyder;riktning\nsudd;suddgummi;en\ntejp;tape;båda\n").status_code == 303
    assert send("ord;betyder;riktning\nsudd;suddgummi;båda\n").status_code == 303
    found = {(s.word, s.is_both_ways) for s in db.session.scalars(select(Synonym))}
    assert found == {("sudd", True), ("tejp", True)}
    assert browser.get("/admin/synonyms.csv").data.decode("utf-8-sig").count("båda") == 2
