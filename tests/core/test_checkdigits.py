import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checkdigits import gs1_check_digit, gs1_ok, luhn_check_digit, luhn_ok, organisation_number

DIGITS = st.text("0123456789", min_size=1, max_size=17)


@pytest.mark.parametrize("digits", ["2120002528", "2120000290", "79927398713"])
def test_known_numbers_pass_luhn(digits: str) -> None:
    assert luhn_ok(digits)


@pytest.mark.parametrize("digits", ["7340090400001", "96385074", "036000291452", "07340090400001"])
def test_known_numbers_pass_gs1(digits: str) -> None:
    assert gs1_ok(digits)


@given(DIGITS, st.integers(1, 9))
def test_exactly_one_last_digit_is_right(digits: str, wrong_by: int) -> None:
    for check_digit, is_ok in ((luhn_check_digit, luhn_ok), (gs1_check_digit, gs1_ok)):
        right = check_digit(digits)
        assert is_ok(digits + right)
        assert not is_ok(digits + str((int(right) + wrong_by) % 10))


@given(DIGITS, st.data())
def test_every_single_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    wrong = (int(digits[place]) + data.draw(st.integers(1, 9))) % 10
    broken = digits[:place] + str(wrong) + digits[place + 1 :]
    assert not luhn_ok(broken + luhn_check_digit(digits))
    assert not gs1_ok(broken + gs1_check_digit(digits))


@pytest.mark.parametrize("digits", ["", "0", "212000-2528", "²¹²⁰⁰⁰²⁵²⁸", "٢١٢٠٠٠٢٥٢٨", "21200A2528"])
def test_only_ascii_digits_have_a_check_digit(digits: str) -> None:
    assert not luhn_ok(digits)
    assert not gs1_ok(digits)


@pytest.mark.parametrize(
    "written", ["212000-2528", "2120002528", " 212000 2528 ", "16212000-2528", "212000\N{EN DASH}2528"]
)
def test_organisation_number_is_ten_digits_however_it_is_written(written: str) -> None:
    assert organisation_number(written) == "2120002528"


@pytest.mark.parametrize(
    "wrong", ["", "212000-2529", "212000-252", "19212000-2528", "SE212000252801", "²120002528", "000000-0000"]
)
def test_organisation_number_refuses(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"[Oo]rganisationsnum"):
        organisation_number(wrong)
