"""The pages of competitions: the ways in, the suppliers' page, the opening, the decision, and what leaks nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.criterion import LotCriterion
from catalog.price_list import Article
from core.clock import now, today
from core.db import TransactionalFlask, commit, db
from exchange.outbox import messages_about
from orders.actions.basket import add, change
from orders.basket_queries import basket_of
from orders.competition import Competition, CompetitionState
from orders.competition_mail import about
from orders.competition_queries import bids_of, invitation_by
from orders.sent_file import SentFile
from tests.factories.auth import make_member
from tests.factories.catalog import make_price_list
from tests.factories.competitions import (
    Scene,
    add_criteria,
    after_deadline,
    invitations_of,
    links_of,
    make_bid,
    make_competition,
    make_decided,
    make_opened,
    make_scene,
    open_together,
)
from tests.house.test_routes import READING, doors, log_in, text_of
from tests.house.world import OWN, make_world

LogIn = Callable[[User], FlaskClient]


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return str(response.get_data(as_text=True))


def newest() -> Competition:
    found = db.session.scalars(select(Competition).order_by(Competition.id.desc())).first()
    assert found is not None
    return found


def article_of(scene: Scene, price: str = "40") -> Article:
    price_list = make_price_list(scene.lot.awards[0], [{"price": Decimal(price), "name": "Skrivbord"}])
    return db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()


def request_form(scene: Scene, **values: Any) -> dict[str, Any]:
    return {
        "key": "formular",
        "title": "Bord till skolan",
        "specification": "Bord för elever.",
        "unit_id": str(scene.place.unit.id),
        "last_day": (today() + timedelta(days=14)).isoformat(),
        "valid_until": (today() + timedelta(days=90)).isoformat(),
        "contact_name": "Anna",
        "contact_email": "anna@kommun.example",
        "line-1-name": "Bord",
        "line-1-quantity": "10",
        "line-1-unit_code": "C62",
        "line-1-vat_class": "standard",
        **values,
    }


def test_every_refusal_for_want_of_competition_leads_to_it(scene: Scene, login_as: LogIn) -> None:
    article = article_of(scene)
    client = login_as(scene.place.orderer)
    link = f"/competitions/new/{scene.lot.id}"
    assert f"{link}?article={article.id}" in page(client, f"/articles/{article.id}")
    assert link in page(client, f"/agreements/{scene.agreement.number}")
    html = page(client, f"{link}?article={article.id}&quantity=3")
    assert 'value="Skrivbord"' in html and 'value="3"' in html
    assert all(name in html for name in scene.suppliers)


def test_the_button_of_a_basket_that_demands_competition(app: TransactionalFlask, login_as: LogIn) -> None:
    scene = make_scene(2, method=CallOffMethod.COMBINATION, competition_above=Decimal(100))
    place = scene.place
    add(place.orderer, place.organisation, article_of(scene), Decimal(2))
    client = login_as(place.orderer)
    assert "Begär anbud" not in page(client, "/basket")
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    change(place.orderer, basket.lines[0], Decimal(5))
    html = page(client, "/basket")
    assert f"/competitions/new/{scene.lot.id}?basket=1" in html and "Begär anbud" in html
    html = page(client, f"/competitions/new/{scene.lot.id}?basket=1")
    assert 'value="Skrivbord"' in html and 'value="200"' in html
    form = request_form(scene, estimated_value="200")
    response = client.post(f"/competitions/new/{scene.lot.id}?basket=1", data=form)
    assert response.status_code == 303
    assert "Varukorgen är tom" in page(client, "/basket")
    assert newest().estimated_value == Decimal(200)


def test_the_value_is_reckoned_as_the_basket_reckons_it(app: TransactionalFlask, login_as: LogIn) -> None:
    """Half an öre is rounded up, line by line."""
    scene = make_scene(2, method=CallOffMethod.COMBINATION, competition_above=Decimal(200))
    place = scene.place
    add(place.orderer, place.organisation, article_of(scene, "33.335"), Decimal(3))
    html = page(login_as(place.orderer), f"/competitions/new/{scene.lot.id}?basket=1")
    assert 'value="100,01"' in html


def test_a_request_is_written_and_sent(scene: Scene, login_as: LogIn) -> None:
    client = login_as(scene.place.orderer)
    form = request_form(scene, file=(BytesIO(b"%PDF-1.7 krav"), "krav.pdf"))
    response = client.post(f"/competitions/new/{scene.lot.id}", data=form)
    assert response.status_code == 303, response.get_data(as_text=True)
    competition = newest()
    html = page(client, f"/competitions/{competition.id}")
    assert "Till dess är svaren förseglade" in html
    assert client.get(f"/competitions/{competition.id}/specification").data == b"%PDF-1.7 krav"
    assert "Bord till skolan" in page(client, "/competitions")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("line-1-name", "", "Skriv vad ni behöver"),
        ("line-1-quantity", "", "Skriv hur många"),
        ("title", "", "Fyll i det här fältet"),
        ("last_day", today().isoformat(), "Ge leverantörerna tid"),
        ("valid_until", (today() + timedelta(days=14)).isoformat(), "gälla längre"),
    ],
)
def test_what_is_wrong_is_told_on_the_form(scene: Scene, login_as: LogIn, field: str, value: str, said: str) -> None:
    response = login_as(scene.place.orderer).post(
        f"/competitions/new/{scene.lot.id}", data=request_form(scene) | {field: value}
    )
    assert response.status_code == 422
    assert said in response.get_data(as_text=True)


# The suppliers' page


def answer_form(competition: Competition, *prices: str, **values: Any) -> dict[str, Any]:
    lines = {f"price-{line.id}-price": price for line, price in zip(competition.lines, prices, strict=True)}
    return {"answer": "bid", "valid_until": competition.valid_until.isoformat(), **lines, **values}


def test_a_supplier_answers_without_logging_in_and_reading_never_answers(scene: Scene, client: FlaskClient) -> None:
    competition = make_competition(scene)
    path = f"/bids/{links_of(competition)[0]}"
    before = page(client, path)
    assert "Höj- och sänkbart bord" in before and 'content="noindex"' in before
    form = answer_form(competition, "987,65", "432,10", message="HEMLIGT", file=(BytesIO(b"%PDF-1.7 svar"), "svar.pdf"))
    response = client.post(path, data=form)
    told = response.get_data(as_text=True)
    assert response.status_code == 200 and "mottaget och förseglat" in told
    fingerprint = re.search(r"[0-9a-f]{64}", told)
    assert fingerprint is not None and fingerprint.group() in messages_about(about(competition))[-1].text
    after = page(client, path)
    assert "987" not in after and "HEMLIGT" not in after, "the page shows a sealed answer again"
    assert response.headers["Cache-Control"] == "no-store"


def test_an_answer_that_lacks_a_price_is_refused_and_loses_nothing(scene: Scene, client: FlaskClient) -> None:
    competition = make_competition(scene)
    path = f"/bids/{links_of(competition)[0]}"
    response = client.post(path, data=answer_form(competition, "987,65", "", message="Vi kan."))
    html = response.get_data(as_text=True)
    assert response.status_code == 422 and "Ange ett pris på varje rad" in html
    assert 'value="987,65"' in html and "Vi kan." in html


def test_a_supplier_declines_without_prices(scene: Scene, client: FlaskClient) -> None:
    competition = make_competition(scene)
    form = answer_form(competition, "", "", answer="decline")
    response = client.post(f"/bids/{links_of(competition)[0]}", data=form)
    assert response.status_code == 200 and "mottaget" in response.get_data(as_text=True)


def test_the_page_is_there_in_english(scene: Scene, client: FlaskClient) -> None:
    link = links_of(make_competition(scene))[0]
    html = client.get(f"/bids/{link}", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert 'lang="en"' in html


def test_after_the_deadline_the_page_says_so_and_takes_nothing(scene: Scene, client: FlaskClient) -> None:
    competition = make_competition(scene)
    path = f"/bids/{links_of(competition)[0]}"
    with after_deadline(competition):
        assert "Tiden har gått ut" in page(client, path)
        response = client.post(path, data=answer_form(competition, "1", "1"))
    assert response.status_code == 409


def test_a_link_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    assert client.get("/bids/" + "x" * 43).status_code == 404


def test_answers_from_one_address_are_throttled(scene: Scene, client: FlaskClient) -> None:
    path = f"/bids/{links_of(make_competition(scene))[0]}"
    codes = [client.post(path, data={}).status_code for _ in range(61)]
    assert codes[0] == 422 and codes[-1] == 429


# Sealed, whoever asks and wherever


def test_no_page_tells_a_price_before_the_deadline(app: TransactionalFlask) -> None:
    """Every page that can be read, as everybody who reads many: no price, no message, no number or name of bidders."""
    world = make_world()
    link = world.things["bid link"][OWN]
    competition = invitations_with(link)
    make_bid(invitations_of(competition)[0], "98765.43", "43210.98", message="HEMLIGT BUDSKAP")
    secrets = ("98765", "98 765", "98\xa0765", "43210", "43\xa0210", "HEMLIGT BUDSKAP")
    secrets += (f"svar på förfrågan {competition.number}",)
    world.things["competition"][OWN] = competition.id
    leaks = []
    for name in ("orderer", "agreement_owner", "organisation_admin", "system_admin", "auditor", "office_owner"):
        browser = log_in(app, world.actors[name])
        for door in doors(app):
            path = door.address(world, OWN)
            if door.method != READING or path is None:
                continue
            told = text_of(browser.open(door, path))
            leaks += [f"{name}: {path}: {secret}" for secret in secrets if secret in told]
    assert leaks == []


def invitations_with(link: str) -> Competition:
    return invitation_by(link).competition


def test_before_the_deadline_nobody_opens_and_nothing_is_offered(scene: Scene, login_as: LogIn) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "900", "500")
    client = login_as(scene.buyer)
    html = page(client, f"/competitions/{competition.id}")
    assert "/opening" not in html and "Utfall" not in html
    response = client.post(f"/competitions/{competition.id}/opening", data={"witness": str(scene.witness.id)})
    assert response.status_code == 422
    assert client.post(f"/competitions/{competition.id}/open").status_code == 422


# Opening, weighing, deciding, ordering


def test_nobody_is_chosen_as_the_second_person_beforehand(scene: Scene, login_as: LogIn) -> None:
    competition = make_competition(scene)
    make_member(Role.AGREEMENT_OWNER, scene.buyer.memberships[0].organisation, name="Ada Alfabetsson")
    commit()
    with after_deadline(competition):
        buyer = login_as(scene.buyer)
        assert "– välj –" in page(buyer, f"/competitions/{competition.id}/opening")
        response = buyer.post(f"/competitions/{competition.id}/opening", data={"witness": "0"})
        assert response.status_code == 422 and "Välj ett alternativ." in response.text
    assert newest().witness is None


def test_the_whole_road_in_pages(scene: Scene, app: TransactionalFlask, login_as: LogIn) -> None:
    add_criteria(scene.lot, 70, Kvalitet=30)
    competition = make_competition(scene)
    first, second, _third = invitations_of(competition)
    make_bid(first, "900", "500")
    make_bid(second, "880", "500", message="Vi kan leverera före sommaren.")
    with after_deadline(competition):
        buyer = login_as(scene.buyer)
        form = {"witness": str(scene.witness.id)}
        assert buyer.post(f"/competitions/{competition.id}/opening", data=form).status_code == 303
        assert buyer.post(f"/competitions/{competition.id}/open").status_code == 403
        witness = login_as(scene.witness)
        html = page(witness, f"/competitions/{competition.id}")
        assert "Öppna anbuden" in html
        assert witness.post(f"/competitions/{competition.id}/open").status_code == 303
        html = page(witness, f"/competitions/{competition.id}")
        assert "Vi kan leverera före sommaren." in html and "10\xa0050,00" in html and "svarade inte" in html

        buyer = login_as(scene.buyer)
        for bid, grade in zip(bids_of(competition), ("9", "7"), strict=True):
            form = {}
            for criterion in competition.criteria[1:]:
                form = {f"criterion-{criterion.id}-grade": grade, f"criterion-{criterion.id}-reason": "Därför."}
            path = f"/competitions/{competition.id}/bids/{bid.id}"
            assert "Kvalitet" in page(buyer, path)
            assert buyer.post(path, data={}).status_code == 422
            assert buyer.post(path, data=form).status_code == 303
        best = bids_of(competition)[0]
        html = page(buyer, f"/competitions/{competition.id}/decision")
        assert "95,63" in html and "91" in html
        form = {"bid": str(best.id), "reasons": "Bäst kvalitet."}
        assert buyer.post(f"/competitions/{competition.id}/decision", data=form).status_code == 303

        orderer = login_as(scene.place.orderer)
        assert "Lägg det vunna anbudet i varukorgen" in page(orderer, f"/competitions/{competition.id}")
        assert orderer.post(f"/competitions/{competition.id}/order").status_code == 303
        html = page(orderer, "/basket")
        assert "Vunnet anbud" in html and "10\xa0250,00" in html
        assert "Till kassan" in html


def test_a_bids_file_is_a_download(scene: Scene, login_as: LogIn) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "1", "1", file=SentFile("svar.pdf", b"%PDF-1.7 <script>"))
    with after_deadline(competition):
        open_together(scene, competition)
        [bid] = bids_of(competition)
        response = login_as(scene.buyer).get(f"/competitions/{competition.id}/bids/{bid.id}/file")
    assert response.mimetype == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_abandoning_asks_for_a_reason(scene: Scene, login_as: LogIn) -> None:
    competition = make_competition(scene)
    client = login_as(scene.place.orderer)
    path = f"/competitions/{competition.id}/abandon"
    assert client.post(path, data={"reason": ""}).status_code == 422
    assert client.post(path, data={"reason": "Behövs inte."}).status_code == 303
    commit()
    assert newest().state is CompetitionState.ABANDONED
    assert "Behövs inte." in page(client, f"/competitions/{competition.id}")
    assert "Förfrågan är avbruten" in page(client, f"/bids/{links_of(competition)[0]}")


@pytest.mark.parametrize("state", ["running", "opened", "decided"])
def test_a_page_reads_as_much_however_many_bid(
    scene: Scene, login_as: LogIn, count_queries: Callable[[], Any], state: str
) -> None:
    counts = []
    for suppliers in (2, 6):
        some = make_scene(suppliers, place=scene.place)
        prices = [(str(n + 1), "5") for n in range(suppliers)]
        made = {
            "running": lambda some=some: make_competition(some),
            "opened": lambda some=some, prices=prices: make_opened(some, prices),
            "decided": lambda some=some, prices=prices: make_decided(some, prices=prices).competition,
        }[state]()
        client = login_as(scene.buyer)
        with count_queries() as queries:
            page(client, f"/competitions/{made.id}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


# Criteria


def test_the_owner_sets_the_criteria_of_a_lot(scene: Scene, login_as: LogIn) -> None:
    client = login_as(scene.buyer)
    path = f"/admin/lots/{scene.lot.id}/criteria"
    version = re.search(r'name="version"[^>]*value="(\d+)"', page(client, path))
    assert version is not None
    form = {
        "version": version.group(1),
        "price_weight": "60",
        "criterion-1-name": "Kvalitet",
        "criterion-1-weight": "30",
        "criterion-1-description": "Material och garanti.",
    }
    response = client.post(path, data=form)
    assert response.status_code == 422 and "tillsammans bli 100" in response.get_data(as_text=True)
    assert client.post(path, data=form | {"criterion-1-weight": "40"}).status_code == 303
    kept = db.session.scalars(select(LotCriterion).order_by(LotCriterion.position)).all()
    assert [(c.name, c.weight, c.is_price) for c in kept] == [
        ("Pris", Decimal(60), True),
        ("Kvalitet", Decimal(40), False),
    ]
    assert "Material och garanti." in page(client, path)
    assert login_as(make_member(Role.ORDERER, scene.place.organisation)).get(path).status_code == 403


# The report


def test_the_report_tells_the_whole_competition(scene: Scene, login_as: LogIn) -> None:
    add_criteria(scene.lot, 70, Kvalitet=30)
    blocked = scene.lot.awards[2].supplier
    blocked.blocked_at, blocked.blocked_reason = now(), "Skatteskulder"
    decision = make_decided(scene, standstill=True)
    competition = decision.competition
    told = text_of(login_as(scene.buyer).get(f"/competitions/{competition.id}/report.pdf"))
    flat = " ".join(told.split())
    for part in (
        competition.number,
        "Bord för elever i årskurs 7 till 9.",
        "Skatteskulder",
        scene.buyer.name,
        scene.witness.name,
        "10 050,00 kr",
        "betyg 7. Bra.",
        "Lägst pris.",
        "till och med",
    ):
        assert part in flat, part
    assert decision.bid.sha256[:20] in told.replace("\n", "").replace(" ", "")


def test_there_is_no_report_before_the_opening(scene: Scene, login_as: LogIn) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "900", "500")
    client = login_as(scene.buyer)
    assert client.get(f"/competitions/{competition.id}/report.pdf").status_code == 404
    with after_deadline(competition):
        client = login_as(scene.buyer)
        assert client.get(f"/competitions/{competition.id}/report.pdf").status_code == 404
