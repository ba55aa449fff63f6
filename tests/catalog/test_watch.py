"""Watch: warnings of ceilings that fill up and of days that come close, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from auth.permission import Role
from auth.user import User
from catalog.actions.watch import remind_of_dates, state_watch, warn_of_ceilings
from catalog.agreement import Agreement, AgreementState, ExtensionOption
from catalog.ceiling import Ceiling
from catalog.watch import DateKind, DateReminder, levels_of
from catalog.watching import DatesFilter, coming_days, filling_ceilings
from core.clock import frozen, midnight, now, today
from core.db import TransactionalFlask, db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken
from exchange.outbox import OutboxMessage
from tests.factories.auth import make_member, make_office, make_organisation, make_user
from tests.factories.catalog import make_agreement, make_ceiling

DAY = timedelta(days=1)


@pytest.fixture
def agreement(fresh_app: TransactionalFlask) -> Iterator[int]:
    """The id of an agreement of a municipality, with an owner and a responsible buyer."""
    with fresh_app.app_context():
        with unit_of_work():
            town = make_organisation()
            make_member(Role.AGREEMENT_OWNER, town, email="owner@town.example")
            make_member(Role.AGREEMENT_OWNER, make_organisation(), email="stranger@other.example")
            made = make_agreement(owner=town, responsible=make_user(email="buyer@office.example"))
            agreement_id = made.id
        yield agreement_id


def letters(kind: str) -> list[str]:
    """To whom, oldest first."""
    with reading():
        query = select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
        return [message.recipient for message in db.session.scalars(query)]


def use(ceiling_id: int, ordered: int) -> None:
    with unit_of_work():
        db.session.get_one(Ceiling, ceiling_id).ordered = Decimal(ordered)


def opened(agreement_id: int, limit: int | None = 1000) -> int:
    with unit_of_work():
        found = db.session.get_one(Agreement, agreement_id)
        return make_ceiling(found, None if limit is None else Decimal(limit)).id


def test_each_level_is_warned_of_once(agreement: int) -> None:
    ceiling = opened(agreement)
    for used, warned in ((499, 0), (500, 1), (501, 0), (799, 0), (800, 1), (1000, 1), (1200, 0)):
        use(ceiling, used)
        assert warn_of_ceilings() == warned, used
    assert letters("ceiling-warning") == ["buyer@office.example", "owner@town.example"] * 3


def test_two_levels_at_once_are_one_warning(agreement: int) -> None:
    use(opened(agreement), 960)
    assert (warn_of_ceilings(), warn_of_ceilings()) == (1, 0)
    assert len(letters("ceiling-warning")) == 2


def test_what_fell_below_a_level_is_warned_of_again(agreement: int) -> None:
    ceiling = opened(agreement)
    use(ceiling, 800)
    warn_of_ceilings()
    use(ceiling, 799)
    assert warn_of_ceilings() == 0
    with frozen(now() + timedelta(hours=1)):
        use(ceiling, 800)
        assert (warn_of_ceilings(), warn_of_ceilings()) == (1, 0)


def test_an_unknown_limit_and_a_draft_warn_of_nothing(agreement: int) -> None:
    use(opened(agreement, None), 10**6)
    assert warn_of_ceilings() == 0
    with unit_of_work():
        draft = make_agreement(state=AgreementState.DRAFT)
        make_ceiling(draft, Decimal(10), ordered=Decimal(10))
    assert warn_of_ceilings() == 0


def test_an_agreements_own_levels_hold(agreement: int) -> None:
    ceiling = opened(agreement)
    with unit_of_work():
        found = db.session.get_one(Agreement, agreement)
        state_watch(None, found, found.version, levels=[90, 20], notice_days=1, decide_days=1, ends_days=1)
    use(ceiling, 500)
    assert warn_of_ceilings() == 1
    use(ceiling, 899)
    assert warn_of_ceilings() == 0
    use(ceiling, 900)
    assert warn_of_ceilings() == 1


@pytest.mark.parametrize("kind", list(DateKind))
def test_a_day_is_told_once_in_time_and_anew_when_it_is_moved(agreement: int, kind: DateKind) -> None:
    day = today() + 300 * DAY
    noon = midnight(today()) + timedelta(hours=12)  # the same day also when the clocks have changed
    with unit_of_work():
        found = db.session.get_one(Agreement, agreement)
        found.ends_on = today() + 900 * DAY
        _move(found, kind, day)
        state_watch(None, found, found.version, levels=[], notice_days=30, decide_days=30, ends_days=30)
    told = []
    for left in (31, 30, 29):
        with frozen(noon + (300 - left) * DAY):
            told.append(remind_of_dates())
    assert told == [0, 1, 0]
    assert letters("coming-day") == ["buyer@office.example", "owner@town.example"]
    with unit_of_work():
        _move(db.session.get_one(Agreement, agreement), kind, day + DAY)
    with frozen(noon + 271 * DAY):
        assert (remind_of_dates(), remind_of_dates()) == (1, 0)
    with frozen(noon + 302 * DAY):
        assert remind_of_dates() == 0  # it has passed
    with reading():
        assert len(db.session.scalars(select(DateReminder)).all()) == 2


def _move(agreement: Agreement, kind: DateKind, day: date) -> None:
    if kind is DateKind.NOTICE:
        agreement.notice_on = day
    elif kind is DateKind.ENDS:
        agreement.ends_on = day
    else:
        agreement.extensions = [ExtensionOption(ends_on=agreement.ends_on + 365 * DAY, decide_by=day)]


def test_an_extension_that_was_taken_is_no_day_any_more(app: TransactionalFlask) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, make_office())
    agreement = make_agreement(ends_on=today() + 400 * DAY)
    for number, taken_at in ((1, now()), (2, None)):
        day = today() + number * 10 * DAY
        agreement.extensions.append(
            ExtensionOption(ends_on=agreement.ends_on + number * 30 * DAY, decide_by=day, taken_at=taken_at)
        )
    db.session.flush()
    found = coming_days(owner, DatesFilter(today() + 90 * DAY))
    assert [(each.kind, each.left) for each in found] == [(DateKind.DECIDE, 20)]


def test_the_list_is_hers_sorted_and_filtered(app: TransactionalFlask) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, town := make_organisation())
    soon = make_agreement(owner=town, title="Ö", ends_on=today() + 10 * DAY, responsible=owner)
    late = make_agreement(owner=town, title="A", ends_on=today() + 80 * DAY, notice_on=today() + 20 * DAY)
    make_agreement(ends_on=today() + 5 * DAY)
    make_agreement(owner=town, ends_on=today() + 5 * DAY, state=AgreementState.ENDED)
    until = today() + 90 * DAY

    def found(**wanted: object) -> list[tuple[Agreement, DateKind]]:
        return [(d.agreement, d.kind) for d in coming_days(owner, DatesFilter(until, **wanted))]  # type: ignore[arg-type]

    by_day = [(soon, DateKind.ENDS), (late, DateKind.NOTICE), (late, DateKind.ENDS)]
    assert found() == by_day
    assert found(sort="agreement") == [by_day[1], by_day[2], by_day[0]]
    assert found(kind=DateKind.NOTICE) == [by_day[1]]
    assert found(mine=True) == [by_day[0]]
    assert [d.agreement for d in coming_days(owner, DatesFilter(today() + 10 * DAY))] == [soon]


def test_the_list_of_ceilings_has_the_fullest_first(app: TransactionalFlask) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, town := make_organisation())
    made = [make_ceiling(make_agreement(owner=town), Decimal(100), ordered=Decimal(used)) for used in (60, 100, 49, 85)]
    make_ceiling(make_agreement(), Decimal(100), ordered=Decimal(99))
    assert filling_ceilings(owner) == [(made[1], 95), (made[3], 80), (made[0], 50)]


def test_who_may_state_the_watch_and_what(app: TransactionalFlask) -> None:
    agreement = make_agreement()
    days = {"notice_days": 1, "decide_days": 1, "ends_days": 1}
    stranger: User = make_member(Role.AGREEMENT_OWNER, make_organisation())
    with pytest.raises(NotAllowed):
        state_watch(stranger, agreement, agreement.version, levels=[50], **days)
    for levels in ([0], [101], list(range(1, 8))):
        with pytest.raises(RuleBroken):
            state_watch(None, agreement, agreement.version, levels=levels, **days)
    with pytest.raises(RuleBroken):
        state_watch(None, agreement, agreement.version, levels=[50], **(days | {"ends_days": -1}))


def test_no_level_is_a_choice_and_none_stated_is_the_usual() -> None:
    assert (levels_of(""), levels_of(None), levels_of("20,90")) == ((), (50, 80, 95), (20, 90))
