"""Ceiling: how much may be called off in all (takvolym), and how much of it is taken.

A framework agreement has no further effect once its ceiling is reached (CJEU C-216/17 and C-23/20, HFD 2022:4), so
no interleaving of approvals may pass it: every change is one conditional UPDATE whose row count decides, on both
engines. *Reserved* at submission, *ordered* when placed, released when rejected, withdrawn or cancelled. All amounts
are SEK excl. VAT. A limit of none means *unknown*: counted, shown as unknown, never a stop and never zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    Case,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Select,
    Table,
    Update,
    bindparam,
    case,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.agreement import Agreement, Award, Lot
from core.db import AnySelect, Base, db, prepared
from core.errors import RuleBroken
from core.types import Amount

ZERO = Decimal(0)


class Ceiling(Base):
    """The counters of one scope: a whole agreement, one of its lots, or one award."""

    __tablename__ = "ceiling"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND ordered >= 0 AND external >= 0", name="not_negative"),
        CheckConstraint("lot_id IS NOT NULL OR award_id IS NULL", name="award_has_lot"),
        Index(
            "uq_ceiling_agreement",
            "agreement_id",
            unique=True,
            sqlite_where=text("lot_id IS NULL"),
            postgresql_where=text("lot_id IS NULL"),
        ),
        Index(
            "uq_ceiling_lot",
            "lot_id",
            unique=True,
            sqlite_where=text("award_id IS NULL"),
            postgresql_where=text("award_id IS NULL"),
        ),
        Index("uq_ceiling_award", "award_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id", ondelete="CASCADE"))
    limit: Mapped[Decimal | None] = mapped_column("limit_amount", Amount)  # none: unknown
    reserved: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    ordered: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    external: Mapped[Decimal] = mapped_column(Amount, default=ZERO)  # opening balance and call-offs made elsewhere

    agreement: Mapped[Agreement] = relationship()
    lot: Mapped[Lot | None] = relationship()
    award: Mapped[Award | None] = relationship()

    @property
    def used(self) -> Decimal:
        """Everything that counts against the limit, reservations included."""
        return self.reserved + self.ordered + self.external

    @property
    def called_off(self) -> Decimal:
        """What is ordered, here and elsewhere; what waits for approval is not."""
        return self.ordered + self.external

    @property
    def left(self) -> Decimal | None:
        """What can still be called off; none where the limit is unknown."""
        return None if self.limit is None else max(ZERO, self.limit - self.used)

    @property
    def percent_used(self) -> int | None:
        """Whole percent of the limit, rounded down so that 100 means reached; none where unknown or zero."""
        return int(self.used * 100 / self.limit) if self.limit else None

    @property
    def percent_called_off(self) -> int | None:
        """The same of what is called off alone."""
        return int(self.called_off * 100 / self.limit) if self.limit else None

    @property
    def scope_name(self) -> str:
        """What the ceiling is a ceiling of, as the orderer knows it."""
        if self.award is not None:
            return f"{self.agreement.number} · {self.award.supplier.name}"
        return f"{self.agreement.number} · {self.lot.title}" if self.lot is not None else self.agreement.number


@dataclass(frozen=True, slots=True)
class Draw:
    """An amount called off under an award: it counts on the award, its lot and its agreement."""

    agreement_id: int
    lot_id: int
    award_id: int
    amount: Decimal


def reserve(draws: Iterable[Draw]) -> None:
    """Set room aside for a requisition. Raises RuleBroken (`ceiling-reached`) when any scope lacks it."""
    _change(draws, _RESERVE)


def consume(draws: Iterable[Draw]) -> None:
    """Turn what was reserved into ordered, when the order is placed.

    The room was taken at submission, so no limit is asked again: a lowered limit is the steering's question.
    """
    _change(draws, _CONSUME)


def release_reserved(draws: Iterable[Draw]) -> None:
    """Give back what a rejected, returned or withdrawn requisition had reserved."""
    _change(draws, _RELEASE_RESERVED)


def release_ordered(draws: Iterable[Draw]) -> None:
    """Give back what a cancelled or declined order had taken, or what never came of one that is closed short."""
    _change(draws, _RELEASE_ORDERED)


def take_again(draws: Iterable[Draw]) -> None:
    """Count once more what was given back, when an order that was closed short is opened again.

    Raises RuleBroken (`ceiling-reached`) when somebody else has taken the room.
    """
    _change(draws, _TAKE_AGAIN)


def ceilings_for(award_ids: Iterable[int]) -> dict[int, list[Ceiling]]:
    """The ceilings that bind each award, as they stand now: its own, its lot's and its agreement's. One query."""
    statement, values = _binding(list(award_ids))
    # the counters change behind the session's back
    rows = db.session.execute(statement, values, execution_options={"populate_existing": True})
    found: dict[int, list[Ceiling]] = {}
    for award_id, ceiling in rows:
        found.setdefault(award_id, []).append(ceiling)
    return found


@prepared
def _binding(award_ids: list[int]) -> Select[int, Ceiling]:
    return (
        select(Award.id, Ceiling)
        .join(Lot, Lot.id == Award.lot_id)
        .join(
            Ceiling,
            (Ceiling.agreement_id == Lot.agreement_id)
            & (Ceiling.lot_id.is_(None) | (Ceiling.lot_id == Award.lot_id))
            & (Ceiling.award_id.is_(None) | (Ceiling.award_id == Award.id)),
        )
        .where(Award.id.in_(award_ids))
        .order_by(Ceiling.id)
    )


def _per_ceiling(draws: Iterable[Draw]) -> dict[int, Decimal]:
    """How much falls on each ceiling, in the order of their ids: every transaction locks them the same way."""
    draws = list(draws)
    rows = db.session.execute(*_scopes(list({d.agreement_id for d in draws}))).all()
    sums: dict[int, Decimal] = {}
    for row in rows:
        amount = sum(
            (
                d.amount
                for d in draws
                if row.agreement_id == d.agreement_id
                and row.lot_id in (None, d.lot_id)
                and row.award_id in (None, d.award_id)
            ),
            ZERO,
        )
        if amount:
            sums[row.id] = amount
    return sums


@prepared
def _scopes(agreement_ids: list[int]) -> AnySelect:
    return (
        select(Ceiling.id, Ceiling.agreement_id, Ceiling.lot_id, Ceiling.award_id)
        .where(Ceiling.agreement_id.in_(agreement_ids))
        .order_by(Ceiling.id)
    )


def _change(draws: Iterable[Draw], statement: Update) -> None:
    """One conditional UPDATE for each ceiling: the row count decides whether there was room."""
    for ceiling_id, amount in _per_ceiling(draws).items():
        done = db.session.execute(statement, {"ceiling": ceiling_id, "amount": amount})
        if done.rowcount != 1:  # type: ignore[attr-defined]
            ceiling = db.session.get_one(Ceiling, ceiling_id, populate_existing=True)
            raise RuleBroken(
                _l(
                    "Takvolymen för %(scope)s räcker inte: %(left)s kr är kvar och beställningen är på %(amount)s kr.",
                    scope=ceiling.scope_name,
                    left=str(ceiling.left),
                    amount=str(amount),
                ),
                way_on=_l("Minska beställningen eller kontakta den som ansvarar för avtalet."),
            )


_ceiling = cast(Table, Ceiling.__table__)
_counters = _ceiling.c
_AMOUNT = bindparam("amount", type_=Amount)  # a sum of columns has lost its type and would compare steps with kronor
_ROOM = _counters.limit_amount.is_(None) | (
    _counters.reserved + _counters.ordered + _counters.external + _AMOUNT <= _counters.limit_amount
)


def _less(counter: Column[Decimal]) -> Case[Decimal]:
    """A counter less the amount, never below zero: a ceiling that was stated after the amount was taken never saw it,
    and must not stop what was promised before."""
    return case((counter >= _AMOUNT, counter - _AMOUNT), else_=literal(ZERO, Amount))


_of_one = update(_ceiling).where(_ceiling.c.id == bindparam("ceiling"))
_RESERVE = _of_one.where(_ROOM).values(reserved=_counters.reserved + _AMOUNT)
_CONSUME = _of_one.values(reserved=_less(_counters.reserved), ordered=_counters.ordered + _AMOUNT)
_RELEASE_RESERVED = _of_one.values(reserved=_less(_counters.reserved))
_RELEASE_ORDERED = _of_one.values(ordered=_less(_counters.ordered))
_TAKE_AGAIN = _of_one.where(_ROOM).values(ordered=_counters.ordered + _AMOUNT)
