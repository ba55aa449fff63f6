"""The documentation of a direct procurement as a report, with every correction of it (LOU 19 a kap. 11 §).

In Swedish, whatever the language of the page: it is filed with the case.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.clock import now
from exchange import swedish
from exchange.report import Report, Section, Table
from exchange.reportpdf import render_report
from orders.direct_procurement import AskedAnswer, AskedSupplier, Correction, DirectProcurement, ProcurementLaw

ANSWERS = {
    AskedAnswer.OFFER: "lämnade pris",
    AskedAnswer.DECLINED: "tackade nej",
    AskedAnswer.SILENT: "svarade inte",
}
LAWS = {ProcurementLaw.LOU: "LOU 19 a kap.", ProcurementLaw.LUF: "LUF 19 a kap."}


def documentation_pdf(procurement: DirectProcurement) -> bytes:
    """The report as a PDF."""
    report, organisation = procurement.report, procurement.organisation
    return render_report(
        Report(
            kind="Dokumentation av direktupphandling",
            title=report.title,
            lead=f"{organisation.name}, behov nr {report.id}, {LAWS[procurement.law]}",
            foot=f"{organisation.name}, direktupphandling {report.id}",
            issued_at=now(),
            sections=tuple(_sections(procurement)),
        )
    )


def _sections(procurement: DirectProcurement) -> Iterator[Section]:
    report, organisation, chosen = procurement.report, procurement.organisation, procurement.chosen
    facts = (
        (
            "Upphandlande myndighet",
            f"{organisation.name}, {swedish.organisation_number(organisation.organisation_number)}",
        ),
        ("Föremål", report.title),
        ("Kategori", procurement.category.name),
        ("Värde utan moms", f"{swedish.kr(procurement.value)} kr"),
        ("Vald leverantör", _supplier(chosen.name, chosen.organisation_number)),
        ("Beslutad", f"{swedish.day(procurement.decided_on)} av {procurement.decided_by.name}"),
        ("Behövs", swedish.day(report.needed_on)),
        ("Anmält av", report.reporter.name),
    )
    yield Section("Köpet", facts=tuple(pair for pair in facts if pair[1]))
    yield Section("Behovet", paragraphs=(report.reason,))
    if procurement.reasons:
        yield Section("Skäl", paragraphs=(procurement.reasons,))
    yield _asked(procurement.asked)
    if procurement.corrections:
        told = "Uppgifterna ovan är rättade. Här står vad som stod förut."
        yield Section("Rättelser", paragraphs=(told, *map(_corrected, procurement.corrections)))


def _asked(asked: list[AskedSupplier]) -> Section:
    rows = tuple(
        (
            f"{one.name} (vald)" if one.is_chosen else one.name,
            swedish.organisation_number(one.organisation_number or ""),
            ANSWERS[one.answer],
            f"{swedish.kr(one.price)} kr" if one.price is not None else "–",
        )
        for one in asked
    )
    headings = ("Leverantör", "Organisationsnummer", "Svar", "Pris utan moms")
    return Section("Tillfrågade leverantörer", table=Table(headings, rows, (36, 22, 20, 22), frozenset({3})))


def _corrected(correction: Correction) -> str:
    former = (
        f"värdet {swedish.kr(correction.former_value)} kr, "
        f"leverantören {_supplier(correction.former_supplier, correction.former_number)}"
    )
    said = f"{swedish.instant(correction.made_at)} av {correction.made_by.name}: {correction.why} Förut {former}."
    return f"{said} Skälen var: {correction.former_reasons}" if correction.former_reasons else said


def _supplier(name: str, number: str | None) -> str:
    return f"{name}, {swedish.organisation_number(number)}" if number else name
