"""The header of a table whose columns nobody knows by name: a guess at its line, for a person to say what is what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from exchange.csvtext import folded, records, visible

SEARCHED = 20  # lines
SAMPLES = 3
MAX_COLUMNS = 200
FEWEST = 3  # cells: a line with fewer is a title


class ColumnChoice(NamedTuple):
    """What the columns under a row of (folded) headings hold: a field for each of them, "" for none."""

    headings: tuple[str, ...]
    fields: tuple[str, ...]


class Header(NamedTuple):
    """A row of headings as the file has them, and the first values under each."""

    headings: list[str]
    samples: list[list[str]]


def folded_row(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings without case, accents and punctuation, and without the empty ones at the end of the row."""
    row = [folded(heading) for heading in headings[:MAX_COLUMNS]]
    while row and not row[-1]:
        row.pop()
    return tuple(row)


def guess_header(text: str) -> Header | None:
    """The line among the first 20 with the most cells that are words, and the values below it; none where no line has
    three of them."""
    best: tuple[int, str, int, list[str]] | None = None
    for delimiter in ";,\t":
        for line, cells in islice(records(text[:100_000], delimiter), SEARCHED):
            words = sum(map(_is_word, cells[:MAX_COLUMNS])) if isinstance(cells, list) else 0
            if isinstance(cells, list) and words >= FEWEST and (best is None or words > best[0]):
                best = (words, delimiter, line, cells[:MAX_COLUMNS])
    if best is None:
        return None
    _, delimiter, header_line, cells = best
    width = len(folded_row(cells))
    samples: list[list[str]] = [[] for _ in range(width)]
    for line, row in islice(records(text[:100_000], delimiter), header_line + SEARCHED):
        if line > header_line and isinstance(row, list):
            for sample, cell in zip(samples, row, strict=False):
                if cell.strip() and len(sample) < SAMPLES:
                    sample.append(visible(cell.strip()))
    return Header([visible(cell.strip()) for cell in cells[:width]], samples)


def _is_word(cell: str) -> bool:
    return any(map(str.isalpha, cell)) and len(cell) <= 100
