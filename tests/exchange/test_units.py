import csv
from pathlib import Path

import pytest

from exchange.units import UNITS, parse_unit, unit_name


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("st", "H87"), ("St.", "H87"), ("styck", "H87"), ("H87", "H87"), ("EA", "EA"), ("C62", "C62"),
        ("frp", "XPK"), ("förp", "XPK"), ("FÖRP.", "XPK"), ("Förpackning", "XPK"), ("PK", "XPK"),
        ("krt", "XCT"), ("kartong", "XCT"), ("rulle", "XRO"), ("RO", "XRO"), ("låda", "XBX"),
        ("kg", "KGM"), (" KG ", "KGM"), ("liter", "LTR"), ("m2", "MTK"), ("m²", "MTK"), ("tim", "HUR"),
        ("h", "HUR"), ("mån.", "MON"), ("100 st", "CEN"), ("par", "PR"), ("dag", "DAY"),
    ],
)  # fmt: skip
def test_spelling_gives_code(written: str, code: str) -> None:
    assert parse_unit(written) == code


@pytest.mark.parametrize("unclear", ["", "ask", "mil", "st/kg", "okänd", "=st", "\0"])
def test_unclear_unit_is_not_guessed(unclear: str) -> None:
    assert parse_unit(unclear) is None


@pytest.mark.parametrize("code", UNITS)
def test_every_name_leads_back_to_a_unit_of_the_same_name(code: str) -> None:
    for whole in (False, True):
        found = parse_unit(unit_name(code, whole=whole))
        assert found is not None
        assert unit_name(found, whole=whole) == unit_name(code, whole=whole)


def test_unknown_code_is_its_own_name() -> None:
    assert unit_name("XZZ") == "XZZ"
    assert unit_name("XPK") == "förp"
    assert unit_name("XPK", "en", whole=True) == "package"


def test_every_code_is_allowed_in_a_peppol_order(shared: Path) -> None:
    with (shared / "peppol" / "codelists" / "UNECERec20-11e.csv").open(encoding="utf-8", newline="") as file:
        allowed = {row["code"] for row in csv.DictReader(file)}
    assert set(UNITS) <= allowed
