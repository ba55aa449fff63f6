"""Agreements: life cycle, edits, and what the law demands of them."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from auth.journal import entries_about
from auth.permission import Role
from auth.user import User
from catalog.actions import agreement as agreements
from catalog.actions.agreement import AgreementFacts, Decision, create, edit
from catalog.actions.ceiling import Unlocking, state_ceiling
from catalog.actions.document import attach, detach, kind_of, safe_name
from catalog.actions.entitlement import end_entitlement, entitle
from catalog.actions.lot import AwardFacts, LotFacts, add_award, add_lot, edit_lot, remove_award, remove_lot
from catalog.agreement import Agreement, AgreementState, CallOffMethod, LegalRegime
from catalog.ceiling import Ceiling
from catalog.ceiling_change import Ground, changes_of
from catalog.checklist import checklist
from core.clock import frozen, today
from core.db import commit, db
from core.errors import NotAllowed, RuleBroken, WrongState
from exchange.outbox import messages_about
from tests.factories.auth import make_member, make_office, make_organisation
from tests.factories.catalog import make_agreement, make_award, make_lot, make_price_list, make_supplier

pytestmark = pytest.mark.usefixtures("app")

LOT = LotFacts(number="1", title="Papper", method=CallOffMethod.SINGLE, clause="punkt 4")


def make_owner() -> User:
    return make_member(Role.AGREEMENT_OWNER, make_office())


def make_facts(actor: User, **values: object) -> AgreementFacts:
    facts = AgreementFacts(
        number="UK-2026-7",
        title="Kontorsmaterial",
        owner=actor.memberships[0].organisation,
        starts_on=date(2026, 1, 1),
        ends_on=date(2029, 12, 31),
        summary="Papper och pennor.",
    )
    return replace(facts, **values)  # type: ignore[arg-type]


def make_draft(actor: User) -> Agreement:
    """A complete draft: one lot, one supplier, one entitled organisation."""
    agreement = create(actor, make_facts(actor))
    lot = add_lot(actor, agreement, LOT, agreement.version)
    add_award(actor, lot, make_supplier(), AwardFacts(), agreement.version)
    entitle(actor, agreement, [make_organisation()], agreement.version)
    return agreement


def the_ceiling(agreement: Agreement) -> Ceiling:
    return db.session.scalars(
        select(Ceiling).where(Ceiling.agreement_id == agreement.id, Ceiling.lot_id.is_(None))
    ).one()


def acts(agreement: Agreement) -> list[str]:
    commit()
    return [entry.act for entry in entries_about("agreement", agreement.id)]


def test_new_agreement_is_a_draft_with_an_unknown_ceiling_that_counts() -> None:
    agreement = create(actor := make_owner(), make_facts(actor))
    assert agreement.state is AgreementState.DRAFT
    assert the_ceiling(agreement).limit is None
    assert acts(agreement) == ["create"]


def test_every_lot_and_award_is_counted_from_the_beginning() -> None:
    agreement = make_draft(make_owner())
    scopes = db.session.scalars(select(Ceiling).where(Ceiling.agreement_id == agreement.id)).all()
    assert sorted((bool(c.lot_id), bool(c.award_id)) for c in scopes) == [(False, False), (True, False), (True, True)]


def test_publish_needs_a_lot_an_award_an_entitled_organisation_and_a_summary() -> None:
    actor = make_owner()
    agreement = create(actor, make_facts(actor, summary=None))
    done = []
    for step in (
        lambda: add_lot(actor, agreement, LOT, agreement.version),
        lambda: add_award(actor, agreement.lots[0], make_supplier(), AwardFacts(), agreement.version),
        lambda: entitle(actor, agreement, [make_organisation()], agreement.version),
        lambda: edit(actor, agreement, make_facts(actor), agreement.version),
    ):
        with pytest.raises(RuleBroken):
            agreements.publish(actor, agreement)
        done.append(sum(not check.is_done for check in checklist(agreement, [], True) if check.is_needed))
        step()
    agreements.publish(actor, agreement)
    assert agreement.state is AgreementState.PUBLISHED
    assert agreement.published_at is not None
    assert done == [3, 3, 2, 1]
    assert all(check.is_done for check in checklist(agreement, [], True) if check.is_needed)


@pytest.mark.parametrize(
    ("state", "act", "following"),
    [
        ("draft", "publish", "published"),
        ("draft", "end", "ended"),
        ("published", "pause", "paused"),
        ("published", "end", "ended"),
        ("paused", "resume", "published"),
        ("paused", "end", "ended"),
        *((s, "publish", None) for s in ("published", "paused", "ended")),
        *((s, "pause", None) for s in ("draft", "paused", "ended")),
        *((s, "resume", None) for s in ("draft", "published", "ended")),
        ("ended", "end", None),
    ],
)
def test_every_act_from_every_state(state: str, act: str, following: str | None) -> None:
    agreement = make_draft(actor := make_owner())
    agreement.state = AgreementState(state)
    run: dict[str, Callable[[], None]] = {
        "publish": lambda: agreements.publish(actor, agreement),
        "pause": lambda: agreements.pause(actor, agreement, "Tvist"),
        "resume": lambda: agreements.resume(actor, agreement),
        "end": lambda: agreements.end(actor, agreement, "Uppsagt"),
    }
    if following is None:
        with pytest.raises(WrongState):
            run[act]()
    else:
        run[act]()
        assert agreement.state is AgreementState(following)
        assert acts(agreement)[-1] == act


@pytest.mark.parametrize("act", [agreements.pause, agreements.end])
def test_pause_and_end_need_a_reason(act: Callable[[User, Agreement, str], None]) -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    with pytest.raises(RuleBroken):
        act(actor, agreement, " ")


def test_published_agreement_is_edited_with_before_and_after() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    edit(actor, agreement, make_facts(actor, title="Kontor och papper"), agreement.version)
    commit()
    changes = entries_about("agreement", agreement.id)[-1].details["changes"]
    assert changes == {"title": ["Kontorsmaterial", "Kontor och papper"]}
    assert agreement.sort_title == "kontor och papper"


def test_number_is_locked_after_publication() -> None:
    agreement = make_draft(actor := make_owner())
    edit(actor, agreement, make_facts(actor, number="UK-2026-8"), agreement.version)
    agreements.publish(actor, agreement)
    with pytest.raises(RuleBroken, match="kan inte ändras"):
        edit(actor, agreement, make_facts(actor, number="UK-2026-9"), agreement.version)


@pytest.mark.parametrize("number", ["", "A/B", "../x", "x" * 41, "A\nB"])
def test_number_must_fit_in_an_address(number: str) -> None:
    actor = make_owner()
    with pytest.raises(RuleBroken):
        create(actor, make_facts(actor, number=number))


def test_number_is_used_once() -> None:
    create(actor := make_owner(), make_facts(actor))
    with pytest.raises(RuleBroken, match="finns redan"):
        create(actor, make_facts(actor))


def test_ended_agreement_is_not_edited() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.end(actor, agreement, "Blev inget")
    with pytest.raises(WrongState, match="avslutat"):
        edit(actor, agreement, make_facts(actor, title="Nytt"), agreement.version)


@pytest.mark.parametrize("touch_lot", [False, True])
def test_an_older_page_is_told_so(touch_lot: bool) -> None:
    agreement = make_draft(actor := make_owner())
    seen = agreement.version
    if touch_lot:
        edit_lot(actor, agreement.lots[0], replace(LOT, title="Annat"), seen)
    else:
        edit(actor, agreement, make_facts(actor, title="Annat"), seen)
    with pytest.raises(WrongState, match="Någon annan"):
        add_lot(actor, agreement, replace(LOT, number="2"), seen)


@pytest.mark.parametrize(
    ("regime", "starts_on", "ends_on", "needed"),
    [
        (LegalRegime.LOU, date(2026, 1, 1), date(2029, 12, 31), False),
        (LegalRegime.LOU, date(2026, 1, 1), date(2030, 1, 1), True),
        (LegalRegime.LOU, date(2024, 2, 29), date(2028, 2, 28), False),
        (LegalRegime.LOU, date(2024, 2, 29), date(2028, 2, 29), True),
        (LegalRegime.LUF, date(2026, 1, 1), date(2033, 12, 31), False),
        (LegalRegime.LUF, date(2026, 1, 1), date(2034, 1, 1), True),
        (LegalRegime.LUF, date(2096, 2, 29), date(2104, 2, 28), False),
        (LegalRegime.LOU_19, date(2026, 1, 1), date(2040, 1, 1), False),
        (LegalRegime.EXTERNAL, date(2026, 1, 1), date(2040, 1, 1), False),
    ],
)
def test_term_beyond_the_law_needs_a_reason(regime: LegalRegime, starts_on: date, ends_on: date, needed: bool) -> None:
    assert agreements.needs_reason(regime, starts_on, ends_on) is needed


def test_reason_for_a_long_term_is_asked_when_the_days_change_and_kept_in_the_journal() -> None:
    actor = make_owner()
    long = make_facts(actor, ends_on=date(2031, 12, 31))
    with pytest.raises(RuleBroken, match="LOU 7 kap. 2 §"):
        create(actor, long)
    agreement = create(actor, long, reason="Avskrivningstid på utrustningen")
    edit(actor, agreement, replace(long, title="Nytt namn"), agreement.version)  # the days are as they were
    with pytest.raises(RuleBroken):
        edit(actor, agreement, replace(long, ends_on=date(2032, 12, 31)), agreement.version)
    edit(actor, agreement, replace(long, ends_on=date(2032, 12, 31)), agreement.version, reason="Mer av samma")
    commit()
    told = [entry.details.get("reason") for entry in entries_about("agreement", agreement.id)]
    assert told == ["Avskrivningstid på utrustningen", None, "Mer av samma"]


def decided(**values: Any) -> Decision:
    return Decision(**{"number": "UPK 2026/17", "decided_on": today(), "reason": "Priserna är goda", **values})


def test_an_extension_tells_who_decided_what_and_may_be_shorter() -> None:
    actor = make_owner()
    agreement = create(actor, make_facts(actor, ends_on=date(2027, 12, 31)))
    option = agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2028, 12, 31))
    for wrong in (
        decided(number=" "),
        decided(reason=" "),
        decided(decided_on=today() + timedelta(days=1)),
        decided(ends_on=date(2029, 1, 1)),
        decided(ends_on=date(2027, 12, 31)),
    ):
        with pytest.raises(RuleBroken):
            agreements.take_extension(actor, option, agreement.version, wrong)
    agreements.take_extension(actor, option, agreement.version, decided(ends_on=date(2028, 6, 30)))
    assert agreement.ends_on == option.taken_until == date(2028, 6, 30)
    assert (option.taken_by, option.decision_number, option.reason) == (actor, "UPK 2026/17", "Priserna är goda")


def test_an_agreement_that_has_ended_is_not_prolonged() -> None:
    actor = make_owner()
    agreement = create(actor, make_facts(actor, ends_on=date(2027, 12, 31)))
    option = agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2028, 12, 31))
    with frozen(datetime(2028, 1, 1, 12, tzinfo=UTC)), pytest.raises(WrongState):
        agreements.take_extension(actor, option, agreement.version, decided())
    with frozen(datetime(2027, 12, 31, 12, tzinfo=UTC)):
        agreements.take_extension(actor, option, agreement.version, decided())


def test_suppliers_are_told_of_an_extension_where_that_is_asked_for() -> None:
    actor, award = make_owner(), make_award(make_lot(make_agreement()))
    agreement = award.lot.agreement
    options = [
        agreements.add_extension(
            actor, agreement, agreement.version, ends_on=agreement.ends_on + timedelta(days=days), reason="Lång"
        )
        for days in (30, 60)
    ]
    assert agreements.take_extension(actor, options[0], agreement.version, decided()) == 0
    assert agreements.take_extension(actor, options[1], agreement.version, decided(), tell_suppliers=True) == 1
    [letter] = messages_about(f"agreement:{agreement.id}")
    assert letter.recipient == award.supplier.order_email and "UPK 2026/17" in letter.text


def test_taking_an_extension_moves_the_last_day() -> None:
    actor = make_owner()
    agreement = create(actor, make_facts(actor, ends_on=date(2027, 12, 31)))
    first = agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2028, 12, 31))
    second = agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2029, 12, 31))
    with pytest.raises(RuleBroken, match="tidigare"):
        agreements.take_extension(actor, second, agreement.version, decided())
    agreements.take_extension(actor, first, agreement.version, decided())
    assert agreement.ends_on == date(2028, 12, 31)
    with pytest.raises(WrongState):
        agreements.take_extension(actor, first, agreement.version, decided())
    with pytest.raises(RuleBroken):
        agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2029, 1, 1))
    with pytest.raises(RuleBroken, match="skälen"):
        agreements.add_extension(actor, agreement, agreement.version, ends_on=date(2030, 12, 31))


def unlocking(**values: Any) -> Unlocking:
    facts = {"ground": Ground.SMALL, "reason": "Åtta procent", "decided_on": today(), "file_name": "beslut.pdf"}
    return Unlocking(**{**facts, "content": b"%PDF-1.7\nBeslut", **values})


def test_raising_a_published_ceiling_needs_a_ground_and_lowering_it_none() -> None:
    agreement = make_draft(actor := make_owner())
    ceiling = the_ceiling(agreement)
    state_ceiling(actor, ceiling, agreement.version, limit=Decimal(1000))
    agreements.publish(actor, agreement)
    for limit in (Decimal(1001), None):
        with pytest.raises(RuleBroken, match="17 kap"):
            state_ceiling(actor, ceiling, agreement.version, limit=limit, reason="Vi behöver mer")
    state_ceiling(actor, ceiling, agreement.version, limit=Decimal(900), reason="Färre behöver")
    state_ceiling(actor, ceiling, agreement.version, limit=Decimal(2000), unlocking=unlocking())
    commit()
    entry = entries_about("agreement", agreement.id)[-1]
    assert entry.details["changes"] == {"limit": ["900", "2000"]}
    assert (entry.details["ground"], entry.details["reason"]) == ("17:9", "Åtta procent")
    raised, lowered = changes_of(agreement)
    assert (raised.before, raised.after, raised.ground) == (Decimal(900), Decimal(2000), Ground.SMALL)
    assert raised.document is not None and raised.document.name == "beslut.pdf" and raised.changed_by == actor
    assert (lowered.before, lowered.after, lowered.ground) == (Decimal(1000), Decimal(900), None)
    with pytest.raises(RuleBroken, match="vilar"):
        detach(actor, raised.document, agreement.version)


@pytest.mark.parametrize(
    "wrong",
    [{"reason": " "}, {"decided_on": date(2999, 1, 1)}, {"content": b""}, {"ground": Ground.OTHER}],
)
def test_a_ground_without_its_reasons_raises_nothing(wrong: dict[str, Any]) -> None:
    agreement = make_draft(actor := make_owner())
    ceiling = the_ceiling(agreement)
    state_ceiling(actor, ceiling, agreement.version, limit=Decimal(1000))
    agreements.publish(actor, agreement)
    with pytest.raises(RuleBroken):
        state_ceiling(actor, ceiling, agreement.version, limit=None, unlocking=unlocking(**wrong))
    assert ceiling.limit == Decimal(1000) and changes_of(agreement) == []


def test_nobody_but_who_manages_the_agreement_raises_its_ceiling() -> None:
    agreement = make_draft(make_owner())
    stranger = make_member(Role.AGREEMENT_OWNER, make_organisation())
    with pytest.raises(NotAllowed):
        state_ceiling(stranger, the_ceiling(agreement), agreement.version, limit=Decimal(1), unlocking=unlocking())


def test_the_database_keeps_the_story_of_a_ceiling() -> None:
    agreement = make_draft(actor := make_owner())
    state_ceiling(actor, the_ceiling(agreement), agreement.version, limit=Decimal(1000))
    agreements.publish(actor, agreement)
    state_ceiling(actor, the_ceiling(agreement), agreement.version, limit=Decimal(900))
    for change in ("UPDATE ceiling_change SET limit_after = 1", "DELETE FROM ceiling_change"):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(text(change))


def test_stating_a_ceiling_leaves_the_counters_alone() -> None:
    agreement = make_draft(actor := make_owner())
    ceiling = the_ceiling(agreement)
    ceiling.reserved, ceiling.ordered = Decimal(7), Decimal(8)
    db.session.flush()
    state_ceiling(actor, ceiling, agreement.version, limit=Decimal(10))  # below what is used: stops the next order
    db.session.refresh(ceiling)
    assert (ceiling.reserved, ceiling.ordered) == (Decimal(7), Decimal(8))


@pytest.mark.parametrize("limit", [Decimal(0), Decimal(-1)])
def test_ceiling_is_never_zero(limit: Decimal) -> None:
    agreement = make_draft(actor := make_owner())
    with pytest.raises(RuleBroken):
        state_ceiling(actor, the_ceiling(agreement), agreement.version, limit=limit)


def test_entitling_on_a_published_agreement_must_say_where_the_organisation_was_named() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    newcomer = make_organisation()
    with pytest.raises(RuleBroken, match="LOU 7 kap. 3 §"):
        entitle(actor, agreement, [newcomer], agreement.version)
    entitle(actor, agreement, [newcomer], agreement.version, reason="Bilaga 2, rad 9")
    with pytest.raises(RuleBroken, match="inte redan"):
        entitle(actor, agreement, [newcomer], agreement.version, reason="igen")


def test_entitlement_ends_on_a_day_and_is_removed_from_a_draft() -> None:
    agreement = make_draft(actor := make_owner())
    end_entitlement(actor, agreement.entitlements[0], today(), agreement.version)
    assert agreement.entitlements == []
    entitle(actor, agreement, [make_organisation()], agreement.version)
    agreements.publish(actor, agreement)
    end_entitlement(actor, agreement.entitlements[0], today(), agreement.version)
    assert agreement.entitlements[0].ends_on == today()


def test_entitlement_is_never_prolonged_by_ending_it_later() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    (entitlement,) = agreement.entitlements
    end_entitlement(actor, entitlement, today(), agreement.version)
    with pytest.raises(RuleBroken, match="förlängs inte"):
        end_entitlement(actor, entitlement, today() + timedelta(days=1), agreement.version)
    with pytest.raises(RuleBroken, match="före första"):  # it has been used: the row stays
        end_entitlement(actor, entitlement, entitlement.starts_on - timedelta(days=1), agreement.version)
    assert agreement.entitlements == [entitlement] and entitlement.ends_on == today()


def test_entitlement_that_has_not_begun_is_taken_back() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    (first,) = agreement.entitlements
    tomorrow = today() + timedelta(days=1)
    newcomer = [make_organisation()]
    (coming,) = entitle(actor, agreement, newcomer, agreement.version, starts_on=tomorrow, reason="Bilaga 2")
    end_entitlement(actor, coming, today(), agreement.version)
    assert agreement.entitlements == [first]


@pytest.mark.parametrize("method", [CallOffMethod.RANKING, CallOffMethod.COMBINATION])
def test_a_place_in_the_ranking_is_held_by_one_supplier(method: CallOffMethod) -> None:
    lot = make_lot(make_agreement(), method=method)
    for _ in range(2):
        make_award(lot, rank=1)
    with pytest.raises(RuleBroken, match="samma plats"):
        lot.check_complete()


def test_what_was_published_is_ended_and_never_removed() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    lot = agreement.lots[0]
    with pytest.raises(RuleBroken, match="publicerat"):
        remove_lot(actor, lot, agreement.version)
    with pytest.raises(RuleBroken, match="publicerat"):
        remove_award(actor, lot.awards[0], agreement.version)


def test_award_with_price_lists_is_not_removed_from_a_draft() -> None:
    agreement = make_draft(actor := make_owner())
    lot = agreement.lots[0]
    make_price_list(lot.awards[0])
    with pytest.raises(RuleBroken, match="prislistor"):
        remove_lot(actor, lot, agreement.version)


def test_draft_loses_a_lot_with_its_ceilings() -> None:
    agreement = make_draft(actor := make_owner())
    remove_lot(actor, agreement.lots[0], agreement.version)
    assert agreement.lots == []
    assert len(db.session.scalars(select(Ceiling).where(Ceiling.agreement_id == agreement.id)).all()) == 1


def test_published_lot_must_stay_complete() -> None:
    agreement = make_draft(actor := make_owner())
    agreements.publish(actor, agreement)
    with pytest.raises(RuleBroken):
        add_award(actor, agreement.lots[0], make_supplier(), AwardFacts(rank=2), agreement.version)


@pytest.mark.parametrize(
    "facts",
    [
        AwardFacts(small_order_fee=Decimal(50)),
        AwardFacts(freight_free_from=Decimal(500)),
        AwardFacts(starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 1)),
    ],
)
def test_award_terms_must_hang_together(facts: AwardFacts) -> None:
    agreement = create(actor := make_owner(), make_facts(actor))
    lot = add_lot(actor, agreement, LOT, agreement.version)
    with pytest.raises(RuleBroken):
        add_award(actor, lot, make_supplier(), facts, agreement.version)


def test_an_organisation_manages_its_own_agreements_only() -> None:
    own = make_organisation()
    actor = make_member(Role.AGREEMENT_OWNER, own)
    mine = create(actor, make_facts(actor))
    edit(actor, mine, make_facts(actor, title="Mitt"), mine.version)
    theirs = make_agreement(owner=make_organisation())
    make_award(make_lot(theirs))
    with pytest.raises(NotAllowed):
        edit(actor, theirs, AgreementFacts.of(theirs), theirs.version)
    with pytest.raises(NotAllowed):
        agreements.pause(actor, theirs, "Nej")
    with pytest.raises(NotAllowed):
        create(actor, make_facts(actor, number="X", owner=theirs.owner))
    former = make_member(Role.AGREEMENT_OWNER, own, ends_on=today() - timedelta(days=1))
    with pytest.raises(NotAllowed):
        edit(former, mine, make_facts(actor), mine.version)


def archive(compression: int = zipfile.ZIP_STORED, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


ODT = b"application/vnd.oasis.opendocument.text"
PACKED = archive(zipfile.ZIP_DEFLATED, mimetype=ODT)
MANY = {f"{n}.xml": b"" for n in range(10_000)}
WORD = archive(**{"[Content_Types].xml": b"", "word/document.xml": b""})


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (b"%PDF-1.7 ...", ".pdf"),
        (WORD, ".docx"),
        (archive(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), ".xlsx"),
        (archive(mimetype=ODT), ".odt"),
        ("Avtal med åäö".encode(), ".txt"),
        ("Avtal med åäö".encode("cp1252"), ".txt"),
        (b"<script>alert(1)</script>", ".txt"),
        (archive(**{"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""}), None),
        (archive(**{"evil.exe": b"MZ"}), None),
        (b"PK\x03\x04broken", None),
        (PACKED[:38] + b"\x07" + PACKED[39:], None),  # no such kind of block (RFC 1951, 3.2.3)
        (archive(zipfile.ZIP_LZMA, mimetype=ODT), None),  # its dictionary may claim four gigabytes
        (
            archive(**{"[Content_Types].xml": b"", "word/document.xml": b""} | {f"a{n}": b"" for n in range(10_000)}),
            None,
        ),
        (b"MZ\x90\x00\x03", None),
        (b"\x89PNG\r\n\x1a\n\x00", None),
        (b"\x00" * 100, None),
    ],
)
def test_kind_of_a_document_is_read_from_its_content(content: bytes, suffix: str | None) -> None:
    kind = kind_of(content)
    assert (kind[0] if kind else None) == suffix


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("avtal.pdf", "avtal.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\k\\Avtal åäö.PDF", "Avtal åäö.pdf"),
        ("avtal.exe", "avtal.pdf"),
        ('a"\r\nX: y;.pdf', "aX y.pdf"),
        ("x" * 300 + ".pdf", "x" * 140 + ".pdf"),
        ("x" * 139 + " avtal.pdf", "x" * 139 + ".pdf"),
        ("", "dokument.pdf"),
        ("..", "dokument.pdf"),
    ],
)
def test_name_of_a_document_leads_nowhere_and_tells_the_truth(name: str, safe: str) -> None:
    assert safe_name(name, ".pdf") == safe


def test_document_is_kept_with_its_fingerprint_and_told_when_it_goes() -> None:
    agreement = make_draft(actor := make_owner())
    document = attach(actor, agreement, agreement.version, name="avtal.docx", content=WORD)
    assert (document.size, len(document.sha256)) == (len(WORD), 64)
    for content in (b"", b"\x00", b"%PDF-" + b"x" * 20_000_000):
        with pytest.raises(RuleBroken):
            attach(actor, agreement, agreement.version, name="x.pdf", content=content)
    detach(actor, document, agreement.version)
    assert acts(agreement)[-2:] == ["attach", "detach"]
