"""The cells of a table: a stripped text that is not empty → a value, or `Refused`.

Written to be quick on the ordinary cell: two million of them in a large list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from core.checkdigits import gs1_ok
from exchange.plaintext import bare, clean
from exchange.units import parse_unit


class Refused(Exception):
    """A cell that cannot be used: the code and the parameters of its problem."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code, self.params = code, params


_NUMBER = re.compile(
    r"(-?)(\d{1,20}|\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,6})(?:[.,](\d{1,20}))?"
    r"(?:[ \u00a0]?(?:kr|sek|:-))?",
    re.ASCII | re.IGNORECASE,
)
_SPACES = str.maketrans("", "", " \u00a0\u202f")
_ADDRESS = re.compile(r"https?://[^\s<>\"\\]{3,}")
_VAT = {
    written: rate
    for rate, spellings in {
        "25": "25 25% 25,0 25,00 25.0 25.00 0,25 0.25 25,00% 25.00%",
        "12": "12 12% 12,0 12,00 12.0 12.00 0,12 0.12 12,00% 12.00%",
        "6": "6 6% 6,0 6,00 6.0 6.00 0,06 0.06 6,00% 6.00% 06",
        "0": "0 0% 0,0 0,00 0.0 0.00 0,00% 0.00%",
        "food": "livsmedel food",
    }.items()
    for written in spellings.split()
}


class Text:
    """Text on one line, at most `limit` characters; what a spreadsheet would take for a formula must say that it is
    none (exchange/plaintext.py)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, cell: str) -> str:
        if cell[0] in "=+-@":
            raise Refused("formula")
        cell = bare(cell)
        if len(cell) > self.limit:
            raise Refused("too-long", limit=self.limit)
        return cell if cell.isprintable() and "  " not in cell else " ".join(cell.split())

    def are_plain(self, cells: Sequence[str]) -> bool:
        """Whether all of these, none of them empty, are such texts as they stand: asked of thousands at once."""
        together = "".join(cells)
        return (
            together.isprintable()
            and "  " not in together  # stripped, so none comes of two cells
            and max(map(len, cells), default=0) <= self.limit
            and _SPECIAL.isdisjoint({cell[:1] for cell in cells})
        )


_SPECIAL = frozenset(("", "=", "+", "-", "@", "'"))  # what a formula begins with, what says that it is none, nothing


def text(limit: int) -> Text:
    """Text on one line, at most `limit` characters."""
    return Text(limit)


def line(limit: int) -> Callable[[str], str]:
    """As `text`, cleaned of what no cell can carry."""
    return _cleaned(limit, lines=False)


def paragraphs(limit: int) -> Callable[[str], str]:
    """Text that may have several lines, at most `limit` characters. A list may begin with a hyphen."""
    return _cleaned(limit, lines=True)


def unmarked(cell: str) -> str:
    """The text of a cell. Raises Refused for a formula."""
    if cell[0] in "=+@":
        raise Refused("formula")
    return bare(cell)


def _cleaned(limit: int, *, lines: bool) -> Callable[[str], str]:
    def parse(cell: str) -> str:
        if not lines and cell[0] == "-":
            raise Refused("formula")
        text = clean(unmarked(cell), lines=lines)
        if text is None:
            raise Refused("missing-value")
        if len(text) > limit:
            raise Refused("too-long", limit=limit)
        return text

    return parse


def number(limit: int, places: int) -> Callable[[str], Decimal]:
    """A number above zero, at most `limit`, with at most `places` decimals."""

    def parse(cell: str) -> Decimal:
        match = _NUMBER.fullmatch(cell)
        if match is None:
            raise Refused("formula" if cell[0] in "=+@" else "not-a-number")
        minus, whole, fraction = match.groups()
        if not whole.isdigit():
            whole = whole.translate(_SPACES)
        if fraction and len(fraction) > places:
            fraction = fraction.rstrip("0")
            if len(fraction) > places:
                raise Refused("decimals", limit=places)
        value = Decimal(f"{whole}.{fraction}" if fraction else whole)
        if not value:
            raise Refused("zero")
        if minus:
            raise Refused("negative")
        if value > limit:
            raise Refused("too-big", limit=limit)
        return value

    return parse


def words(limit: int) -> Callable[[str], tuple[str, ...]]:
    """Words between commas, semicolons or bars; the cell has at most `limit` characters."""
    one_text = text(limit)

    def parse(cell: str) -> tuple[str, ...]:
        return tuple(word for word in map(str.strip, re.split("[;,|]", one_text(cell))) if word)

    return parse


def percent(cell: str) -> Decimal:
    """A percentage above 0 and below 100, with or without its sign."""
    value = _percent(cell.removesuffix("%").rstrip())
    if value >= 100:
        raise Refused("percent")
    return value


_percent = number(100, 2)


def tiers(cell: str) -> tuple[tuple[Decimal, Decimal], ...]:
    """Lower prices for more: `10: 9,50; 50: 8,90`, the quantities rising, at most ten of them."""
    pairs = [pair.partition(":" if ":" in pair else "=") for pair in cell.split(";") if pair.strip()]
    if len(pairs) > MOST_TIERS:
        raise Refused("tiers", limit=MOST_TIERS)
    try:
        found = tuple((_quantity(quantity.strip()), _price(price.strip())) for quantity, _, price in pairs)
    except Refused:
        raise Refused("tiers", limit=MOST_TIERS) from None
    if any(later <= former for (former, _), (later, _) in zip(found, found[1:], strict=False)):
        raise Refused("tiers", limit=MOST_TIERS)
    return found


MOST_TIERS = 10
_quantity, _price = number(1_000_000, 3), number(1_000_000_000, 4)


def yes_or_no(cell: str) -> bool:
    """A mark for yes, or a no."""
    answer = _ANSWERS.get(cell.casefold())
    if answer is None:
        raise Refused("formula" if cell[0] in "=+@" else "yes-or-no")
    return answer


_ANSWERS = {"ja": True, "j": True, "x": True, "1": True, "yes": True, "sant": True, "true": True, "nej": False} | {
    "n": False, "0": False, "no": False, "falskt": False, "false": False,
}  # fmt: skip


def unit(cell: str) -> str:
    """The UN/ECE code of a unit."""
    code = parse_unit(cell)
    if code is None:
        raise Refused("formula" if cell[0] in "=+-@" else "unknown-unit")
    return code


def vat(cell: str) -> str:
    """The rate as text: 25, 12, 6, 0, or food."""
    rate = _VAT.get(cell) or _VAT.get(cell.casefold().translate(_SPACES))
    if rate is None:
        raise Refused("formula" if cell[0] in "=+@" else "vat-rate")
    return rate


def gtin(cell: str) -> str:
    """A GTIN of the length it was given in, with a right check digit."""
    digits = cell if cell.isdigit() else cell.translate(_SPACES).replace("-", "")
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdigit()):
        raise Refused("formula" if cell[0] in "=+-@" else "gtin-digits")
    if not gs1_ok(digits):
        raise Refused("gtin-check-digit")
    return digits


def unspsc(cell: str) -> str:
    """A UNSPSC commodity code."""
    if len(cell) != 8 or not (cell.isascii() and cell.isdigit()):
        raise Refused("formula" if cell[0] in "=+-@" else "unspsc")
    return cell


def days(cell: str) -> int:
    """Whole days, at most 999."""
    if len(cell) > 3 or not (cell.isascii() and cell.isdigit()):
        raise Refused("formula" if cell[0] in "=+-@" else "not-days", limit=999)
    return int(cell)


def address(cell: str) -> str:
    """A web address."""
    if len(cell) > 500:
        raise Refused("too-long", limit=500)
    if not _ADDRESS.fullmatch(cell):
        raise Refused("formula" if cell[0] in "=+-@" else "address")
    return cell
