"""Mass: a placed order a hundred thousand times, as if a whole region had made it, written by the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select, text

from app.bench.world import new_organisation, new_person
from auth.journal import JournalEntry
from auth.organisation import Organisation, OrganisationKind, Unit
from auth.permission import Role
from auth.user import User
from catalog.supplier import Supplier
from core.db import Base, db, unit_of_work
from core.types import sort_key
from orders.order import Order, OrderFile, OrderLine
from orders.requisition import Requisition, RequisitionLine

ORGANISATIONS, UNITS, ORDERERS, SUPPLIERS = 8, 40, 300, 40
FILE_SIZE = 1000  # bytes: of full size, a hundred thousand would only measure the disk

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"


def add_orders(order_id: int, count: int) -> None:
    """Copies of a placed order by 300 orderers in turn, with requisition, lines, files and journal. Commits.

    The journal's copies have no true hashes: nobody can afford to chain so many, and no page looks at them.
    """
    with unit_of_work() as session:
        order = session.get_one(Order, order_id)
        region = _region(order)
        first = _highest(Requisition, Order) + 1
        copy = f"{first} + n.i"
        number = f"'MAS-2020-' || ({copy})"
        buyer = {"organisation_id": "r.organisation", "unit_id": "r.unit", "orderer_id": "r.orderer"}
        _copy(
            Requisition,
            f"t.id = {order.requisition_id}",
            count,
            region,
            {"id": copy, "key": f"'mass-' || ({copy})", "created_by_id": "r.orderer", "edited_by_id": "r.orderer"}
            | buyer,
        )
        _copy(RequisitionLine, f"t.requisition_id = {order.requisition_id}", count, region, {"requisition_id": copy})
        changes = {"id": copy, "requisition_id": copy, "number": number, "serial": copy, "year": "2020"}
        _copy(Order, f"t.id = {order_id}", count, region, changes | buyer | {"supplier_id": "r.supplier"})
        _copy(OrderLine, f"t.order_id = {order_id}", count, region, {"order_id": copy})
        _copy(OrderFile, f"t.order_id = {order_id}", count, region, {"order_id": copy, "content": _bytes()})
        _tell("place", "order", order.number, number, count, region)
        _tell("submit", "requisition", str(order.requisition_id), f"CAST({copy} AS TEXT)", count, region)
        _move_sequences(Requisition, Order)


def _region(order: Order) -> str:
    """Who orders for whom and from whom, as the rows of an SQL table `r`: the first is the order's own orderer."""
    session = db.session
    known = list(session.scalars(select(User).where(User.email.like("mass-%")).order_by(User.id)))
    if not known:
        organisations = [order.organisation, *(_organisation(index) for index in range(1, ORGANISATIONS))]
        units = [_unit(organisations[index % ORGANISATIONS], index) for index in range(UNITS)]
        session.add_all(_supplier(index) for index in range(1, SUPPLIERS))
        for index in range(1, ORDERERS):
            unit = units[index % UNITS]
            name = f"Person {index}"
            person = new_person(f"mass-{index:03d}@prov.example", name, unit.organisation, Role.ORDERER)
            person.memberships[0].unit = unit
            known.append(person)
        session.flush()
    suppliers = session.scalars(select(Supplier.id).order_by(Supplier.id)).all()
    rows = [(order.organisation_id, order.unit_id, order.orderer_id, order.supplier_id)]
    for index, person in enumerate(known, start=1):
        membership = person.memberships[0]
        rows.append((membership.organisation_id, membership.unit_id or 0, person.id, suppliers[index % SUPPLIERS]))
    values = ", ".join(f"({index}, {', '.join(map(str, row))})" for index, row in enumerate(rows))
    return f"r(k, organisation, unit, orderer, supplier) AS (VALUES {values})"


def _organisation(index: int) -> Organisation:
    number = f"21291{index:04d}{0}"
    return new_organisation(number, f"Provköping {index}", OrganisationKind.MUNICIPALITY, f"MA{chr(64 + index)}")


def _unit(organisation: Organisation, index: int) -> Unit:
    unit = Unit(organisation=organisation, code=f"M{index}", name=f"Skola {index}")
    db.session.add(unit)
    db.session.flush()
    unit.place_below(None)
    return unit


def _supplier(index: int) -> Supplier:
    name = f"Provleverans {index} AB"
    return Supplier(
        organisation_number=f"55691{index:05d}",
        name=name,
        sort_name=sort_key(name),
        street="Industrigatan 3",
        postal_code="83148",
        city="Östersund",
        order_email="order@provleverans.example",
    )


def _tell(act: str, thing: str, original: str, copied: str, count: int, region: str) -> None:
    """The journal's entry of an act, for each copy."""
    last = db.session.execute(text("SELECT number FROM journal_head WHERE id = 1")).scalar_one()
    changes = {
        "number": f"{last} + n.i",
        "thing_id": copied,
        "organisation_id": "r.organisation",
        "actor_id": "r.orderer",
        "hash": f"'mass-' || ({last} + n.i)",
    }
    which = f"t.act = '{act}' AND t.thing = '{thing}' AND t.thing_id = '{original}'"
    _copy(JournalEntry, which, count, region, changes)
    db.session.execute(text("UPDATE journal_head SET number = number + :count WHERE id = 1"), {"count": count})


def _copy(model: type[Base], which: str, count: int, region: str, changes: dict[str, str]) -> None:
    """INSERT … SELECT of the rows `t` that are meant, times `count`; `changes` are SQL over `t`, `n.i` and `r`."""
    table: Any = model.__table__
    assert isinstance(table, Table)
    columns = [column.name for column in table.columns if column.name != "id" or "id" in changes]
    values = [changes.get(name, f't."{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    db.session.execute(
        text(
            f'INSERT INTO "{table.name}" ({names}) {NUMBERS}, {region} SELECT {", ".join(values)} '
            f'FROM "{table.name}" AS t CROSS JOIN n JOIN r ON r.k = n.i % {ORDERERS} WHERE {which}'
        ),
        {"count": count},
    )


def gather_statistics() -> None:
    """What PostgreSQL does by itself a minute after so many rows have come, so that its planner knows of them."""
    if db.engine.dialect.name == "postgresql":
        with unit_of_work() as session:
            session.execute(text("ANALYZE"))


def _highest(*models: type[Base]) -> int:
    tables = [model.__table__ for model in models]
    return max(db.session.execute(text(f'SELECT max(id) FROM "{table}"')).scalar_one() or 0 for table in tables)


def _bytes() -> str:
    """A file of the size that a row may have before a database keeps it elsewhere."""
    if db.engine.dialect.name == "postgresql":
        return f"convert_to(repeat('x', {FILE_SIZE}), 'UTF8')"
    return f"zeroblob({FILE_SIZE})"


def _move_sequences(*models: type[Base]) -> None:
    """PostgreSQL's counters go on behind the ids that were given by hand."""
    if db.engine.dialect.name != "postgresql":
        return
    for model in models:
        name = model.__table__.name  # type: ignore[attr-defined]
        db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"))
