"""Pages: the mail that goes out, for administrators, and the mailbox that stands in for a mail server."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from auth.journal import record
from auth.login import current
from auth.permission import Permission
from core.db import db, paginate
from core.errors import NotFound
from core.state import can
from core.web import requires
from exchange.outbox import Attachment, MessageState, OutboxMessage, abort, count_by_state, messages, retry
from orders.actions.order import check_letter, lock_order
from orders.mail import order_of

bp = Blueprint("outbox", __name__)

PDF = "application/pdf"
# A letter's own styles may be seen and its links followed; no script, no picture from elsewhere, no form.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


@bp.get("/admin/outbox")
@requires(Permission.SYSTEM_MANAGE)
def queue() -> str:
    """What waits, went and failed. Never the text of a letter: its links may decide."""
    state = next((s for s in MessageState if s.value == request.args.get("state")), None)
    text = request.args.get("q", "").strip()[:100]
    page = paginate(messages(text=text, state=state), request.args.get("page", 1, type=int))
    return render_template(
        "outbox/queue.html",
        page=page,
        state=state,
        states=list(MessageState),
        counts=count_by_state(),
        text=text,
        can=can,
    )


@bp.post("/admin/outbox/<int:message_id>/resend")
@requires(Permission.SYSTEM_MANAGE)
def resend(message_id: int) -> Any:
    message = _find(message_id)
    if (order := order_of(message)) is not None:
        check_letter(lock_order(order), message)
    retry(message)
    record(current(), "resend", "outbox", message.id, recipient=message.recipient, subject=message.subject)
    flash(_("Brevet till %(recipient)s skickas igen.", recipient=message.recipient), "success")
    return redirect(url_for("outbox.queue"), 303)


@bp.post("/admin/outbox/<int:message_id>/stop")
@requires(Permission.SYSTEM_MANAGE)
def stop(message_id: int) -> Any:
    message = _find(message_id)
    abort(message, _("Stoppat av %(name)s.", name=current().name))
    record(current(), "stop", "outbox", message.id, recipient=message.recipient, subject=message.subject)
    flash(_("Brevet till %(recipient)s är stoppat.", recipient=message.recipient), "success")
    return redirect(url_for("outbox.queue"), 303)


@requires(Permission.SIGNED_IN)
def mailbox() -> str:
    """Every letter, newest first. Open to all who log in: it is there for trying out, where nothing leaves."""
    recipient, text = request.args.get("to", "").strip(), request.args.get("q", "").strip()[:100]
    found = messages(recipient=recipient, text=text).options(selectinload(OutboxMessage.attachments))
    page = paginate(found, request.args.get("page", 1, type=int))
    return render_template("outbox/mailbox.html", page=page, recipient=recipient, text=text)


@requires(Permission.SIGNED_IN)
def message(message_id: int) -> str:
    found = _find(message_id)
    return render_template("outbox/message.html", message=found, text=_with_links(found.text), pdf=PDF)


@requires(Permission.SIGNED_IN)
def letter(message_id: int) -> Response:
    """The HTML body as its reader sees it, on a page of its own that may do nothing."""
    html = _find(message_id).html
    if html is None:
        raise NotFound(_l("Brevet har ingen formaterad text."))
    return Response(html, headers={"Content-Security-Policy": LETTER_POLICY})


@requires(Permission.SIGNED_IN)
def attachment(message_id: int, attachment_id: int) -> Response:
    """A file as it is sent: to keep, or with `?view=1` to look at where it is a PDF."""
    file = db.session.get(Attachment, attachment_id)
    if file is None or file.message_id != _find(message_id).id:
        raise NotFound(_l("Bilagan finns inte."))
    is_shown = file.media_type == PDF and "view" in request.args
    return send_file(
        BytesIO(file.content), file.media_type, as_attachment=not is_shown, download_name=file.name, etag=file.sha256
    )


@bp.record
def _offer_mailbox(state: BlueprintSetupState) -> None:
    """The mailbox exists only where no mail server is set: with one, letters are their recipients' alone."""
    if state.app.config["AVROP"].smtp is not None:
        return
    state.add_url_rule("/mailbox", "mailbox", mailbox)
    state.add_url_rule("/mailbox/<int:message_id>", "message", message)
    state.add_url_rule("/mailbox/<int:message_id>/letter", "letter", letter)
    state.add_url_rule("/mailbox/<int:message_id>/attachments/<int:attachment_id>", "attachment", attachment)


def _find(message_id: int) -> OutboxMessage:
    found = db.session.scalar(messages().where(OutboxMessage.id == message_id))
    if found is None:
        raise NotFound(_l("Brevet finns inte."))
    return found


def _with_links(text: str) -> Markup:
    """The text of a letter with its line breaks, and with links where an address of ours stands; no other host's."""
    address = re.escape(current_app.config["AVROP"].base_url) + r"/(?:[^\s<>\"]*[^\s<>\".,;:!?)])?"
    link = Markup('<a href="{0}">{0}</a>')
    parts = re.split(f"({address})", text.replace("\r\n", "\n"))
    marked = (link.format(part) if n % 2 else Markup.escape(part) for n, part in enumerate(parts))
    return Markup().join(marked).replace("\n", Markup("<br>\n"))
