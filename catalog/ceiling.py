"""Ceiling: how much may be called off in all (takvolym), and how much of it is taken.

A framework agreement has no further effect once its ceiling is reached (CJEU C-216/17 and C-23/20, HFD 2022:4), so
no interleaving of approvals may pass it: every change is one conditional UPDATE whose row count decides, on both
engines. *Reserved* at submission, *ordered* when placed, released when rejected, withdrawn or cancelled. All amounts
are SEK excl. VAT. A limit of none means *unknown*: counted, shown as unknown, never a stop and never zero.

A ceiling is one of an agreement, a lot or an award, or of an organisation's part of an agreement or a lot. It counts
SEK, or a quantity in a stated unit: then it counts what is sold in that unit or in one that is a fixed number of it
(1 ton is 1,000 kg), and nothing else. What a package holds is not counted, because the price list may say it wrongly
or not at all; whoever orders such goods is told that they do not count there (catalog.rules).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    Case,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
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

from auth.organisation import Organisation
from catalog import words
from catalog.agreement import Agreement, Award, Lot
from catalog.comparison_price import Unit, units_in
from core.db import AnySelect, Base, db, locks_rows, prepared
from core.errors import RuleBroken
from core.types import Measured, UtcDateTime, rounded

ZERO = Decimal(0)
SEK = "SEK"  # the measure of a ceiling that counts money


def _one_of(name: str, *columns: str, where: str | None = None) -> Index:
    condition = None if where is None else text(where)
    return Index(f"uq_ceiling_{name}", *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


class Ceiling(Base):
    """The counters of one scope in one measure."""

    __tablename__ = "ceiling"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND ordered >= 0 AND external >= 0", name="not_negative"),
        CheckConstraint("lot_id IS NOT NULL OR award_id IS NULL", name="award_has_lot"),
        CheckConstraint("award_id IS NULL OR organisation_id IS NULL", name="part_of_agreement_or_lot"),
        _one_of("agreement", "agreement_id", "measure", where="lot_id IS NULL AND organisation_id IS NULL"),
        _one_of("lot", "lot_id", "measure", where="award_id IS NULL AND organisation_id IS NULL"),
        _one_of("award", "award_id", "measure"),
        _one_of("part", "agreement_id", "organisation_id", "measure", where="lot_id IS NULL"),
        _one_of("lot_part", "lot_id", "organisation_id", "measure"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # whose part; none: everybody's
    measure: Mapped[str] = mapped_column(String(3), default=SEK)  # or a UN/ECE unit
    limit: Mapped[Decimal | None] = mapped_column("limit_amount", Measured)  # none: unknown
    reserved: Mapped[Decimal] = mapped_column(Measured, default=ZERO)
    ordered: Mapped[Decimal] = mapped_column(Measured, default=ZERO)
    external: Mapped[Decimal] = mapped_column(Measured, default=ZERO)  # opening balance and call-offs made elsewhere
    warned_percent: Mapped[int] = mapped_column(default=0)  # the level that its people were warned of last
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # none: there from the agreement's beginning

    agreement: Mapped[Agreement] = relationship()
    lot: Mapped[Lot | None] = relationship()
    award: Mapped[Award | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def is_amount(self) -> bool:
        """Whether it counts money."""
        return self.measure in (SEK, None)  # none: not stored yet

    @property
    def unit_name(self) -> Any:
        """The unit it counts, as people write it (lazy)."""
        return words.unit(self.measure)

    def binds(self, promised_at: datetime | None) -> bool:
        """Whether it may stop what was promised then: a ceiling that came later never does."""
        return promised_at is None or self.opened_at is None or self.opened_at <= promised_at

    def told(self, value: Decimal | None, places: int = 0) -> Any:
        """One of its numbers as people read it: in kronor or in its unit (lazy). Nothing where there is none."""
        return words.measured(value, None if self.is_amount else self.measure, places)

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

    def level(self, levels: Sequence[int]) -> int:
        """The highest of some levels, in percent of the limit, that its use has reached; 0 below the lowest and where
        the limit is unknown."""
        return 0 if self.limit is None else level_reached(self.limit, self.used, levels)

    @property
    def scope_name(self) -> str:
        """What the ceiling is a ceiling of, as the orderer knows it."""
        parts = [self.agreement.number]
        if self.award is not None:
            parts.append(self.award.supplier.name)
        elif self.lot is not None:
            parts.append(self.lot.title)
        if self.organisation is not None:
            parts.append(self.organisation.name)
        return " · ".join(parts)


def level_reached(limit: Decimal, used: Decimal, levels: Sequence[int]) -> int:
    """The highest of some levels, in percent, that so much use has reached; 0 below the lowest."""
    return max((level for level in levels if used * 100 >= limit * level), default=0)


@dataclass(frozen=True, slots=True)
class Draw:
    """What an organisation calls off under an award: it counts on the award, its lot and its agreement, and on the
    organisation's part of these. `quantities`: by UN/ECE unit, for the ceilings that count one."""

    agreement_id: int
    lot_id: int | None  # only what was called off outside Avrop may leave lot, award and organisation open
    award_id: int | None
    amount: Decimal
    organisation_id: int | None = None
    quantities: Mapping[str, Decimal] = field(default_factory=dict)


def counted(amount: Decimal, quantities: Mapping[str, Decimal], measure: str | None) -> Decimal:
    """How much of something a ceiling with this measure counts: its amount, or its quantities in units that are a
    fixed number of the measure, to three decimals."""
    if measure in (SEK, None):
        return amount
    return rounded(sum((q * (times_measure(unit, measure) or 0) for unit, q in quantities.items()), ZERO), 3)


def times_measure(unit_code: str, measure: str) -> Decimal | None:
    """How many of the measure one of a unit is; none where the two do not compare."""
    return units_in(Unit(unit_code, None, None), Unit(measure, None, None))


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


def everybodys_amount() -> tuple[ColumnElement[bool], ...]:
    """The conditions on Ceiling of one in SEK that is no organisation's part."""
    return Ceiling.organisation_id.is_(None), Ceiling.measure == SEK


def count_external(draws: Iterable[Draw]) -> None:
    """Count what was called off outside Avrop, less than nothing where it corrects. It is done already, so no limit is
    asked: what has passed it stops the next order."""
    _change(draws, _ADD_EXTERNAL)


def ceilings_for(award_ids: Iterable[int], organisation_id: int) -> dict[int, list[Ceiling]]:
    """The ceilings that bind an organisation under each award, as they stand now: the award's own, its lot's, its
    agreement's, and the organisation's parts of these two. One query."""
    statement, values = _binding(list(award_ids), organisation_id)
    # the counters change behind the session's back
    rows = db.session.execute(statement, values, execution_options={"populate_existing": True})
    found: dict[int, list[Ceiling]] = {}
    for award_id, ceiling in rows:
        found.setdefault(award_id, []).append(ceiling)
    return found


@prepared
def _binding(award_ids: list[int], organisation_id: int) -> Select[int, Ceiling]:
    return (
        select(Award.id, Ceiling)
        .join(Lot, Lot.id == Award.lot_id)
        .join(
            Ceiling,
            (Ceiling.agreement_id == Lot.agreement_id)
            & (Ceiling.lot_id.is_(None) | (Ceiling.lot_id == Award.lot_id))
            & (Ceiling.award_id.is_(None) | (Ceiling.award_id == Award.id))
            & (Ceiling.organisation_id.is_(None) | (Ceiling.organisation_id == organisation_id)),
        )
        .where(Award.id.in_(award_ids))
        .order_by(Ceiling.id)
    )


def _per_ceiling(draws: Sequence[Draw]) -> dict[int, Decimal]:
    """How much falls on each ceiling, in the order of their ids: every transaction locks them the same way."""
    rows = db.session.execute(*_scopes(list({d.agreement_id for d in draws}))).all()
    sums: dict[int, Decimal] = {}
    for row in rows:
        amount = sum((counted(d.amount, d.quantities, row.measure) for d in draws if covers(row, d)), ZERO)
        if amount:
            sums[row.id] = amount
    return sums


def covers(scope: Any, draw: Any) -> bool:
    """Whether something that was called off falls within a scope; both name agreement, lot, award and organisation."""
    return (
        scope.agreement_id == draw.agreement_id
        and scope.lot_id in (None, draw.lot_id)
        and scope.award_id in (None, draw.award_id)
        and scope.organisation_id in (None, draw.organisation_id)
    )


SCOPE = ("id", "agreement_id", "lot_id", "award_id", "organisation_id", "measure")


@prepared
def _scopes(agreement_ids: list[int]) -> AnySelect:
    return (
        select(*(getattr(Ceiling, name) for name in SCOPE))
        .where(Ceiling.agreement_id.in_(agreement_ids))
        .order_by(Ceiling.id)
    )


def _change(draws: Iterable[Draw], statement: Update) -> None:
    """Change each ceiling that the draws fall on.

    Whoever opens another one holds all of the agreement's meanwhile, so it may have come while the first of them was
    waited for. Once that one is ours no more can come: a second look finds what there is.
    """
    draws = list(draws)
    sums = _per_ceiling(draws)
    _change_each(sums, statement)
    if sums and locks_rows():
        come = _per_ceiling(draws)
        _change_each({ceiling_id: come[ceiling_id] for ceiling_id in come if ceiling_id not in sums}, statement)


def _change_each(sums: Mapping[int, Decimal], statement: Update) -> None:
    """One conditional UPDATE for each ceiling: the row count decides whether there was room."""
    for ceiling_id, amount in sums.items():
        done = db.session.execute(statement, {"ceiling": ceiling_id, "amount": amount})
        if done.rowcount != 1:  # type: ignore[attr-defined]
            ceiling = db.session.get_one(Ceiling, ceiling_id, populate_existing=True)
            raise RuleBroken(
                _l(
                    "Takvolymen för %(scope)s räcker inte: %(left)s är kvar och beställningen är på %(amount)s.",
                    scope=ceiling.scope_name,
                    left=ceiling.told(ceiling.left, 2),
                    amount=ceiling.told(amount, 2),
                ),
                way_on=_l("Minska beställningen eller kontakta den som ansvarar för avtalet."),
            )


_ceiling = cast(Table, Ceiling.__table__)
_counters = _ceiling.c
_AMOUNT = bindparam("amount", type_=Measured)  # a sum of columns has lost its type and would compare steps with kronor
_ROOM = _counters.limit_amount.is_(None) | (
    _counters.reserved + _counters.ordered + _counters.external + _AMOUNT <= _counters.limit_amount
)


def _less(counter: Column[Decimal]) -> Case[Decimal]:
    """A counter less the amount, never below zero: a ceiling that was stated after the amount was taken never saw it,
    and must not stop what was promised before."""
    return case((counter >= _AMOUNT, counter - _AMOUNT), else_=literal(ZERO, Measured))


_of_one = update(_ceiling).where(_ceiling.c.id == bindparam("ceiling"))
_RESERVE = _of_one.where(_ROOM).values(reserved=_counters.reserved + _AMOUNT)
_CONSUME = _of_one.values(reserved=_less(_counters.reserved), ordered=_counters.ordered + _AMOUNT)
_RELEASE_RESERVED = _of_one.values(reserved=_less(_counters.reserved))
_RELEASE_ORDERED = _of_one.values(ordered=_less(_counters.ordered))
_ADD_EXTERNAL = _of_one.values(external=_counters.external + _AMOUNT)
_TAKE_AGAIN = _of_one.where(_ROOM).values(ordered=_counters.ordered + _AMOUNT)
