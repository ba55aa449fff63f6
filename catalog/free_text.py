"""Free text: what may be ordered that stands in no price list, as pure rules for `catalog.rules`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import FREE_TEXT_PRICE_NAMES, FreeTextPrice
from catalog.case import Case
from catalog.ceiling import ZERO
from catalog.finding import Finding, Level


def free_text_is_allowed(case: Case) -> Iterator[Finding]:
    """No free price on an agreement's lines (LOU 7:3 st. 2): only what the award allows, on the grounds it states."""
    free, award, number = case.ask.free, case.award, case.agreement.number
    if free is None:
        return
    text = None
    if free.period and award.free_text_prices:
        pass  # the cap is no price
    elif free.price not in award.free_text_prices:
        text = _l("Hos %(supplier)s får bara det som står i prislistan beställas.", supplier=award.supplier.name)
        if award.free_text_prices:
            kind = FREE_TEXT_PRICE_NAMES[free.price]
            text = _l("Avtalet %(number)s medger inte fritext till %(kind)s.", number=number, kind=kind)
    elif free.price is FreeTextPrice.HOURLY and _above(case.ask.article.price, award.free_text_rate):
        text = _l("Timpriset på avtalet är högst %(rate)s.", rate=words.kr(award.free_text_rate))
    elif free.price is FreeTextPrice.MARK_UP and _above(free.mark_up, award.free_text_mark_up):
        percent = words.number(award.free_text_mark_up or ZERO)
        text = _l("Påslaget på avtalet är högst %(percent)s %%.", percent=percent)
    if text is None and award.free_text_needs_file and not free.has_file:
        text = _l("Avtalet %(number)s kräver att leverantörens offert bifogas.", number=number)
    if text is not None:
        yield Finding("free-text-not-allowed", Level.STOP, text, _price_clause(case), _way_on_from_free_text(case))


def _above(stated: Decimal | None, highest: Decimal | None) -> bool:
    return highest is not None and (stated is None or stated > highest)


def free_text_is_within_cap(case: Case) -> Iterator[Finding]:
    """Of one order, so much at most may be free text: its lines under the award together, excl. VAT."""
    cap, asked = case.award.free_text_cap, case.free_nets.get(case.award.id, ZERO)
    if cap is not None and asked > cap:
        yield Finding(
            "free-text-over-cap",
            Level.STOP,
            _l(
                "Fritext hos %(supplier)s får kosta högst %(cap)s i en beställning. Det här blir %(asked)s.",
                supplier=case.award.supplier.name,
                cap=words.kr(cap),
                asked=words.kr(asked),
            ),
            _price_clause(case),
            _way_on_from_free_text(case),
        )


def _price_clause(case: Case) -> Any:
    return case.award.free_text_basis or _l("LOU 7 kap. 3 § andra stycket")


def _way_on_from_free_text(case: Case) -> Any:
    return _l(
        "Anmäl behovet, så får du veta hur ni kan köpa det. Frågor? Kontakta %(help)s.",
        help=words.helper(case.agreement),
    )


def blanket_fits(case: Case) -> Iterator[Finding]:
    """A blanket order is placed once, for a period within the agreement's own."""
    free, agreement = case.ask.free, case.agreement
    if free is None or free.period is None:
        return
    if case.ask.quantity not in (None, 1):
        text = _l("En ramorder är en enda: det är beloppet som säger hur mycket.")
        yield Finding("quantity-rule", Level.STOP, text, None, _l("Ändra antalet till 1."))
    starts_on, ends_on = free.period
    first = max(agreement.starts_on, case.award.starts_on or agreement.starts_on)
    last = min(agreement.ends_on, case.award.ends_on or agreement.ends_on)
    if starts_on < first or ends_on > last or ends_on < max(starts_on, case.facts.on):
        yield Finding(
            "blanket-period",
            Level.STOP,
            _l(
                "Ramorderns tid, %(from)s till %(to)s, måste ligga framåt och inom avtalets: %(first)s till %(last)s.",
                first=words.day(first),
                last=words.day(last),
                **{"from": words.day(starts_on), "to": words.day(ends_on)},
            ),
            _l("Avtalstiden"),
            _l("Lägg ramordern för en kortare tid."),
        )
