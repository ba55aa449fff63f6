"""Pictures of articles: which are fetched and kept, who sees them, and what the pages show instead."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.pictures import follow_pictures
from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.actions import picture as actions
from catalog.actions.picture import AGE, PAUSES, fetch_due, note_pictures
from catalog.agreement import AgreementState
from catalog.picture import ArticlePicture
from catalog.price_list import Article, PriceList, PriceListState
from catalog.search.index import index_folder
from core.clock import frozen, now
from core.db import TransactionalFlask, commit, db
from exchange.picture import NoPicture, Picture
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_picture, make_price_list
from tests.picture_server import PictureServer, picture, picture_server

HOST = "img.example"
ADDRESS = f"https://{HOST}/papper.jpg"
SMALL = picture(size=(40, 30))
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_index(app: TransactionalFlask) -> None:
    shutil.rmtree(index_folder(), ignore_errors=True)


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


@pytest.fixture
def karin(town: Organisation, login_as: Callable[[User], FlaskClient]) -> FlaskClient:
    """The browser of an orderer."""
    return login_as(make_member(Role.ORDERER, town))


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with picture_server() as server:
        yield server


def never(address: str) -> Picture:
    raise AssertionError(f"nobody may ask for {address}")


def addresses() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(select(ArticlePicture.address).order_by(ArticlePicture.address)))


def look(*hosts: str) -> int:
    """What the worker does in between, in transactions of its own."""
    commit()
    return note_pictures(hosts)


def fetched(fetch: Callable[[str], Picture]) -> int:
    commit()
    return fetch_due(fetch, lambda: False)


def only() -> ArticlePicture:
    db.session.expire_all()
    return db.session.scalars(select(ArticlePicture)).one()


# Which are wanted


def test_only_what_lists_in_force_name_on_allowed_hosts_is_wanted(town: Organisation) -> None:
    for address in (
        *(ADDRESS, f"https://{HOST.upper()}/STOR.jpg", f"https://{HOST}:443/port.jpg"),
        *(f"http://{HOST}/a.jpg", "https://other.example/a.jpg", f"https://x.{HOST}/a.jpg", None),
    ):
        make_offer(town, picture_url=address)
    make_offer(town, picture_url=ADDRESS)  # the same picture
    award = make_award(make_lot(make_agreement(town)))
    make_price_list(award, [{"picture_url": f"https://{HOST}/utkast.jpg"}], state=PriceListState.DRAFT)
    make_price_list(award, [{"picture_url": f"https://{HOST}/former.jpg"}])
    make_price_list(award, [{"picture_url": None}])
    look(HOST)
    assert set(addresses()) == {ADDRESS, f"https://{HOST.upper()}/STOR.jpg", f"https://{HOST}:443/port.jpg"}
    look(f"*.{HOST}")
    assert addresses() == [f"https://x.{HOST}/a.jpg"]


def test_without_hosts_nothing_is_wanted_and_nothing_asked(town: Organisation) -> None:
    make_offer(town, picture_url=ADDRESS)
    commit()
    assert current_app.config["AVROP"].picture_hosts == ()
    assert follow_pictures(fetching=never) == 0
    assert addresses() == []


def test_what_no_list_names_any_more_is_removed(town: Organisation) -> None:
    article = make_offer(town, picture_url=ADDRESS)
    kept = make_offer(town, picture_url=f"https://{HOST}/kvar.jpg")
    look(HOST)
    make_price_list(article.award, [{"picture_url": None}])
    look(HOST)
    assert addresses() == [kept.picture_url]
    db.session.execute(
        update(PriceList).where(PriceList.id == kept.price_list_id).values(state=PriceListState.WITHDRAWN)
    )
    look(HOST)
    assert addresses() == []


def test_the_pictures_of_a_host_that_is_no_longer_allowed_are_removed(town: Organisation) -> None:
    make_offer(town, picture_url=ADDRESS)
    look(HOST)
    look()
    assert addresses() == []


def test_lists_are_read_again_only_when_others_are_in_force(
    town: Organisation, count_queries: Callable[[], Any]
) -> None:
    make_offer(town, picture_url=ADDRESS)
    assert look(HOST) == 1
    with count_queries() as queries:
        assert look(HOST) == 0
    assert len(queries) == 1
    make_offer(town, picture_url=f"https://{HOST}/ny.jpg")
    assert look(HOST) == 1


def test_many_addresses_come_in_portions(town: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "NOTED_AT_ONCE", 2)
    award = make_award(make_lot(make_agreement(town)))
    make_price_list(award, [{"picture_url": f"https://{HOST}/{n}.jpg"} for n in range(5)])
    assert [look(HOST) for _ in range(4)] == [2, 2, 1, 0]
    assert len(addresses()) == 5


# Fetching


def test_the_worker_fetches_from_a_real_server(
    town: Organisation, server: PictureServer, karin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = make_offer(town, picture_url=server.put("/papper.png", picture("PNG", mode="RGBA"), "image/png"))
    look(server.host)
    assert fetched(server.fetching) == 1
    row = only()
    assert (row.media_type, row.tries, row.problem) == ("image/png", 0, None)
    answer = karin.get(f"/articles/{article.id}/picture")
    assert answer.mimetype == "image/png" and answer.data.startswith(b"\x89PNG")
    assert fetched(never) == 0, "once is enough for a month"
    assert server.asked == ["/papper.png"]


def test_what_cannot_be_fetched_is_remembered_and_tried_less_and_less(
    town: Organisation, server: PictureServer
) -> None:
    make_offer(town, picture_url=server.address("/borta.jpg"))
    look(server.host)
    for number, pause in enumerate([*PAUSES, PAUSES[-1]]):
        db.session.execute(update(ArticlePicture).values(next_try_at=now() - MINUTE))
        assert fetched(server.fetching) == 1
        row = only()
        assert row.next_try_at is not None and abs(row.next_try_at - now() - pause) < MINUTE
        assert (row.tries, row.problem, row.content) == (number + 1, "the answer is 404", None)
        assert fetched(never) == 0, "its time has not come"
    server.put("/borta.jpg", picture())
    db.session.execute(update(ArticlePicture).values(next_try_at=now() - MINUTE))
    assert fetched(server.fetching) == 1
    assert only().content and only().problem is None


def test_another_picture_at_the_same_address_is_fetched_after_a_month(
    town: Organisation, server: PictureServer
) -> None:
    make_offer(town, picture_url=server.put("/papper.jpg", picture()))
    look(server.host)
    fetched(server.fetching)
    first = only().version
    server.put("/papper.jpg", picture(size=(800, 1200)))
    with frozen(now() + AGE - MINUTE):
        assert fetched(never) == 0
    with frozen(now() + AGE + MINUTE):
        assert fetched(server.fetching) == 1
        row = only()
        assert row.version != first and row.next_try_at is not None and row.next_try_at > now()


def test_a_picture_that_is_gone_is_shown_until_there_is_another(town: Organisation, server: PictureServer) -> None:
    make_offer(town, picture_url=server.address("/borta.jpg"))
    kept = make_picture(server.address("/borta.jpg"), SMALL)
    kept.next_try_at = now() - MINUTE
    assert fetched(server.fetching) == 1
    row = only()
    assert (row.content, row.problem, row.tries) == (SMALL, "the answer is 404", 1)
    assert row.next_try_at is not None and row.next_try_at > now()


def test_a_worker_that_dies_on_the_way_leaves_it_for_later(town: Organisation) -> None:
    make_offer(town, picture_url=ADDRESS)
    look(HOST)

    def die(_address: str) -> Picture:
        raise SystemExit

    with pytest.raises(SystemExit):
        fetched(die)
    row = only()
    assert row.tries == 1 and row.next_try_at is not None and row.next_try_at > now()


def test_two_workers_do_not_fetch_the_same(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        make_offer(make_organisation(), picture_url=ADDRESS)
        look(HOST)
        asked = []

        def fetch(address: str) -> Picture:
            asked.append(address)
            assert fetch_due(never, lambda: False) == 0  # the other one, meanwhile; no transaction of ours is open
            raise NoPicture("not today")

        assert fetched(fetch) == 1
        assert asked == [ADDRESS]
        db.session.remove()


def test_a_picture_that_was_forgotten_meanwhile_does_not_come_back(town: Organisation) -> None:
    article = make_offer(town, picture_url=ADDRESS)
    look(HOST)

    def fetch(_address: str) -> Picture:
        make_price_list(article.award, [{"picture_url": None}])
        look(HOST)
        return Picture("image/jpeg", SMALL)

    fetched(fetch)
    assert addresses() == []


def test_it_stops_between_two_pictures(town: Organisation) -> None:
    make_offer(town, picture_url=ADDRESS)
    look(HOST)
    assert fetch_due(never, lambda: True) == 0


# Serving


def test_the_picture_is_served_by_us_and_kept_by_the_browser(town: Organisation, karin: FlaskClient) -> None:
    article, made = make_offer(town, picture_url=ADDRESS), make_picture(ADDRESS, SMALL)
    answer = karin.get(f"/articles/{article.id}/picture?v={made.version}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/jpeg", SMALL)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'inline; filename="artikel-{article.id}.jpeg"'
    assert answer.cache_control.private and answer.cache_control.immutable and answer.cache_control.max_age
    assert not answer.cache_control.public
    again = karin.get(f"/articles/{article.id}/picture", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.cache_control.no_cache and not again.cache_control.immutable, "this address may change its content"


def test_what_is_served_is_called_what_its_bytes_are(town: Organisation, karin: FlaskClient) -> None:
    """Whatever stands in the table."""
    article = make_offer(town, picture_url=ADDRESS)
    make_picture(ADDRESS, b"<script>alert(1)</script>")
    answer = karin.get(f"/articles/{article.id}/picture")
    assert answer.mimetype == "application/octet-stream"


@pytest.mark.parametrize("state", [AgreementState.DRAFT, AgreementState.PUBLISHED])
def test_who_may_not_see_the_article_does_not_see_its_picture(
    town: Organisation, karin: FlaskClient, state: AgreementState
) -> None:
    article = make_price_list(
        make_award(make_lot(make_agreement(town, state=state))),
        [{"picture_url": ADDRESS}],
        state=PriceListState.DRAFT if state is AgreementState.PUBLISHED else PriceListState.PUBLISHED,
    )
    make_picture(ADDRESS, SMALL)
    article_id = db.session.scalar(select(Article.id).where(Article.price_list_id == article.id))
    assert karin.get(f"/articles/{article_id}/picture").status_code == 404


def test_without_a_picture_there_is_none_to_serve(town: Organisation, karin: FlaskClient) -> None:
    for address in (None, ADDRESS):
        article = make_offer(town, picture_url=address)
        assert karin.get(f"/articles/{article.id}/picture").status_code == 404


# Pages


def pages_of(article: Article) -> list[str]:
    return ["/search?q=kopieringspapper", f"/articles/{article.id}", f"/compare?id={article.id}"]


def test_pages_show_the_picture_beside_the_name(town: Organisation, karin: FlaskClient) -> None:
    article, made = make_offer(town, picture_url=ADDRESS), make_picture(ADDRESS, SMALL)
    for path in pages_of(article):
        text = karin.get(path).text
        [shown] = set(re.findall(r"<img [^>]*>", text))
        assert f'src="/articles/{article.id}/picture?v={made.version}"' in shown, path
        assert 'alt=""' in shown and 'loading="lazy"' in shown and re.search(r'width="\d+" height="\d+"', shown)
        assert ADDRESS not in text, "no browser asks the supplier's host"
        assert "picture-none" not in text


def test_pages_show_a_placeholder_until_it_is_there(town: Organisation, karin: FlaskClient) -> None:
    article = make_offer(town, picture_url=ADDRESS)
    for path in pages_of(article):
        text = karin.get(path).text
        assert "picture-none" in text and "<img" not in text and ADDRESS not in text, path


def test_pages_without_any_picture_keep_no_place_for_one(town: Organisation, karin: FlaskClient) -> None:
    article = make_offer(town)
    for path in pages_of(article):
        assert 'class="picture' not in karin.get(path).text, path


def test_pictures_cost_a_page_one_query(
    town: Organisation, karin: FlaskClient, count_queries: Callable[[], Any]
) -> None:
    counted = []
    for number in range(8):
        make_offer(town, picture_url=f"https://{HOST}/{number}.jpg", name="Sax")
        make_picture(f"https://{HOST}/{number}.jpg")
        karin.get("/search?q=sax")  # the first one indexes
        with count_queries() as queries:
            text = karin.get("/search?q=sax").text
        assert text.count('<img class="picture"') == number + 1
        counted.append(len(queries))
    assert len(set(counted)) == 1 and counted[0] <= 10, counted
    assert db.session.scalar(select(func.count()).select_from(ArticlePicture)) == 8
