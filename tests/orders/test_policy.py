"""Who sees what: said once in SQL for lists, and once in Python for a single thing. Both must say the same."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from auth.organisation import Organisation, Unit
from auth.permission import Role
from auth.user import User
from core.clock import now, today
from core.db import TransactionalFlask, db
from orders.approval import ApprovalCandidate
from orders.order import Order
from orders.policy import may_see, visible
from orders.requisition import Requisition
from tests.factories.auth import make_member, make_office, make_substitution, make_unit, make_user
from tests.factories.orders import Place, make_order, make_place

DAY = timedelta(days=1)


def test_one_thing_is_seen_as_in_the_lists(app: TransactionalFlask) -> None:
    """Every person, in every organisation she may act for, about every order and requisition."""
    here, elsewhere, office = make_place(), make_place(), make_office(name="Kontoret")
    above = make_unit(here.organisation)
    here.unit.place_below(above)
    things = [
        thing for place in (here, elsewhere) for order in [make_order(place)] for thing in (order, order.requisition)
    ]
    seen, hidden = 0, 0
    for person in _people(here, elsewhere, office, above):
        for organisation in (here.organisation, elsewhere.organisation, office):
            for thing in things:
                listed = _is_listed(person, organisation, thing)
                assert may_see(person, organisation, thing) is listed, (person.name, organisation.name, thing)
                seen, hidden = seen + listed, hidden + (not listed)
    assert seen > 30
    assert hidden > 30


def _is_listed(person: User, organisation: Organisation, thing: Order | Requisition) -> bool:
    kind = type(thing)
    found = db.session.scalars(select(kind.id).where(kind.id == thing.id, visible(person, organisation, kind)))
    return found.one_or_none() is not None


def _people(here: Place, elsewhere: Place, office: Organisation, above: Unit) -> list[User]:
    beside = make_unit(here.organisation)
    places = [(here.organisation, None), (here.organisation, here.unit), (here.organisation, above)]
    places += [(here.organisation, beside), (office, None)]
    members = [make_member(role, organisation, unit) for role in Role for organisation, unit in places]
    both = make_member(Role.AUDITOR, here.organisation)
    make_member(Role.ORDERER, elsewhere.organisation, elsewhere.unit, user=both)
    former = make_member(Role.AUDITOR, here.organisation)
    for person in (former, elsewhere.orderer):  # she still sees what she ordered herself
        person.memberships[0].ends_on = today() - DAY
    disabled = make_member(Role.AUDITOR, here.organisation)
    disabled.is_active = False
    people = [here.orderer, here.approver, elsewhere.orderer, elsewhere.approver, *members, both, former, disabled]
    people += [_asked(here, elsewhere), *_stand_ins(here, elsewhere), make_user()]
    db.session.flush()
    return people


def _asked(here: Place, elsewhere: Place) -> User:
    """Somebody with no role that reads orders, who was asked to decide one."""
    asked = make_member(Role.SYSTEM_ADMIN, elsewhere.organisation)
    seat = db.session.scalars(select(ApprovalCandidate).where(ApprovalCandidate.user_id == here.approver.id)).first()
    assert seat is not None
    db.session.add(ApprovalCandidate(step=seat.step, user=asked, name=asked.name))
    return asked


def _stand_ins(here: Place, elsewhere: Place) -> list[User]:
    """Those who stand in for the approver: today, not yet, no more, ended early, and in another organisation."""
    spans = [(0, 1, False), (1, 2, False), (-2, -1, False), (0, 1, True)]
    cases = [(here.organisation, *span) for span in spans] + [(elsewhere.organisation, 0, 1, False)]
    stand_ins = []
    for organisation, starts, ends, is_ended in cases:
        substitute = make_member(Role.SYSTEM_ADMIN, here.organisation)
        days = {"starts_on": today() + starts * DAY, "ends_on": today() + ends * DAY}
        make_substitution(organisation, here.approver, substitute, **days, ended_at=now() if is_ended else None)
        stand_ins.append(substitute)
    return stand_ins
