"""Register of approvers and their limits (attestförteckning) of a year, and the decisions taken by delegation.

The register is renewed each year by the board (attestreglemente); decisions by delegation are reported to the board
that gave it (KL 6 kap. 40 §, 7 kap. 8 §).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.queries import substitutions_between
from auth.user import LimitPeriod, Membership, User
from core.clock import local, midnight, now
from core.db import db
from core.web import day, kr
from exchange.report import Report, Section, Table
from exchange.tablefile import Sheet
from orders.approval import ApprovalCandidate, ApprovalState, ApprovalStep
from orders.policy import visible
from orders.requisition import Requisition, RequisitionState

MOST_DECISIONS = 10_000


@dataclass(frozen=True, slots=True)
class Approver:
    """A right to approve, with the substitutes of its year."""

    right: Membership
    substitutes: tuple[str, ...]

    @property
    def place(self) -> str:
        unit = self.right.unit
        return f"{unit.code} {unit.name}" if unit is not None else str(_("hela organisationen"))

    @property
    def limit(self) -> str:
        """What she may approve at a time, in words."""
        limit = self.right.amount_limit
        return kr(limit, 0) if limit is not None else str(_("ingen gräns"))

    @property
    def days(self) -> str:
        """When she may, in words."""
        first, last = self.right.starts_on.isoformat(), self.right.ends_on
        if last is None:
            return str(_("från %(first)s", first=first))
        return str(_("%(first)s till %(last)s", first=first, last=last.isoformat()))

    @property
    def period_limit(self) -> str:
        """What she may approve in a month or a year, in words; nothing where there is no such limit."""
        limit = self.right.period_limit
        if limit is None:
            return ""
        if self.right.limit_period is LimitPeriod.MONTH:
            return str(_("%(amount)s per månad", amount=kr(limit, 0)))
        return str(_("%(amount)s per år", amount=kr(limit, 0)))


def register_of(organisation: Organisation, year: int) -> list[Approver]:
    """Everybody who may approve on some day of a year, unit by unit. Two queries."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    rights = db.session.scalars(
        select(Membership)
        .join(Membership.user)
        .outerjoin(Unit, Unit.id == Membership.unit_id)
        .where(
            Membership.organisation_id == organisation.id,
            Membership.role == Role.APPROVER,
            Membership.starts_on <= last,
            or_(Membership.ends_on.is_(None), Membership.ends_on >= first),
        )
        .order_by(Unit.code, User.sort_name, Membership.id)
        .options(joinedload(Membership.user))
    ).all()
    stand_ins: dict[int, list[str]] = {}
    for row in substitutions_between(organisation, first, last):
        said = {"name": row.substitute.name, "first": day(row.starts_on), "last": day(row.ends_on)}
        told = _("%(name)s %(first)s–%(last)s", **said)
        stand_ins.setdefault(row.absent_id, []).append(f"{told} ({row.decision})" if row.decision else str(told))
    whole = [right for right in rights if right.unit_id is None]
    placed = [right for right in rights if right.unit_id is not None]
    return [Approver(right, tuple(stand_ins.get(right.user_id, ()))) for right in whole + placed]


def register_sheet(organisation: Organisation, year: int, found: Iterable[Approver]) -> Sheet:
    """The register as a table to write."""
    headings = [
        *(_("Enhet"), _("Attestant"), _("Beloppsgräns"), _("Högst sammanlagt"), _("Från och med"), _("Till och med")),
        _("Ersättare"),
    ]
    rows = [
        [
            *(one.place, one.right.user.name, one.right.amount_limit, one.period_limit),
            *(one.right.starts_on.isoformat(), one.right.ends_on.isoformat() if one.right.ends_on else ""),
            "; ".join(one.substitutes),
        ]
        for one in found
    ]
    name = _("Attestförteckning %(year)s", year=year)
    return Sheet(str(name), headings, rows, (32, 26, 14, 20, 13, 13, 40), amounts=frozenset({2}))


def register_report(organisation: Organisation, year: int, found: Iterable[Approver]) -> Report:
    """The register as a document to sign."""
    headings = (_("Attestant"), _("Enhet"), _("Beloppsgräns"), _("Högst sammanlagt"), _("Dagar"), _("Ersättare"))
    rows = tuple(
        (
            one.right.user.name,
            one.place,
            one.limit,
            one.period_limit or "–",
            one.days,
            "; ".join(one.substitutes) or "–",
        )
        for one in found
    )
    filled = tuple(tuple(cell or "–" for cell in row) for row in rows)
    table = Table(tuple(map(str, headings)), filled, (16, 34, 13, 12, 17, 28), frozenset({2, 3}))
    return Report(
        kind=organisation.name,
        title=str(_("Attestförteckning %(year)s", year=year)),
        lead=str(
            _(
                "De som får attestera i %(organisation)s någon dag under året, med gränser utan moms och ersättare.",
                organisation=organisation.name,
            )
        ),
        foot=organisation.name,
        issued_at=now(),
        sections=(Section(str(_("Attestanter")), table=table),),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """A last decision about a requisition: by whom, for whom, under which top unit (board)."""

    board: str
    requisition: Requisition
    deciders: tuple[str, ...]
    decided_at: datetime


def decisions_of(
    user: User, organisation: Organisation, first: date, last: date, branch: Unit | None = None
) -> list[Decision]:
    """What was finally approved between two days, both included, of what she may see; the latest first. Two queries."""
    begins, ends = midnight(first), midnight(last + timedelta(days=1))
    place = [Unit.path.startswith(branch.path)] if branch is not None else []
    to_requisition = joinedload(ApprovalCandidate.step).joinedload(ApprovalStep.requisition)
    seats = db.session.scalars(
        select(ApprovalCandidate)
        .join(ApprovalCandidate.step)
        .join(ApprovalStep.requisition)
        .join(Unit, Unit.id == Requisition.unit_id)
        .where(
            visible(user, organisation, Requisition),
            Requisition.organisation_id == organisation.id,
            Requisition.state == RequisitionState.APPROVED,
            and_(Requisition.decided_at >= begins, Requisition.decided_at < ends),
            ApprovalStep.state == ApprovalState.APPROVED,
            ApprovalCandidate.decision == "approve",
            *place,
        )
        .order_by(
            Requisition.decided_at.desc(), Requisition.id.desc(), ApprovalStep.round, ApprovalCandidate.decided_at
        )
        .limit(MOST_DECISIONS)
        .options(
            to_requisition.joinedload(Requisition.unit),
            to_requisition.joinedload(Requisition.orderer),
            joinedload(ApprovalCandidate.decided_by),
        )
    ).all()
    boards = {unit.id: unit.name for unit in _tops(organisation)}
    return [_decision(last_ones, boards) for last_ones in _last_stages(seats)]


def _last_stages(seats: Sequence[ApprovalCandidate]) -> list[list[ApprovalCandidate]]:
    """The decisions of each requisition's last stage, requisition by requisition."""
    found: dict[int, list[ApprovalCandidate]] = {}
    for seat in seats:
        taken = found.setdefault(seat.step.requisition_id, [])
        if taken and _when(taken[0]) < _when(seat):
            taken.clear()
        if not taken or _when(taken[0]) == _when(seat):
            taken.append(seat)
    return list(found.values())


def _when(seat: ApprovalCandidate) -> tuple[int, int]:
    return seat.step.round, seat.step.stage


def _decision(seats: list[ApprovalCandidate], boards: dict[int, str]) -> Decision:
    requisition = seats[0].step.requisition
    top = int(requisition.unit.path.strip("/").split("/")[0])
    assert requisition.decided_at is not None  # it is approved
    return Decision(
        board=boards.get(top, requisition.unit.name),
        requisition=requisition,
        deciders=tuple(_decider(seat) for seat in seats),
        decided_at=requisition.decided_at,
    )


def _decider(seat: ApprovalCandidate) -> str:
    by = seat.decided_by.name if seat.decided_by else seat.name
    if seat.decided_by_id == seat.user_id:
        return by
    return str(_("%(substitute)s för %(name)s", substitute=by, name=seat.name))


def _tops(organisation: Organisation) -> Sequence[Unit]:
    return db.session.scalars(
        select(Unit).where(Unit.organisation_id == organisation.id, Unit.parent_id.is_(None)).order_by(Unit.code)
    ).all()


def sums_by_board(decisions: Iterable[Decision]) -> list[tuple[str, int, Decimal]]:
    """How many decisions and what amount excl. VAT, for each board by name."""
    found: dict[str, tuple[int, Decimal]] = {}
    for decision in decisions:
        count, amount = found.get(decision.board, (0, Decimal(0)))
        found[decision.board] = (count + 1, amount + decision.requisition.net_amount)
    return [(board, *found[board]) for board in sorted(found)]


def decisions_sheet(decisions: Iterable[Decision]) -> Sheet:
    """The decisions as a table to write, amounts excl. VAT."""
    headings = [
        *(_("Nämnd"), _("Enhet"), _("Begäran"), _("Beslutat"), _("Beslutat av"), _("Beställare")),
        _("Belopp utan moms"),
    ]
    rows: list[list[Any]] = [
        [
            *(one.board, f"{one.requisition.unit.code} {one.requisition.unit.name}", one.requisition.number),
            *(local(one.decided_at).date().isoformat(), ", ".join(one.deciders), one.requisition.orderer.name),
            one.requisition.net_amount,
        ]
        for one in decisions
    ]
    return Sheet(str(_("Delegationsbeslut")), headings, rows, (28, 28, 11, 12, 32, 24, 16), amounts=frozenset({6}))
