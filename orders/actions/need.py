"""What is done with need reports: report, take, pass on, answer, withdraw. Both sides are told by mail each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from auth.journal import record
from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement
from catalog.category import Category
from catalog.parameter import parameter
from catalog.price_list import Article
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import db, reading, unit_of_work
from core.errors import NotAllowed, RuleBroken
from core.state import advance
from orders import need_mail
from orders.direct_procurement import (
    AskedAnswer,
    AskedSupplier,
    DirectProcurement,
    ProcurementLaw,
    lock_sums,
    running_sum,
)
from orders.need import OPEN, NeedAnswer, NeedAttachment, NeedReport, after_working_days
from orders.policy import answers_needs_of, may_answer_need, may_report_need, may_withdraw_need
from orders.sent_file import SentFile, known_file


@dataclass(frozen=True, kw_only=True)
class NeedFacts:
    """What is reported; `key` is drawn with the form, so that a double click makes one report."""

    key: str
    title: str
    reason: str
    is_question: bool = False
    unit: Unit | None = None
    how_much: str | None = None
    estimated_value: Decimal | None = None  # SEK excl. VAT
    needed_on: date | None = None
    category: Category | None = None
    search_text: str | None = None
    article: Article | None = None
    agreement: Agreement | None = None
    refusal_code: str | None = None
    files: tuple[SentFile, ...] = ()


def report(actor: User, organisation: Organisation, facts: NeedFacts) -> NeedReport:
    """Report a need, or ask a question: it goes to whoever owns the category, with a day by which she answers.

    Raises NotAllowed and RuleBroken.
    """
    if not may_report_need(actor, organisation):
        raise NotAllowed(_l("Din roll kan inte anmäla behov här."))
    # her reports are made one at a time: a second click waits here for the first
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update(key_share=True))
    hers = (NeedReport.reporter_id == actor.id, NeedReport.key == facts.key)
    if known := db.session.scalar(select(NeedReport).where(*hers)):
        return known
    if facts.unit is not None and facts.unit.organisation_id != organisation.id:
        raise RuleBroken(_l("Enheten hör inte till organisationen."))
    made = NeedReport(
        key=facts.key,
        organisation=organisation,
        unit=facts.unit,
        reporter=actor,
        is_question=facts.is_question,
        title=facts.title,
        how_much=facts.how_much,
        estimated_value=facts.estimated_value,
        needed_on=facts.needed_on,
        reason=facts.reason,
        search_text=facts.search_text,
        article=facts.article,
        agreement=facts.agreement,
        refusal_code=facts.refusal_code,
        category=facts.category,
        receiver=receiver_of(actor, organisation, facts.category, facts.agreement),
        reported_at=now(),
        reported_on=today(),
        due_on=after_working_days(today(), int(parameter("need.answer-days", today()))),
        attachments=[_attachment(file) for file in facts.files],
    )
    db.session.add(made)
    db.session.flush()
    _tell(actor, "report", made, title=made.title, receiver=_name(made.receiver))
    need_mail.tell_reported(made)
    return made


def withdraw(actor: User, need: NeedReport) -> None:
    """Take a report back that is not answered yet. Raises NotAllowed and WrongState."""
    _lock(need)
    if not may_withdraw_need(actor, need):
        raise NotAllowed(_l("Bara den som har anmält behovet kan ta tillbaka det."))
    advance(need, "withdraw")
    db.session.flush()
    _tell(actor, "withdraw", need, title=need.title)
    need_mail.tell_withdrawn(need)


def take(actor: User, need: NeedReport) -> None:
    """Say that one works on the answer; the reporter sees who. Raises NotAllowed and WrongState."""
    _sit_down(actor, need)
    advance(need, "take")
    need.receiver = actor
    db.session.flush()
    _tell(actor, "take", need, title=need.title)


def pass_on(actor: User, need: NeedReport, category: Category, reason: str | None) -> None:
    """Move a report to another category, whose owner gets it. The day by which it is answered stays.

    Raises NotAllowed, WrongState, and RuleBroken where nobody else would get it.
    """
    _sit_down(actor, need)
    receiver = receiver_of(need.reporter, need.organisation, category, None)
    if need.category == category and need.receiver == receiver:
        raise RuleBroken(_l("Anmälan ligger redan i den kategorin. Välj en annan."))
    advance(need, "pass_on")
    need.category, need.receiver = category, receiver
    db.session.flush()
    _tell(
        actor, "pass-on", need, title=need.title, category=category.name, receiver=_name(need.receiver), reason=reason
    )
    need_mail.tell_receiver(need)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer other than direct procurement, in words that the reporter understands."""

    answer: NeedAnswer
    text: str | None = None
    agreement: Agreement | None = None
    article: Article | None = None


def answer(actor: User, need: NeedReport, said: Answer) -> None:
    """Answer a report. Raises NotAllowed, WrongState, and RuleBroken for an answer that says too little."""
    _sit_down(actor, need)
    if said.answer is NeedAnswer.DIRECT_PROCUREMENT:
        raise RuleBroken(_l("En direktupphandling har ett eget formulär."))
    if said.answer is NeedAnswer.AGREEMENT:
        if said.agreement is None or not said.agreement.is_active(today()):
            raise RuleBroken(_l("Ange ett avtal som gäller i dag."))
        if not said.agreement.is_open_to(need.organisation, today()):
            names = {"organisation": need.organisation.name, "number": said.agreement.number}
            raise RuleBroken(_l("%(organisation)s får inte avropa på avtalet %(number)s.", **names))
    elif not said.text:
        raise RuleBroken(_l("Skriv ett svar, så att den som frågade vet vad nästa steg är."))
    _close(actor, need, said)
    _tell(
        actor,
        "answer",
        need,
        title=need.title,
        answer=said.answer.value,
        text=said.text,
        agreement=said.agreement.number if said.agreement else None,
    )
    need_mail.tell_answered(need)


@dataclass(frozen=True, slots=True)
class Asked:
    """A supplier that was asked; the price is SEK excl. VAT."""

    name: str
    organisation_number: str | None
    answer: AskedAnswer
    price: Decimal | None = None
    is_chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class ProcurementFacts:
    """A direct procurement as its form tells it; the value is SEK excl. VAT."""

    law: ProcurementLaw
    category: Category
    value: Decimal
    reasons: str | None = None
    text: str | None = None  # to the reporter
    asked: list[Asked] = field(default_factory=list)


def answer_directly(actor: User, need: NeedReport, facts: ProcurementFacts) -> DirectProcurement:
    """Answer with a direct procurement: the room below the law's limit is asked under lock, and above the documentation
    limit the form must be whole (LOU 19 a kap. 2, 11 §§).

    Raises NotAllowed, WrongState, and RuleBroken with the way on.
    """
    _sit_down(actor, need)
    lock_sums(need.organisation)
    standing = running_sum(need.organisation, facts.category, facts.law, today())
    standing.check_room(facts.value)
    _check_asked(facts, whole=standing.needs_documentation(facts.value))
    _check_not_blocked(facts)
    need.category = facts.category
    made = _procurement(actor, need, facts)
    _close(actor, need, Answer(answer=NeedAnswer.DIRECT_PROCUREMENT, text=facts.text))
    db.session.add(made)
    db.session.flush()
    _tell(
        actor,
        "answer",
        need,
        title=need.title,
        answer=NeedAnswer.DIRECT_PROCUREMENT.value,
        text=facts.text,
        law=facts.law.value,
        category=facts.category.name,
        value=str(facts.value),
        running_sum=str(standing.total + facts.value),
        supplier=made.chosen.name,
    )
    need_mail.tell_answered(need)
    return made


def _procurement(actor: User, need: NeedReport, facts: ProcurementFacts) -> DirectProcurement:
    return DirectProcurement(
        report=need,
        organisation=need.organisation,
        category=facts.category,
        law=facts.law,
        value=facts.value,
        reasons=facts.reasons,
        decided_on=today(),
        decided_by=actor,
        asked=[
            AskedSupplier(
                position=position,
                name=one.name,
                organisation_number=one.organisation_number,
                answer=one.answer,
                price=one.price,
                is_chosen=one.is_chosen,
            )
            for position, one in enumerate(facts.asked, start=1)
        ],
    )


def remind_late() -> int:
    """Tell whoever is to answer, once, that the day of the answer has passed; returns how many. A job of the worker."""
    is_late = (NeedReport.state.in_(OPEN), NeedReport.due_on < today(), NeedReport.reminded_at.is_(None))
    with reading() as session:
        late = list(session.scalars(select(NeedReport.id).where(*is_late)))
    done = 0
    for report_id in late:
        with unit_of_work() as session:
            need = session.get_one(NeedReport, report_id)
            _lock(need)
            if need.is_open and need.reminded_at is None:  # nobody was before us
                need.reminded_at = now()
                session.flush()
                need_mail.tell_late(need)
                done += 1
    return done


def receiver_of(
    reporter: User, organisation: Organisation, category: Category | None, agreement: Agreement | None
) -> User | None:
    """Who gets a report: the nearest owner up the category's branch, else the agreement's responsible buyer, else the
    organisation's contact at the office; none for the office as a whole. Nobody who may not answer it, the reporter
    herself least of all."""
    people: list[User | None] = []
    while category is not None:
        people.append(category.owner)
        category = category.parent
    people.append(agreement.responsible if agreement else None)
    people.append(db.session.get(User, organisation.contact_buyer_id) if organisation.contact_buyer_id else None)
    return next((p for p in people if p and p.id != reporter.id and answers_needs_of(p, organisation.id)), None)


def _sit_down(actor: User, need: NeedReport) -> None:
    _lock(need)
    if not may_answer_need(actor, need):
        raise NotAllowed(_l("Bara en avtalsägare som inte själv har anmält behovet kan svara på det."))


def _lock(need: NeedReport) -> None:
    """Read it again under lock: two answers at once would otherwise both be given."""
    db.session.flush()
    row = select(NeedReport).where(NeedReport.id == need.id).with_for_update()
    db.session.scalar(row, execution_options={"populate_existing": True})


def _close(actor: User, need: NeedReport, said: Answer) -> None:
    with db.session.no_autoflush:
        advance(need, "answer")
        need.answer, need.answer_text = said.answer, said.text
        need.answer_agreement, need.answer_article = said.agreement, said.article
        need.answered_by, need.answered_at = actor, now()
        need.receiver = actor
    db.session.flush()


def _check_asked(facts: ProcurementFacts, *, whole: bool) -> None:
    """There is one chosen supplier; `whole`: and everything that the documentation must tell is there."""
    chosen = [one for one in facts.asked if one.is_chosen]
    if len(chosen) != 1:
        raise RuleBroken(_l("Ange vilken av leverantörerna som fick köpet."))
    if chosen[0].answer is not AskedAnswer.OFFER:
        raise RuleBroken(_l("Den valda leverantören måste ha lämnat pris."))
    if not whole:
        return
    way_on = _l("Över dokumentationsgränsen krävs hela formuläret (LOU 19 a kap. 11 §).")
    if not facts.reasons:
        raise RuleBroken(_l("Skriv skälen för direktupphandlingen och för valet av leverantör."), way_on=way_on)
    if nameless := [one.name for one in facts.asked if one.organisation_number is None]:
        raise RuleBroken(_l("Ange organisationsnummer för %(names)s.", names=", ".join(nameless)), way_on=way_on)
    if priceless := [one.name for one in facts.asked if one.answer is AskedAnswer.OFFER and one.price is None]:
        raise RuleBroken(_l("Ange priset från %(names)s.", names=", ".join(priceless)), way_on=way_on)


def _check_not_blocked(facts: ProcurementFacts) -> None:
    """A supplier that is blocked gets no order, outside the agreements no more than under them."""
    numbers = [one.organisation_number for one in facts.asked if one.is_chosen]
    named = (Supplier.organisation_number.in_(numbers), Supplier.blocked_at.is_not(None))
    if blocked := db.session.scalar(select(Supplier).where(*named)):
        said = {"supplier": blocked.name, "reason": blocked.blocked_reason}
        raise RuleBroken(_l("%(supplier)s är spärrad för beställningar: %(reason)s", **said))


def _attachment(file: SentFile) -> NeedAttachment:
    known = known_file(file)
    return NeedAttachment(
        name=known.name,
        media_type=known.media_type,
        sha256=known.sha256,
        size=len(known.content),
        content=known.content,
    )


def _name(user: User | None) -> str | None:
    return user.name if user is not None else None


def _tell(actor: User, act: str, need: NeedReport, **detail: Any) -> None:
    record(actor, act, "need-report", need.id, organisation_id=need.organisation_id, **detail)
