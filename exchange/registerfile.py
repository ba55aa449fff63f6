"""A register of agreements as a CSV file → rows and problems. Never raises on bad content.

One row for each agreement × lot × supplier. What is said of the agreement is repeated on each of its rows (or left
empty after the first one): two rows that say different things are a problem. docs/avtalsregister.md has the columns.
The file is read like a price list: UTF-8 or Windows-1252, semicolon, comma or tab, headings without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from core.checkdigits import organisation_number
from core.email import is_email
from exchange import pricecells
from exchange.csvtext import MAX_CELL, Unreadable, decode, find_header, folded, records, visible
from exchange.pricecells import CONTROL, Refused

MAX_BYTES = 20_000_000
MAX_PROBLEMS = 1_000
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


class RegisterProblem(NamedTuple):
    """What is wrong, and where. `code` is stable; translate `TEXTS[code]` and fill in `params`."""

    code: str
    line: int | None = None  # none where the whole file is meant
    column: str = ""  # the heading as the file has it
    value: str = ""
    params: dict[str, str | int] = {}  # noqa: RUF012  never changed
    severity: Literal["error", "warning"] = "error"

    @property
    def text(self) -> str:
        """The reason in Swedish, without line and column."""
        return TEXTS[self.code] % self.params


class RegisterFile(NamedTuple):
    rows: list[RegisterRow]
    problems: list[RegisterProblem]

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return all(problem.severity != "error" for problem in self.problems)


def N_(text: str) -> str:  # noqa: N802  the name that the extraction of texts looks for
    return text


TEXTS = {
    "empty": N_("Filen är tom."),
    "too-large": N_("Filen är större än %(megabytes)s MB."),
    "spreadsheet": N_("Det här är en Excelfil. Spara den som ”CSV UTF-8” och försök igen."),
    "binary": N_("Det här är ingen textfil. Spara registret som ”CSV UTF-8” och försök igen."),
    "encoding": N_("Tecknen i filen går inte att läsa. Spara den som ”CSV UTF-8” och försök igen."),
    "no-header": N_("Ingen rubrikrad hittades. Den ska ha minst: %(columns)s."),
    "no-rows": N_("Det finns inga avtal under rubrikraden."),
    "missing-column": N_("Kolumnen %(column)s saknas."),
    "column-twice": N_("Kolumnen finns två gånger, också som ”%(other)s”. Ta bort den ena."),
    "unknown-column": N_("Kolumnen känns inte igen och läses inte."),
    "too-many-problems": N_("Fler än %(limit)s fel. Rätta dem som visas och försök igen."),
    "broken-quotes": N_("Citattecknen på raden går inte ihop."),
    "too-many-cells": N_("Raden har fler celler än rubrikraden."),
    "cell-too-long": N_("Cellen är längre än %(limit)s tecken."),
    "missing-value": N_("Värdet saknas."),
    "too-long": N_("Texten är längre än %(limit)s tecken."),
    "control-character": N_("Texten har ett osynligt styrtecken. Skriv om cellen."),
    "formula": N_("Cellen ser ut som en formel. Skriv värdet i stället."),
    "not-a-number": N_("Det går inte att läsa som ett tal. Skriv till exempel 1 234,50."),
    "negative": N_("Talet är negativt."),
    "zero": N_("Talet är noll. Lämna cellen tom om värdet är okänt."),
    "too-big": N_("Talet är större än %(limit)s."),
    "decimals": N_("Talet har fler än %(limit)s decimaler."),
    "date": N_("Skriv dagen som ÅÅÅÅ-MM-DD, till exempel 2026-04-01."),
    "organisation-number": N_("Ett organisationsnummer har tio siffror, till exempel 212000-2528."),
    "check-digit": N_("Organisationsnumrets kontrollsiffra stämmer inte. Kontrollera siffrorna."),
    "email": N_("Det är ingen e-postadress."),
    "choice": N_("Värdet ska vara något av: %(choices)s."),
    "rank": N_("Platsen i rangordningen ska vara ett heltal från 1."),
    "agreement-number": N_("Avtalsnumret får ha bokstäver, siffror, mellanslag och . _ - : men inte snedstreck."),
    "differs": N_("Raden säger något annat än rad %(other)s om samma sak: ”%(former)s”."),
    "row-twice": N_("Samma leverantör står redan på delområdet, på rad %(other)s."),
    "ends-before-start": N_("Sista dagen ligger före första dagen."),
}

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
    return UNKNOWN if cell.casefold() == UNKNOWN else pricecells.number(MAX_AMOUNT, 2)(cell)


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


class _Column(NamedTuple):
    heading: str
    parse: Callable[[str], Any]
    about: Literal["agreement", "lot", "supplier", "award"] = "agreement"
    others: str = ""


COLUMNS = {
    "agreement": _Column("Avtalsnummer", _agreement_number, others="Avtalsnr|Avtal"),
    "registry_number": _Column("Diarienummer", pricecells.text(60), others="Dnr"),
    "title": _Column("Avtalsnamn", pricecells.text(200), others="Benämning|Titel"),
    "regime": _Column("Lag", _choice(REGIMES), others="Regelverk"),
    "starts_on": _Column("Från", _day, others="Startdatum|Första dag"),
    "ends_on": _Column("Till", _day, others="Slutdatum|Sista dag"),
    "ceiling": _Column("Takvolym", _limit, others="Tak|Takvärde"),
    "category": _Column("Kategori", pricecells.text(200)),
    "owner": _Column("Avtalsägare", _organisation, others="Ägare"),
    "entitled": _Column("Avropsberättigade", _organisations),
    "summary": _Column("Sammanfattning", _paragraphs(4000), others="Omfattning"),
    "how_to_order": _Column("Så beställer du", _paragraphs(4000)),
    "reason": _Column("Skäl", _paragraphs(1000)),
    "lot": _Column("Delområde", pricecells.text(20), "lot", "Delområdesnummer|Anbudsområde"),
    "lot_title": _Column("Delområdesnamn", pricecells.text(200), "lot", "Anbudsområdesnamn"),
    "method": _Column("Avropsordning", _choice(METHODS), "lot", "Avropsform"),
    "clause": _Column("Avtalspunkt", pricecells.text(200), "lot", "Klausul"),
    "grounds": _Column("Valgrunder", _lines, "lot"),
    "competition_above": _Column("Konkurrens över", pricecells.number(MAX_AMOUNT, 2), "lot"),
    "lot_ceiling": _Column("Delområdets tak", _limit, "lot"),
    "supplier": _Column("Leverantörens organisationsnummer", _organisation, "award", "Organisationsnummer|Orgnr"),
    "supplier_name": _Column("Leverantör", pricecells.text(200), "supplier", "Leverantörsnamn"),
    "supplier_email": _Column("E-post för beställningar", _email, "supplier", "E-post|Epost"),
    "rank": _Column("Rangordning", _rank, "award", "Rang|Plats"),
    "share": _Column("Andel", pricecells.number(100, 2), "award", "Andel procent"),
    "note": _Column("Anmärkning", _paragraphs(1000), "award", "Antagande"),
}
MANDATORY = ("agreement", "title", "starts_on", "ends_on", "supplier", "supplier_name")
_NEEDED_IN_ROW = ("agreement", "supplier")
_DEFAULTS: dict[str, Any] = {**RegisterRow._field_defaults, "lot": "1"}
_FIELD_OF = {
    folded(heading): field
    for field, column in COLUMNS.items()
    for heading in (field, column.heading, *column.others.split("|"))
    if heading
}


def read_register(data: bytes, file_name: str = "") -> RegisterFile:
    """Read a whole register. Twenty million bytes at most, and no more than a thousand problems are listed."""
    try:
        text = decode(data, file_name, max_bytes=MAX_BYTES)
    except Unreadable as error:
        return RegisterFile([], [RegisterProblem(error.code, params={"megabytes": MAX_BYTES // 1_000_000})])
    found = find_header(text, _FIELD_OF)
    if found is None:
        names = ", ".join(COLUMNS[field].heading for field in MANDATORY)
        return RegisterFile([], [RegisterProblem("no-header", params={"columns": names})])
    return _Reading(text, *found).run()


class _Reading:
    """One pass over one file: rows and problems grow as it goes."""

    def __init__(self, text: str, delimiter: str, header_line: int, headings: list[str]) -> None:
        self.text, self.delimiter, self.header_line, self.width = text, delimiter, header_line, len(headings)
        self.rows: list[RegisterRow] = []
        self.problems: list[RegisterProblem] = []
        self.headings: dict[str, str] = {}
        self.place: dict[str, int] = {}
        self.said: dict[tuple[str, ...], dict[str, tuple[int, Any]]] = {}
        self.line_of: dict[tuple[str, str, str], int] = {}
        for index, written in enumerate(headings):
            self._know(index, visible(written.strip()), _FIELD_OF.get(folded(written)))
        for field in MANDATORY:
            if field not in self.headings:
                self._problem("missing-column", header_line, params={"column": COLUMNS[field].heading})

    def run(self) -> RegisterFile:
        if any(problem.severity == "error" for problem in self.problems):
            return RegisterFile([], self.problems)
        seen = False
        for line, cells in records(self.text, self.delimiter):
            if line <= self.header_line or not "".join(cells).strip():
                continue
            seen = True
            if len(self.problems) >= MAX_PROBLEMS:
                self._problem("too-many-problems", None, params={"limit": MAX_PROBLEMS})
                return RegisterFile([], self.problems)
            if isinstance(cells, str):
                self._problem(cells, line, params={"limit": MAX_CELL})
            elif len(cells) > self.width and "".join(cells[self.width :]).strip():
                self._problem("too-many-cells", line)
            else:
                self._read(line, cells)
        if not seen:
            self._problem("no-rows", None)
        self._check_whole()
        return RegisterFile([self._completed(row) for row in self.rows], self.problems)

    def _know(self, index: int, shown: str, field: str | None) -> None:
        if field is None:
            if shown:
                self._problem("unknown-column", self.header_line, shown, severity="warning")
        elif field in self.headings:
            self._problem("column-twice", self.header_line, shown, params={"other": self.headings[field]})
        else:
            self.headings[field], self.place[field] = shown, index

    def _read(self, line: int, cells: list[str]) -> None:
        values: dict[str, Any] = {**_DEFAULTS, "line": line}
        before = len(self.problems)
        for field, index in self.place.items():
            cell = cells[index].strip() if index < len(cells) else ""
            if not cell or cell == "-":
                if field in _NEEDED_IN_ROW:
                    self._problem("missing-value", line, self.headings[field])
            elif len(cell) > MAX_CELL:
                self._problem("cell-too-long", line, self.headings[field], cell, {"limit": MAX_CELL})
            elif CONTROL.search(cell):
                self._problem("control-character", line, self.headings[field], cell)
            else:
                try:
                    values[field] = COLUMNS[field].parse(cell)
                except Refused as refused:
                    self._problem(refused.code, line, self.headings[field], cell, refused.params)
        if len(self.problems) == before:
            row = RegisterRow(**values)
            self._compare(row)
            self.rows.append(row)

    def _compare(self, row: RegisterRow) -> None:
        """What is said of an agreement, a lot or a supplier must be the same on each of its rows."""
        first = self.line_of.setdefault((row.agreement, row.lot, row.supplier), row.line)
        if first != row.line:
            self._problem("row-twice", row.line, self.headings["supplier"], row.supplier, {"other": first})
        for field, column in COLUMNS.items():
            value = getattr(row, field)
            if column.about == "award" or value is None or value == ():
                continue
            other, former = self._facts(column.about, row).setdefault(field, (row.line, value))
            if former != value:
                params: dict[str, str | int] = {"other": other, "former": visible(_written(former))}
                self._problem("differs", row.line, self.headings.get(field, ""), _written(value), params)

    def _facts(self, about: str, row: RegisterRow) -> dict[str, tuple[int, Any]]:
        """What is said of the row's agreement, lot or supplier so far: field → line and value."""
        key = {"agreement": (row.agreement,), "lot": (row.agreement, row.lot), "supplier": (row.supplier,)}[about]
        return self.said.setdefault((about, *key), {})

    def _check_whole(self) -> None:
        """Every agreement has a title and its days, every supplier a name, on one of its rows."""
        for about, fields in (("agreement", ("title", "starts_on", "ends_on")), ("supplier", ("supplier_name",))):
            first = {getattr(row, about): row for row in reversed(self.rows)}
            for row in first.values():
                facts = self._facts(about, row)
                for field in fields:
                    if field not in facts:
                        self._problem("missing-value", row.line, self.headings[field])
                if {"starts_on", "ends_on"} <= facts.keys() and facts["ends_on"][1] < facts["starts_on"][1]:
                    line, value = facts["ends_on"]
                    self._problem("ends-before-start", line, self.headings["ends_on"], value.isoformat())

    def _completed(self, row: RegisterRow) -> RegisterRow:
        """The row with what the other rows say of its agreement, lot and supplier."""
        said: dict[str, Any] = {}
        for about in ("agreement", "lot", "supplier"):
            said |= {field: value for field, (_, value) in self._facts(about, row).items()}
        return row._replace(**said)

    def _problem(
        self,
        code: str,
        line: int | None,
        column: str = "",
        value: str = "",
        params: dict[str, str | int] | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        self.problems.append(RegisterProblem(code, line, column, visible(value), params or {}, severity))


def _written(value: Any) -> str:
    return " ".join(value) if isinstance(value, tuple) else str(value)
