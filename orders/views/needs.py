"""Pages: report a need or ask about one, one's own reports, and a report's story."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.journal import entries_about
from auth.login import acting_organisation, current, has_permission
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.agreement import Agreement
from catalog.agreement_queries import agreement_for
from catalog.category import Category
from catalog.forms import indented
from catalog.managing import category_tree
from catalog.price_list import Article
from catalog.queries import article_for
from catalog.suggestion import suggest_categories
from core.clock import today
from core.errors import NotFound
from core.forms import tidied
from core.state import can
from core.web import download, read_key, requires
from orders import procurement_report
from orders.actions import need as act
from orders.actions.need import NeedFacts
from orders.direct_procurement import ASKED_NAMES, DirectProcurement
from orders.need import ANSWER_NAMES, REFUSAL_NAMES, NeedReport
from orders.need_forms import NeedForm, QuestionForm
from orders.need_queries import attachment_for, procurement_of, report_for, reports_page, units_of
from orders.policy import NEED_READERS, may_answer_need, may_withdraw_need, sees_everything
from orders.story import tell

bp = Blueprint("needs", __name__, url_prefix="/needs")


@bp.get("")
@requires(Permission.CATALOGUE_READ)
def index() -> Any:
    """Her own reports; those who answer, administer or audit may look at all of them."""
    user, organisation = current(), acting_organisation()
    sees_more = sees_everything(user, organisation) or bool(user.roles_in(organisation.id) & {*NEED_READERS})
    mine = not (sees_more and request.args.get("scope") == "all")
    return render_template(
        "needs/index.html",
        page=reports_page(user, organisation, mine=mine, page=request.args.get("page", 1, type=int)),
        mine=mine,
        sees_more=sees_more,
        today=today(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.NEED_REPORT)
def new() -> Any:
    """A new report, filled in with where she came from: a search, an article, an agreement, a refusal."""
    user, organisation, origin = current(), acting_organisation(), _origin()
    tree = category_tree()
    categories = [category for _depth, category in tree]
    prefilled = origin.prefilled() | {"key": secrets.token_urlsafe(24)}
    if request.method == "GET" and (found := origin.category or _suggested(origin.words, categories)):
        prefilled["category"] = found.id
    form = QuestionForm(data=prefilled) if origin.is_question else NeedForm(data=prefilled)
    form.offer(units_of(user, organisation), indented(tree))
    if form.validate_on_submit():
        with refusals_on(form):
            words = f"{form.title.data} {form.reason.data}"
            made = act.report(
                user, organisation, _facts(form, origin, form.category.picked or _suggested(words, categories))
            )
            flash(_("Tack! Du får svar senast %(day)s.", day=made.due_on.isoformat()), "success")
            return redirect(url_for("needs.show", report_id=made.id), 303)
    return render_template("needs/new.html", form=form, origin=origin, refusal_names=REFUSAL_NAMES), status(form)


@bp.get("/<int:report_id>")
@requires(Permission.CATALOGUE_READ)
def show(report_id: int) -> Any:
    report = visible_report(report_id)
    answers = may_answer_need(current(), report) and has_permission(Permission.AGREEMENT_MANAGE)
    return render_template(
        "needs/show.html",
        report=report,
        procurement=procurement_of(report),
        story=tell(entries_about("need-report", report.id)),
        answer_names=ANSWER_NAMES,
        refusal_names=REFUSAL_NAMES,
        may_answer=answers and can(report, "answer"),
        may_withdraw=may_withdraw_need(current(), report) and can(report, "withdraw"),
        today=today(),
    )


@bp.get("/<int:report_id>/attachments/<int:attachment_id>")
@requires(Permission.CATALOGUE_READ)
def attachment(report_id: int, attachment_id: int) -> Any:
    """A file of a report, always as a download: it comes from outside and is never run in our pages."""
    found = attachment_for(current(), acting_organisation(), report_id, attachment_id)
    return download(found.name, found.content)


@bp.get("/<int:report_id>/documentation")
@requires(Permission.CATALOGUE_READ)
def documentation(report_id: int) -> Any:
    """The documentation of a direct procurement, as a page to print (LOU 19 a kap. 11 §)."""
    report, procurement = documented(report_id)
    return render_template(
        "needs/documentation.html",
        report=report,
        procurement=procurement,
        asked_names=ASKED_NAMES,
        may_correct=may_answer_need(current(), report) and has_permission(Permission.AGREEMENT_MANAGE),
    )


@bp.get("/<int:report_id>/documentation.pdf")
@requires(Permission.CATALOGUE_READ)
def documentation_pdf(report_id: int) -> Response:
    """The same to file with the case, with all corrections."""
    report, procurement = documented(report_id)
    response = Response(procurement_report.documentation_pdf(procurement), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"direktupphandling-{report.id}.pdf")
    return response


@bp.post("/<int:report_id>/withdraw")
@requires(Permission.NEED_REPORT)
def withdraw(report_id: int) -> Any:
    act.withdraw(current(), visible_report(report_id))
    flash(_("Anmälan är återtagen."), "success")
    return redirect(url_for("needs.show", report_id=report_id), 303)


def visible_report(report_id: int) -> NeedReport:
    return report_for(current(), acting_organisation(), report_id)


def documented(report_id: int) -> tuple[NeedReport, DirectProcurement]:
    """A report that she sees, and the direct procurement it was answered with. Raises NotFound."""
    report = visible_report(report_id)
    procurement = procurement_of(report)
    if procurement is None:
        raise NotFound(_l("Anmälan finns inte, eller så får du inte se den."))
    return report, procurement


@dataclass(frozen=True, slots=True)
class Origin:
    """Where she came from, as the address tells it."""

    search_text: str | None = None
    article: Article | None = None
    agreement: Agreement | None = None
    refusal_code: str | None = None
    quantity: str | None = None
    is_question: bool = False

    @property
    def category(self) -> Category | None:
        """The category of the article or the agreement she looked at."""
        if self.article is not None and self.article.award.lot.category is not None:
            return self.article.award.lot.category
        return self.agreement.category if self.agreement else None

    @property
    def words(self) -> str:
        return self.article.name if self.article else self.search_text or ""

    def prefilled(self) -> dict[str, Any]:
        """What the form is filled in with."""
        title = self.words or (self.agreement.title if self.agreement else "")
        return {"title": title[:200] or None, "how_much": self.quantity}


def _origin() -> Origin:
    """Raises NotFound for an article or an agreement that she does not see."""
    article_id, agreement_number = read_key(request.args.get("article", "")), request.args.get("agreement")
    article = article_for(current(), article_id) if article_id else None
    agreement = agreement_for(current(), agreement_number) if agreement_number else None
    if article is not None:
        agreement = article.award.lot.agreement
    code = request.args.get("code", "")
    quantity = (tidied(request.args.get("quantity", "")) or "")[:20]
    return Origin(
        search_text=(tidied(request.args.get("q", "")) or "")[:200] or None,
        article=article,
        agreement=agreement,
        refusal_code=code if code in REFUSAL_NAMES else None,
        quantity=quantity or None,
        is_question="question" in request.args,
    )


def _suggested(words: str, categories: list[Category]) -> Category | None:
    return next(iter(suggest_categories(words, categories)), None)


def _facts(form: NeedForm, origin: Origin, category: Category | None) -> NeedFacts:
    return NeedFacts(
        key=form.key.data or "",
        title=form.title.data or "",
        reason=form.reason.data or "",
        is_question=origin.is_question,
        unit=form.unit,
        how_much=form.how_much.data,
        estimated_value=form.estimated_value.data,
        needed_on=form.needed_on.data,
        category=category,
        search_text=origin.search_text,
        article=origin.article,
        agreement=origin.agreement,
        refusal_code=origin.refusal_code,
        files=form.files,
    )
