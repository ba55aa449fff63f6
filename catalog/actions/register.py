"""Bring a register of agreements in: all of it, or nothing.

New agreements become drafts; drafts are updated; of an agreement that has been published only what carries no law
(texts, responsible contacts) may be changed this way. An empty cell changes nothing. What stands in Avrop but not in
the file is told, never removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from auth.organisation import Organisation, OrganisationKind
from auth.user import User
from catalog.actions import agreement as agreements
from catalog.actions import ceiling as ceilings
from catalog.actions import lot as lots
from catalog.actions import supplier as suppliers
from catalog.actions.agreement import AgreementFacts
from catalog.actions.discrepancy import discrepancies
from catalog.actions.entitlement import entitle
from catalog.actions.intake import Change, Refusal, RegisterRefused, as_read, differences
from catalog.actions.lot import AwardFacts, LotFacts
from catalog.actions.supplier import SupplierFacts
from catalog.agreement import Agreement, AgreementState, Award, CallOffMethod, LegalRegime, Lot
from catalog.category import Category
from catalog.ceiling import Ceiling, everybodys_amount
from catalog.policy import may_manage
from catalog.supplier import Supplier
from core.db import db
from core.errors import AvropError
from exchange.registerfile import COLUMNS, EVERYBODY, UNKNOWN, RegisterRow, by_lot, grounds_of


@dataclass(slots=True)
class RegisterOutcome:
    """What was done, by agreement number, and remarks about what was left alone."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Change | str]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    new_suppliers: list[str] = field(default_factory=list)
    remarks: list[Any] = field(default_factory=list)


def import_register(actor: User | None, rows: Iterable[RegisterRow], *, publish: bool = False) -> RegisterOutcome:
    """Bring the rows in, in the running transaction. Raises RegisterRefused with everything that stands against it;
    the caller's transaction must then be rolled back, as both a request and a command do on an exception."""
    return _Import(actor, list(rows), publish).run()


class _Import:
    """One register on its way in: what it refers to is loaded once, refusals grow as it goes."""

    def __init__(self, actor: User | None, rows: list[RegisterRow], publish: bool) -> None:
        self.actor, self.publish = actor, publish
        self.rows = sorted(rows, key=lambda row: row.agreement)  # stable: lines keep their order
        self.refusals: list[Refusal] = []
        self.outcome = RegisterOutcome()
        self.organisations = {o.organisation_number: o for o in db.session.scalars(select(Organisation))}
        self.suppliers = {s.organisation_number: s for s in db.session.scalars(select(Supplier))}
        categories = db.session.scalars(select(Category)).all()
        # a code means its own category, however others are called
        self.categories = {(as_read(c.name) or "").casefold(): c for c in categories}
        self.categories |= {(as_read(c.code) or "").casefold(): c for c in categories}
        self.categories |= {as_read(c.code): c for c in categories}
        self.agreements = self._load_agreements({row.agreement for row in rows})
        self.ceilings = self._load_ceilings()

    def run(self) -> RegisterOutcome:
        for number, group in groupby(self.rows, key=lambda row: row.agreement):
            rows = list(group)
            known = len(self.refusals)
            try:
                # what a refused agreement had begun is undone, so that the next one is judged by itself
                with db.session.begin_nested():
                    self._bring_in(number, rows)
                    if len(self.refusals) > known:
                        raise _Undo
            except _Undo:
                self._forget_undone()
            except AvropError as error:
                self._refuse(rows[0].line, "agreement", error.message)
                self._forget_undone()
        if self.refusals:
            raise RegisterRefused(self.refusals)
        return self.outcome

    def _forget_undone(self) -> None:
        self.suppliers = {number: supplier for number, supplier in self.suppliers.items() if supplier in db.session}

    def _bring_in(self, number: str, rows: list[RegisterRow]) -> None:
        agreement = self.agreements.get(number)
        if agreement is not None and self.actor is not None and not may_manage(self.actor, agreement):
            self._refuse(rows[0].line, "agreement", _l("Avtalet sköts av %(owner)s.", owner=agreement.owner.name))
            return
        facts = self._facts(rows[0])
        if facts is None or not self._check_rows(rows):
            return
        if agreement is None:
            agreement = agreements.create(self.actor, facts, reason=rows[0].reason)
            self.ceilings[(agreement.id, None)] = db.session.scalars(
                select(Ceiling).where(Ceiling.agreement_id == agreement.id)
            ).one()
            self._build(agreement, rows, [])
            notes = list(dict.fromkeys(row.note for row in rows if row.note))
            agreements.tell(self.actor, "import", agreement, notes=notes or None)
            self.outcome.created.append(number)
        elif agreement.state is AgreementState.DRAFT:
            told: list[Change | str] = []
            former = AgreementFacts.of(agreement)
            if facts != former:
                agreements.edit(self.actor, agreement, facts, agreement.version, reason=rows[0].reason)
            told += _differences(former, facts)
            self._build(agreement, rows, told)
            self._note(number, told)
        else:
            self._update_published(agreement, facts, rows)
        if self.publish and agreement.state is AgreementState.DRAFT:
            agreements.publish(self.actor, agreement)
            self.outcome.published.append(number)

    def _facts(self, row: RegisterRow) -> AgreementFacts | None:
        """The facts of an agreement: those that stand, with what the row says put over them."""
        owner = self.organisations.get(row.owner) if row.owner else None
        if row.owner and owner is None:
            self._refuse(row.line, "owner", _l("Organisationen finns inte i Avrop."))
            return None
        category = None
        if row.category:
            category = self.categories.get(row.category) or self.categories.get(row.category.casefold())
        if row.category and category is None:
            self._refuse(row.line, "category", _l("Kategorin ”%(name)s” finns inte.", name=row.category))
            return None
        said: dict[str, Any] = {
            "title": row.title,
            "registry_number": row.registry_number,
            "summary": row.summary,
            "how_to_order": row.how_to_order,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "legal_regime": LegalRegime(row.regime) if row.regime else None,
            "owner": owner,
            "category": category,
        }
        agreement = self.agreements.get(row.agreement)
        said = _news(said, agreement, lines=("summary", "how_to_order"))
        if agreement is not None:
            return replace(AgreementFacts.of(agreement), **said)
        said.setdefault("owner", next((o for o in self.organisations.values() if o.is_office), None))
        if said["owner"] is None:
            self._refuse(row.line, "owner", _l("Ange vem som äger avtalet: det finns inget gemensamt kontor."))
            return None
        return AgreementFacts(number=row.agreement, **said)

    def _check_rows(self, rows: list[RegisterRow]) -> bool:
        """Whether the rows name organisations that exist, and a method wherever there is a choice of suppliers."""
        known = len(self.refusals)
        for number in rows[0].entitled:
            if number != EVERYBODY and number not in self.organisations:
                text = _l("Organisationen %(number)s finns inte i Avrop.", number=number)
                self._refuse(rows[0].line, "entitled", text)
        for lot_number, lot_rows in by_lot(rows).items():
            if lot_rows[0].method is None and len(lot_rows) > 1:
                text = _l("Delområde %(lot)s har flera leverantörer. Ange avropsordningen.", lot=lot_number)
                self._refuse(lot_rows[0].line, "method", text)
        return len(self.refusals) == known

    def _build(self, agreement: Agreement, rows: list[RegisterRow], told: list[Change | str]) -> None:
        """Lots, suppliers, entitled organisations and ceilings of a draft."""
        here = {lot.number: lot for lot in agreement.lots}
        for number, lot_rows in by_lot(rows).items():
            lot = self._lot(agreement, here.get(number), lot_rows[0], told)
            for place, row in enumerate(lot_rows, 1):
                if row.supplier is not None:
                    self._award(lot, row, row.supplier, place, told)
        entitled = self._entitled(rows[0])
        holding = {e.organisation_id for e in agreement.entitlements if e.lot_id is None}
        if missing := [o for o in entitled if o.id not in holding]:
            entitle(self.actor, agreement, missing, agreement.version)
            told += [f"+ {organisation.name}" for organisation in missing]
        self._state_ceiling(agreement, None, rows[0].ceiling, rows[0].reason, told)
        self._remark_on_missing(agreement, rows)

    def _lot(self, agreement: Agreement, lot: Lot | None, row: RegisterRow, told: list[Change | str]) -> Lot:
        said: dict[str, Any] = {
            "title": row.lot_title,
            "method": CallOffMethod(row.method) if row.method else None,
            "clause": row.clause,
            "choice_grounds": "\n".join(row.grounds) or None,
            "competition_above": row.competition_above,
        }
        said = _news(said, lot)
        if lot is not None and row.grounds == grounds_of(lot.choice_grounds):
            said.pop("choice_grounds", None)
        if lot is None:
            facts = LotFacts(
                **{
                    "number": row.lot or "1",
                    "title": agreement.title,
                    "method": CallOffMethod.SINGLE,
                    "clause": "",
                    **said,
                }
            )
            lot = lots.add_lot(self.actor, agreement, facts, agreement.version)
            told.append(f"+ {row.lot} {lot.title}")
        else:
            former = LotFacts.of(lot)
            facts = replace(former, **said)
            if facts != former:
                lots.edit_lot(self.actor, lot, facts, agreement.version)
                told += _differences(former, facts, lot.number)
        self._state_ceiling(agreement, lot, row.lot_ceiling, row.reason, told)
        return lot

    def _award(self, lot: Lot, row: RegisterRow, number: str, place: int, told: list[Change | str]) -> None:
        supplier = self._supplier(row, number, told)
        award = next((award for award in lot.awards if award.supplier is supplier), None)
        if award is None:
            facts = AwardFacts(rank=row.rank or place, share=row.share)
            lots.add_award(self.actor, lot, supplier, facts, lot.agreement.version)
            told.append(f"+ {lot.number}: {supplier.name}")
            return
        former = AwardFacts.of(award)
        facts = replace(former, rank=row.rank or former.rank, share=row.share or former.share)
        if facts != former:
            lots.edit_award(self.actor, award, facts, lot.agreement.version)
            told += _differences(former, facts, f"{lot.number} {supplier.name}")

    def _supplier(self, row: RegisterRow, number: str, told: list[Change | str]) -> Supplier:
        """The supplier by its number; a new one is entered. The order address of a known one is never overwritten:
        a register with an old address would lead orders astray."""
        supplier = self.suppliers.get(number)
        if supplier is None:
            facts = SupplierFacts(
                organisation_number=number, name=row.supplier_name or number, order_email=row.supplier_email
            )
            supplier = self.suppliers[number] = suppliers.create(self.actor, facts)
            self.outcome.new_suppliers.append(supplier.name)
        elif row.supplier_email and not supplier.order_email:
            facts = replace(SupplierFacts.of(supplier), order_email=row.supplier_email)
            suppliers.edit(self.actor, supplier, facts, supplier.version)
            told.append(f"{supplier.name}: {row.supplier_email}")
        elif row.supplier_email and row.supplier_email != supplier.order_email:
            self.outcome.remarks.append(
                _l(
                    "%(name)s har redan adressen %(email)s. Ändra den på leverantörens sida om den är fel.",
                    name=supplier.name,
                    email=supplier.order_email,
                )
            )
        return supplier

    def _state_ceiling(
        self, agreement: Agreement, lot: Lot | None, said: Any, reason: str | None, told: list[Change | str]
    ) -> None:
        if said is None:
            return
        key = (agreement.id, lot.id if lot else None)
        if key not in self.ceilings:
            self.ceilings[key] = db.session.scalars(
                select(Ceiling).where(
                    Ceiling.agreement_id == agreement.id,
                    Ceiling.lot_id == (lot.id if lot else None),
                    Ceiling.award_id.is_(None),
                    *everybodys_amount(),
                )
            ).one()
        ceiling = self.ceilings[key]
        limit = None if said == UNKNOWN else said
        if ceiling.limit != limit:
            told.append(f"{ceiling.scope_name}: {ceiling.limit or UNKNOWN} → {limit or UNKNOWN}")
            ceilings.state_ceiling(self.actor, ceiling, agreement.version, limit=limit, reason=reason)

    def _update_published(self, agreement: Agreement, facts: AgreementFacts, rows: list[RegisterRow]) -> None:
        """Texts may be changed; what the law cares about refuses the agreement."""
        former, known = AgreementFacts.of(agreement), len(self.refusals)
        for row, column in discrepancies(agreement, facts, rows, self._entitled(rows[0]), self.ceilings):
            text = _l(
                "Avtal %(number)s har varit publicerat. Det här kan bara ändras på avtalets sida, med skäl.",
                number=agreement.number,
            )
            self._refuse(row.line, column, text)
        if facts != former and len(self.refusals) == known:
            agreements.edit(self.actor, agreement, facts, agreement.version)
        self._note(agreement.number, _differences(former, facts))

    def _entitled(self, row: RegisterRow) -> list[Organisation]:
        if row.entitled == (EVERYBODY,):
            everybody = (o for o in self.organisations.values() if o.is_active)
            return [o for o in everybody if o.kind is not OrganisationKind.OFFICE]
        return [self.organisations[number] for number in row.entitled]

    def _remark_on_missing(self, agreement: Agreement, rows: list[RegisterRow]) -> None:
        """Tell what stands in Avrop but not in the file."""
        in_file = {(row.lot, row.supplier) for row in rows}
        for lot in agreement.lots:
            for award in lot.awards:
                if (lot.number, award.supplier.organisation_number) not in in_file:
                    text = _l(
                        "Avtal %(number)s: %(name)s på delområde %(lot)s finns i Avrop men inte i filen.",
                        number=agreement.number,
                        name=award.supplier.name,
                        lot=lot.number,
                    )
                    self.outcome.remarks.append(text)

    def _note(self, number: str, told: list[Change | str]) -> None:
        if told:
            self.outcome.changed[number] = told
        else:
            self.outcome.unchanged.append(number)

    def _refuse(self, line: int, field_name: str, text: Any) -> None:
        self.refusals.append(Refusal(line, COLUMNS[field_name].heading, text))

    def _load_agreements(self, numbers: set[str]) -> dict[str, Agreement]:
        found: dict[str, Agreement] = {}
        wanted = sorted(numbers)
        for start in range(0, len(wanted), 500):  # SQLite takes a limited number of parameters
            query = (
                select(Agreement)
                .where(Agreement.number.in_(wanted[start : start + 500]))
                .options(
                    selectinload(Agreement.lots).selectinload(Lot.awards).joinedload(Award.supplier),
                    selectinload(Agreement.entitlements),
                )
            )
            found |= {agreement.number: agreement for agreement in db.session.scalars(query)}
        return found

    def _load_ceilings(self) -> dict[tuple[int, int | None], Ceiling]:
        """The ceilings of agreements and lots, by both ids."""
        ids = [agreement.id for agreement in self.agreements.values()]
        query = select(Ceiling).where(Ceiling.award_id.is_(None), *everybodys_amount())
        return {
            (c.agreement_id, c.lot_id): c
            for start in range(0, len(ids), 500)
            for c in db.session.scalars(query.where(Ceiling.agreement_id.in_(ids[start : start + 500])))
        }


class _Undo(Exception):
    """Leaves the savepoint of an agreement that was refused."""


def _news(said: dict[str, Any], thing: object | None, *, lines: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is said and is not what stands already, as far as a file can tell it."""
    return {
        name: value
        for name, value in said.items()
        if value is not None
        and (thing is None or not isinstance(value, str) or value != as_read(getattr(thing, name), lines=name in lines))
    }


def _differences(former: Any, facts: Any, of: str = "") -> list[Change | str]:
    """What differs between two dataclasses of facts, for the person at the keyboard."""
    before, after = ({f.name: getattr(told, f.name) for f in fields(told)} for told in (former, facts))
    return [*differences(before, after, of)]
