"""Mail about orders: who is told what, in which words. Everything goes through the outbox, in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from auth.session import digest
from auth.user import User
from catalog.supplier_block import SupplierBlock
from core.clock import now
from core.db import db
from core.language import speaking
from core.web import external_url
from exchange.letter import promise
from exchange.outbox import AttachmentContent, OutboxMessage
from orders.approval import ApprovalStep, ApprovalToken
from orders.order import Order, OrderFile
from orders.requisition import Requisition

TOKEN_LIVES = timedelta(days=7)


def about(order: Order) -> str:
    """The name under which the outbox knows an order's messages."""
    return f"order:{order.number}"


def order_of(message: OutboxMessage) -> Order | None:
    """The order that a message is about, if it is about one."""
    kind, _colon, number = (message.about or "").partition(":")
    return db.session.scalar(select(Order).where(Order.number == number)) if kind == "order" else None


def ask_to_approve(
    step: ApprovalStep, people: Iterable[tuple[User, User | None]], *, is_reminder: bool = False
) -> None:
    """Ask everybody who may decide a step; each pair is (person, the absent one she stands in for, if any).

    The link opens a page and decides nothing by itself: mail scanners open links.
    """
    requisition = step.requisition
    for person, absent in people:
        token = secrets.token_urlsafe(32)
        db.session.add(
            ApprovalToken(
                token_hash=digest(token),
                step=step,
                user=person,
                content_hash=step.content_hash,
                expires_at=now() + TOKEN_LIVES,
            )
        )
        with speaking(person.language):
            promise(
                "approval",
                key=f"approval:{step.id}:{person.id}:{step.content_hash[:16]}{':again' if is_reminder else ''}",
                recipient=person.email,
                subject=_ask_subject(requisition, is_reminder),
                about=f"requisition:{requisition.id}",
                reply_to=requisition.orderer.email,
                requisition=requisition,
                step=step,
                absent=absent,
                link=external_url("approvals.by_token", token=token),
                expires_at=now() + TOKEN_LIVES,
            )


def _ask_subject(requisition: Requisition, is_reminder: bool) -> str:
    said = {"number": requisition.number, "name": requisition.orderer.name, "unit": requisition.unit.name}
    if is_reminder:
        return str(_("Påminnelse, att godkänna: %(number)s från %(name)s, %(unit)s", **said))
    return str(_("Att godkänna: %(number)s från %(name)s, %(unit)s", **said))


def tell_stuck(step: ApprovalStep, people: Iterable[User]) -> None:
    """Tell the administrators of a step that nobody has answered, and that nobody above may take."""
    requisition = step.requisition
    for person in people:
        with speaking(person.language):
            promise(
                "stuck",
                key=f"stuck:{step.id}:{person.id}",
                recipient=person.email,
                subject=_("Ett beslut har fastnat: %(number)s", number=requisition.number),
                about=f"requisition:{requisition.id}",
                reply_to=requisition.orderer.email,
                requisition=requisition,
                step=step,
                link=external_url("requisitions.show", requisition_id=requisition.id),
            )


def tell_outcome(
    requisition: Requisition, outcome: str, decider: User, reason: str | None, orders: list[Order]
) -> None:
    """Tell the orderer what became of her requisition: `approved`, `rejected` or `returned`."""
    orderer = requisition.orderer
    with speaking(orderer.language):
        name = {"number": requisition.number}
        late = {
            "approved": _("Nödbeställningen är godkänd: %(number)s", **name),
            "rejected": _("Nödbeställningen är inte godkänd: %(number)s", **name),
        }
        subject = (late if requisition.is_emergency else {}).get(outcome) or {
            "approved": _("Godkänd och beställd: %(number)s", number=requisition.number),
            "rejected": _("Avslagen: %(number)s", number=requisition.number),
            "returned": _("Återsänd till dig: %(number)s", number=requisition.number),
        }[outcome]
        promise(
            "outcome",
            key=f"outcome:{requisition.id}:{requisition.version}:{outcome}",
            recipient=orderer.email,
            subject=subject,
            about=f"requisition:{requisition.id}",
            reply_to=decider.email,
            requisition=requisition,
            outcome=outcome,
            decider=decider,
            reason=reason,
            orders=orders,
            link=external_url("requisitions.show", requisition_id=requisition.id),
        )


def tell_refused(requisition: Requisition, names: list[str], decider: User, reason: str) -> None:
    """Tell the orderer which lines were refused, while the rest goes on."""
    with speaking(requisition.orderer.language):
        promise(
            "refused",
            key=f"refused:{requisition.id}:{requisition.content_hash}",
            recipient=requisition.orderer.email,
            subject=_("Rader avslagna: %(number)s", number=requisition.number),
            about=f"requisition:{requisition.id}",
            reply_to=decider.email,
            requisition=requisition,
            names=names,
            decider=decider,
            reason=reason,
            link=external_url("requisitions.show", requisition_id=requisition.id),
        )


def tell_emergency(
    requisition: Requisition, orders: list[Order], people: Iterable[User], what: str, reason: str | None = None
) -> None:
    """Tell those who watch of an emergency order that was `rejected`, or not decided in time: `overdue`."""
    for person in people:
        with speaking(person.language):
            subject = {
                "rejected": _("Nödbeställningen är inte godkänd: %(number)s", number=requisition.number),
                "overdue": _("Nödbeställningen är inte godkänd i tid: %(number)s", number=requisition.number),
            }[what]
            promise(
                "emergency",
                key=f"emergency:{requisition.id}:{what}:{person.id}",
                recipient=person.email,
                subject=subject,
                about=f"requisition:{requisition.id}",
                reply_to=requisition.orderer.email,
                requisition=requisition,
                orders=orders,
                what=what,
                reason=reason,
                link=external_url("requisitions.show", requisition_id=requisition.id),
            )


def tell_blocked(made: SupplierBlock, person: User, things: list[str]) -> None:
    """Tell somebody that a supplier is blocked, and what of hers it concerns: numbers, and an empty one for what lies
    in her basket."""
    with speaking(person.language):
        promise(
            "blocked",
            key=f"blocked:{made.id}:{person.id}",
            recipient=person.email,
            subject=_("%(supplier)s är spärrad för beställningar", supplier=made.supplier.name),
            about=f"supplier:{made.supplier_id}",
            reply_to=made.made_by.email if made.made_by else None,
            made=made,
            numbers=[thing for thing in things if thing],
            has_basket="" in things,
            link=external_url("orders.index"),
        )


def send_order(order: Order, files: list[OrderFile]) -> None:
    """Promise the supplier the order: the very bytes that were stored, replies to the orderer, alarm to her too."""
    with speaking("sv"):
        promise(
            "order",
            key=f"order:{order.number}",
            recipient=order.supplier.order_email or "",
            subject=_("Beställning %(number)s från %(name)s", number=order.number, name=order.organisation.name),
            about=about(order),
            reply_to=order.orderer.email,
            alarm_to=order.orderer.email,
            attachments=[
                *(AttachmentContent(file.name, file.media_type, file.content) for file in files),
                *_offers(order),
            ],
            order=order,
        )


def _offers(order: Order) -> Iterator[AttachmentContent]:
    """The files of its free texts that the supplier is to have, each under a name of its own."""
    for line in order.lines:
        free = line.free_text
        if free is not None and free.is_file_sent and free.file_content is not None:
            name = f"{line.position} {free.file_name}"
            yield AttachmentContent(name[-100:], free.file_type or "application/octet-stream", free.file_content)


def send_cancellation(order: Order, file: OrderFile) -> None:
    """Tell the supplier that the order is cancelled."""
    with speaking("sv"):
        promise(
            "cancellation",
            key=f"cancellation:{order.number}",
            recipient=order.supplier.order_email or "",
            subject=_(
                "ANNULLERAD: beställning %(number)s från %(name)s", number=order.number, name=order.organisation.name
            ),
            about=about(order),
            reply_to=order.orderer.email,
            alarm_to=order.orderer.email,
            attachments=[AttachmentContent(file.name, file.media_type, file.content)],
            order=order,
        )
