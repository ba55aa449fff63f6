"""Pages: how the organisation codes, its lists and rules as files, and the coded orders for the ledger."""

from __future__ import annotations

from datetime import date
from functools import partial
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current
from auth.organisation import Organisation
from auth.permission import Permission
from auth.policy import may_manage_organisation
from auth.views.refusals import refusals_on, status
from catalog.actions.intake import RegisterRefused
from catalog.actions.upload import kept
from catalog.views.manage_registers import SHOWN, Look, RegisterFileForm, look_at, told, uploaded
from core.clock import today
from core.db import db, hold, rollback
from core.errors import NotAllowed
from core.web import requires
from exchange.tablefile import MEDIA_TYPES, Form
from orders.actions import coding as act
from orders.coding import MOST_DIMENSIONS, Dimension
from orders.coding_export import write_coded_orders
from orders.coding_forms import (
    DEFAULT_FORMS,
    KINDS,
    CodeForm,
    CodingExportForm,
    CombinationForm,
    DimensionForm,
    said_by,
)
from orders.coding_queries import (
    codes_page,
    combination_for,
    count_codes,
    default_for,
    defaults_of,
    dimension_for,
    dimensions_of,
    rules_of,
)
from orders.coding_register import kinds_of
from orders.coding_rule import CodingRule

bp = Blueprint("coding", __name__, url_prefix="/admin/coding")
TITLES = {"codes": _l("Koder som fil"), "combinations": _l("Sambandskontroller som fil")}


@bp.get("")
@requires(Permission.ORGANISATION_MANAGE)
def index() -> Any:
    organisation = _managed()
    return render_template(
        "coding/index.html",
        organisation=organisation,
        dimensions=dimensions_of(organisation),
        most_dimensions=MOST_DIMENSIONS,
        counts=count_codes(organisation),
        defaults=defaults_of(organisation),
        kinds=KINDS,
        rules=rules_of(organisation),
        on=today(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create() -> Any:
    return _edit(None)


@bp.route("/<int:dimension_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit(dimension_id: int) -> Any:
    return _edit(dimension_for(_managed(), dimension_id))


@bp.post("/<int:dimension_id>/move")
@requires(Permission.ORGANISATION_MANAGE)
def move(dimension_id: int) -> Any:
    organisation = _managed()
    hold(organisation)  # or two moves at once both start from the former order
    act.move_dimension(current(), dimension_for(organisation, dimension_id), up=request.form.get("direction") == "up")
    return redirect(url_for("coding.index"), 303)


@bp.route("/<int:dimension_id>/codes", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def codes(dimension_id: int) -> Any:
    """The list of a dimension; a code that is sent here is added, or changed where it is there already."""
    dimension = dimension_for(_managed(), dimension_id)
    form = CodeForm()
    if form.validate_on_submit():
        with refusals_on(form):
            act.save_code(current(), dimension, form.code.data or "", form.facts())
            flash(_("Koden %(code)s är sparad.", code=form.code.data), "success")
            return redirect(url_for("coding.codes", dimension_id=dimension.id), 303)
        dimension = dimension_for(_managed(), dimension_id)  # the refusal has undone what was read
    text = request.args.get("q", "").replace("\0", "").strip()
    page = codes_page(dimension, text, request.args.get("page", 1, type=int))
    shown = render_template("coding/codes.html", dimension=dimension, page=page, text=text, form=form, on=today())
    return shown, status(form)


@bp.route("/defaults/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_default() -> Any:
    """`?kind=` says what it is for."""
    organisation, kind = _managed(), request.args.get("kind", "")
    kind = kind if kind in DEFAULT_FORMS else "unit"
    form = DEFAULT_FORMS[kind]()
    form.offer(organisation)
    if form.validate_on_submit() and (things := form.meant()):
        with refusals_on(form):
            for thing in things:
                act.save_default(current(), form.dimension.picked, thing, form.code.data)
            flash(_("Det förvalda värdet är sparat."), "success")
            return redirect(url_for("coding.index"), 303)
    return render_template("coding/default.html", form=form, kind=kind, kinds=KINDS), status(form)


@bp.post("/defaults/<int:default_id>/remove")
@requires(Permission.ORGANISATION_MANAGE)
def remove_default(default_id: int) -> Any:
    act.remove_default(current(), default_for(_managed(), default_id))
    flash(_("Det förvalda värdet är borttaget."), "success")
    return redirect(url_for("coding.index"), 303)


@bp.route("/combinations/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def create_combination() -> Any:
    return _edit_combination(None)


@bp.route("/combinations/<int:rule_id>", methods=["GET", "POST"])
@requires(Permission.ORGANISATION_MANAGE)
def edit_combination(rule_id: int) -> Any:
    return _edit_combination(combination_for(_managed(), rule_id))


@bp.post("/combinations/<int:rule_id>/remove")
@requires(Permission.ORGANISATION_MANAGE)
def remove_combination(rule_id: int) -> Any:
    organisation = _managed()
    act.remove_combination(current(), organisation, combination_for(organisation, rule_id))
    flash(_("Regeln är borttagen."), "success")
    return redirect(url_for("coding.index"), 303)


@bp.get("/export")
@requires(Permission.ORDER_EXPORT)
def export() -> Any:
    """Choose a period; with a form named in the address, the file."""
    wanted = CodingExportForm(formdata=request.args if "starts_on" in request.args else None)
    if not wanted.starts_on.data and "starts_on" not in request.args:
        wanted.starts_on.data, wanted.ends_on.data = today().replace(day=1), today()
    form = request.args.get("form")
    if form in MEDIA_TYPES and wanted.validate() and wanted.starts_on.data and wanted.ends_on.data:
        with refusals_on(wanted):
            return _coded_orders(wanted.starts_on.data, wanted.ends_on.data, "xlsx" if form == "xlsx" else "csv")
    return render_template("coding/export.html", form=wanted), 422 if form else 200


def show_register(kind: str) -> Any:
    """The page of a list as a file; a file that is sent here is looked at, and kept until she says yes."""
    organisation, form, look = _managed(), RegisterFileForm(), None
    if form.validate_on_submit():
        with refusals_on(form):
            look = look_at(kinds_of(organisation)[kind], _kept_as(kind, organisation), *uploaded(form))
    page = render_template(
        "coding/register.html",
        kind=kind,
        title=TITLES[kind],
        form=form,
        look=look,
        new=[*told(look.outcome.new)] if look else [],
        changed=[*told(look.outcome.changed)] if look else [],
        shown=SHOWN,
    )
    return page, _status(look, form)


def confirm_register(kind: str) -> Any:
    """Bring in the file she looked at, if it still changes what she saw."""
    organisation = _managed()
    upload = kept(current(), _kept_as(kind, organisation), request.form.get("upload", 0, type=int))
    register = kinds_of(organisation)[kind]
    try:
        done = register.bring_in(current(), register.read(upload.content, upload.file_name).rows)
        is_as_seen = done.digest == request.form.get("seen")
    except RegisterRefused:
        is_as_seen = False
    if not is_as_seen:
        rollback()
        flash(_("Uppgifterna har ändrats sedan du tittade. Inget har sparats. Läs in filen igen."), "warning")
        return redirect(url_for(f"coding.{kind}_register"), 303)
    db.session.delete(upload)
    counts = {"new": len(done.new), "changed": len(done.changed)}
    flash(_("Filen är inläst: %(new)s nya och %(changed)s ändrade.", **counts), "success")
    return redirect(url_for("coding.index"), 303)


def register_file(kind: str, form: Form) -> Any:
    """The list in the form in which it is brought in."""
    register = kinds_of(_managed())[kind]
    name = f"{register.name}.{form}"
    data = BytesIO(register.write(current(), form))
    return send_file(data, MEDIA_TYPES[form], as_attachment=True, download_name=name)


def _add_routes() -> None:
    """The same four addresses for both lists."""
    for kind in TITLES:
        _add(f"/{kind}/register", f"{kind}_register", partial(show_register, kind), ["GET", "POST"])
        _add(f"/{kind}/register/confirm", f"confirm_{kind}", partial(confirm_register, kind), ["POST"])
        for form in MEDIA_TYPES:
            _add(f"/{kind}/register.{form}", f"{kind}_{form}", partial(register_file, kind, form), ["GET"])


def _add(path: str, name: str, view: partial[Any], methods: list[str]) -> None:
    view.__name__ = name  # type: ignore[attr-defined]  # what Flask-WTF asks every view
    bp.add_url_rule(path, name, requires(Permission.ORGANISATION_MANAGE)(view), methods=methods)


_add_routes()


def _managed() -> Organisation:
    """The organisation acted for, which she keeps. Raises NotAllowed."""
    organisation = acting_organisation()
    if not may_manage_organisation(current(), organisation):
        raise NotAllowed(_l("Bara organisationens administratör får göra det."))
    return organisation


def _kept_as(kind: str, organisation: Organisation) -> str:
    return f"{kind[:8]}-{organisation.id}"


def _status(look: Look | None, form: RegisterFileForm) -> int:
    if look is None:
        return status(form)
    return 422 if look.error_count else 200


def _edit(dimension: Dimension | None) -> Any:
    organisation = _managed()
    if dimension is not None:
        hold(dimension)
    form = DimensionForm(obj=dimension, data={"is_listed": True} if dimension is None else None)
    if form.validate_on_submit():
        with refusals_on(form):
            if dimension is None:
                dimension = act.create_dimension(current(), organisation, form.facts())
                flash(_("Koddelen är upplagd. Läs in dess koder, eller skriv dem här."), "success")
                return redirect(url_for("coding.codes", dimension_id=dimension.id), 303)
            act.edit_dimension(current(), dimension, form.facts())
            flash(_("Ändringarna är sparade."), "success")
            return redirect(url_for("coding.index"), 303)
    return render_template("coding/edit.html", form=form, is_new=dimension is None), status(form)


def _edit_combination(rule: CodingRule | None) -> Any:
    organisation = _managed()
    if rule is not None:
        hold(rule)
    form = CombinationForm(data=said_by(rule) if rule else {})
    form.offer(dimensions_of(organisation))
    if form.validate_on_submit():
        with refusals_on(form):
            act.save_combination(current(), organisation, rule, form.facts())
            flash(_("Regeln är sparad. Den gäller det som skickas in från och med nu."), "success")
            return redirect(url_for("coding.index"), 303)
    return render_template("coding/combination.html", form=form, rule=rule), status(form)


def _coded_orders(first: date, last: date, form: Form) -> Any:
    organisation = acting_organisation()
    data = write_coded_orders(current(), organisation, first, last, form)
    name = f"bestallningar-{organisation.order_prefix.lower()}-{first}-{last}.{form}"
    return send_file(BytesIO(data), MEDIA_TYPES[form], as_attachment=True, download_name=name)
