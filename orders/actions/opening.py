"""What the clock does with competitions: tells, once, that the time is out and the envelopes can be opened."""

from __future__ import annotations

from sqlalchemy import String, cast, exists, literal, select

from auth.queries import office_buyers
from auth.user import User
from core.clock import now
from core.db import reading, unit_of_work
from exchange.outbox import OutboxMessage
from orders.competition import Competition, CompetitionState
from orders.competition_mail import DUE, tell_due
from orders.competition_queries import load_competition


def tell_openings() -> int:
    """Tell who asked and who manages the agreement that the bids can be opened. Returns how many competitions. A job of
    the worker."""
    about = literal("competition:") + cast(Competition.id, String)
    told = exists().where(OutboxMessage.about == about, OutboxMessage.kind == DUE)
    due = select(Competition.id).where(
        Competition.state == CompetitionState.INVITED, Competition.deadline_at <= now(), ~told
    )
    with reading() as session:
        ids = list(session.scalars(due))
    for competition_id in ids:
        with unit_of_work():
            competition = load_competition(competition_id)
            if competition.waits_for_opening:
                tell_due(competition, _who(competition))
    return len(ids)


def _who(competition: Competition) -> list[User]:
    """Who asked, and the agreement's responsible buyer; without one, all of the office's agreement owners."""
    responsible = competition.agreement.responsible
    buyers = [responsible] if responsible is not None and responsible.is_active else office_buyers()
    return list({person.id: person for person in (competition.requester, *buyers)}.values())
