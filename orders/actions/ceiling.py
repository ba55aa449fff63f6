"""Open a ceiling beside those that an agreement was born with: an organisation's part, or one that counts a quantity.

It begins with what has been called off already, and never stops what was promised before it came.
"""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.organisation import Organisation
from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.agreement import Agreement, Award, Lot
from catalog.ceiling import SEK, Ceiling
from core.clock import now
from core.db import db
from core.errors import RuleBroken
from exchange.units import UNITS
from orders.ceiling_sums import sums_for


def open_ceiling(
    actor: User | None,
    agreement: Agreement,
    version: int,
    *,
    limit: Decimal | None,
    lot: Lot | None = None,
    award: Award | None = None,
    organisation: Organisation | None = None,
    measure: str = SEK,
) -> Ceiling:
    """A ceiling of the agreement, of a lot or of an award, or of an organisation's part of the first two.

    `limit` in SEK excl. VAT or in the measure, a UN/ECE unit; none: counted, but no stop. Raises NotAllowed,
    WrongState, RuleBroken.
    """
    begin_edit(actor, agreement, version)
    lot = award.lot if award is not None else lot
    _check(agreement, limit, lot, award, organisation, measure)
    # those who are calling off hold these rows until their commit, and are counted below
    at_work = select(Ceiling.id).where(Ceiling.agreement_id == agreement.id).order_by(Ceiling.id).with_for_update()
    db.session.execute(at_work).all()
    ceiling = Ceiling(
        agreement=agreement,
        lot=lot,
        award=award,
        organisation=organisation,
        measure=measure,
        limit=limit,
        opened_at=now(),
    )
    db.session.add(ceiling)
    db.session.flush()
    [sums] = sums_for([ceiling], agreement.id).values()
    ceiling.reserved, ceiling.ordered, ceiling.external = sums.reserved, sums.ordered, sums.external
    tell(
        actor,
        "open-ceiling",
        agreement,
        scope=ceiling.scope_name,
        limit=None if limit is None else f"{limit:f}",
        measure=measure,
        used=f"{ceiling.used:f}",
    )
    return ceiling


def _check(
    agreement: Agreement,
    limit: Decimal | None,
    lot: Lot | None,
    award: Award | None,
    organisation: Organisation | None,
    measure: str,
) -> None:
    if limit is not None and limit <= 0:
        raise RuleBroken(_l("Takvolymen måste vara större än noll. Lämna tomt om den är okänd."))
    if measure != SEK and measure not in UNITS:
        raise RuleBroken(_l("Enheten finns inte."))
    if lot is not None and lot.agreement_id != agreement.id:
        raise RuleBroken(_l("Delområdet hör inte till avtalet."))
    if organisation is not None and award is not None:
        raise RuleBroken(_l("En organisations del gäller avtalet eller ett delområde, inte en enda leverantör."))
    if organisation is not None and organisation.id not in {e.organisation_id for e in agreement.entitlements}:
        raise RuleBroken(_l("%(name)s får inte avropa från avtalet.", name=organisation.name))
    same = select(Ceiling.id).where(
        Ceiling.agreement_id == agreement.id,
        Ceiling.lot_id == (lot.id if lot else None),
        Ceiling.award_id == (award.id if award else None),
        Ceiling.organisation_id == (organisation.id if organisation else None),
        Ceiling.measure == measure,
    )
    if db.session.scalar(same) is not None:
        raise RuleBroken(_l("Det taket finns redan. Ändra det i stället."))
