"""The registers that come and go as files: how each is read, brought in and written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from auth.user import User
from catalog import registers as out
from catalog.actions.category_register import import_categories
from catalog.actions.entitlement_register import import_entitlements
from catalog.actions.external_register import import_external
from catalog.actions.intake import Alteration, Outcome, Refusal, RegisterRefused
from catalog.actions.register import import_register
from catalog.actions.supplier_register import import_suppliers
from core.db import undone
from exchange import registers
from exchange.externalfile import read_external
from exchange.registerfile import RegisterRow, read_register
from exchange.table import Read
from exchange.tablefile import Form


class RegisterKind(NamedTuple):
    """A register. `name` is that of its file."""

    name: str
    read: Callable[[bytes, str], Read[Any]]
    bring_in: Callable[[User | None, Sequence[Any]], Outcome]
    write: Callable[[User | None, Form], bytes]


def preview(kind: RegisterKind, actor: User | None, rows: Sequence[Any]) -> tuple[Outcome, Sequence[Refusal]]:
    """What bringing the rows in would do, and what stands against it; nothing of it stays."""
    try:
        with undone():
            return kind.bring_in(actor, rows), ()
    except RegisterRefused as refused:
        return Outcome(), refused.refusals


def _import_agreements(actor: User | None, rows: Sequence[RegisterRow]) -> Outcome:
    done = import_register(actor, rows)
    line_of = {row.agreement: row.line for row in reversed(rows)}
    title_of = {row.agreement: row.title for row in rows}
    return Outcome(
        new=[Alteration(line_of[number], f"{number} {title_of[number]}") for number in done.created],
        changed=[
            Alteration(line_of[number], f"{number} {title_of[number]}", changes)
            for number, changes in done.changed.items()
        ],
        unchanged=len(done.unchanged),
        remarks=done.remarks,
    )


KINDS: dict[str, RegisterKind] = {
    "agreements": RegisterKind("avtal", read_register, _import_agreements, out.agreements_file),
    "suppliers": RegisterKind(
        "leverantorer",
        lambda data, name: registers.read(registers.SUPPLIERS, data, name),
        import_suppliers,
        lambda _user, form: out.suppliers_file(form),
    ),
    "categories": RegisterKind(
        "kategorier",
        lambda data, name: registers.read(registers.CATEGORIES, data, name),
        import_categories,
        lambda _user, form: out.categories_file(form),
    ),
    "entitlements": RegisterKind(
        "avropsberattigade",
        lambda data, name: registers.read(registers.ENTITLEMENTS, data, name),
        import_entitlements,
        out.entitlements_file,
    ),
    "external": RegisterKind("avropat-utanfor", read_external, import_external, out.external_file),
}
