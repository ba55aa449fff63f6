"""What is needed to see probable splitting: purchases, limits and parameters, in one query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BigInteger, and_, cast, func, literal, null, select, true, union_all

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import Membership, User
from catalog.agreement import Agreement, Lot
from catalog.category import Category
from catalog.parameter import Parameter, parameter
from catalog.supplier import Supplier
from core.clock import local, midnight, today
from core.db import db
from core.types import Amount
from exchange.tablefile import Sheet
from orders.approval import ApprovalRule
from orders.requisition import Requisition, RequisitionLine, stands
from orders.splitting import Measure, Purchase, Split, splits

PARAMETERS = ("splitting.days", "splitting.near-percent", "direct-procurement.lou")
LONGEST = 366  # days that are looked back, whatever the parameter says
COLUMNS = ("what", "organisation", "requisition", "unit", "supplier", "category", "lot", "at", "amount", "above")


def splits_with(requisition: Requisition) -> list[Split]:
    """The probable splits that a requisition is part of. One query."""
    suppliers = {line.supplier_id for line in requisition.lines}
    day = local(requisition.submitted_at).date() if requisition.submitted_at else today()
    first = day - timedelta(days=LONGEST)
    found = _read(first, {requisition.organisation_id}, suppliers, day)
    return [split for split in found if any(p.requisition_id == requisition.id for p in split.purchases)]


def splits_between(organisation_ids: Collection[int] | None, first: date) -> list[Split]:
    """Those of some organisations, or of all, since a day; the latest first. One query."""
    return _read(first, organisation_ids, None, today())


def _read(
    first: date, organisation_ids: Collection[int] | None, supplier_ids: Collection[int] | None, on: date
) -> list[Split]:
    purchases: dict[int, list[Purchase]] = {}
    limits: dict[str, dict[int, set[Decimal]]] = {"limit": {}, "own": {}}
    parameters: dict[str, Decimal] = {}
    for row in db.session.execute(_everything(first, organisation_ids, supplier_ids, on)):
        if row.what == "purchase":
            purchases.setdefault(row.organisation, []).append(_purchase(row))
        elif row.what in limits:
            limits[row.what].setdefault(row.organisation, set()).add(_amount(row.amount))
        else:
            parameters[row.what] = _amount(row.amount)
    if not {"splitting.days", "splitting.near-percent"} <= parameters.keys():
        return []  # nobody has said what is near
    measure = Measure(int(parameters["splitting.days"]), parameters["splitting.near-percent"])
    direct = parameters.get("direct-procurement.lou")
    found = [
        split
        for id_, of_one in purchases.items()
        for split in splits(of_one, limits["limit"].get(id_, ()), direct, measure, limits["own"].get(id_, ()))
    ]
    return sorted(found, key=lambda split: (split.purchases[-1].on, split.limit), reverse=True)


def measure_on(on: date) -> Measure:
    """What is near on a day, to be told. Two queries. Raises RuleBroken where nobody has said."""
    return Measure(int(parameter("splitting.days", on)), parameter("splitting.near-percent", on))


def _everything(
    first: date, organisation_ids: Collection[int] | None, supplier_ids: Collection[int] | None, on: date
) -> Any:
    """Purchases, the amounts of the approval rules, and the parameters, told apart by `what`."""
    r, line = Requisition, RequisitionLine
    category = func.coalesce(Lot.category_id, Agreement.category_id)
    scope = (r.organisation_id, r.id, r.unit_id, line.supplier_id, category, line.lot_id, r.submitted_at)
    amounts = (cast(func.sum(cast(line.net_amount, BigInteger)), BigInteger), cast(Lot.competition_above, BigInteger))
    purchases = (
        select(*_named(literal("purchase"), *scope, *amounts))
        .join(line, line.requisition_id == r.id)
        .join(Lot, Lot.id == line.lot_id)
        .join(Agreement, Agreement.id == Lot.agreement_id)
        .where(stands(), r.submitted_at >= midnight(first))
        .group_by(*scope, Lot.competition_above)
    )
    is_approver = and_(Membership.role == Role.APPROVER, Membership.starts_on <= on)
    rules = [
        select(*_named(literal(what), thing.organisation_id, *_nothing(6), cast(column, BigInteger), null()))
        .where(holds, column.is_not(None))
        .where(thing.organisation_id.in_(organisation_ids) if organisation_ids is not None else true())
        for what, thing, column, holds in (
            ("limit", ApprovalRule, ApprovalRule.amount_from, ApprovalRule.is_active),
            ("limit", ApprovalRule, ApprovalRule.amount_below, ApprovalRule.is_active),
            ("own", Membership, Membership.amount_limit, is_approver & _still(on)),
        )
    ]
    parameters = select(*_named(Parameter.name, null(), *_nothing(6), cast(Parameter.value, BigInteger), null())).where(
        Parameter.name.in_(PARAMETERS),
        Parameter.starts_on <= on,
        Parameter.ends_on.is_(None) | (Parameter.ends_on >= on),
    )
    if organisation_ids is not None:
        purchases = purchases.where(r.organisation_id.in_(organisation_ids))
    if supplier_ids is not None:
        purchases = purchases.where(line.supplier_id.in_(supplier_ids))
    return union_all(purchases, *rules, parameters)


def _still(on: date) -> Any:
    return Membership.ends_on.is_(None) | (Membership.ends_on >= on)


def _nothing(count: int) -> list[Any]:
    return [null()] * count


def _named(*values: Any) -> list[Any]:
    """The columns of one part. Those of the first give the others' nothings their types."""
    return [value.label(name) for value, name in zip(values, COLUMNS, strict=True)]


def _purchase(row: Any) -> Purchase:
    return Purchase(
        requisition_id=row.requisition,
        organisation_id=row.organisation,
        unit_id=row.unit,
        supplier_id=row.supplier,
        category_id=row.category,
        lot_id=row.lot,
        on=local(row.at).date(),
        amount=_amount(row.amount),
        competition_above=None if row.above is None else _amount(row.above),
    )


def _amount(hundredths: int) -> Decimal:
    return Decimal(int(hundredths)).scaleb(-Amount.places)


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of some splits are called."""

    organisations: dict[int, str]
    units: dict[int, str]
    suppliers: dict[int, str]
    categories: dict[int, str]

    def category_of(self, split: Split) -> str:
        return self.categories.get(split.purchases[0].category_id or 0, "–")


def names_of(found: Iterable[Split]) -> Names:
    """Four queries, however many."""
    purchases = [p for split in found for p in split.purchases]

    def named(thing: Any, ids: set[int]) -> dict[int, str]:
        return {row.id: row.name for row in db.session.execute(select(thing.id, thing.name).where(thing.id.in_(ids)))}

    return Names(
        named(Organisation, {p.organisation_id for p in purchases}),
        named(Unit, {p.unit_id for p in purchases}),
        named(Supplier, {p.supplier_id for p in purchases}),
        named(Category, {p.category_id for p in purchases if p.category_id is not None}),
    )


def scope_of(user: User) -> set[int] | None:
    """The organisations whose purchases a contract controller sees: the office's all (none), others their own."""
    if user.is_at_office(Role.AGREEMENT_OWNER):
        return None
    return {m.organisation_id for m in user.current_memberships() if m.role is Role.AGREEMENT_OWNER}


def splits_sheet(found: Sequence[Split], names: Names) -> Sheet:
    """One row for each purchase of each split."""
    headings = (
        *(_("Organisation"), _("Leverantör"), _("Kategori"), _("Gräns"), _("Belopp för gränsen"), _("Tillsammans")),
        *(_("Begäran"), _("Dag"), _("Enhet"), _("Belopp")),
    )
    rows = [
        [
            *(names.organisations[p.organisation_id], names.suppliers[p.supplier_id], names.category_of(split)),
            *(str(split.limit_name), split.limit, split.total, p.number, p.on.isoformat()),
            *(names.units[p.unit_id], p.amount),
        ]
        for split in found
        for p in split.purchases
    ]
    widths = (30, 30, 26, 34, 14, 14, 12, 12, 26, 14)
    return Sheet(str(_("Sannolik uppdelning")), [str(h) for h in headings], rows, widths, amounts=frozenset({4, 5, 9}))
