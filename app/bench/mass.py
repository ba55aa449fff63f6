"""Mass: the same order a hundred thousand times, written by the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, text

from core.db import Base, db, unit_of_work
from orders.order import Order, OrderFile, OrderLine
from orders.requisition import Requisition, RequisitionLine

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"


def add_orders(order_id: int, count: int) -> None:
    """Copies of a placed order, with requisition, lines and a small document each. Commits."""
    with unit_of_work() as session:
        requisition_id = session.get_one(Order, order_id).requisition_id
        first = _highest(Requisition, Order) + 1
        copy = f"{first} + n.i"
        _copy(
            Requisition,
            f"t.id = {requisition_id}",
            count,
            {"id": copy, "number": f"'M-' || ({copy})", "key": f"'mass-' || ({copy})"},
        )
        _copy(RequisitionLine, f"t.requisition_id = {requisition_id}", count, {"requisition_id": copy})
        changes = {
            "id": copy,
            "requisition_id": copy,
            "number": f"'MAS-2020-' || ({copy})",
            "serial": copy,
            "year": "2020",
        }
        _copy(Order, f"t.id = {order_id}", count, changes)
        _copy(OrderLine, f"t.order_id = {order_id}", count, {"order_id": copy})
        _copy(OrderFile, f"t.order_id = {order_id}", count, {"order_id": copy, "content": _bytes()})
        _move_sequences(Requisition, Order)


def _copy(model: type[Base], which: str, count: int, changes: dict[str, str]) -> None:
    """INSERT … SELECT of the rows `t` that are meant, times `count`; `changes` are SQL over `t` and `n.i`."""
    table: Any = model.__table__
    assert isinstance(table, Table)
    columns = [column.name for column in table.columns if column.name != "id" or "id" in changes]
    values = [changes.get(name, f't."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    db.session.execute(
        text(
            f'INSERT INTO "{table.name}" ({names}) {NUMBERS} '
            f'SELECT {", ".join(values)} FROM "{table.name}" AS t CROSS JOIN n WHERE {which}'
        ),
        {"count": count},
    )


def _highest(*models: type[Base]) -> int:
    tables = [model.__table__ for model in models]
    return max(db.session.execute(text(f'SELECT max(id) FROM "{table}"')).scalar_one() or 0 for table in tables)


def _bytes() -> str:
    """A small document: a hundred thousand whole ones would only measure the disk."""
    return "'x'::bytea" if db.engine.dialect.name == "postgresql" else "CAST('x' AS BLOB)"


def _move_sequences(*models: type[Base]) -> None:
    """PostgreSQL's counters go on behind the ids that were given by hand."""
    if db.engine.dialect.name != "postgresql":
        return
    for model in models:
        name = model.__table__.name  # type: ignore[attr-defined]
        db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"))
