"""Open procurement statistics of Upphandlingsmyndigheten → a register of agreements.

The source is three of the authority's CSV tables in one folder: procurements.csv, contracted_value.csv and
contracted_tenders_with_suppliers.csv. They tell who bought what, and which suppliers won which lots, but neither when
an agreement ends, nor how suppliers are chosen at call-off, nor the suppliers' organisation numbers. What has to be
assumed is said in the column Anmärkning of every row; what cannot be used is named with the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

from core.checkdigits import luhn_check_digit, organisation_number
from exchange import swedish
from exchange.registerfile import COLUMNS, METHOD_WORDS, REGIME_WORDS, UNKNOWN

PROCUREMENTS, TENDERS, VALUES = "procurements.csv", "contracted_tenders_with_suppliers.csv", "contracted_value.csv"
LEAST_BELIEVABLE = 10_000  # a smaller "contracted value" of a framework agreement is a unit price in the wrong field
LAST_YEAR = 9_000  # a later one is a slip

FIELDS = (
    *("agreement", "registry_number", "title", "regime", "starts_on", "ends_on", "ceiling", "owner", "entitled"),
    *("summary", "lot", "lot_title", "method", "clause", "supplier", "supplier_name", "supplier_email", "rank", "note"),
)


class Skipped(NamedTuple):
    """A row that was left out: where it stands, what it is about, and why."""

    file: str
    line: int
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the source does not tell.

    known: organisation numbers of the buyers that Avrop has; numbers: supplier's name (casefolded) → number;
    invent: give the other suppliers a number that no company can have; starts_on: the first day of every agreement
    (none: the day of publication).
    """

    known: Collection[str]
    numbers: Mapping[str, str] = field(default_factory=dict)
    invent: bool = False
    starts_on: date | None = None


@dataclass(slots=True)
class Converted:
    """The rows of a register, heading → text, and everything that was left out."""

    rows: list[dict[str, str]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def convert(files: Mapping[str, bytes], assumed: Assumptions) -> Converted:
    """Make a register of the three files. Raises KeyError naming a file or a column that is missing, and
    UnicodeDecodeError or csv.Error for a file that is no such table."""
    done = Converted()
    procurements = dict(_framework_agreements(files, assumed, done))
    values = {row["Upphandlings-ID"]: row["Kontrakterat värde, Summa"] for _, row in _read(files, VALUES)}
    awarded: set[str] = set()
    lots: dict[str, list[str]] = {}
    ranks: dict[tuple[str, str], list[str]] = {}
    for line, row in _read(files, TENDERS):
        number, lot_id, name = (
            row["Upphandlings-ID"],
            row["Anbudsområdes-ID"],
            " ".join(row["Namn för leverantör"].split()),
        )
        if number not in procurements:
            continue  # named with its procurement
        awarded.add(number)
        supplier = _supplier_number(row, name, assumed)
        about = f"{number} {name or '(utan namn)'}"
        if isinstance(supplier, NoNumber):
            done.skipped.append(Skipped(TENDERS, line, about, supplier.why))
            continue
        winners = ranks.setdefault((number, lot_id), [])
        if supplier in winners:
            done.skipped.append(Skipped(TENDERS, line, about, "leverantören står redan på delområdet"))
            continue
        winners.append(supplier)
        known_lots = lots.setdefault(number, [])
        if lot_id not in known_lots:
            known_lots.append(lot_id)
        place = known_lots.index(lot_id) + 1
        done.rows.append(
            _row(procurements[number], values.get(number, ""), place, supplier, name, len(winners), assumed)
        )
    _set_methods(done.rows)
    for number, row in procurements.items():
        if number not in lots:
            why = "ingen leverantör kunde användas" if number in awarded else "ingen leverantör i källan"
            done.skipped.append(Skipped(PROCUREMENTS, int(row["line"]), f"{number} {row['Upphandlingens titel']}", why))
    return done


class NoNumber(NamedTuple):
    why: str


def _framework_agreements(
    files: Mapping[str, bytes], assumed: Assumptions, done: Converted
) -> Iterator[tuple[str, dict[str, str]]]:
    """The procurements that can become agreements; the others are named as skipped."""
    for line, row in _read(files, PROCUREMENTS):
        why = None
        if row["Typ av avtal"] != "Ramavtal":
            why = f"inget ramavtal ({row['Typ av avtal'] or 'okänd avtalstyp'})"
        else:
            try:
                buyer = organisation_number(row["Organisationsnummer för köpare"])
            except ValueError as error:
                why = f"köparens organisationsnummer {row['Organisationsnummer för köpare']!r}: {error}"
            else:
                if buyer not in assumed.known:
                    why = f"köparen {row['Namn för köpare']} finns inte i Avrop"
                elif assumed.starts_on is None and _published(row) is None:
                    why = f"publiceringsdagen {row['Publiceringsdatum']!r} är ingen dag"
        if why:
            about = f"{row['Upphandlings-ID']} {row['Upphandlingens titel']}"
            done.skipped.append(Skipped(PROCUREMENTS, line, about, why))
        else:
            yield row["Upphandlings-ID"], {**row, "line": str(line)}


def _supplier_number(row: Mapping[str, str], name: str, assumed: Assumptions) -> str | NoNumber:
    form = row["Juridisk form för leverantör"]
    if not name:
        return NoNumber("ingen leverantör angiven")
    if form.startswith("Utländska"):
        return NoNumber("utländsk leverantör utan svenskt organisationsnummer")
    if form == "Fysiska personer":
        return NoNumber("enskild firma: numret är ett personnummer")
    if given := assumed.numbers.get(name.casefold()):
        try:
            return organisation_number(given)
        except ValueError as error:
            return NoNumber(f"det givna organisationsnumret {given}: {error}")
    if assumed.invent:
        return invented_number(name)
    return NoNumber("organisationsnummer saknas i källan")


def invented_number(name: str) -> str:
    """A number with a right check digit that no company has: real ones never begin with 00. The same for a name
    each time."""
    digits = f"00{int(sha256(name.casefold().encode()).hexdigest(), 16) % 10_000_000:07d}"
    return digits + luhn_check_digit(digits)


def _row(
    procurement: Mapping[str, str],
    value: str,
    lot: int,
    supplier: str,
    name: str,
    rank: int,
    assumed: Assumptions,
) -> dict[str, str]:
    starts_on = assumed.starts_on or _published(procurement)
    assert starts_on is not None  # others are not among the agreements
    is_believable = re.fullmatch("[0-9]{1,15}", value) is not None and int(value) >= LEAST_BELIEVABLE
    title = " ".join(procurement["Upphandlingens titel"].split())
    buyer = organisation_number(procurement["Organisationsnummer för köpare"])
    told = {
        "agreement": procurement["Upphandlings-ID"],
        "registry_number": procurement["Upphandlings-ID"],
        "title": title[:200],
        "regime": REGIME_WORDS[_regime(procurement)],
        "starts_on": starts_on.isoformat(),
        "ends_on": _four_years(starts_on).isoformat(),
        "ceiling": value if is_believable else UNKNOWN,
        "owner": swedish.organisation_number(buyer),
        "entitled": swedish.organisation_number(buyer),
        "summary": f"{title}. {procurement['Huvudsaklig CPV-kod'].partition(' ')[2]}.".strip(),
        "lot": str(lot),
        "lot_title": f"{title[:180]}, del {lot}",
        "clause": "Framgår inte av källan",
        "supplier": swedish.organisation_number(supplier),
        "supplier_name": name,
        "supplier_email": f"order@{supplier}.example",
        "rank": str(rank),
        "note": "Antaget: " + "; ".join(_notes(procurement, value, supplier, is_believable)),
    }
    return {name: told.get(name, "") for name in FIELDS}


def _notes(procurement: Mapping[str, str], value: str, supplier: str, is_believable: bool) -> Iterator[str]:
    """What is assumed about a row."""
    yield from ("avtalstid (fyra år)", "avropsordning", "avtalspunkt")
    if is_believable:
        yield "takvolym = kontrakterat värde"
    elif value:
        yield f"takvolym okänd: kontrakterat värde {value} kr är orimligt lågt"
    if supplier.startswith("00"):
        yield "organisationsnummer påhittat"
    if procurement["Samordnad upphandling"] == "True":
        yield "samordnad, men vilka fler som får avropa framgår inte"


def _set_methods(rows: list[dict[str, str]]) -> None:
    """One supplier on a lot, or a ranking in the order of the source: an assumption either way."""
    count: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["agreement"], row["lot"])
        count[key] = count.get(key, 0) + 1
    for row in rows:
        row["method"] = METHOD_WORDS["single" if count[(row["agreement"], row["lot"])] == 1 else "ranking"]


def _regime(procurement: Mapping[str, str]) -> str:
    if procurement["Rättslig grund"] == "Direktiv 2014/25/EU":
        return "luf"
    return "lou" if procurement["Direktivstyrd"] == "True" else "lou-19"


def _published(procurement: Mapping[str, str]) -> date | None:
    """The day of publication; none where there is none, or none that four years can be added to."""
    try:
        published = date.fromisoformat(procurement["Publiceringsdatum"])
    except ValueError:
        return None
    return published if published.year <= LAST_YEAR else None


def _four_years(starts_on: date) -> date:
    try:
        return starts_on.replace(year=starts_on.year + 4) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(starts_on.year + 4, 2, 28)


def _read(files: Mapping[str, bytes], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of one file, numbered as a spreadsheet does."""
    reader = csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"), newline=""))
    for line, row in enumerate(reader, 2):
        yield line, {column: value or "" for column, value in row.items() if column is not None}


def write_register(rows: list[dict[str, str]]) -> str:
    """The rows as a register file with Swedish headings; a text that a spreadsheet takes for a formula is disarmed."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([COLUMNS[name].heading for name in FIELDS])
    for row in rows:
        writer.writerow([_plain(row[name]) for name in FIELDS])
    return out.getvalue()


def _plain(text: str) -> str:
    return text.lstrip("=+@- \t\r\n")
