"""How numbers, days and organisation numbers are written on a Swedish document, whatever the language of the page."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core import clock

_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
_SIGNS = str.maketrans({",": "\u00a0", ".": ","})


def organisation_number(digits: str) -> str:
    """2120002528 → 212000-2528; anything but ten digits as it is."""
    return f"{digits[:6]}-{digits[6:]}" if len(digits) == 10 else digits


def kr(amount: Decimal) -> str:
    """1234.5 → "1 234,50" with hard blanks."""
    return f"{amount:,.2f}".translate(_SIGNS)


def price(amount: Decimal) -> str:
    """Two decimals, or as many of four as it takes."""
    whole, _, decimals = f"{amount:,.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}".translate(_SIGNS)


def quantity(number: Decimal) -> str:
    """As many decimals as it has: 1200.500 → "1 200,5"."""
    return f"{number.normalize():,f}".translate(_SIGNS)


def split(number: str) -> tuple[str, str]:
    """What stands before the decimal comma, and the rest with the comma."""
    whole, comma, decimals = number.partition(",")
    return whole, comma + decimals


def day(date: dt.date | None) -> str:
    """14 oktober 2026; nothing for no day."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}" if date else ""


def instant(moment: dt.datetime) -> str:
    """14 oktober 2026 kl. 09.12, in Stockholm."""
    local = clock.local(moment)
    return f"{day(local)} kl. {local:%H.%M}"
