"""Call-offs made outside Avrop as a table, in the manner of exchange/registers.py. docs/tak.md has the columns."""

from __future__ import annotations

from decimal import Decimal

from exchange import cells
from exchange.registers import Register, Row, day, organisation, yes
from exchange.table import Column, Read
from exchange.tablefile import open_table

_positive = cells.number(100_000_000_000, 2)


def _amount(cell: str) -> Decimal:
    """SEK, below zero too: the rules say where that may be."""
    minus = cell[:1] in "-\N{MINUS SIGN}"
    value = _positive(cell[1:].lstrip() if minus else cell)
    return -value if minus else value


EXTERNAL = Register(
    "avropat-utanfor",
    {
        "agreement": Column("Avtalsnummer|Avtalsnr|Avtal", cells.line(40)),
        "lot": Column("Delområde|Delområdesnummer", cells.line(20)),
        "supplier": Column("Leverantörens organisationsnummer|Leverantör orgnr", organisation),
        "organisation": Column("Organisationsnummer|Orgnr|Beställarens organisationsnummer", organisation),
        "called_off_on": Column("Dag|Datum|Avropsdag", day),
        "amount": Column("Belopp|Belopp exkl. moms", _amount),
        "quantity": Column("Antal|Kvantitet", cells.number(1_000_000_000, 3)),
        "unit_code": Column("Enhet", cells.unit),
        "reference": Column("Referens|Ordernummer|Fakturanummer", cells.line(60)),
        "note": Column("Anmärkning|Kommentar", cells.line(500)),
        "is_opening": Column("Ingående balans", yes),
    },
    key=("amount",),  # the column that a broken rule is told about
    needed=("agreement", "called_off_on", "amount"),
)


def read_external(data: bytes, file_name: str = "") -> Read[Row]:
    """Read a whole file. Two rows may be alike: that is for the rules to judge. Never raises on bad content."""
    with open_table(data, file_name, EXTERNAL.columns, mandatory=EXTERNAL.needed, needed=EXTERNAL.needed) as table:
        nothing = dict.fromkeys(table.headings)
        return Read([Row(line, nothing | values) for line, values in table.rows()], table.problems)
