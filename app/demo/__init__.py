"""The demo: an invented region with agreements, price lists and a year of orders, made by `avrop demo`.

Everything follows from the day it is made on: no chance that differs from run to run, no file, no network.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select

from app.demo.agreements import Office, plan_agreements
from app.demo.approvals import plan_approvals
from app.demo.categories import make_categories
from app.demo.ceilings import plan_ceilings
from app.demo.chronicle import Chronicle
from app.demo.coding import make_coding
from app.demo.competitions import plan_competitions
from app.demo.free_text import plan_free_text
from app.demo.history import PURCHASES, plan_history
from app.demo.needs import plan_needs
from app.demo.organisations import make_organisations
from app.demo.people import LOGINS, PASSWORD, Login, make_people
from app.demo.rules import make_rules
from app.demo.suppliers import make_suppliers, plan_blocks
from auth.organisation import Organisation
from core.clock import frozen, today
from core.db import unit_of_work
from core.errors import AvropError
from core.language import speaking

__all__ = ["LOGINS", "PASSWORD", "Login", "make_demo"]

BEGAN = 400  # days ago: the first day of the demo's history

Progress = Callable[[str], None]


def make_demo(progress: Progress | None = None, *, purchases: int = PURCHASES) -> None:
    """Fill an empty database. Needs an application context and no open transaction.

    `progress` is told what is being made; `purchases` is how many of them chance makes. All or nothing: one
    transaction. Raises AvropError when the database already has an organisation.
    """
    say = progress or (lambda text: None)
    with speaking("sv"), unit_of_work() as session:
        if session.scalar(select(Organisation.id).limit(1)) is not None:
            raise AvropError(_("Databasen är inte tom. Demodata läggs bara i en tom databas."))
        chronicle = Chronicle(today())
        with frozen(chronicle.instant(BEGAN + 1, 8)):
            say(_("Organisationer, enheter och personer …"))
            places = make_organisations()
            people = make_people(places)
            categories = make_categories(people)
            make_rules(places, people, categories)
            make_coding(places, categories)
            suppliers = make_suppliers(people)
        office = Office(places, people, categories, suppliers)
        plan_agreements(office, chronicle, BEGAN)
        plan_blocks(chronicle, suppliers, people)
        plan_approvals(office, chronicle, BEGAN)
        plan_history(office, chronicle, purchases)
        plan_needs(office, chronicle)
        plan_competitions(office, chronicle)
        plan_free_text(office, chronicle)
        plan_ceilings(office, chronicle)
        say(_("Avtal, prislistor och ett år av beställningar …"))
        chronicle.play()
