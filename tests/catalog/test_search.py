"""Search: what is found, by which words, and above all what is never shown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from auth.organisation import Organisation
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod
from catalog.price_list import Article, PriceListState
from catalog.search import SearchRequest, SearchResult, index_state, search, update_index
from catalog.search import index as index_module
from catalog.search.analyser import Vocabulary, code, fold, stem, words
from catalog.search.index import index_folder
from core.clock import now, today
from core.db import TransactionalFlask, db
from tests.factories.auth import make_organisation
from tests.factories.catalog import (
    make_agreement,
    make_award,
    make_category,
    make_lot,
    make_offer,
    make_price_list,
    make_supplier,
)

GOODS = (
    "Kopieringspapper A4 80g vitt ohålat",
    "Kopieringspapper A3 80 g vitt",
    "Kopieringskort A6",
    "Kopieringstoner svart",
    "Toalettpapper 2-lags",
    "Hushållspapper extra starkt",
    "Papper till blädderblock",
    "Toner svart till skrivare",
    "Kulspetspenna blå",
    "Penna röd medium",
    "Pennor i etui",
    "Handtvål 500 ml",
    "Tvål mild",
    "Hand desinfektion 1,5 liter",
    "Soppåse 30 l",
    "Nätverkskabel 5 m",
    "Kabel USB",
    "Kablar till dator",
    "Bok om svenska",
    "Skrivbord 160x80",
    "Bord runt",
    "Skriv bordslampa",
    "Toalettborste",
    "Blomkål klass 1",
)


@pytest.fixture(autouse=True)
def no_index(app: TransactionalFlask) -> Iterator[None]:
    """Every test begins on a node that has no index."""
    with app.app_context():
        shutil.rmtree(index_folder(), ignore_errors=True)
    yield


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def shop(town: Organisation) -> Award:
    """A supplier with the goods above."""
    award = make_award(make_lot(make_agreement(town)))
    make_price_list(award, [{"name": name} for name in GOODS])
    return award


def look(text: str, organisation: Organisation, **more: Any) -> SearchResult:
    return search(SearchRequest(text=text, organisation=organisation, on=today(), **more))


def names(result: SearchResult) -> list[str]:
    return [hit.article.name for hit in result.hits]


# The words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("papper", "pappret"),
        ("dator", "datorer"),
        ("kabel", "kablar"),
        ("nyckel", "nycklarna"),
        ("medel", "medlet"),
        ("bok", "böcker"),
        ("mus", "möss"),
        ("fönster", "fönstret"),
        ("kontor", "kontoret"),
        ("penna", "pennor"),
        ("grön", "grönt"),
        ("rengöringsmedel", "rengöringsmedlet"),
        ("skruvmejsel", "skruvmejslar"),
    ],
)
def test_all_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("papper", "papp"), ("dator", "data"), ("böcker", "bock"), ("motor", "mot")]
)
def test_different_words_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_folding_keeps_the_letters_of_swedish() -> None:
    assert fold("CRÈME Årsta ÄGG Ö ø æ Ǽ ǿ ß") == "creme årsta ägg ö ö ä ä ö ss"


@pytest.mark.parametrize("text", ["80g", "80 g", "80 gram", "80G"])
def test_a_measure_is_one_word_in_any_spelling(text: str) -> None:
    assert list(words(text)) == ["80g"]


@pytest.mark.parametrize("text", ["AB-12 34", "ab1234", "AB 1234", "AB.12/34"])
def test_an_article_number_has_no_spelling(text: str) -> None:
    assert code(text) == "ab1234"


def test_leading_zeros_do_not_tell_gtins_apart() -> None:
    assert code("07350000000012") == code("7350000000012")


def test_compounds_are_split_with_the_words_of_the_catalogue() -> None:
    counts = {word: 3 for name in GOODS for word in words(name)}
    vocabulary = Vocabulary.learn(index_module.Counter(counts))
    assert vocabulary.parts("toalettpapper")[-1] == "papper"
    assert vocabulary.parts("handtvål") == ("hand", "tvål")
    assert vocabulary.parts("papper") == ()
    assert vocabulary.parts("penna") == ()


# What is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kopieringspapper", {"Kopieringspapper A4 80g vitt ohålat", "Kopieringspapper A3 80 g vitt"}),
        ("kopieringspapper a4", {"Kopieringspapper A4 80g vitt ohålat"}),
        ("papper 80 gram", {"Kopieringspapper A4 80g vitt ohålat", "Kopieringspapper A3 80 g vitt"}),
        ("pennor", {"Kulspetspenna blå", "Penna röd medium", "Pennor i etui"}),
        ("tvål", {"Tvål mild", "Handtvål 500 ml"}),
        ("kabel", {"Kabel USB", "Kablar till dator", "Nätverkskabel 5 m"}),
        ("böcker", {"Bok om svenska"}),
        ("BLOMKÅL", {"Blomkål klass 1"}),
    ],
)
def test_finds_forms_and_parts_of_words(town: Organisation, shop: Award, text: str, expected: set[str]) -> None:
    found = names(look(text, town))
    assert expected <= set(found)
    assert set(found[: len(expected)]) == expected


def test_a_word_that_nobody_wrote_is_looked_for_inside_others(town: Organisation) -> None:
    make_offer(town, name="Kopieringspapper A4")
    assert names(look("papper", town)) == ["Kopieringspapper A4"]


def test_what_has_all_the_words_comes_before_what_has_some(town: Organisation, shop: Award) -> None:
    found = names(look("svart toner", town))
    assert set(found[:2]) == {"Toner svart till skrivare", "Kopieringstoner svart"}


def test_the_last_word_may_be_unfinished(town: Organisation, shop: Award) -> None:
    assert set(names(look("soppå", town))) == {"Soppåse 30 l"}


def test_a_typing_error_is_mended_and_told(town: Organisation, shop: Award) -> None:
    result = look("skrivbrod", town)
    assert names(result) == ["Skrivbord 160x80"]
    assert result.suggestion == "skrivbord"
    assert look("skrivbord", town).suggestion is None


def test_a_typing_error_is_mended_with_words_that_she_may_see_only(town: Organisation, shop: Award) -> None:
    draft = make_agreement(town, state=AgreementState.DRAFT)
    make_price_list(make_award(make_lot(draft)), [{"name": "Mutbrottsutredning"}, {"name": "Kulspetspensel"}])
    assert look("mutbrotsutredning", town).suggestion is None
    assert look("kulspetspenxa", town).suggestion == "kulspetspenna"
    draft.state = AgreementState.PUBLISHED
    db.session.flush()
    assert look("mutbrotsutredning", town).suggestion == "mutbrottsutredning"


@pytest.mark.parametrize("text", ["KP-4711 B", "kp4711b", "KP 4711B", "7350000000012", "07350000000012"])
def test_numbers_are_found_in_any_spelling_and_come_first(town: Organisation, text: str) -> None:
    award = make_award(make_lot(make_agreement(town)))
    rows = [{"name": f"Till 4711 nummer {n}"} for n in range(9)]
    make_price_list(award, [*rows, {"name": "Rätt", "supplier_number": "KP-4711-B", "gtin": "7350000000012"}])
    assert names(look(text, town))[0] == "Rätt"


@pytest.mark.parametrize("text", ["*", "(", '"', "a:b AND", "[1 TO 2]", "\0", "😀", "och", "-", "x" * 5000, "/" * 300])
def test_any_text_may_be_asked(town: Organisation, shop: Award, text: str) -> None:
    assert look(text, town).total >= 0


def test_nothing_found_is_an_answer(town: Organisation, shop: Award) -> None:
    result = look("helikopter", town)
    assert (result.hits, result.total, result.is_indexed) == ([], 0, True)


def test_agreements_and_suppliers_are_found_by_name(town: Organisation) -> None:
    supplier = make_supplier(name="Fjällvinden Kontor AB")
    agreement = make_agreement(town, number="UK-2026-77", title="Kontorsmaterial och papper")
    make_price_list(make_award(make_lot(agreement), supplier))
    assert [o.agreement_number for o in look("kontorsmaterial", town).agreements] == ["UK-2026-77"]
    assert [o.agreement_number for o in look("uk-2026-77", town).agreements] == ["UK-2026-77"]
    assert [o.supplier_name for o in look("fjällvinden", town).suppliers] == [supplier.name]


def test_browsing_needs_no_words(town: Organisation, shop: Award) -> None:
    result = look("", town, size=5)
    assert result.total == len(GOODS)
    assert names(result) == sorted(GOODS, key=str.casefold)[:5]


# Narrowing


def test_facets_count_what_each_choice_would_leave(town: Organisation) -> None:
    paper, soap = make_category(name="Papper"), make_category(name="Tvål")
    for category, supplier_name, count in ((paper, "Alfa", 3), (paper, "Beta", 2), (soap, "Alfa Två", 1)):
        lot = make_lot(make_agreement(town), category=category)
        award = make_award(lot, make_supplier(name=supplier_name))
        make_price_list(
            award, [{"name": f"Vara {n}", "marks": "Svanen" if n else "KRAV, Svanen"} for n in range(count)]
        )
    result = look("vara", town, category_id=paper.id)
    assert result.total == 5
    assert {f.label: f.count for f in result.facets["category"]} == {"Papper": 5, "Tvål": 1}
    assert {f.label: f.count for f in result.facets["supplier"]} == {"Alfa": 3, "Beta": 2}
    assert {f.label: f.count for f in result.facets["mark"]} == {"Svanen": 5, "KRAV": 2}
    krav = look("vara", town, category_id=paper.id, marks=("KRAV",))
    assert krav.total == len(krav.hits) == 2
    assert {f.label: f.count for f in krav.facets["supplier"]} == {"Alfa": 1, "Beta": 1}


def test_a_category_holds_what_lies_below_it(town: Organisation) -> None:
    root = make_category()
    lot = make_lot(make_agreement(town), category=make_category(parent=make_category(parent=root)))
    make_price_list(make_award(lot), [{}])
    assert look("", town, category_id=root.id).total == 1
    assert look("", town, category_id=make_category().id).total == 0


def test_price_and_name_sort_all_pages(town: Organisation) -> None:
    award = make_award(make_lot(make_agreement(town)))
    prices = [Decimal(p) for p in ("30", "4", "100", "0.05")]
    make_price_list(
        award,
        [
            {"name": f"Vara {'ÖÄÅZ'[n]}", "price": p, "base_quantity": Decimal(10 if p == 100 else 1)}
            for n, p in enumerate(prices)
        ],
    )
    by_price = [
        hit.article.price for page in (1, 2) for hit in look("vara", town, sort="price", page=page, size=2).hits
    ]
    assert by_price == [Decimal("0.05"), Decimal(4), Decimal(100), Decimal(30)]
    by_name = [name[-1] for page in (1, 2) for name in names(look("vara", town, sort="name", page=page, size=2))]
    assert by_name == ["Z", "Å", "Ä", "Ö"]


def test_pages_hold_every_hit_once(town: Organisation, shop: Award) -> None:
    seen = [n for page in range(1, 9) for n in names(look("", town, page=page, size=5))]
    assert sorted(seen) == sorted(GOODS)
    assert look("", town, page=10**9).hits == []


# What is never shown


@pytest.fixture
def foreign(town: Organisation) -> dict[str, Article]:
    """Articles that the town may not order, each for its own reason."""
    ended = make_offer(town, name="Hemligt avslutat")
    draft = make_offer(town, name="Hemligt utkast")
    blocked = make_offer(town, name="Hemligt spärrat")
    paused = make_offer(town, name="Hemligt pausat")
    for article, state in (
        (ended, AgreementState.ENDED),
        (draft, AgreementState.DRAFT),
        (paused, AgreementState.PAUSED),
    ):
        agreement_id = article.award.lot.agreement_id
        db.session.execute(db.update(Agreement).where(Agreement.id == agreement_id).values(state=state))
    blocked.award.supplier.blocked_at, blocked.award.supplier.blocked_reason = now(), "konkurs"
    db.session.flush()
    db.session.expire_all()
    others = make_offer(make_organisation(), name="Hemligt annans")
    return {"ended": ended, "draft": draft, "blocked": blocked, "paused": paused, "others": others}


def test_shows_nothing_that_cannot_be_ordered(town: Organisation, foreign: dict[str, Article]) -> None:
    result = look("hemligt", town)
    assert result.total == 0
    assert result.hits == []
    assert all(facets == [] for facets in result.facets.values())


def test_shows_the_rest_greyed_with_the_reason_when_asked(town: Organisation, foreign: dict[str, Article]) -> None:
    result = look("hemligt", town, include_not_orderable=True)
    reasons = {hit.article.name: hit.stop.code for hit in result.hits if hit.stop}
    assert reasons == {
        "Hemligt spärrat": "supplier-blocked",
        "Hemligt pausat": "agreement-not-active",
        "Hemligt annans": "not-entitled",
    }


def test_of_a_ranked_lot_only_the_supplier_whose_turn_it_is_is_shown(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING)
    first, second = make_award(lot), make_award(lot)
    for award in (second, first):
        make_price_list(award, [{"name": "Gaffel"}])
    assert [hit.award.rank for hit in look("gaffel", town).hits] == [1]
    reasons = {
        hit.award.rank: hit.stop and hit.stop.code for hit in look("gaffel", town, include_not_orderable=True).hits
    }
    assert reasons == {1: None, 2: "not-next-in-rank"}
    first.supplier.blocked_at, first.supplier.blocked_reason = now(), "konkurs"
    db.session.flush()
    assert [hit.award.rank for hit in look("gaffel", town).hits] == [2]


def test_what_needs_competition_is_not_among_what_can_be_ordered(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.COMPETITION)
    make_price_list(make_award(lot), [{"name": "Snickeri"}])
    assert look("snickeri", town).total == 0
    (hit,) = look("snickeri", town, include_not_orderable=True).hits
    assert hit.stop is not None and hit.stop.code == "competition-required"


def test_what_the_word_itself_names_comes_first(town: Organisation) -> None:
    school = make_lot(make_agreement(town), category=make_category(name="Skolmaterial"))
    make_price_list(make_award(school), [{"name": "Silkespapper"}, {"name": "Pappershållare"}])
    paper = make_lot(make_agreement(town), category=make_category(name="Papper och kuvert"))
    make_price_list(make_award(paper), [{"name": "Färgat papper gult"}, {"name": "Kopieringspapper Polar vitt A4"}])
    assert names(look("papper", town)) == [
        "Kopieringspapper Polar vitt A4",
        "Färgat papper gult",
        "Silkespapper",
        "Pappershållare",
    ]


def test_a_new_price_list_shows_at_once_and_the_old_one_never_again(town: Organisation, shop: Award) -> None:
    assert look("kopieringskort", town).total == 1
    make_price_list(shop, [{"name": "Kopieringskort A6", "price": Decimal("12.34")}])
    (hit,) = look("kopieringskort", town).hits
    assert hit.article.price == Decimal("12.34")
    assert look("tvål", town).total == 0


def test_an_index_that_lags_misses_rows_but_never_lies(
    town: Organisation, shop: Award, monkeypatch: pytest.MonkeyPatch
) -> None:
    update_index()
    monkeypatch.setattr("catalog.search.finder.SMALL", -1)  # nobody builds while asking
    make_price_list(shop, [{"name": "Kopieringskort A6", "price": Decimal("12.34")}])
    assert look("kopieringskort", town).hits == []
    shop.lot.agreement.entitlements.clear()
    db.session.flush()
    assert look("", town).total == 0


def test_a_withdrawn_list_is_gone_before_the_index_knows(town: Organisation, shop: Award) -> None:
    assert look("tvål", town).total == 2
    from_list = db.session.query(Article).filter_by(award_id=shop.id).first()
    assert from_list is not None
    from_list.price_list.state = PriceListState.WITHDRAWN
    db.session.flush()
    assert look("tvål", town).total == 0


# The index itself


def test_while_there_is_no_index_the_catalogue_can_be_browsed(
    town: Organisation, shop: Award, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.search.finder.SMALL", -1)
    assert not index_state().is_ready
    result = look("", town, size=10)
    assert (len(result.hits), result.total, result.is_indexed) == (10, len(GOODS), False)
    assert look("papper", town).hits == []


def test_a_full_disk_leaves_the_catalogue_to_be_browsed(
    town: Organisation, shop: Award, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(index_module, "_build", no_room)
    assert look("", town).total == len(GOODS)
    assert not look("papper", town).is_indexed


def damage_vocabulary(folder: Path) -> None:
    next(folder.glob("*/vocabulary.json")).write_text("{")


def damage_segments(folder: Path) -> None:
    for file in folder.glob("*/*.term"):
        file.unlink()
    for file in folder.glob("*/meta.json"):
        file.write_text("nonsense")


def damage_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"what": 1}')


def damage_version(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"analyser": -1}))


def damage_positions(folder: Path) -> None:
    for file in folder.glob("*/*.pos"):
        file.unlink()


@pytest.mark.parametrize(
    "damage", [damage_vocabulary, damage_segments, damage_positions, damage_manifest, damage_version]
)
def test_a_damaged_or_older_index_is_made_anew(town: Organisation, shop: Award, damage: Any) -> None:
    assert look("tvål", town).total == 2
    damage(index_folder())
    index_module._readers.clear()  # as in a process that starts
    assert look("tvål", town).total == 2


def test_following_gives_the_same_answers_as_building_anew(town: Organisation, shop: Award) -> None:
    update_index()
    other = make_award(make_lot(make_agreement(town)))
    make_price_list(other, [{"name": "Handtvål grön"}])
    assert update_index() is True
    assert update_index() is False
    followed = sorted(names(look("tvål", town)))
    update_index(anew=True)
    assert sorted(names(look("tvål", town))) == followed == ["Handtvål 500 ml", "Handtvål grön", "Tvål mild"]


def test_what_a_killed_process_left_does_not_keep_the_index_from_following(
    town: Organisation, shop: Award, tmp_path: Path
) -> None:
    other = make_award(make_lot(make_agreement(town)))
    make_price_list(other, [{"name": "Handtvål grön"}])
    update_index()
    shutil.copytree(folder := index_folder(), tmp_path / "before")
    make_price_list(other, [{"name": "Handtvål blå"}])
    update_index()
    written = {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/*.del")}
    assert written
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "before", folder)
    for name, content in written.items():
        (folder / name).write_bytes(content)  # as much as it came to before it was killed
    index_module._readers.clear()
    assert update_index() is True
    assert sorted(names(look("handtvål", town))) == ["Handtvål 500 ml", "Handtvål blå"]


def test_the_state_tells_how_far_behind_a_node_is(town: Organisation, shop: Award) -> None:
    assert index_state().lists_behind >= 1
    update_index()
    state = index_state()
    assert (state.is_ready, state.lists_behind) == (True, 0)
    make_price_list(shop, [{}])
    assert index_state().lists_behind == 2  # one to take out, one to put in


def test_two_builders_do_not_build_at_once(town: Organisation, shop: Award) -> None:
    index_folder().mkdir(parents=True, exist_ok=True)
    with index_module._held(index_folder() / "lock", wait=True) as is_ours:
        assert is_ours
        assert update_index(wait=False) is False
    assert update_index(wait=False) is True
