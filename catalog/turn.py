"""Turn: whose turn it is under a lot's call-off method (LOU 7:4–8), as pure rules for `catalog.rules`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from catalog import words
from catalog.agreement import Award, CallOffMethod
from catalog.allocation import Share, standing
from catalog.case import Case
from catalog.ceiling import ZERO
from catalog.finding import Finding, Level
from catalog.lowest_total import Offer, compare


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


def passed_over(case: Case) -> list[tuple[Award, str]]:
    """The awards that stand before the case's own in the ranking, each with why it does not get the order: `refused`,
    `blocked`, `not-in-force` or `full`; `next` where nothing stands in its way."""
    return [(a, _why_passed(a, case)) for a in case.facts.rivals[case.lot.id] if a.rank < case.award.rank]


def _why_passed(award: Award, case: Case) -> str:
    if award.supplier.is_blocked:
        return "blocked"
    if not award.is_active(case.facts.on):
        return "not-in-force"
    if award.id in case.ask.refused:
        return "refused"
    return "full" if case.is_full(award) else "next"


def share_is_followed(case: Case) -> Iterator[Finding]:
    """Allocation key: the supplier furthest behind its share is next, this order counted (LOU 7:6).

    Asked until it is submitted: the standing of that moment, which holds its room, decides (`docs/decisions`, 0019).
    """
    if case.lot.method is not CallOffMethod.ALLOCATION or case.reserved or len(case.rivals) < 2:
        return
    shares = shares_of(case)
    if shares is None:
        text = _l("Avtalet fördelar köpen mellan leverantörerna. Läs i avtalet vem som står på tur.")
        yield Finding("share-elsewhere", Level.INFORM, text, case.lot.clause, words.ask_buyer(case.agreement))
    elif not any(share.is_next for share in shares if share.award.id == case.award.id):
        first = shares[0].award.supplier.name
        yield Finding(
            "share-elsewhere",
            Level.STOP,
            _l("%(supplier)s ligger längst efter sin andel och står på tur.", supplier=first),
            case.lot.clause,
            _l("Beställ motsvarande vara av %(supplier)s.", supplier=first),
        )


def shares_of(case: Case) -> list[Share] | None:
    """Where the suppliers that could take the order stand; none where a share is not agreed or nobody counts."""
    rivals = case.rivals
    used = {award.id: _used_under(award, case) for award in rivals}
    counted = {award_id: amount for award_id, amount in used.items() if amount is not None}
    if len(counted) < len(rivals) or not all(award.share for award in rivals):
        return None
    return standing(rivals, counted, case.lot_amount)


def _used_under(award: Award, case: Case) -> Decimal | None:
    """What has been called off under an award apart from this very basket; none where nobody counts it."""
    for ceiling in case.facts.ceilings.get(award.id, ()):
        if ceiling.award_id == award.id and ceiling.is_amount:
            return ceiling.used - (case.amounts.get(award.id, ZERO) if case.reserved else ZERO)
    return None


def lowest_total_is_followed(case: Case) -> Iterator[Finding]:
    """Dynamic ranking: of the suppliers that can deliver everything that is asked of the lot, the one with the lowest
    total gets all of it (LOU 7:6). Asked until it is submitted."""
    if case.lot.method is not CallOffMethod.DYNAMIC_RANKING or case.reserved or len(case.rivals) < 2:
        return
    if not case.wanted:
        text = _l("Den leverantör som har lägst totalpris för just din beställning ska få den. Varukorgen räknar.")
        yield Finding("dynamic-ranking", Level.INFORM, text, case.lot.clause)
        return
    complete = [offer for offer in offers_of(case) if offer.is_complete]
    if not complete or any(o.award.id == case.award.id and o.total == complete[0].total for o in complete):
        return
    names = {"supplier": complete[0].award.supplier.name}
    yield Finding(
        "lowest-total-elsewhere",
        Level.STOP,
        _l("%(supplier)s har lägst totalpris: %(total)s.", total=words.kr(complete[0].total), **names),
        case.lot.clause,
        _l("Byt till %(supplier)s.", **names),
    )


def comparison_is_justified(case: Case) -> Iterator[Finding]:
    """Dynamic ranking where the totals cannot be compared in full: she says why it is ordered so, and it is kept.

    Goods without a GTIN cannot be found at the others; or nobody can deliver everything; or somebody who lacks
    something is cheaper in what it has. Said once, at the first line under the award.
    """
    if case.lot.method is not CallOffMethod.DYNAMIC_RANKING or case.reserved or len(case.rivals) < 2:
        return
    if case.ask.choice_ground or not case.is_first_listed or not case.wanted:
        return
    unknown = [article.name for article, _quantity in case.wanted if not article.gtin]
    if unknown:
        text = _l("Det går inte att jämföra priset på %(goods)s: GTIN saknas.", goods=", ".join(unknown))
    elif (cheaper := cheaper_in_part(case, offers_of(case))) is not None:
        text = _l(
            "%(supplier)s saknar %(lacking)s, men är billigare eller ensam om resten: %(total)s.",
            supplier=cheaper.award.supplier.name,
            lacking=cheaper.lacks,
            total=words.kr(cheaper.total),
        )
    else:
        return
    way_on = _l("Skriv hur du har jämfört och varför allt behöver beställas så här, eller dela upp beställningen.")
    yield Finding("comparison-incomplete", Level.JUSTIFY, text, case.lot.clause, way_on)


def cheaper_in_part(case: Case, offers: Sequence[Offer]) -> Offer | None:
    """A supplier that lacks something of the basket, but takes less than the case's own for what it has."""
    for offer in offers:
        if offer.is_complete or not offer.articles or offer.award.id == case.award.id:
            continue
        part = [one for one in case.wanted if one[0] not in offer.lacking]
        [own] = compare(part, [case.award], case.facts.matches)
        if not own.is_complete or offer.lines < own.lines:
            return offer
    return None


def offers_of(case: Case) -> list[Offer]:
    """What the suppliers that could take the order would take for all that is asked of the lot; see `compare`."""
    return compare(case.wanted, case.rivals, case.facts.matches)


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
