"""Direct procurement (direktupphandling, LOU 19 a kap. and LUF 19 a kap.): what was bought without advertising, its
documentation, and the running sum that must stay below the limit of the law.

The value of all direct procurements of one kind in a year is summed per contracting authority (LOU 5 kap. 4–7 §§):
per organisation, per branch below the root of the category tree, and per calendar year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation
from auth.user import User
from catalog.category import Category
from catalog.ceiling import ZERO
from catalog.parameter import parameter
from catalog.words import kr
from core.db import Base, db, locks_rows
from core.errors import RuleBroken
from core.types import Amount, TextEnum, UtcDateTime
from orders.need import NeedReport

MOST_ASKED = 5  # suppliers in the form


class ProcurementLaw(str, Enum):
    LOU = "lou"
    LUF = "luf"


LAW_NAMES = {
    ProcurementLaw.LOU: _l("LOU – det vanliga för kommuner"),
    ProcurementLaw.LUF: _l("LUF – vatten, energi, transporter"),
}
CHAPTER = {ProcurementLaw.LOU: "LOU 19 a kap. 2 §", ProcurementLaw.LUF: "LUF 19 a kap. 2 §"}


class AskedAnswer(str, Enum):
    OFFER = "offer"
    DECLINED = "declined"
    SILENT = "silent"


ASKED_NAMES = {
    AskedAnswer.OFFER: _l("lämnade pris"),
    AskedAnswer.DECLINED: _l("tackade nej"),
    AskedAnswer.SILENT: _l("svarade inte"),
}


class DirectProcurement(Base):
    """The decision and its documentation (LOU 19 a kap. 11 §)."""

    __tablename__ = "direct_procurement"
    __table_args__ = (
        CheckConstraint("value_amount > 0", name="value_positive"),
        Index("ix_direct_procurement_organisation_id_decided_on", "organisation_id", "decided_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("need_report.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    law: Mapped[ProcurementLaw] = mapped_column(TextEnum(ProcurementLaw))
    value: Mapped[Decimal] = mapped_column("value_amount", Amount)  # SEK excl. VAT, options and extensions included
    reasons: Mapped[str | None] = mapped_column(Text)
    decided_on: Mapped[date]
    decided_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))

    report: Mapped[NeedReport] = relationship()
    organisation: Mapped[Organisation] = relationship()
    category: Mapped[Category] = relationship()
    decided_by: Mapped[User] = relationship()
    asked: Mapped[list[AskedSupplier]] = relationship(
        back_populates="procurement", order_by="AskedSupplier.position", cascade="all, delete-orphan"
    )
    corrections: Mapped[list[Correction]] = relationship(back_populates="procurement", order_by="Correction.id")

    @property
    def chosen(self) -> AskedSupplier:
        """The supplier that got the order: there is always one."""
        return next(supplier for supplier in self.asked if supplier.is_chosen)


class AskedSupplier(Base):
    """A supplier that was asked, what it answered and at what price excl. VAT."""

    __tablename__ = "asked_supplier"
    __table_args__ = (CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    procurement_id: Mapped[int] = mapped_column(ForeignKey("direct_procurement.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    organisation_number: Mapped[str | None] = mapped_column(String(10))  # ten digits, Luhn-checked at the door
    answer: Mapped[AskedAnswer] = mapped_column(TextEnum(AskedAnswer))
    price: Mapped[Decimal | None] = mapped_column(Amount)
    is_chosen: Mapped[bool] = mapped_column(default=False)

    procurement: Mapped[DirectProcurement] = relationship(back_populates="asked")


class Correction(Base):
    """What a decided direct procurement said until somebody corrected it, and why it was wrong.

    Rows are only added: the database refuses to change or delete one.
    """

    __tablename__ = "procurement_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    procurement_id: Mapped[int] = mapped_column(ForeignKey("direct_procurement.id"), index=True)
    former_value: Mapped[Decimal] = mapped_column(Amount)
    former_supplier: Mapped[str] = mapped_column(String(200))
    former_number: Mapped[str | None] = mapped_column(String(10))
    former_reasons: Mapped[str | None] = mapped_column(Text)
    why: Mapped[str] = mapped_column(String(500))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    procurement: Mapped[DirectProcurement] = relationship(back_populates="corrections")
    made_by: Mapped[User] = relationship()


@dataclass(frozen=True, slots=True)
class RunningSum:
    """What an organisation has procured directly in a branch this year, against the limits of the day; excl. VAT."""

    branch: Category
    law: ProcurementLaw
    year: int
    total: Decimal
    limit: Decimal  # the sum must stay below it
    documentation_above: Decimal

    @property
    def left(self) -> Decimal:
        """The most that one more may be worth: the sum must stay *below* the limit (LOU 19 a kap. 2 §)."""
        return max(ZERO, self.limit - self.total - Decimal("0.01"))

    def needs_documentation(self, value: Decimal) -> bool:
        """Whether the form must be filled in: above the limit, not at it (LOU 19 a kap. 11 §)."""
        return value > self.documentation_above

    def check_room(self, value: Decimal) -> None:
        """Raises RuleBroken with the way on when one more of this value takes the sum to the limit."""
        if value <= self.left:
            return
        raise RuleBroken(
            _l(
                "Gränsen för direktupphandling är %(limit)s (%(law)s). I %(branch)s är %(total)s redan "
                "direktupphandlat %(year)s, så %(value)s till går inte.",
                limit=kr(self.limit, 0),
                law=CHAPTER[self.law],
                branch=self.branch.name,
                total=kr(self.total),
                year=self.year,
                value=kr(value),
            ),
            way_on=_l("Svara i stället med en ny upphandling, eller med ett avtal som täcker behovet."),
        )


def running_sum(organisation: Organisation, category: Category, law: ProcurementLaw, on: date) -> RunningSum:
    """The sum of a branch in the year of a day. Raises RuleBroken when the limits have no value that day."""
    root_id = int(category.path.strip("/").split("/")[0])
    branch = category if category.id == root_id else db.session.get_one(Category, root_id)
    total = db.session.scalar(
        select(func.sum(DirectProcurement.value))
        .join(Category, Category.id == DirectProcurement.category_id)
        .where(
            DirectProcurement.organisation_id == organisation.id,
            DirectProcurement.law == law,
            DirectProcurement.decided_on.between(date(on.year, 1, 1), date(on.year, 12, 31)),
            Category.path.startswith(branch.path),
        )
    )
    return RunningSum(
        branch=branch,
        law=law,
        year=on.year,
        total=total or ZERO,
        limit=parameter(f"direct-procurement.{law.value}", on),
        documentation_above=parameter("direct-procurement.documentation", on),
    )


def lock_sums(organisation: Organisation) -> None:
    """Let nobody else decide on a direct procurement of the organisation until this transaction ends: two answers at
    once would otherwise both see the room that only one of them may have. Orders go on, they need a weaker lock."""
    if locks_rows():
        row = select(Organisation.id).where(Organisation.id == organisation.id)
        db.session.execute(row.with_for_update(key_share=True))
