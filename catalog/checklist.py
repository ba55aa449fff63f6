"""Checklist: what an agreement still lacks before, or after, staff may meet it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from catalog.agreement import Agreement
from core.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to do. `is_needed`: the agreement cannot be published without it."""

    text: Any
    is_done: bool
    is_needed: bool = True
    why: Any = None


def checklist(agreement: Agreement, priced_award_ids: Collection[int], is_ceiling_known: bool) -> list[Check]:
    """Everything to see to, needed things first; `priced_award_ids` have a published price list."""
    lots = [_check_lot(lot.check_complete, f"{lot.number} {lot.title}") for lot in agreement.lots]
    ordered_from = [award for lot in agreement.lots for award in lot.awards if not lot.is_competed]
    unreachable = sorted({a.supplier.name for a in ordered_from if not a.supplier.order_email})
    unpriced = sorted({a.supplier.name for a in ordered_from if a.id not in priced_award_ids})
    return [
        Check(_l("En sammanfattning i klartext"), bool(agreement.summary)),
        Check(_l("Minst ett delområde"), bool(agreement.lots)),
        *lots,
        Check(_l("Minst en avropsberättigad organisation"), bool(agreement.entitlements)),
        Check(_l("Takvolymen är angiven"), is_ceiling_known, False, _l("Okänd takvolym räknas men stoppar aldrig.")),
        Check(
            _l("Alla leverantörer har e-post för beställningar"), not unreachable, False, ", ".join(unreachable) or None
        ),
        Check(_l("Alla leverantörer har en prislista i kraft"), not unpriced, False, ", ".join(unpriced) or None),
        Check(_l("En ansvarig person som medarbetarna kan fråga"), agreement.responsible is not None, False),
    ]


def _check_lot(check_complete: Callable[[], None], name: str) -> Check:
    try:
        check_complete()
    except RuleBroken as error:
        return Check(_l("Delområde %(lot)s är komplett", lot=name), False, True, error.message)
    return Check(_l("Delområde %(lot)s är komplett", lot=name), True)
