"""Need reports: who gets them, who sees them, how they are answered, and who is told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from auth.journal import entries_about
from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.agreement import AgreementState
from catalog.category import Category
from core.clock import frozen, today
from core.db import TransactionalFlask, commit, db, reading, unit_of_work
from core.errors import NotAllowed, NotFound, RuleBroken, WrongState
from exchange.outbox import messages_about
from orders.actions.need import (
    Answer,
    answer,
    answer_directly,
    pass_on,
    remind_late,
    report,
    take,
    withdraw,
)
from orders.need import NeedAnswer, NeedReport, NeedState, after_working_days
from orders.need_mail import about
from orders.need_queries import (
    attachment_for,
    by_category_and_month,
    inbox_page,
    months_until,
    report_for,
    reports_page,
    units_of,
)
from orders.sent_file import MOST_BYTES, SentFile
from tests.concurrency import WORKERS, at_once
from tests.factories.auth import make_member, make_organisation, make_unit
from tests.factories.catalog import make_agreement, make_category, make_offer
from tests.factories.needs import make_buyer, make_need, need_facts, procurement_facts
from tests.factories.orders import Place, make_place


@pytest.fixture
def buyer(place: Place) -> User:
    return make_buyer(name="Karin Köpare", email="karin.kopare@kontoret.example")


@pytest.fixture
def category(buyer: User) -> Category:
    return make_category(owner=buyer, name="Möbler")


def told(need: NeedReport) -> list[tuple[str, str]]:
    return [(message.recipient, message.subject) for message in messages_about(about(need))]


# Who gets it


def test_it_goes_to_the_owner_of_the_category(place: Place, buyer: User, category: Category) -> None:
    need = make_need(place, category=category)
    assert need.receiver is buyer
    assert told(need) == [
        (place.orderer.email, f"Vi har tagit emot din anmälan, nr {need.id}"),
        (buyer.email, f"Att svara på: nr {need.id} från {place.organisation.name}"),
    ]


def test_a_category_without_an_owner_is_its_parents(place: Place, buyer: User, category: Category) -> None:
    assert make_need(place, category=make_category(parent=category)).receiver is buyer


def test_without_an_owner_it_goes_to_the_agreements_responsible_buyer(place: Place, buyer: User) -> None:
    agreement = make_agreement(place.organisation, responsible=buyer)
    assert make_need(place, category=make_category(), agreement=agreement).receiver is buyer


def test_without_both_it_goes_to_the_organisations_contact_at_the_office(place: Place, buyer: User) -> None:
    make_buyer()
    place.organisation.contact_buyer_id = buyer.id
    assert make_need(place, category=make_category()).receiver is buyer


def test_whose_role_has_ended_gets_nothing(place: Place, buyer: User) -> None:
    gone = make_buyer(ends_on=today() - timedelta(days=1))
    agreement = make_agreement(place.organisation, responsible=buyer)
    assert make_need(place, category=make_category(owner=gone), agreement=agreement).receiver is buyer


def test_with_nobody_to_name_it_goes_to_all_at_the_office(place: Place, buyer: User) -> None:
    colleague = make_buyer()
    make_member(Role.AGREEMENT_OWNER, place.organisation)  # owns agreements, but not at the office
    need = make_need(place)
    assert need.receiver is None
    assert {recipient for recipient, _ in told(need)[1:]} == {buyer.email, colleague.email}


def test_each_is_written_to_in_her_own_language(place: Place, buyer: User, category: Category) -> None:
    buyer.language = "en"
    need = make_need(place, category=category)
    ours, theirs = messages_about(about(need))
    assert "Du får svar senast" in ours.text
    assert "Du får svar senast" not in theirs.text and "behöver ett svar" not in theirs.text


def test_the_reporter_is_not_asked_herself(place: Place, buyer: User, category: Category) -> None:
    colleague = make_buyer()
    need = report(buyer, buyer.memberships[0].organisation, need_facts(category=category))
    assert need.receiver is None
    assert colleague.email in {recipient for recipient, _ in told(need)}
    with pytest.raises(NotAllowed):
        take(buyer, need)


def test_the_answer_is_due_in_five_working_days(place: Place) -> None:
    with frozen(datetime(2026, 11, 19, 9, tzinfo=UTC)):  # a Thursday
        assert make_need(place).due_on == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("first", "days", "due"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # Friday, Monday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # Saturday
        (date(2026, 11, 23), 10, date(2026, 12, 7)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_working_days_leave_out_the_weekend(first: date, days: int, due: date) -> None:
    assert after_working_days(first, days) == due


# Reporting


def test_a_double_click_is_one_report(place: Place) -> None:
    facts = need_facts(key="the same form")
    assert report(place.orderer, place.organisation, facts) is report(place.orderer, place.organisation, facts)


def test_a_key_is_the_reporters_own(place: Place) -> None:
    facts, colleague = need_facts(key="the same key"), make_member(Role.ORDERER, place.organisation)
    assert report(place.orderer, place.organisation, facts) is not report(colleague, place.organisation, facts)


def test_whoever_only_reads_reports_nothing(place: Place) -> None:
    with pytest.raises(NotAllowed):
        report(make_member(Role.AUDITOR, place.organisation), place.organisation, need_facts())


def test_nobody_reports_for_a_unit_of_another_organisation(place: Place) -> None:
    with pytest.raises(RuleBroken):
        make_need(place, unit=make_unit())


def test_units_are_those_where_she_has_a_role(place: Place) -> None:
    make_unit(place.organisation)
    assert list(units_of(place.orderer, place.organisation)) == [place.unit]
    assert list(units_of(make_member(Role.ORDERER, make_organisation()), place.organisation)) == []


def picture(kind: str) -> bytes:
    content = BytesIO()
    Image.new("RGB", (2, 2)).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kept_as", "media_type"),
    [
        ("../../rit\nning.pdf", b"%PDF-1.7", "ritning.pdf", "application/pdf"),
        ("bord.html", picture("JPEG"), "bord.jpg", "image/jpeg"),
        ("bord.png", picture("PNG"), "bord.png", "image/png"),
        ("kravlista.txt", "Höj- och sänkbart".encode(), "kravlista.txt", "text/plain"),
    ],
)
def test_a_file_is_what_its_content_says(
    place: Place, name: str, content: bytes, kept_as: str, media_type: str
) -> None:
    (kept,) = make_need(place, files=(SentFile(name, content),)).attachments
    assert (kept.name, kept.media_type, kept.size) == (kept_as, media_type, len(content))
    assert len(kept.sha256) == 64


@pytest.mark.parametrize("content", [b"", b"MZ\x00\x01program", b"%PDF-" + b"x" * MOST_BYTES])
def test_a_file_that_is_empty_unknown_or_too_large_is_refused(place: Place, content: bytes) -> None:
    with pytest.raises(RuleBroken):
        make_need(place, files=(SentFile("fil.pdf", content),))


def test_two_clicks_at_once_are_one_report(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place = make_place()
        who, where = place.orderer.id, place.organisation.id

    def click(_number: int) -> None:
        organisation = db.session.get_one(Organisation, where)
        report(db.session.get_one(User, who), organisation, need_facts(key="the same form"))

    assert at_once(fresh_app, click, WORKERS) == Counter({"done": WORKERS})
    with fresh_app.app_context(), reading():
        assert db.session.scalar(select(func.count()).select_from(NeedReport)) == 1


# Who sees it


def sees(user: User, place: Place, need: NeedReport) -> bool:
    try:
        return report_for(user, place.organisation, need.id) is need
    except NotFound:
        return False


def test_who_sees_a_report(place: Place, buyer: User) -> None:
    need = make_need(place, unit=place.unit)
    organisation = place.organisation
    for role in (Role.ORGANISATION_ADMIN, Role.AUDITOR, Role.AGREEMENT_OWNER):
        assert sees(make_member(role, organisation), place, need), role
        assert not sees(make_member(role, make_organisation()), place, need), role
        assert sees(make_member(role, organisation, place.unit), place, need), role
        assert not sees(make_member(role, organisation, make_unit(organisation)), place, need), role
    for role in (Role.ORDERER, Role.APPROVER, Role.RECEIVER):
        assert not sees(make_member(role, organisation, place.unit), place, need), role
    assert sees(place.orderer, place, need)
    assert report_for(buyer, buyer.memberships[0].organisation, need.id) is need


def test_an_attachment_is_seen_with_its_own_report_only(place: Place) -> None:
    need = make_need(place, files=(SentFile("a.txt", b"abc"),))
    other = make_need(place)
    (file,) = need.attachments
    assert attachment_for(place.orderer, place.organisation, need.id, file.id).content == b"abc"
    with pytest.raises(NotFound):
        attachment_for(place.orderer, place.organisation, other.id, file.id)
    with pytest.raises(NotFound):
        attachment_for(place.approver, place.organisation, need.id, file.id)


# Answering


def test_a_report_is_not_passed_on_to_where_it_is(place: Place, buyer: User, category: Category) -> None:
    need = make_need(place, category=category)
    with pytest.raises(RuleBroken):
        pass_on(buyer, need, category, None)
    category.owner = make_buyer()  # somebody else answers there now
    pass_on(buyer, need, category, None)
    assert need.receiver == category.owner


def test_taken_passed_on_and_answered(place: Place, buyer: User, category: Category) -> None:
    other = make_buyer()
    its = make_category(owner=other, name="Skolmöbler")
    need = make_need(place, category=category)
    due = need.due_on
    take(buyer, need)
    assert (need.state, need.receiver) == (NeedState.TAKEN, buyer)
    pass_on(buyer, need, its, "Det är skolmöbler.")
    assert (need.state, need.receiver, need.due_on) == (NeedState.SENT, other, due)
    agreement = make_agreement(place.organisation)
    answer(other, need, Answer(answer=NeedAnswer.AGREEMENT, agreement=agreement))
    assert (need.state, need.answer_agreement, need.answered_by) == (NeedState.ANSWERED, agreement, other)
    assert [recipient for recipient, _ in told(need)[1:]] == [buyer.email, other.email, place.orderer.email]
    assert agreement.number in messages_about(about(need))[-1].text
    commit()
    acts = [entry.act for entry in entries_about("need-report", need.id)]
    assert acts == ["report", "take", "pass-on", "answer"]


def test_nobody_else_answers(place: Place, buyer: User) -> None:
    need = make_need(place)
    said = Answer(answer=NeedAnswer.NO, text="Nej.")
    for user in (place.orderer, place.approver, make_member(Role.AGREEMENT_OWNER, make_organisation())):
        with pytest.raises(NotAllowed):
            answer(user, need, said)
    own_owner = make_member(Role.AGREEMENT_OWNER, place.organisation)
    answer(own_owner, need, said)
    assert need.answered_by is own_owner


def test_an_answer_is_given_once(place: Place, buyer: User) -> None:
    need = make_need(place)
    answer(buyer, need, Answer(answer=NeedAnswer.REPLY, text="Fråga köket."))
    with pytest.raises(WrongState):
        answer(buyer, need, Answer(answer=NeedAnswer.NO, text="Nej."))
    with pytest.raises(WrongState):
        answer_directly(buyer, need, procurement_facts(make_category(), Decimal(10)))
    with pytest.raises(WrongState):
        withdraw(place.orderer, need)


def test_an_answer_says_what_to_do(place: Place, buyer: User) -> None:
    need = make_need(place)
    for said in (
        Answer(answer=NeedAnswer.NO),
        Answer(answer=NeedAnswer.PROCUREMENT),
        Answer(answer=NeedAnswer.COMPETITION),
        Answer(answer=NeedAnswer.AGREEMENT),
        Answer(answer=NeedAnswer.AGREEMENT, agreement=make_agreement(state=AgreementState.DRAFT)),
        Answer(answer=NeedAnswer.DIRECT_PROCUREMENT, text="Utan formulär."),
    ):
        with pytest.raises(RuleBroken):
            answer(buyer, need, said)
    assert need.state is NeedState.SENT


def test_withdrawing_is_the_reporters_own_and_told(place: Place, buyer: User, category: Category) -> None:
    need = make_need(place, category=category)
    with pytest.raises(NotAllowed):
        withdraw(buyer, need)
    withdraw(place.orderer, need)
    assert need.state is NeedState.WITHDRAWN
    assert told(need)[-1] == (buyer.email, f"Återtagen anmälan, nr {need.id}")


def test_a_late_answer_is_reminded_of_once(fresh_app: TransactionalFlask) -> None:
    with fresh_app.app_context(), unit_of_work():
        place, buyer = make_place(), make_buyer()
        category = make_category(owner=buyer)
        late, done, early = (make_need(place, category=category) for _ in range(3))
        late.due_on = done.due_on = today() - timedelta(days=1)
        answer(buyer, done, Answer(answer=NeedAnswer.NO, text="Nej."))
        subject, whose = f"Försenat svar: nr {late.id}", {need.id: about(need) for need in (late, done, early)}
    with fresh_app.app_context():
        assert (remind_late(), remind_late()) == (1, 0)
        with reading():
            subjects = {name: [m.subject for m in messages_about(name)] for name in whose.values()}
    assert [sum("Försenat" in s for s in subjects[name]) for name in whose.values()] == [1, 0, 0]
    assert subject in next(iter(subjects.values()))


def test_of_one_who_answers_no_more_the_office_is_told(place: Place, buyer: User, category: Category) -> None:
    """Or a report waits for somebody who has left, and nobody knows."""
    need, colleague = make_need(place, category=category), make_buyer()
    assert need.receiver == buyer
    buyer.is_active = False
    db.session.flush()
    withdraw(place.orderer, need)
    told = [letter.recipient for letter in messages_about(about(need)) if letter.subject.startswith("Återtagen")]
    assert colleague.email in told and buyer.email not in told


# Lists


def test_the_inbox_has_what_is_hers_or_nobodys_the_most_urgent_first(
    place: Place, buyer: User, category: Category
) -> None:
    office = buyer.memberships[0].organisation
    late, early = make_need(place, category=category), make_need(place)
    late.due_on, early.due_on = today() + timedelta(days=9), today() - timedelta(days=1)
    others = make_need(place, category=make_category(owner=make_buyer()))
    withdraw(place.orderer, make_need(place))
    report(buyer, office, need_facts())
    db.session.flush()
    assert list(inbox_page(buyer, office, mine=True, page=1).items) == [early, late]
    assert set(inbox_page(buyer, office, mine=False, page=1).items) == {early, late, others}


def test_an_organisations_own_agreement_owner_sees_its_reports_only(place: Place) -> None:
    owner = make_member(Role.AGREEMENT_OWNER, place.organisation)
    ours, _theirs = make_need(place), make_need()
    assert list(inbox_page(owner, place.organisation, mine=False, page=1).items) == [ours]
    assert list(reports_page(owner, place.organisation, mine=False, page=1).items) == [ours]
    assert list(reports_page(owner, place.organisation, mine=True, page=1).items) == []


def test_months_go_over_the_turn_of_the_year() -> None:
    assert months_until(date(2026, 2, 14), 4) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]


def test_the_overview_counts_by_category_and_month(place: Place, buyer: User, category: Category) -> None:
    months = months_until(today(), 3)
    old, other, none = make_need(place, category=category), make_need(place, category=category), make_need(place)
    old.reported_on = months[0]
    answer(buyer, other, Answer(answer=NeedAnswer.NO, text="Nej."))
    make_need(place, category=category).reported_on = months[0] - timedelta(days=1)
    db.session.flush()
    rows = by_category_and_month(buyer, buyer.memberships[0].organisation, months)
    assert [(row.category, row.per_month, row.waiting, row.total) for row in rows] == [
        (category, (1, 0, 1), 1, 2),
        (None, (0, 0, 1), 1, 1),
    ]
    assert none.category is None


def test_where_it_came_from_is_kept(place: Place) -> None:
    article = make_offer(place.organisation)
    need = make_need(place, article=article, refusal_code="ceiling-reached", search_text="bord")
    assert (need.article, need.refusal_code, need.search_text) == (article, "ceiling-reached", "bord")
