"""Competitions: who is asked, what is sealed, how it is opened, weighed and decided, and what may be ordered of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from catalog.agreement import CallOffMethod
from catalog.price_list import Article, PriceList, PriceListState
from core.clock import frozen, now, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from exchange.outbox import messages, messages_about
from orders.actions.approval import approve, send_back
from orders.actions.basket import add, change
from orders.actions.bidding import BidFacts, bid, decline
from orders.actions.competition import AskedLine, abandon, announce, take_to_basket
from orders.actions.opening import name_witness, open_bids, tell_openings
from orders.actions.requisition import mend, submit
from orders.basket_queries import basket_of, view_basket
from orders.bid import Bid, BidLine
from orders.competition import Competition, CompetitionState, InvitationOutcome
from orders.competition_mail import about
from orders.competition_queries import bids_of, competition_for, decision_of, invitation_by, least_days
from orders.evaluation import evaluate
from orders.order_queries import orders_of
from orders.sent_file import SentFile
from tests.factories.auth import make_member
from tests.factories.catalog import make_ceiling, make_price_list
from tests.factories.competitions import (
    DESKS,
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
    request_facts,
)
from tests.factories.orders import checkout_at, make_place, pending_step
from tests.orders.test_concurrency import WORKERS, at_once, ids_of, submit_as

PDF = b"%PDF-1.7\nritning"


@pytest.fixture
def scene(app: TransactionalFlask) -> Scene:
    return make_scene()


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


# Sealed


def test_nobody_can_take_a_bid_out_before_the_time_is_out(scene: Scene) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "900", "500")
    with pytest.raises(RuleBroken, match="innan anbudstiden"):
        name_witness(scene.buyer, competition, scene.witness)
    with pytest.raises(RuleBroken, match="innan anbudstiden"):
        open_bids(scene.witness, competition)
    assert bids_of(competition) == ()


def test_the_database_holds_neither_price_nor_who_has_answered(scene: Scene) -> None:
    """Every cell of every table, as bytes, before the deadline; and the envelopes of all look the same."""
    competition = make_competition(scene)
    silent, bidder = invitations_of(competition)[:2]
    lengths = envelope_lengths(competition)
    make_bid(bidder, "98765.4321", "43210.99", message="HEMLIGT BUDSKAP", contact="Kim Hemlig")
    decline(silent, "HEMLIGT NEJ")
    for secret in ("98765", "987654321", "43210", "HEMLIGT", "Kim Hemlig"):
        assert not found_in_database(secret), f"{secret} can be read in the database"
    assert envelope_lengths(competition) == lengths
    commit()
    assert [e.act for e in entries_about("competition", competition.id)] == ["announce"]
    assert db.session.query(Bid).count() == 0


def envelope_lengths(competition: Competition) -> set[int]:
    query = text("SELECT envelope FROM competition_invitation WHERE competition_id = :id")
    return {len(row) for row in db.session.execute(query, {"id": competition.id}).scalars()}


def found_in_database(secret: str) -> bool:
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(text(f"SELECT * FROM {table.name}")):
            for cell in row:
                raw = bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                if secret.encode() in raw:
                    return True
    return False


def test_the_receipt_tells_only_that_an_answer_came_and_is_in_no_list_before_the_deadline(scene: Scene) -> None:
    competition = make_competition(scene)
    fingerprint = make_bid(invitations_of(competition)[0], "98765", "43210", message="HEMLIGT")
    receipt = messages_about(about(competition))[-1]
    assert receipt.recipient == scene.lot.awards[0].supplier.order_email
    assert fingerprint in receipt.text and "98765" not in receipt.text and "HEMLIGT" not in receipt.text
    assert receipt not in db.session.scalars(messages()).all()
    with after_deadline(competition):
        assert receipt in db.session.scalars(messages()).all()


def test_the_receipts_fingerprint_stands_in_the_record(scene: Scene) -> None:
    competition = make_competition(scene)
    fingerprint = make_bid(invitations_of(competition)[0], "900", "500")
    with after_deadline(competition):
        open_together(scene, competition)
    assert [b.sha256 for b in bids_of(competition)] == [fingerprint]
    commit()
    record = entries_about("competition", competition.id)[-1].details
    assert record["bids"][0]["sha256"] == fingerprint
    assert record["bids"][0]["net_amount"] == "10250.00"
    assert (record["opener"], record["witness"]) == (scene.buyer.name, scene.witness.name)


def test_a_later_answer_replaces_the_former_and_a_no_takes_it_back(scene: Scene) -> None:
    competition = make_competition(scene)
    first, second, third = invitations_of(competition)
    make_bid(first, "900", "500")
    make_bid(first, "800", "400")
    make_bid(second, "700", "300")
    decline(second, "Vi hinner inte.")
    with after_deadline(competition):
        open_together(scene, competition)
    assert [b.net_amount for b in bids_of(competition)] == [Decimal(9000)]
    outcomes = [i.outcome for i in competition_for(scene.buyer, scene.buyer.organisations()[0], competition.id).invited]
    assert outcomes == [InvitationOutcome.BID, InvitationOutcome.DECLINED, InvitationOutcome.SILENT]


def test_a_late_answer_is_refused_by_the_clock(scene: Scene) -> None:
    competition = make_competition(scene)
    invitation = invitations_of(competition)[0]
    with frozen(competition.deadline_at - timedelta(seconds=1)):
        make_bid(invitation, "900", "500")
    with frozen(competition.deadline_at), pytest.raises(WrongState, match="gått ut"):
        make_bid(invitation, "100", "100")
    with after_deadline(competition):
        open_together(scene, competition)
        with pytest.raises(WrongState):
            make_bid(invitation, "100", "100")
    assert [b.net_amount for b in bids_of(competition)] == [Decimal(10250)]


def test_a_bid_prices_every_line_and_holds_as_long_as_asked(scene: Scene) -> None:
    competition = make_competition(scene)
    invitation = invitations_of(competition)[0]
    one = {competition.lines[0].id: Decimal(1)}
    with pytest.raises(RuleBroken, match="varje rad"):
        bid(invitation, BidFacts(prices=one, valid_until=competition.valid_until))
    with pytest.raises(RuleBroken, match="varje rad"):  # which the opening could not write out
        make_bid(invitation, "0.0001", "0.0001")
    with pytest.raises(RuleBroken, match="gälla minst"):
        make_bid(invitation, "1", "1", valid_until=competition.valid_until - timedelta(days=1))


@pytest.mark.parametrize("content", [b"", b"hej", b"\xff\xd8\xff", b"PK\x03\x04"])
def test_only_a_pdf_is_taken_along(scene: Scene, content: bytes) -> None:
    invitation = invitations_of(make_competition(scene))[0]
    with pytest.raises(RuleBroken, match="PDF"):
        make_bid(invitation, "1", "1", file=SentFile("anbud.pdf", content))


def test_a_pdf_comes_out_as_it_was_sent(scene: Scene) -> None:
    competition = make_competition(scene)
    make_bid(invitations_of(competition)[0], "1", "1", file=SentFile("../anbud.pdf", PDF))
    with after_deadline(competition):
        open_together(scene, competition)
    [opened] = bids_of(competition)
    assert (opened.file_name, opened.file_content) == ("anbud.pdf", PDF)
    assert opened.file_sha256 == sha256(PDF).hexdigest()


def test_an_envelope_that_was_changed_or_moved_is_told_and_not_believed(scene: Scene) -> None:
    competition = make_competition(scene)
    first, second, third = invitations_of(competition)
    make_bid(first, "900", "500")
    make_bid(second, "10", "10")
    for invitation in (first, second):
        db.session.refresh(invitation)
    second.envelope = first.envelope  # one supplier's bid as another's
    db.session.flush()
    with after_deadline(competition):
        open_together(scene, competition)
    assert [b.net_amount for b in bids_of(competition)] == [Decimal(10250)]
    assert second.outcome is InvitationOutcome.UNREADABLE
    assert third.outcome is InvitationOutcome.SILENT


def test_another_server_key_neither_takes_nor_loses_bids(scene: Scene, app: TransactionalFlask) -> None:
    competition = make_competition(scene)
    invitation = invitations_of(competition)[0]
    make_bid(invitation, "900", "500")
    key = app.config["SECRET_KEY"]
    app.config["SECRET_KEY"] = "x" * 40
    try:
        with pytest.raises(RuleBroken, match="bytt nyckel"):
            make_bid(invitation, "800", "500")
        with after_deadline(competition), pytest.raises(RuleBroken, match="bytt nyckel"):
            open_together(scene, competition)
    finally:
        app.config["SECRET_KEY"] = key
    with after_deadline(competition):
        open_bids(scene.witness, competition)
    assert len(bids_of(competition)) == 1


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


# Ordering


def test_the_won_prices_take_the_ordinary_road_to_an_order(scene: Scene) -> None:
    decision = make_decided(scene)
    place, competition = scene.place, decision.competition
    scene.lot.awards[1].freight = Decimal(300)  # a won price has it in it
    requisition = ordered(scene, competition)
    assert requisition.net_amount == decision.bid.net_amount == Decimal(10050)
    approve(place.approver, pending_step(requisition), None, requisition.content_hash or "")
    [order] = orders_of(requisition)
    assert order.supplier.name == scene.suppliers[1]
    assert [(line.name, line.quantity, line.unit_price) for line in order.lines] == [
        ("Höj- och sänkbart bord", Decimal(10), Decimal(880)),
        ("Montering", Decimal("2.5"), Decimal(500)),
    ]
    assert order.net_amount == Decimal(10050)


def ordered(scene: Scene, competition: Competition) -> object:
    place = scene.place
    take_to_basket(place.orderer, competition)
    return submit(place.orderer, place.organisation, checkout_at(place))


def test_what_is_won_is_ordered_once(scene: Scene) -> None:
    decision = make_decided(scene)
    ordered(scene, decision.competition)
    with pytest.raises(RuleBroken, match="ligger redan i begäran"):
        take_to_basket(scene.place.orderer, decision.competition)
    with pytest.raises(RuleBroken, match="ligger redan i en begäran"):
        abandon(scene.buyer, decision.competition, "För sent.")


def test_what_is_won_is_ordered_in_the_number_it_was_won_for(scene: Scene) -> None:
    decision = make_decided(scene)
    place = scene.place
    basket = take_to_basket(place.orderer, decision.competition)
    change(place.orderer, basket.lines[0], Decimal(11))
    with pytest.raises(RuleBroken) as refused:
        submit(place.orderer, place.organisation, checkout_at(place))
    assert [f.code for f in refused.value.findings] == ["quantity-rule"]


def test_nothing_is_ordered_during_the_standstill(scene: Scene) -> None:
    decision = make_decided(scene, standstill=True)
    until = decision.standstill_until
    assert until is not None
    with after_deadline(decision.competition), pytest.raises(RuleBroken) as refused:
        ordered(scene, decision.competition)
    assert {f.code for f in refused.value.findings} == {"standstill"}
    day_after = decision.decided_at + (until - decision.decided_at.date()) + timedelta(days=1)
    with frozen(day_after):
        submit(scene.place.orderer, scene.place.organisation, checkout_at(scene.place))


def test_a_returned_requisition_is_mended_and_sent_again(scene: Scene) -> None:
    decision = make_decided(scene)
    place = scene.place
    requisition = ordered(scene, decision.competition)
    send_back(place.approver, pending_step(requisition), "Fel konto.", requisition.content_hash or "")
    assert mend(place.orderer, requisition) == []
    again = submit(place.orderer, place.organisation, checkout_at(place))
    assert again is requisition and all(line.bid_line_id for line in again.lines)
    approve(place.approver, pending_step(again), None, again.content_hash or "")
    assert orders_of(again)[0].net_amount == Decimal(10050)


def test_an_abandoned_competition_gives_nobody_anything(scene: Scene) -> None:
    decision = make_decided(scene)
    take_to_basket(scene.place.orderer, decision.competition)
    with after_deadline(decision.competition):
        abandon(scene.buyer, decision.competition, "Anslaget drogs in.")
    with pytest.raises(RuleBroken) as refused:
        submit(scene.place.orderer, scene.place.organisation, checkout_at(scene.place))
    assert {"competition-required", "not-in-price-list"} <= {f.code for f in refused.value.findings}


def test_the_ceiling_holds_for_what_is_won_too(scene: Scene) -> None:
    make_ceiling(scene.agreement, Decimal(10_000))
    decision = make_decided(scene)
    with pytest.raises(RuleBroken) as refused:
        ordered(scene, decision.competition)
    assert {f.code for f in refused.value.findings} == {"ceiling-reached"}


def test_the_won_prices_are_on_no_show(scene: Scene) -> None:
    decision = make_decided(scene)
    won = db.session.scalars(select(PriceList).where(PriceList.award_id == decision.bid.award_id)).one()
    assert won.state is PriceListState.WON and won.publication is None
    article = db.session.scalars(select(Article).where(Article.price_list_id == won.id)).first()
    assert article is not None
    with pytest.raises(RuleBroken):
        add(scene.place.orderer, scene.place.organisation, article, Decimal(10))


def test_the_database_ties_an_order_line_to_the_decision(scene: Scene) -> None:
    """Nothing but the very decision lets a line stand on a won price: each part is wrong in turn, and refused."""
    decision = make_decided(scene)
    requisition = ordered(scene, decision.competition)
    approve(scene.place.approver, pending_step(requisition), None, requisition.content_hash or "")
    lost = db.session.scalars(select(BidLine).where(BidLine.bid_id != decision.bid_id)).first()
    won = decision.bid.lines[0]
    other = make_decided(make_scene()).bid.lines[0]
    assert lost is not None
    good = {
        "article": won.article_id, "award": decision.bid.award_id, "bid_line": won.id,
        "price": 880 * 10_000, "quantity": 10 * 1000,
    }  # fmt: skip
    assert not refusal_of(good, scene), "refused only because it was ordered already"
    for wrong in (
        {"bid_line": None},
        {"bid_line": lost.id},
        {"bid_line": other.id},
        {"price": 1},
        {"quantity": 11 * 1000},
        {"award": scene.lot.awards[0].id},
    ):
        assert refusal_of(good | wrong, scene), wrong


def refusal_of(line: dict[str, object], scene: Scene) -> bool:
    """Whether the database itself refuses such a line of a new order."""
    columns = "requisition_id, organisation_id, unit_id, orderer_id, agreement_id, state, currency, "
    columns += "placed_at, lines_amount, charges_amount, net_amount, vat_amount, gross_amount, version, year"
    try:
        with db.session.begin_nested():
            db.session.execute(
                text(
                    f"INSERT INTO purchase_order ({columns}, number, serial, supplier_id) "
                    f"SELECT {columns}, 'P-1', 98765, :id "
                    "FROM purchase_order LIMIT 1"
                ),
                {"id": scene.lot.awards[2].supplier_id},
            )
            db.session.execute(
                text(
                    "INSERT INTO purchase_order_line (order_id, position, article_id, award_id, supplier_number, name, "
                    "unit_code, quantity, unit_price, base_quantity, net_amount, is_approximate, vat_percent, "
                    "bid_line_id) SELECT max(id), 1, :article, :award, 'x', 'x', 'C62', :quantity, :price, 1000, 1, "
                    ":no, 2500, :bid_line FROM purchase_order"
                ),
                line | {"no": False},
            )
    except IntegrityError as error:
        return "price won" in str(error) or "published price list" in str(error)
    return False


def test_a_line_stands_on_a_won_price_once(scene: Scene) -> None:
    decision = make_decided(scene)
    requisition = ordered(scene, decision.competition)
    approve(scene.place.approver, pending_step(requisition), None, requisition.content_hash or "")
    [order] = orders_of(requisition)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text("UPDATE competition_decision SET bid_id = bid_id"))
    assert len({line.bid_line_id for line in order.lines}) == 2


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


def test_of_many_who_send_what_was_won_one_has_it(fresh_app: TransactionalFlask) -> None:
    """Not two requisitions that stand in each other's way until somebody takes hers back."""
    with fresh_app.app_context(), unit_of_work():
        scene = make_scene()
        competition = make_decided(scene).competition
        place = scene.place
        people = [make_member(Role.ORDERER, place.organisation, place.unit) for _ in range(WORKERS)]
        for person in people:
            take_to_basket(person, competition)
        ids, here = [person.id for person in people], ids_of(place)
    outcome = at_once(fresh_app, lambda n: submit_as(ids[n], here, f"key-{n}"), WORKERS)
    assert outcome == {"done": 1, "rule-broken": WORKERS - 1}


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
