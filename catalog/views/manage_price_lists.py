"""Pages: price lists, from upload to publication."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import price_list as actions
from catalog.actions.column_map import ask_for_columns
from catalog.actions.price_list import ImportOutcome
from catalog.actions.price_review import Verdict, difference_of, eyes_of, judge
from catalog.agreement import Award
from catalog.column_map import column_maps
from catalog.managing import (
    award_for,
    first_articles,
    price_list_for,
    price_lists_of,
    price_lists_page,
    price_range,
)
from catalog.price_forms import PriceFileForm
from catalog.price_list import PriceList, PriceListState
from catalog.price_refusal import refusal_count
from catalog.price_row import rows_of
from catalog.views.manage import agreement_trail, ask_reason, bp, page_number, story, trail
from core.clock import today
from core.errors import RuleBroken
from core.state import can
from core.web import requires
from exchange import pricesheet
from exchange.problem import TEXTS, Problem
from exchange.table import MAX_BYTES
from exchange.tablefile import MEDIA_TYPES, Form

SHOWN_PROBLEMS = 200
MOST_FLASHED = 5  # on the page of the list that came of the file
WAITING = (PriceListState.DRAFT, PriceListState.REVIEWED)


@bp.get("/price-lists")
@requires(Permission.AGREEMENT_MANAGE)
def price_lists() -> Any:
    wanted = request.args.get("state", "")
    state = PriceListState(wanted) if wanted in [s.value for s in PriceListState] else None
    return render_template(
        "manage/price_lists.html",
        page=price_lists_page(current(), state, page_number()),
        state=state,
        states=list(PriceListState),
        crumbs=trail(),
    )


@bp.route("/awards/<int:award_id>/price-lists", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def award_price_lists(award_id: int) -> Any:
    """Every version of a supplier's list, and the upload of a new one."""
    award = award_for(current(), award_id)
    form = PriceFileForm(data={"effective_from": today()})
    if form.validate_on_submit():
        with refusals_on(form):
            name, data = _upload(form)
            outcome = actions.import_price_list(current(), award, data, name, form.first_day)
            if ask_for_columns(current(), award, data, name, form.first_day, outcome.problems):
                return redirect(url_for("manage.price_columns", award_id=award.id), 303)
            return arrived(award, outcome)
    return _award_page(award, form, []), status(form)


def arrived(award: Award, outcome: ImportOutcome, *, refused: int = 422) -> Any:
    """What follows on a file: the page of its draft, or the problems that it has, with the status `refused`."""
    if outcome.price_list is None:
        form = PriceFileForm(formdata=None, data={"effective_from": today()})
        return _award_page(award, form, outcome.problems), refused
    for problem in outcome.problems[:MOST_FLASHED]:
        flash(_placed(problem), "info")
    more = len(outcome.problems) - MOST_FLASHED
    if more > 0:
        flash(ngettext("Och %(num)s anmärkning till.", "Och %(num)s anmärkningar till.", more), "info")
    return redirect(page_of(outcome.price_list), 303)


def _award_page(award: Award, form: PriceFileForm, problems: Sequence[Problem]) -> str:
    return render_template(
        "manage/award_price_lists.html",
        form=form,
        award=award,
        agreement=award.lot.agreement,
        problems=problems[:SHOWN_PROBLEMS],
        problem_count=len(problems),
        error_count=sum(problem.severity == "error" for problem in problems),
        problem_text=problem_text,
        problem_files=_problem_files(problems),
        price_lists=price_lists_of(award),
        column_maps=column_maps(award),
        crumbs=agreement_trail(award.lot.agreement),
    )


@bp.get("/price-lists/template.xlsx")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_template() -> Any:
    """An empty list to send to a supplier."""
    return download(pricesheet.template("xlsx"), "xlsx", "prislista-mall")


@bp.get("/price-lists/template.csv")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_template_csv() -> Any:
    return download(pricesheet.template("csv"), "csv", "prislista-mall")


@bp.get("/price-lists/<int:price_list_id>.xlsx")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_file(price_list_id: int) -> Any:
    """A list in the form in which it is imported."""
    return _list_file(price_list_id, "xlsx")


@bp.get("/price-lists/<int:price_list_id>.csv")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_file_csv(price_list_id: int) -> Any:
    return _list_file(price_list_id, "csv")


@bp.get("/price-lists/<int:price_list_id>")
@requires(Permission.AGREEMENT_MANAGE)
def price_list(price_list_id: int) -> Any:
    found = price_list_for(current(), price_list_id)
    difference = difference_of(found)
    lowest, highest = price_range(found)
    verdict = judge(eyes_of(current(), found), found, difference) if found.state in WAITING else Verdict()
    return render_template(
        "manage/price_list.html",
        price_list=found,
        award=found.award,
        agreement=found.award.lot.agreement,
        articles=first_articles(found),
        lowest=lowest,
        highest=highest,
        difference=difference,
        totals=difference.totals,
        former=difference.former,
        verdict=verdict,
        refusals=refusal_count(found),
        can=can,
        is_due=found.effective_from <= today(),
        may_restore=found.publication is not None and found.state is not PriceListState.PUBLISHED,
        story=story("price-list", found.id),
        crumbs=trail_of(found),
    )


@bp.post("/price-lists/<int:price_list_id>/approve")
@requires(Permission.AGREEMENT_MANAGE)
def approve_price_list(price_list_id: int) -> Any:
    found = price_list_for(current(), price_list_id)
    actions.approve(current(), found)
    if found.state is PriceListState.PUBLISHED:
        flash(_("Prislistan är publicerad och går att beställa från. Sökningen visar den strax."), "success")
    else:
        flash(_("Prislistan är godkänd och publiceras %(day)s.", day=found.effective_from.isoformat()), "success")
    return redirect(page_of(found), 303)


@bp.post("/price-lists/<int:price_list_id>/publish")
@requires(Permission.AGREEMENT_MANAGE)
def publish_price_list(price_list_id: int) -> Any:
    """A reviewed list that is due, and that the worker could not put in force by itself."""
    found = price_list_for(current(), price_list_id)
    actions.publish(current(), found)
    flash(_("Prislistan är publicerad och går att beställa från. Sökningen visar den strax."), "success")
    return redirect(page_of(found), 303)


@bp.route("/price-lists/<int:price_list_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def withdraw_price_list(price_list_id: int) -> Any:
    found = price_list_for(current(), price_list_id)
    lead = _("Prislistan läggs undan och kan inte publiceras.")
    if found.state is PriceListState.PUBLISHED:
        lead = _("Inget i listan går att beställa förrän en ny är publicerad. Det som är beställt gäller.")
    return ask_reason(
        lambda reason: actions.withdraw(current(), found, reason),
        page_of(found),
        title=_("Återta prislistan"),
        lead=lead,
        button=_("Återta prislistan"),
        done=_("Prislistan är återtagen."),
        crumbs=trail_of(found),
    )


def problem_text(problem: Problem) -> str:
    """The reason in the reader's language."""
    return str(_(TEXTS[problem.code]) % problem.params)


def _placed(problem: Problem) -> str:
    """The reason with its place before it, for where no table has columns for them."""
    line, column, text = problem.line, problem.column, problem_text(problem)
    if line and line > 1 and column:
        return str(_("Rad %(line)s, %(column)s: %(text)s", line=line, column=column, text=text))
    if column:
        return str(_("%(column)s: %(text)s", column=column, text=text))
    return str(_("Rad %(line)s: %(text)s", line=line, text=text)) if line and line > 1 else text


def _problem_files(problems: Sequence[Problem]) -> dict[str, str]:
    """The problems as files within the page itself (form → data address): nothing of a refused file is kept."""
    if not problems:
        return {}
    headings = (_("Rad"), _("Kolumn"), _("Värde"), _("Vad som är fel"))
    made = {form: pricesheet.problems(problems, form, headings, problem_text) for form in MEDIA_TYPES}
    return {form: f"data:{MEDIA_TYPES[form]};base64,{b64encode(data).decode()}" for form, data in made.items()}


def _list_file(price_list_id: int, form: Form) -> Any:
    found = price_list_for(current(), price_list_id)
    agreement = found.award.lot.agreement
    name = f"{agreement.number}-{found.award.supplier.organisation_number}-{found.version}"
    return download(pricesheet.price_list(rows_of(found), form), form, name)


def download(data: bytes, form: Form, name: str) -> Any:
    return send_file(BytesIO(data), MEDIA_TYPES[form], as_attachment=True, download_name=f"{name}.{form}")


def _upload(form: PriceFileForm) -> tuple[str, bytes]:
    """The file's name and content; one byte more than is taken, so that the reader can say it is too large."""
    file = form.file.data
    if not isinstance(file, FileStorage) or not file.filename:
        raise RuleBroken(_l("Välj en fil."))
    return file.filename, file.stream.read(MAX_BYTES + 1)


def page_of(price_list: PriceList) -> str:
    return url_for("manage.price_list", price_list_id=price_list.id)


def page_of_award(award: Award) -> str:
    return url_for("manage.award_price_lists", award_id=award.id)


def trail_of(price_list: PriceList) -> list[tuple[Any, str]]:
    """The way to a price list's own page."""
    award = price_list.award
    return [
        *agreement_trail(award.lot.agreement),
        (award.supplier.name, page_of_award(award)),
    ]
