"""What is noted in the ranking log: that a better-placed supplier declined, or did not answer in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.user import User
from catalog.agreement import Award
from core.clock import now
from core.db import db
from core.errors import RuleBroken
from orders.basket import Basket
from orders.ranking import LONGEST_AGO, SILENT, AskedGoods, RankingRefusal
from orders.sent_file import SentFile, file_columns, known_file


def note_refusal(
    actor: User,
    basket: Basket,
    award: Award,
    asked_at: datetime,
    channel: str,
    answer: str,
    reason: str,
    file: SentFile | None = None,
) -> RankingRefusal:
    """Note that a better-placed supplier declined or stayed silent about what lies in the basket; opens the next place
    for so much of it, in this need alone.

    Raises RuleBroken when silence is claimed before the lot's hours are out (all hours count, weekends too), when it
    was asked in the future or too long ago, and when nothing of the lot lies in the basket.
    """
    noted_at, answer_by = now(), asked_at + timedelta(hours=award.lot.answer_hours)
    _check_times(asked_at, noted_at)
    if answer == SILENT and noted_at < answer_by:
        hours = award.lot.answer_hours
        raise RuleBroken(
            _l("Leverantören har %(hours)s timmar på sig att svara. Vänta tills tiden gått ut.", hours=hours)
        )
    asked_for = _asked_for(basket, award)
    if not asked_for:
        raise RuleBroken(_l("Lägg det du behöver i varukorgen först, så syns det vad leverantören fick frågan om."))
    refusal = RankingRefusal(
        award=award,
        basket_id=basket.id,
        asked_at=asked_at,
        answer_by=answer_by,
        asked_for=asked_for,
        channel=channel,
        answer=answer,
        reason=reason,
        noted_by=actor,
        noted_at=noted_at,
        **file_columns(known_file(file) if file else None),
    )
    db.session.add(refusal)
    db.session.flush()
    record(
        actor,
        "note-refusal",
        "award",
        award.id,
        organisation_id=basket.organisation_id,
        supplier=award.supplier.name,
        lot=award.lot.title,
        answer=answer,
        channel=channel,
        reason=reason,
        asked_at=asked_at.isoformat(),
        asked_for=[[goods.name, str(goods.quantity), goods.unit_code] for goods in asked_for],
        file=refusal.file_sha256,
    )
    return refusal


def _check_times(asked_at: datetime, noted_at: datetime) -> None:
    if asked_at > noted_at:
        raise RuleBroken(_l("Leverantören kan inte ha tillfrågats i framtiden."))
    if asked_at < noted_at - LONGEST_AGO:
        raise RuleBroken(_l("Det är för länge sedan. Fråga leverantören igen, om just den här beställningen."))


def _asked_for(basket: Basket, award: Award) -> tuple[AskedGoods, ...]:
    """What lies in the basket of the award's lot."""
    return tuple(
        AskedGoods(
            line.article.award_id,
            line.article.supplier_number,
            line.article.gtin,
            line.article.name,
            line.article.unit_code,
            line.quantity,
        )
        for line in basket.lines
        if line.article.award.lot_id == award.lot_id
    )
