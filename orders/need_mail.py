"""Mail about need reports: the reporter's receipt and answer, and what comes to whoever is to answer."""

from __future__ import annotations

from flask_babel import gettext as _

from auth.queries import office_buyers
from auth.user import User
from core.language import speaking
from core.web import external_url
from exchange.letter import promise
from orders.need import ANSWER_NAMES, NeedReport
from orders.policy import answers_needs_of

MOST_TOLD = 20  # agreement owners, where a report has come to nobody in particular


def about(report: NeedReport) -> str:
    """The name under which the outbox knows a report's messages."""
    return f"need:{report.id}"


def tell_reported(report: NeedReport) -> None:
    """Her receipt, and the notice to whoever is to answer."""
    _send(report, "received", report.reporter)
    tell_receiver(report)


def tell_receiver(report: NeedReport) -> None:
    """Tell whoever is to answer."""
    for person in _receivers(report):
        _send(report, "asked", person, reply_to=report.reporter)


def tell_answered(report: NeedReport) -> None:
    _send(report, "answered", report.reporter, reply_to=report.answered_by)


def tell_withdrawn(report: NeedReport) -> None:
    for person in _receivers(report):
        _send(report, "withdrawn", person, reply_to=report.reporter)


def tell_late(report: NeedReport) -> None:
    for person in _receivers(report):
        _send(report, "late", person, reply_to=report.reporter)


def _receivers(report: NeedReport) -> list[User]:
    """The receiver; all of the office's agreement owners where there is none, or where she answers no more."""
    if report.receiver is not None and answers_needs_of(report.receiver, report.organisation_id):
        return [report.receiver]
    return [buyer for buyer in office_buyers() if buyer.id != report.reporter_id][:MOST_TOLD]


def _send(report: NeedReport, event: str, person: User, *, reply_to: User | None = None) -> None:
    with speaking(person.language):
        # by number: whoever looks after the mail reads subjects, and must not read what people need
        subject = {
            "received": _("Vi har tagit emot din anmälan, nr %(number)s", number=report.id),
            "asked": _(
                "Att svara på: nr %(number)s från %(organisation)s",
                number=report.id,
                organisation=report.organisation.name,
            ),
            "late": _("Försenat svar: nr %(number)s", number=report.id),
            "answered": _("Svar på din anmälan, nr %(number)s", number=report.id),
            "withdrawn": _("Återtagen anmälan, nr %(number)s", number=report.id),
        }[event]
        promise(
            "need",
            key=f"need:{report.id}:{event}:{report.version}:{person.id}",
            recipient=person.email,
            subject=subject,
            about=about(report),
            reply_to=reply_to.email if reply_to else None,
            report=report,
            event=event,
            answer_name=ANSWER_NAMES[report.answer] if report.answer else None,
            link=external_url("needs.show", report_id=report.id),
        )
