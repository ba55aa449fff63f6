"""A report as a frozen, format-neutral document: sections of facts, paragraphs and tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of texts; `widths` are shares of the line, and the columns in `right` end at the right."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, in this order: facts, paragraphs, a table."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole: `kind` is the small line above the title, `foot` who has issued it."""

    kind: str
    title: str
    lead: str
    foot: str
    issued_at: datetime
    sections: tuple[Section, ...]
