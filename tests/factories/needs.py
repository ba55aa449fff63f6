"""Need reports, reported and answered by the real use cases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from auth.organisation import Organisation, OrganisationKind
from auth.permission import Role
from auth.user import User
from catalog.category import Category
from core.clock import today
from core.db import db
from orders.actions.need import Asked, NeedFacts, ProcurementFacts, answer_directly, report
from orders.direct_procurement import AskedAnswer, DirectProcurement, ProcurementLaw, running_sum
from orders.need import NeedReport
from tests.factories import unique
from tests.factories.auth import make_member, make_office
from tests.factories.orders import Place, make_place

SUPPLIER_NUMBER = "5559900716"


def make_buyer(**values: Any) -> User:
    """An agreement owner at the office."""
    office = db.session.query(Organisation).filter_by(kind=OrganisationKind.OFFICE).first() or make_office()
    return make_member(Role.AGREEMENT_OWNER, office, **values)


def need_facts(**values: Any) -> NeedFacts:
    return NeedFacts(
        **{"key": f"need-{unique()}", "title": "Höj- och sänkbara bord", "reason": "Eleverna växer.", **values}
    )


def make_need(place: Place | None = None, **values: Any) -> NeedReport:
    """A report that waits for its answer."""
    place = place or make_place()
    return report(place.orderer, place.organisation, need_facts(**values))


def make_procurement(buyer: User, place: Place, category: Category, value: str, **facts: Any) -> DirectProcurement:
    """A need answered with a direct procurement of so many kronor."""
    return answer_directly(buyer, make_need(place), procurement_facts(category, Decimal(value), **facts))


def procured(place: Place, category: Category, law: ProcurementLaw = ProcurementLaw.LOU) -> Decimal:
    """The sum of the year's direct procurements in a category's branch."""
    return running_sum(place.organisation, category, law, today()).total


def procurement_facts(category: Category, value: Decimal, **values: Any) -> ProcurementFacts:
    """A form that is filled in as a whole: one supplier asked, and chosen."""
    asked = [Asked("Bordsbutiken AB", SUPPLIER_NUMBER, AskedAnswer.OFFER, value, is_chosen=True)]
    return ProcurementFacts(
        **{
            "law": ProcurementLaw.LOU,
            "category": category,
            "value": value,
            "reasons": "Bara en leverantör har bordet.",
            "asked": asked,
            **values,
        }
    )
