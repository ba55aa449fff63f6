"""Bid (anbud): what a supplier answered, sealed until the opening and then written out; and the decision."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from catalog.agreement import Award
from core.db import Base
from core.types import Amount, Quantity, UnitPrice, UtcDateTime
from orders.competition import Competition, CompetitionCriterion, CompetitionLine, Invitation


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sealed: a bid with a price for every line, or a no. `prices`: SEK excl. VAT by the line's id."""

    received_at: datetime
    prices: dict[int, Decimal]
    valid_until: date | None = None
    contact: str | None = None
    message: str | None = None
    file_name: str | None = None
    file_content: bytes = b""

    @property
    def is_bid(self) -> bool:
        return bool(self.prices)

    def to_bytes(self) -> bytes:
        """For the envelope."""
        told = {
            "received_at": self.received_at.isoformat(),
            "prices": {str(line_id): str(price) for line_id, price in self.prices.items()},
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "contact": self.contact,
            "message": self.message,
            "file_name": self.file_name,
            "file_content": b64encode(self.file_content).decode(),
        }
        return json.dumps(told, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Answer | None:
        """From the envelope; nothing of one that is empty, because nobody answered."""
        if not content:
            return None
        told = json.loads(content)
        return cls(
            received_at=datetime.fromisoformat(told["received_at"]),
            prices={int(line_id): Decimal(price) for line_id, price in told["prices"].items()},
            valid_until=date.fromisoformat(told["valid_until"]) if told["valid_until"] else None,
            contact=told["contact"],
            message=told["message"],
            file_name=told["file_name"],
            file_content=b64decode(told["file_content"]),
        )


class Bid(Base):
    """A bid as it came out of its envelope. The database keeps it as it is; only a rejection is added."""

    __tablename__ = "competition_bid"
    __table_args__ = (CheckConstraint("net_amount > 0", name="net_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("competition_invitation.id"), unique=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competition.id"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64))  # of the envelope, as in the supplier's receipt
    net_amount: Mapped[Decimal] = mapped_column(Amount)  # SEK excl. VAT, computed by us
    valid_until: Mapped[date]
    contact: Mapped[str | None] = mapped_column(String(200))
    message: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    rejected_reason: Mapped[str | None] = mapped_column(Text)  # does not meet what was demanded

    invitation: Mapped[Invitation] = relationship()
    award: Mapped[Award] = relationship()
    competition: Mapped[Competition] = relationship()
    lines: Mapped[list[BidLine]] = relationship(back_populates="bid", order_by="BidLine.line_id")
    scores: Mapped[list[BidScore]] = relationship(back_populates="bid", cascade="all, delete-orphan")

    def score_of(self, criterion: CompetitionCriterion) -> BidScore | None:
        return next((score for score in self.scores if score.criterion_id == criterion.id), None)


class BidLine(Base):
    """A line's price. `article_id`: the row that the won price became, which requisitions and orders stand on."""

    __tablename__ = "competition_bid_line"
    __table_args__ = (
        UniqueConstraint("bid_id", "line_id"),
        CheckConstraint("unit_price > 0", name="price_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("competition_bid.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("competition_line.id"), index=True)
    unit_price: Mapped[Decimal] = mapped_column(UnitPrice)
    net_amount: Mapped[Decimal] = mapped_column(Amount)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), unique=True)

    bid: Mapped[Bid] = relationship(back_populates="lines")
    line: Mapped[CompetitionLine] = relationship()


class BidScore(Base):
    """How well a bid meets a criterion other than price: a grade from 0 to 10, and why."""

    __tablename__ = "competition_bid_score"
    __table_args__ = (
        UniqueConstraint("bid_id", "criterion_id"),
        CheckConstraint("grade >= 0 AND grade <= 10000", name="grade_within"),  # in thousandths
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("competition_bid.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("competition_criterion.id"))
    grade: Mapped[Decimal] = mapped_column(Quantity)
    reason: Mapped[str] = mapped_column(Text)
    scored_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))

    bid: Mapped[Bid] = relationship(back_populates="scores")
    criterion: Mapped[CompetitionCriterion] = relationship()


class CompetitionDecision(Base):
    """Who won, and why. Never changed; a competition that is abandoned after it gives nobody anything."""

    __tablename__ = "competition_decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competition.id"), unique=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("competition_bid.id"), unique=True)
    reasons: Mapped[str] = mapped_column(Text)
    standstill_until: Mapped[date | None]  # the last day on which nothing is ordered (LOU 20:2, voluntary)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))

    competition: Mapped[Competition] = relationship()
    bid: Mapped[Bid] = relationship()
    decided_by: Mapped[User] = relationship()
