"""Bids: sealed until the time is out, replaced as often as the supplier likes, and told to nobody."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from sqlalchemy import text

from auth.journal import entries_about
from core.clock import frozen
from core.db import TransactionalFlask, commit, db
from core.errors import RuleBroken, WrongState
from exchange.outbox import messages, messages_about
from orders.actions.bidding import BidFacts, bid, decline
from orders.actions.opening import name_witness, open_bids
from orders.bid import Bid
from orders.competition import Competition, InvitationOutcome
from orders.competition_mail import about
from orders.competition_queries import bids_of, competition_for
from orders.sent_file import SentFile
from tests.factories.competitions import (
    Scene,
    after_deadline,
    invitations_of,
    make_bid,
    make_competition,
    open_together,
)

PDF = b"%PDF-1.7\nritning"


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
