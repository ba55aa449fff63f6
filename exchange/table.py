"""A table that somebody sent as a CSV file: its header found, its columns known, its rows handed out one by one.

What a price list and a register of agreements have in common. What cannot be used becomes a `Problem` that names the
line and the column, and never an exception; a table with an error in it is read to its end, so that all of them are
told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from exchange.cells import CONTROL, Refused
from exchange.csvtext import MAX_CELL, Unreadable, decode, find_header, folded, records, visible

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_PROBLEMS = 1_000


class Problem(NamedTuple):
    """What is wrong, and where. `code` is stable; translate `TEXTS[code]` and fill in `params`."""

    code: str
    line: int | None = None  # as a spreadsheet numbers it; none where the whole file is meant
    column: str = ""  # the heading as the file has it
    value: str = ""  # shortened, with control characters made visible
    params: dict[str, str | int] = {}  # noqa: RUF012  never changed
    severity: Literal["error", "warning"] = "error"

    @property
    def text(self) -> str:
        """The reason in Swedish, without line and column."""
        return TEXTS[self.code] % self.params


Row = TypeVar("Row")


class Read(NamedTuple, Generic[Row]):
    """A file that was read: its usable rows, and everything that is wrong with it."""

    rows: list[Row]
    problems: list[Problem]

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return without_errors(self.problems)


class Column(NamedTuple):
    """`headings`: how it may be called, parted by bars; the first one is the name that messages use. `parse` makes a
    value of a stripped text that is not empty, or raises `Refused`."""

    headings: str
    parse: Callable[[str], Any]
    about: str = ""  # the thing that it tells of, where rows tell of several

    @property
    def heading(self) -> str:
        return self.headings.partition("|")[0]


class Table:
    """One pass over one file: `problems` grow as it goes.

    data: the file, or its text where that is known already. columns: field → what it holds. mandatory: the columns
    that must be there; needed: those that no row may leave empty. Twenty million bytes and a hundred thousand rows at
    most; no more than a thousand problems are listed.
    """

    def __init__(
        self,
        data: bytes | str,
        file_name: str,
        columns: Mapping[str, Column],
        *,
        mandatory: tuple[str, ...],
        needed: tuple[str, ...],
    ) -> None:
        self.text = ""
        self.problems: list[Problem] = []
        self.headings: dict[str, str] = {}  # field → as the file writes it
        self._needed = needed
        self._plan: list[tuple[str, int, Callable[[str], Any]]] = []  # field, its place, what reads it
        try:
            self.text = data if isinstance(data, str) else decode(data, file_name, max_bytes=MAX_BYTES)
        except Unreadable as error:
            self.problem(error.code, params={"megabytes": MAX_BYTES // 1_000_000})
            return
        fields = {folded(name): f for f, column in columns.items() for name in (f, *column.headings.split("|"))}
        found = find_header(self.text, fields)
        if found is None:
            names = ", ".join(columns[field].heading for field in mandatory)
            self.problem("no-header", params={"columns": names})
            return
        self._has_control = CONTROL.search(self.text) is not None  # asked once, not for each cell
        self._delimiter, self._header_line, headings = found
        self._width = len(headings)
        for index, written in enumerate(headings):
            self._know(index, visible(written.strip()), fields.get(folded(written)), columns)
        for field in mandatory:
            if field not in self.headings:
                self.problem("missing-column", self._header_line, params={"column": columns[field].heading})

    @property
    def is_clean(self) -> bool:
        """No error so far."""
        return without_errors(self.problems)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The line and the values, by field, of each row that can be used; empty cells are left out of it. Nothing of
        a table that cannot be read or lacks a column."""
        if not self.is_clean:
            return
        count = 0
        for line, cells in records(self.text, self._delimiter):
            if line <= self._header_line or not "".join(cells).strip():
                continue
            count += 1
            if count > MAX_ROWS:
                self.problem("too-many-rows", line, params={"limit": MAX_ROWS})
                return
            if len(self.problems) >= MAX_PROBLEMS:
                self.problem("too-many-problems", params={"limit": MAX_PROBLEMS})
                return
            if isinstance(cells, str):
                self.problem(cells, line, params={"limit": MAX_CELL})
            elif len(cells) > self._width and "".join(cells[self._width :]).strip():
                self.problem("too-many-cells", line)
            elif (values := self._values(line, cells)) is not None:
                yield line, values
        if not count:
            self.problem("no-rows")

    def problem(
        self,
        code: str,
        line: int | None = None,
        field: str = "",
        value: str = "",
        params: dict[str, str | int] | None = None,
    ) -> None:
        """Note an error; `field` is the column to blame."""
        self.problems.append(Problem(code, line, self.headings.get(field, ""), visible(value), params or {}))

    def _know(self, index: int, shown: str, field: str | None, columns: Mapping[str, Column]) -> None:
        if field is None:
            if shown:
                self.problems.append(Problem("unknown-column", self._header_line, shown, severity="warning"))
        elif field in self.headings:
            twice: dict[str, str | int] = {"other": self.headings[field]}
            self.problems.append(Problem("column-twice", self._header_line, shown, params=twice))
        else:
            self.headings[field] = shown
            self._plan.append((field, index, columns[field].parse))

    def _values(self, line: int, cells: list[str]) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        before = len(self.problems)
        for field, index, parse in self._plan:
            cell = cells[index].strip() if index < len(cells) else ""
            if not cell or cell == "-":
                if field in self._needed:
                    self.problem("missing-value", line, field, cell)
            elif len(cell) > MAX_CELL:
                self.problem("cell-too-long", line, field, cell, {"limit": MAX_CELL})
            elif self._has_control and CONTROL.search(cell):
                self.problem("control-character", line, field, cell)
            else:
                try:
                    values[field] = parse(cell)
                except Refused as refused:
                    self.problem(refused.code, line, field, cell, refused.params)
        return values if len(self.problems) == before else None


def without_errors(problems: list[Problem]) -> bool:
    """Whether nothing but warnings is among them."""
    return all(problem.severity != "error" for problem in problems)


def N_(text: str) -> str:  # noqa: N802  the name that the extraction of texts looks for
    return text


TEXTS = {
    # the file
    "empty": N_("Filen är tom."),
    "too-large": N_("Filen är större än %(megabytes)s MB. Dela upp den."),
    "spreadsheet": N_("Det här är en Excelfil. Spara den som ”CSV UTF-8” och försök igen."),
    "binary": N_("Det här är ingen textfil. Spara den som ”CSV UTF-8” och försök igen."),
    "encoding": N_("Tecknen i filen går inte att läsa. Spara den som ”CSV UTF-8” och försök igen."),
    "garbled": N_("Å, ä eller ö ser trasiga ut. Spara filen som ”CSV UTF-8” och kontrollera."),
    "other-kind": N_("Filen är något annat än dess namn säger. Spara den på nytt som Excel eller ”CSV UTF-8”."),
    "not-a-list": N_("Det här är ingen prislista. Skicka CSV, XLSX, XLS, ODS eller en Peppolkatalog (XML)."),
    "not-a-register": N_("Det här är inget register. Skicka CSV, XLSX, XLS eller ODS."),
    "broken": N_("Filen är trasig. Spara den på nytt och försök igen."),
    "macros": N_("Filen har makron. Spara den som en vanlig Excelbok (.xlsx) utan makron."),
    "locked": N_("Filen är låst med lösenord. Ta bort lösenordet och försök igen."),
    "nested": N_("Det ligger andra filer inuti filen. Ta bort dem och försök igen."),
    "too-many-members": N_("Filen har fler delar än en kalkylbok brukar ha. Spara den på nytt."),
    "too-much-inside": N_(
        "Filen är för stor när den packas upp. Ta bort tomma rader och kolumner, eller dela upp den."
    ),
    "too-slow": N_("Filen tog för lång tid att läsa. Ta bort tomma rader och kolumner, eller dela upp den."),
    "too-many-columns": N_("Bladet har för många kolumner. Ta bort dem som inte hör till listan."),
    "dtd": N_("Filen har en dokumenttypsdeklaration (DTD). Sådana filer läses inte."),
    "formulas": N_("Filen har formler. Kopiera listan, klistra in den som värden och försök igen."),
    "sheet": N_("Boken har flera blad. Det här bladet är läst."),
    "catalogue-action": N_("Katalogen ska ha åtgärden Add, Replace eller Update. Återta listan om allt ska bort."),
    "catalogue-period": N_("Katalogen säger att den gäller %(start)s–%(end)s. Kontrollera dagen nedan."),
    "not-orderable": N_("Artiklar som katalogen säger inte går att beställa: %(count)s. De är inte med."),
    "several-prices": N_("Artiklar med flera priser: %(count)s. Listan kan ha ett pris per artikel."),
    "currency": N_("Artiklar med pris i en annan valuta än svenska kronor: %(count)s."),
    "price-with-vat": N_("Artiklar med pris inklusive moms: %(count)s. Ange priset utan moms."),
    "price-unit": N_("Artiklar med pris för en annan enhet än den som beställs, utan omräkningstal: %(count)s."),
    "approximate-price": N_("Artiklar med ungefärligt eller rörligt pris: %(count)s. Priset läses som det står."),
    "price-period": N_("Artiklar med pris för en viss tid: %(count)s. Priset läses som om det gäller hela tiden."),
    "line-period": N_("Artiklar som gäller en viss tid: %(count)s. De läses som om de gäller hela tiden."),
    "example-row": N_("Det här är exempelraden i mallen. Ta bort den."),
    "not-in-force": N_("Artikeln ska tas bort men finns inte i listan i kraft."),
    "no-header": N_("Ingen rubrikrad hittades. Den ska ha minst: %(columns)s."),
    "no-rows": N_("Det finns inga rader under rubrikraden."),
    "missing-column": N_("Kolumnen %(column)s saknas."),
    "column-twice": N_("Kolumnen finns två gånger, också som ”%(other)s”. Ta bort den ena."),
    "unknown-column": N_("Kolumnen känns inte igen och läses inte."),
    "too-many-rows": N_("Filen har fler än %(limit)s rader. Dela upp den."),
    "too-many-problems": N_("Fler än %(limit)s fel. Rätta dem som visas och försök igen."),
    # a row
    "broken-quotes": N_("Citattecknen på raden går inte ihop."),
    "too-many-cells": N_("Raden har fler celler än rubrikraden. Är ett decimaltal delat av ett komma?"),
    "number-twice": N_("Artikelnumret finns redan på rad %(other)s."),
    "row-twice": N_("Samma leverantör står redan på delområdet, på rad %(other)s."),
    "same-row": N_("Samma sak står redan på rad %(other)s."),
    "differs": N_("Raden säger något annat än rad %(other)s om samma sak: ”%(former)s”."),
    "ends-before-start": N_("Sista dagen ligger före första dagen."),
    # a cell
    "cell-too-long": N_("Cellen är längre än %(limit)s tecken."),
    "missing-value": N_("Värdet saknas."),
    "too-long": N_("Texten är längre än %(limit)s tecken."),
    "control-character": N_("Texten har ett osynligt styrtecken. Skriv om cellen."),
    "formula": N_("Cellen ser ut som en formel. Skriv värdet i stället."),
    "not-a-number": N_("Det går inte att läsa som ett tal. Skriv till exempel 1 234,50."),
    "negative": N_("Talet är negativt."),
    "zero": N_("Talet är noll. Ett okänt värde lämnas tomt."),
    "too-big": N_("Talet är större än %(limit)s."),
    "decimals": N_("Talet har fler än %(limit)s decimaler."),
    "date": N_("Skriv dagen som ÅÅÅÅ-MM-DD, till exempel 2026-04-01."),
    "not-days": N_("Skriv leveranstiden i hela dagar, högst %(limit)s."),
    "unknown-unit": N_("Enheten är okänd. Skriv till exempel st, förp eller kg."),
    "vat-rate": N_("Momssatsen ska vara 25, 12, 6, 0 eller livsmedel."),
    "gtin-digits": N_("Ett GTIN har 8, 12, 13 eller 14 siffror. Är kolumnen formaterad som text?"),
    "gtin-check-digit": N_("Kontrollsiffran i GTIN stämmer inte. Kontrollera siffrorna."),
    "unspsc": N_("En UNSPSC-kod har åtta siffror."),
    "address": N_("Skriv en hel webbadress som börjar med https://"),
    "organisation-number": N_("Ett organisationsnummer har tio siffror, till exempel 212000-2528."),
    "check-digit": N_("Organisationsnumrets kontrollsiffra stämmer inte. Kontrollera siffrorna."),
    "cpv": N_("CPV skrivs med två till åtta siffror, till exempel 30197."),
    "country": N_("Skriv landets två bokstäver, till exempel SE."),
    "email": N_("Det är ingen e-postadress."),
    "choice": N_("Värdet ska vara något av: %(choices)s."),
    "rank": N_("Platsen i rangordningen ska vara ett heltal från 1."),
    "agreement-number": N_("Avtalsnumret får ha bokstäver, siffror, mellanslag och . _ - : men inte snedstreck."),
}
