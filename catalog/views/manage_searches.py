"""Pages: what people search for in vain, and the synonyms that help them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from auth.login import acting_organisation, current
from auth.permission import Permission
from auth.views.refusals import refusals_on, status
from catalog.actions import synonym as actions
from catalog.forms import SynonymFileForm, SynonymForm
from catalog.managing import all_synonyms, synonym_by_id, synonyms_page
from catalog.policy import may_manage_synonyms, owner_organisation_ids
from catalog.search import SearchRequest, SearchResult
from catalog.search import search as find
from catalog.search.miss import forget_misses, misses
from catalog.search.thesaurus import Thesaurus, load_thesaurus, stems
from catalog.synonym import Synonym
from catalog.views.manage import bp, page_number, search_text, story, trail
from core.clock import today
from core.errors import NotAllowed, RuleBroken
from core.web import requires
from exchange.synonymfile import MAX_BYTES, MAX_ROWS, BadLine, read_synonyms, write_synonyms

TRIED = 8  # articles of a trial search that are shown
TEXTS = {
    "too-large": _l("Filen är för stor."),
    "empty": _l("Filen är tom."),
    "spreadsheet": _l("Spara kalkylbladet som CSV och välj den filen."),
    "encoding": _l("Filens tecken går inte att läsa. Spara den som CSV med UTF-8."),
    "binary": _l("Det är ingen CSV-fil."),
    "header": _l("Första raden ska ha rubrikerna ord, betyder och riktning."),
    "rows": _l("Filen har fler än %(most)s rader."),
    "columns": _l("Rad %(line)s har för få kolumner eller ett citattecken för mycket."),
    "direction": _l("Rad %(line)s: riktning är båda eller en."),
}


@bp.get("/searches")
@requires(Permission.AGREEMENT_MANAGE)
def searches() -> Any:
    answered = load_thesaurus().meanings
    rows = [(row, stems(row.text) in answered) for row in misses(_scope())]
    return render_template("manage/searches.html", rows=rows, may_manage=may_manage_synonyms(current()), crumbs=trail())


@bp.post("/searches/remove")
@requires(Permission.AGREEMENT_MANAGE)
def forget_search() -> Any:
    forget_misses(request.form.get("text", ""), _scope())
    flash(_("Sökordet är borttaget ur listan."), "success")
    return redirect(url_for("manage.searches"), 303)


def _scope() -> set[int] | None:
    """The organisations whose searches she sees: all for the office, else those whose agreements she manages."""
    return None if may_manage_synonyms(current()) else owner_organisation_ids(current())


@bp.get("/synonyms")
@requires(Permission.AGREEMENT_MANAGE)
def synonyms() -> Any:
    return render_template(
        "manage/synonyms.html",
        page=synonyms_page(search_text(), page_number()),
        text=search_text(),
        may_manage=may_manage_synonyms(current()),
        crumbs=_trail(),
    )


@bp.route("/synonyms/new", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def create_synonym() -> Any:
    form = _form(None)
    if not form.is_submitted():
        form.word.data = request.args.get("word", "")[:100]
    if form.validate_on_submit() and "try" not in request.form:
        with refusals_on(form):
            made = actions.add(current(), form.facts())
            flash(
                _("Nu hittar den som söker på %(word)s också %(means)s.", word=made.word, means=made.means), "success"
            )
            return redirect(url_for("manage.synonyms"), 303)
    return _page(form, None)


@bp.route("/synonyms/<int:synonym_id>", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def synonym(synonym_id: int) -> Any:
    found = synonym_by_id(synonym_id)
    form = _form(found)
    if form.validate_on_submit() and "try" not in request.form:
        with refusals_on(form):
            actions.edit(current(), found, form.facts())
            flash(_("Synonymen är sparad."), "success")
            return redirect(url_for("manage.synonyms"), 303)
    return _page(form, found)


@bp.post("/synonyms/<int:synonym_id>/remove")
@requires(Permission.AGREEMENT_MANAGE)
def remove_synonym(synonym_id: int) -> Any:
    actions.remove(current(), synonym_by_id(synonym_id))
    flash(_("Synonymen är borttagen."), "success")
    return redirect(url_for("manage.synonyms"), 303)


@bp.get("/synonyms.csv")
@requires(Permission.AGREEMENT_MANAGE)
def export_synonyms() -> Any:
    content = write_synonyms((s.word, s.means, s.is_both_ways) for s in all_synonyms())
    return send_file(BytesIO(content), "text/csv", as_attachment=True, download_name="synonymer.csv")


@bp.route("/synonyms/import", methods=["GET", "POST"])
@requires(Permission.AGREEMENT_MANAGE)
def import_synonyms() -> Any:
    if not may_manage_synonyms(current()):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra synonymerna."))
    form = SynonymFileForm()
    if form.validate_on_submit():
        with refusals_on(form):
            rows = _rows_of(form.file.data)
            new, changed = actions.take_in(current(), rows)
            flash(_("%(new)s nya synonymer, %(changed)s ändrade.", new=new, changed=changed), "success")
            return redirect(url_for("manage.synonyms"), 303)
    return render_template("manage/synonyms_import.html", form=form, crumbs=_trail()), status(form)


def _rows_of(file: Any) -> list[tuple[int, actions.SynonymFacts]]:
    """The rows of an uploaded file. Raises RuleBroken with what is wrong with it."""
    if not file or not file.filename:
        raise RuleBroken(_l("Välj en fil."))
    try:
        rows = read_synonyms(file.stream.read(MAX_BYTES + 1), file.filename)
    except BadLine as error:
        raise RuleBroken(str(TEXTS[error.code]) % {"line": error.line, "most": MAX_ROWS}) from error
    return [(r.line, actions.SynonymFacts(word=r.word, means=r.means, is_both_ways=r.is_both_ways)) for r in rows]


def _form(synonym: Synonym | None) -> SynonymForm:
    """Raises NotAllowed for whoever may not change the synonyms."""
    if not may_manage_synonyms(current()):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra synonymerna."))
    return SynonymForm(obj=synonym)


def _page(form: SynonymForm, synonym: Synonym | None) -> Any:
    """The form with its trial search beside it."""
    is_trial = "try" in request.form
    tried = _tried(form) if form.word.data and form.means.data and not form.errors else None
    page = render_template(
        "manage/synonym_edit.html",
        form=form,
        synonym=synonym,
        tried=tried,
        story=story("synonym", synonym.id) if synonym is not None else None,
        crumbs=[*_trail(), (_l("Synonymer"), url_for("manage.synonyms"))],
    )
    return page, 200 if is_trial and not form.errors else status(form)


def _tried(form: SynonymForm) -> tuple[SearchResult, SearchResult]:
    """What is found for the word without the synonym, and with it, where she acts."""

    def ask(thesaurus: Thesaurus) -> SearchResult:
        organisation = acting_organisation()
        return find(SearchRequest(form.word.data or "", organisation, today(), size=TRIED, thesaurus=thesaurus))

    facts = actions.tidy(form.facts())
    return ask(Thesaurus()), ask(Thesaurus.of([(facts.word, facts.means, facts.is_both_ways)]))


def _trail() -> list[tuple[Any, str]]:
    return trail((_l("Sökord"), url_for("manage.searches")))
