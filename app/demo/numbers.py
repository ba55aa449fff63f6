"""Invented numbers with true check digits, from series where nobody real is likely to be found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from core.checkdigits import gs1_check_digit, luhn_check_digit


def organisation_numbers(series: str) -> Iterator[str]:
    """Ten-digit organisation numbers that begin with `series` (up to seven digits).

    Limited companies are numbered from 556000 upwards and municipal federations begin with 2220, so "5520" and
    "2229" belong to nobody. Their third digit is at least 2, as in every organisation number.
    """
    width = 9 - len(series)
    for serial in count(1):
        digits = f"{series}{serial:0{width}d}"
        yield digits + luhn_check_digit(digits)


def gs1_numbers(company: str) -> Iterator[str]:
    """Thirteen-digit GTIN or GLN under a Swedish company prefix (735 …)."""
    width = 12 - len(company)
    for serial in count(1):
        digits = f"{company}{serial:0{width}d}"
        yield digits + gs1_check_digit(digits)
