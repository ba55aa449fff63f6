"""Suppliers, categories and entitlements as tables: read from CSV or a spreadsheet, and written in the same form.

A column that is not in the file changes nothing; an empty cell in one that is means that there is nothing. What is
written here and read again says the same (tests/exchange/test_registers.py). docs/register.md has the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.checkdigits import organisation_number
from core.email import is_email
from exchange import cells
from exchange.cells import Refused
from exchange.plaintext import clean
from exchange.table import Column, Read
from exchange.tablefile import Form, Sheet, open_table, write_table


class Row(NamedTuple):
    """A row of a register. `values`: field → value for every column of the file, none where the cell is empty."""

    line: int  # as a spreadsheet numbers it, the header included
    values: Mapping[str, Any]


class Register(NamedTuple):
    """A kind of table: its columns, those that make a row's key, and those that no row may leave empty."""

    name: str  # of the file and its sheet
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    needed: tuple[str, ...]


def organisation(cell: str) -> str:
    """The ten digits of an organisation number."""
    digits = "".join(c for c in cell if c.isdigit())
    try:
        return organisation_number(cell)
    except ValueError:
        raise Refused("check-digit" if len(digits) in (10, 12) else "organisation-number") from None


def day(cell: str) -> date:
    """A day written ÅÅÅÅ-MM-DD."""
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Refused("date") from None


def email(cell: str) -> str:
    """One e-mail address."""
    address = cells.unmarked(cell)
    if len(address) > 254 or not is_email(address):
        raise Refused("email")
    return address


def _phone(cell: str) -> str:
    """A number with its country's prefix is no formula."""
    is_number = cell[0] == "+" and cell[1:].replace(" ", "").replace("-", "").isdigit()
    return cells.line(40)(f"'{cell}" if is_number else cell)


def yes(cell: str) -> bool:
    """Yes or no, in words."""
    answer = {"ja": True, "nej": False, "yes": True, "no": False}.get(cell.casefold())
    if answer is None:
        raise Refused("choice", choices="ja, nej")
    return answer


def _channel(cell: str) -> str:
    code = {"e-post": "email", "epost": "email", "email": "email", "peppol": "peppol"}.get(cell.casefold())
    if code is None:
        raise Refused("choice", choices="e-post, Peppol")
    return code


def _peppol_scheme(cell: str) -> str:
    code = cell.zfill(4)  # a spreadsheet drops the zeros
    if code not in ("0007", "0088"):
        raise Refused("choice", choices="0007, 0088")
    return code


def _cpv(cell: str) -> str:
    """Digits of a code; its check digit (30197000-6) says nothing more."""
    digits = cell[:8] if len(cell) == 10 and cell[8] == "-" else cell
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 8):
        raise Refused("cpv")
    return digits


def _country(cell: str) -> str:
    if not (len(cell) == 2 and cell.isascii() and cell.isalpha()):
        raise Refused("country")
    return cell.upper()


SUPPLIERS = Register(
    "leverantorer",
    {
        "organisation_number": Column("Organisationsnummer|Orgnr", organisation),
        "name": Column("Namn|Leverantör|Leverantörsnamn", cells.line(200)),
        "order_email": Column("E-post för beställningar|E-post|Epost", email),
        "channel": Column("Beställningar skickas med|Kanal", _channel),
        "peppol_scheme": Column("Peppol-id, typ|Peppoltyp", _peppol_scheme),
        "peppol_id": Column("Peppol-id, nummer|Peppol-id", cells.line(35)),
        "contact_name": Column("Kontaktperson|Kontakt", cells.line(200)),
        "phone": Column("Telefon|Telefonnummer", _phone),
        "street": Column("Gatuadress|Adress", cells.line(200)),
        "postal_code": Column("Postnummer", cells.line(10)),
        "city": Column("Ort|Postort", cells.line(100)),
        "country": Column("Land|Landskod", _country),
        "blocked_reason": Column("Spärrad", cells.line(500)),
    },
    key=("organisation_number",),
    needed=("organisation_number", "name"),
)
CATEGORIES = Register(
    "kategorier",
    {
        "code": Column("Kod|Kategorikod", cells.line(20)),
        "name": Column("Namn|Kategori|Kategorinamn", cells.line(200)),
        "name_en": Column("Namn på engelska|Engelska", cells.line(200)),
        "parent": Column("Ligger under|Överordnad|Överordnad kod", cells.line(20)),
        "cpv": Column("CPV|CPV-kod", _cpv),
        "owner": Column("Kategoriägare|Ägare", email),
        "is_closed": Column("Stängd för beställning|Stängd", yes),
    },
    key=("code",),
    needed=("code", "name"),
)
ENTITLEMENTS = Register(
    "avropsberattigade",
    {
        "agreement": Column("Avtalsnummer|Avtalsnr|Avtal", cells.line(40)),
        "lot": Column("Delområde|Delområdesnummer", cells.line(20)),
        "organisation": Column("Organisationsnummer|Orgnr", organisation),
        "organisation_name": Column("Organisation|Organisationsnamn", cells.line(200)),
        "starts_on": Column("Från|Startdatum", day),
        "ends_on": Column("Till|Slutdatum", day),
        "reason": Column("Anges i upphandlingen|Skäl", cells.line(500)),
    },
    key=("agreement", "lot", "organisation", "starts_on"),
    needed=("agreement", "organisation"),
)
_WIDTHS = {"name": 40, "order_email": 34, "title": 40, "summary": 50, "organisation_name": 40, "owner": 34}


def read(register: Register, data: bytes, file_name: str = "") -> Read[Row]:
    """Read a whole register. Its limits are those of every table (`exchange.table`). Never raises on bad content."""
    rows: list[Row] = []
    line_of: dict[tuple[Any, ...], int] = {}
    with open_table(data, file_name, register.columns, mandatory=register.needed, needed=register.needed) as table:
        nothing = dict.fromkeys(table.headings)
        for line, values in table.rows():
            key = tuple(values.get(field) for field in register.key)
            if (first := line_of.setdefault(key, line)) != line:
                written = " ".join(str(part) for part in key if part is not None)
                table.problem("same-row", line, register.key[0], written, {"other": first})
            rows.append(Row(line, nothing | values))
        return Read(rows, table.problems)


def write(register: Register, rows: Iterable[Mapping[str, Any]], form: Form) -> bytes:
    """A register as a file. `rows`: field → text, day, number, truth or none; what a row leaves out is empty."""
    fields = list(register.columns)
    sheet = Sheet(
        register.name.capitalize(),
        [column.heading for column in register.columns.values()],
        ([_cell(row.get(field)) for field in fields] for row in rows),
        [_WIDTHS.get(field, 18) for field in fields],
        frozenset(range(len(fields))),  # numbers are names here: a spreadsheet must not reckon with them
        frozenset(fields.index(field) for field in register.needed),
    )
    return write_table(form, sheet)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return clean(value, lines=True)
    assert value is None or isinstance(value, int | Decimal)
    return value
