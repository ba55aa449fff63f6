"""Turn: whose turn it is under a lot's call-off method (LOU 7:4–8), as pure rules for `catalog.rules`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import Award, CallOffMethod
from catalog.ceiling import ZERO
from catalog.finding import Case, Finding, Level


def competition_is_not_needed(case: Case) -> Iterator[Finding]:
    """The method itself, or the amount, demands renewed competition (LOU 7:7–8)."""
    lot = case.lot
    limit = lot.competition_above
    text = None
    if lot.method is CallOffMethod.DYNAMIC_PURCHASING:
        text = _l("Ett dynamiskt inköpssystem: varje inköp konkurrensutsätts, inget beställs direkt.")
    elif lot.method is CallOffMethod.COMPETITION or (lot.method is CallOffMethod.COMBINATION and limit is None):
        text = _l("Leverantören utses genom förnyad konkurrensutsättning. Det går inte att beställa direkt.")
    elif limit is not None and case.uncontested_amount > limit:
        text = _l(
            "Beställningen är på %(amount)s. Över %(limit)s krävs förnyad konkurrensutsättning.",
            amount=words.kr(case.uncontested_amount),
            limit=words.kr(limit),
        )
    if text is not None:
        way_on = _l(
            "Begär anbud av avtalets leverantörer. Frågor? %(help)s hjälper dig.", help=words.helper(case.agreement)
        )
        yield Finding("competition-required", Level.STOP, text, lot.clause, way_on)


def win_holds(case: Case) -> Iterator[Finding]:
    """What a competition has decided is ordered as it was won: once, so many, and not before the standstill is over."""
    won = case.ask.won
    if won is None:
        return
    if won.taken_by is not None:
        yield Finding(
            "competition-ordered",
            Level.STOP,
            _l(
                "Det vunna anbudet i %(number)s är redan skickat för godkännande i %(requisition)s.",
                number=won.number,
                requisition=won.taken_by,
            ),
            case.lot.clause,
            _l("Ta bort raden."),
        )
    if case.ask.quantity is not None and case.ask.quantity != won.quantity:
        yield Finding(
            "quantity-rule",
            Level.STOP,
            _l("Anbudet i %(number)s gäller %(quantity)s.", number=won.number, quantity=words.number(won.quantity)),
            case.lot.clause,
            _l("Ändra antalet till %(quantity)s.", quantity=words.number(won.quantity)),
        )
    if won.standstill_until is not None and case.facts.on <= won.standstill_until:
        yield Finding(
            "standstill",
            Level.STOP,
            _l(
                "Avtalsspärren för %(number)s gäller till och med %(day)s. Före det beställs inget.",
                number=won.number,
                day=words.day(won.standstill_until),
            ),
            "LOU 20 kap. 2 §",
            _l("Vänta till dagen efter."),
        )


def rank_is_followed(case: Case) -> Iterator[Finding]:
    """Fixed ranking: whoever stands better is asked first, and the answer is kept (LOU 7:6). A supplier whose own
    ceiling cannot hold the order is unable to deliver it."""
    if not case.lot.is_ranked:
        return
    better = [a for a in case.rivals if a.rank < case.award.rank]
    if better:
        first = min(better, key=lambda a: a.rank)
        yield Finding(
            "not-next-in-rank",
            Level.STOP,
            _l(
                "%(first)s har plats %(rank)s i rangordningen och ska få frågan före %(supplier)s.",
                first=first.supplier.name,
                rank=first.rank,
                supplier=case.award.supplier.name,
            ),
            case.lot.clause,
            _l(
                "Beställ av %(first)s. Har %(first)s tackat nej, eller inte svarat inom %(hours)s timmar: "
                "anteckna det i varukorgen, så öppnas nästa plats.",
                first=first.supplier.name,
                hours=case.lot.answer_hours,
            ),
        )
        return
    passed = [a for a in case.willing if a.rank < case.award.rank]
    if passed and case.is_first_of_award:
        yield Finding(
            "next-in-rank",
            Level.INFORM,
            _l(
                "%(first)s står före i rangordningen, men takvolymen för den leverantören räcker inte. "
                "Därför är det %(supplier)s tur.",
                first=min(passed, key=lambda a: a.rank).supplier.name,
                supplier=case.award.supplier.name,
            ),
            case.lot.clause,
        )


def share_is_followed(case: Case) -> Iterator[Finding]:
    """Allocation key: the supplier furthest behind its share is next. Counted on the awards' own ceilings."""
    if case.lot.method is not CallOffMethod.ALLOCATION or len(case.rivals) < 2:
        return
    used = {a.id: _used_under(a, case) for a in case.rivals}
    shares = {a.id: a.share for a in case.rivals}
    if None in used.values() or not all(shares.values()):
        if case.is_first_of_award:
            text = _l("Avtalet fördelar köpen mellan leverantörerna. Läs i avtalet vem som står på tur.")
            yield Finding("share-elsewhere", Level.INFORM, text, case.lot.clause, words.ask_buyer(case.agreement))
        return
    total_used = sum((amount or ZERO for amount in used.values()), ZERO) or Decimal(1)
    total_share = sum((share or ZERO for share in shares.values()), ZERO)

    def behind(award: Award) -> Decimal:
        return (shares[award.id] or ZERO) / total_share - (used[award.id] or ZERO) / total_used

    furthest = max(case.rivals, key=behind)
    if behind(case.award) < behind(furthest):
        yield Finding(
            "share-elsewhere",
            Level.STOP,
            _l("%(supplier)s ligger längst efter sin andel och står på tur.", supplier=furthest.supplier.name),
            case.lot.clause,
            _l("Beställ motsvarande vara av %(supplier)s.", supplier=furthest.supplier.name),
        )


def _used_under(award: Award, case: Case) -> Decimal | None:
    """What has been called off under an award apart from this very basket; none where nobody counts it."""
    for ceiling in case.facts.ceilings.get(award.id, ()):
        if ceiling.award_id == award.id and ceiling.is_amount:
            return ceiling.used - (case.amounts.get(award.id, ZERO) if case.reserved else ZERO)
    return None


def lowest_total_is_sought(case: Case) -> Iterator[Finding]:
    """Dynamic ranking: the lowest total for this very basket wins."""
    if case.lot.method is CallOffMethod.DYNAMIC_RANKING and case.is_first_of_award and len(case.rivals) > 1:
        text = _l("Den leverantör som har lägst totalpris för just din beställning ska få den. Jämför priserna.")
        yield Finding("dynamic-ranking", Level.INFORM, text, case.lot.clause)


def choice_has_ground(case: Case) -> Iterator[Finding]:
    """The orderer may choose, on the objective grounds that the procurement documents state (LOU 7:6)."""
    if case.lot.method is not CallOffMethod.CHOICE or len(case.rivals) < 2:
        return
    if case.ask.choice_ground not in case.lot.grounds:
        yield Finding(
            "ground-missing",
            Level.JUSTIFY,
            _l(
                "Flera leverantörer kan leverera. Ange varför du väljer %(supplier)s.",
                supplier=case.award.supplier.name,
            ),
            case.lot.clause,
            _l("Välj en av de grunder som avtalet anger."),
        )
