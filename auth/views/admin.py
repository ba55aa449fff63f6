"""The front page of the administration, and what its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from auth import policy
from auth.login import acting_organisation, current, has_permission
from auth.organisation import Organisation
from auth.permission import ROLE_NAMES, Permission
from auth.queries import found, managed_organisations
from core.web import permission_of, requires

bp = Blueprint("admin", __name__, url_prefix="/admin")

# Everything there is to administer, whichever floor it is on; what a person may not open is not shown.
ENTRIES = (
    (
        _l("Organisation"),
        (
            (
                "admin.organisations",
                _l("Organisationer"),
                _l("Adresser, fakturering och referenser."),
            ),
            ("admin.units", _l("Enheter och adresser"), _l("Vem som beställer, och vart varorna ska.")),
            ("admin.users", _l("Personer"), _l("Konton, roller och beloppsgränser.")),
            ("rules.index", _l("Attestregler"), _l("Vem som godkänner vad, och i vilken ordning.")),
            ("coding.index", _l("Kontering"), _l("Koddelar, koder, förval och sambandskontroller.")),
            (
                "coding.export",
                _l("Beställningar som fil"),
                _l("Det beställda med kontering, till ekonomisystemet."),
            ),
        ),
    ),
    (
        lazy_pgettext("flera", "Avtal"),
        (
            ("manage.agreements", _l("Avtal och prislistor"), _l("Lägg upp, publicera, pausa och avsluta.")),
            ("manage.dates", _l("Kommande datum"), _l("Uppsägning, förlängning och avtal som slutar.")),
            ("manage.ceilings", _l("Tak som fylls"), _l("Takvolymer som har nått en varningsnivå.")),
            ("manage.suppliers", _l("Leverantörer"), _l("Adresser för order, kontakter och spärrar.")),
            ("manage.categories", _l("Kategorier"), _l("Trädet som varorna sorteras i.")),
            ("manage.searches", _l("Sökord"), _l("Sökningar utan träff, och synonymer.")),
            ("manage.parameters", _l("Gränser och satser"), _l("Momssatser, direktupphandlingsgränser och dagar.")),
        ),
    ),
    (
        _l("Tillsyn"),
        (
            ("needs.inbox", _l("Behov att svara på"), _l("Det som inte går att beställa, och frågor.")),
            ("reasoned.index", _l("Avrop med skäl"), _l("Beställningar som inte gick till den första.")),
            ("splitting.index", _l("Sannolik uppdelning"), _l("Flera köp strax under en gräns.")),
            ("delegation.register", _l("Attestförteckning"), _l("Vilka som får attestera, och hur mycket.")),
            ("delegation.decisions", _l("Delegationsbeslut"), _l("Att anmäla till nämnden.")),
            ("conflicts.index", _l("Jäv"), _l("Anmälda intressen i leverantörer.")),
        ),
    ),
    (
        _l("Drift"),
        (
            ("admin.journal", _l("Journal"), _l("Vem som gjorde vad, och när.")),
            ("outbox.queue", _l("E-post ut"), _l("Det som väntar, har skickats eller inte gick fram.")),
            ("outbox.mailbox", _l("E-postlåda"), _l("Där e-posten hamnar tills en e-postserver är inställd.")),
        ),
    ),
)


@bp.context_processor
def _policies() -> dict[str, Any]:
    """A button asks the same question as the act behind it."""
    return {
        "may_manage_user": policy.may_manage_user,
        "may_disable_user": policy.may_disable_user,
        "may_change_membership": policy.may_change_membership,
        "may_end": lambda substitution: policy.may_end_substitution(current(), substitution),
        "may_see": lambda membership: policy.may_manage_organisation(current(), membership.organisation),
        "is_system_admin": policy.is_system_admin,
        "role_names": ROLE_NAMES,
        "me": current(),
    }


@bp.get("/")
@requires(Permission.SIGNED_IN)
def index() -> str:
    groups = [(title, [e for e in entries if _is_open(e[0])]) for title, entries in ENTRIES]
    return render_template("admin/index.html", groups=[group for group in groups if group[1]])


def _is_open(endpoint: str) -> bool:
    if endpoint not in current_app.view_functions:
        return False
    return has_permission(Permission(permission_of(current_app, endpoint)))


def chosen_organisation() -> Organisation:
    """The organisation named in the address (`?organisation=`), or else the one she acts for, if she administers it,
    or else the first that she does."""
    wanted = request.args.get("organisation", type=int)
    mine = managed_organisations(current())
    if wanted is not None:
        return found(next((organisation for organisation in mine if organisation.id == wanted), None))
    acting = acting_organisation()
    return acting if acting in mine else mine[0]


def trail(organisation: Organisation | None = None, *more: tuple[str, str]) -> list[tuple[Any, str]]:
    """The way from the front page of the administration."""
    crumbs: list[tuple[Any, str]] = [(_l("Administration"), url_for("admin.index"))]
    if organisation is not None:
        crumbs.append((organisation.name, url_for("admin.organisation", organisation_id=organisation.id)))
    return [*crumbs, *more]
