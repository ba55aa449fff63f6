"""What the bids in a lot's renewed competition are weighed by: set as a whole, so that the weights always sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Lot
from catalog.criterion import MOST_CRITERIA, WHOLE, LotCriterion
from core.db import db
from core.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class CriterionFacts:
    """A criterion: its weight in points of a hundred, and what gives how many, in the agreement's words."""

    name: str
    weight: Decimal
    description: str | None = None
    is_price: bool = False


def set_criteria(actor: User | None, lot: Lot, criteria: Sequence[CriterionFacts], version: int) -> None:
    """Weigh bids by these from now on; none at all lets the lowest price win. What is asked already keeps its own.

    Raises NotAllowed, WrongState, and RuleBroken where the weights do not sum to 100 or the price is not one of them.
    """
    begin_edit(actor, lot.agreement, version)
    if criteria:
        _check(criteria)
    db.session.execute(delete(LotCriterion).where(LotCriterion.lot_id == lot.id))
    db.session.add_all(
        LotCriterion(
            lot_id=lot.id,
            position=position,
            name=criterion.name,
            description=criterion.description,
            weight=criterion.weight,
            is_price=criterion.is_price,
        )
        for position, criterion in enumerate(criteria, start=1)
    )
    db.session.flush()
    weights = {criterion.name: str(criterion.weight) for criterion in criteria}
    tell(actor, "set-criteria", lot.agreement, lot=lot.number, criteria=weights)


def _check(criteria: Sequence[CriterionFacts]) -> None:
    if len(criteria) > MOST_CRITERIA:
        raise RuleBroken(_l("Högst %(most)s kriterier.", most=MOST_CRITERIA))
    if sum(criterion.is_price for criterion in criteria) != 1:
        raise RuleBroken(_l("Priset ska vara ett av kriterierna. Ge det en vikt."))
    if len({criterion.name.casefold() for criterion in criteria}) != len(criteria):
        raise RuleBroken(_l("Två kriterier heter likadant."))
    total = sum((criterion.weight for criterion in criteria), Decimal(0))
    if total != WHOLE:
        raise RuleBroken(_l("Vikterna ska tillsammans bli 100. Nu blir de %(total)s.", total=f"{total.normalize():f}"))
