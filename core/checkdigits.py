"""Check digits of the numbers that orders are sent by: organisation numbers (Luhn) and GTIN, GLN (GS1).

A number with a wrong check digit is stopped where it is typed in. Peppol refuses it later, at the supplier's
side, where nobody of ours sees it (PEPPOL-COMMON-R040, R049).
"""

from __future__ import annotations

_DOUBLED = {str(digit): sum(divmod(2 * digit, 10)) for digit in range(10)}


def luhn_check_digit(digits: str) -> str:
    """The digit to write after `digits` (ISO/IEC 7812-1, "modulus 10 double-add-double")."""
    total = sum(_DOUBLED[digit] for digit in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def luhn_ok(digits: str) -> bool:
    """Are these two or more ASCII digits, the last one of them the Luhn check digit?"""
    return _only_digits(digits) and len(digits) > 1 and luhn_check_digit(digits[:-1]) == digits[-1]


def gs1_check_digit(digits: str) -> str:
    """The digit to write after `digits` of a GTIN, GLN or SSCC (GS1 General Specifications, 7.9)."""
    total = 3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def gs1_ok(digits: str) -> bool:
    """Are these two or more ASCII digits, the last one of them the GS1 check digit?

    The length is the caller's question: a GTIN has 8, 12, 13 or 14 digits, a GLN has 13.
    """
    if not _only_digits(digits) or len(digits) < 2:
        return False
    codes = digits.encode()  # adding up bytes is quick; of each the code of "0" is taken off again
    others, tripled = codes[::-2], codes[-2::-2]
    return (sum(others) + 3 * sum(tripled) - ord("0") * (len(others) + 3 * len(tripled))) % 10 == 0


def organisation_number(text: str) -> str:
    """The ten digits of a Swedish organisation number, from the ways in which it is written.

    "212000-2528", "212000 2528" and "16212000-2528" all give "2120002528". Raises ValueError, with a
    Swedish text, for anything else. The personal number of a sole trader is an organisation number too.
    """
    digits = "".join(text.split()).replace("-", "").replace("\N{EN DASH}", "")
    if len(digits) == 12 and digits.startswith("16"):  # the century that the tax agency puts in front
        digits = digits[2:]
    if len(digits) != 10 or not _only_digits(digits) or digits == "0000000000":
        raise ValueError("Ett organisationsnummer har tio siffror, till exempel 212000-2528.")
    if not luhn_ok(digits):
        raise ValueError("Organisationsnumrets kontrollsiffra stämmer inte. Kontrollera siffrorna.")
    return digits


def _only_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()  # isdigit alone takes "²" and Arabic digits too
