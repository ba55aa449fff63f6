"""Pages: ask for bids, see how it goes, open together, weigh, decide, and take what was won to the basket."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.journal import entries_about
from auth.login import acting_organisation, current, has_permission
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.agreement import Lot
from catalog.queries import article_for
from core.clock import now, today
from core.errors import NotFound, RuleBroken
from core.forms import read_decimal
from core.state import can
from core.types import line_net
from core.web import download, kr, read_key, requires
from orders.actions import competition as act
from orders.actions import opening as at_opening
from orders.actions import weighing
from orders.actions.competition import AskedLine, RequestFacts, check_askable, check_competable, why_not_asked
from orders.actions.weighing import Grade
from orders.basket import Basket, BasketLine
from orders.basket_queries import basket_of, units_and_addresses
from orders.competition import MOST_LINES, Competition, CompetitionCriterion, CompetitionState
from orders.competition_forms import (
    AbandonForm,
    DecideForm,
    GradeForm,
    RequestForm,
    WeighForm,
    WitnessForm,
    grade_forms,
    line_forms,
    sent_line_forms,
    shown_again,
)
from orders.competition_policy import may_abandon, may_run, may_take
from orders.competition_queries import (
    bid_of,
    bids_of,
    competition_for,
    competitions_page,
    criteria_of,
    decision_of,
    least_days,
    lot_to_compete_for,
    possible_witnesses,
    requisition_of,
)
from orders.competition_report import report_pdf
from orders.evaluation import Ranked, evaluate
from orders.story import tell

bp = Blueprint("competitions", __name__, url_prefix="/competitions")

HOLDS = timedelta(days=60)  # after the last day to answer: what the form suggests
FORM = ["GET", "POST"]


@bp.get("")
@requires(Permission.CATALOGUE_READ)
def index() -> Any:
    is_running = request.args.get("scope") != "done"
    page = competitions_page(
        current(), acting_organisation(), is_running=is_running, page=request.args.get("page", 1, type=int)
    )
    return render_template("competitions/index.html", page=page, is_running=is_running)


@bp.route("/new/<int:lot_id>", methods=FORM)
@requires(Permission.ORDER_CREATE)
def new(lot_id: int) -> Any:
    """A request, filled in with what lies in the basket of the lot, or with the article she came from."""
    user, organisation = current(), acting_organisation()
    lot = lot_to_compete_for(user, lot_id)
    basket = basket_of(user, organisation, lock=request.method == "POST") if "basket" in request.args else None
    prefilled = _prefilled(lot, basket)
    units, _addresses = units_and_addresses(user, organisation)
    first = today() + timedelta(days=least_days(lot))
    form = RequestForm(data=_suggested(prefilled, basket, lot))
    form.offer(units)
    rows = sent_line_forms(MOST_LINES) if form.is_submitted() else line_forms(prefilled, MOST_LINES)
    if form.is_submitted() and form.validate_lines(rows) and form.unit is not None:
        with refusals_on(form):
            facts = _facts(form, [row.asked() for row in rows if not row.is_blank])
            made = act.announce(user, organisation, lot, facts, basket)
            flash(_("Förfrågan är skickad till leverantörerna."), "success")
            return redirect(url_for("competitions.show", competition_id=made.id), 303)
        lot = lot_to_compete_for(user, lot_id)  # the refusal has undone what was read
    return render_template(
        "competitions/new.html",
        form=form,
        rows=shown_again(rows) if form.is_submitted() else rows,
        lot=lot,
        first_day=first,
        criteria=criteria_of(lot),
        refused=_why_not(organisation, lot),
        not_asked={award.id: why_not_asked(award) for award in lot.awards},
    ), status(form)


def _prefilled(lot: Lot, basket: Basket | None) -> list[AskedLine]:
    """What she came with: her basket's lines of the lot; else an article and how many."""
    if basket is not None:
        rows = [(line.article, line.quantity) for line in _of_lot(basket, lot)]
        return [AskedLine(row.name, quantity, row.unit_code, row.vat_class) for row, quantity in rows][:MOST_LINES]
    article_id = read_key(request.args.get("article", ""))
    if article_id is None:
        return []
    article = article_for(current(), article_id)
    if article.award.lot_id != lot.id:
        raise NotFound(_l("Artikeln finns inte."))
    try:
        quantity = read_decimal(request.args.get("quantity", "1"), 3)
    except ValueError:
        quantity = Decimal(1)
    return [AskedLine(article.name, max(quantity, Decimal("0.001")), article.unit_code, article.vat_class)]


def _suggested(prefilled: Sequence[AskedLine], basket: Basket | None, lot: Lot) -> dict[str, Any]:
    user, last = current(), today() + timedelta(days=least_days(lot) + 7)
    lines = _of_lot(basket, lot) if basket else []
    values = [
        line_net(each.quantity, each.article.price_for(each.quantity), each.article.base_quantity) for each in lines
    ]
    return {
        "key": secrets.token_urlsafe(24),
        "title": prefilled[0].name if len(prefilled) == 1 else None,
        "last_day": last,
        "valid_until": last + HOLDS,
        "contact_name": user.name,
        "contact_email": user.email,
        "estimated_value": sum(values, Decimal(0)) if values else None,
    }


def _of_lot(basket: Basket, lot: Lot) -> list[BasketLine]:
    """What lies in her basket of the lot and can be asked for: not what is won already."""
    return [line for line in basket.lines if line.article.award.lot_id == lot.id and line.bid_line_id is None]


def _facts(form: RequestForm, lines: list[AskedLine]) -> RequestFacts:
    assert form.unit is not None and form.last_day.data is not None and form.valid_until.data is not None
    return RequestFacts(
        key=form.key.data or "",
        unit=form.unit,
        title=form.title.data or "",
        specification=form.specification.data or "",
        lines=lines,
        last_day=form.last_day.data,
        valid_until=form.valid_until.data,
        contact_name=form.contact_name.data or "",
        contact_email=form.contact_email.data or "",
        wanted_on=form.wanted_on.data,
        estimated_value=form.estimated_value.data,
        file=form.sent_file,
    )


def _why_not(organisation: Any, lot: Lot) -> RuleBroken | None:
    """Why bids cannot be asked for in this lot at all, whatever is asked: told before she writes."""
    try:
        check_competable(organisation, lot, lot.competition_above and lot.competition_above + 1)
        check_askable(lot)
    except RuleBroken as refusal:
        return refusal
    return None


@bp.get("/<int:competition_id>")
@requires(Permission.CATALOGUE_READ)
def show(competition_id: int) -> Any:
    competition = visible(competition_id)
    decision = decision_of(competition)
    requisition = requisition_of(competition) if decision else None
    user, runs = current(), _runs(competition)
    return render_template(
        "competitions/show.html",
        competition=competition,
        ranked=_ranked(competition),
        decision=decision,
        requisition=requisition,
        story=tell(entries_about("competition", competition.id)),
        may_name=runs and competition.waits_for_opening,
        may_open=competition.waits_for_opening and competition.witness_id == user.id,
        may_weigh=runs and competition.state is CompetitionState.OPENED,
        may_decide=runs and competition.state is CompetitionState.OPENED,
        may_abandon=_may_abandon(competition) and can(competition, "abandon") and requisition is None,
        may_take=competition.state is CompetitionState.DECIDED
        and requisition is None
        and has_permission(Permission.ORDER_CREATE)
        and may_take(user, competition),
        is_free=decision is None or decision.standstill_until is None or today() > decision.standstill_until,
        now=now(),
    )


@bp.get("/<int:competition_id>/report.pdf")
@requires(Permission.CATALOGUE_READ)
def report(competition_id: int) -> Response:
    """The whole story as a PDF, once it is opened or abandoned."""
    competition = visible(competition_id)
    if competition.state is CompetitionState.INVITED:
        raise NotFound(_l("Rapporten finns när anbuden är öppnade."))
    content = report_pdf(competition, _ranked(competition), decision_of(competition))
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"{competition.number}.pdf")
    return response


@bp.get("/<int:competition_id>/specification")
@requires(Permission.CATALOGUE_READ)
def specification(competition_id: int) -> Response:
    return specification_file(visible(competition_id))


@bp.get("/<int:competition_id>/bids/<int:bid_id>/file")
@requires(Permission.CATALOGUE_READ)
def bid_file(competition_id: int, bid_id: int) -> Response:
    """What a supplier sent along, always as a download: it comes from outside and is never shown in our pages."""
    bid = bid_of(visible(competition_id), bid_id)
    return _download(bid.file_name, bid.file_content)


@bp.route("/<int:competition_id>/opening", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def opening(competition_id: int) -> Any:
    """Name the second person."""
    competition = visible(competition_id)
    people = possible_witnesses(competition, current())
    form = WitnessForm()
    form.offer(people)
    if form.validate_on_submit():
        with refusals_on(form):
            at_opening.name_witness(current(), competition, form.witness.picked)
            flash(_("%(name)s har fått ett brev och kan öppna anbuden.", name=form.witness.picked.name), "success")
            return redirect(url_for("competitions.show", competition_id=competition_id), 303)
        competition = visible(competition_id)
    return render_template("competitions/opening.html", competition=competition, form=form), status(form)


@bp.post("/<int:competition_id>/open")
@requires(Permission.CATALOGUE_READ)
def open_bids(competition_id: int) -> Any:
    at_opening.open_bids(current(), visible(competition_id))
    flash(_("Anbuden är öppnade."), "success")
    return redirect(url_for("competitions.show", competition_id=competition_id), 303)


@bp.route("/<int:competition_id>/bids/<int:bid_id>", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def weigh(competition_id: int, bid_id: int) -> Any:
    """Grade one bid by the criteria other than price, or reject it."""
    competition = visible(competition_id)
    bid = bid_of(competition, bid_id)
    form = WeighForm(data={"rejected_reason": bid.rejected_reason})
    grades = grade_forms(competition.criteria, bid.score_of)
    given = grades if not form.rejected_reason.data else {}
    told = _l("Sätt betyg och skriv varför, på varje kriterium.")
    if form.is_submitted() and form.validate_all(given.values(), told):
        with refusals_on(form):
            weighing.weigh(current(), bid, _grades(given), form.rejected_reason.data)
            flash(_("Bedömningen är sparad."), "success")
            return redirect(url_for("competitions.show", competition_id=competition_id), 303)
        competition = visible(competition_id)
        bid = bid_of(competition, bid_id)
    return render_template(
        "competitions/weigh.html", competition=competition, bid=bid, form=form, grades=grades
    ), status(form)


@bp.route("/<int:competition_id>/decision", methods=FORM)
@requires(Permission.AGREEMENT_MANAGE)
def decide(competition_id: int) -> Any:
    competition = visible(competition_id)
    ranked = _ranked(competition)
    best = [each for each in ranked if each.place == 1]
    form = DecideForm(data={"bid": best[0].bid.id if len(best) == 1 else None})
    form.offer([(each.bid.id, _name(each)) for each in ranked if each.place is not None])
    if form.validate_on_submit():
        with refusals_on(form):
            reasons, standstill = form.reasons.data or "", bool(form.standstill.data)
            weighing.decide(current(), competition, form.bid.data, reasons, standstill=standstill)
            flash(_("Beslutet är fattat och skickat till alla som lämnade anbud."), "success")
            return redirect(url_for("competitions.show", competition_id=competition_id), 303)
        competition = visible(competition_id)
        ranked = _ranked(competition)
    return render_template("competitions/decide.html", competition=competition, ranked=ranked, form=form), status(form)


@bp.route("/<int:competition_id>/abandon", methods=FORM)
@requires(Permission.CATALOGUE_READ)
def abandon(competition_id: int) -> Any:
    competition = visible(competition_id)
    form = AbandonForm()
    if form.validate_on_submit():
        with refusals_on(form):
            act.abandon(current(), competition, form.reason.data or "")
            flash(_("Förfrågan är avbruten. Leverantörerna får besked."), "success")
            return redirect(url_for("competitions.show", competition_id=competition_id), 303)
        competition = visible(competition_id)
    return render_template("competitions/abandon.html", competition=competition, form=form), status(form)


@bp.post("/<int:competition_id>/order")
@requires(Permission.ORDER_CREATE)
def order(competition_id: int) -> Any:
    """Put what was won into the basket, from where it takes the ordinary road."""
    act.take_to_basket(current(), visible(competition_id))
    flash(_("Det vunna anbudet ligger i varukorgen. Skicka det för godkännande i kassan."), "success")
    return redirect(url_for("basket.show"), 303)


def visible(competition_id: int) -> Competition:
    return competition_for(current(), acting_organisation(), competition_id)


def specification_file(competition: Competition) -> Response:
    """The document of a request, always as a download."""
    return _download(competition.file_name, competition.file_content)


def _download(name: str | None, content: bytes | None) -> Response:
    if name is None or content is None:
        raise NotFound(_l("Filen finns inte."))
    return download(name, content)


def _ranked(competition: Competition) -> list[Ranked]:
    return evaluate(bids_of(competition), competition.criteria)


def _grades(given: dict[CompetitionCriterion, GradeForm]) -> list[Grade]:
    return [Grade(c, row.grade.data or Decimal(0), row.reason.data or "") for c, row in given.items()]


def _name(ranked: Ranked) -> str:
    return f"{ranked.bid.invitation.supplier.name}, {kr(ranked.bid.net_amount)}"


def _runs(competition: Competition) -> bool:
    return has_permission(Permission.AGREEMENT_MANAGE) and may_run(current(), competition)


def _may_abandon(competition: Competition) -> bool:
    return may_abandon(current(), competition)
