"""Say what people mean: add, edit and remove synonyms, one by one or from a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from auth.journal import record
from auth.user import User
from catalog.actions.change import Facts, apply
from catalog.policy import may_manage_synonyms
from catalog.search.analyser import fold
from catalog.search.thesaurus import stems
from catalog.synonym import LONGEST, Synonym
from core.clock import now
from core.db import db
from core.errors import NotAllowed, RuleBroken

MOST = 5_000  # more than anybody keeps in order


@dataclass(frozen=True, kw_only=True)
class SynonymFacts(Facts):
    """`word` is what people type, `means` what the price lists say."""

    word: str
    means: str
    is_both_ways: bool = False


def tidy(facts: SynonymFacts) -> SynonymFacts:
    """The facts as they are kept: lower case, without accents, one blank between words."""
    word, means = (" ".join(fold(text).split()) for text in (facts.word, facts.means))
    return SynonymFacts(word=word, means=means, is_both_ways=facts.is_both_ways)


def add(actor: User, facts: SynonymFacts) -> Synonym:
    """Add a synonym. It works from the next search on."""
    facts = tidy(facts)
    _check(actor, facts)
    if (db.session.scalar(select(func.count()).select_from(Synonym)) or 0) >= MOST:
        raise RuleBroken(_l("Det finns redan %(most)s synonymer. Ta bort några först.", most=MOST))
    synonym = Synonym(changed_at=now())
    apply(synonym, facts)
    db.session.add(synonym)
    db.session.flush()
    record(actor, "create", "synonym", synonym.id, word=synonym.word, means=synonym.means)
    return synonym


def edit(actor: User, synonym: Synonym, facts: SynonymFacts) -> None:
    """Change a synonym."""
    facts = tidy(facts)
    _check(actor, facts, synonym)
    if changes := apply(synonym, facts):
        synonym.changed_at = now()
        db.session.flush()
        record(actor, "edit", "synonym", synonym.id, word=synonym.word, means=synonym.means, changes=changes)


def remove(actor: User, synonym: Synonym) -> None:
    """Take a synonym away."""
    if not may_manage_synonyms(actor):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra synonymerna."))
    record(actor, "remove", "synonym", synonym.id, word=synonym.word, means=synonym.means)
    db.session.delete(synonym)
    db.session.flush()


def take_in(actor: User, rows: Iterable[tuple[int, SynonymFacts]]) -> tuple[int, int]:
    """Add the synonyms of a file, and give those that are there their direction: all rows or none.

    `rows`: line number and facts. Returns how many were new and how many changed. Raises RuleBroken with the line.
    """
    known = {(s.word, s.means): s for s in db.session.scalars(select(Synonym))}
    new = changed = 0
    for line, given in rows:
        facts = tidy(given)
        try:
            if (there := known.get((facts.word, facts.means))) is None:
                known[facts.word, facts.means] = add(actor, facts)
                new += 1
            elif there.is_both_ways != facts.is_both_ways:
                edit(actor, there, facts)
                changed += 1
        except RuleBroken as error:
            raise RuleBroken(_("Rad %(line)s: %(problem)s", line=line, problem=str(error.message))) from error
    return new, changed


def _check(actor: User, facts: SynonymFacts, itself: Synonym | None = None) -> None:
    if not may_manage_synonyms(actor):
        raise NotAllowed(_l("Bara det gemensamma kontoret får ändra synonymerna."))
    if not stems(facts.word) or not stems(facts.means):
        raise RuleBroken(_l("Skriv ett ord på båda sidor."))
    if max(len(facts.word), len(facts.means)) > LONGEST:
        raise RuleBroken(_l("Ett ord är högst %(longest)s tecken.", longest=LONGEST))
    if stems(facts.word) == stems(facts.means):
        raise RuleBroken(_l("Orden är redan ett och samma för sökningen."))
    same = select(Synonym).where(Synonym.word == facts.word, Synonym.means == facts.means)
    holder = db.session.scalar(same)
    if holder is not None and holder is not itself:
        raise RuleBroken(_l("Synonymen finns redan."))
