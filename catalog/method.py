"""Method: how the supplier of a call-off is chosen, in words that an orderer understands."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import CallOffMethod, Lot

M = CallOffMethod

EXPLANATIONS = {
    M.SINGLE: _l("Avtalet har en leverantör. Du beställer direkt av den."),
    M.DYNAMIC_RANKING: _l("Den leverantör som har lägst totalpris för just din beställning ska få den."),
    M.ALLOCATION: _l("Köpen fördelas mellan leverantörerna efter avtalade andelar. Här ser du vem som står på tur."),
    M.CHOICE: _l("Du väljer leverantör efter ditt behov, på en av de grunder som avtalet anger."),
    M.COMPETITION: _l("Leverantörerna tävlar om varje köp. Begär anbud, så får alla chansen att svara."),
    M.DYNAMIC_PURCHASING: _l("Varje köp konkurrensutsätts. Begär anbud av dem som är anslutna."),
}


def explanation(lot: Lot) -> Any:
    """Whom to order from in a lot, in a sentence or two (lazy)."""
    if lot.method is M.COMBINATION:
        limit = words.kr(lot.competition_above, 0)
        if lot.competition_above is None:
            return EXPLANATIONS[M.COMPETITION]
        return _l("Upp till %(limit)s beställer du enligt rangordningen. Över det tävlar leverantörerna.", limit=limit)
    if lot.method is M.RANKING:
        return _l(
            "Leverantörerna är rangordnade. Beställ av nummer 1. Tackar den nej, eller svarar den inte inom "
            "%(hours)s timmar, går du vidare till nästa.",
            hours=lot.answer_hours,
        )
    return EXPLANATIONS[lot.method]
