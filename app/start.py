"""What the start page shows a person: what waits for her, what is new, and what she often needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload

from auth.organisation import Organisation
from auth.permission import Permission
from auth.user import User
from catalog.agreement import Agreement, AgreementState, Award, Entitlement
from catalog.price_list import Article
from catalog.queries import orderable_price_lists
from core.clock import now, today
from core.db import db
from orders.favourite import Favourite
from orders.need_queries import needs_to_answer
from orders.order import Order
from orders.order_queries import orders_to_receive
from orders.requisition import Requisition, RequisitionState
from orders.requisition_queries import requisitions_of
from orders.shopping_list_queries import ListedList, latest_lists

NEW = timedelta(days=60)
MOST_LISTS = 5
MOST_FAVOURITES = 6
MOST_AWAITED = 5
S = RequisitionState


@dataclass(frozen=True, slots=True)
class Start:
    """The parts of the start page; each may be empty."""

    returned: Sequence[Requisition] = ()
    submitted: Sequence[Requisition] = ()
    to_receive: Sequence[Order] = ()
    new_agreements: Sequence[Agreement] = ()
    favourites: Sequence[Article] = ()
    lists: Sequence[ListedList] = ()
    latest_orders: Sequence[Order] = ()
    needs_to_answer: int = 0

    @property
    def is_first_time(self) -> bool:
        """Whether she has ordered nothing yet and should be told how it works."""
        return not (self.returned or self.submitted or self.latest_orders)


def start_of(user: User, organisation: Organisation, permissions: set[Permission]) -> Start:
    """The start page of a person who acts for an organisation; at most seven queries."""
    needs = needs_to_answer(user, organisation) if Permission.AGREEMENT_MANAGE in permissions else 0
    new = new_agreements(organisation) if Permission.CATALOGUE_READ in permissions else ()
    if Permission.ORDER_CREATE not in permissions:
        awaited = (
            orders_to_receive(user, organisation)[:MOST_AWAITED] if Permission.ORDER_RECEIVE in permissions else ()
        )
        return Start(new_agreements=new, needs_to_answer=needs, to_receive=awaited)
    own = requisitions_of(user, organisation, S.RETURNED, S.SUBMITTED)
    return Start(
        returned=[r for r in own if r.state is S.RETURNED],
        submitted=[r for r in own if r.state is S.SUBMITTED],
        to_receive=orders_to_receive(user, organisation)[:MOST_AWAITED],
        new_agreements=new,
        favourites=favourite_articles(user, organisation),
        lists=latest_lists(user, organisation, MOST_LISTS),
        latest_orders=latest_orders(user, organisation),
        needs_to_answer=needs,
    )


def new_agreements(organisation: Organisation) -> Sequence[Agreement]:
    """The agreements published in the last 60 days that an organisation may order from today, newest first."""
    on = today()
    entitled = exists().where(
        Entitlement.agreement_id == Agreement.id,
        Entitlement.organisation_id == organisation.id,
        Entitlement.starts_on <= on,
        or_(Entitlement.ends_on.is_(None), Entitlement.ends_on >= on),
    )
    return db.session.scalars(
        select(Agreement)
        .where(
            Agreement.state == AgreementState.PUBLISHED,
            Agreement.published_at >= now() - NEW,
            Agreement.starts_on <= on,
            Agreement.ends_on >= on,
            *(() if organisation.is_office else (entitled,)),
        )
        .order_by(Agreement.published_at.desc(), Agreement.id.desc())
        .limit(6)
    ).all()


def favourite_articles(user: User, organisation: Organisation) -> Sequence[Article]:
    """Her favourites that the organisation may order today, the latest first; their award and supplier loaded."""
    return db.session.scalars(
        select(Article)
        .join(
            Favourite,
            (Favourite.award_id == Article.award_id) & (Favourite.supplier_number == Article.supplier_number),
        )
        .where(
            Favourite.user_id == user.id,
            Article.price_list_id.in_(orderable_price_lists(organisation.id, today())),
        )
        .order_by(Favourite.added_at.desc(), Favourite.id.desc())
        .options(joinedload(Article.award).joinedload(Award.supplier))
        .limit(MOST_FAVOURITES)
    ).all()


def latest_orders(user: User, organisation: Organisation) -> Sequence[Order]:
    """The last five orders she made for the organisation."""
    return db.session.scalars(
        select(Order)
        .where(Order.orderer_id == user.id, Order.organisation_id == organisation.id)
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .options(joinedload(Order.supplier))
        .limit(5)
    ).all()
