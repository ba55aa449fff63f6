"""Rules: what may stand in the way of ordering an article, as pure functions over facts that are already loaded.

Each rule looks at one case (`catalog.case`: an asked-for line and what is known about its award) and yields findings.
`catalog.steering` loads the facts; the rules about whose turn it is stand in `catalog.turn`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import AgreementState, Award
from catalog.case import Case, cases_of
from catalog.ceiling import ZERO, Ceiling, times_measure
from catalog.finding import LEVELS, Ask, Facts, Finding, Level
from catalog.free_text import blanket_fits, free_text_is_allowed, free_text_is_within_cap
from catalog.price_list import Article
from catalog.turn import (
    choice_has_ground,
    comparison_is_justified,
    competition_is_not_needed,
    lowest_total_is_followed,
    rank_is_followed,
    share_is_followed,
    win_holds,
)
from exchange.units import is_counted

TOLD_BEFORE_END = timedelta(days=60)
NEAR_PERCENT = 80


def judge(
    asks: Sequence[Ask],
    facts: Facts,
    *,
    charges: Mapping[int, Decimal] | None = None,
    reserved: bool = False,
    promised_at: datetime | None = None,
) -> list[tuple[Finding, ...]]:
    """Every finding about every ask, in the order of the asks; within one, stops come first."""
    return judge_cases(cases_of(asks, facts, charges=charges, reserved=reserved, promised_at=promised_at))


def judge_cases(cases: Iterable[Case]) -> list[tuple[Finding, ...]]:
    """Every finding about every case, in their order; what is the same for all of an award is asked once."""
    judged = []
    of_award: dict[tuple[int, RuleSet], list[Finding]] = {}
    for case in cases:
        rules = _rules_of(case.ask)
        key = case.award.id, rules
        if key not in of_award:
            of_award[key] = [finding for rule in rules.of_award for finding in rule(case)]
        found = [*of_award[key], *(finding for rule in rules.of_line for finding in rule(case))]
        judged.append(tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level))))
    return judged


def _rules_of(ask: Ask) -> RuleSet:
    if ask.won is not None:
        return WON_RULES
    if ask.free is not None:
        return BLANKET_RULES if ask.free.period else FREE_RULES
    return ORDINARY_RULES


# May this organisation order under this award today?


def agreement_is_active(case: Case) -> Iterator[Finding]:
    """Published, and the day within the dates of the agreement and of the award."""
    agreement, award, on = case.agreement, case.award, case.facts.on
    name = {"number": agreement.number}
    text = None
    if agreement.state is AgreementState.DRAFT:
        text = _l("Avtalet %(number)s är inte publicerat än.", **name)
    elif agreement.state is AgreementState.PAUSED:
        text = _l("Avtalet %(number)s är pausat just nu.", **name)
    elif agreement.state is AgreementState.ENDED:
        text = _l("Avtalet %(number)s är avslutat.", **name)
    elif on < agreement.starts_on:
        text = _l("Avtalet %(number)s börjar gälla först %(day)s.", day=words.day(agreement.starts_on), **name)
    elif on > agreement.ends_on:
        text = _l("Avtalet %(number)s gällde till och med %(day)s.", day=words.day(agreement.ends_on), **name)
    elif award.starts_on is not None and on < award.starts_on:
        text = _l(
            "%(supplier)s levererar på avtalet %(number)s först från %(day)s.",
            supplier=award.supplier.name,
            day=words.day(award.starts_on),
            **name,
        )
    elif award.ends_on is not None and on > award.ends_on:
        text = _l(
            "%(supplier)s levererade på avtalet %(number)s till och med %(day)s.",
            supplier=award.supplier.name,
            day=words.day(award.ends_on),
            **name,
        )
    if text is not None:
        yield Finding("agreement-not-active", Level.STOP, text, _l("Avtalstiden"), words.another_or_ask(agreement))


def delivery_is_in_time(case: Case) -> Iterator[Finding]:
    """An order placed in time may be delivered after the last day only where the terms allow it."""
    agreement, award, wanted = case.agreement, case.award, case.ask.deliver_on
    if wanted is None or agreement.delivers_after_end:
        return
    last = min(agreement.ends_on, award.ends_on or agreement.ends_on)
    if wanted <= last:
        return
    if last == agreement.ends_on:
        text = _l(
            "Avtalet %(number)s gäller till och med %(day)s och medger ingen leverans efter det.",
            number=agreement.number,
            day=words.day(last),
        )
    else:
        text = _l(
            "%(supplier)s levererar på avtalet %(number)s till och med %(day)s, och avtalet medger ingen leverans "
            "efter det.",
            supplier=award.supplier.name,
            number=agreement.number,
            day=words.day(last),
        )
    way_on = _l("Välj en leveransdag senast %(day)s.", day=words.day(last))
    yield Finding("agreement-not-active", Level.STOP, text, _l("Avtalstiden"), way_on)


def organisation_is_entitled(case: Case) -> Iterator[Finding]:
    """Only those named when the agreement was procured may call off (LOU 7:3)."""
    on, agreement = case.facts.on, case.agreement
    ours = [e for e in case.facts.entitlements.get(agreement.id, ()) if e.lot_id in (None, case.lot.id)]
    if any(e.is_current(on) for e in ours):
        return
    names = {"organisation": case.facts.organisation.name, "number": agreement.number}
    coming = [e.starts_on for e in ours if e.starts_on > on]
    ended = [e.ends_on for e in ours if e.ends_on is not None and e.ends_on < on]
    if coming:
        day = words.day(min(coming))
        text = _l("%(organisation)s får avropa på avtalet %(number)s först från %(day)s.", day=day, **names)
    elif ended:
        day = words.day(max(ended))
        text = _l("%(organisation)s fick avropa på avtalet %(number)s till och med %(day)s.", day=day, **names)
    else:
        text = _l("%(organisation)s får inte avropa på avtalet %(number)s.", **names)
    clause = agreement.law_of_entitlement or _l("Avtalets förteckning över vilka som får avropa")
    yield Finding("not-entitled", Level.STOP, text, clause, words.another_or_ask(agreement))


def supplier_is_open(case: Case) -> Iterator[Finding]:
    """A blocked supplier gets no orders, whatever its rank."""
    supplier = case.award.supplier
    if supplier.is_blocked:
        yield Finding(
            "supplier-blocked",
            Level.STOP,
            _l(
                "%(supplier)s är spärrad för beställningar: %(reason)s",
                supplier=supplier.name,
                reason=supplier.blocked_reason,
            ),
            _l("Upphandlingskontorets beslut"),
            words.another_or_ask(case.agreement),
        )


def category_is_open(case: Case) -> Iterator[Finding]:
    """A closed branch of the category tree closes everything below it."""
    name = case.facts.closed.get(case.award.id)
    if name is not None:
        yield Finding(
            "category-closed",
            Level.STOP,
            _l("Varor i kategorin %(category)s får inte beställas här.", category=name),
            _l("Stängd kategori"),
            words.ask_buyer(case.agreement),
        )


# Is the row right, and the quantity?


def row_is_in_force(case: Case) -> Iterator[Finding]:
    """The article stands in the award's published price list today, on the terms she saw."""
    article, row = case.ask.article, case.row
    if row is None:
        yield Finding(
            "not-in-price-list",
            Level.STOP,
            _l("%(article)s finns inte i den prislista som gäller i dag.", article=article.name),
            _l("Avtalets prislista"),
            _l("Sök efter en liknande vara, eller kontakta %(help)s.", help=words.helper(case.agreement)),
        )
        return
    if row is article:
        return
    before, now = _terms(article, case.ask.quantity), _terms(row, case.ask.quantity)
    if before == now:
        return
    if before[0] == now[0]:
        text = _l("%(article)s har ändrats i prislistan sedan du valde den.", article=article.name)
        if article.name != row.name:
            text = _l("%(article)s heter nu %(name)s i prislistan.", article=article.name, name=row.name)
    else:
        text = _l(
            "Priset för %(article)s har ändrats från %(old)s till %(new)s.",
            article=row.name,
            old=words.price(*before[0]),
            new=words.price(*now[0]),
        )
    way_on = _l("Godkänn ändringen i varukorgen, eller ta bort raden.")
    yield Finding("price-changed", Level.STOP, text, _l("Avtalets prislista"), way_on)


def _terms(row: Article, quantity: Decimal | None) -> tuple[Any, ...]:
    """What an orderer of so much has said yes to: a row that differs in any of it is another offer. First the price."""
    cost = row.price_for(quantity), row.base_quantity
    return cost, row.unit_code, row.vat_class, row.name, row.pack_size, row.pack_unit, row.is_approximate


def quantity_fits(case: Case) -> Iterator[Finding]:
    """The supplier's smallest quantity and the steps it sells in, as the price list of the day has them.

    What is counted is sold whole where the list says nothing else.
    """
    quantity, article = case.ask.quantity, case.row or case.ask.article
    if quantity is None:
        return
    least, step = article.minimum_quantity, article.quantity_multiple
    if step is None and is_counted(article.unit_code):
        step = Decimal(1)
    text = None
    if quantity <= 0:
        text = _l("Antalet måste vara större än noll.")
    elif least is not None and quantity < least:
        text = _l("Minsta antal är %(least)s.", least=words.number(least))
    elif step and quantity % step:
        text = _l("Säljs i steg om %(step)s.", step=words.number(step))
    if text is not None:
        fitting = _fitting(quantity, least, step)
        way_on = _l("Ändra antalet, till exempel till %(quantity)s.", quantity=words.number(fitting))
        yield Finding("quantity-rule", Level.STOP, text, _l("Avtalets prislista"), way_on)


def _fitting(quantity: Decimal, least: Decimal | None, step: Decimal | None) -> Decimal:
    """The nearest quantity upwards that the supplier sells."""
    wanted = max(quantity, least or ZERO)
    if step:
        return max(step, (wanted / step).to_integral_value(ROUND_CEILING) * step)
    return wanted if wanted > 0 else Decimal(1)


# Is there room, and what else should she know?


def ceiling_holds(case: Case) -> Iterator[Finding]:
    """A framework agreement has no further effect once its ceiling is reached (C-216/17, C-23/20, HFD 2022:4)."""
    ceilings = case.facts.ceilings.get(case.award.id, ())
    for ceiling in ceilings:
        if ceiling.limit is None or not ceiling.binds(case.promised_at):
            continue
        if not ceiling.is_amount and times_measure(case.ask.article.unit_code, ceiling.measure) is None:
            yield Finding(
                "ceiling-other-unit",
                Level.INFORM,
                _l(
                    "Takvolymen för %(scope)s räknas i %(unit)s. Varan säljs i %(sold)s och räknas inte mot den.",
                    scope=_scope(ceiling, case),
                    unit=words.unit(ceiling.measure),
                    sold=words.unit(case.ask.article.unit_code),
                ),
            )
            continue
        asked = case.counted((award_id for award_id in case.amounts if _binds(ceiling, award_id, case)), ceiling)
        used = ceiling.used
        after = used if case.reserved else used + asked
        if after > ceiling.limit or (not asked and used >= ceiling.limit):
            left = max(ZERO, ceiling.limit - after + asked)
            yield Finding(
                "ceiling-reached",
                Level.STOP,
                _l(
                    "Takvolymen för %(scope)s räcker inte: %(left)s är kvar.",
                    scope=_scope(ceiling, case),
                    left=ceiling.told(left, 2),
                ),
                "EU-domstolen C-216/17 och C-23/20, HFD 2022:4",
                _l("Beställ mindre, eller kontakta %(help)s.", help=words.helper(case.agreement)),
            )
        elif case.is_first_of_award and after * 100 >= ceiling.limit * NEAR_PERCENT:
            text = _l(
                "Efter beställningen är %(left)s kvar av takvolymen för %(scope)s.",
                scope=_scope(ceiling, case),
                left=ceiling.told(ceiling.limit - after, 2),
            )
            yield Finding("ceiling-near", Level.INFORM, text)
    if case.is_first_of_agreement and all(ceiling.limit is None for ceiling in ceilings):
        text = _l("Takvolymen för avtalet %(number)s är okänd.", number=case.agreement.number)
        yield Finding("ceiling-unknown", Level.INFORM, text)


def _binds(ceiling: Ceiling, award_id: int, case: Case) -> bool:
    return any(c.id == ceiling.id for c in case.facts.ceilings.get(award_id, ()))


def _scope(ceiling: Ceiling, case: Case) -> str:
    parts = [case.agreement.number]
    if ceiling.award_id is not None:
        parts.append(case.award.supplier.name)
    elif ceiling.lot_id is not None:
        parts.append(case.lot.title)
    if ceiling.organisation_id is not None:
        parts.append(case.facts.organisation.name)
    return " · ".join(parts)


def charges_are_known(case: Case) -> Iterator[Finding]:
    """A small order costs a fee, and goods may cost freight: said before, not after."""
    award = case.award
    lines = case.nets.get(award.id, ZERO)
    if case.ask.quantity is None or not case.is_first_of_award:
        return
    if award.fee_on(lines):
        text = _l(
            "%(supplier)s tar ut %(fee)s för beställningar under %(least)s.",
            supplier=award.supplier.name,
            fee=words.kr(award.small_order_fee),
            least=words.kr(award.minimum_order),
        )
        yield Finding("minimum-order", Level.INFORM, text, way_on=_l("Samla gärna flera inköp i en beställning."))
    if award.freight_on(lines):
        if award.freight_free_from is None:
            text = _l("Frakten från %(supplier)s kostar %(freight)s.", **_freight(award))
        else:
            text = _l("Frakten från %(supplier)s kostar %(freight)s; den är fri från %(free)s.", **_freight(award))
        yield Finding("freight", Level.INFORM, text)


def _freight(award: Award) -> dict[str, Any]:
    free = award.freight_free_from
    return {"supplier": award.supplier.name, "freight": words.kr(award.freight), "free": words.kr(free)}


def end_is_far(case: Case) -> Iterator[Finding]:
    """Told in time, so that nobody is surprised when the agreement ends."""
    agreement, on = case.agreement, case.facts.on
    if case.is_first_of_agreement and on <= agreement.ends_on <= on + TOLD_BEFORE_END:
        text = _l(
            "Avtalet %(number)s gäller till och med %(day)s.", number=agreement.number, day=words.day(agreement.ends_on)
        )
        yield Finding("agreement-ends-soon", Level.INFORM, text)


Rule = Callable[[Case], Iterator[Finding]]


class RuleSet(NamedTuple):
    of_award: tuple[Rule, ...]  # the same for every line under an award, so asked once
    of_line: tuple[Rule, ...]


MAY_ORDER: tuple[Rule, ...] = (agreement_is_active, organisation_is_entitled, supplier_is_open, category_is_open)
ORDINARY_RULES = RuleSet(
    of_award=(*MAY_ORDER, competition_is_not_needed, share_is_followed, lowest_total_is_followed),
    of_line=(
        delivery_is_in_time,
        rank_is_followed,
        row_is_in_force,
        quantity_fits,
        ceiling_holds,
        choice_has_ground,
        comparison_is_justified,
        charges_are_known,
        end_is_far,
    ),
)
# What stands in no price list has no row that could have changed, and no total that could be the lowest.
FREE_RULES = RuleSet(
    of_award=(*MAY_ORDER, competition_is_not_needed, share_is_followed, free_text_is_within_cap),
    of_line=(
        delivery_is_in_time,
        rank_is_followed,
        free_text_is_allowed,
        quantity_fits,
        ceiling_holds,
        choice_has_ground,
        comparison_is_justified,
        charges_are_known,
        end_is_far,
    ),
)
# Freight and fees are part of what a blanket order's cap holds.
BLANKET_RULES = RuleSet(
    of_award=FREE_RULES.of_award,
    of_line=(*(rule for rule in FREE_RULES.of_line if rule not in (charges_are_known, quantity_fits)), blanket_fits),
)
# A competition has chosen the supplier and the price; what stands in the price list is another matter.
WON_RULES = RuleSet(of_award=MAY_ORDER, of_line=(delivery_is_in_time, win_holds, ceiling_holds, end_is_far))
