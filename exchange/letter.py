"""Letter: a message whose two bodies are written from the templates of its kind, promised to the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import current_app, render_template

from exchange.outbox import AttachmentContent, enqueue


def promise(
    template: str,
    *,
    key: str,
    recipient: str,
    subject: str,
    about: str,
    kind: str | None = None,
    reply_to: str | None = None,
    alarm_to: str | None = None,
    attachments: Sequence[AttachmentContent] = (),
    listed_from: datetime | None = None,
    **context: object,
) -> None:
    """Write both bodies from `mail/<template>`, in the language that is spoken, and promise the message once for `key`.

    `kind` is named as the template unless told otherwise; `context` is what the templates show. The rest is as
    `exchange.outbox.enqueue` takes it, which also says what is refused.
    """
    context["base_url"] = current_app.config["AVROP"].base_url
    enqueue(
        dedupe_key=key,
        kind=kind or template.replace("_", "-"),
        recipient=recipient,
        subject=subject,
        text=render_template(f"mail/{template}.txt", **context),
        html=render_template(f"mail/{template}.html", **context),
        reply_to=reply_to,
        alarm_to=alarm_to,
        about=about,
        attachments=attachments,
        listed_from=listed_from,
    )
