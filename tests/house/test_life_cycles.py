"""Every pair of state and act, of everything that has a life cycle: the legal ones lead on, all others are refused."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from app.factory import NOUNS
from core.errors import WrongState
from core.state import NAMES, advance, can

LIVING = sorted(
    {cls for noun in NOUNS for cls in vars(noun).values() if isinstance(cls, type) and "TRANSITIONS" in vars(cls)},
    key=lambda cls: cls.__name__,
)


def states_of(cls: Any) -> type[Enum]:
    (kind,) = {type(state) for state, _ in cls.TRANSITIONS}
    return kind


def pairs() -> list[Any]:
    return [
        pytest.param(cls, state, act, id=f"{cls.__name__}-{state.value}-{act}")
        for cls in LIVING
        for state in states_of(cls)
        for act in sorted({act for _, act in cls.TRANSITIONS})
    ]


@pytest.mark.parametrize(("cls", "state", "act"), pairs())
def test_an_act_leads_on_or_is_refused(cls: Any, state: Enum, act: str) -> None:
    thing = cls(state=state)
    following = cls.TRANSITIONS.get((state, act))
    assert can(thing, act) is (following is not None)
    if following is None:
        with pytest.raises(WrongState):
            advance(thing, act)
        assert thing.state is state
    else:
        advance(thing, act)
        assert thing.state is following


@pytest.mark.parametrize("cls", LIVING)
def test_every_state_can_be_reached_and_has_a_name(cls: Any) -> None:
    states = set(states_of(cls))
    begins_in = cls.__table__.c.state.default.arg
    assert states - set(cls.TRANSITIONS.values()) <= {begins_in}
    assert {state.value for state in states} <= set(NAMES)


def test_what_the_trade_gives_a_life_cycle_has_one() -> None:
    names = {cls.__name__ for cls in LIVING}
    assert {"Agreement", "PriceList", "Requisition", "Order"} <= names
