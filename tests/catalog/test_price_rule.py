"""The price rule: who writes it, and that nobody loosens it alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from auth.journal import JournalEntry
from auth.permission import Role
from auth.user import User
from catalog.actions.price_list import approve, import_price_list
from catalog.actions.price_rule import PriceRuleFacts, approve_price_rule, drop_price_rule, set_price_rule
from catalog.agreement import Agreement
from catalog.price_list import PriceList, PriceListState
from catalog.price_rule import proposal_of, rule_of
from core.clock import today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from tests.factories.auth import make_member, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot


class Team:
    """An agreement under a rule, and two who own it."""

    def __init__(self) -> None:
        self.agreement: Agreement = make_agreement()
        self.award = make_award(make_lot(self.agreement))
        self.first, self.second = (make_member(Role.AGREEMENT_OWNER, self.agreement.owner) for _ in range(2))
        self.set(self.first, largest_raise=Decimal(2), limit_percent=Decimal(5))

    def set(self, actor: User | None, reason: str | None = None, **values: Any) -> None:
        set_price_rule(actor, self.agreement, PriceRuleFacts(**values), self.agreement.version, reason=reason)
        db.session.flush()

    @property
    def limits(self) -> tuple[Decimal | None, Decimal | None]:
        rule = rule_of(self.agreement)
        assert rule is not None
        return rule.largest_raise, rule.limit_percent

    def bring_in(self, price: str, actor: User | None) -> PriceList:
        data = f"Artikelnummer;Benämning;Enhet;Pris;Moms\na;A;st;{price};25".encode()
        made = import_price_list(actor, self.award, data, "lista", today()).price_list
        assert made is not None
        return made


@pytest.fixture
def team(app: Flask) -> Team:
    return Team()


def test_stricter_rule_holds_at_once(team: Team) -> None:
    team.set(team.first, largest_raise=Decimal(1), limit_percent=Decimal(4), raises_from=date(2027, 1, 1))
    assert team.limits == (1, 4)
    assert proposal_of(team.agreement) is None


def test_looser_rule_waits_for_another_person(team: Team) -> None:
    team.set(team.first, "Enligt tilläggsavtalet", largest_raise=Decimal(90), limit_percent=Decimal(4))
    assert team.limits == (2, 5)
    with pytest.raises(NotAllowed):
        approve_price_rule(team.first, team.agreement, team.agreement.version)
    approve_price_rule(team.second, team.agreement, team.agreement.version)
    assert team.limits == (90, 4)
    assert proposal_of(team.agreement) is None
    commit()
    told = db.session.query(JournalEntry).order_by(JournalEntry.number.desc()).first()
    assert told is not None and told.act == "approve-price-rule"
    assert told.details["reason"] == "Enligt tilläggsavtalet" and told.details["proposer"] == team.first.name
    assert set(told.details["changes"]) == {"largest_raise", "limit_percent"}


def test_nobody_gets_a_list_outside_the_rule_through_alone(team: Team) -> None:
    approve(None, team.bring_in("10", None))
    team.set(team.first, "Vill publicera", largest_raise=Decimal(90), limit_percent=Decimal(90))
    draft = team.bring_in("15", team.first)
    with pytest.raises(RuleBroken):
        approve(team.first, draft)
    approve_price_rule(team.second, team.agreement, team.agreement.version)
    approve(team.first, draft)
    assert draft.state is PriceListState.PUBLISHED


def test_looser_rule_of_the_machine_waits_too(team: Team) -> None:
    team.set(None, "Från ett skript", largest_raise=Decimal(90))
    assert team.limits == (2, 5)
    approve_price_rule(team.first, team.agreement, team.agreement.version)
    assert team.limits == (90, None)


def test_looser_rule_needs_a_reason(team: Team) -> None:
    with pytest.raises(RuleBroken):
        team.set(team.first, " ", largest_raise=Decimal(3), limit_percent=Decimal(5))


def test_what_was_approved_is_what_was_seen(team: Team) -> None:
    team.set(team.first, "Lite", largest_raise=Decimal(3), limit_percent=Decimal(5))
    seen = team.agreement.version
    team.set(team.first, "Mycket", largest_raise=Decimal(900), limit_percent=Decimal(5))
    with pytest.raises(WrongState):
        approve_price_rule(team.second, team.agreement, seen)
    assert team.limits == (2, 5)


def test_a_rule_written_meanwhile_takes_the_proposal_away(team: Team) -> None:
    team.set(team.first, "Mycket", largest_raise=Decimal(900), limit_percent=Decimal(5))
    team.set(team.second, largest_raise=Decimal(1), limit_percent=Decimal(5))
    assert proposal_of(team.agreement) is None
    with pytest.raises(WrongState):
        approve_price_rule(team.second, team.agreement, team.agreement.version)
    assert team.limits == (1, 5)


def test_proposal_is_taken_away_by_either_of_them(team: Team) -> None:
    for person in (team.first, team.second):
        team.set(team.first, "Mycket", largest_raise=Decimal(900), limit_percent=Decimal(5))
        drop_price_rule(person, team.agreement, team.agreement.version)
        db.session.flush()
        assert proposal_of(team.agreement) is None and team.limits == (2, 5)


def test_stranger_approves_and_drops_nothing(team: Team) -> None:
    team.set(team.first, "Mycket", largest_raise=Decimal(900), limit_percent=Decimal(5))
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    for act in (approve_price_rule, drop_price_rule):
        with pytest.raises(NotAllowed):
            act(stranger, team.agreement, team.agreement.version)
