"""Plays of thousands of random steps, on both engines; what they ever find is kept as a plain
test beside the rule that was broken.

The same plays every time, or else a run would fail for what it did not change. `AVROP_PLAYS=500` plays as many new ones
instead, and prints the steps that led to a fault.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from core.db import TransactionalFlask
from tests.conftest import leaving_no_trace
from tests.play.machine import Play

PLAYS, STEPS = 48, 50
EVERYDAY = (
    "add",
    "buy",
    "submit",
    "approve",
    "yes",
    "receive",
    "cancel",
    "compete",
    "note refusal",
    "force",
    "free text",
)
RARE = ("refuse", "reject", "send_back", "mend", "withdraw", "close", "reassign", "substitute", "conflict")
MORE = int(os.environ.get("AVROP_PLAYS", "0"))


def test_whatever_they_do_the_word_is_kept(shared_app: TransactionalFlask) -> None:
    @contextmanager
    def stage() -> Iterator[TransactionalFlask]:
        with leaving_no_trace(shared_app):
            yield shared_app

    tally: Counter[tuple[str, str]] = Counter()
    play = type("Play", (Play,), {"stage": staticmethod(stage), "tally": tally})
    run_state_machine_as_test(
        play,
        settings=settings(
            max_examples=MORE or PLAYS,
            stateful_step_count=STEPS,
            derandomize=not MORE,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if MORE else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    for (act, outcome), times in sorted(tally.items()):
        print(f"{times:5} {act}: {outcome}")  # noqa: T201 -- shown by `pytest -s`
    assert sum(times for (_, outcome), times in tally.items() if outcome != "nothing") >= 2000
    idle = [act for act in (*EVERYDAY, *RARE) if not tally[act, "done"]]
    assert not set(idle) & set(EVERYDAY), f"the plays have no power: nobody ever managed to {idle}"
    assert len(idle) <= 2, f"the plays have little power: nobody ever managed to {idle}"
