"""What the pages of agreement owners share: the blueprint, their crumbs, and how history is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from auth.journal import JournalEntry, entries_about
from auth.sentences import sentence
from auth.views.refusals import refusals_on, status
from catalog.agreement import METHOD_NAMES, Agreement
from catalog.forms import CHANNEL_NAMES, CLASS_NAMES, REGIME_NAMES, ReasonForm
from core.web import number

bp = Blueprint("manage", __name__, url_prefix="/admin")

FIELDS = {
    "number": _l("nummer"),
    "registry_number": _l("diarienummer"),
    "title": _l("namn"),
    "name": _l("namn"),
    "name_en": _l("namn på engelska"),
    "code": _l("kod"),
    "cpv": _l("CPV"),
    "parent": _l("ligger under"),
    "owner": _l("ägare"),
    "is_closed": _l("stängd för beställning"),
    "summary": _l("vad avtalet omfattar"),
    "how_to_order": _l("så beställer du"),
    "legal_regime": _l("upphandlat enligt"),
    "responsible": _l("ansvarig"),
    "category": _l("kategori"),
    "starts_on": _l("första dag"),
    "ends_on": _l("sista dag"),
    "delivers_after_end": _l("leverans efter sista dagen"),
    "notice_on": _l("uppsägning senast"),
    "price_terms": _l("prisvillkor"),
    "payment_terms": _l("betalningsvillkor"),
    "follow_up_class": _l("uppföljningsklass"),
    "method": _l("avropsordning"),
    "clause": _l("avtalspunkt"),
    "competition_above": _l("förnyad konkurrens över"),
    "choice_grounds": _l("grunder för val"),
    "answer_hours": _l("svarstid, timmar"),
    "rank": _l("plats i rangordningen"),
    "share": _l("andel"),
    "minimum_order": _l("minsta beställning"),
    "small_order_fee": _l("avgift för små beställningar"),
    "freight": _l("frakt"),
    "freight_free_from": _l("fri frakt från"),
    "delivery_days": _l("leveranstid, dagar"),
    "free_text_cap": _l("högsta belopp för fritext"),
    "free_text_basis": _l("prisgrund för fritext"),
    "free_text_by_hour": _l("fritext till timpris"),
    "free_text_rate": _l("högsta timpris för fritext"),
    "free_text_by_list": _l("fritext till listpris med påslag"),
    "free_text_mark_up": _l("högsta påslag för fritext, procent"),
    "free_text_by_estimate": _l("fritext till uppskattat pris"),
    "free_text_needs_file": _l("offert krävs för fritext"),
    "limit": _l("takvolym"),
    "levels": _l("varning vid procent"),
    "notice_days": _l("dagar före uppsägning"),
    "decide_days": _l("dagar före beslut om förlängning"),
    "ends_days": _l("dagar före avtalets slut"),
    "external": _l("avropat utanför Avrop"),
    "organisation_number": _l("organisationsnummer"),
    "order_email": _l("e-post för beställningar"),
    "channel": _l("beställningar skickas med"),
    "peppol_scheme": _l("Peppol-id, typ"),
    "peppol_id": _l("Peppol-id, nummer"),
    "contact_name": _l("kontaktperson"),
    "phone": _l("telefon"),
    "street": _l("gatuadress"),
    "postal_code": _l("postnummer"),
    "city": _l("ort"),
    "country": _l("land"),
    "index_clause": _l("indexklausul"),
    "raises_from": _l("priser får höjas från"),
    "largest_raise": _l("största höjning, procent"),
    "limit_percent": _l("granskas över, procent för en artikel"),
    "limit_share": _l("granskas över, procent av raderna"),
    "limit_effect": _l("granskas över, kronor om året"),
    "word": _l("ord"),
    "means": _l("betyder"),
    "is_both_ways": _l("gäller åt båda håll"),
}
VALUES = {
    key.value: name for names in (REGIME_NAMES, METHOD_NAMES, CHANNEL_NAMES, CLASS_NAMES) for key, name in names.items()
}


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a thing's story: what was done, what differs (name, before, after), and the reason given."""

    entry: JournalEntry
    text: str
    changes: list[tuple[Any, Any, Any]]
    reason: str | None


def story(thing: str, thing_id: int) -> list[Told]:
    """What has happened to a thing, the latest first."""
    return [_told(entry) for entry in reversed(entries_about(thing, thing_id))]


def _told(entry: JournalEntry) -> Told:
    details = entry.details
    changes = [change(name, before, after) for name, (before, after) in details.get("changes", {}).items()]
    return Told(entry, sentence(entry), changes, details.get("reason"))


def change(name: str, before: Any, after: Any) -> tuple[Any, Any, Any]:
    """What a field is called, and its values, in the reader's words."""
    return FIELDS.get(name, name), _value(before), _value(after)


def _value(value: Any) -> Any:
    if value is None or value == "":
        return _("inget")
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    return VALUES.get(value, value) if isinstance(value, str) else number(value)


def trail(*more: tuple[Any, str]) -> list[tuple[Any, str]]:
    """The way from the front page of the administration."""
    return [(_l("Administration"), url_for("admin.index")), *more]


def agreement_trail(agreement: Agreement | None = None) -> list[tuple[Any, str]]:
    """The way to an agreement's own page."""
    crumbs = trail((lazy_pgettext("flera", "Avtal"), url_for("manage.agreements")))
    if agreement is not None:
        crumbs.append((agreement.title, url_for("manage.agreement", agreement_id=agreement.id)))
    return crumbs


def page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def search_text() -> str:
    return request.args.get("q", "").strip()[:100]


def ask_reason(
    act: Callable[[str], None],
    back: str,
    *,
    title: str,
    lead: str,
    button: str,
    done: str,
    crumbs: list[tuple[Any, str]],
    tone: str = "danger",
) -> Any:
    """A page that asks why, and then does it: the reason goes to `act`."""
    form = ReasonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            act(form.reason.data or "")
            flash(done, "success")
            return redirect(back, 303)
    page = render_template(
        "manage/reason.html", form=form, title=title, lead=lead, button=button, tone=tone, back=back, crumbs=crumbs
    )
    return page, status(form)


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "method_names": METHOD_NAMES,
        "regime_names": REGIME_NAMES,
        "class_names": CLASS_NAMES,
        "channel_names": CHANNEL_NAMES,
    }
