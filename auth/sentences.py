"""The journal in plain words: one sentence for each act upon each thing, with what its details say.

The floors above write acts of their own into the journal; their sentences stand here too, because this is text and
no rule. A pair without a sentence is told by the two words that name it.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.journal import JournalEntry
from auth.permission import ROLE_NAMES, Role
from core.web import number

THINGS = {
    "session": _l("inloggning"),
    "user": _l("person"),
    "membership": _l("roll"),
    "substitution": _l("ersättare"),
    "organisation": _l("organisation"),
    "unit": _l("enhet"),
    "address": _l("leveransadress"),
    "approval-rule": _l("attestregel"),
    "coding-code": _l("kod"),
    "coding-dimension": _l("koddel"),
    "coding-rule": _l("sambandskontroll"),
    "approval-group": _l("attestgrupp"),
    "approval-settings": _l("attestinställningar"),
    "conflict": _l("jäv"),
    "supplier": _l("leverantör"),
    "category": _l("kategori"),
    "agreement": _l("avtal"),
    "award": _l("tilldelning"),
    "price-list": _l("prislista"),
    "requisition": _l("begäran"),
    "order": _l("beställning"),
    "need-report": _l("behovsanmälan"),
    "competition": _l("konkurrensutsättning"),
    "outbox": _l("e-post"),
    "synonym": _l("synonym"),
    "parameter": _l("gräns eller sats"),
}

SENTENCES: dict[tuple[str, str], Any] = {
    ("user", "log-in"): _l("Loggade in."),
    ("user", "log-out"): _l("Loggade ut."),
    ("session", "switch"): _l("Bytte organisation."),
    ("user", "change-password"): _l("Bytte lösenord."),
    ("user", "reset-password"): _l("Valde lösenord med en länk från e-posten."),
    ("user", "end-sessions"): _l("Loggade ut andra webbläsare."),
    ("user", "create"): _l("Lade upp %(name)s."),
    ("user", "edit"): _l("Ändrade uppgifterna om %(name)s."),
    ("user", "invite"): _l("Skickade en inbjudan till %(name)s."),
    ("user", "disable"): _l("Stängde av %(name)s."),
    ("user", "enable"): _l("Släppte in %(name)s igen."),
    ("membership", "grant"): _l("Gav %(name)s rollen %(role)s."),
    ("membership", "change"): _l("Ändrade rollen %(role)s för %(name)s."),
    ("membership", "end"): _l("Avslutade rollen %(role)s för %(name)s."),
    ("substitution", "create"): _l("Utsåg %(substitute)s att ersätta %(name)s från %(starts_on)s till %(ends_on)s."),
    ("substitution", "end"): _l("Avslutade att %(substitute)s ersätter %(name)s."),
    ("organisation", "create"): _l("Lade upp organisationen %(name)s."),
    ("organisation", "edit"): _l("Ändrade organisationen %(name)s."),
    ("organisation", "close"): _l("Stängde organisationen %(name)s."),
    ("organisation", "reopen"): _l("Öppnade organisationen %(name)s igen."),
    ("organisation", "add-identifier"): _l("Lade till den elektroniska adressen %(identifier)s."),
    ("organisation", "remove-identifier"): _l("Tog bort den elektroniska adressen %(identifier)s."),
    ("unit", "create"): _l("Lade upp enheten %(name)s."),
    ("unit", "edit"): _l("Ändrade enheten %(name)s."),
    ("unit", "move"): _l("Flyttade enheten %(name)s."),
    ("unit", "allow-emergency"): _l("Lät enheten %(name)s göra nödbeställningar."),
    ("unit", "forbid-emergency"): _l("Lät inte längre enheten %(name)s göra nödbeställningar."),
    ("unit", "close"): _l("Stängde enheten %(name)s."),
    ("unit", "reopen"): _l("Öppnade enheten %(name)s igen."),
    ("address", "create"): _l("Lade till leveransadressen %(name)s för %(unit)s."),
    ("address", "edit"): _l("Ändrade leveransadressen %(name)s för %(unit)s."),
    ("address", "close"): _l("Tog leveransadressen %(name)s ur bruk."),
    ("address", "reopen"): _l("Tog leveransadressen %(name)s i bruk igen."),
    ("approval-settings", "edit"): _l("Ändrade organisationens inställningar för attest."),
    ("conflict", "declare"): _l("Anmälde att %(name)s är jävig mot %(supplier)s från %(starts_on)s."),
    ("conflict", "withdraw"): _l("Tog tillbaka att %(name)s är jävig mot %(supplier)s."),
    ("supplier", "create"): _l("Lade upp leverantören %(name)s."),
    ("supplier", "edit"): _l("Ändrade uppgifterna om leverantören %(name)s."),
    ("supplier", "block"): _l("Spärrade leverantören %(name)s."),
    ("supplier", "unblock"): _l("Tog bort spärren för leverantören %(name)s."),
    ("category", "create"): _l("Lade upp kategorin %(name)s."),
    ("category", "edit"): _l("Ändrade kategorin %(name)s."),
    ("parameter", "set"): _l("Satte %(parameter)s till %(value)s från %(starts_on)s: %(source)s."),
    ("synonym", "create"): _l("Lade till synonymen %(word)s för %(means)s."),
    ("synonym", "edit"): _l("Ändrade synonymen %(word)s för %(means)s."),
    ("synonym", "remove"): _l("Tog bort synonymen %(word)s för %(means)s."),
    ("agreement", "create"): _l("Lade upp avtal %(number)s som utkast."),
    ("agreement", "import"): _l("Läste in avtal %(number)s från ett register."),
    ("agreement", "edit"): _l("Ändrade uppgifterna i avtal %(number)s."),
    ("agreement", "publish"): _l("Publicerade avtal %(number)s."),
    ("agreement", "pause"): _l("Pausade avtal %(number)s."),
    ("agreement", "resume"): _l("Öppnade avtal %(number)s igen."),
    ("agreement", "end"): _l("Avslutade avtal %(number)s."),
    ("agreement", "add-extension"): _l("Lade till en möjlighet att förlänga avtal %(number)s till %(ends_on)s."),
    ("agreement", "remove-extension"): _l("Tog bort möjligheten att förlänga avtal %(number)s till %(ends_on)s."),
    ("agreement", "take-extension"): _l("Förlängde avtal %(number)s till %(ends_on)s."),
    ("agreement", "add-lot"): _l("Lade till delområde %(lot)s i avtal %(number)s."),
    ("agreement", "edit-lot"): _l("Ändrade delområde %(lot)s i avtal %(number)s."),
    ("agreement", "remove-lot"): _l("Tog bort delområde %(lot)s ur avtal %(number)s."),
    ("agreement", "add-award"): _l("Lade till %(supplier)s på delområde %(lot)s i avtal %(number)s."),
    ("agreement", "edit-award"): _l("Ändrade villkoren för %(supplier)s på delområde %(lot)s i avtal %(number)s."),
    ("agreement", "remove-award"): _l("Tog bort %(supplier)s från delområde %(lot)s i avtal %(number)s."),
    ("agreement", "entitle"): _l("Lät %(organisations)s avropa från avtal %(number)s."),
    ("agreement", "end-entitlement"): _l(
        "%(organisations)s får avropa från avtal %(number)s till och med %(ends_on)s."
    ),
    ("agreement", "remove-entitlement"): _l("Tog bort rätten för %(organisations)s att avropa från avtal %(number)s."),
    ("agreement", "state-ceiling"): _l("Ändrade takvolymen för %(scope)s."),
    ("agreement", "state-index"): _l(
        "Angav %(series)s för avtal %(number)s: %(base_value)s (%(base_period)s) till %(value)s (%(period)s), "
        "högst %(permitted)s procent. Källa: %(source)s, %(read_on)s."
    ),
    ("agreement", "state-watch"): _l("Ändrade bevakningen av avtal %(number)s."),
    ("agreement", "open-ceiling"): _l("Lade till ett tak för %(scope)s."),
    ("agreement", "enter-external"): _l("Lade in ett avrop utanför Avrop på avtal %(number)s: %(day)s, %(amount)s kr."),
    ("agreement", "correct-external"): _l(
        "Rättade ett avrop utanför Avrop på avtal %(number)s: %(day)s, %(amount)s kr."
    ),
    ("agreement", "edit-price-rule"): _l("Ändrade prisregeln för avtal %(number)s."),
    ("agreement", "propose-price-rule"): _l("Föreslog en mindre sträng prisregel för avtal %(number)s."),
    ("agreement", "approve-price-rule"): _l(
        "Godkände en mindre sträng prisregel för avtal %(number)s, som %(proposer)s hade föreslagit."
    ),
    ("agreement", "drop-price-rule"): _l("Tog bort förslaget om en mindre sträng prisregel för avtal %(number)s."),
    ("agreement", "attach"): _l("Lade till dokumentet %(document)s i avtal %(number)s."),
    ("agreement", "detach"): _l("Tog bort dokumentet %(document)s ur avtal %(number)s."),
    ("price-list", "import"): _l("Läste in prislista %(version)s från %(supplier)s: %(articles)s artiklar."),
    ("price-list", "review"): _l("Godkände prislista %(version)s från %(supplier)s, från %(effective_from)s."),
    ("price-list", "publish"): _l("Publicerade prislista %(version)s från %(supplier)s."),
    ("price-list", "refuse"): _l("Avböjde %(count)s rader i prislista %(version)s från %(supplier)s."),
    ("price-list", "accept"): _l("Tog tillbaka %(count)s avböjda rader i prislista %(version)s från %(supplier)s."),
    ("price-list", "restore"): _l("Tog upp prislista %(former)s från %(supplier)s igen, som version %(version)s."),
    ("price-list", "withdraw"): _l("Återtog prislista %(version)s från %(supplier)s."),
    ("award", "choose-columns"): _l("Valde vad kolumnerna i prislistor från %(supplier)s betyder."),
    ("award", "forget-columns"): _l("Glömde vad kolumnerna i prislistor från %(supplier)s betyder."),
    ("award", "note-refusal"): _l("Antecknade att en leverantör med bättre rang har sagt nej."),
    ("coding-dimension", "create"): _l("Lade upp koddelen %(name)s."),
    ("coding-dimension", "edit"): _l("Ändrade koddelen %(name)s."),
    ("coding-dimension", "move"): _l("Flyttade koddelen %(name)s."),
    ("coding-dimension", "default"): _l("Satte förvald %(name)s till %(code)s."),
    ("coding-dimension", "import-codes"): _l("Läste in %(count)s koder till koddelen %(name)s."),
    ("coding-code", "create"): _l("Lade upp koden %(name)s."),
    ("coding-code", "edit"): _l("Ändrade koden %(name)s."),
    ("coding-rule", "create"): _l("Lade upp sambandskontrollen %(rule)s"),
    ("coding-rule", "edit"): _l("Ändrade sambandskontrollen %(rule)s"),
    ("coding-rule", "remove"): _l("Tog bort sambandskontrollen %(rule)s"),
    ("approval-rule", "create"): _l("Lade upp attestregeln %(name)s: %(condition)s."),
    ("approval-rule", "edit"): _l("Ändrade attestregeln %(name)s: %(condition)s."),
    ("approval-rule", "move"): _l("Flyttade attestregeln %(name)s till plats %(position)s."),
    ("approval-rule", "close"): _l("Tog attestregeln %(name)s ur bruk."),
    ("approval-rule", "open"): _l("Tog attestregeln %(name)s i bruk igen."),
    ("approval-group", "create"): _l("Lade upp attestgruppen %(name)s."),
    ("approval-group", "edit"): _l("Ändrade attestgruppen %(name)s."),
    ("approval-group", "remove"): _l("Tog bort attestgruppen %(name)s."),
    ("requisition", "submit"): _l("Skickade begäran för godkännande."),
    ("requisition", "approve"): _l("Godkände begäran."),
    ("requisition", "reject"): _l("Avslog begäran."),
    ("requisition", "send-back"): _l("Skickade tillbaka begäran."),
    ("requisition", "pass-over"): _l("Väntar inte in den som inte får besluta längre."),
    ("requisition", "refuse-lines"): _l("Avslog rader. Resten går vidare."),
    ("requisition", "reassign"): _l("Lät %(to)s besluta i stället för %(name)s."),
    ("requisition", "remind"): _l("Påminde den som ska besluta."),
    ("requisition", "escalate"): _l("Frågade vidare: ingen svarade i tid."),
    ("requisition", "withdraw"): _l("Tog tillbaka begäran."),
    ("requisition", "mend"): _l("Lade tillbaka begäran i varukorgen."),
    ("order", "place"): _l("Lade beställningen hos %(supplier)s."),
    ("order", "confirm"): _l("Leverantören bekräftade beställningen."),
    ("order", "decline"): _l("Leverantören avböjde beställningen."),
    ("order", "receive"): _l("Tog emot varor."),
    ("order", "cancel"): _l("Annullerade beställningen."),
    ("order", "close"): _l("Avslutade beställningen."),
    ("requisition", "overdue"): _l("Godkännandet av nödbeställningen kom inte i tid."),
    ("order", "draw"): _l("Antecknade en leverans på ramordern."),
    ("order", "end-blanket"): _l("Ramorderns tid tog slut."),
    ("order", "reopen"): _l("Öppnade beställningen igen."),
    ("order", "resend"): _l("Skickade beställningen igen."),
    ("need-report", "report"): _l("Anmälde behovet %(title)s."),
    ("need-report", "take"): _l("Tog hand om behovet %(title)s."),
    ("need-report", "pass-on"): _l("Flyttade behovet %(title)s till kategorin %(category)s."),
    ("need-report", "answer"): _l("Svarade på behovet %(title)s."),
    ("need-report", "correct"): _l("Rättade direktupphandlingen för behovet %(title)s."),
    ("need-report", "withdraw"): _l("Tog tillbaka behovet %(title)s."),
    ("competition", "announce"): _l("Begärde anbud i %(number)s."),
    ("competition", "name-witness"): _l("Bad %(witness)s att vara med och öppna anbuden i %(number)s."),
    ("competition", "open"): _l("Öppnade anbuden i %(number)s tillsammans med %(opener)s."),
    ("competition", "weigh"): _l("Bedömde anbudet från %(supplier)s i %(number)s."),
    ("competition", "decide"): _l("Beslutade att %(winner)s vinner %(number)s."),
    ("competition", "abandon"): _l("Avbröt %(number)s."),
    ("outbox", "resend"): _l("Skickade om ett meddelande."),
    ("outbox", "stop"): _l("Stoppade ett meddelande."),
}


class _Details(dict[str, Any]):
    """The details of an entry, with a dash for what an old entry does not tell."""

    def __missing__(self, key: str) -> str:
        return "–"


def _written(value: Any) -> Any:
    """A large number in groups of three digits; a year and a version as they are."""
    return number(value) if type(value) is int and value >= 10_000 else value


def sentence(entry: JournalEntry) -> str:
    """What was done, in the reader's language; who and when stand beside it."""
    details = _Details({name: _written(value) for name, value in entry.details.items()})
    if "role" in details and details["role"] in [role.value for role in Role]:
        details["role"] = str(ROLE_NAMES[Role(details["role"])])
    if (entry.thing, entry.act) in SENTENCES:
        return str(SENTENCES[entry.thing, entry.act]) % details
    thing = THINGS.get(entry.thing, entry.thing)
    return str(_("%(act)s: %(thing)s %(id)s", act=entry.act.capitalize(), thing=thing, id=entry.thing_id))
