"""Lots and the suppliers on them (delområden och tilldelningar)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from auth.user import User
from catalog.actions.agreement import begin_edit, tell
from catalog.actions.change import Facts, apply
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling
from catalog.external import ExternalCallOff
from catalog.price_list import PriceList
from catalog.supplier import Supplier
from core.db import db
from core.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class LotFacts(Facts):
    """What is told of a lot; `competition_above` is SEK excl. VAT."""

    number: str
    title: str
    method: CallOffMethod
    clause: str
    category: Category | None = None
    competition_above: Decimal | None = None
    choice_grounds: str | None = None
    answer_hours: int = 48


@dataclass(frozen=True, kw_only=True)
class AwardFacts(Facts):
    """What is told of a supplier's place on a lot. Amounts in SEK excl. VAT; days narrow the agreement's own."""

    rank: int = 1
    share: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    minimum_order: Decimal | None = None
    small_order_fee: Decimal | None = None
    freight: Decimal | None = None
    freight_free_from: Decimal | None = None
    delivery_days: int | None = None
    free_text_cap: Decimal | None = None
    free_text_basis: str | None = None
    free_text_by_hour: bool = False
    free_text_rate: Decimal | None = None
    free_text_by_list: bool = False
    free_text_mark_up: Decimal | None = None
    free_text_by_estimate: bool = False
    free_text_needs_file: bool = False


def add_lot(actor: User | None, agreement: Agreement, facts: LotFacts, version: int) -> Lot:
    """Add a lot, with a ceiling of its own: unknown, but counted from the first order on."""
    begin_edit(actor, agreement, version)
    _check_number(agreement, facts.number)
    lot = Lot()
    apply(lot, facts)
    agreement.lots.append(lot)
    db.session.add(Ceiling(agreement=agreement, lot=lot))
    tell(actor, "add-lot", agreement, lot=lot.number, title=lot.title, method=lot.method.value, clause=lot.clause)
    return lot


def edit_lot(actor: User | None, lot: Lot, facts: LotFacts, version: int) -> Lot:
    """Change a lot. On a published agreement it must stay complete."""
    begin_edit(actor, lot.agreement, version)
    _check_number(lot.agreement, facts.number, lot)
    if changes := apply(lot, facts):
        _check_published(lot)
        tell(actor, "edit-lot", lot.agreement, lot=lot.number, changes=changes)
    return lot


def remove_lot(actor: User, lot: Lot, version: int) -> None:
    """Take a lot off a draft."""
    agreement = lot.agreement
    begin_edit(actor, agreement, version)
    _check_removable(agreement, [award.id for award in lot.awards], [lot.id])
    agreement.lots.remove(lot)
    tell(actor, "remove-lot", agreement, lot=lot.number, title=lot.title)


def add_award(actor: User | None, lot: Lot, supplier: Supplier, facts: AwardFacts, version: int) -> Award:
    """Put a supplier on a lot, with a ceiling of its own: unknown, but counted from the first order on."""
    begin_edit(actor, lot.agreement, version)
    if any(award.supplier_id == supplier.id for award in lot.awards):
        raise RuleBroken(_l("%(name)s står redan på delområdet.", name=supplier.name))
    _check_award(facts)
    award = Award(supplier=supplier)
    apply(award, facts)
    lot.awards.append(award)
    _check_published(lot)
    db.session.add(Ceiling(agreement=lot.agreement, lot=lot, award=award))
    tell(actor, "add-award", lot.agreement, lot=lot.number, supplier=supplier.name, rank=award.rank)
    return award


def edit_award(actor: User | None, award: Award, facts: AwardFacts, version: int) -> Award:
    """Change a supplier's terms on a lot."""
    lot = award.lot
    begin_edit(actor, lot.agreement, version)
    _check_award(facts)
    if changes := apply(award, facts):
        _check_published(lot)
        tell(actor, "edit-award", lot.agreement, lot=lot.number, supplier=award.supplier.name, changes=changes)
    return award


def remove_award(actor: User, award: Award, version: int) -> None:
    """Take a supplier off a lot of a draft; on a published agreement its last day is set instead."""
    lot = award.lot
    begin_edit(actor, lot.agreement, version)
    _check_removable(lot.agreement, [award.id])
    lot.awards.remove(award)
    tell(actor, "remove-award", lot.agreement, lot=lot.number, supplier=award.supplier.name)


def _check_number(agreement: Agreement, number: str, itself: Lot | None = None) -> None:
    if any(lot.number == number and lot is not itself for lot in agreement.lots):
        raise RuleBroken(_l("Det finns redan ett delområde %(number)s.", number=number))


def _check_award(facts: AwardFacts) -> None:
    if facts.starts_on and facts.ends_on and facts.ends_on < facts.starts_on:
        raise RuleBroken(_l("Sista dagen ligger före första dagen."))
    if facts.small_order_fee is not None and facts.minimum_order is None:
        raise RuleBroken(_l("Ange under vilket belopp avgiften för små beställningar tas ut."))
    if facts.freight_free_from is not None and facts.freight is None:
        raise RuleBroken(_l("Ange frakten, eller ta bort beloppet som den är fri från."))
    grounds = (facts.free_text_by_hour, facts.free_text_by_list, facts.free_text_by_estimate)
    if (facts.free_text_cap is not None) != any(grounds):
        raise RuleBroken(_l("Fritext behöver både ett högsta belopp och minst en grund för priset."))
    if facts.free_text_rate is not None and not facts.free_text_by_hour:
        raise RuleBroken(_l("Ett högsta timpris hör till fritext med timpris."))
    if facts.free_text_mark_up is not None and not facts.free_text_by_list:
        raise RuleBroken(_l("Ett högsta påslag hör till fritext med listpris."))


def _check_published(lot: Lot) -> None:
    """What staff can order from must not become incomplete."""
    if lot.agreement.state in (AgreementState.PUBLISHED, AgreementState.PAUSED):
        lot.check_complete()


def _check_removable(agreement: Agreement, award_ids: list[int], lot_ids: Sequence[int] = ()) -> None:
    if agreement.state is not AgreementState.DRAFT:
        raise RuleBroken(
            _l("Avtalet har varit publicerat. Det som står i det kan avslutas men inte tas bort."),
            way_on=_l("Sätt en sista dag på leverantören i stället."),
        )
    if db.session.scalar(select(PriceList.id).where(PriceList.award_id.in_(award_ids)).limit(1)):
        raise RuleBroken(_l("Det finns prislistor här. Sätt en sista dag på leverantören i stället."))
    entered = or_(ExternalCallOff.award_id.in_(award_ids), ExternalCallOff.lot_id.in_(lot_ids))
    if db.session.scalar(select(ExternalCallOff.id).where(entered).limit(1)):
        raise RuleBroken(_l("Det finns avrop inlagda här, som är gjorda utanför Avrop. De tas inte bort."))
