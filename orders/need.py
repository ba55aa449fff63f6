"""Need report (behovsanmälan): what somebody needs and cannot order here, or asks about; the legal way on from every
refusal. It goes to whoever owns the category, and the answer says how the need is met."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement
from catalog.category import Category
from catalog.price_list import Article
from core.db import Base
from core.types import Amount, TextEnum, UtcDateTime

SATURDAY = 5


class NeedState(str, Enum):
    SENT = "sent"
    TAKEN = "taken"  # somebody works on the answer
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class NeedAnswer(str, Enum):
    """How a need is met."""

    AGREEMENT = "agreement"
    COMPETITION = "competition"
    DIRECT_PROCUREMENT = "direct-procurement"
    PROCUREMENT = "procurement"
    REPLY = "reply"  # a question got its answer, nothing is bought
    NO = "no"


ANSWER_NAMES = {
    NeedAnswer.AGREEMENT: _l("Det finns ett avtal"),
    NeedAnswer.COMPETITION: _l("Avrop genom förnyad konkurrensutsättning"),
    NeedAnswer.DIRECT_PROCUREMENT: _l("Direktupphandling"),
    NeedAnswer.PROCUREMENT: _l("Ny upphandling"),
    NeedAnswer.REPLY: _l("Svar på en fråga, inget inköp"),
    NeedAnswer.NO: _l("Nej, behovet kan inte mötas"),
}

# What stood in the way, by the code of the finding (catalog.rules, catalog.turn)
REFUSAL_NAMES = {
    "agreement-not-active": _l("avtalet gäller inte"),
    "not-entitled": _l("organisationen får inte avropa på avtalet"),
    "supplier-blocked": _l("leverantören är spärrad"),
    "category-closed": _l("kategorin är stängd"),
    "not-in-price-list": _l("varan finns inte i prislistan"),
    "price-changed": _l("priset har ändrats"),
    "quantity-rule": _l("antalet går inte att beställa"),
    "free-text-not-allowed": _l("avtalet medger inte fritext"),
    "blanket-period": _l("ramorderns tid ligger utanför avtalets"),
    "free-text-over-cap": _l("fritexten kostar mer än avtalet medger"),
    "ceiling-reached": _l("takvolymen räcker inte"),
    "competition-required": _l("förnyad konkurrensutsättning krävs"),
    "not-next-in-rank": _l("en annan leverantör ska få frågan först"),
    "share-elsewhere": _l("en annan leverantör står på tur"),
    "no-hit": _l("sökningen gav ingen träff"),
}

S = NeedState
OPEN = (S.SENT, S.TAKEN)


class NeedReport(Base):
    """A report belongs to the organisation it was written in; its receiver is at the office, or an agreement owner of
    the organisation itself. Without a receiver it waits for any of the office's agreement owners."""

    __tablename__ = "need_report"
    __table_args__ = (
        UniqueConstraint("reporter_id", "key"),
        CheckConstraint("(state = 'answered') = (answer IS NOT NULL)", name="answered_with_answer"),
        CheckConstraint("answer <> 'agreement' OR answer_agreement_id IS NOT NULL", name="agreement_named"),
        CheckConstraint("estimated_value IS NULL OR estimated_value >= 0", name="value_not_negative"),
        Index("ix_need_report_organisation_id_reported_on", "organisation_id", "reported_on"),
        Index("ix_need_report_state_due_on", "state", "due_on"),
    )

    TRANSITIONS = {
        (S.SENT, "take"): S.TAKEN,
        (S.TAKEN, "take"): S.TAKEN,  # from a colleague who has it
        (S.SENT, "pass_on"): S.SENT,
        (S.TAKEN, "pass_on"): S.SENT,
        (S.SENT, "answer"): S.ANSWERED,
        (S.TAKEN, "answer"): S.ANSWERED,
        (S.SENT, "withdraw"): S.WITHDRAWN,
        (S.TAKEN, "withdraw"): S.WITHDRAWN,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))  # of the form: a double click is one report
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    is_question: Mapped[bool] = mapped_column(default=False)  # asked, nothing is to be bought yet
    title: Mapped[str] = mapped_column(String(200))  # what
    how_much: Mapped[str | None] = mapped_column(String(100))  # in her own words: 30 stolar
    estimated_value: Mapped[Decimal | None] = mapped_column(Amount)  # SEK excl. VAT
    needed_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)  # why

    # where it came from
    search_text: Mapped[str | None] = mapped_column(String(200))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    refusal_code: Mapped[str | None] = mapped_column(String(40))

    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), index=True)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reported_on: Mapped[date]  # the same as a day in Stockholm
    due_on: Mapped[date]
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that the answer is late
    state: Mapped[NeedState] = mapped_column(TextEnum(NeedState), default=NeedState.SENT)

    answer: Mapped[NeedAnswer | None] = mapped_column(TextEnum(NeedAnswer))
    answer_text: Mapped[str | None] = mapped_column(Text)
    answer_agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    answer_article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()
    unit: Mapped[Unit | None] = relationship()
    reporter: Mapped[User] = relationship(foreign_keys=[reporter_id])
    receiver: Mapped[User | None] = relationship(foreign_keys=[receiver_id])
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])
    category: Mapped[Category | None] = relationship()
    article: Mapped[Article | None] = relationship(foreign_keys=[article_id])
    agreement: Mapped[Agreement | None] = relationship(foreign_keys=[agreement_id])
    answer_agreement: Mapped[Agreement | None] = relationship(foreign_keys=[answer_agreement_id])
    answer_article: Mapped[Article | None] = relationship(foreign_keys=[answer_article_id])
    attachments: Mapped[list[NeedAttachment]] = relationship(
        back_populates="report", order_by="NeedAttachment.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its answer."""
        return self.state in OPEN

    def days_left(self, on: date) -> int:
        """Days until the answer is due: negative when it is late."""
        return (self.due_on - on).days


class NeedAttachment(Base):
    """A file that the reporter sent along: a picture, a drawing, a quotation."""

    __tablename__ = "need_attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("need_report.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    report: Mapped[NeedReport] = relationship(back_populates="attachments")


def after_working_days(first: date, days: int) -> date:
    """The day so many working days, Monday to Friday, after the first."""
    day = first
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day
