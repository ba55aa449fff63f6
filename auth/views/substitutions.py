"""My absence: who acts for me, and for whom I act."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from auth.actions.substitution import end_substitution as end_it
from auth.actions.substitution import substitute
from auth.forms import AwayNowForm, PersonField, SubstitutionForm
from auth.login import acting_organisation, current
from auth.permission import Permission, Role
from auth.policy import may_end_substitution
from auth.queries import members_of, substitution_for, substitutions_of
from auth.substitution import Substitution
from auth.views.account import bp
from auth.views.refusals import refusals_on, status
from core.clock import today
from core.web import requires


@bp.route("/substitutions", methods=["GET", "POST"])
@requires(Permission.SIGNED_IN)
def substitutions() -> Any:
    organisation, user = acting_organisation(), current()
    form = SubstitutionForm()
    is_approver = _offer(form.substitute)
    if form.validate_on_submit() and form.substitute.picked:
        with refusals_on(form):
            made = substitute(user, user, form.substitute.picked, organisation, *form.days(), form.decision.data)
            flash(_("%(name)s ersätter dig.", name=made.substitute.name), "success")
            return redirect(url_for("auth.substitutions"), 303)
    found = substitutions_of(user, organisation)
    values = {"found": found, "is_approver": is_approver, "today": today(), "may_end": _may_end}
    return render_template("auth/substitutions.html", form=form, **values), status(form)


@bp.route("/substitutions/now", methods=["GET", "POST"])
@requires(Permission.SIGNED_IN)
def away_now() -> Any:
    """Out of office from this moment; whoever stands in is asked about what waits, too."""
    user, form = current(), AwayNowForm()
    _offer(form.substitute)
    if form.validate_on_submit() and form.substitute.picked and form.ends_on.data:
        with refusals_on(form):
            made = substitute(user, user, form.substitute.picked, acting_organisation(), today(), form.ends_on.data)
            flash(_("%(name)s ersätter dig från och med nu.", name=made.substitute.name), "success")
            return redirect(url_for("auth.substitutions"), 303)
    return render_template("auth/away_now.html", form=form), status(form)


def _offer(field: PersonField) -> bool:
    """Whom an approver may choose from; whether she is one."""
    organisation, user = acting_organisation(), current()
    is_approver = Role.APPROVER in user.roles_in(organisation.id)
    field.offer(person for person in (members_of(organisation) if is_approver else ()) if person.id != user.id)
    return is_approver


@bp.post("/substitutions/<int:substitution_id>/end")
@requires(Permission.SIGNED_IN)
def end_substitution(substitution_id: int) -> Any:
    found = substitution_for(current(), substitution_id)
    end_it(current(), found)
    flash(_("Ersättningen är avslutad."), "success")
    if found.absent_id == current().id:
        return redirect(url_for("auth.substitutions"), 303)
    return redirect(url_for("admin.substitutions", organisation_id=found.organisation_id), 303)


def _may_end(substitution: Substitution) -> bool:
    return may_end_substitution(current(), substitution)
