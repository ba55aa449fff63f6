"""Code lists and allowed combinations as tables, in the manner of exchange/registers.py. docs/kontering.md has them."""

from __future__ import annotations

from exchange import cells
from exchange.cells import Refused
from exchange.registers import Register, day
from exchange.table import Column


def _code(cell: str) -> str:
    """A code: no blanks, and as it is written, first zeros included. A spreadsheet's mark of text is no part of it."""
    code = cells.line(20)(cell)
    if len(code.split()) != 1:
        raise Refused("code")
    return code


def _codes(cell: str) -> str:
    """Codes and spans, parted by commas."""
    return ", ".join(
        " ".join(part.split()) for part in cells.line(500)(cell).replace(";", ",").split(",") if part.strip()
    )


def _effect(cell: str) -> str:
    code = _EFFECTS.get(" ".join(cell.casefold().split()))
    if code is None:
        raise Refused("choice", choices=", ".join(EFFECT_WORDS.values()))
    return code


EFFECT_WORDS = {"allowed": "tillåts bara", "required": "krävs", "forbidden": "tillåts inte"}
_EFFECTS = {word: code for code, word in EFFECT_WORDS.items()} | {code: code for code in EFFECT_WORDS} | {
    "tillåts": "allowed", "bara": "allowed", "får inte": "forbidden", "förbjudet": "forbidden", "måste": "required",
}  # fmt: skip

CODES = Register(
    "koder",
    {
        "dimension": Column("Koddel|Dimension", cells.line(40)),
        "code": Column("Kod|Värde", _code),
        "name": Column("Namn|Benämning|Text", cells.line(100)),
        "starts_on": Column("Gäller från|Från|Från och med", day),
        "ends_on": Column("Gäller till|Till|Till och med", day),
    },
    key=("dimension", "code"),
    needed=("dimension", "code", "name"),
)
COMBINATIONS = Register(
    "sambandskontroller",
    {
        "name": Column("Regel|Namn", cells.line(60)),
        "if_dimension": Column("Om koddel|Koddel", cells.line(40)),
        "from_code": Column("Från kod", _code),
        "to_code": Column("Till kod", _code),
        "effect": Column("Gäller att|Villkor", _effect),
        "then_dimension": Column("Annan koddel|Så koddel", cells.line(40)),
        "codes": Column("Koder", _codes),
        "starts_on": Column("Gäller från", day),
        "ends_on": Column("Gäller till", day),
    },
    key=("name",),
    needed=("name", "if_dimension", "from_code", "effect", "then_dimension"),
)
