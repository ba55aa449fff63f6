"""Many at once: what tests of simultaneous transactions share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

from sqlalchemy import text

from core.db import TransactionalFlask, db, locks_rows, unit_of_work
from core.errors import AvropError

WORKERS = 16


def at_once(app: TransactionalFlask, act: Callable[[int], None], times: int, workers: int = WORKERS) -> Counter[str]:
    """Run `act(0) … act(times - 1)` on many threads, each in its own transaction; counts what came of them."""
    workers = min(workers, times)
    gate = threading.Barrier(workers)

    def run(number: int) -> str:
        if number < workers:
            gate.wait(timeout=30)
        with app.app_context():
            try:
                with unit_of_work():
                    act(number)
            except AvropError as error:
                return error.code
            return "done"

    with ThreadPoolExecutor(workers) as pool:
        return Counter(pool.map(run, range(times)))


def wait_for_a_waiting_one() -> None:
    """Until another transaction waits for a lock of ours; on SQLite the other one cannot even begin."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = monotonic() + 20
    while locks_rows() and not db.session.scalar(waits):
        assert monotonic() < until, "nobody came to wait"
        sleep(0.02)
