"""What may be asked of the search, and what it answers: the seam that pages and commands see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from auth.organisation import Organisation
from catalog.agreement import Award
from catalog.finding import Finding, Level
from catalog.price_list import Article
from catalog.queries import Offer
from catalog.search.thesaurus import Thesaurus
from core.web import Page

SORTS = ("relevance", "price", "name")


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question. Without text the catalogue is browsed. `page` counts from 1. `thesaurus`: other synonyms than the
    office's, to try them before they are kept."""

    text: str
    organisation: Organisation
    on: date
    supplier_id: int | None = None
    category_id: int | None = None
    agreement_id: int | None = None
    marks: tuple[str, ...] = ()
    sort: str = "relevance"
    page: int = 1
    size: int = 20
    include_not_orderable: bool = False
    thesaurus: Thesaurus | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An article as the database has it now, with what the steering says about it."""

    article: Article
    award: Award
    findings: tuple[Finding, ...]

    @property
    def stop(self) -> Finding | None:
        """Why it cannot be ordered; none when it can."""
        return next((f for f in self.findings if f.level is Level.STOP), None)


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to narrow the answer, with the number of hits it would leave."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`facets`: by "agreement", "supplier", "category" and "mark", the fullest first. `agreements`, `suppliers`:
    those whose names the text fits. `suggestion`: what the text was read as, where a typing error was mended.
    `alternative`: what was perhaps meant, where little was found for what was written.
    `is_indexed` is false while the index is being made: then the catalogue can be browsed but not searched."""

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Sequence[Facet]]
    agreements: Sequence[Offer] = ()
    suppliers: Sequence[Offer] = ()
    suggestion: str | None = None
    alternative: str | None = None
    is_indexed: bool = True
    number: int = 1
    size: int = 20

    @property
    def page(self) -> Page:
        return Page(self.hits, self.number, self.size, self.total)
