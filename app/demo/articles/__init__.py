"""The price lists of the demo: which suppliers sell what, at which price, and when a newer list came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import insert, select

from app.demo.articles import care, cleaning, clothes, food, furniture, it, office, school, works
from app.demo.articles.grammar import FEWEST_ÖRE, Item, Product, chance_of, items_of, tidy
from app.demo.chronicle import Chronicle
from app.demo.numbers import gs1_numbers
from app.demo.portfolio import W
from auth.journal import record
from auth.user import User
from catalog.actions.price_list import approve
from catalog.agreement import Award
from catalog.price_list import Article, PriceList, Tier
from core.clock import now, today
from core.db import db

ASSORTMENTS: dict[str, tuple[Product, ...]] = {
    "office": office.OFFICE, "paper": office.PAPER, "print": office.PRINT,
    "dairy": food.DAIRY, "meat": food.MEAT, "bread": food.BREAD, "fruit": food.FRUIT, "dry": food.DRY,
    "fish": food.FISH, "coffee": food.COFFEE, "cleaning": cleaning.CLEANING, "tissue": cleaning.TISSUE,
    "schoolfurniture": furniture.SCHOOL, "officefurniture": furniture.OFFICE, "library": furniture.LIBRARY,
    "kitchen": furniture.KITCHEN, "computers": it.COMPUTERS, "accessories": it.ACCESSORIES, "phones": it.PHONES,
    "medical": care.MEDICAL, "gloves": care.GLOVES, "aids": care.AIDS, "workwear": clothes.WORKWEAR,
    "shoes": clothes.SHOES, "tools": works.TOOLS, "building": works.BUILDING, "light": works.LIGHT,
    "tyres": works.TYRES, "hours": works.HOURS, "schoolmaterial": school.MATERIAL, "toys": school.TOYS,
    "sport": school.SPORT, "books": school.BOOKS,
}  # fmt: skip

NO_GTIN = frozenset({"hours", "print", "building"})  # services, made to order, sold by the metre
NO_GTIN_PERCENT = 12  # of the rest


@dataclass
class Assortments:
    """The articles as things, before anybody sells them: the same thing has the same GTIN at every supplier."""

    _items: dict[str, list[tuple[Item, str | None]]] = field(default_factory=dict)
    _awards: dict[str, list[Award]] = field(default_factory=dict)
    _article_ids: dict[int, list[int]] = field(default_factory=dict)  # by award, of its newest list in force
    _gtins: Iterator[str] = field(default_factory=lambda: gs1_numbers("73599"))

    def plan(self, actor: User, award: Award, spec: W, chronicle: Chronicle, *, draft: bool) -> None:
        """Enter the award's price list now and, where one was renewed or waits, the newer ones on their days."""
        if spec.assortment is not None and not draft:
            self._awards.setdefault(spec.assortment, []).append(award)
        first_day = min(award.lot.agreement.starts_on, today()) if not draft else award.lot.agreement.starts_on
        level = spec.level if spec.renewed is None else spec.level - 3
        self._enter(actor, award, spec, 1, first_day, level, publish=not draft)
        if spec.renewed is not None:
            day = chronicle.today - timedelta(days=spec.renewed)
            chronicle.at(
                chronicle.instant(spec.renewed, 6, 30),
                lambda: self._enter(actor, award, spec, 2, day, spec.level),
            )
        if spec.coming is not None:
            next_month = (chronicle.today.replace(day=1) + timedelta(days=32)).replace(day=1)
            version = 2 if spec.renewed is None else 3
            is_reviewed = spec.coming == "reviewed"
            chronicle.at(
                chronicle.instant(6 if is_reviewed else 2, 15),
                lambda: self._enter(actor, award, spec, version, next_month, spec.level + 2, publish=is_reviewed),
            )

    def _enter(
        self, actor: User, award: Award, spec: W, version: int, day: date, level: int, *, publish: bool = True
    ) -> None:
        """A price list and its articles; `publish` reviews it, which puts it in force when its day has come."""
        price_list = PriceList(
            award=award,
            version=version,
            effective_from=day,
            source_name=f"prislista-{spec.supplier}-v{version}.csv",
            created_at=now(),
            created_by_id=actor.id,
        )
        db.session.add(price_list)
        db.session.flush()
        rows = list(self._rows(price_list, spec, version, level))
        db.session.execute(insert(Article.__table__), rows)  # type: ignore[arg-type]
        price_list.article_count = len(rows)
        db.session.flush()
        agreement = award.lot.agreement
        record(
            actor,
            "import",
            "price-list",
            price_list.id,
            organisation_id=agreement.owner_id,
            number=agreement.number,
            supplier=award.supplier.name,
            version=version,
            file=price_list.source_name,
            articles=len(rows),
        )
        if publish:
            approve(actor, price_list)
        if price_list.published_at is not None:
            of_list = select(Article.id).where(Article.price_list_id == price_list.id).order_by(Article.id)
            self._article_ids[award.id] = list(db.session.scalars(of_list))

    def sellers(self, assortment: str) -> list[Award]:
        """The awards under which an assortment is sold, in the order they were signed and ranked."""
        return self._awards.get(assortment, [])

    def article_ids(self, award: Award) -> list[int]:
        """The articles of the award's price list in force."""
        return self._article_ids.get(award.id, [])

    def _rows(self, price_list: PriceList, spec: W, version: int, level: int) -> Iterator[dict[str, Any]]:
        assert spec.assortment is not None
        initials = spec.supplier[:2].upper()
        for serial, (item, gtin) in enumerate(self._of(spec.assortment)):
            chance = chance_of(f"{spec.supplier} {item.key}")
            if chance % 100 >= spec.part or (version == 1 and spec.renewed is not None and chance // 100 % 40 == 0):
                continue  # not sold by this supplier, or new in the renewed list
            product = item.product
            price = tidy(item.price * level * (98 + chance // 7 % 5) / 10_000)
            yield {
                "price_list_id": price_list.id,
                "award_id": price_list.award_id,
                "supplier_number": f"{initials}{chance % 9 + 1}{serial:04d}",
                "gtin": gtin,
                "name": item.name,
                "description": item.text,
                "brand": item.brand,
                "synonyms": product.words and product.words.replace(", ", ","),
                "unit_code": product.unit,
                "pack_size": product.pack[0] if product.pack else None,
                "pack_unit": product.pack[1] if product.pack else None,
                "minimum_quantity": product.minimum,
                "quantity_multiple": product.multiple,
                "price": max(FEWEST_ÖRE, price),
                "base_quantity": product.base,
                "vat_class": product.vat,
                "classification": product.classification,
                "marks": item.marks,
                "lead_time_days": product.lead or (spec.days if chance % 3 else None),
                "tiers": [Tier(Decimal(quantity), tidy(price * factor)) for quantity, factor in product.tiers],
                "is_approximate": product.is_approximate,
            }

    def _of(self, assortment: str) -> list[tuple[Item, str | None]]:
        if assortment not in self._items:
            self._items[assortment] = [
                (item, None if self._is_without_gtin(assortment, item) else next(self._gtins))
                for product in ASSORTMENTS[assortment]
                for item in items_of(product)
            ]
        return self._items[assortment]

    def _is_without_gtin(self, assortment: str, item: Item) -> bool:
        return assortment in NO_GTIN or chance_of(f"gtin {item.key}") % 100 < NO_GTIN_PERCENT


def quantity_of(article: Article, wanted: int) -> Decimal:
    """A quantity near what is wanted that follows the article's minimum and multiple."""
    step = article.quantity_multiple or Decimal(1)
    steps = max(Decimal(1), (wanted / step).to_integral_value(ROUND_CEILING))
    return max(article.minimum_quantity or Decimal(0), steps * step)
