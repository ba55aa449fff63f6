"""Agreement: a framework agreement (ramavtal) with its lots, awards and entitled organisations (LOU 7 kap.)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, holds_on
from auth.user import User
from catalog.category import Category
from catalog.supplier import Supplier
from core.db import Base
from core.errors import RuleBroken
from core.types import Amount, Percent, TextEnum, UtcDateTime


class LegalRegime(str, Enum):
    """Which law the agreement was procured under; limits and terms follow from it."""

    LOU = "lou"  # directive-governed, LOU 2016:1145
    LOU_19 = "lou-19"  # LOU chapter 19: under the threshold or annex 2 services
    LUF = "luf"  # LUF 2016:1146
    EXTERNAL = "external"  # somebody else's agreement (Adda, Kammarkollegiet), with its own call-off guide


class FollowUpClass(str, Enum):
    A = "A"  # critical: three meetings a year
    B = "B"
    C = "C"


class AgreementState(str, Enum):
    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ENDED = "ended"


class CallOffMethod(str, Enum):
    """How the supplier of a call-off is chosen; always named together with the clause that says so (LOU 7:4–9)."""

    SINGLE = "single"
    RANKING = "ranking"
    DYNAMIC_RANKING = "dynamic-ranking"
    ALLOCATION = "allocation"
    CHOICE = "choice"
    COMPETITION = "competition"
    COMBINATION = "combination"
    DYNAMIC_PURCHASING = "dynamic-purchasing"


METHOD_NAMES = {
    CallOffMethod.SINGLE: _l("en leverantör"),
    CallOffMethod.RANKING: _l("fast rangordning"),
    CallOffMethod.DYNAMIC_RANKING: _l("dynamisk rangordning"),
    CallOffMethod.ALLOCATION: _l("fördelningsnyckel"),
    CallOffMethod.CHOICE: _l("beställarens val på angivna grunder"),
    CallOffMethod.COMPETITION: _l("förnyad konkurrensutsättning"),
    CallOffMethod.COMBINATION: _l("kombination efter belopp"),
    CallOffMethod.DYNAMIC_PURCHASING: _l("dynamiskt inköpssystem"),
}

# Methods by which the best placed supplier is asked first, and those where every call-off is competed for
RANKED = (CallOffMethod.RANKING, CallOffMethod.COMBINATION)
COMPETED = (CallOffMethod.COMPETITION, CallOffMethod.DYNAMIC_PURCHASING)

LAW_OF_ENTITLEMENT = {LegalRegime.LOU: "LOU 7 kap. 3 §", LegalRegime.LUF: "LUF 7 kap. 3 §"}
ENDS_SOON = timedelta(days=90)

S = AgreementState


class Agreement(Base):
    """A framework agreement. Orderable when published and the order date lies within its dates."""

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        Index("ix_agreement_state_dates", "state", "starts_on", "ends_on"),
    )

    TRANSITIONS = {
        (S.DRAFT, "publish"): S.PUBLISHED,
        (S.PUBLISHED, "pause"): S.PAUSED,
        (S.PAUSED, "resume"): S.PUBLISHED,
        (S.PUBLISHED, "end"): S.ENDED,
        (S.PAUSED, "end"): S.ENDED,
        (S.DRAFT, "end"): S.ENDED,
    }

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    registry_number: Mapped[str | None] = mapped_column(String(60))  # diarienummer
    title: Mapped[str] = mapped_column(String(200))
    sort_title: Mapped[str] = mapped_column(String(255, collation="C").with_variant(String(255), "sqlite"))
    summary: Mapped[str | None] = mapped_column(Text)  # what it covers, in plain words
    how_to_order: Mapped[str | None] = mapped_column(Text)
    legal_regime: Mapped[LegalRegime] = mapped_column(TextEnum(LegalRegime), default=LegalRegime.LOU)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # inclusive, extensions taken so far included
    delivers_after_end: Mapped[bool] = mapped_column(default=False)  # the terms allow delivery after the last day
    notice_on: Mapped[date | None]
    price_terms: Mapped[str | None] = mapped_column(Text)
    payment_terms: Mapped[str] = mapped_column(String(100), default="30 dagar netto")
    follow_up_class: Mapped[FollowUpClass] = mapped_column(TextEnum(FollowUpClass), default=FollowUpClass.C)
    state: Mapped[AgreementState] = mapped_column(TextEnum(AgreementState), default=AgreementState.DRAFT)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    owner: Mapped[Organisation] = relationship()
    responsible: Mapped[User | None] = relationship()
    category: Mapped[Category | None] = relationship()
    lots: Mapped[list[Lot]] = relationship(
        back_populates="agreement", order_by="Lot.number", cascade="all, delete-orphan"
    )
    entitlements: Mapped[list[Entitlement]] = relationship(
        back_populates="agreement", order_by="Entitlement.id", cascade="all, delete-orphan"
    )
    extensions: Mapped[list[ExtensionOption]] = relationship(
        back_populates="agreement", order_by="ExtensionOption.ends_on", cascade="all, delete-orphan"
    )
    documents: Mapped[list[AgreementDocument]] = relationship(
        back_populates="agreement", order_by="AgreementDocument.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}

    def is_active(self, on: date) -> bool:
        """Published, and the day within its dates (both inclusive)."""
        return self.state is AgreementState.PUBLISHED and self.starts_on <= on <= self.ends_on

    def ends_soon(self, on: date) -> bool:
        """Still running on the day, but not for long."""
        return self.state is not AgreementState.ENDED and on <= self.ends_on <= on + ENDS_SOON

    def is_open_to(self, organisation: Organisation, on: date) -> bool:
        """Whether an organisation may call off something under it that day: the agreement as a whole, or a lot."""
        ours = (e for e in self.entitlements if e.organisation_id == organisation.id)
        return self.is_active(on) and any(e.is_current(on) for e in ours)

    @property
    def law_of_entitlement(self) -> str | None:
        """The paragraph by which only those named in the procurement may call off; none outside LOU 7 and LUF 7."""
        return LAW_OF_ENTITLEMENT.get(self.legal_regime)

    def check_publishable(self) -> None:
        """What an agreement must say before staff meet it. Raises RuleBroken naming the first thing missing."""
        if not self.lots:
            raise RuleBroken(_l("Avtalet har inget delområde. Lägg till minst ett."))
        for lot in self.lots:
            lot.check_complete()
        if not self.entitlements:
            raise RuleBroken(_l("Ingen organisation är avropsberättigad (LOU 7 kap. 3 §). Lägg till minst en."))
        if not self.summary:
            raise RuleBroken(_l("Skriv med enkla ord vad avtalet omfattar, så att medarbetarna hittar det."))


class ExtensionOption(Base):
    """An agreed right to prolong, and whether it was taken."""

    __tablename__ = "extension_option"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    ends_on: Mapped[date]  # the new last day if taken
    decide_by: Mapped[date | None]
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    taken_until: Mapped[date | None]  # the last day that was decided: the option's, or an earlier one
    decision_number: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(1000))

    agreement: Mapped[Agreement] = relationship(back_populates="extensions")
    taken_by: Mapped[User | None] = relationship()


class AgreementDocument(Base):
    """A file that belongs to the agreement: the contract, terms, a guide."""

    __tablename__ = "agreement_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    agreement: Mapped[Agreement] = relationship(back_populates="documents")


class Lot(Base):
    """A lot (delområde) with its call-off method and the clause that states it."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("agreement_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    method: Mapped[CallOffMethod] = mapped_column(TextEnum(CallOffMethod))
    clause: Mapped[str] = mapped_column(String(200))  # "Avtalet punkt 4.2": where the method is stated
    competition_above: Mapped[Decimal | None] = mapped_column(Amount)  # renewed competition above this, excl. VAT
    choice_grounds: Mapped[str | None] = mapped_column(Text)  # orderer's choice: one objective ground a line
    answer_hours: Mapped[int] = mapped_column(default=48)  # ranking: how long a supplier has to answer

    agreement: Mapped[Agreement] = relationship(back_populates="lots")
    category: Mapped[Category | None] = relationship()
    awards: Mapped[list[Award]] = relationship(
        back_populates="lot", order_by="Award.rank", cascade="all, delete-orphan"
    )

    @property
    def method_name(self) -> Any:
        """What the call-off method is called on a page (lazy)."""
        return METHOD_NAMES[self.method]

    @property
    def is_ranked(self) -> bool:
        """Whether the best placed supplier is asked first."""
        return self.method in RANKED

    @property
    def asks_in_turn(self) -> bool:
        """Whether one supplier is asked before the others, by rank, share or total: its no opens for the next."""
        return self.is_ranked or self.method in (CallOffMethod.ALLOCATION, CallOffMethod.DYNAMIC_RANKING)

    @property
    def is_competed(self) -> bool:
        """Whether every call-off is competed for, so that nothing is ordered from a price list."""
        return self.method in COMPETED

    @property
    def may_be_competed(self) -> bool:
        """Whether the agreement knows renewed competition, always or above an amount."""
        is_combined = self.method is CallOffMethod.COMBINATION
        return self.is_competed or is_combined or self.competition_above is not None

    @property
    def grounds(self) -> list[str]:
        """The objective grounds that the procurement documents state for the orderer's choice."""
        return [line.strip() for line in (self.choice_grounds or "").splitlines() if line.strip()]

    def check_complete(self) -> None:
        """A lot must have awards that fit its method. Raises RuleBroken."""
        name = {"lot": f"{self.number} {self.title}"}
        if not self.clause.strip():
            raise RuleBroken(_l("Delområde %(lot)s: ange var i avtalet avropsordningen står.", **name))
        if not self.awards and self.method is not CallOffMethod.DYNAMIC_PURCHASING:
            raise RuleBroken(_l("Delområde %(lot)s har ingen leverantör.", **name))
        if self.method is CallOffMethod.SINGLE and len(self.awards) > 1:
            raise RuleBroken(
                _l(
                    "Delområde %(lot)s: en enda leverantör är angiven som avropsordning men det finns flera.",
                    **name,
                )
            )
        if self.is_ranked and len({a.rank for a in self.awards}) != len(self.awards):
            raise RuleBroken(_l("Delområde %(lot)s: två leverantörer har samma plats i rangordningen.", **name))
        if self.method is CallOffMethod.CHOICE and not self.grounds:
            raise RuleBroken(_l("Delområde %(lot)s: ange de grunder som beställaren får välja på.", **name))


class FreeTextPrice(str, Enum):
    """What the price of something that stands in no price list is made of (prisgrund)."""

    HOURLY = "hourly"
    MARK_UP = "mark-up"
    ESTIMATE = "estimate"


FREE_TEXT_PRICE_NAMES = {
    FreeTextPrice.HOURLY: _l("timpris"),
    FreeTextPrice.MARK_UP: _l("listpris med påslag"),
    FreeTextPrice.ESTIMATE: _l("uppskattat pris"),
}


class Award(Base):
    """A supplier's place on a lot (tilldelning): what makes an order line legal."""

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("lot_id", "supplier_id"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("rank >= 1", name="rank_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"), index=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"), index=True)
    rank: Mapped[int] = mapped_column(default=1)
    share: Mapped[Decimal | None] = mapped_column(Percent)  # allocation key
    starts_on: Mapped[date | None]  # narrower than the agreement's dates where given
    ends_on: Mapped[date | None]
    minimum_order: Mapped[Decimal | None] = mapped_column(Amount)  # below it the small-order fee is due
    small_order_fee: Mapped[Decimal | None] = mapped_column(Amount)
    freight: Mapped[Decimal | None] = mapped_column(Amount)
    freight_free_from: Mapped[Decimal | None] = mapped_column(Amount)
    delivery_days: Mapped[int | None]
    # What may be ordered that stands in no price list: of each order at most so much. None: nothing.
    free_text_cap: Mapped[Decimal | None] = mapped_column(Amount)
    free_text_basis: Mapped[str | None] = mapped_column(String(200))  # in the agreement's own words
    free_text_by_hour: Mapped[bool] = mapped_column(default=False)
    free_text_rate: Mapped[Decimal | None] = mapped_column(Amount)  # the highest for an hour, where it binds
    free_text_by_list: Mapped[bool] = mapped_column(default=False)
    free_text_mark_up: Mapped[Decimal | None] = mapped_column(Percent)  # the highest on a list price, where it binds
    free_text_by_estimate: Mapped[bool] = mapped_column(default=False)
    free_text_needs_file: Mapped[bool] = mapped_column(default=False)  # an offer must be attached

    lot: Mapped[Lot] = relationship(back_populates="awards")
    supplier: Mapped[Supplier] = relationship()

    @property
    def free_text_prices(self) -> tuple[FreeTextPrice, ...]:
        """The ways in which a free text may be priced; none where it is not allowed at all."""
        if self.free_text_cap is None:
            return ()
        allowed = (self.free_text_by_hour, self.free_text_by_list, self.free_text_by_estimate)
        return tuple(price for price, is_allowed in zip(FreeTextPrice, allowed, strict=True) if is_allowed)

    def is_active(self, on: date) -> bool:
        """Whether the award's own dates hold the day; the agreement's are asked apart."""
        return (self.starts_on is None or self.starts_on <= on) and (self.ends_on is None or on <= self.ends_on)

    def freight_on(self, net: Decimal) -> Decimal | None:
        """The freight of goods for so much, in SEK excl. VAT; none where it is free."""
        return self.freight if self.freight_free_from is None or net < self.freight_free_from else None

    def fee_on(self, net: Decimal) -> Decimal | None:
        """The fee of an order for so much, in SEK excl. VAT; none where it is not small."""
        return self.small_order_fee if self.minimum_order is not None and net < self.minimum_order else None

    def charges_on(self, net: Decimal) -> Decimal:
        """Freight and fee together."""
        return (self.freight_on(net) or Decimal(0)) + (self.fee_on(net) or Decimal(0))


class Entitlement(Base):
    """An organisation that may call off (avropsberättigad), named when the agreement was procured (LOU 7:3)."""

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        Index("ix_entitlement_organisation", "organisation_id", "agreement_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id", ondelete="CASCADE"))  # none: every lot
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    agreement: Mapped[Agreement] = relationship(back_populates="entitlements")
    lot: Mapped[Lot | None] = relationship()
    organisation: Mapped[Organisation] = relationship()

    def is_current(self, on: date) -> bool:
        return holds_on(self.starts_on, self.ends_on, on)
