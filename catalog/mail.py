"""Mail about price lists: whoever may be the second person is asked, in the transaction that made the list wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, render_template
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from auth.organisation import Organisation, OrganisationKind
from auth.user import User
from catalog.agreement import Agreement
from catalog.managing import agreement_owners
from catalog.price_list import PriceList
from core.db import db
from core.web import external_url
from exchange.outbox import enqueue


def ask_for_second_person(price_list: PriceList, exceeded: Sequence[Any]) -> None:
    """Ask everybody who manages the agreement, but for whoever brought the list in, once for each list. `exceeded`: the
    limits that it is above, as texts."""
    uploader = price_list.created_by
    agreement, supplier = price_list.award.lot.agreement, price_list.award.supplier
    for person in _managers(agreement):
        if person == uploader:
            continue
        with force_locale(person.language):
            context = {
                "price_list": price_list,
                "agreement": agreement,
                "supplier": supplier,
                "uploader": uploader,
                "exceeded": exceeded,
                "link": external_url("manage.price_list", price_list_id=price_list.id),
                "base_url": current_app.config["AVROP"].base_url,
            }
            subject = _("Att granska: prislista från %(supplier)s", supplier=supplier.name)
            enqueue(
                dedupe_key=f"price-review:{price_list.id}:{person.id}",
                kind="price-review",
                recipient=person.email,
                subject=subject[:200],
                text=render_template("mail/price_review.txt", **context),
                html=render_template("mail/price_review.html", **context),
                reply_to=uploader.email if uploader else None,
                about=f"price-list:{price_list.id}",
            )


def _managers(agreement: Agreement) -> Sequence[User]:
    """The owners of the agreement: those of its organisation, and those of the office, who manage them all."""
    offices = db.session.scalars(select(Organisation.id).where(Organisation.kind == OrganisationKind.OFFICE))
    return agreement_owners({agreement.owner_id, *offices})
