"""Mail to those who answer for agreements: a price list waits for a second person, a ceiling fills up, a day comes
close; and to suppliers, that an agreement is prolonged. In the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from auth.organisation import Organisation, OrganisationKind
from auth.user import User
from catalog.agreement import Agreement, ExtensionOption
from catalog.ceiling import Ceiling
from catalog.managing import agreement_owners
from catalog.price_list import PriceList
from catalog.watching import ComingDay
from core.clock import now
from core.db import db
from core.language import speaking
from core.web import external_url
from exchange.letter import promise


def ask_for_second_person(price_list: PriceList, exceeded: Sequence[Any]) -> None:
    """Ask everybody who manages the agreement, but for whoever brought the list in, once for each list. `exceeded`: the
    limits that it is above, as texts."""
    uploader = price_list.created_by
    agreement, supplier = price_list.award.lot.agreement, price_list.award.supplier
    for person in _managers(agreement):
        if person == uploader:
            continue
        with speaking(person.language):
            promise(
                "price_review",
                key=f"price-review:{price_list.id}:{person.id}",
                recipient=person.email,
                subject=_("Att granska: prislista från %(supplier)s", supplier=supplier.name),
                about=f"price-list:{price_list.id}",
                reply_to=uploader.email if uploader else None,
                price_list=price_list,
                agreement=agreement,
                supplier=supplier,
                uploader=uploader,
                exceeded=exceeded,
                link=external_url("manage.price_list", price_list_id=price_list.id),
            )


def tell_filling(ceiling: Ceiling, level: int, people: Iterable[User]) -> None:
    """Warn that a ceiling has reached a level, in percent."""
    for person in people:
        with speaking(person.language):
            subject = _("%(percent)s %% av taket är nått: %(scope)s", percent=level, scope=ceiling.scope_name)
            promise(
                "ceiling_warning",
                # it may fall below and reach the level once more
                key=f"ceiling-warning:{ceiling.id}:{level}:{person.id}:{now():%Y%m%d%H%M%S}",
                recipient=person.email,
                subject=subject,
                about=f"agreement:{ceiling.agreement_id}",
                ceiling=ceiling,
                agreement=ceiling.agreement,
                level=level,
                link=external_url("manage.agreement", agreement_id=ceiling.agreement_id, _anchor="ceilings"),
            )


def tell_coming_day(coming: ComingDay, people: Iterable[User]) -> None:
    """Tell of a day that somebody must act before."""
    agreement = coming.agreement
    for person in people:
        with speaking(person.language):
            subject = _("%(day)s: %(what)s, %(title)s", day=coming.day, what=coming.kind_name, title=agreement.title)
            promise(
                "coming_day",
                key=f"coming-day:{agreement.id}:{coming.kind.value}:{coming.day}:{person.id}",
                recipient=person.email,
                subject=subject,
                about=f"agreement:{agreement.id}",
                coming=coming,
                agreement=agreement,
                link=external_url("manage.agreement", agreement_id=agreement.id, _anchor="extensions"),
            )


def tell_prolonged(option: ExtensionOption, former: date, actor: User) -> int:
    """Tell every supplier of an agreement, in Swedish, that it is prolonged. Returns how many have an address."""
    agreement = option.agreement
    suppliers = {award.supplier_id: award.supplier for lot in agreement.lots for award in lot.awards}
    reached = [supplier for supplier in suppliers.values() if supplier.order_email]
    for supplier in reached:
        with speaking("sv"):
            promise(
                "prolonged",
                key=f"prolonged:{option.id}:{supplier.id}",
                recipient=supplier.order_email or "",
                subject=_("Avtal %(number)s förlängs till %(day)s", number=agreement.number, day=agreement.ends_on),
                about=f"agreement:{agreement.id}",
                reply_to=actor.email,
                agreement=agreement,
                option=option,
                former=former,
                actor=actor,
            )
    return len(reached)


def _managers(agreement: Agreement) -> Sequence[User]:
    """The owners of the agreement: those of its organisation, and those of the office, who manage them all."""
    offices = db.session.scalars(select(Organisation.id).where(Organisation.kind == OrganisationKind.OFFICE))
    return agreement_owners({agreement.owner_id, *offices})
