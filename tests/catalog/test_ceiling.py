"""Ceilings: the database itself refuses what does not fit, whatever was asked before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.ceiling import Draw, reserve
from core.db import TransactionalFlask
from core.errors import RuleBroken
from tests.factories.auth import make_organisation
from tests.factories.catalog import make_ceiling, make_offer


def test_the_last_ore_fits_and_one_more_does_not(app: TransactionalFlask) -> None:
    award = make_offer(make_organisation()).award
    make_ceiling(award.lot.agreement, Decimal("100.00"))

    def draw(amount: str) -> list[Draw]:
        return [Draw(award.lot.agreement_id, award.lot_id, award.id, Decimal(amount))]

    reserve(draw("60.00"))
    with pytest.raises(RuleBroken):
        reserve(draw("40.01"))
    reserve(draw("40.00"))
    with pytest.raises(RuleBroken):
        reserve(draw("0.01"))
