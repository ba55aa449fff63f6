"""Review a price list: refuse rows or take them back in, see that the rules hold, and take up a former list again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Integer, delete, literal, true

from auth.journal import record
from auth.user import User
from catalog.actions.agreement import check_may_manage
from catalog.actions.price_version import next_version
from catalog.difference import Difference
from catalog.mail import ask_for_second_person
from catalog.price_change import Kind, former_of
from catalog.price_index import PriceIndex, readings_of, rules_for
from catalog.price_list import PriceList, PriceListState
from catalog.price_refusal import PriceRefusal, copy_list
from catalog.price_rule import rule_of
from core.clock import now, today
from core.db import db, insert_with_conflict
from core.errors import NotAllowed, RuleBroken, WrongState
from core.types import UtcDateTime

# What is kept of a refused row: as Difference.offered has it, then what is the same for all of them
_KEPT = (
    *("supplier_number", "kind", "name", "kept_price", "kept_base", "offered_price", "offered_base"),
    *("price_list_id", "reason", "refused_at", "refused_by_id"),
)
TOLD = 20  # numbers that the journal names; it counts the others


def difference_of(price_list: PriceList) -> Difference:
    """What a list changes, under its agreement's rule."""
    former = former_of(price_list)
    return Difference(price_list, former, rules_for(price_list, former))


def refuse(
    actor: User | None, draft: PriceList, reason: str, *, numbers: Sequence[str] | None = None, kind: Kind | None = None
) -> int:
    """Refuse the changes of the articles named, or all of a kind; returns how many. A row that is refused already gets
    the new reason.

    Raises RuleBroken where there is no reason or no such change, WrongState once the list is reviewed.
    """
    _open(actor, draft)
    reason = reason.strip()
    if not reason:
        raise RuleBroken(_l("Skriv varför raderna avböjs. Leverantören får se skälet."))
    said = literal(reason), literal(now(), UtcDateTime()), literal(actor.id if actor else None, Integer())
    offered = difference_of(draft).offered(kind, numbers).add_columns(literal(draft.id), *said).where(true())
    statement = insert_with_conflict(PriceRefusal).from_select(_KEPT, offered)
    again = {name: statement.excluded[name] for name in ("reason", "refused_at", "refused_by_id")}
    key = ["price_list_id", "supplier_number"]
    done = db.session.scalars(
        statement.on_conflict_do_update(index_elements=key, set_=again).returning(PriceRefusal.supplier_number)
    ).all()
    if not done:
        raise RuleBroken(_l("Välj minst en ändring."))
    tell(actor, "refuse", draft, count=len(done), numbers=sorted(done)[:TOLD], reason=reason)
    return len(done)


def accept(actor: User | None, draft: PriceList, numbers: Sequence[str] | None = None) -> int:
    """Take refused rows back in, those named or all of them; returns how many."""
    _open(actor, draft)
    ours = PriceRefusal.price_list_id == draft.id
    if numbers is not None:
        numbers = [*numbers, *difference_of(draft).former_numbers(numbers)]
    named = ours if numbers is None else ours & PriceRefusal.supplier_number.in_(numbers)
    done = db.session.scalars(delete(PriceRefusal).where(named).returning(PriceRefusal.supplier_number)).all()
    if done:
        tell(actor, "accept", draft, count=len(done), numbers=sorted(done)[:TOLD])
        ask_if_needed(draft)
    return len(done)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a list may be reviewed, and by whom. `breaking`: raises that the agreement forbids, or that might be such
    since the units do not compare (`incomparable`); `exceeded`: why a second person must say yes, as texts: the limits
    that the list is above, and that this person read the index which its raises lean on (`is_own_index`)."""

    breaking: int = 0
    incomparable: int = 0
    exceeded: Sequence[Any] = ()
    needs_another: bool = False  # this person must not be the one
    is_own_index: bool = False

    @property
    def is_fine(self) -> bool:
        return not self.breaking and not self.needs_another


def judge(person: User | None, price_list: PriceList, difference: Difference) -> Verdict:
    """What a price rule says of a difference when this person wants to let it through; none is the machine, which is
    nobody's second pair of eyes."""
    rule = difference.rule
    if rule is None:
        return Verdict()
    totals = difference.totals
    exceeded = rule.exceeded(
        percent=totals.largest_percent, share=totals.share, effect=totals.effect, incomparable=totals.incomparable
    )
    needs_another = difference.former is not None and bool(exceeded) and _is_same(person, price_list.created_by_id)
    own_index = _index_of(person, difference)
    if own_index is not None:
        who = own_index.stated_by.name if own_index.stated_by else "Avrop"
        exceeded.append(_l("Höjningarna vilar på ett indextal som %(name)s har läst in.", name=who))
    return Verdict(
        breaking=totals.breaking,
        incomparable=totals.incomparable if totals.breaking else 0,
        exceeded=exceeded,
        needs_another=needs_another or own_index is not None,
        is_own_index=own_index is not None,
    )


def _index_of(person: User | None, difference: Difference) -> PriceIndex | None:
    """The reading that the raises lean on, where this person has made it: whoever says what an index permits does not
    also say that a list keeps to it."""
    reading = difference.reading
    if reading is None or not difference.totals.dearer:
        return None
    return reading if _is_same(person, reading.stated_by_id) else None


def _is_same(person: User | None, former_id: int | None) -> bool:
    """Whether what two must do has been done by one; the machine is nobody's second pair of eyes."""
    return person is None or person.id == former_id


def ask_if_needed(price_list: PriceList) -> None:
    """Mail those who may be the second person where whoever brought the list in must not approve it alone."""
    agreement = price_list.award.lot.agreement
    rule = rule_of(agreement)
    if (rule is None or not rule.has_limits) and not readings_of(agreement):
        return
    db.session.flush()
    verdict = judge(price_list.created_by, price_list, difference_of(price_list))
    if verdict.needs_another:
        ask_for_second_person(price_list, verdict.exceeded)


def eyes_of(actor: User | None, price_list: PriceList) -> User | None:
    """Whose eyes count: the actor's, or, once there is one, the reviewer's where that is the machine or who brought the
    list in."""
    is_nobody_else = actor is None or actor.id == price_list.created_by_id
    return price_list.reviewed_by or actor if is_nobody_else else actor


def check_changes(actor: User | None, price_list: PriceList) -> None:
    """Raises RuleBroken where a raise is against the agreement, NotAllowed where somebody else must review."""
    verdict = judge(eyes_of(actor, price_list), price_list, difference_of(price_list))
    if verdict.breaking:
        way_on = _l("Avböj de raderna, så kan resten godkännas.")
        if price_list.state is not PriceListState.DRAFT:
            way_on = _l("Listan är redan granskad. Återta den, och läs in en ny.")
        message = _l("Priser som höjs mer eller tidigare än avtalet tillåter: %(count)s.", count=verdict.breaking)
        if verdict.incomparable:
            message = _l(
                "Priser som höjs mer eller tidigare än avtalet tillåter: %(count)s. Av dem har %(others)s en ny enhet"
                " eller förpackning som inte går att jämföra med den gamla.",
                count=verdict.breaking,
                others=verdict.incomparable,
            )
        raise RuleBroken(message, way_on=way_on)
    if verdict.is_own_index:
        raise NotAllowed(
            _l("Höjningarna vilar på ett indextal. En annan person än den som läste in det måste godkänna dem."),
            way_on=_l("Be en annan avtalsansvarig öppna listan och godkänna den."),
        )
    if verdict.needs_another:
        raise NotAllowed(
            _l("Ändringarna är så stora att en annan person än den som läste in listan måste godkänna dem."),
            way_on=_l("Be en annan avtalsansvarig öppna listan och godkänna den."),
        )


def restore(actor: User | None, former: PriceList) -> PriceList:
    """Take up a list that was in force before: a new draft with the same rows, to be read and published as any other.

    Raises WrongState for a list that never was in force, or is now.
    """
    award = former.award
    check_may_manage(actor, award.lot.agreement)
    if former.publication is None or former.state is PriceListState.PUBLISHED:
        raise WrongState(_l("Bara en lista som har varit i kraft förut kan tas upp igen."))
    draft = PriceList(
        award=award,
        version=next_version(award.id),
        effective_from=today(),
        source_name=former.source_name,
        source_sha256=former.source_sha256,
        restored_from=former,
        created_at=now(),
        created_by_id=actor.id if actor else None,
    )
    db.session.add(draft)
    db.session.flush()
    copy_list(former, draft)
    tell(actor, "restore", draft, former=former.version, articles=draft.article_count)
    ask_if_needed(draft)
    return draft


def _open(actor: User | None, draft: PriceList) -> None:
    """Who, and is it still a draft: nobody reviews it before we are done."""
    check_may_manage(actor, draft.award.lot.agreement)
    db.session.flush()
    db.session.refresh(draft, ["state"], with_for_update=True)
    if draft.state is not PriceListState.DRAFT:
        raise WrongState(_l("Prislistan är redan granskad. Raderna kan inte väljas längre."))


def tell(actor: User | None, act: str, price_list: PriceList, **detail: Any) -> None:
    """An entry in the price list's story."""
    db.session.flush()
    award = price_list.award
    agreement = award.lot.agreement
    record(
        actor,
        act,
        "price-list",
        price_list.id,
        organisation_id=agreement.owner_id,
        number=agreement.number,
        supplier=award.supplier.name,
        version=price_list.version,
        **detail,
    )
