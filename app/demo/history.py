"""A year of purchases: many that chance makes, and a few that show a newcomer what can happen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import NamedTuple

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from app.demo.people import make_substitution
from app.demo.portfolio import PORTFOLIO
from app.demo.post import deliver
from app.demo.purchase import Purchase
from app.demo.suppliers import BLOCKED
from app.demo.tastes import tastes_of
from auth.user import User
from catalog.price_list import Article
from catalog.queries import articles_by_id
from core.clock import now
from core.db import db
from orders.actions.basket import add
from orders.actions.shopping_list import ListTerms, create
from orders.favourite import Favourite
from orders.shopping_list import Sharing

PURCHASES = 165
OLDEST, NEWEST = 392, 1  # days ago

# How purchases go, and how often. What is older is settled; what is fresh is mostly under way.
SETTLED = {
    "whole": 60, "parts": 9, "over": 3, "damaged": 3, "wrong": 2, "missing": 2, "short": 3, "cancelled": 3,
    "declined": 3, "rejected": 3, "withdrawn": 2, "mended": 2,
}  # fmt: skip
RECENT = {"whole": 8, "parts": 3, "partial": 3, "confirmed": 3, "returned": 1, "cancelled": 1, "declined": 1}
FRESH = {"placed": 4, "waiting": 3, "confirmed": 2, "whole": 1}
RECENT_DAYS, FRESH_DAYS = 35, 6
WEIGHTS = {"OSD": 10, "KRO": 9, "ARE": 9}  # of an orderer there; 3 elsewhere
ANNA = 30
AWAY = ((156, 24), (8, 26))  # days ago that Maria's absence was decided, and for how many days


def plan_history(office: Office, chronicle: Chronicle, purchases: int = PURCHASES) -> None:
    """Put a year of purchases into the chronicle, and what the people of the log-in page meet today."""
    chance = Random("avrop")  # noqa: S311 - the same year in every run
    orderers = office.people.orderers
    weights = [ANNA if user.email.startswith("anna@") else WEIGHTS.get(prefix, 3) for user, prefix, _ in orderers]
    for number in range(purchases):
        days_ago = _calm_day(chronicle, _days_ago(number, purchases))
        user, prefix, unit = chance.choices(orderers, weights)[0]
        tastes = tastes_of(office.places.units[prefix, unit].name)
        wanted = chance.sample(tastes, chance.choices((1, 2), (4, 1))[0])
        stories = FRESH if days_ago <= FRESH_DAYS else RECENT if days_ago <= RECENT_DAYS else SETTLED
        story = chance.choices(list(stories), list(stories.values()))[0]
        purchase = Purchase(office, chronicle, f"demo-{number:03d}", user, prefix, unit, set(wanted), story)
        chronicle.at(chronicle.instant(days_ago, 7 + number % 4, number % 60), purchase.begin)
    for days_ago, days in AWAY:
        act = partial(make_substitution, office.places, office.people, days)
        chronicle.at(chronicle.instant(days_ago, 8), act)
    _plan_scenes(office, chronicle)
    chronicle.at(chronicle.instant(0, 5), partial(_finish, office))
    chronicle.at(chronicle.instant(0, 5, 30), lambda: deliver(now()))


def _days_ago(number: int, purchases: int) -> int:
    """Half of them evenly over the year, half of them denser towards today."""
    left = purchases - number
    share = left * left if number % 2 else left * purchases  # of the square of all
    return NEWEST + (OLDEST - NEWEST) * share // purchases**2


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


class Scene(NamedTuple):
    """A purchase that is told on purpose: so many working days ago, for what, and how it went."""

    workdays: int
    who: str
    place: tuple[str, str]  # organisation and unit
    wanted: str
    story: str
    refused: int = 0
    scale: int = 1
    agreement: str | None = None


SCHOOL, KITCHEN = ("OSD", "311"), ("OSD", "321")

SCENES = (
    # what waits for Maria this morning; the furniture needs Eva too, the accessories the IT council
    Scene(1, "anna@ostersund", SCHOOL, "office paper", "waiting"),
    Scene(2, "anna@ostersund", SCHOOL, "accessories", "waiting"),
    Scene(3, "anna@ostersund", SCHOOL, "schoolfurniture", "waiting", scale=8),
    # what Anna has to see to
    Scene(3, "anna@ostersund", SCHOOL, "books", "returned"),
    Scene(4, "anna@ostersund", SCHOOL, "sport", "undelivered"),
    Scene(7, "anna@ostersund", SCHOOL, "office", "confirmed"),
    Scene(10, "anna@ostersund", SCHOOL, "schoolmaterial", "rejected"),
    Scene(11, "anna@ostersund", SCHOOL, "accessories", "withdrawn"),
    Scene(22, "anna@ostersund", SCHOOL, "paper", "whole"),
    # what Göran unpacks
    Scene(8, "anna@ostersund", SCHOOL, "paper", "partial"),
    # the ranking: the first two could not, one of them blocked
    Scene(21, "anna@ostersund", SCHOOL, "cleaning", "whole", refused=2),
    Scene(16, "ahmed@ostersund", KITCHEN, "fish", "damaged", refused=1),
    Scene(2, "ahmed@ostersund", KITCHEN, "dairy fruit", "waiting"),
    Scene(5, "ahmed@ostersund", KITCHEN, "dry", "confirmed"),
    # large ones, with two and three steps of approval
    Scene(30, "nils@ostersund", ("OSD", "110"), "computers", "whole", scale=5),
    Scene(6, "nils@ostersund", ("OSD", "110"), "computers", "confirmed", scale=3),
    Scene(45, "tommy@ostersund", ("OSD", "511"), "tyres", "parts", scale=8),
    Scene(70, "emil@krokom", ("KRO", "211"), "schoolfurniture", "whole", scale=20),
    Scene(25, "petra@are", ("ARE", "411"), "dry", "parts", scale=3),
    # agreements that have ended or are paused since
    Scene(230, "robin@krokom", ("KRO", "400"), "office", "whole", agreement="UK20-009"),
    Scene(190, "hanna@storsjogymnasiet", ("SGF", "211"), "office", "parts", agreement="UK20-009"),
    Scene(60, "lars@upphandling", ("UPK", "110"), "coffee", "whole"),
    Scene(33, "markus@fjallbostader", ("FBO", "211"), "hours", "whole"),
)


def _plan_scenes(office: Office, chronicle: Chronicle) -> None:
    for number, scene in enumerate(SCENES):
        purchase = Purchase(
            office,
            chronicle,
            f"scene-{number:02d}",
            office.people[scene.who],
            *scene.place,
            set(scene.wanted.split()),
            scene.story,
            refused=scene.refused,
            scale=scene.scale,
            agreement=scene.agreement,
        )
        chronicle.at(chronicle.instant(chronicle.workday(scene.workdays), 7, 10 + number), purchase.begin)


def _finish(office: Office) -> None:
    """Baskets that somebody is filling this morning, what Anna keeps at hand, and the lists that are shared."""
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
    _share_lists(office)


def _fill_basket(office: Office, who: User, prefix: str, assortments: tuple[str, ...]) -> None:
    for assortment in assortments:
        for article in _first(office, assortment, 1):
            step = article.quantity_multiple or Decimal(1)
            add(who, office.places.organisations[prefix], article, 2 * step)


def _share_lists(office: Office) -> None:
    """What Anna's school buys every month, with delivery and something that is gone; and what everybody new needs."""
    anna, nils, places = office.people["anna@ostersund"], office.people["nils@ostersund"], office.places
    organisation, school = places.organisations["OSD"], places.units["OSD", "311"]
    goods = [a for assortment in ("paper", "office", "schoolmaterial") for a in _first(office, assortment, 2)]
    monthly = ListTerms(
        "Varje månad",
        Sharing.UNIT,
        unit=school,
        order_unit=school,
        address=places.addresses["OSD", "311"],
        accounting_cost="6410 / 311",
    )
    create(anna, organisation, monthly, [*_counted(goods), *_counted(_ended(office, "office"))])
    newcomer = [a for assortment in ("accessories", "office") for a in _first(office, assortment, 3)]
    create(nils, organisation, ListTerms("Välkomstpaket till nyanställda", Sharing.ORGANISATION), _counted(newcomer))


def _counted(articles: list[Article]) -> list[tuple[Article, Decimal]]:
    return [(a, a.minimum_quantity or a.quantity_multiple or Decimal(2)) for a in articles]


def _ended(office: Office, assortment: str) -> list[Article]:
    """An article of an agreement that is over, as one may stand on an old list."""
    over = [a for a in office.assortments.sellers(assortment) if a.lot.agreement.ends_on < now().date()]
    return list(articles_by_id(office.assortments.article_ids(over[0])[:1]).values()) if over else []


def _first(office: Office, assortment: str, count: int) -> list[Article]:
    """The first articles of whoever is asked first for an assortment today."""
    sellers = [a for a in office.assortments.sellers(assortment) if a.lot.agreement.is_active(now().date())]
    ids = office.assortments.article_ids(sellers[0])[:count]
    found = articles_by_id(ids)
    return [found[article_id] for article_id in ids]
