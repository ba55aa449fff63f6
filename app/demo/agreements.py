"""Makes the agreements of the portfolio, each on the day it was signed, and lets them live: paused, ended, renewed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from io import BytesIO
from textwrap import wrap

from reportlab.pdfgen.canvas import Canvas

from app.demo.articles import Assortments
from app.demo.chronicle import Chronicle
from app.demo.organisations import Places
from app.demo.people import People
from app.demo.portfolio import PORTFOLIO, A, L, W
from auth.user import User
from catalog.actions.agreement import end, pause, publish, tell
from catalog.actions.external import ExternalFacts, enter
from catalog.agreement import (
    Agreement,
    AgreementDocument,
    Award,
    Entitlement,
    ExtensionOption,
    Lot,
)
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import db
from core.types import sort_key

SIGNED_BEFORE = 14  # days from publication to the first day
BALANCE = "Enligt ekonomisystemet när avtalet lades upp."
LEAD = 12  # days ago that an agreement which has not begun was published


@dataclass
class Office:
    """What the office works with."""

    places: Places
    people: People
    categories: dict[str, Category]
    suppliers: dict[str, Supplier]
    assortments: Assortments = field(default_factory=Assortments)
    agreements: dict[str, Agreement] = field(default_factory=dict)


def plan_agreements(office: Office, chronicle: Chronicle, earliest: int) -> None:
    """Put every agreement of the portfolio into the chronicle, none earlier than `earliest` days ago."""
    for position, spec in enumerate(PORTFOLIO):
        signed = min(earliest, max(LEAD, SIGNED_BEFORE - spec.starts))
        minute = position % 60
        if spec.fate == "draft":
            signed = 5
        chronicle.at(chronicle.instant(signed, 9, minute), partial(_sign, office, chronicle, spec))
        if spec.fate == "paused":
            chronicle.at(chronicle.instant(spec.fated, 14, minute), partial(_pause, office, spec))
        if spec.fate == "ended":
            chronicle.at(chronicle.instant(spec.fated, 14, minute), partial(_end, office, spec))


def _sign(office: Office, chronicle: Chronicle, spec: A) -> None:
    """Write the agreement down and, unless it is still a draft, publish it with its price lists."""
    actor = office.people[f"{spec.owner}@upphandling"]
    agreement = _write(office, chronicle.today, spec, actor)
    office.agreements[spec.number] = agreement
    tell(actor, "create", agreement, title=agreement.title)
    _enter_balances(spec, agreement, actor)
    for lot, lot_spec in zip(agreement.lots, spec.lots, strict=True):
        for award, award_spec in zip(lot.awards, lot_spec.awards, strict=True):
            if award_spec.assortment:
                office.assortments.plan(actor, award, award_spec, chronicle, draft=spec.fate == "draft")
    if spec.fate != "draft":
        publish(actor, agreement)


def _pause(office: Office, spec: A) -> None:
    reason = "Leverantören har aviserat en prishöjning som kontoret granskar."
    pause(office.people[f"{spec.owner}@upphandling"], office.agreements[spec.number], reason)


def _end(office: Office, spec: A) -> None:
    end(office.people[f"{spec.owner}@upphandling"], office.agreements[spec.number], "Avtalstiden har gått ut.")


def _write(office: Office, present: date, spec: A, actor: User) -> Agreement:
    starts_on, ends_on = present + timedelta(days=spec.starts), present + timedelta(days=spec.ends)
    agreement = Agreement(
        number=spec.number,
        registry_number=f"UPK {starts_on.year}/{1000 + 37 * PORTFOLIO.index(spec)}",
        title=spec.title,
        sort_title=sort_key(spec.title),
        summary=spec.summary,
        how_to_order=spec.how,
        legal_regime=spec.regime,
        owner=office.places.organisations["UPK"],
        responsible=actor,
        category=office.categories[spec.category],
        starts_on=starts_on,
        ends_on=ends_on,
        delivers_after_end=spec.delivers_after,
        notice_on=ends_on - timedelta(days=180),
        price_terms="Fasta priser första året, därefter justering en gång om året efter index.",
        follow_up_class=spec.follow_up,
        created_at=now(),
    )
    agreement.lots = [_lot(office, number, lot) for number, lot in enumerate(spec.lots, start=1)]
    agreement.entitlements = list(_entitlements(office, spec, agreement))
    if spec.extension:
        new_end = ends_on + timedelta(days=spec.extension)
        agreement.extensions = [ExtensionOption(ends_on=new_end, decide_by=ends_on - timedelta(days=120))]
    if spec.fate != "draft":
        agreement.documents = [_guide(agreement)]
    db.session.add(agreement)
    db.session.flush()
    db.session.add_all(_ceilings(spec, agreement))
    db.session.flush()
    return agreement


def _lot(office: Office, number: int, spec: L) -> Lot:
    lot = Lot(
        number=str(number),
        title=spec.title,
        category=office.categories[spec.category],
        method=spec.method,
        clause=spec.clause,
        competition_above=_amount(spec.above),
        choice_grounds=spec.grounds,
    )
    lot.awards = [_award(office, rank, award) for rank, award in enumerate(spec.awards, start=1)]
    return lot


def _award(office: Office, rank: int, spec: W) -> Award:
    return Award(
        supplier=office.suppliers[spec.supplier],
        rank=rank,
        share=_amount(spec.share),
        minimum_order=_amount(spec.minimum),
        small_order_fee=_amount(spec.fee),
        freight=_amount(spec.freight),
        freight_free_from=_amount(spec.free_from),
        delivery_days=spec.days,
    )


def _amount(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _entitlements(office: Office, spec: A, agreement: Agreement) -> list[Entitlement]:
    """Who may call off: the whole agreement, or lot by lot where a lot says so itself."""
    starts_on = agreement.starts_on
    if not any(lot.entitled for lot in spec.lots):
        organisations = [office.places.organisations[prefix] for prefix in spec.entitled.split()]
        return [Entitlement(organisation=o, starts_on=starts_on) for o in organisations]
    return [
        Entitlement(organisation=office.places.organisations[prefix], lot=lot, starts_on=starts_on)
        for lot, lot_spec in zip(agreement.lots, spec.lots, strict=True)
        for prefix in (lot_spec.entitled or spec.entitled).split()
    ]


def _ceilings(spec: A, agreement: Agreement) -> list[Ceiling]:
    """One of the agreement always, unknown where no limit is told; of lots and awards where they have their own.

    An allocation key is followed on the awards' own counters, so these have one even without a limit.
    """
    made = [Ceiling(agreement=agreement, limit=_amount(spec.limit))]
    for lot, lot_spec in zip(agreement.lots, spec.lots, strict=True):
        if lot_spec.limit:
            made.append(Ceiling(agreement=agreement, lot=lot, limit=_amount(lot_spec.limit)))
        for award, award_spec in zip(lot.awards, lot_spec.awards, strict=True):
            if award_spec.limit or award_spec.share:
                made.append(Ceiling(agreement=agreement, lot=lot, award=award, limit=_amount(award_spec.limit)))
    return made


def _enter_balances(spec: A, agreement: Agreement, actor: User) -> None:
    """What was bought before Avrop: of the lots that tell it, and the rest of the agreement."""
    day = min(agreement.starts_on, today())
    for lot, lot_spec in zip(agreement.lots, spec.lots, strict=True):
        if lot_spec.external:
            _enter(actor, agreement, lot_spec.external, day, lot)
    if rest := spec.external - sum(lot.external for lot in spec.lots):
        _enter(actor, agreement, rest, day)


def _enter(actor: User, agreement: Agreement, amount: int, day: date, lot: Lot | None = None) -> None:
    facts = ExternalFacts(called_off_on=day, amount=Decimal(amount), lot=lot, is_opening=True, note=BALANCE)
    enter(actor, agreement, facts)


def _guide(agreement: Agreement) -> AgreementDocument:
    """A one-page call-off guide as PDF."""
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.setTitle(f"Avropsguide {agreement.number}")
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 770, f"Avropsguide {agreement.number}")
    canvas.setFont("Helvetica", 11)
    paragraphs = [agreement.title, agreement.summary or "", agreement.how_to_order or ""]
    lots = [f"Delområde {lot.number} {lot.title}: {lot.clause}" for lot in agreement.lots]
    height = 740
    for paragraph in [*paragraphs, *lots, "Demodata: avtalet och leverantörerna är påhittade."]:
        for line in [*wrap(paragraph, 88), ""]:
            canvas.drawString(60, height, line)
            height -= 16
    canvas.save()
    content = buffer.getvalue()
    return AgreementDocument(
        name=f"Avropsguide {agreement.number}.pdf",
        media_type="application/pdf",
        sha256=sha256(content).hexdigest(),
        size=len(content),
        content=content,
        added_at=now(),
    )
