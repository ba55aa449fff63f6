"""A register of agreements as a CSV file → rows and problems. Never raises on bad content.

One row for each agreement × lot × supplier. What is said of the agreement is repeated on each of its rows (or left
empty after the first one): two rows that say different things are a problem. docs/avtalsregister.md has the columns.
The file is read like a price list: UTF-8 or Windows-1252, semicolon, comma or tab, headings without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.checkdigits import organisation_number
from core.email import is_email
from exchange import cells
from exchange.cells import Refused
from exchange.csvtext import visible
from exchange.table import Column, Read, Table

MAX_AMOUNT = 100_000_000_000

EVERYBODY = "alla"
UNKNOWN = "okänd"


class RegisterRow(NamedTuple):
    """One supplier on one lot of one agreement. Amounts are SEK excl. VAT; texts are stripped and not empty."""

    line: int  # as a spreadsheet numbers it, the header included
    agreement: str
    lot: str
    supplier: str  # ten digits, right check digit
    title: str | None = None
    registry_number: str | None = None
    regime: str | None = None  # lou, lou-19, luf, external
    starts_on: date | None = None
    ends_on: date | None = None
    ceiling: Decimal | str | None = None  # "okänd" where it says so, none where it says nothing
    category: str | None = None  # code or name
    summary: str | None = None
    how_to_order: str | None = None
    reason: str | None = None  # why a term is longer than the law's, or a ceiling raised
    owner: str | None = None  # organisation number; none: the office
    entitled: tuple[str, ...] = ()  # organisation numbers, or "alla"
    lot_title: str | None = None
    method: str | None = None
    clause: str | None = None
    grounds: tuple[str, ...] = ()
    competition_above: Decimal | None = None
    lot_ceiling: Decimal | str | None = None
    supplier_name: str | None = None
    supplier_email: str | None = None
    rank: int | None = None
    share: Decimal | None = None
    note: str | None = None  # what is assumed; kept in the journal


RegisterFile = Read[RegisterRow]


REGIMES = {
    "lou": "lou",
    "lou 19": "lou-19",
    "lou 19 kap": "lou-19",
    "lou kap 19": "lou-19",
    "lou-19": "lou-19",
    "luf": "luf",
    "extern": "external",
    "external": "external",
}
METHODS = {
    "en leverantör": "single",
    "fast rangordning": "ranking",
    "rangordning": "ranking",
    "dynamisk rangordning": "dynamic-ranking",
    "fördelningsnyckel": "allocation",
    "beställarens val": "choice",
    "förnyad konkurrensutsättning": "competition",
    "fku": "competition",
    "kombination": "combination",
    "dynamiskt inköpssystem": "dynamic-purchasing",
    "dis": "dynamic-purchasing",
}
METHOD_WORDS = {code: word for word, code in reversed(METHODS.items())}
REGIME_WORDS = {"lou": "LOU", "lou-19": "LOU 19 kap", "luf": "LUF", "external": "extern"}


def _paragraphs(limit: int) -> Callable[[str], str]:
    """Text that may have several lines, at most `limit` characters."""

    def parse(cell: str) -> str:
        if cell[0] in "=+@":
            raise Refused("formula")
        if len(cell) > limit:
            raise Refused("too-long", limit=limit)
        return "\n".join(cell.splitlines())

    return parse


def _agreement_number(cell: str) -> str:
    if not re.fullmatch(r"[\w .:-]{1,40}", cell):  # it is a part of an address: no slash
        raise Refused("agreement-number")
    return " ".join(cell.split())


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Refused("date") from None


def _organisation(cell: str) -> str:
    digits = "".join(c for c in cell if c.isdigit())
    try:
        return organisation_number(cell)
    except ValueError:
        raise Refused("check-digit" if len(digits) in (10, 12) else "organisation-number") from None


def _organisations(cell: str) -> tuple[str, ...]:
    if cell.casefold() == EVERYBODY:
        return (EVERYBODY,)
    return tuple(dict.fromkeys(_organisation(part) for part in cell.replace(",", " ").split()))


def _email(cell: str) -> str:
    if len(cell) > 254 or not is_email(cell):
        raise Refused("email")
    return cell


def _limit(cell: str) -> Decimal | str:
    return UNKNOWN if cell.casefold() == UNKNOWN else cells.number(MAX_AMOUNT, 2)(cell)


def _choice(words: dict[str, str]) -> Callable[[str], str]:
    choices = ", ".join(dict.fromkeys(word for word in words if words[word] != word))

    def parse(cell: str) -> str:
        code = words.get(" ".join(cell.casefold().replace(".", "").split()))
        if code is None:
            raise Refused("choice", choices=choices)
        return code

    return parse


def _rank(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and 1 <= int(cell[:4]) <= 999 and len(cell) <= 3):
        raise Refused("rank")
    return int(cell)


def _lines(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[|\n]", _paragraphs(2000)(cell)) if part.strip())


COLUMNS = {
    "agreement": Column("Avtalsnummer|Avtalsnr|Avtal", _agreement_number, "agreement"),
    "registry_number": Column("Diarienummer|Dnr", cells.text(60), "agreement"),
    "title": Column("Avtalsnamn|Benämning|Titel", cells.text(200), "agreement"),
    "regime": Column("Lag|Regelverk", _choice(REGIMES), "agreement"),
    "starts_on": Column("Från|Startdatum|Första dag", _day, "agreement"),
    "ends_on": Column("Till|Slutdatum|Sista dag", _day, "agreement"),
    "ceiling": Column("Takvolym|Tak|Takvärde", _limit, "agreement"),
    "category": Column("Kategori", cells.text(200), "agreement"),
    "owner": Column("Avtalsägare|Ägare", _organisation, "agreement"),
    "entitled": Column("Avropsberättigade", _organisations, "agreement"),
    "summary": Column("Sammanfattning|Omfattning", _paragraphs(4000), "agreement"),
    "how_to_order": Column("Så beställer du", _paragraphs(4000), "agreement"),
    "reason": Column("Skäl", _paragraphs(1000), "agreement"),
    "lot": Column("Delområde|Delområdesnummer|Anbudsområde", cells.text(20), "lot"),
    "lot_title": Column("Delområdesnamn|Anbudsområdesnamn", cells.text(200), "lot"),
    "method": Column("Avropsordning|Avropsform", _choice(METHODS), "lot"),
    "clause": Column("Avtalspunkt|Klausul", cells.text(200), "lot"),
    "grounds": Column("Valgrunder", _lines, "lot"),
    "competition_above": Column("Konkurrens över", cells.number(MAX_AMOUNT, 2), "lot"),
    "lot_ceiling": Column("Delområdets tak", _limit, "lot"),
    "supplier": Column("Leverantörens organisationsnummer|Organisationsnummer|Orgnr", _organisation, "award"),
    "supplier_name": Column("Leverantör|Leverantörsnamn", cells.text(200), "supplier"),
    "supplier_email": Column("E-post för beställningar|E-post|Epost", _email, "supplier"),
    "rank": Column("Rangordning|Rang|Plats", _rank, "award"),
    "share": Column("Andel|Andel procent", cells.number(100, 2), "award"),
    "note": Column("Anmärkning|Antagande", _paragraphs(1000), "award"),
}
MANDATORY = ("agreement", "title", "starts_on", "ends_on", "supplier", "supplier_name")


def read_register(data: bytes, file_name: str = "") -> RegisterFile:
    """Read a whole register. Its limits are those of every table (`exchange.table`)."""
    table = Table(data, file_name, COLUMNS, mandatory=MANDATORY, needed=("agreement", "supplier"))
    return _Reading(table).run()


class _Reading:
    """What the rows say of agreements, lots and suppliers, and where they contradict each other."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: list[RegisterRow] = []
        self._said: dict[tuple[str, ...], dict[str, tuple[int, Any]]] = {}
        self._line_of: dict[tuple[str, str, str], int] = {}

    def run(self) -> RegisterFile:
        for line, values in self.table.rows():
            row = RegisterRow(line=line, **{"lot": "1", **values})
            self._compare(row)
            self.rows.append(row)
        self._check_whole()
        return RegisterFile([self._completed(row) for row in self.rows], self.table.problems)

    def _compare(self, row: RegisterRow) -> None:
        """What is said of an agreement, a lot or a supplier must be the same on each of its rows."""
        first = self._line_of.setdefault((row.agreement, row.lot, row.supplier), row.line)
        if first != row.line:
            self.table.problem("row-twice", row.line, "supplier", row.supplier, {"other": first})
        for field, column in COLUMNS.items():
            value = getattr(row, field)
            if column.about == "award" or value is None or value == ():
                continue
            other, former = self._facts(column.about, row).setdefault(field, (row.line, value))
            if former != value:
                params: dict[str, str | int] = {"other": other, "former": visible(_written(former))}
                self.table.problem("differs", row.line, field, _written(value), params)

    def _facts(self, about: str, row: RegisterRow) -> dict[str, tuple[int, Any]]:
        """What is said of the row's agreement, lot or supplier so far: field → line and value."""
        key = {"agreement": (row.agreement,), "lot": (row.agreement, row.lot), "supplier": (row.supplier,)}[about]
        return self._said.setdefault((about, *key), {})

    def _check_whole(self) -> None:
        """Every agreement has a title and its days, every supplier a name, on one of its rows."""
        for about, fields in (("agreement", ("title", "starts_on", "ends_on")), ("supplier", ("supplier_name",))):
            first = {getattr(row, about): row for row in reversed(self.rows)}
            for row in first.values():
                facts = self._facts(about, row)
                for field in fields:
                    if field not in facts:
                        self.table.problem("missing-value", row.line, field)
                if {"starts_on", "ends_on"} <= facts.keys() and facts["ends_on"][1] < facts["starts_on"][1]:
                    line, value = facts["ends_on"]
                    self.table.problem("ends-before-start", line, "ends_on", value.isoformat())

    def _completed(self, row: RegisterRow) -> RegisterRow:
        """The row with what the other rows say of its agreement, lot and supplier."""
        said: dict[str, Any] = {}
        for about in ("agreement", "lot", "supplier"):
            said |= {field: value for field, (_, value) in self._facts(about, row).items()}
        return row._replace(**said)


def by_lot(rows: Iterable[RegisterRow]) -> dict[str, list[RegisterRow]]:
    """The rows of one agreement by lot, each lot's in the order of the file."""
    found: dict[str, list[RegisterRow]] = {}
    for row in rows:
        found.setdefault(row.lot, []).append(row)
    return found


def _written(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
