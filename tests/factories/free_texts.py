"""Free text under an award, stated by the real use case."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from auth.organisation import Organisation
from catalog.agreement import Award, FreeTextPrice
from core.db import db
from orders.actions.free_text import FreeTextFacts, state
from orders.actions.requisition import submit
from orders.basket import BasketLine
from orders.requisition import Requisition
from tests.factories import unique
from tests.factories.catalog import make_agreement, make_award, make_lot
from tests.factories.orders import Place, checkout_at

ALL = {"free_text_by_hour": True, "free_text_by_list": True, "free_text_by_estimate": True}


def make_free_award(*entitled: Organisation, cap: str | None = "20000", **values: Any) -> Award:
    """A supplier that may be ordered free text from, up to a cap."""
    limit = Decimal(cap) if cap else None
    return make_award(make_lot(make_agreement(*entitled)), **{"free_text_cap": limit, **(ALL if cap else {}), **values})


def free_facts(**values: Any) -> FreeTextFacts:
    said = {
        "key": f"fritext-{unique()}",
        "name": "Byte av kran",
        "quantity": Decimal(2),
        "price": Decimal(500),
        "price_kind": FreeTextPrice.HOURLY,
    }
    if "period" in values:
        said |= {"quantity": Decimal(1), "price": Decimal(10_000), "price_kind": FreeTextPrice.ESTIMATE}
    return FreeTextFacts(**{**said, **values})


def make_free_line(place: Place, award: Award | None = None, **values: Any) -> BasketLine:
    """A free text in the orderer's basket."""
    award = award or make_free_award(place.organisation)
    return state(place.orderer, place.organisation, award, free_facts(**values))


def make_free_requisition(place: Place, award: Award | None = None, **values: Any) -> Requisition:
    """A submitted requisition of one free text."""
    make_free_line(place, award, **values)
    requisition = submit(place.orderer, place.organisation, checkout_at(place))
    db.session.flush()
    return requisition
