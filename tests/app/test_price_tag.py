"""How prices are written beside what they are for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.price_tag import price_of
from core.language import speaking


@pytest.mark.parametrize(
    ("base", "unit", "swedish", "english"),
    [
        ("1", "XPK", "20 000,00 kr per förp", "20,000.00 kr per pack"),
        ("100", "C62", "20 000,00 kr per 100 st", "20,000.00 kr per 100 pc"),
        ("1", "HUR", "20 000,00 kr/timme", "20,000.00 kr/hour"),
        ("1", "LS", "20 000,00 kr fast pris", "20,000.00 kr fixed price"),
    ],
)
def test_a_price_says_what_it_is_for(app: Any, base: str, unit: str, swedish: str, english: str) -> None:
    for language, expected in (("sv", swedish), ("en", english)):
        with app.test_request_context(), speaking(language):
            written = price_of(Decimal(20_000), Decimal(base), unit)
        assert str(written).replace("\N{NO-BREAK SPACE}", " ") == expected
