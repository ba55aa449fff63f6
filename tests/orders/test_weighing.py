"""Opened bids: weighed and decided between by what the database has by then, not by what a page showed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from core.db import db
from core.errors import NotAllowed, RuleBroken, WrongState
from exchange.outbox import messages_about
from orders.actions.weighing import Grade, decide, weigh
from orders.bid import Bid, BidScore
from orders.competition import Competition, CompetitionState
from orders.competition_mail import about
from orders.competition_queries import bids_of
from orders.evaluation import evaluate
from tests.factories.competitions import Scene, add_criteria, after_deadline, make_decided, make_opened


@pytest.fixture
def weighted(scene: Scene) -> Scene:
    add_criteria(scene.lot, 40, Kvalitet=60)
    return scene


def grade(competition: Competition, grade: int) -> list[Grade]:
    [quality] = [criterion for criterion in competition.criteria if not criterion.is_price]
    return [Grade(quality, Decimal(grade), "Sett på plats.")]


def weigh_all(scene: Scene, competition: Competition) -> list[Bid]:
    bids = list(bids_of(competition))
    for bid in bids:
        weigh(scene.buyer, bid, grade(competition, 7))
    return bids


def test_the_lowest_total_wins_where_price_alone_decides(scene: Scene) -> None:
    competition = make_opened(scene, (("900", "500"), ("880", "600"), ("1000", "400")))
    ranked = evaluate(bids_of(competition), competition.criteria)
    assert [(r.place, r.bid.net_amount) for r in ranked] == [
        (1, Decimal(10250)),
        (2, Decimal(10300)),
        (3, Decimal(11000)),
    ]
    with after_deadline(competition):
        with pytest.raises(RuleBroken, match="bäst enligt"):
            decide(scene.buyer, competition, ranked[1].bid.id, "Vi tycker om dem.")
        decision = decide(scene.buyer, competition, ranked[0].bid.id, "Lägst pris.")
    assert decision.bid is ranked[0].bid
    assert competition.state is CompetitionState.DECIDED


def test_weights_and_grades_decide_with_reasons(scene: Scene) -> None:
    add_criteria(scene.lot, 60, Kvalitet=40)
    competition = make_opened(scene, (("100", "0.01"), ("120", "0.01")))
    cheap, good = bids_of(competition)
    quality = competition.criteria[1]
    with after_deadline(competition):
        weigh(scene.buyer, cheap, [Grade(quality, Decimal(5), "Godtagbar.")])
        with pytest.raises(RuleBroken, match="bedömda"):
            decide(scene.buyer, competition, cheap.id, "För tidigt.")
        weigh(scene.buyer, good, [Grade(quality, Decimal(9), "Utmärkt.")])
        first, second = evaluate(bids_of(competition), competition.criteria)
        assert (first.bid, first.points, first.total) == (good, (Decimal("50.00"), Decimal("36.00")), Decimal("86.00"))
        assert (second.bid, second.total) == (cheap, Decimal("80.00"))
        decide(scene.buyer, competition, good.id, "Bäst kvalitet uppväger priset.")
        with pytest.raises(WrongState):
            weigh(scene.buyer, good, [Grade(quality, Decimal(1), "Ångrat.")])


def test_a_rejected_bid_does_not_win_nor_set_the_price(scene: Scene) -> None:
    competition = make_opened(scene, (("1", "1"), ("900", "500")))
    cheap, other = bids_of(competition)
    with after_deadline(competition):
        weigh(scene.buyer, cheap, [], "Uppfyller inte kravet på montering.")
        ranked = evaluate(bids_of(competition), competition.criteria)
        assert [(r.bid, r.place) for r in ranked] == [(other, 1), (cheap, None)]
        decide(scene.buyer, competition, other.id, "Det enda giltiga anbudet.")


def test_every_bidder_is_told_the_decision_with_its_reasons(scene: Scene) -> None:
    decision = make_decided(scene, standstill=True)
    mails = [m for m in messages_about(about(decision.competition)) if m.subject.startswith("Tilldelningsbeslut")]
    assert {m.recipient for m in mails} == {a.supplier.order_email for a in scene.lot.awards[:2]}
    assert all("Lägst pris." in m.text and "Avtalsspärr gäller till och med" in m.text for m in mails)


def test_only_who_manages_the_agreement_weighs_and_decides(scene: Scene) -> None:
    competition = make_opened(scene)
    best = bids_of(competition)[1]
    with after_deadline(competition):
        for person in (scene.place.orderer, scene.witness):
            with pytest.raises(NotAllowed):
                weigh(person, best, [])
            with pytest.raises(NotAllowed):
                decide(person, competition, best.id, "Jag vill.")


def test_what_a_colleague_graded_a_moment_ago_is_graded_anew(weighted: Scene) -> None:
    competition = make_opened(weighted)
    bid, _other = bids_of(competition)
    assert bid.scores == []  # as her page read it
    [given] = grade(competition, 3)
    of_colleague = {"bid_id": bid.id, "criterion_id": given.criterion.id, "grade": given.grade, "reason": "Nej."}
    db.session.execute(insert(BidScore.__table__).values(**of_colleague, scored_by_id=weighted.buyer.id))  # type: ignore[arg-type]
    with after_deadline(competition):
        weigh(weighted.buyer, bid, grade(competition, 8))
    db.session.refresh(bid)
    assert [score.grade for score in bid.scores] == [Decimal(8)]


def test_the_decision_goes_by_the_grades_of_the_moment(weighted: Scene) -> None:
    competition = make_opened(weighted)
    with after_deadline(competition):
        _dear, cheap = weigh_all(weighted, competition)
        of_cheap = BidScore.bid_id == cheap.id
        db.session.execute(update(BidScore.__table__).where(of_cheap).values(grade=Decimal(1)))  # type: ignore[arg-type]
        with pytest.raises(RuleBroken, match="bäst enligt kriterierna"):
            decide(weighted.buyer, competition, cheap.id, "Lägst pris.")
