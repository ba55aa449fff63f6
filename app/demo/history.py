"""A year of purchases: many that chance makes, and a few that show a newcomer what can happen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from app.demo.people import make_substitutions
from app.demo.portfolio import PORTFOLIO
from app.demo.post import deliver, fail
from app.demo.purchase import Purchase
from app.demo.suppliers import BLOCKED
from app.demo.tastes import tastes_of
from auth.user import User
from catalog.price_list import Article
from catalog.queries import articles_by_id
from core.clock import now
from core.db import db
from orders.actions.basket import add
from orders.favourite import Favourite
from orders.queries import orders_of

PURCHASES = 215
OLDEST, NEWEST = 392, 1  # days ago

STORIES = {
    "whole": 62, "parts": 8, "partial": 4, "over": 3, "damaged": 3, "short": 3, "cancelled": 3, "declined": 3,
    "confirmed": 2, "placed": 1, "rejected": 3, "withdrawn": 2, "returned": 1, "mended": 2,
}  # fmt: skip
WEIGHTS = {"OSD": 10, "KRO": 9, "ARE": 9}  # of an orderer there; 3 elsewhere
ANNA = 30


def plan_history(office: Office, chronicle: Chronicle) -> None:
    """Put a year of purchases into the chronicle, and what the people of the log-in page meet today."""
    chance = Random("avrop")  # noqa: S311 - the same year in every run
    orderers = office.people.orderers
    weights = [ANNA if user.email.startswith("anna@") else WEIGHTS.get(prefix, 3) for user, prefix, _ in orderers]
    for number in range(PURCHASES):
        days_ago = OLDEST - number * (OLDEST - NEWEST) // PURCHASES
        user, prefix, unit = chance.choices(orderers, weights)[0]
        tastes = tastes_of(office.places.units[prefix, unit].name)
        assortments = chance.sample(tastes, chance.choices((1, 2), (4, 1))[0])
        story = chance.choices(list(STORIES), list(STORIES.values()))[0]
        purchase = Purchase(
            office, chronicle, f"demo-{number:03d}", user, prefix, unit, list(dict.fromkeys(assortments)), story
        )
        begins = chronicle.instant(_calm_day(chronicle, days_ago), 7 + number % 4, number % 60)
        chronicle.at(begins, purchase.begin)
    chronicle.at(chronicle.instant(4, 8), partial(make_substitutions, office.places, office.people))
    _plan_scenes(office, chronicle)
    chronicle.at(chronicle.instant(0, 5), partial(_finish, office))
    chronicle.at(chronicle.instant(0, 5, 30), lambda: deliver(now()))


# Days on which prices or doors change: nobody submits so shortly before that an approval would meet the change.
_TURNS = frozenset(
    {award.renewed for spec in PORTFOLIO for lot in spec.lots for award in lot.awards if award.renewed}
    | {spec.fated for spec in PORTFOLIO if spec.fated}
    | {days_ago for days_ago, _ in BLOCKED.values()}
)


def _calm_day(chronicle: Chronicle, days_ago: int) -> int:
    """The nearest weekday before, or the same, with no turn on it or on the three days after it."""
    while (chronicle.today - timedelta(days=days_ago)).weekday() >= 5 or any(
        days_ago - after in _TURNS for after in range(4)
    ):
        days_ago += 1
    return days_ago


def _plan_scenes(office: Office, chronicle: Chronicle) -> None:
    """What Anna, Maria, Göran and Ahmed have before them: waiting, returned, refused, half received, undelivered."""
    anna, ahmed = office.people["anna@ostersund"], office.people["ahmed@ostersund"]
    scenes: tuple[tuple[int, User, str, list[str], str, int], ...] = (
        # workdays ago, who, unit, what, story, suppliers who said no before
        (1, anna, "311", ["office", "paper"], "waiting", 0),
        (2, anna, "311", ["accessories"], "waiting", 0),
        (3, anna, "311", ["schoolmaterial"], "waiting", 0),
        (3, anna, "311", ["books"], "returned", 0),
        (4, anna, "311", ["sport"], "placed", 0),
        (6, anna, "311", ["paper"], "partial", 0),
        (7, anna, "311", ["office"], "confirmed", 0),
        (10, anna, "311", ["schoolfurniture"], "rejected", 0),
        (11, anna, "311", ["accessories"], "withdrawn", 0),
        (21, anna, "311", ["cleaning"], "whole", 2),
        (22, anna, "311", ["paper"], "whole", 0),
        (2, ahmed, "321", ["dairy", "fruit"], "waiting", 0),
        (16, ahmed, "321", ["fish"], "damaged", 1),
        (5, ahmed, "321", ["dry"], "confirmed", 0),
    )
    for number, (workdays, who, unit, what, story, refused) in enumerate(scenes):
        purchase = Purchase(office, chronicle, f"scene-{number:02d}", who, "OSD", unit, what, story, refused)
        chronicle.at(chronicle.instant(_workday(chronicle, workdays), 7, 10 + number), purchase.begin)
        if story == "placed":
            chronicle.at(chronicle.instant(0, 4), partial(_lose_mail, purchase))


def _workday(chronicle: Chronicle, workdays: int) -> int:
    """How many days ago so many working days ago was."""
    days_ago = 0
    while workdays:
        days_ago += 1
        workdays -= (chronicle.today - timedelta(days=days_ago)).weekday() < 5
    return days_ago


def _lose_mail(purchase: Purchase) -> None:
    if purchase.requisition is not None:
        for order in orders_of(purchase.requisition):
            fail(f"order:{order.number}")


def _finish(office: Office) -> None:
    """Baskets that somebody is filling this morning, and what Anna keeps at hand."""
    _fill_basket(office, office.people["anna@ostersund"], "OSD", ("paper", "office", "schoolmaterial"))
    _fill_basket(office, office.people["emil@krokom"], "KRO", ("office", "books"))
    anna = office.people["anna@ostersund"]
    for assortment in ("paper", "office", "schoolmaterial", "books", "accessories", "cleaning"):
        for article in _first(office, assortment, 2):
            favourite = Favourite(
                user_id=anna.id, award_id=article.award_id, supplier_number=article.supplier_number, added_at=now()
            )
            db.session.add(favourite)
    db.session.flush()


def _fill_basket(office: Office, who: User, prefix: str, assortments: tuple[str, ...]) -> None:
    for assortment in assortments:
        for article in _first(office, assortment, 1):
            step = article.quantity_multiple or Decimal(1)
            add(who, office.places.organisations[prefix], article, 2 * step)


def _first(office: Office, assortment: str, count: int) -> list[Article]:
    """The first articles of whoever is asked first for an assortment today."""
    sellers = [a for a in office.assortments.sellers(assortment) if a.lot.agreement.is_active(now().date())]
    ids = office.assortments.article_ids(sellers[0])[:count]
    found = articles_by_id(ids)
    return [found[article_id] for article_id in ids]
