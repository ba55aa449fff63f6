"""Pages: need reports that wait for an answer, the answers, and what the office sees of them all."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.forms import indented
from catalog.managing import category_tree
from catalog.policy import owner_organisation_ids
from catalog.search.miss import misses
from core.clock import today
from core.errors import NotAllowed, RuleBroken, WrongState
from core.state import can
from core.web import kr, requires
from orders.actions import need as act
from orders.actions.correction import Corrected
from orders.actions.correction import correct as correct_procurement
from orders.actions.need import Answer, ProcurementFacts
from orders.direct_procurement import CHAPTER, RunningSum, running_sum
from orders.need import NeedAnswer, NeedReport
from orders.need_export import write_needs
from orders.need_forms import AnswerForm, CorrectionForm, PassOnForm, ProcurementForm, asked_forms, asked_of
from orders.need_queries import (
    agreement_numbered,
    article_numbered,
    by_category_and_month,
    exported,
    inbox_page,
    months_until,
)
from orders.policy import may_answer_need, sees_everything
from orders.views.needs import bp, documented, visible_report

__all__ = ["bp"]  # the pages of both files are one blueprint's

MONTHS = 6  # of the overview
YEAR_OF_MONTHS = 12  # of the file
MOST_MISSES = 25


@bp.get("/inbox")
@requires(Permission.AGREEMENT_MANAGE)
def inbox() -> Any:
    mine = request.args.get("scope") != "all"
    page = inbox_page(current(), acting_organisation(), mine=mine, page=request.args.get("page", 1, type=int))
    return render_template("needs/inbox.html", page=page, mine=mine, today=today())


@bp.get("/overview")
@requires(Permission.AGREEMENT_MANAGE)
def overview() -> Any:
    """What is asked for, by category and month, with the searches that found nothing beside it."""
    months = months_until(today(), MONTHS)
    return render_template(
        "needs/overview.html",
        months=months,
        rows=by_category_and_month(current(), acting_organisation(), months),
        misses=misses(_organisations(), MOST_MISSES),
    )


@bp.get("/overview.csv")
@requires(Permission.AGREEMENT_MANAGE)
def export() -> Any:
    """The reports of the last twelve months as a file."""
    since = months_until(today(), YEAR_OF_MONTHS)[0]
    content = write_needs(exported(current(), acting_organisation(), since))
    return send_file(BytesIO(content), "text/csv", as_attachment=True, download_name="behovsanmalningar.csv")


@bp.post("/<int:report_id>/take")
@requires(Permission.AGREEMENT_MANAGE)
def take(report_id: int) -> Any:
    act.take(current(), visible_report(report_id))
    flash(_("Anmälan är din. Den som anmälde ser att du arbetar med svaret."), "success")
    return redirect(url_for("needs.show", report_id=report_id), 303)


@bp.route("/<int:report_id>/pass-on", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def pass_on(report_id: int) -> Any:
    report = _open_report(report_id)
    form = PassOnForm(data={"category": report.category_id or 0})
    form.category.offer(indented(category_tree()))
    if form.validate_on_submit() and form.category.picked:
        with refusals_on(form):
            act.pass_on(current(), report, form.category.picked, form.reason.data)
            flash(_("Anmälan är flyttad till %(category)s.", category=form.category.picked.name), "success")
            return redirect(url_for("needs.show", report_id=report_id), 303)
        report = visible_report(report_id)
    return render_template("needs/pass_on.html", form=form, report=report), status(form)


@bp.route("/<int:report_id>/answer", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def answer(report_id: int) -> Any:
    report = _open_report(report_id)
    form = AnswerForm()
    if form.validate_on_submit():
        with refusals_on(form):
            act.answer(current(), report, _said(form))
            flash(_("Svaret är skickat."), "success")
            return redirect(url_for("needs.show", report_id=report_id), 303)
        report = visible_report(report_id)
    return render_template("needs/answer.html", form=form, report=report), status(form)


@bp.route("/<int:report_id>/direct-procurement", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def direct(report_id: int) -> Any:
    """The form of LOU 19 a kap.; the button "Räkna om" shows the running sum of another category or law."""
    report = _open_report(report_id)
    suggested = {"law": "lou", "category": report.category_id or 0, "value": report.estimated_value or None}
    form, rows = ProcurementForm(data=suggested), asked_forms()
    form.offer(indented(category_tree()))
    recounts = "recount" in request.form
    if not recounts and form.is_submitted() and form.validate_asked(rows) and form.category.picked:
        with refusals_on(form):
            facts = ProcurementFacts(
                law=form.chosen_law,
                category=form.category.picked,
                value=form.value.data,  # type: ignore[arg-type, unused-ignore]  # required by the form
                reasons=form.reasons.data,
                text=form.text.data,
                asked=asked_of(rows, form.chosen.data),
            )
            act.answer_directly(current(), report, facts)
            flash(_("Direktupphandlingen är dokumenterad och svaret skickat."), "success")
            return redirect(url_for("needs.show", report_id=report_id), 303)
        report = visible_report(report_id)
        form.offer(indented(category_tree()))  # the refusal has undone what was read
    page = render_template(
        "needs/direct.html", form=form, rows=rows, report=report, standing=_standing(form, report), chapter=CHAPTER
    )
    return page, 200 if recounts else status(form)


@bp.route("/<int:report_id>/documentation/correct", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def correct(report_id: int) -> Any:
    """The value or the supplier of a decided direct procurement was noted wrong."""
    report, procurement = documented(report_id)
    if not may_answer_need(current(), report):
        raise NotAllowed(_l("Bara en avtalsägare som inte själv har anmält behovet kan rätta uppgifterna."))
    chosen = procurement.chosen
    stands = {"value": procurement.value, "supplier": chosen.name, "reasons": procurement.reasons}
    form = CorrectionForm(data={**stands, "organisation_number": chosen.organisation_number})
    if form.validate_on_submit():
        with refusals_on(form):
            said = Corrected(
                value=form.value.data,  # type: ignore[arg-type, unused-ignore]  # required by the form
                supplier=form.supplier.data or "",
                organisation_number=form.organisation_number.data or None,
                reasons=form.reasons.data or None,
            )
            standing = correct_procurement(current(), procurement, said, form.why.data or "")
            flash(_("Uppgifterna är rättade. Det som stod förut finns kvar nedanför."), "success")
            if standing.total >= standing.limit:
                told = _(
                    "Årets direktupphandlingar i %(branch)s är nu %(total)s. De skulle ha hållit sig under %(limit)s.",
                    branch=standing.branch.name,
                    total=kr(standing.total),
                    limit=kr(standing.limit, 0),
                )
                flash(told, "warning")
            return redirect(url_for("needs.documentation", report_id=report_id), 303)
        report, procurement = documented(report_id)
    return render_template("needs/correct.html", form=form, report=report, procurement=procurement), status(form)


def _standing(form: ProcurementForm, report: NeedReport) -> RunningSum | None:
    category = form.category.picked
    return running_sum(report.organisation, category, form.chosen_law, today()) if category else None


def _open_report(report_id: int) -> NeedReport:
    """A report that she may answer now. Raises NotFound, NotAllowed and WrongState."""
    report = visible_report(report_id)
    if not may_answer_need(current(), report):
        raise NotAllowed(_l("Bara en avtalsägare som inte själv har anmält behovet kan svara på det."))
    if not can(report, "answer"):
        raise WrongState(_l("Anmälan är redan besvarad eller återtagen."))
    return report


def _said(form: AnswerForm) -> Answer:
    """Raises RuleBroken for an agreement or an article that is not there."""
    agreement = article = None
    chosen = NeedAnswer(form.answer.data)
    if chosen is NeedAnswer.AGREEMENT and form.agreement_number.data:
        agreement = agreement_numbered(form.agreement_number.data)
        if agreement is None:
            raise RuleBroken(_l("Det finns inget avtal %(number)s.", number=form.agreement_number.data))
        if form.article_number.data:
            article = article_numbered(agreement, form.article_number.data)
            if article is None:
                raise RuleBroken(_l("Artikeln %(number)s finns inte på avtalet.", number=form.article_number.data))
    return Answer(answer=chosen, text=form.text.data, agreement=agreement, article=article)


def _organisations() -> set[int] | None:
    """Whose searches she sees: everybody's at the office, else those of the organisations whose agreements she owns."""
    return None if sees_everything(current(), acting_organisation()) else owner_organisation_ids(current())
