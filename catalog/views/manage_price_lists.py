"""Pages: price lists, from upload to publication."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from auth.login import current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import price_list as actions
from catalog.comparison import compare, price_range
from catalog.forms import PriceFileForm
from catalog.managing import (
    LIVE,
    award_for,
    first_articles,
    in_force,
    price_list_for,
    price_lists_of,
    price_lists_page,
)
from catalog.price_list import PriceList, PriceListState
from catalog.price_row import rows_of
from catalog.views.manage import agreement_trail, ask_reason, bp, page_number, story, trail
from core.clock import today
from core.errors import RuleBroken
from core.state import can
from core.web import requires
from exchange import pricesheet
from exchange.pricesheet import MEDIA_TYPES, Form
from exchange.table import MAX_BYTES, TEXTS, Problem

SHOWN_PROBLEMS = 200


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
    problems: list[Problem] = []
    if form.validate_on_submit():
        with refusals_on(form):
            name, data = _upload(form)
            outcome = actions.import_price_list(current(), award, data, name, form.first_day)
            problems = list(outcome.problems)
            if outcome.price_list is not None:
                for problem in problems[:5]:
                    flash(problem_text(problem), "info")
                return redirect(url_for("manage.price_list", price_list_id=outcome.price_list.id), 303)
    page = render_template(
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
        crumbs=agreement_trail(award.lot.agreement),
    )
    return page, status(form)


@bp.get("/price-lists/template.xlsx")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_template() -> Any:
    """An empty list to send to a supplier."""
    return _download(pricesheet.template("xlsx"), "xlsx", "prislista-mall")


@bp.get("/price-lists/template.csv")
@requires(Permission.AGREEMENT_MANAGE)
def price_list_template_csv() -> Any:
    return _download(pricesheet.template("csv"), "csv", "prislista-mall")


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
    former = in_force(found.award) if found.state in LIVE else None
    lowest, highest = price_range(found)
    return render_template(
        "manage/price_list.html",
        price_list=found,
        award=found.award,
        agreement=found.award.lot.agreement,
        articles=first_articles(found),
        lowest=lowest,
        highest=highest,
        comparison=compare(found, former) if former is not None and former is not found else None,
        former=former,
        can=can,
        today=today(),
        story=story("price-list", found.id),
        crumbs=_trail(found),
    )


@bp.post("/price-lists/<int:price_list_id>/approve")
@requires(Permission.AGREEMENT_MANAGE)
def approve_price_list(price_list_id: int) -> Any:
    found = price_list_for(current(), price_list_id)
    actions.approve(current(), found)
    if found.state is PriceListState.PUBLISHED:
        flash(_("Prislistan är publicerad och går att beställa från."), "success")
    else:
        flash(_("Prislistan är godkänd och publiceras %(day)s.", day=found.effective_from.isoformat()), "success")
    return redirect(_page(found), 303)


@bp.route("/price-lists/<int:price_list_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def withdraw_price_list(price_list_id: int) -> Any:
    found = price_list_for(current(), price_list_id)
    lead = _("Prislistan läggs undan och kan inte publiceras.")
    if found.state is PriceListState.PUBLISHED:
        lead = _("Inget i listan går att beställa förrän en ny är publicerad. Det som är beställt gäller.")
    return ask_reason(
        lambda reason: actions.withdraw(current(), found, reason),
        _page(found),
        title=_("Återta prislistan"),
        lead=lead,
        button=_("Återta prislistan"),
        done=_("Prislistan är återtagen."),
        crumbs=_trail(found),
    )


def problem_text(problem: Problem) -> str:
    """The reason in the reader's language."""
    return str(_(TEXTS[problem.code]) % problem.params)


def _problem_files(problems: list[Problem]) -> dict[str, str]:
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
    return _download(pricesheet.price_list(rows_of(found), form), form, name)


def _download(data: bytes, form: Form, name: str) -> Any:
    return send_file(BytesIO(data), MEDIA_TYPES[form], as_attachment=True, download_name=f"{name}.{form}")


def _upload(form: PriceFileForm) -> tuple[str, bytes]:
    """The file's name and content; one byte more than is taken, so that the reader can say it is too large."""
    file = form.file.data
    if not isinstance(file, FileStorage) or not file.filename:
        raise RuleBroken(_l("Välj en fil."))
    return file.filename, file.stream.read(MAX_BYTES + 1)


def _page(price_list: PriceList) -> str:
    return url_for("manage.price_list", price_list_id=price_list.id)


def _trail(price_list: PriceList) -> list[tuple[Any, str]]:
    award = price_list.award
    return [
        *agreement_trail(award.lot.agreement),
        (award.supplier.name, url_for("manage.award_price_lists", award_id=award.id)),
    ]
