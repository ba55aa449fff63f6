"""Queries about competitions: those a person sees, whole, with what came out of the envelopes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload, undefer

from auth.organisation import Organisation
from auth.queries import members_of, office_buyers
from auth.session import digest
from auth.user import User
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Lot
from catalog.category import Category
from catalog.criterion import LotCriterion
from catalog.parameter import parameter
from catalog.policy import may_manage
from core.clock import now, today
from core.db import db, locks_rows, paginate
from core.errors import NotFound
from core.web import Page
from orders.bid import Bid, BidLine, BidScore, CompetitionDecision
from orders.competition import Competition, CompetitionState, Invitation
from orders.competition_policy import visible_competitions
from orders.requisition import Requisition, RequisitionLine, RequisitionState, stands

LINK_LIVES = timedelta(days=180)  # after the deadline: to read again what was asked


def competition_for(user: User, organisation: Organisation, competition_id: int) -> Competition:
    """A competition she sees, whole. Four queries. Raises NotFound."""
    found = db.session.scalar(whole().where(Competition.id == competition_id, visible_competitions(user, organisation)))
    if found is None:
        raise NotFound(_l("Förfrågan finns inte, eller så får du inte se den."))
    return found


def load_competition(competition_id: int) -> Competition:
    """The competition as the database has it now, for this transaction alone until it ends."""
    if locks_rows():
        db.session.execute(select(Competition.id).where(Competition.id == competition_id).with_for_update())
    found = db.session.scalars(
        whole().where(Competition.id == competition_id), execution_options={"populate_existing": True}
    )
    return found.one()


def whole() -> Select[Competition]:
    """A competition with what its page shows; never the envelopes."""
    invitations = selectinload(Competition.invitations)
    return select(Competition).options(
        joinedload(Competition.organisation),
        joinedload(Competition.unit),
        joinedload(Competition.requester),
        joinedload(Competition.opener),
        joinedload(Competition.witness),
        joinedload(Competition.abandoned_by),
        joinedload(Competition.lot),
        joinedload(Competition.agreement).joinedload(Agreement.owner),
        selectinload(Competition.lines),
        selectinload(Competition.criteria),
        invitations.joinedload(Invitation.supplier),
    )


def bids_of(competition: Competition) -> Sequence[Bid]:
    """What came out of the envelopes, in the order of the invitations, with its grades as the database has them now.
    Three queries; before the opening none is asked, for there is nothing to ask about."""
    if competition.opened_at is None:
        return ()
    found = (
        select(Bid)
        .where(Bid.competition_id == competition.id)
        .join(Invitation, Invitation.id == Bid.invitation_id)
        .order_by(Invitation.position)
        .options(
            joinedload(Bid.invitation).joinedload(Invitation.supplier),
            selectinload(Bid.lines).joinedload(BidLine.line),
            selectinload(Bid.scores).joinedload(BidScore.criterion),
        )
    )
    return db.session.scalars(found, execution_options={"populate_existing": True}).all()


def bid_of(competition: Competition, bid_id: int) -> Bid:
    """One of a competition's bids. Raises NotFound."""
    found = db.session.scalar(
        select(Bid)
        .where(Bid.id == bid_id, Bid.competition_id == competition.id)
        .options(joinedload(Bid.invitation).joinedload(Invitation.supplier), selectinload(Bid.scores))
    )
    if found is None:
        raise NotFound(_l("Anbudet finns inte."))
    return found


def decision_of(competition: Competition) -> CompetitionDecision | None:
    """Who won and why. One query."""
    return db.session.scalar(
        select(CompetitionDecision)
        .where(CompetitionDecision.competition_id == competition.id)
        .options(
            joinedload(CompetitionDecision.decided_by),
            joinedload(CompetitionDecision.bid).joinedload(Bid.invitation).joinedload(Invitation.supplier),
        )
    )


def requisition_of(competition: Competition) -> Requisition | None:
    """The requisition that has the won prices, when one waits, is ordered or is to be mended. One query."""
    return db.session.scalar(
        select(Requisition)
        .join(RequisitionLine, RequisitionLine.requisition_id == Requisition.id)
        .join(BidLine, BidLine.id == RequisitionLine.bid_line_id)
        .join(Bid, Bid.id == BidLine.bid_id)
        .where(Bid.competition_id == competition.id)
        .where(or_(stands(), Requisition.state == RequisitionState.RETURNED))
        .order_by(Requisition.id.desc())
        .limit(1)
    )


def competitions_page(user: User, organisation: Organisation, *, is_running: bool, page: int) -> Page:
    """Competitions she sees, those that end soonest first where they run, else the newest first. Two queries."""
    running = Competition.state.in_((CompetitionState.INVITED, CompetitionState.OPENED))
    found = (
        select(Competition)
        .where(visible_competitions(user, organisation), running if is_running else ~running)
        .options(joinedload(Competition.lot), joinedload(Competition.agreement))
        .options(joinedload(Competition.organisation), joinedload(Competition.requester))
    )
    order = Competition.deadline_at if is_running else Competition.deadline_at.desc()
    return paginate(found.order_by(order, Competition.id), page)


def possible_witnesses(competition: Competition, opener: User) -> list[User]:
    """Who can be the second person at the opening. Two queries."""
    found = {person.id: person for person in [*members_of(competition.organisation), *office_buyers()]}
    found.pop(opener.id, None)
    return sorted(found.values(), key=lambda person: (person.sort_name, person.id))


def lot_to_compete_for(user: User, lot_id: int) -> Lot:
    """A lot of an agreement she sees, with its suppliers and who may call it off. Raises NotFound."""
    found = db.session.scalar(
        select(Lot)
        .where(Lot.id == lot_id)
        .options(
            selectinload(Lot.awards).joinedload(Award.supplier),
            joinedload(Lot.agreement).selectinload(Agreement.entitlements),
            joinedload(Lot.agreement).joinedload(Agreement.responsible),
        )
    )
    if found is None or not _may_see(user, found.agreement):
        raise NotFound(_l("Delområdet finns inte."))
    return found


def _may_see(user: User, agreement: Agreement) -> bool:
    return agreement.state is not AgreementState.DRAFT or may_manage(user, agreement)


def criteria_of(lot: Lot) -> Sequence[LotCriterion]:
    """What bids are weighed by in a lot; none where the price alone decides. One query."""
    wanted = select(LotCriterion).where(LotCriterion.lot_id == lot.id)
    return db.session.scalars(wanted.order_by(LotCriterion.position)).all()


def least_days(lot: Lot) -> int:
    """How many days the suppliers must have, at least: a dated parameter. One query."""
    name = "competition.answer-days"
    if lot.method is CallOffMethod.DYNAMIC_PURCHASING:
        name = "competition.answer-days.dynamic"
    return int(parameter(name, today()))


def is_closed_category(lot: Lot) -> bool:
    """Whether the lot lies in a branch that is closed. One query."""
    ids = [lot.category_id, lot.agreement.category_id]
    own = select(Category.path).where(Category.id.in_([i for i in ids if i is not None])).subquery()
    closed = select(func.count()).select_from(Category).join(own, own.c.path.startswith(Category.path))
    return bool(db.session.scalar(closed.where(Category.is_closed)))


def invitation_by(token: str) -> Invitation:
    """The invitation that a link's secret belongs to, with the request; never its envelope. Raises NotFound."""
    found = db.session.scalar(
        select(Invitation)
        .where(Invitation.token_hash == digest(token))
        .options(joinedload(Invitation.supplier), *_request())
    )
    if found is None or found.competition.deadline_at + LINK_LIVES < now():
        raise NotFound(_l("Länken finns inte eller har gått ut. Kontrollera att du fick med hela adressen."))
    return found


def _request() -> tuple[Any, ...]:
    to_competition = joinedload(Invitation.competition)
    return (
        to_competition.joinedload(Competition.organisation),
        to_competition.joinedload(Competition.agreement),
        to_competition.joinedload(Competition.lot),
        to_competition.selectinload(Competition.lines),
        to_competition.selectinload(Competition.criteria),
    )


def read_envelopes(competition: Competition) -> None:
    """Load the closed envelopes of a competition's invitations. One query."""
    of_this = select(Invitation).where(Invitation.competition_id == competition.id)
    db.session.scalars(
        of_this.options(undefer(Invitation.envelope)), execution_options={"populate_existing": True}
    ).all()
