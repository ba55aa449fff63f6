"""A supplier's price list as a file → rows and problems. Never raises on bad content.

A CSV file is UTF-8 (with or without BOM) or Windows-1252, its fields parted by semicolon, comma or tab; a spreadsheet
is XLSX, XLS or ODS (exchange/spreadsheet.py), a catalogue that of Peppol (exchange/catalogue_xml.py). The first 20
lines are searched for the header, so a title above it does no harm; what the columns hold stands in
exchange/pricecolumns.py.

Numbers: "1 234,50", "1234.50", "12,50 kr". A hyphen alone is an empty cell. A row with an error is
not among the rows; whether a list with errors may be used at all is the caller's rule. Where there are a list price
and a discount, the price may be left out: it is what they make, rounded to öre.

`read_price_file` gives the whole of it; `open_price_file` hands out some thousand rows at a time, in memory that does
not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any, BinaryIO, NamedTuple

from exchange import cells
from exchange.container import HEAD, Kind, is_read_whole, kind_of
from exchange.csvtext import TextFile, Unreadable, decode, visible
from exchange.header import ColumnChoice, Header, folded_row, guess_header
from exchange.pricecolumns import (
    COLUMNS,
    FIELDS,
    INSTEAD,
    MANDATORY,
    PADDED,
    PRICE,
    heading,
    usual_field,
)
from exchange.problem import Problem, without_errors
from exchange.sandbox import converted
from exchange.table import MAX_BYTES, Column, Limits, Table
from exchange.tablefile import sheet_as_text, written
from exchange.tier import field_for, quantity_named, quantity_of

ÖRE = Decimal("0.01")  # more than the price and what list price and discount make may differ by


class PriceRow(NamedTuple):
    line: int  # as a spreadsheet numbers it, the header included
    supplier_number: str
    name: str
    unit: str  # UN/ECE code
    price: Decimal  # SEK excluding VAT for `base_quantity` units, up to 4 decimals
    vat: str  # "25", "12", "6", "0", or "food": the rate of food on the day of the order
    description: str | None = None
    gtin: str | None = None
    pack_size: Decimal | None = None
    pack_unit: str | None = None
    minimum_quantity: Decimal | None = None
    quantity_multiple: Decimal | None = None
    base_quantity: Decimal = Decimal(1)
    synonyms: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    classification: str | None = None
    manufacturer: str | None = None
    lead_time_days: int | None = None
    picture: str | None = None
    tiers: tuple[tuple[Decimal, Decimal], ...] = ()  # from this quantity on, this price; rising
    list_price: Decimal | None = None
    discount_percent: Decimal | None = None
    is_approximate: bool = False  # the weight is: what is delivered is paid for


class PriceFile(NamedTuple):
    """A price list that was read: its usable rows, and everything that is wrong with it."""

    rows: list[PriceRow]
    problems: list[Problem]
    replaces: bool = True  # the rows are the whole new list; else they change the one in force
    deleted: dict[str, int] = {}  # noqa: RUF012  supplier's numbers to take out of the list in force → line

    @property
    def is_clean(self) -> bool:
        """No error: every row of the file is among the rows."""
        return without_errors(self.problems)


_ONLY_NOTED = {"not-orderable", "approximate-price", "price-period", "line-period"}
ORDINARY = Limits()
TRUSTED = Limits(rows=1_000_000, bytes=500_000_000, sheet_bytes=50_000_000, seconds=120)  # for whoever has the machine


class PriceSource:
    """A price list that is open: `chunks` of its usable rows, and the `problems` met so far."""

    def __init__(
        self,
        text: TextFile | None,
        limits: Limits = ORDINARY,
        choices: Sequence[ColumnChoice] = (),
        problem: Problem | None = None,
    ) -> None:
        self.replaces = True  # as in PriceFile
        self.deleted: dict[str, int] = {}
        self.before: list[Problem] = [problem] if problem else []
        self.after: list[Problem] = []
        self._text, self._limits, self._choices = text, limits, choices
        self._table: Table | None = None

    @property
    def problems(self) -> list[Problem]:
        """Those of the file, then those of its rows as far as they have been read."""
        found = self._table.problems if self._table is not None else []
        if self.deleted:  # nothing but articles to take out
            found = [problem for problem in found if problem.code != "no-rows"]
        return [*self.before, *found, *self.after]

    @property
    def is_clean(self) -> bool:
        """No error so far."""
        return without_errors(self.before) and (self._table is None or self._table.is_clean)

    def chunks(self, *, remember: bool = True) -> Iterator[list[PriceRow]]:
        """The rows from the first one on, each time that it is called; what was said of the rows is forgotten.

        Without `remember` a number that stands further up in the file may come again: somebody else has to find it.
        """
        if self._text is None:
            return
        self._table = table = Table(
            *(self._text, COLUMNS),
            mandatory=MANDATORY,
            needed=MANDATORY,
            instead=INSTEAD,
            unique="supplier_number",
            choices=self._choices,
            more=self._tier_columns,
            limits=self._limits,
        )
        if self._table.is_clean and self._text.is_garbled:
            self._table.problems.append(Problem("garbled", severity="warning"))
        is_reckoned = "discount_percent" in table.headings and "list_price" in table.headings
        steps = _steps(table)
        for rows in table.chunks(remember=remember):
            found = _with_tiers(rows, steps, table) if steps else map(PriceRow._make, rows)
            priced = list(_with_prices(found, table) if is_reckoned else found)
            if steps or "tiers" in table.headings:
                table.problems.extend(_dear_tiers(priced, table.headings))
            yield priced

    def _tier_columns(self, headings: Sequence[str]) -> dict[str, Column]:
        """A column for each quantity that a heading names, or that somebody chose. From one on is the price itself."""
        named: dict[str, list[str]] = {}
        for each in headings:
            if quantity_named(each) is not None:
                named.setdefault(usual_field(each), []).append(each)
        for choice in self._choices:
            if choice.headings == folded_row(headings):
                for field in choice.fields:
                    if quantity_of(field) is not None:
                        named.setdefault(field, [])
        usual = {"price": COLUMNS["price"].headings}
        return {
            field: Column("|".join([usual.get(field, heading(field)), *names]), PRICE) for field, names in named.items()
        }


def _steps(table: Table) -> list[tuple[Decimal, int, str]]:
    """The columns of the file that hold the price from a quantity on: that, their place in a row, their field."""
    places = enumerate(table.columns, 1)
    return sorted((quantity, at, field) for at, field in places if (quantity := quantity_of(field)) is not None)


def _with_tiers(
    rows: Iterable[tuple[Any, ...]], steps: list[tuple[Decimal, int, str]], table: Table
) -> Iterator[PriceRow]:
    """The rows, each with the prices of such columns among its tiers."""
    for cells_of_row in rows:
        row = PriceRow._make(cells_of_row[: len(PriceRow._fields)])
        tiers, is_sound = dict(row.tiers), True
        for quantity, at, field in steps:
            price = cells_of_row[at]
            if price is not None and tiers.setdefault(quantity, price) != price:
                table.problem("tier-differs", row.line, field, str(price), {"price": written(tiers[quantity])})
                is_sound = False
        if len(tiers) > cells.MOST_TIERS:
            table.problem("too-many-tiers", row.line, steps[-1][2], "", {"limit": cells.MOST_TIERS})
        elif is_sound:
            yield row._replace(tiers=tuple(sorted(tiers.items())))


def _dear_tiers(rows: Iterable[PriceRow], headings: Mapping[str, str]) -> Iterator[Problem]:
    """A word about every row where more costs more."""
    for row in rows:
        for (_, former), (quantity, later) in pairwise([(Decimal(1), row.price), *row.tiers]):
            if later > former:
                column = headings.get(field_for(quantity)) or headings.get("tiers", "")
                yield Problem("tier-dearer", row.line, column, severity="warning")
                break


def _with_prices(rows: Iterable[PriceRow], table: Table) -> Iterator[PriceRow]:
    """The rows, each with the price that its list price and discount make where it has none of its own."""
    for row in rows:
        if row.list_price is None or row.discount_percent is None:
            if row.price is not None:
                yield row
            else:
                table.problem("missing-value", row.line, "price" if "price" in table.headings else "list_price")
            continue
        reckoned = (row.list_price * (100 - row.discount_percent) / 100).quantize(ÖRE, ROUND_HALF_UP)
        if row.price is None and not reckoned:
            table.problem("zero", row.line, "list_price", str(row.list_price))
        elif row.price is None:
            yield row._replace(price=reckoned)
        elif abs(row.price - reckoned) >= ÖRE:
            table.problem("discount-differs", row.line, "price", str(row.price), {"price": f"{reckoned:f}"})
        else:
            yield row


def read_price_file(data: bytes, file_name: str = "") -> PriceFile:
    """Read a whole price list; what it is, its content says, and its name must not say anything else.

    Twenty million bytes and a hundred thousand rows at most, and no more than a thousand problems are listed. CSV is
    read here; spreadsheets and catalogues become such a text in the sandbox first.
    """
    with open_price_file(BytesIO(data), file_name) as source:
        return read_whole(source)


def read_whole(source: PriceSource) -> PriceFile:
    """All the rows of an open list, and everything that is wrong with it."""
    rows = [row for chunk in source.chunks() for row in chunk]
    return PriceFile(rows, source.problems, source.replaces, source.deleted)


@contextmanager
def open_price_file(
    file: BinaryIO, file_name: str = "", limits: Limits = ORDINARY, choices: Sequence[ColumnChoice] = ()
) -> Iterator[PriceSource]:
    """A price list to read from the first byte of a file, which stays the caller's to close.

    `choices`: what the columns under certain headings hold where their names do not say it. Nothing is raised about
    what is in it.
    """
    with ExitStack() as held:
        try:
            source = _open(file, file_name, limits, choices, held)
        except Unreadable as error:
            source = PriceSource(None, problem=Problem(error.code, params=limits.params))
        yield source


def _open(
    file: BinaryIO, file_name: str, limits: Limits, choices: Sequence[ColumnChoice], held: ExitStack
) -> PriceSource:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD)
    if size > limits.bytes:
        raise Unreadable("too-large")
    if not is_read_whole(head):
        kind_of(head, file_name)
        text = TextFile(file, max_bytes=limits.bytes)
        held.callback(text.release)
        return PriceSource(text, limits, choices)
    if size > limits.sheet_bytes:
        raise Unreadable("sheet-too-large")
    file.seek(0)
    data = file.read()
    kind = kind_of(data, file_name)
    if kind is Kind.XML:
        return _open_catalogue(data, limits, held)
    return _open_sheet(data, kind, limits, choices, held)


def _open_sheet(
    data: bytes, kind: Kind, limits: Limits, choices: Sequence[ColumnChoice], held: ExitStack
) -> PriceSource:
    chosen = [(h, f) for choice in choices for h, f in zip(choice.headings, choice.fields, strict=False)]
    headings = [*FIELDS, *(heading for heading, _ in chosen)]
    padded = [*PADDED, *(heading for heading, field in chosen if field == "gtin")]
    text, note = held.enter_context(sheet_as_text(data, kind, headings, padded, limits))
    source = PriceSource(text, limits, choices)
    source.after += [note] if note else []
    return source


def _open_catalogue(data: bytes, limits: Limits, held: ExitStack) -> PriceSource:
    request = {"columns": {field: heading(field) for field in COLUMNS}, "rows": limits.rows}
    memory = 50_000_000 + 3 * len(data)
    opened = converted("exchange.catalogue_xml", data, request, memory=memory, seconds=limits.seconds)
    text, told = held.enter_context(opened)
    source = PriceSource(text, limits)
    source.replaces, source.deleted = told["action"] == "Replace", dict(told["deleted"])
    source.before = [
        Problem(code, line, params={"count": count}, severity="warning" if code in _ONLY_NOTED else "error")
        for code, (line, count) in told["noted"].items()
    ]
    if any(told["period"]):
        start, end = (visible(day) or "…" for day in told["period"])
        source.before.append(Problem("catalogue-period", params={"start": start, "end": end}, severity="warning"))
    return source


def look_at(data: bytes, file_name: str = "") -> Header | None:
    """The headings of a file whose columns are not known by name, and samples of what they hold; none of a file that
    is no table at all."""
    try:
        kind = kind_of(data, file_name)
        if kind is Kind.XML:
            return None
        if kind is Kind.CSV:
            return guess_header(decode(data, file_name, max_bytes=MAX_BYTES))
        with sheet_as_text(data, kind, None) as (text, _):
            return guess_header(text.head())
    except Unreadable:
        return None
