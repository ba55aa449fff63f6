"""Story: what happened to a requisition and its orders, told from the journal in plain sentences.

One function for each act; it gets the entry's own details, so the story is what was written when it happened. An act
that nobody has given words is told by its name, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from auth.journal import JournalEntry
from core.web import kr, number
from orders.need import ANSWER_NAMES, NeedAnswer
from orders.receipt import DEVIATION_NAMES, Deviation


@dataclass(frozen=True, slots=True)
class Event:
    """One act: when, what in a sentence, and what was said about it."""

    at: datetime
    text: str
    said: str | None = None


Sentence = Any  # what gettext gives
Telling = Callable[[str, dict[str, Any]], Sentence]


def tell(entries: Iterable[JournalEntry]) -> list[Event]:
    """The story, in the order of the entries."""
    return [_event(entry) for entry in entries]


def _event(entry: JournalEntry) -> Event:
    told, detail = SENTENCES.get((entry.thing, entry.act)), entry.details
    said = detail.get("comment") or detail.get("reason") or detail.get("note")
    if told is None:
        text = _("%(who)s: %(act)s.", who=_who(entry), act=entry.act.replace("-", " "))
    else:
        text = told(_who(entry), detail)
    return Event(at=entry.at, text=str(text), said=str(said) if said else None)


def _who(entry: JournalEntry) -> Sentence:
    """Both names where a substitute acted."""
    if entry.for_name is None:
        return entry.actor_name
    return _("%(substitute)s (för %(name)s)", substitute=entry.actor_name, name=entry.for_name)


def _submit(who: str, detail: dict[str, Any]) -> Sentence:
    asked = [", ".join(people) for _label, people in detail.get("route", [])]
    if detail.get("emergency"):
        return _(
            "%(who)s nödbeställde för %(amount)s utan moms: ”%(reason)s” Frågan om godkännande går till %(asked)s.",
            who=who,
            amount=_amount(detail, "net_amount"),
            reason=detail["emergency"],
            asked=_(" och sedan ").join(asked),
        )
    return _(
        "%(who)s skickade begäran för godkännande, %(amount)s utan moms. Frågan går till %(asked)s.",
        who=who,
        amount=_amount(detail, "net_amount"),
        asked=_(" och sedan ").join(asked),
    )


def _approve(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s godkände som %(step)s.", who=who, step=detail.get("step", "–"))


def _reject(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s avslog som %(step)s.", who=who, step=detail.get("step", "–"))


def _send_back(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s skickade tillbaka begäran som %(step)s.", who=who, step=detail.get("step", "–"))


def _refuse_lines(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(who)s avslog %(lines)s. Resten, %(amount)s utan moms, går vidare.",
        who=who,
        lines=", ".join(detail.get("lines", [])),
        amount=_amount(detail, "net_amount"),
    )


def _reassign(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(who)s lät %(to)s besluta i stället för %(name)s.",
        who=who,
        to=detail.get("to", "–"),
        name=detail.get("name", "–"),
    )


def _remind(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(names)s påmindes.", names=", ".join(detail.get("names", [])))


def _escalate(who: str, detail: dict[str, Any]) -> Sentence:
    return _("Ingen svarade i tid. Frågan gick vidare till %(names)s.", names=", ".join(detail.get("names", [])))


def _withdraw(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s tog tillbaka begäran.", who=who)


def _mend(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s lade raderna i varukorgen igen, för att ändra dem.", who=who)


def _pass_over(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(names)s väntas inte in som %(step)s: rätten att besluta har upphört.",
        names=", ".join(detail.get("names", [])),
        step=detail.get("step", "–"),
    )


def _place(who: str, detail: dict[str, Any]) -> Sentence:
    if detail.get("is_emergency"):
        return _(
            "Beställningen lades direkt hos %(supplier)s på avtal %(agreement)s: %(amount)s med moms. Ingen hade "
            "godkänt den än.",
            supplier=detail.get("supplier", "–"),
            agreement=detail.get("agreement", "–"),
            amount=_amount(detail, "gross_amount"),
        )
    return _(
        "Beställningen lades hos %(supplier)s på avtal %(agreement)s: %(amount)s med moms. Beslutet togs av %(who)s.",
        who=who,
        supplier=detail.get("supplier", "–"),
        agreement=detail.get("agreement", "–"),
        amount=_amount(detail, "gross_amount"),
    )


def _confirm(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(supplier)s bekräftade beställningen.", supplier=detail.get("supplier", who))


def _decline(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(supplier)s tackade nej till beställningen.", supplier=detail.get("supplier", who))


def _receive(who: str, detail: dict[str, Any]) -> Sentence:
    rows = [_received(*row) for row in detail.get("lines", [])]
    if all(Decimal(quantity) < 0 for _position, quantity, _deviation in detail.get("lines", [])):
        return _("%(who)s rättade det mottagna: %(rows)s.", who=who, rows=", ".join(rows))
    return _("%(who)s tog emot varor: %(rows)s.", who=who, rows=", ".join(rows))


def _received(position: int, quantity: str, deviation: str) -> Sentence:
    if deviation == Deviation.NONE.value:
        return _("rad %(row)s: %(quantity)s", row=position, quantity=number(Decimal(quantity)))
    return _(
        "rad %(row)s: %(quantity)s (%(deviation)s)",
        row=position,
        quantity=number(Decimal(quantity)),
        deviation=DEVIATION_NAMES[Deviation(deviation)],
    )


def _cancel(who: str, detail: dict[str, Any]) -> Sentence:
    if detail.get("supplier_told", True):
        return _("%(who)s annullerade beställningen. Leverantören får besked.", who=who)
    return _("%(who)s annullerade beställningen innan den hade skickats.", who=who)


def _close(who: str, detail: dict[str, Any]) -> Sentence:
    if Decimal(detail.get("released", "0")):
        amount = _amount(detail, "released")
        return _("%(who)s avslutade beställningen. %(amount)s av takvolymen frigjordes.", who=who, amount=amount)
    return _("%(who)s avslutade beställningen.", who=who)


def _reopen(who: str, detail: dict[str, Any]) -> Sentence:
    return _("Beställningen öppnades igen: allt har inte kommit.")


def _resend(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s skickade om till %(recipient)s.", who=who, recipient=detail.get("recipient", "–"))


def _report_need(who: str, detail: dict[str, Any]) -> Sentence:
    if detail.get("receiver"):
        return _("%(who)s skickade anmälan. Den gick till %(receiver)s.", who=who, receiver=detail["receiver"])
    return _("%(who)s skickade anmälan. Den gick till upphandlingskontoret.", who=who)


def _take_need(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s tog hand om anmälan.", who=who)


def _pass_on_need(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(who)s flyttade anmälan till kategorin %(category)s. Nu svarar %(receiver)s.",
        who=who,
        category=detail.get("category", "–"),
        receiver=detail.get("receiver") or _("upphandlingskontoret"),
    )


def _answer_need(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s svarade: %(answer)s.", who=who, answer=ANSWER_NAMES[NeedAnswer(detail["answer"])])


def _correct_need(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(who)s rättade direktupphandlingen till %(value)s hos %(supplier)s. "
        "Förut stod %(former_value)s hos %(former)s.",
        who=who,
        value=_amount(detail, "value"),
        supplier=detail.get("supplier", "–"),
        former_value=_amount(detail, "former_value"),
        former=detail.get("former_supplier", "–"),
    )


def _withdraw_need(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s tog tillbaka anmälan.", who=who)


def _announce(who: str, detail: dict[str, Any]) -> Sentence:
    asked = ", ".join(detail.get("suppliers", []))
    return _("%(who)s begärde anbud av %(suppliers)s.", who=who, suppliers=asked)


def _name_witness(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s bad %(witness)s att öppna anbuden tillsammans.", who=who, witness=detail.get("witness", "–"))


def _open_bids(who: str, detail: dict[str, Any]) -> Sentence:
    names = {"who": who, "opener": detail.get("opener", "–")}
    count = sum(bid.get("outcome") == "bid" for bid in detail.get("bids", []))
    return _("%(opener)s och %(who)s öppnade kuverten. Anbud: %(count)s.", count=count, **names)


def _weigh(who: str, detail: dict[str, Any]) -> Sentence:
    supplier = detail.get("supplier", "–")
    if detail.get("rejected"):
        return _("%(who)s uteslöt anbudet från %(supplier)s.", who=who, supplier=supplier)
    return _("%(who)s bedömde anbudet från %(supplier)s.", who=who, supplier=supplier)


def _decide(who: str, detail: dict[str, Any]) -> Sentence:
    winner, amount = detail.get("winner", "–"), _amount(detail, "net_amount")
    return _("%(who)s beslutade att %(winner)s vinner, %(amount)s utan moms.", who=who, winner=winner, amount=amount)


def _abandon(who: str, detail: dict[str, Any]) -> Sentence:
    return _("%(who)s avbröt förfrågan.", who=who)


def _amount(detail: dict[str, Any], name: str) -> str:
    return kr(Decimal(detail[name])) if name in detail else "–"


def _overdue(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "Godkännandet av nödbeställningen kom inte i tid. %(names)s fick veta det.", names=", ".join(detail["names"])
    )


def _draw(who: str, detail: dict[str, Any]) -> Sentence:
    return _(
        "%(who)s antecknade en leverans på %(amount)s utan moms. Kvar av ramordern: %(left)s.",
        who=who,
        amount=_amount(detail, "amount"),
        left=_amount(detail, "left"),
    )


def _end_blanket(who: str, detail: dict[str, Any]) -> Sentence:
    return _("Ramorderns tid är slut. %(amount)s frigjordes.", amount=_amount(detail, "released"))


SENTENCES: dict[tuple[str, str], Telling] = {
    ("requisition", "submit"): _submit,
    ("requisition", "approve"): _approve,
    ("requisition", "reject"): _reject,
    ("requisition", "send-back"): _send_back,
    ("requisition", "refuse-lines"): _refuse_lines,
    ("requisition", "reassign"): _reassign,
    ("requisition", "remind"): _remind,
    ("requisition", "escalate"): _escalate,
    ("requisition", "withdraw"): _withdraw,
    ("requisition", "mend"): _mend,
    ("requisition", "pass-over"): _pass_over,
    ("order", "place"): _place,
    ("order", "confirm"): _confirm,
    ("order", "decline"): _decline,
    ("order", "receive"): _receive,
    ("order", "cancel"): _cancel,
    ("order", "close"): _close,
    ("requisition", "overdue"): _overdue,
    ("order", "draw"): _draw,
    ("order", "end-blanket"): _end_blanket,
    ("order", "reopen"): _reopen,
    ("order", "resend"): _resend,
    ("competition", "announce"): _announce,
    ("competition", "name-witness"): _name_witness,
    ("competition", "open"): _open_bids,
    ("competition", "weigh"): _weigh,
    ("competition", "decide"): _decide,
    ("competition", "abandon"): _abandon,
    ("need-report", "report"): _report_need,
    ("need-report", "take"): _take_need,
    ("need-report", "pass-on"): _pass_on_need,
    ("need-report", "answer"): _answer_need,
    ("need-report", "correct"): _correct_need,
    ("need-report", "withdraw"): _withdraw_need,
}
