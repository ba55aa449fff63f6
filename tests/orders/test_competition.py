"""Competitions: who is asked, how the envelopes are opened, how it ends without a winner, and who sees it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.price_list import Article
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from exchange.outbox import messages_about
from orders.actions.basket import add, change
from orders.actions.competition import AskedLine, abandon, announce
from orders.actions.opening import name_witness, open_bids, tell_openings
from orders.basket_queries import basket_of, view_basket
from orders.bid import Bid
from orders.competition import Competition, CompetitionState
from orders.competition_mail import about
from orders.competition_queries import bids_of, competition_for, decision_of, invitation_by, least_days
from orders.evaluation import evaluate
from tests.concurrency import WORKERS, at_once
from tests.factories.auth import make_member
from tests.factories.catalog import make_price_list
from tests.factories.competitions import (
    DESKS,
    Scene,
    add_criteria,
    after_deadline,
    invitations_of,
    links_of,
    make_bid,
    make_competition,
    make_opened,
    make_scene,
    open_together,
    request_facts,
)
from tests.factories.orders import make_place

# Asking


def test_every_supplier_of_the_lot_is_asked_by_a_link_of_its_own(scene: Scene) -> None:
    competition = make_competition(scene)
    mails = messages_about(about(competition))
    assert [mail.recipient for mail in mails] == [i.supplier.order_email for i in competition.invitations]
    links = links_of(competition)
    assert len({*links}) == 3
    assert [invitation_by(link).supplier.name for link in links] == scene.suppliers
    stored = db.session.execute(text("SELECT token_hash FROM competition_invitation")).scalars().all()
    assert not {*links} & {*stored}, "a secret of a link is stored as it is"


def test_a_blocked_supplier_is_named_with_the_reason_and_not_asked(scene: Scene) -> None:
    blocked = scene.lot.awards[1].supplier
    blocked.blocked_at, blocked.blocked_reason = now(), "Skatteskulder"
    scene.lot.awards[2].ends_on = today() - timedelta(days=1)
    competition = make_competition(scene)
    assert [i.supplier.name for i in competition.invited] == scene.suppliers[:1]
    assert "Skatteskulder" in str(competition.excluded[0].excluded_reason)
    assert len(links_of(competition)) == 1


def test_a_supplier_without_an_address_stops_the_request_because_all_must_be_asked(scene: Scene) -> None:
    scene.lot.awards[0].supplier.order_email = None
    with pytest.raises(RuleBroken, match="saknar e-postadress"):
        make_competition(scene)


def test_the_suppliers_get_time_enough(scene: Scene) -> None:
    days = least_days(scene.lot)
    assert days == 7
    make_competition(scene, last_day=today() + timedelta(days=days))
    with pytest.raises(RuleBroken, match="tidigast"):
        make_competition(scene, last_day=today() + timedelta(days=days - 1))
    dynamic = make_scene(method=CallOffMethod.DYNAMIC_PURCHASING)
    with pytest.raises(RuleBroken, match="tidigast"):
        make_competition(dynamic, last_day=today() + timedelta(days=9))


def test_a_dynamic_system_asks_those_who_have_joined_and_not_left(app: TransactionalFlask) -> None:
    """Suppliers join and leave while the system runs (LOU 8 kap.); who has joined today is asked today."""
    scene = make_scene(4, method=CallOffMethod.DYNAMIC_PURCHASING)
    joined, leaving, left, coming = scene.lot.awards
    joined.starts_on = leaving.ends_on = today()
    left.ends_on, coming.starts_on = today() - timedelta(days=1), today() + timedelta(days=1)
    db.session.flush()
    competition = make_competition(scene, last_day=today() + timedelta(days=10))
    assert {invitation.award for invitation in competition.invited} == {joined, leaving}
    assert {invitation.award for invitation in competition.excluded} == {left, coming}


def test_the_deadline_is_midnight_after_the_last_day_in_stockholm(scene: Scene) -> None:
    competition = make_competition(scene, last_day=date(2027, 7, 1), valid_until=date(2027, 9, 1))
    assert competition.deadline_at.isoformat() == "2027-07-01T22:00:00+00:00"
    assert competition.last_day == date(2027, 7, 1)


def test_two_clicks_make_one_request(scene: Scene) -> None:
    facts = request_facts(scene.place)
    made = [announce(scene.place.orderer, scene.place.organisation, scene.lot, facts) for _ in range(2)]
    assert made[0] is made[1]
    assert len(links_of(made[0])) == 3


def test_only_whoever_orders_for_the_unit_asks(scene: Scene) -> None:
    facts = request_facts(scene.place)
    for person in (scene.place.approver, make_place().orderer):
        with pytest.raises(NotAllowed):
            announce(person, scene.place.organisation, scene.lot, facts)


def test_an_organisation_that_is_not_entitled_cannot_ask(scene: Scene) -> None:
    stranger = make_place()
    with pytest.raises(RuleBroken, match="får inte avropa"):
        announce(stranger.orderer, stranger.organisation, scene.lot, request_facts(stranger))


def test_a_combination_competes_only_above_its_limit(app: TransactionalFlask) -> None:
    scene = make_scene(method=CallOffMethod.COMBINATION, competition_above=Decimal(10_000))
    for value in (None, Decimal(10_000)):
        with pytest.raises(RuleBroken, match="Under gränsen"):
            make_competition(scene, estimated_value=value)
    make_competition(scene, estimated_value=Decimal(10_001))
    with pytest.raises(RuleBroken, match="Beställ direkt"):
        make_competition(make_scene(method=CallOffMethod.RANKING))


def test_the_criteria_of_the_day_decide_also_when_the_lot_changes(scene: Scene) -> None:
    add_criteria(scene.lot, 70, Kvalitet=30)
    competition = make_competition(scene)
    db.session.execute(text("DELETE FROM lot_criterion"))
    assert [(c.name, c.weight) for c in competition.criteria] == [("Pris", Decimal(70)), ("Kvalitet", Decimal(30))]


def test_what_lay_in_the_basket_leaves_it_when_it_is_asked_for(app: TransactionalFlask) -> None:
    scene = make_scene(1, method=CallOffMethod.COMBINATION, competition_above=Decimal(100))
    award = scene.lot.awards[0]
    price_list = make_price_list(award, [{"price": Decimal(40)}])
    article = db.session.scalars(select(Article).where(Article.price_list_id == price_list.id)).one()
    place = scene.place
    add(place.orderer, place.organisation, article, Decimal(2))
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None
    change(place.orderer, basket.lines[0], Decimal(5))
    assert {f.code for f in view_basket(basket).findings[basket.lines[0].id]} >= {"competition-required"}
    announce(place.orderer, place.organisation, scene.lot, request_facts(place, estimated_value=Decimal(200)), basket)
    assert basket.lines == []


# Opening


def test_two_named_persons_open(scene: Scene) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "900", "500")
    with after_deadline(competition):
        with pytest.raises(RuleBroken, match="någon annan"):
            name_witness(scene.buyer, competition, scene.buyer)
        with pytest.raises(NotAllowed):
            name_witness(scene.place.orderer, competition, scene.witness)
        with pytest.raises(RuleBroken, match="någon annan"):
            name_witness(scene.buyer, competition, make_place().orderer)
        with pytest.raises(NotAllowed):
            open_bids(scene.buyer, competition)
        name_witness(scene.buyer, competition, scene.witness)
        for person in (scene.buyer, scene.place.orderer):
            with pytest.raises(NotAllowed):
                open_bids(person, competition)
        open_bids(scene.witness, competition)
        with pytest.raises(WrongState):
            open_bids(scene.witness, competition)
    assert competition.state is CompetitionState.OPENED


def test_the_database_keeps_what_was_opened(scene: Scene) -> None:
    make_opened(scene)
    for statement in (
        "UPDATE competition_bid_line SET unit_price = 1",
        "UPDATE competition_bid SET net_amount = 1",
        "DELETE FROM competition_bid_line",
        "UPDATE competition_invitation SET envelope = NULL, token_hash = NULL, excluded_reason = 'x'",
        "UPDATE competition SET deadline_at = announced_at",
    ):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(text(statement))


def test_a_competition_without_bids_is_abandoned_with_a_reason(scene: Scene) -> None:
    competition = make_opened(scene, ())
    assert bids_of(competition) == []
    with after_deadline(competition):
        with pytest.raises(NotAllowed):
            abandon(scene.place.orderer, competition, "Nej.")
        abandon(scene.buyer, competition, "Inga anbud kom in.")
    assert competition.state is CompetitionState.ABANDONED
    assert decision_of(competition) is None


def test_who_asked_may_abandon_before_anything_is_opened(scene: Scene) -> None:
    competition = make_competition(scene)
    abandon(scene.place.orderer, competition, "Behovet finns inte längre.")
    told = [m for m in messages_about(about(competition)) if "avbruten" in m.subject]
    assert len(told) == 3 and "Behovet finns inte längre." in told[0].text
    with pytest.raises(WrongState):
        make_bid(invitations_of(competition)[0], "1", "1")


# Who sees it


def test_who_sees_a_competition(scene: Scene) -> None:
    competition = make_competition(scene)
    organisation = scene.place.organisation
    office = scene.buyer.organisations()[0]
    assert competition_for(scene.place.orderer, organisation, competition.id).id == competition.id
    assert competition_for(scene.buyer, office, competition.id).id == competition.id
    assert competition_for(make_member(Role.AUDITOR, organisation), organisation, competition.id)
    elsewhere = make_place()
    for person, where in (
        (make_member(Role.ORDERER, organisation), organisation),
        (elsewhere.orderer, elsewhere.organisation),
        (make_member(Role.AUDITOR, elsewhere.organisation), elsewhere.organisation),
    ):
        with pytest.raises(NotFound):
            competition_for(person, where, competition.id)


def test_a_lot_of_many_lines_and_bidders_is_read_in_as_many_queries(scene: Scene, count_queries: object) -> None:
    small = make_opened(scene)
    big = make_opened(
        make_scene(6, place=scene.place),
        [("9", "5", *["1"] * 8)] * 6,
        lines=[*DESKS, *(AskedLine(f"Stol {n}", Decimal(n), "C62") for n in range(1, 9))],
    )
    counts = []
    for competition in (small, big):
        competition_id = competition.id
        db.session.expire_all()
        buyer, office = scene.buyer, scene.buyer.organisations()[0]
        with count_queries() as queries:  # type: ignore[operator]
            found = competition_for(buyer, office, competition_id)
            ranked = evaluate(bids_of(found), found.criteria)
            assert all(line.line.name for each in ranked for line in each.bid.lines)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


# At once


def test_of_many_who_press_the_button_one_opens(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        scene = make_scene()
        competition = make_competition(scene)
        for invitation in invitations_of(competition):
            make_bid(invitation, "900", "500")
        moment = competition.deadline_at + timedelta(minutes=1)
        with frozen(moment):
            name_witness(scene.buyer, competition, scene.witness)
        competition_id, witness_id = competition.id, scene.witness.id

    def open_it(_number: int) -> None:
        open_bids(db.session.get_one(User, witness_id), db.session.get_one(Competition, competition_id))

    with frozen(moment):
        assert at_once(fresh_app, open_it, WORKERS) == {"done": 1, "wrong-state": WORKERS - 1}
    with fresh_app.app_context(), reading() as session:
        assert session.query(Bid).count() == 3


def test_one_who_has_left_is_told_nothing_of_what_she_asked_for(scene: Scene) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "900", "500")
    scene.place.orderer.is_active = False
    commit()
    with after_deadline(competition):
        assert tell_openings() == 1
        open_together(scene, competition)
    recipients = {mail.recipient for mail in messages_about(about(competition))}
    assert scene.place.orderer.email not in recipients and scene.buyer.email in recipients


def test_who_asked_and_who_manages_are_told_once_that_the_time_is_out(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        scene = make_scene()
        scene.agreement.responsible = scene.buyer
        competition = make_competition(scene)
        people = {scene.place.orderer.email, scene.buyer.email}
        moment, name = competition.deadline_at, about(competition)
    with fresh_app.app_context():
        with frozen(moment - timedelta(seconds=1)):
            assert tell_openings() == 0
        with frozen(moment):
            assert [tell_openings(), tell_openings()] == [1, 0]
        with reading():
            told = [mail.recipient for mail in messages_about(name) if mail.subject.startswith("Tiden har gått ut")]
    assert sorted(told) == sorted(people)
