"""Registers as files: what stands in Avrop, in the form in which catalog/actions takes it in again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from auth.organisation import Organisation
from auth.user import User
from catalog.agreement import Agreement, Award, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling, everybodys_amount
from catalog.external import ExternalCallOff, still_counting
from catalog.managing import category_tree
from catalog.policy import manageable
from catalog.supplier import Supplier
from core.db import db
from exchange import registers
from exchange.externalfile import EXTERNAL
from exchange.registerfile import UNKNOWN, RegisterRow, grounds_of, write_register
from exchange.tablefile import Form

Values = dict[str, Any]


def suppliers_file(form: Form) -> bytes:
    """Every supplier, by name; all agreement owners may see them."""
    found = db.session.scalars(select(Supplier).order_by(Supplier.sort_name, Supplier.id))
    return registers.write(registers.SUPPLIERS, (_supplier(supplier) for supplier in found), form)


def categories_file(form: Form) -> bytes:
    """The whole tree, as its page shows it: what lies below a category comes after it."""
    return registers.write(registers.CATEGORIES, (_category(c) for _, c in category_tree()), form)


def entitlements_file(user: User | None, form: Form) -> bytes:
    """Who may call off under the agreements that she manages; with no user, under all."""
    query = (
        select(Entitlement)
        .join(Agreement, Agreement.id == Entitlement.agreement_id)
        .join(Organisation, Organisation.id == Entitlement.organisation_id)
        .options(joinedload(Entitlement.agreement), joinedload(Entitlement.lot), joinedload(Entitlement.organisation))
        .order_by(Agreement.number, Organisation.sort_name, Entitlement.id)
    )
    found = db.session.scalars(query if user is None else query.where(manageable(user)))
    return registers.write(registers.ENTITLEMENTS, (_entitlement(e) for e in found), form)


def external_file(user: User | None, form: Form) -> bytes:
    """What was called off elsewhere under the agreements that she manages; with no user, under all."""
    query = (
        still_counting()
        .join(Agreement, Agreement.id == ExternalCallOff.agreement_id)
        .options(
            joinedload(ExternalCallOff.agreement),
            joinedload(ExternalCallOff.lot),
            joinedload(ExternalCallOff.award).joinedload(Award.supplier),
            joinedload(ExternalCallOff.organisation),
        )
    )
    found = db.session.scalars(query if user is None else query.where(manageable(user)))
    return registers.write(EXTERNAL, (_external(row) for row in found), form)


def agreements_file(user: User | None, form: Form) -> bytes:
    """The agreements that she manages; with no user, all."""
    return write_register(agreement_rows(user), form)


def agreement_rows(user: User | None) -> Iterator[RegisterRow]:
    """One row for each agreement, lot and supplier; line is 0."""
    query = select(Agreement).order_by(Agreement.number)
    query = query.options(
        joinedload(Agreement.owner),
        joinedload(Agreement.category),
        selectinload(Agreement.lots).selectinload(Lot.awards).joinedload(Award.supplier),
        selectinload(Agreement.entitlements).joinedload(Entitlement.organisation),
    )
    found = db.session.scalars(query if user is None else query.where(manageable(user))).all()
    ceilings = {(c.agreement_id, c.lot_id): c for c in _ceilings(user)}
    for agreement in found:
        facts = _agreement(agreement, ceilings.get((agreement.id, None)))
        if not agreement.lots:
            yield RegisterRow(line=0, **facts)
        for lot in agreement.lots:
            of_lot = facts | _lot(lot, ceilings.get((agreement.id, lot.id)))
            if not lot.awards:
                yield RegisterRow(line=0, **of_lot)
            for award in lot.awards:
                yield RegisterRow(line=0, **of_lot, **_award(award))


def _ceilings(user: User | None) -> Sequence[Ceiling]:
    query = select(Ceiling).join(Agreement, Agreement.id == Ceiling.agreement_id).where(Ceiling.award_id.is_(None))
    query = query.where(*everybodys_amount())
    return db.session.scalars(query if user is None else query.where(manageable(user))).all()


def _agreement(agreement: Agreement, ceiling: Ceiling | None) -> Values:
    entitled = (e.organisation.organisation_number for e in agreement.entitlements if e.lot_id is None)
    return {
        "agreement": agreement.number,
        "registry_number": agreement.registry_number,
        "title": agreement.title,
        "regime": agreement.legal_regime.value,
        "starts_on": agreement.starts_on,
        "ends_on": agreement.ends_on,
        "ceiling": _limit(ceiling),
        "category": agreement.category.code if agreement.category else None,
        "owner": agreement.owner.organisation_number,
        "entitled": tuple(dict.fromkeys(entitled)),
        "summary": agreement.summary,
        "how_to_order": agreement.how_to_order,
    }


def _lot(lot: Lot, ceiling: Ceiling | None) -> Values:
    return {
        "lot": lot.number,
        "lot_title": lot.title,
        "method": lot.method.value,
        "clause": lot.clause,
        "grounds": grounds_of(lot.choice_grounds),
        "competition_above": lot.competition_above,
        "lot_ceiling": _limit(ceiling),
    }


def _award(award: Award) -> Values:
    supplier = award.supplier
    return {
        "supplier": supplier.organisation_number,
        "supplier_name": supplier.name,
        "supplier_email": supplier.order_email,
        "rank": award.rank,
        "share": award.share,
    }


def _limit(ceiling: Ceiling | None) -> Any:
    return None if ceiling is None else UNKNOWN if ceiling.limit is None else ceiling.limit


def _supplier(supplier: Supplier) -> Values:
    values = {field: getattr(supplier, field) for field in registers.SUPPLIERS.columns}
    return values | {"channel": {"email": "e-post", "peppol": "Peppol"}[supplier.channel.value]}


def _external(row: ExternalCallOff) -> Values:
    return {
        "agreement": row.agreement.number,
        "lot": row.lot.number if row.lot else None,
        "supplier": row.award.supplier.organisation_number if row.award else None,
        "organisation": row.organisation.organisation_number if row.organisation else None,
        **{
            name: getattr(row, name)
            for name in ("called_off_on", "amount", "quantity", "unit_code", "reference", "note", "is_opening")
        },
    }


def _category(category: Category) -> Values:
    return {
        "code": category.code,
        "name": category.name,
        "name_en": category.name_en,
        "parent": category.parent.code if category.parent else None,
        "cpv": category.cpv,
        "owner": category.owner.email if category.owner else None,
        "is_closed": category.is_closed,
    }


def _entitlement(entitlement: Entitlement) -> Values:
    return {
        "agreement": entitlement.agreement.number,
        "lot": entitlement.lot.number if entitlement.lot else None,
        "organisation": entitlement.organisation.organisation_number,
        "organisation_name": entitlement.organisation.name,
        "starts_on": entitlement.starts_on,
        "ends_on": entitlement.ends_on,
    }
