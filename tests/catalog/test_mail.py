"""Mail to those who may be the second person for a price list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.actions.price_list import approve, import_price_list, publish_due
from catalog.actions.price_review import accept, refuse, restore
from catalog.agreement import Award
from catalog.price_list import PriceList
from catalog.price_rule import PriceRule
from core.clock import frozen, now, today
from core.db import commit, db
from exchange.outbox import OutboxMessage
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot

HEADER = "Artikelnummer;Benämning;Enhet;Pris;Moms\n"


class Desk:
    """A municipality's agreement with a list in force, its owners, one of the office, and who must not be asked."""

    def __init__(self) -> None:
        town: Organisation = make_organisation()
        office = make_office()
        self.award: Award = make_award(make_lot(make_agreement(owner=town)))
        self.first, self.second = (make_member(Role.AGREEMENT_OWNER, town) for _ in range(2))
        self.buyer = make_member(Role.AGREEMENT_OWNER, office)
        self.second.language = "en"
        make_member(Role.AGREEMENT_OWNER, make_organisation())
        make_member(Role.ORDERER, town)
        make_member(Role.AGREEMENT_OWNER, town).is_active = False
        make_member(Role.AGREEMENT_OWNER, town).memberships[0].ends_on = today() - timedelta(days=1)
        approve(None, self.bring_in("10"))
        db.session.add(PriceRule(agreement_id=self.award.lot.agreement_id, limit_percent=Decimal(20)))
        db.session.flush()

    def bring_in(self, price: str, actor: User | None = None, days: int = 0) -> PriceList:
        data = f"{HEADER}a;Penna;st;{price};25".encode()
        made = import_price_list(actor, self.award, data, "lista", today() + timedelta(days=days)).price_list
        assert made is not None
        return made


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk()


def mails(price_list: PriceList) -> dict[str, OutboxMessage]:
    found = db.session.scalars(select(OutboxMessage).where(OutboxMessage.about == f"price-list:{price_list.id}"))
    return {message.recipient: message for message in found}


def test_all_who_may_be_the_second_person_are_asked_and_nobody_else(desk: Desk) -> None:
    draft = desk.bring_in("15", desk.first)
    found = mails(draft)
    assert set(found) == {desk.second.email, desk.buyer.email}
    mail = found[desk.buyer.email]
    assert (mail.kind, mail.reply_to) == ("price-review", desk.first.email)
    link = f"http://avrop.test/admin/price-lists/{draft.id}"
    for text in (mail.text, mail.html or ""):
        assert link in text and desk.first.name in text and "50 %" in text and "En annan person måste godkänna" in text
    assert "must approve it" in found[desk.second.email].text


def test_nobody_is_asked_below_the_limits_or_without_them(desk: Desk) -> None:
    assert mails(desk.bring_in("12", desk.first)) == {}
    rule = db.session.get_one(PriceRule, desk.award.lot.agreement_id)
    rule.limit_percent, rule.largest_raise = None, Decimal(1)
    assert mails(desk.bring_in("15", desk.first)) == {}


def test_everybody_is_asked_about_a_list_of_nobody(desk: Desk) -> None:
    found = mails(desk.bring_in("15"))
    assert set(found) == {desk.first.email, desk.second.email, desk.buyer.email}
    assert "med ett kommando" in found[desk.buyer.email].text and found[desk.buyer.email].reply_to is None


def test_a_list_is_asked_about_once(desk: Desk) -> None:
    draft = desk.bring_in("15", desk.first)
    asked = {address: message.id for address, message in mails(draft).items()}
    refuse(desk.first, draft, "Nej", numbers=["a"])
    accept(desk.first, draft)
    assert {address: message.id for address, message in mails(draft).items()} == asked


def test_rows_taken_back_in_and_lists_taken_up_again_are_asked_about(desk: Desk) -> None:
    rule = db.session.get_one(PriceRule, desk.award.lot.agreement_id)
    rule.limit_percent = None
    draft = desk.bring_in("15", desk.first)
    refuse(desk.first, draft, "Nej", numbers=["a"])
    rule.limit_percent = Decimal(20)
    accept(desk.first, draft, ["a"])
    assert len(mails(draft)) == 2
    approve(desk.second, draft)
    former = db.session.scalars(select(PriceList).where(PriceList.version == 1)).one()
    assert set(mails(restore(desk.second, former))) == {desk.first.email, desk.buyer.email}


def test_due_list_that_has_to_wait_is_asked_about(desk: Desk) -> None:
    coming = desk.bring_in("11", desk.first, days=1)
    approve(desk.first, coming)
    approve(desk.second, desk.bring_in("5", desk.first))
    commit()
    assert mails(coming) == {}
    with frozen(now() + timedelta(days=1)):
        assert publish_due() == 0
        assert publish_due() == 0
    assert set(mails(coming)) == {desk.second.email, desk.buyer.email}
