"""Need reports as CSV for a spreadsheet: UTF-8 with BOM, semicolons, and no cell that it takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from flask_babel import gettext as _

from core.clock import local
from core.state import state_name
from core.web import number
from exchange.plaintext import calm, clean
from orders.need import ANSWER_NAMES, REFUSAL_NAMES, NeedReport


def write_needs(reports: Iterable[NeedReport]) -> bytes:
    """One row for each report, headings first, in the reader's language."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            *(_("Nummer"), _("Anmäld"), _("Organisation"), _("Enhet"), _("Anmäld av"), _("Kategori"), _("Vad")),
            *(_("Hur mycket"), _("Värde utan moms"), _("Behövs"), _("Varför"), _("Sökord"), _("Hinder"), _("Läge")),
            *(_("Svaras av"), _("Svar senast"), _("Besvarad"), _("Svar"), _("Avtal")),
        ]
    )
    for report in reports:
        writer.writerow(_cell(value) for value in _values(report))
    return out.getvalue().encode("utf-8-sig")


def _values(report: NeedReport) -> list[object]:
    value = report.estimated_value
    return [
        *(report.id, report.reported_on, report.organisation.name, report.unit.name if report.unit else None),
        *(report.reporter.name, report.category.name if report.category else None, report.title, report.how_much),
        None if value is None else number(value, 2),
        *(report.needed_on, report.reason, report.search_text, REFUSAL_NAMES.get(report.refusal_code or "")),
        *(state_name(report.state), report.receiver.name if report.receiver else None, report.due_on),
        local(report.answered_at).date() if report.answered_at else None,
        ANSWER_NAMES[report.answer] if report.answer else None,
        report.answer_agreement.number if report.answer_agreement else None,
    ]


def _cell(value: object) -> str:
    text = clean(None if value is None else str(value))
    return calm(text) if text else ""
