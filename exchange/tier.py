"""A column of prices that hold from a quantity on, which its heading names: "Pris från 10", "Pris 10–49", "Pris 50+".

Only what cannot mean anything else is understood: "Pris 2" may be the second of three prices, and "Pris från 2027" a
price of that year. Whoever chooses columns by hand may say that they do.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from exchange.cells import Refused, number

MAX_QUANTITY = 1_000_000
_FIELD = "tier:"
_NUMBER = r"(\d{1,7}|\d{1,3}(?: \d{3}){1,2})(?:,(\d{1,2}))?(?![\d.,])"
_PIECES = r"(?: ?(st|styck|stycken|enheter|pcs|pieces|units))?\.?"
_PRICE = (
    r"(?:(?:[áàa]|st|styck|netto|avtals|mängd|staffel)?-?pris(?:er)?|(?:unit |net |tier )?price)"
    r"(?: ?/ ?st)?(?:,? ?\(?(?:kr|sek)\)?)?,? ?"
)
_FROM = r"(?:från(?: och med)?|fr\.? ?o\.? ?m\.?|vid(?: köp av)?(?: minst)?|minst|from|at(?: least)?|≥|>=) ?"
_AND_MORE = r" ?(?:\+|[-–] ?\d{1,7}|(?:och|eller|or|and) (?:fler|uppåt|more))"
_HEADING = re.compile(
    rf"{_PRICE}(?:{_FROM}{_NUMBER}{_PIECES}\+?|{_NUMBER}{_PIECES}{_AND_MORE}{_PIECES})",
    re.ASCII,
)
_quantity = number(MAX_QUANTITY, 3)


def quantity_named(heading: str) -> Decimal | None:
    """From which quantity on the prices under a heading hold; none where it does not say so."""
    match = _HEADING.fullmatch(" ".join(unicodedata.normalize("NFC", heading).casefold().split()))
    if match is None:
        return None
    from_whole, from_part, from_pieces, whole, part, pieces, last_pieces = match.groups()
    written = (from_whole or whole).replace(" ", "")
    is_year = len(written) == 4 and written.startswith(("19", "20"))
    if is_year and not (from_pieces or pieces or last_pieces):
        return None
    places = from_part or part
    return _read(f"{written},{places}" if places else written)


def number_in(heading: str) -> Decimal | None:
    """The only number in a heading, for somebody to say whether it is a quantity."""
    numbers = re.findall(r"(?<![\d.,])\d{1,7}(?![\d.,])", heading, re.ASCII)
    return _read(numbers[0]) if len(numbers) == 1 else None


def field_for(quantity: Decimal) -> str:
    """The name of the field: `tier:10`."""
    return f"{_FIELD}{quantity.normalize():f}"


def quantity_of(field: str) -> Decimal | None:
    """The quantity of such a field; none of any other."""
    quantity = _read(field.removeprefix(_FIELD)) if field.startswith(_FIELD) else None
    return quantity if quantity is not None and field == field_for(quantity) else None


def _read(text: str) -> Decimal | None:
    try:
        return _quantity(text) if text else None
    except Refused:
        return None
