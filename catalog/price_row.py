"""Price row: a row of a supplier's file as a row of the table, and back; and what a file of changes makes of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from catalog.price_list import Article, PriceList, VatClass
from core.db import db
from exchange.pricefile import PriceFile, PriceRow
from exchange.table import Problem

VAT_CLASSES = {
    "25": VatClass.STANDARD,
    "12": VatClass.REDUCED_12,
    "6": VatClass.REDUCED_6,
    "0": VatClass.NONE,
    "food": VatClass.FOOD,
}
_RATES = {vat_class: rate for rate, vat_class in VAT_CLASSES.items()}
_FETCHED = 5_000


def article_values(price_list: PriceList, row: PriceRow) -> dict[str, Any]:
    """What the table holds of a row of a file."""
    return {
        "price_list_id": price_list.id,
        "award_id": price_list.award_id,
        "supplier_number": row.supplier_number,
        "gtin": row.gtin,
        "name": row.name,
        "description": row.description,
        "brand": row.manufacturer,
        "synonyms": ",".join(row.synonyms) or None,
        "unit_code": row.unit,
        "pack_size": row.pack_size,
        "pack_unit": row.pack_unit,
        "minimum_quantity": row.minimum_quantity,
        "quantity_multiple": row.quantity_multiple,
        "price": row.price,
        "base_quantity": row.base_quantity,
        "vat_class": VAT_CLASSES[row.vat],
        "classification": row.classification,
        "marks": ",".join(row.marks) or None,
        "picture_url": row.picture,
        "lead_time_days": row.lead_time_days,
    }


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
