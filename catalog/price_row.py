"""Price row: a row of a supplier's file as a row of the table, and back; and what a file of changes makes of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from catalog.price_list import Article, PriceList, VatClass, tiers_text
from core.db import db, insert_many
from core.types import FixedPoint, Percent, Quantity, UnitPrice
from exchange.pricefile import PriceFile, PriceRow
from exchange.problem import Problem

VAT_CLASSES = {
    "25": VatClass.STANDARD,
    "12": VatClass.REDUCED_12,
    "6": VatClass.REDUCED_6,
    "0": VatClass.NONE,
    "food": VatClass.FOOD,
}
_RATES = {vat_class: rate for rate, vat_class in VAT_CLASSES.items()}
_VAT_TEXTS = {rate: vat_class.value for rate, vat_class in VAT_CLASSES.items()}
_FETCHED = 5_000
_KEPT = 10_000  # decimals


class _Steps(dict[Decimal | None, int | None]):
    """Decimals as a column stores them; most are written many times in a list."""

    def __init__(self, kind: type[FixedPoint]) -> None:
        super().__init__({None: None})
        self._kind = kind()

    def __missing__(self, value: Decimal) -> int | None:
        if len(self) >= _KEPT:
            self.clear()
            self[None] = None
        steps = self[value] = self._kind.process_bind_param(value, db.engine.dialect)
        return steps


def store_rows(price_list: PriceList, chunks: Iterable[Sequence[PriceRow]]) -> int:
    """Put the rows of a file into the table, as articles of a draft; returns how many.

    Memory does not grow with them. Raises IntegrityError for a number that comes twice.
    """
    count = 0

    def counted() -> Iterator[list[tuple[Any, ...]]]:
        nonlocal count
        for rows in chunks:
            count += len(rows)
            yield _stored(price_list.id, price_list.award_id, rows, price, quantity, percent)

    price, quantity, percent = _Steps(UnitPrice), _Steps(Quantity), _Steps(Percent)
    insert_many(Article.__tablename__, _STORED, counted())
    return count


_STORED = (
    *("price_list_id", "award_id", "supplier_number", "gtin", "name", "description", "brand", "synonyms"),
    *("unit_code", "pack_size", "pack_unit", "minimum_quantity", "quantity_multiple", "price", "base_quantity"),
    *("vat_class", "classification", "marks", "picture_url", "lead_time_days", "tiers", "list_price"),
    *("discount_percent", "is_approximate"),
)


def _stored(
    list_id: int, award_id: int, rows: Sequence[PriceRow], price: _Steps, quantity: _Steps, percent: _Steps
) -> list[tuple[Any, ...]]:
    """What the table holds of some rows: the values of `_STORED`. A million rows pass here."""
    return [
        (
            *(list_id, award_id, row.supplier_number, row.gtin, row.name, row.description, row.manufacturer),
            *(",".join(row.synonyms) or None, row.unit, quantity[row.pack_size], row.pack_unit),
            *(quantity[row.minimum_quantity], quantity[row.quantity_multiple], price[row.price]),
            *(quantity[row.base_quantity], _VAT_TEXTS[row.vat], row.classification, ",".join(row.marks) or None),
            *(row.picture, row.lead_time_days, tiers_text(row.tiers), price[row.list_price]),
            *(percent[row.discount_percent], row.is_approximate),
        )
        for row in rows
    ]


def rows_of(price_list: PriceList) -> Iterator[PriceRow]:
    """The rows of a list as its file would have them, in the file's order; fetched some thousand at a time."""
    table = Article.__table__
    query = select(table).where(table.c.price_list_id == price_list.id).order_by(table.c.id)
    with db.session.connection().execute(query, execution_options={"yield_per": _FETCHED}) as found:
        for line, article in enumerate(found, 2):
            yield PriceRow(
                line=line,
                supplier_number=article.supplier_number,
                name=article.name,
                unit=article.unit_code,
                price=article.price,
                vat=_RATES[article.vat_class],
                description=article.description,
                gtin=article.gtin,
                pack_size=article.pack_size,
                pack_unit=article.pack_unit,
                minimum_quantity=article.minimum_quantity,
                quantity_multiple=article.quantity_multiple,
                base_quantity=article.base_quantity,
                synonyms=_words(article.synonyms),
                marks=_words(article.marks),
                classification=article.classification,
                manufacturer=article.brand,
                lead_time_days=article.lead_time_days,
                picture=article.picture_url,
                tiers=tuple(map(tuple, article.tiers)),
                list_price=article.list_price,
                discount_percent=article.discount_percent,
                is_approximate=article.is_approximate,
            )


def changed(former: Iterable[PriceRow], changes: PriceFile) -> tuple[list[PriceRow], list[Problem]]:
    """The list that a file of changes makes of the former one, and warnings of what it could not take out.

    What is in both is as the file has it, in its old place; what is new comes last.
    """
    rows = {row.supplier_number: row for row in former}
    problems = [
        Problem("not-in-force", line, value=number, severity="warning")
        for number, line in changes.deleted.items()
        if rows.pop(number, None) is None
    ]
    rows.update((row.supplier_number, row) for row in changes.rows)
    return list(rows.values()), problems


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word for word in map(str.strip, (text or "").split(",")) if word)
