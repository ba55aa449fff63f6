"""Real groceries as a price list with generated prices."""

from decimal import Decimal
from pathlib import Path

import pytest

from exchange.csvtext import Unreadable
from exchange.groceries import MARK, generate_prices
from exchange.pricefile import read_price_file

SAMPLE = """gtin13,product_name,ingredients
7340090400001,Ägg,"_ägg_, salt"
7340090400002,Fel siffra,
7340090400001,Samma igen,
7310865004703,=1+1,
73,För kort,
7311041013663,,
"""


def test_prices_are_generated_and_say_so() -> None:
    made = generate_prices(SAMPLE.encode())
    read = read_price_file(made.text.encode())
    assert read.problems == []
    assert made.articles == len(read.rows)
    egg = read.rows[0]
    assert egg.description is not None and egg.description.startswith(MARK) and "ägg, salt" in egg.description
    assert egg.vat == "food"
    assert all(Decimal(8) <= row.price <= Decimal(121) for row in read.rows)


def test_what_is_left_out_is_named_with_its_line() -> None:
    dropped = dict(generate_prices(SAMPLE.encode()).dropped)
    assert dropped.keys() == {3, 4, 6, 7}
    assert "7340090400002" in dropped[3]


def test_same_gtin_gets_the_same_price() -> None:
    assert generate_prices(SAMPLE.encode()).text == generate_prices(SAMPLE.encode()).text


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"PK\x03\x04"])
def test_file_that_is_no_csv_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        generate_prices(data)


def test_file_without_the_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="gtin13"):
        generate_prices(b"a,b\n1,2\n")


def test_file_with_a_cell_that_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="broken"):
        generate_prices(b"gtin13,product_name\n" + b"x" * 200_000)


def test_the_real_groceries_make_a_clean_price_list(shared: Path) -> None:
    path = shared / "data" / "openfoodfacts-se" / "livsmedel_ean73.csv"
    if not path.is_file():
        pytest.skip(f"SKIPPED: the real groceries are missing: {path}")
    made = generate_prices(path.read_bytes())
    read = read_price_file(made.text.encode())
    assert read.is_clean
    assert (made.articles, len(read.rows), len(made.dropped)) == (2384, 2384, 2)
