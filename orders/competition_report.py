"""The report of a whole competition: what was asked of whom, how it was opened, weighed and decided (LOU 12 kap. 14 §).

In Swedish, whatever the language of the page: it is filed with the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog.agreement import METHOD_NAMES
from core.clock import now
from core.language import speaking
from exchange import swedish
from exchange.report import Report, Section, Table
from exchange.reportpdf import render_report
from exchange.units import unit_name
from orders.bid import CompetitionDecision
from orders.competition import Competition, Invitation, InvitationOutcome
from orders.evaluation import Ranked

OUTCOMES = {
    InvitationOutcome.BID: "lämnade anbud",
    InvitationOutcome.DECLINED: "avstod",
    InvitationOutcome.SILENT: "svarade inte",
    InvitationOutcome.UNREADABLE: "svaret gick inte att läsa",
}


def report_pdf(competition: Competition, ranked: Sequence[Ranked], decision: CompetitionDecision | None) -> bytes:
    """The report as a PDF. For a competition that is opened."""
    with speaking("sv"):
        report = Report(
            kind="Förnyad konkurrensutsättning",
            title=competition.title,
            lead=f"Förfrågan {competition.number} från {competition.organisation.name}.",
            foot=f"{competition.organisation.name}, {competition.number}",
            issued_at=now(),
            sections=tuple(_sections(competition, ranked, decision)),
        )
    return render_report(report)


def _sections(
    competition: Competition, ranked: Sequence[Ranked], decision: CompetitionDecision | None
) -> Iterator[Section]:
    yield _request(competition)
    yield _lines(competition)
    yield _criteria(competition)
    yield _asked(competition)
    yield _opening(competition, ranked)
    for each in sorted(ranked, key=lambda one: one.bid.invitation.position):
        yield _bid(each)
    if ranked:
        yield _outcome(competition, ranked)
    if decision is not None:
        yield _decision(decision)
    if competition.abandon_reason is not None and competition.abandoned_at and competition.abandoned_by:
        told = f"{swedish.instant(competition.abandoned_at)} av {competition.abandoned_by.name}."
        yield Section("Avbruten", paragraphs=(told, competition.abandon_reason))


def _request(competition: Competition) -> Section:
    agreement, lot = competition.agreement, competition.lot
    facts = (
        ("Ramavtal", f"{agreement.number} {agreement.title}"),
        ("Diarienummer", agreement.registry_number or ""),
        ("Delområde", f"{lot.number} {lot.title}"),
        ("Avropsordning", f"{METHOD_NAMES[lot.method]}, {lot.clause}"),
        ("Enhet", competition.unit.name),
        ("Begärd av", competition.requester.name),
        ("Skickad", swedish.instant(competition.announced_at)),
        ("Sista dag att svara", f"{swedish.day(competition.last_day)} kl. 23.59"),
        ("Anbuden gäller minst till", swedish.day(competition.valid_until)),
        ("Önskad leverans", swedish.day(competition.wanted_on)),
        (
            "Uppskattat värde",
            f"{swedish.kr(competition.estimated_value)} kr utan moms" if competition.estimated_value else "",
        ),
        ("Bifogat", f"{competition.file_name}, SHA-256 {competition.file_sha256}" if competition.file_name else ""),
    )
    said = tuple(pair for pair in facts if pair[1])
    return Section("Förfrågan", facts=said, paragraphs=(competition.specification,))


def _lines(competition: Competition) -> Section:
    rows = tuple(
        (str(line.position), line.name, swedish.quantity(line.quantity), unit_name(line.unit_code))
        for line in competition.lines
    )
    return Section("Rader", table=Table(("Rad", "Vad", "Antal", "Enhet"), rows, (6, 60, 14, 20), frozenset({2})))


def _criteria(competition: Competition) -> Section:
    if not competition.criteria:
        return Section("Kriterier", paragraphs=("Lägst totalpris vinner.",))
    rows = tuple((c.name, swedish.quantity(c.weight), c.description or "") for c in competition.criteria)
    told = (
        "Lägst totalpris får hela vikten för priset, andra vikten × lägst pris ÷ eget pris. Betyg 0 till 10 ger sin "
        "andel av kriteriets vikt."
    )
    table = Table(("Kriterium", "Vikt", "Vad ger poäng"), rows, (25, 10, 65), frozenset({1}))
    return Section("Kriterier", paragraphs=(told,), table=table)


def _asked(competition: Competition) -> Section:
    rows = tuple(
        (
            invitation.supplier.name,
            swedish.organisation_number(invitation.supplier.organisation_number),
            invitation.email or "",
            _answer(invitation),
        )
        for invitation in competition.invitations
    )
    return Section("Leverantörer", table=Table(("Namn", "Org.nr", "Frågan gick till", "Svar"), rows, (28, 16, 28, 28)))


def _answer(invitation: Invitation) -> str:
    if invitation.excluded_reason is not None:
        return f"frågades inte: {invitation.excluded_reason}"
    return OUTCOMES[invitation.outcome] if invitation.outcome else ""


def _opening(competition: Competition, ranked: Sequence[Ranked]) -> Section:
    if competition.opened_at is None or competition.opener is None or competition.witness is None:
        return Section("Öppning", paragraphs=("Anbuden öppnades aldrig.",))
    rows = tuple(
        (
            each.bid.invitation.supplier.name,
            swedish.instant(each.bid.received_at),
            f"{swedish.kr(each.bid.net_amount)} kr",
            each.bid.sha256,
        )
        for each in sorted(ranked, key=lambda one: one.bid.invitation.position)
    )
    who = f"{competition.opener.name} och {competition.witness.name}"
    told = f"Anbuden öppnades {swedish.instant(competition.opened_at)} av {who}, alla på en gång."
    if not rows:
        return Section("Öppning", paragraphs=(told, "Inga anbud hade kommit in."))
    headings = ("Leverantör", "Mottaget", "Totalt utan moms", "Kuvertets SHA-256")
    table = Table(headings, rows, (26, 26, 18, 30), frozenset({2}))
    return Section("Öppning", paragraphs=(told,), table=table)


def _bid(ranked: Ranked) -> Section:
    bid = ranked.bid
    rows = tuple(
        (
            str(line.line.position),
            line.line.name,
            f"{swedish.price(line.unit_price)} kr",
            f"{swedish.kr(line.net_amount)} kr",
        )
        for line in bid.lines
    )
    facts = (
        ("Gäller till och med", swedish.day(bid.valid_until)),
        ("Kontakt", bid.contact or ""),
        ("Bifogat", f"{bid.file_name}, SHA-256 {bid.file_sha256}" if bid.file_name else ""),
        ("Uteslutet", bid.rejected_reason or ""),
    )
    scores = tuple(
        f"{score.criterion.name}: betyg {swedish.quantity(score.grade)}. {score.reason}" for score in bid.scores
    )
    return Section(
        f"Anbud från {bid.invitation.supplier.name}",
        facts=tuple(pair for pair in facts if pair[1]),
        paragraphs=((bid.message,) if bid.message else ()) + scores,
        table=Table(("Rad", "Vad", "Pris per enhet", "Summa"), rows, (6, 54, 20, 20), frozenset({2, 3})),
    )


def _outcome(competition: Competition, ranked: Sequence[Ranked]) -> Section:
    names = tuple(criterion.name for criterion in competition.criteria)
    rows = tuple(
        (
            str(each.place or "–"),
            each.bid.invitation.supplier.name,
            f"{swedish.kr(each.bid.net_amount)} kr",
            *(swedish.quantity(points) if points is not None else "–" for points in each.points),
            *((swedish.quantity(each.total) if each.total is not None else "–",) if names else ()),
        )
        for each in ranked
    )
    headings = ("Plats", "Leverantör", "Totalt utan moms", *names, *(("Poäng",) if names else ()))
    widths = (8, 30, 20, *(14 for _ in names), *((12,) if names else ()))
    return Section("Utfall", table=Table(headings, rows, widths, frozenset(range(2, len(headings)))))


def _decision(decision: CompetitionDecision) -> Section:
    until = decision.standstill_until
    facts = (
        ("Vinnare", decision.bid.invitation.supplier.name),
        ("Totalt utan moms", f"{swedish.kr(decision.bid.net_amount)} kr"),
        ("Beslutat", f"{swedish.instant(decision.decided_at)} av {decision.decided_by.name}"),
        ("Avtalsspärr", f"till och med {swedish.day(until)} (LOU 20 kap. 2 §)" if until else "ingen"),
    )
    return Section("Beslut", facts=facts, paragraphs=(decision.reasons,))
