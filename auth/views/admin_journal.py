"""The journal, for those who may read it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from auth.admin_forms import JournalFilterForm
from auth.login import current, current_session
from auth.permission import Permission
from auth.policy import is_system_admin, reads_journal_of
from auth.queries import TECHNICAL, journal_page
from auth.sentences import THINGS, sentence
from auth.views.admin import bp, trail
from core.web import requires


@bp.get("/journal")
@requires(Permission.JOURNAL_READ)
def journal() -> Any:
    organisation = current_session().organisation
    reads_all = organisation is not None and reads_journal_of(current(), organisation)
    form = JournalFilterForm(request.args)
    names = [(thing, str(name).capitalize()) for thing, name in THINGS.items() if reads_all or thing in TECHNICAL]
    form.thing.choices = [("", _l("Allt")), *names]
    form.validate()
    page = journal_page(current(), organisation, form.wanted(), request.args.get("page", 1, type=int))
    return render_template(
        "admin/journal.html",
        form=form,
        page=page,
        organisation=organisation if reads_all else None,
        is_technical=is_system_admin(current()),
        sentence=sentence,
        things=THINGS,
        crumbs=trail(),
    )
