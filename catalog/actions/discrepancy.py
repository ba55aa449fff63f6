"""Discrepancy: where a register says of a published agreement something else than what stands, and the law cares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from auth.organisation import Organisation
from catalog.actions.agreement import AgreementFacts
from catalog.actions.intake import as_read
from catalog.agreement import Agreement, Award, CallOffMethod, Lot
from catalog.ceiling import Ceiling
from exchange.registerfile import UNKNOWN, RegisterRow, by_lot, grounds_of

Ceilings = Mapping[tuple[int, int | None], Ceiling]  # by agreement id and lot id (none: of the whole agreement)
Found = Iterator[tuple[RegisterRow, str]]  # the row, and the column that differs


def discrepancies(
    agreement: Agreement,
    facts: AgreementFacts,
    rows: Sequence[RegisterRow],
    entitled: Iterable[Organisation],
    ceilings: Ceilings,
) -> Found:
    """Compare law, days, owner, entitled organisations, ceilings, lots and suppliers. What the register leaves out
    never differs."""
    row = rows[0]
    for name, column in (("legal_regime", "regime"), *((n, n) for n in ("starts_on", "ends_on", "owner"))):
        if getattr(agreement, name) != getattr(facts, name):
            yield row, column
    holding = {entitlement.organisation_id for entitlement in agreement.entitlements}
    if any(organisation.id not in holding for organisation in entitled):
        yield row, "entitled"
    if _ceiling_differs(row.ceiling, ceilings.get((agreement.id, None))):
        yield row, "ceiling"
    here = {lot.number: lot for lot in agreement.lots}
    for number, lot_rows in by_lot(rows).items():
        if number in here:
            yield from _of_lot(here[number], lot_rows, ceilings)
        else:
            yield lot_rows[0], "lot"


def _of_lot(lot: Lot, rows: Sequence[RegisterRow], ceilings: Ceilings) -> Found:
    row = rows[0]
    stands = {
        "method": (row.method and CallOffMethod(row.method), lot.method),
        "clause": (row.clause, as_read(lot.clause)),
        "competition_above": (row.competition_above, lot.competition_above),
        "grounds": (row.grounds or None, grounds_of(lot.choice_grounds)),
    }
    for name, (said, present) in stands.items():
        if said is not None and said != present:
            yield row, name
    if _ceiling_differs(row.lot_ceiling, ceilings.get((lot.agreement_id, lot.id))):
        yield row, "lot_ceiling"
    awards = {award.supplier.organisation_number: award for award in lot.awards}
    for row in rows:
        if row.supplier is not None:
            yield from _of_award(awards.get(row.supplier), row)


def _of_award(award: Award | None, row: RegisterRow) -> Found:
    if award is None:
        yield row, "supplier"
        return
    for name in ("rank", "share"):
        if getattr(row, name) not in (None, getattr(award, name)):
            yield row, name


def _ceiling_differs(said: Decimal | str | None, ceiling: Ceiling | None) -> bool:
    limit = ceiling.limit if ceiling else None
    return said is not None and limit != (None if said == UNKNOWN else said)
