"""The main road, from basket to received goods, through the use cases: reads as documentation."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

from sqlalchemy import select

from auth.journal import entries_about, verify
from catalog.ceiling import Ceiling
from core.db import TransactionalFlask, commit, db
from exchange.outbox import messages_about
from orders.actions.approval import approve
from orders.actions.basket import add
from orders.actions.receipt import Received, receive
from orders.actions.requisition import submit
from orders.order import FileKind, OrderState
from orders.order_queries import order_for, orders_of
from orders.requisition import RequisitionState
from tests.factories.catalog import make_ceiling, make_offer
from tests.factories.orders import checkout_at, make_place, pending_step


def test_buy_paper(app: TransactionalFlask) -> None:
    place = make_place(name="Bräcke kommun", order_prefix="BRK")
    paper = make_offer(place.organisation, price=Decimal("49.90"), name="Kopieringspapper A4 & <ö>")
    ceiling = make_ceiling(paper.award.lot.agreement, Decimal(1000))

    # the orderer puts five packs into her basket and sends it
    add(place.orderer, place.organisation, paper, Decimal(5))
    requisition = submit(place.orderer, place.organisation, checkout_at(place, buyer_reference="4711"))
    assert requisition.state is RequisitionState.SUBMITTED
    assert (requisition.net_amount, requisition.gross_amount) == (Decimal("249.50"), Decimal("311.88"))
    assert reread(ceiling).reserved == Decimal("249.50")

    # her approver says yes, which places the order
    step = pending_step(requisition)
    assert [candidate.user for candidate in step.candidates] == [place.approver]
    approve(place.approver, step, "Bra", requisition.content_hash or "")
    commit()
    [order] = orders_of(requisition)
    assert order.number.startswith("BRK-")
    assert order.state is OrderState.PLACED
    assert (reread(ceiling).reserved, reread(ceiling).ordered) == (Decimal(0), Decimal("249.50"))

    # the supplier is promised the very bytes that were stored
    [message] = messages_about(f"order:{order.number}")
    assert message.recipient == order.supplier.order_email
    assert message.reply_to == place.orderer.email
    stored = {file.kind: file.content for file in order.documents}
    assert [a.content for a in message.attachments] == [stored[FileKind.PDF], stored[FileKind.UBL]]
    assert all(sha256(file.content).hexdigest() == file.sha256 for file in order.documents)

    # the goods come in two deliveries
    order = order_for(place.orderer, place.organisation, order.number)
    [line] = order.lines
    receive(place.orderer, order, {line.id: Received(Decimal(2))}, None, "first")
    assert order.state is OrderState.PLACED
    receive(place.orderer, order, {line.id: Received(Decimal(3))}, None, "second")
    assert order.state is OrderState.CLOSED
    commit()

    # and the journal tells the story
    assert [entry.act for entry in entries_about("order", order.number)] == ["place", "receive", "receive", "close"]
    assert verify()[1] is None


def reread(ceiling: Ceiling) -> Ceiling:
    return db.session.scalars(
        select(Ceiling).where(Ceiling.id == ceiling.id).execution_options(populate_existing=True)
    ).one()
