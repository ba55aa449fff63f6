"""What is done with a competition: ask for bids, abandon, and take what was won to the basket."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import Organisation, Unit
from auth.session import digest
from auth.user import User
from catalog.agreement import Award, CallOffMethod, Lot
from catalog.price_list import VatClass
from core.clock import midnight, now, today
from core.db import db
from core.errors import NotAllowed, RuleBroken
from core.state import advance
from orders import competition_mail as mail
from orders.actions.basket import open_basket, remove
from orders.basket import Basket, BasketLine
from orders.competition import (
    MOST_LINES,
    Competition,
    CompetitionCriterion,
    CompetitionLine,
    CompetitionState,
    Invitation,
)
from orders.competition_policy import may_abandon, may_ask_for_bids, may_take
from orders.competition_queries import (
    bids_of,
    criteria_of,
    is_closed_category,
    least_days,
    load_competition,
    requisition_of,
)
from orders.envelope import close, present_key_print
from orders.requisition import MOST_LINES as MOST_BASKET_LINES
from orders.sent_file import SentFile, file_columns, known_document
from orders.won import winning_lines


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One thing that is asked for."""

    name: str
    quantity: Decimal
    unit_code: str
    vat_class: VatClass = VatClass.STANDARD


@dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """What the suppliers are asked. `last_day` is the last on which they may answer; `key` is drawn with the form."""

    key: str
    unit: Unit
    title: str
    specification: str
    lines: Sequence[AskedLine]
    last_day: date
    valid_until: date
    contact_name: str
    contact_email: str
    wanted_on: date | None = None
    estimated_value: Decimal | None = None  # SEK excl. VAT
    file: SentFile | None = None


def announce(
    actor: User, organisation: Organisation, lot: Lot, facts: RequestFacts, basket: Basket | None = None
) -> Competition:
    """Ask all of the lot's suppliers that can deliver, each by a link of her own (LOU 7:9).

    `basket`: hers, whose lines of this lot are now asked for and leave it. Raises NotAllowed and RuleBroken.
    """
    if not may_ask_for_bids(actor, facts.unit) or facts.unit.organisation_id != organisation.id:
        raise NotAllowed(_l("Du får inte beställa för %(unit)s.", unit=facts.unit.name))
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    hers = (Competition.requester_id == actor.id, Competition.key == facts.key)
    if known := db.session.scalar(select(Competition).where(*hers)):
        return known  # the button was pressed twice
    check_competable(organisation, lot, facts.estimated_value)
    _check_days(lot, facts)
    if not 0 < len(facts.lines) <= MOST_LINES:
        raise RuleBroken(_l("Ange minst en rad och högst %(most)s.", most=MOST_LINES))
    competition = _new(actor, organisation, lot, facts)
    db.session.add(competition)
    db.session.flush()
    links = _invite(competition, lot)
    db.session.flush()
    for line in list(basket.lines) if basket else ():
        if line.article.award.lot_id == lot.id and line.bid_line_id is None:
            remove(actor, line)
    tell(
        actor,
        "announce",
        competition,
        title=competition.title,
        lot=lot.title,
        suppliers=[invitation.supplier.name for invitation in competition.invited],
        excluded={invitation.supplier.name: invitation.excluded_reason for invitation in competition.excluded},
        deadline=competition.deadline_at.isoformat(),
    )
    for invitation, token in links:
        mail.invite(invitation, token)
    return competition


def check_competable(organisation: Organisation, lot: Lot, value: Decimal | None) -> None:
    """Whether bids may be asked for here: the agreement is open to the organisation, and it says competition.

    Where it does so only above an amount, `value` (SEK excl. VAT) must be above it. Raises RuleBroken.
    """
    agreement, on = lot.agreement, today()
    if not agreement.is_active(on):
        raise RuleBroken(_l("Avtalet %(number)s gäller inte i dag.", number=agreement.number))
    ours = [e for e in agreement.entitlements if e.organisation_id == organisation.id and e.lot_id in (None, lot.id)]
    if not any(e.is_current(on) for e in ours):
        names = {"organisation": organisation.name, "number": agreement.number}
        raise RuleBroken(_l("%(organisation)s får inte avropa på avtalet %(number)s.", **names))
    if is_closed_category(lot):
        raise RuleBroken(_l("Kategorin är stängd för beställningar."))
    if lot.is_competed or (lot.method is CallOffMethod.COMBINATION and lot.competition_above is None):
        return
    if lot.competition_above is None:
        raise RuleBroken(_l("Avtalet säger inget om förnyad konkurrensutsättning. Beställ direkt."), way_on=lot.clause)
    if value is None or value <= lot.competition_above:
        raise RuleBroken(
            _l(
                "Under gränsen beställer du direkt enligt avtalet (%(clause)s). Ange ett uppskattat värde "
                "över gränsen.",
                clause=lot.clause,
            )
        )


def _check_days(lot: Lot, facts: RequestFacts) -> None:
    first = today() + timedelta(days=least_days(lot))
    if facts.last_day < first:
        raise RuleBroken(_l("Ge leverantörerna tid: sista dagen får vara tidigast %(day)s.", day=first.isoformat()))
    if facts.valid_until <= facts.last_day:
        raise RuleBroken(_l("Anbuden måste gälla längre än till sista dagen att lämna dem."))
    if facts.wanted_on is not None and facts.wanted_on <= facts.last_day:
        raise RuleBroken(_l("Leveransdagen ligger före sista dagen för anbud."))


def _new(actor: User, organisation: Organisation, lot: Lot, facts: RequestFacts) -> Competition:
    """The request with its lines, and the lot's criteria as they stand today."""
    return Competition(
        key=facts.key,
        organisation=organisation,
        unit=facts.unit,
        requester=actor,
        agreement=lot.agreement,
        lot=lot,
        title=facts.title,
        specification=facts.specification,
        **file_columns(known_document(facts.file) if facts.file else None),
        estimated_value=facts.estimated_value,
        wanted_on=facts.wanted_on,
        valid_until=facts.valid_until,
        contact_name=facts.contact_name,
        contact_email=facts.contact_email,
        announced_at=now(),
        deadline_at=midnight(facts.last_day + timedelta(days=1)),
        sealed_with=present_key_print(),
        lines=[
            CompetitionLine(
                position=position,
                name=line.name,
                quantity=line.quantity,
                unit_code=line.unit_code,
                vat_class=line.vat_class,
            )
            for position, line in enumerate(facts.lines, start=1)
        ],
        criteria=[
            CompetitionCriterion(
                position=criterion.position,
                name=criterion.name,
                description=criterion.description,
                weight=criterion.weight,
                is_price=criterion.is_price,
            )
            for criterion in criteria_of(lot)
        ],
    )


def _invite(competition: Competition, lot: Lot) -> list[tuple[Invitation, str]]:
    """An invitation for every supplier of the lot, or why not; with the secrets of the links. Raises RuleBroken."""
    check_askable(lot)
    links = []
    for position, award in enumerate(lot.awards, start=1):
        supplier, reason = award.supplier, why_not_asked(award)
        invitation = Invitation(
            competition_id=competition.id,
            position=position,
            award=award,
            award_id=award.id,
            supplier=supplier,
            excluded_reason=reason,
        )
        if reason is None:
            supplier.check_reachable()
            token = secrets.token_urlsafe(32)
            invitation.email, invitation.token_hash = supplier.order_email, digest(token)
            invitation.envelope = close(invitation)
            links.append((invitation, token))
        competition.invitations.append(invitation)
    return links


def check_askable(lot: Lot) -> None:
    """Whether there is anybody to ask today. Raises RuleBroken."""
    if all(why_not_asked(award) for award in lot.awards):
        raise RuleBroken(
            _l("Ingen av delområdets leverantörer kan lämna anbud i dag."),
            way_on=_l("Fråga kategoriägaren hur du gör i stället."),
        )


def why_not_asked(award: Award) -> str | None:
    """Why a supplier of the lot cannot be asked today; kept with the request, so in the office's own language."""
    if award.supplier.is_blocked:
        return f"Spärrad: {award.supplier.blocked_reason}"
    if not award.is_active(today()):
        return "Leverantörens plats på avtalet gäller inte i dag."
    return None


def abandon(actor: User, competition: Competition, reason: str) -> None:
    """End it without a winner, with a reason: also when nobody answered. Raises NotAllowed, WrongState, and RuleBroken
    when what was won is on its way to be ordered."""
    competition = load_competition(competition.id)
    if not may_abandon(actor, competition):
        raise NotAllowed(_l("Förfrågan avbryts av den som förvaltar avtalet."))
    if requisition_of(competition) is not None:
        raise RuleBroken(_l("Det vunna anbudet ligger redan i en begäran. Ta tillbaka den först."))
    told = [b.invitation for b in bids_of(competition)] if competition.opened_at else competition.invited
    advance(competition, "abandon")
    competition.abandon_reason, competition.abandoned_at, competition.abandoned_by = reason, now(), actor
    db.session.flush()
    tell(actor, "abandon", competition, reason=reason)
    mail.tell_abandoned(competition, told)


def take_to_basket(actor: User, competition: Competition) -> Basket:
    """Put what was won into her basket, at the won prices: from there it takes the ordinary road.

    Raises NotAllowed, and RuleBroken when it is not decided, or lies or was sent already.
    """
    basket = open_basket(actor, competition.organisation)
    competition = load_competition(competition.id)
    if not may_take(actor, competition):
        raise NotAllowed(_l("Du får inte beställa för %(unit)s.", unit=competition.unit.name))
    if competition.state is not CompetitionState.DECIDED:
        raise RuleBroken(_l("Det finns inget beslut att beställa enligt."))
    if taken := requisition_of(competition):
        raise RuleBroken(_l("Det vunna anbudet ligger redan i begäran %(number)s.", number=taken.number))
    lying = {line.bid_line_id for line in basket.lines}
    won = [line for line in winning_lines(competition) if line.id not in lying]
    if len(basket.lines) + len(won) > MOST_BASKET_LINES:
        raise RuleBroken(_l("En varukorg rymmer %(count)s rader. Skicka den här först.", count=MOST_BASKET_LINES))
    quantities: Mapping[int, Decimal] = {line.id: line.quantity for line in competition.lines}
    for line in won:
        basket.lines.append(
            BasketLine(
                article_id=line.article_id, quantity=quantities[line.line_id], bid_line_id=line.id, added_at=now()
            )
        )
    db.session.flush()
    return basket


def tell(actor: User, act: str, competition: Competition, **detail: Any) -> None:
    """Write an act into the journal, under the request's number."""
    record(
        actor,
        act,
        "competition",
        competition.id,
        organisation_id=competition.organisation_id,
        number=competition.number,
        **detail,
    )
