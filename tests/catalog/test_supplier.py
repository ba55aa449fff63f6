"""Suppliers: who may enter, edit and block them, and what is checked."""

from dataclasses import replace

import pytest

from auth.journal import entries_about
from auth.permission import Role
from catalog.actions.supplier import SupplierFacts, block, create, edit, unblock
from catalog.supplier import Channel, Supplier
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_supplier

pytestmark = pytest.mark.usefixtures("app")

FACTS = SupplierFacts(organisation_number="5560000167", name="Åre Papper AB", order_email="order@papper.example")


def facts_of(supplier: Supplier, **values: object) -> SupplierFacts:
    facts = SupplierFacts(**{name: getattr(supplier, name) for name in SupplierFacts.__dataclass_fields__})
    return replace(facts, **values)  # type: ignore[arg-type]


def test_supplier_is_entered_and_told() -> None:
    actor = make_member(Role.AGREEMENT_OWNER, make_office())
    supplier = create(actor, FACTS)
    commit()
    assert supplier.sort_name.startswith("{")  # å sorts after z
    assert [e.act for e in entries_about("supplier", supplier.id)] == ["create"]


@pytest.mark.parametrize(
    "values",
    [
        {"organisation_number": "5560000168"},
        {"organisation_number": "556000-0167"},
        {"peppol_id": "7340090400001"},
        {"peppol_scheme": "0088", "peppol_id": "7340090400002"},
        {"channel": Channel.PEPPOL},
    ],
)
def test_create_refuses_wrong_numbers(values: dict[str, object]) -> None:
    with pytest.raises(RuleBroken):
        create(None, replace(FACTS, **values))  # type: ignore[arg-type]


def test_create_refuses_a_number_that_is_taken() -> None:
    create(None, FACTS)
    with pytest.raises(RuleBroken, match="finns redan"):
        create(None, replace(FACTS, name="Någon annan"))


def test_create_refuses_who_owns_no_agreements() -> None:
    with pytest.raises(NotAllowed):
        create(make_member(Role.ORDERER, make_office()), FACTS)


def test_edit_tells_before_and_after_of_what_changed() -> None:
    actor = make_member(Role.AGREEMENT_OWNER, make_office())
    supplier = make_supplier(order_email="gammal@papper.example")
    edit(actor, supplier, facts_of(supplier, order_email="ny@papper.example"), supplier.version)
    commit()
    entry = entries_about("supplier", supplier.id)[-1]
    assert entry.details["changes"] == {"order_email": ["gammal@papper.example", "ny@papper.example"]}


def test_edit_refuses_an_older_page() -> None:
    actor = make_member(Role.AGREEMENT_OWNER, make_office())
    supplier = make_supplier()
    seen = supplier.version
    edit(actor, supplier, facts_of(supplier, name="Nytt namn AB"), seen)
    with pytest.raises(WrongState, match="Någon annan"):
        edit(actor, supplier, facts_of(supplier, name="Ett annat namn AB"), seen)


def test_edit_refuses_an_organisation_whose_agreements_are_not_the_only_ones() -> None:
    own, other = make_organisation(), make_organisation()
    actor = make_member(Role.AGREEMENT_OWNER, own)
    supplier = make_supplier()
    make_award(make_lot(make_agreement(owner=own)), supplier)
    edit(actor, supplier, facts_of(supplier, phone="063-1"), supplier.version)
    make_award(make_lot(make_agreement(owner=other)), supplier)
    with pytest.raises(NotAllowed):
        edit(actor, supplier, facts_of(supplier, order_email="min@egen.example"), supplier.version)


def test_block_needs_a_reason_and_the_office() -> None:
    office, supplier = make_member(Role.AGREEMENT_OWNER, make_office()), make_supplier()
    with pytest.raises(RuleBroken):
        block(office, supplier, "  ")
    with pytest.raises(NotAllowed):
        block(make_member(Role.AGREEMENT_OWNER, make_organisation()), supplier, "Konkurs")
    block(office, supplier, "Konkurs")
    assert supplier.is_blocked
    with pytest.raises(WrongState):
        block(office, supplier, "Konkurs")


def test_unblock_lets_orders_through_and_keeps_the_story() -> None:
    office, supplier = make_member(Role.AGREEMENT_OWNER, make_office()), make_supplier()
    block(office, supplier, "Konkurs")
    unblock(office, supplier, "Rekonstruerat")
    db.session.flush()
    commit()
    assert not supplier.is_blocked
    assert supplier.blocked_reason is None
    told = [(e.act, e.details["reason"]) for e in entries_about("supplier", supplier.id)]
    assert told == [("block", "Konkurs"), ("unblock", "Rekonstruerat")]
    with pytest.raises(WrongState):
        unblock(office, supplier, "Igen")
