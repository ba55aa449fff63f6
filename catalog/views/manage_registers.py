"""Pages: the registers out as files, and in again after a look at what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from werkzeug.datastructures import FileStorage
from wtforms import FileField

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions.intake import Alteration, Change, Outcome, Refusal, RegisterRefused
from catalog.actions.registers import KINDS, RegisterKind, preview
from catalog.actions.upload import keep, kept
from catalog.policy import may_manage_categories
from catalog.views.manage import bp, change, trail
from core.db import db, rollback
from core.errors import NotAllowed, RuleBroken
from core.forms import BaseForm
from core.web import requires
from exchange.problem import TEXTS, Problem
from exchange.table import MAX_BYTES
from exchange.tablefile import MEDIA_TYPES, Form

SHOWN = 200  # of each list on a page
TITLES = {
    "agreements": _l("Avtal som fil"),
    "suppliers": _l("Leverantörer som fil"),
    "categories": _l("Kategorier som fil"),
    "entitlements": _l("Avropsberättigade som fil"),
    "external": _l("Avropat utanför Avrop som fil"),
}
BACK = {
    "agreements": ("manage.agreements", lazy_pgettext("flera", "Avtal")),
    "suppliers": ("manage.suppliers", _l("Leverantörer")),
    "categories": ("manage.categories", _l("Kategorier")),
    "entitlements": ("manage.agreements", lazy_pgettext("flera", "Avtal")),
    "external": ("manage.agreements", lazy_pgettext("flera", "Avtal")),
}


class RegisterFileForm(BaseForm):
    file = FileField(_l("Fil"), description=_l("CSV, XLSX, XLS eller ODS, högst 20 MB."))


@dataclass(frozen=True, slots=True)
class Look:
    """What a file would change, or what is wrong with it. `upload_id` is that of the file kept for a yes."""

    outcome: Outcome
    problems: Sequence[tuple[int | None, str, str, Any, bool]] = ()  # line, column, value, text, whether a warning
    upload_id: int | None = None

    @property
    def error_count(self) -> int:
        return sum(not is_warning for *_rest, is_warning in self.problems)


def show_register(kind: str) -> Any:
    """The page of a register; a file that is sent here is looked at, and kept until she says yes."""
    form, look = RegisterFileForm(), None
    if form.is_submitted():
        _check_may(kind)
    if form.validate_on_submit():
        with refusals_on(form):
            look = look_at(KINDS[kind], kind, *uploaded(form))
    return _page(kind, form, look), 422 if look and look.error_count else 200 if look else status(form)


def confirm_register(kind: str) -> Any:
    """Bring in the file she looked at, if it still changes what she saw."""
    _check_may(kind)
    upload = kept(current(), kind, request.form.get("upload", 0, type=int))
    name, content = upload.file_name, upload.content
    try:
        done = KINDS[kind].bring_in(current(), KINDS[kind].read(content, name).rows)
        is_as_seen = done.digest == request.form.get("seen")
    except RegisterRefused:
        is_as_seen = False
    if not is_as_seen:
        rollback()
        flash(_("Uppgifterna har ändrats sedan du tittade. Inget har sparats. Läs in filen igen."), "warning")
        return redirect(url_for(f"manage.{kind}_register"), 303)
    db.session.delete(upload)
    counts = {"new": len(done.new), "changed": len(done.changed)}
    flash(_("Filen är inläst: %(new)s nya och %(changed)s ändrade.", **counts), "success")
    return redirect(url_for(BACK[kind][0]), 303)


def register_file(kind: str, form: Form) -> Any:
    """The register in the form in which it is brought in."""
    data = KINDS[kind].write(current(), form)
    return send_file(BytesIO(data), MEDIA_TYPES[form], as_attachment=True, download_name=f"{KINDS[kind].name}.{form}")


def _add_routes() -> None:
    """The same four addresses for every register."""
    for kind in KINDS:
        _add(f"/{kind}/register", f"{kind}_register", partial(show_register, kind), ["GET", "POST"])
        _add(f"/{kind}/register/confirm", f"confirm_{kind}", partial(confirm_register, kind), ["POST"])
        for form in MEDIA_TYPES:
            _add(f"/{kind}/register.{form}", f"{kind}_{form}", partial(register_file, kind, form), ["GET"])


def _add(path: str, name: str, view: partial[Any], methods: list[str]) -> None:
    view.__name__ = name  # type: ignore[attr-defined]  # what Flask-WTF asks every view
    bp.add_url_rule(path, name, requires(Permission.AGREEMENT_MANAGE)(view), methods=methods)


_add_routes()


def look_at(register: RegisterKind, kind: str, name: str, data: bytes) -> Look:
    """What a file would change; it is kept under `kind` until she says yes."""
    user = current()
    read = register.read(data, name)
    problems = [_of_problem(problem) for problem in read.problems]
    if not read.is_clean:
        return Look(Outcome(), problems)
    outcome, refusals = preview(register, user, read.rows)
    problems += [_of_refusal(refusal) for refusal in refusals]
    is_good = outcome.has_changes and not refusals
    return Look(outcome, problems, keep(user, kind, name, data).id if is_good else None)


def _page(kind: str, form: RegisterFileForm, look: Look | None) -> str:
    endpoint, label = BACK[kind]
    return render_template(
        "manage/register.html",
        kind=kind,
        kinds=TITLES,
        title=TITLES[kind],
        form=form,
        look=look,
        new=[*told(look.outcome.new)] if look else [],
        changed=[*told(look.outcome.changed)] if look else [],
        shown=SHOWN,
        may_import=kind != "categories" or may_manage_categories(current()),
        crumbs=trail((label, url_for(endpoint))),
    )


def told(alterations: Sequence[Alteration]) -> Iterator[tuple[int, str, list[Any]]]:
    """Line, name and what differs: a text, or a field with the part it is of and its values before and after."""
    for altered in alterations[:SHOWN]:
        yield (
            altered.line,
            altered.name,
            [
                (each.of, *change(each.field, each.before, each.after)) if isinstance(each, Change) else each
                for each in altered.changes
            ],
        )


def _of_problem(problem: Problem) -> tuple[int | None, str, str, Any, bool]:
    text = _(TEXTS[problem.code]) % problem.params
    return problem.line, problem.column, problem.value, text, problem.severity == "warning"


def _of_refusal(refusal: Refusal) -> tuple[int | None, str, str, Any, bool]:
    return refusal.line, refusal.column, "", refusal.text, False


def uploaded(form: RegisterFileForm) -> tuple[str, bytes]:
    """The file's name and content; one byte more than is taken, so that the reader can say it is too large."""
    file = form.file.data
    if not isinstance(file, FileStorage) or not file.filename:
        raise RuleBroken(_l("Välj en fil."))
    return file.filename, file.stream.read(MAX_BYTES + 1)


def _check_may(kind: str) -> None:
    if kind == "categories" and not may_manage_categories(current()):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra kategorierna."))
