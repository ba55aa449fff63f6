"""What may be ordered from today, which row is in force, and who sees which agreement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.organisation import Organisation
from auth.permission import Role
from catalog.agreement import Agreement, AgreementState, CallOffMethod, Entitlement
from catalog.agreement_queries import agreement_for
from catalog.price_list import Article, PriceListState
from catalog.queries import article_for, articles_by_id, current_articles, offers, orderable_price_lists
from catalog.steering import Ask, findings, stops
from core.clock import now, today
from core.db import TransactionalFlask, db
from core.errors import NotFound
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_ceiling, make_lot, make_offer, make_price_list

DAY = timedelta(days=1)


@pytest.fixture
def town(app: TransactionalFlask) -> Organisation:
    return make_organisation()


def orderable_ids(organisation: Organisation, on: date) -> list[int]:
    return list(db.session.scalars(orderable_price_lists(organisation.id, on)))


def in_force(award_id: int, supplier_number: str, on: date) -> Article | None:
    return current_articles([(award_id, supplier_number)], on).get((award_id, supplier_number))


def block(article: Article) -> None:
    article.award.supplier.blocked_at, article.award.supplier.blocked_reason = now(), "konkurs"


def pause(article: Article) -> None:
    agreement = db.update(Agreement).where(Agreement.id == article.award.lot.agreement_id)
    db.session.execute(agreement.values(state=AgreementState.PAUSED))


def end_award(article: Article) -> None:
    article.award.ends_on = today() - DAY


def begin_award_later(article: Article) -> None:
    article.award.starts_on = today() + DAY


def end_entitlement(article: Article) -> None:
    article.award.lot.agreement.entitlements[0].ends_on = today() - DAY


def entitle_another_lot(article: Article) -> None:
    agreement = article.award.lot.agreement
    agreement.entitlements[0].lot = make_lot(agreement)


def supersede(article: Article) -> None:
    make_price_list(article.award, [], effective_from=today() + DAY)


@pytest.mark.parametrize(
    "change", [block, pause, end_award, begin_award_later, end_entitlement, entitle_another_lot, supersede]
)
def test_a_list_is_orderable_exactly_when_the_steering_agrees(
    town: Organisation, change: Callable[[Article], None]
) -> None:
    article = make_offer(town)
    price_list_id = article.price_list_id
    assert orderable_ids(town, today()) == [price_list_id]
    assert stops(findings([Ask(article)], town, today())) == ()
    change(article)
    db.session.flush()
    db.session.expire_all()
    assert orderable_ids(town, today()) == []
    assert stops(findings([Ask(article)], town, today())) != ()
    assert not any(offer.is_orderable for offer in offers(town, today()))


def test_the_days_of_agreement_and_entitlement_are_inclusive(town: Organisation) -> None:
    article = make_offer()
    agreement = article.award.lot.agreement
    article.price_list.effective_from = agreement.starts_on
    agreement.entitlements.append(Entitlement(organisation=town, starts_on=today(), ends_on=today() + DAY))
    agreement.ends_on = today() + DAY
    db.session.flush()
    orderable = [bool(orderable_ids(town, today() + n * DAY)) for n in (-1, 0, 1, 2)]
    assert orderable == [False, True, True, False]


def test_in_a_ranked_lot_the_best_placed_who_can_deliver_is_next(town: Organisation) -> None:
    lot = make_lot(make_agreement(town), method=CallOffMethod.RANKING)
    awards = [make_award(lot) for _ in range(3)]
    for award in awards[1:]:
        make_price_list(award)
    mine = [o for o in offers(town, today()) if o.lot_id == lot.id]
    assert [(o.rank, o.is_next) for o in mine] == [(1, True), (2, False), (3, False)]
    assert [o.is_orderable for o in mine] == [False, False, False]  # the first has no price list
    awards[0].ends_on = today() - DAY
    db.session.flush()
    assert [o.rank for o in offers(town, today()) if o.lot_id == lot.id and o.is_orderable] == [2]


def test_the_row_in_force_is_that_of_the_published_list(town: Organisation) -> None:
    old = make_offer(town, supplier_number="KP-1")
    make_price_list(old.award, [{"supplier_number": "KP-1", "price": Decimal(7)}])
    make_price_list(old.award, [{"supplier_number": "KP-1", "price": Decimal(8)}], state=PriceListState.DRAFT)
    row = in_force(old.award_id, "KP-1", today())
    assert row is not None and row.price == Decimal(7)
    assert in_force(old.award_id, "KP-1", today() - DAY) is None
    assert in_force(old.award_id, "KP-2", today()) is None


def test_numbers_of_other_suppliers_are_kept_apart(town: Organisation) -> None:
    one, other = make_offer(town, supplier_number="X"), make_offer(town, supplier_number="X")
    row = in_force(one.award_id, "X", today())
    assert row is not None and row.id == one.id != other.id


def test_articles_come_with_everything_a_line_shows(town: Organisation, count_queries: Callable[[], Any]) -> None:
    ids = [make_offer(town).id for _ in range(5)]
    db.session.flush()
    db.session.expunge_all()
    with count_queries() as queries:
        articles = articles_by_id([*ids, 999_999_999])
        shown = [(a.price_list.version, a.award.supplier.name, a.award.lot.agreement.number) for a in articles.values()]
    assert len(queries) == 1
    assert set(articles) == set(ids) and len(shown) == 5


def test_a_draft_is_seen_by_those_who_manage_it(town: Organisation) -> None:
    office = make_office()
    award = make_award(make_lot(make_agreement(town, owner=office)))
    draft = make_price_list(award, state=PriceListState.DRAFT)
    article_id = db.session.query(Article.id).filter_by(price_list_id=draft.id).scalar()
    orderer, owner = make_member(Role.ORDERER, town), make_member(Role.AGREEMENT_OWNER, office)
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    assert article_for(owner, article_id).id == article_id
    for user in (orderer, stranger):
        with pytest.raises(NotFound):
            article_for(user, article_id)
    agreement = make_agreement(town, owner=office, state=AgreementState.DRAFT)
    assert agreement_for(owner, agreement.number) is agreement
    for user in (orderer, stranger):
        with pytest.raises(NotFound):
            agreement_for(user, agreement.number)


def test_a_ceiling_does_not_hide_a_list(town: Organisation) -> None:
    """It is shown, with the reason: the amount decides, and that is not known while browsing."""
    article = make_offer(town)
    make_ceiling(article.award.lot.agreement, Decimal(0))
    assert orderable_ids(town, today()) == [article.price_list_id]
