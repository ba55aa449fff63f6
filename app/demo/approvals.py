"""Who may say yes, when it is not as usual: declared interests, two in union, a decision that was handed over."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from sqlalchemy import select

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from app.demo.purchase import Purchase
from catalog.supplier import Supplier
from core.db import db
from orders.actions.conflict import declare, withdraw
from orders.actions.reassign import reassign
from orders.actions.rule import ApprovalTerms, set_terms
from orders.approval_queries import steps_of
from orders.conflict import Conflict

UNION_FROM = Decimal(50_000)  # SEK excl. VAT, in Krokom


def plan_approvals(office: Office, chronicle: Chronicle, began: int) -> None:
    """Put it into the chronicle. Interests are declared before the first purchase, so that every route heeds them."""
    chronicle.at(chronicle.instant(began, 9), partial(_declare, office))
    chronicle.at(chronicle.instant(100, 10), partial(_withdraw, office))
    chronicle.at(chronicle.instant(chronicle.workday(12), 8), partial(_declare_for_another, office))
    chronicle.at(chronicle.instant(chronicle.workday(11), 8), partial(_set_terms, office))
    mail = "emil@krokom"
    union = Purchase(
        office, chronicle, "two-in-union", office.people[mail], "KRO", "211", {"schoolfurniture"}, "half", scale=40
    )
    chronicle.at(chronicle.instant(chronicle.workday(4), 8), union.begin)
    ill = Purchase(office, chronicle, "handed", office.people["david@ostersund"], "OSD", "611", {"paper"}, "waiting")
    chronicle.at(chronicle.instant(chronicle.workday(2), 8), ill.begin)
    chronicle.at(chronicle.instant(chronicle.workday(1), 8), partial(_hand_over, office, ill))


def _declare(office: Office) -> None:
    organisation, people = office.places.organisations["OSD"], office.people
    ingrid, ulrika = people["ingrid@ostersund"], people["ulrika@ostersund"]
    declare(ingrid, organisation, ingrid, _supplier("Sportforum Norr AB"), reason="Min man äger en del av butiken.")
    declare(ulrika, organisation, ulrika, _supplier("Rum & Form Norrland AB"), reason="Min syster är säljare där.")


def _declare_for_another(office: Office) -> None:
    organisation, people = office.places.organisations["OSD"], office.people
    supplier, reason = _supplier("Snickarlaget Jämtland AB"), "Sitter i styrelsen sedan årsmötet."
    declare(people["birgitta@ostersund"], organisation, people["kerstin@ostersund"], supplier, reason=reason)


def _withdraw(office: Office) -> None:
    ulrika = office.people["ulrika@ostersund"]
    withdraw(ulrika, db.session.scalars(select(Conflict).where(Conflict.user_id == ulrika.id)).one(), "Hon har slutat.")


def _set_terms(office: Office) -> None:
    terms = ApprovalTerms(union_from=UNION_FROM, remind_after_days=3, escalate_after_days=14)
    set_terms(office.people["camilla@krokom"], office.places.organisations["KRO"], terms)


def _hand_over(office: Office, purchase: Purchase) -> None:
    assert purchase.requisition is not None
    people = office.people
    [seat] = steps_of(purchase.requisition)[0].candidates
    reassign(people["birgitta@ostersund"], seat, people["lena@ostersund"], "Ingrid har blivit sjuk.")


def _supplier(name: str) -> Supplier:
    return db.session.scalars(select(Supplier).where(Supplier.name == name)).one()
