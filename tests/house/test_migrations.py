"""The migrations, applied from zero, give the very tables that the models describe."""

from decimal import Decimal
from itertools import pairwise

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from app.migrate import config, differences, is_current, newest, upgrade
from catalog.agreement import CallOffMethod
from catalog.ceiling import Ceiling
from catalog.parameter import Parameter
from catalog.price_list import Article
from core.db import TransactionalFlask, db, reading, unit_of_work
from orders.actions.approval import approve
from orders.actions.order import cancel, close
from orders.actions.receipt import Received, receive
from orders.approval_queries import refused_of
from orders.ceiling_sums import wrong_counters
from orders.requisition import Requisition
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list
from tests.factories.free_texts import make_free_line
from tests.factories.orders import make_order, make_place, make_requisition, pending_step


def test_migrations_equal_the_models(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context():
        assert is_current()
        assert differences() == []


def test_the_newest_migration_is_known_by_the_name_of_its_file() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [newest()]


def test_awards_that_share_a_lot_are_counted_from_what_was_called_off(fresh_app: TransactionalFlask) -> None:
    """Migrations 0026 and 0028: a lot of an allocation key whose awards had no counters gets them, with what is taken
    so far; of an order that was closed short, what came."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            lot = make_lot(make_agreement(place.organisation), method=CallOffMethod.ALLOCATION)
            award = make_award(lot, share=Decimal(100), freight=Decimal(50))
            make_price_list(award, [{"price": Decimal(100)}])
            article = db.session.scalars(select(Article).where(Article.award_id == award.id)).one()
            make_order(place, [(article, Decimal(3))])
            cancel(place.orderer, make_order(place, [(article, Decimal(5))]), "Fel")
            make_requisition(place, [(article, Decimal(2))])
            short, unbegun = (make_order(place, [(article, Decimal(4))]) for _ in range(2))
            receive(place.orderer, short, {short.lines[0].id: Received(Decimal(1))}, None, "key")
            for order in (short, unbegun):
                close(place.orderer, order, "Resten behövs inte")
            award_id = award.id
        command.downgrade(config(), "0025")
        upgrade()
        with reading():
            counter = db.session.scalars(select(Ceiling).where(Ceiling.award_id == award_id)).one()
            assert (counter.limit, counter.ordered, counter.reserved) == (None, Decimal(350 + 150), Decimal(250))
            assert wrong_counters() == []
        assert is_current()


def test_lines_that_were_refused_before_find_their_free_text(fresh_app: TransactionalFlask) -> None:
    """Migration 0030."""
    with fresh_app.app_context():
        with unit_of_work():
            place = make_place()
            stated = make_free_line(place).free_text_id
            requisition = make_requisition(place, [(make_offer(place.organisation), Decimal(n)) for n in (1, 2)])
            others = [line.id for line in requisition.lines if line.free_text_id is None]
            ids = [others[0], *(line.id for line in requisition.lines if line.free_text_id)]
            approve(place.approver, pending_step(requisition), "Nej", requisition.content_hash or "", ids)
            requisition_id = requisition.id
        command.downgrade(config(), "0029")
        upgrade()
        with reading() as session:
            found = refused_of(session.get_one(Requisition, requisition_id))
            assert {line.free_text_id for line in found} == {stated, None} and len(found) == 2
        assert differences() == []


def test_one_value_of_a_parameter_holds_on_a_day(fresh_app: TransactionalFlask) -> None:
    """Migration 0030: as they are delivered, each value ends before the next begins."""
    with fresh_app.app_context(), reading() as session:
        rows = session.scalars(select(Parameter).order_by(Parameter.name, Parameter.starts_on)).all()
        for row, following in pairwise(rows):
            if row.name == following.name:
                assert row.ends_on is not None and row.ends_on < following.starts_on, row.name
