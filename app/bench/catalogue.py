"""Catalogue: articles by the hundred thousand, in price lists that are as unlike in size as real ones.

Products, words and prices are those of the demo; each article is one of them in a series of its own, so that some
words stand in a hundred thousand articles and most in a few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from app.bench.world import new_organisation, new_person, new_supplier, publish_rows
from app.demo.articles import ASSORTMENTS
from app.demo.articles.grammar import Item, items_of
from app.demo.numbers import gs1_numbers, organisation_numbers
from auth.organisation import OrganisationKind
from auth.permission import Role
from catalog.agreement import Agreement, Award, CallOffMethod, Entitlement, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import db, unit_of_work
from core.state import advance
from core.types import sort_key

LOTS = 300
OF_AGREEMENT = 3  # lots
SUPPLIERS = 150
ROOTS, LEAVES = 10, 50  # categories
SEED = 20260401
SYLLABLES = (
    *("bo", "da", "fen", "gri", "hal", "jo", "kar", "len", "mir", "nor", "os", "pil", "rav", "sel", "tor"),
    *("ul", "vin", "yx", "ze", "äl", "ör", "ask", "bir", "dun", "elm", "fal"),
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was made: who may order from half of it, and words to ask with."""

    orderer: int
    organisation: int
    items: Sequence[Item]  # the products that stand in the lists she may order from
    series: Sequence[str]  # made-up names, each in some dozen articles
    numbers: Sequence[str]  # suppliers' article numbers from all over the catalogue


def make_catalogue(articles: int) -> Catalogue:
    """So many articles in 300 lots of 100 agreements, to half of which one organisation is entitled. Commits."""
    chance = Random(SEED)
    series = sorted({"".join(chance.choices(SYLLABLES, k=3)) for _ in range(max(200, articles // 20))})
    goods = [[item for product in products for item in items_of(product)] for products in ASSORTMENTS.values()]
    sizes = _sizes(articles)
    numbers: list[str] = []
    gtins = gs1_numbers("73598")
    with unit_of_work() as session:
        organisation = new_organisation("2129000001", "Provköpings kommun", OrganisationKind.MUNICIPALITY, "PRO")
        orderer = new_person("kim@prov.example", "Kim Prov", organisation, Role.ORDERER)
        registered = organisation_numbers("5520")
        suppliers = [new_supplier(next(registered), f"Leverans {name.title()} AB") for name in series[:SUPPLIERS]]
        categories = _categories()
        session.flush()
        for number in range(LOTS // OF_AGREEMENT):
            agreement = _agreement(number, organisation)
            if number % 2 == 0:
                agreement.entitlements.append(Entitlement(organisation=organisation, starts_on=agreement.starts_on))
            for of_agreement in range(OF_AGREEMENT):
                at = number * OF_AGREEMENT + of_agreement
                award = _award(agreement, at, categories[at % len(categories)], suppliers[at % SUPPLIERS])
                rows = list(_rows(at, sizes[at], goods[at % len(goods)], series, gtins, chance))
                publish_rows(award, rows)
                numbers.append(rows[chance.randrange(len(rows))]["supplier_number"])
            advance(agreement, "publish")
            agreement.published_at = now()
        open_lots = [at for at in range(LOTS) if at // OF_AGREEMENT % 2 == 0]
        items = [item for at in open_lots[: len(goods)] for item in goods[at % len(goods)]]
        return Catalogue(orderer.id, organisation.id, items, series, numbers)


def _sizes(articles: int) -> list[int]:
    """A tenth in the largest list, and ever fewer in the others."""
    weights = [1 / (rank + 2) for rank in range(LOTS)]
    sizes = [max(1, int(articles * weight / sum(weights))) for weight in weights]
    sizes[0] += articles - sum(sizes)
    return sizes


def _categories() -> list[Category]:
    """Leaves of a tree of two levels."""
    roots = [Category(code=f"R{number}", name=f"Område {number}") for number in range(ROOTS)]
    leaves = [
        Category(code=f"L{number}", name=f"Varugrupp {number}", parent=roots[number % ROOTS])
        for number in range(LEAVES)
    ]
    db.session.add_all([*roots, *leaves])
    db.session.flush()
    for category in (*roots, *leaves):
        category.path = f"{category.parent.path if category.parent else '/'}{category.id}/"
    return leaves


def _agreement(number: int, owner: Any) -> Agreement:
    title = f"Ramavtal {number}"
    agreement = Agreement(
        number=f"UK-2025-{number:03}",
        title=title,
        sort_title=sort_key(title),
        owner=owner,
        starts_on=today() - timedelta(days=300),
        ends_on=today() + timedelta(days=300),
        created_at=now(),
    )
    db.session.add_all([agreement, Ceiling(agreement=agreement)])
    return agreement


def _award(agreement: Agreement, number: int, category: Category, supplier: Supplier) -> Award:
    lot = Lot(
        number=str(number % OF_AGREEMENT + 1),
        title=f"Område {number}",
        method=CallOffMethod.SINGLE,
        clause="Avtalet punkt 4.2",
        category=category,
    )
    agreement.lots.append(lot)
    award = Award(lot=lot, supplier=supplier)
    db.session.add(award)
    db.session.flush()
    return award


def _rows(
    lot: int, count: int, items: Sequence[Item], series: Sequence[str], gtins: Iterator[str], chance: Random
) -> Iterator[dict[str, Any]]:
    for number in range(count):
        item = items[number % len(items)]
        yield {
            "supplier_number": f"{chr(65 + lot % 26)}{lot}-{10_000 + number}",
            "gtin": next(gtins) if number % 3 else None,
            "name": f"{item.name} {series[chance.randrange(len(series))]} {number}"[:200],
            "description": item.text,
            "brand": item.brand,
            "synonyms": item.product.words,
            "unit_code": item.product.unit,
            "price": item.price,
            "base_quantity": item.product.base,
            "vat_class": item.product.vat,
            "marks": item.marks,
        }
