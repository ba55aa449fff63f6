"""A register of agreements as a file → rows and problems, and back. Never raises on bad content.

One row for each agreement × lot × supplier; a lot without suppliers has one row, and so has an agreement without lots.
What is said of the agreement is repeated on each of its rows (or left empty after the first one): two rows that say
different things are a problem. docs/avtalsregister.md has the columns.
CSV, XLSX, XLS or ODS (exchange/tablefile.py), headings without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from exchange import cells
from exchange.cells import Refused
from exchange.csvtext import visible
from exchange.plaintext import clean
from exchange.registers import day, email, organisation
from exchange.table import Column, Read, Table
from exchange.tablefile import Form, Sheet, open_table, write_table

MAX_AMOUNT = 100_000_000_000

EVERYBODY = "alla"
UNKNOWN = "okänd"


class RegisterRow(NamedTuple):
    """One supplier on one lot of one agreement. Amounts are SEK excl. VAT; texts are stripped and not empty."""

    line: int  # as a spreadsheet numbers it, the header included
    agreement: str
    lot: str | None = None  # none: the row tells of the agreement alone
    supplier: str | None = None  # ten digits, right check digit; none: the lot has no supplier yet
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


def _agreement_number(cell: str) -> str:
    number = " ".join(cells.unmarked(cell).split())
    if not re.fullmatch(r"[\w .:-]{1,40}", number):  # it is a part of an address: no slash
        raise Refused("agreement-number")
    return number


def _organisations(cell: str) -> tuple[str, ...]:
    if cell.casefold() == EVERYBODY:
        return (EVERYBODY,)
    return tuple(dict.fromkeys(organisation(part) for part in cell.replace(",", " ").split()))


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
    return grounds_of(cells.paragraphs(2000)(cell))


COLUMNS = {
    "agreement": Column("Avtalsnummer|Avtalsnr|Avtal", _agreement_number, "agreement"),
    "registry_number": Column("Diarienummer|Dnr", cells.line(60), "agreement"),
    "title": Column("Avtalsnamn|Benämning|Titel", cells.line(200), "agreement"),
    "regime": Column("Lag|Regelverk", _choice(REGIMES), "agreement"),
    "starts_on": Column("Från|Startdatum|Första dag", day, "agreement"),
    "ends_on": Column("Till|Slutdatum|Sista dag", day, "agreement"),
    "ceiling": Column("Takvolym|Tak|Takvärde", _limit, "agreement"),
    "category": Column("Kategori", cells.line(200), "agreement"),
    "owner": Column("Avtalsägare|Ägare", organisation, "agreement"),
    "entitled": Column("Avropsberättigade", _organisations, "agreement"),
    "summary": Column("Sammanfattning|Omfattning", cells.paragraphs(4000), "agreement"),
    "how_to_order": Column("Så beställer du", cells.paragraphs(4000), "agreement"),
    "reason": Column("Skäl", cells.paragraphs(1000), "agreement"),
    "lot": Column("Delområde|Delområdesnummer|Anbudsområde", cells.line(20), "lot"),
    "lot_title": Column("Delområdesnamn|Anbudsområdesnamn", cells.line(200), "lot"),
    "method": Column("Avropsordning|Avropsform", _choice(METHODS), "lot"),
    "clause": Column("Avtalspunkt|Klausul", cells.line(200), "lot"),
    "grounds": Column("Valgrunder", _lines, "lot"),
    "competition_above": Column("Konkurrens över", cells.number(MAX_AMOUNT, 2), "lot"),
    "lot_ceiling": Column("Delområdets tak", _limit, "lot"),
    "supplier": Column("Leverantörens organisationsnummer|Organisationsnummer|Orgnr", organisation, "award"),
    "supplier_name": Column("Leverantör|Leverantörsnamn", cells.line(200), "supplier"),
    "supplier_email": Column("E-post för beställningar|E-post|Epost", email, "supplier"),
    "rank": Column("Rangordning|Rang|Plats", _rank, "award"),
    "share": Column("Andel|Andel procent", cells.number(100, 2), "award"),
    "note": Column("Anmärkning|Antagande", cells.paragraphs(1000), "award"),
}
_WIDTHS = {"title": 40, "lot_title": 30, "supplier_name": 40, "supplier_email": 34, "summary": 50, "how_to_order": 40}
MANDATORY = ("agreement", "title", "starts_on", "ends_on", "supplier", "supplier_name")


def read_register(data: bytes, file_name: str = "") -> RegisterFile:
    """Read a whole register. Its limits are those of every table (`exchange.table`)."""
    with open_table(data, file_name, COLUMNS, mandatory=MANDATORY, needed=("agreement",)) as table:
        return _Reading(table).run()


def write_register(rows: Iterable[RegisterRow], form: Form) -> bytes:
    """A register in the form in which it is read."""
    sheet = Sheet(
        "Avtal",
        [column.heading for column in COLUMNS.values()],
        ([_cell(field, getattr(row, field)) for field in COLUMNS] for row in rows),
        [_WIDTHS.get(field, 16) for field in COLUMNS],
        frozenset(range(len(COLUMNS))),
        frozenset(at for at, field in enumerate(COLUMNS) if field in MANDATORY),
    )
    return write_table(form, sheet)


def grounds_of(text: str | None) -> tuple[str, ...]:
    """Grounds for an orderer's choice, one a line or parted by bars."""
    return tuple(part.strip() for part in re.split(r"[|\n]", clean(text, lines=True) or "") if part.strip())


def _cell(field: str, value: Any) -> Any:
    """A value as its column reads it; an amount of nothing is left empty, because the reader takes it for a slip."""
    if isinstance(value, tuple):
        value = ("\n" if field == "grounds" else " ").join(value)
    if isinstance(value, date):
        return value.isoformat()
    if field in ("regime", "method"):
        value = {"regime": REGIME_WORDS, "method": METHOD_WORDS}[field].get(value)
    if isinstance(value, str):
        return clean(value, lines=True)
    return value or None


class _Reading:
    """What the rows say of agreements, lots and suppliers, and where they contradict each other."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: list[RegisterRow] = []
        self._said: dict[tuple[str | None, ...], dict[str, tuple[int, Any]]] = {}
        self._line_of: dict[tuple[str, str | None, str | None], int] = {}

    def run(self) -> RegisterFile:
        for line, values in self.table.rows():
            row = RegisterRow(line=line, **self._with_lot(values))
            if row.supplier is None and _tells_of(values, "award", "supplier"):
                self.table.problem("missing-value", line, "supplier")
            self._compare(row)
            self.rows.append(row)
        self._check_whole()
        return RegisterFile([self._completed(row) for row in self.rows], self.table.problems)

    @staticmethod
    def _with_lot(values: dict[str, Any]) -> dict[str, Any]:
        """A row that tells of a lot or a supplier and names no lot means the first one."""
        return {"lot": "1", **values} if _tells_of(values, "lot", "award", "supplier") else values

    def _compare(self, row: RegisterRow) -> None:
        """What is said of an agreement, a lot or a supplier must be the same on each of its rows."""
        first = self._line_of.setdefault((row.agreement, row.lot, row.supplier), row.line)
        if first != row.line:
            self.table.problem("row-twice", row.line, "supplier", row.supplier or "", {"other": first})
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
        keys: dict[str, tuple[str | None, ...]] = {
            "agreement": (row.agreement,),
            "lot": (row.agreement, row.lot),
            "supplier": (row.supplier,),
        }
        return self._said.setdefault((about, *keys[about]), {})

    def _check_whole(self) -> None:
        """Every agreement has a title and its days, every supplier a name, on one of its rows."""
        for about, fields in (("agreement", ("title", "starts_on", "ends_on")), ("supplier", ("supplier_name",))):
            first = {getattr(row, about): row for row in reversed(self.rows)}
            first.pop(None, None)
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


def _tells_of(values: dict[str, Any], *things: str) -> bool:
    return any(COLUMNS[field].about in things and field != "note" for field in values)


def by_lot(rows: Iterable[RegisterRow]) -> dict[str, list[RegisterRow]]:
    """The rows of one agreement by lot, each lot's in the order of the file."""
    found: dict[str, list[RegisterRow]] = {}
    for row in rows:
        if row.lot is not None:
            found.setdefault(row.lot, []).append(row)
    return found


def _written(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
