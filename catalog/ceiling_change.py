"""Ceiling change: that a stated ceiling was raised, lowered or opened, by whom and on which ground.

A contract or framework agreement may be changed without a new procurement only as LOU 17 kap. 8-16 §§ allow, so a
higher ceiling names its paragraph, its reasons and the decision. A row is never changed or deleted.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from auth.user import User
from catalog.agreement import Agreement, AgreementDocument, LegalRegime
from catalog.ceiling import Ceiling
from core.clock import local
from core.db import Base, db
from core.types import Measured, TextEnum, UtcDateTime


class Ground(str, Enum):
    """What a higher ceiling may stand on."""

    SMALL = "17:9"
    CLAUSE = "17:10"
    COMPLEMENT = "17:11"
    UNFORESEEN = "17:12"
    SUPPLIER = "17:13"
    NOT_SUBSTANTIAL = "17:14"
    OTHER = "other"  # where LOU's chapter 17 does not apply


GROUND_NAMES = {
    Ground.SMALL: _l("LOU 17 kap. 9 §: ändring av mindre värde"),
    Ground.CLAUSE: _l("LOU 17 kap. 10 §: ändringsklausul eller option"),
    Ground.COMPLEMENT: _l("LOU 17 kap. 11 §: kompletterande beställning"),
    Ground.UNFORESEEN: _l("LOU 17 kap. 12 §: oförutsebara omständigheter"),
    Ground.SUPPLIER: _l("LOU 17 kap. 13 §: byte av leverantör"),
    Ground.NOT_SUBSTANTIAL: _l("LOU 17 kap. 14 §: ändringen är inte väsentlig"),
    Ground.OTHER: _l("annat stöd, som anges i skälet"),
}
GROUND_HINTS = {
    Ground.SMALL: _l(
        "Under tröskelvärdet, och mindre än 10 procent av avtalets värde (15 procent för byggentreprenader). "
        "Flera ändringar räknas ihop (15 §), och avtalets karaktär får inte ändras."
    ),
    Ground.CLAUSE: _l("Det står klart och tydligt i upphandlingen hur och när avtalet får ändras."),
    Ground.COMPLEMENT: _l(
        "Mer behövs från samma leverantör, som inte kan bytas av ekonomiska eller tekniska skäl. "
        "Högst 50 procent av värdet, och ändringen annonseras (16 §)."
    ),
    Ground.UNFORESEEN: _l(
        "Något som myndigheten varken förutsåg eller borde ha förutsett. Högst 50 procent av värdet, och ändringen "
        "annonseras (16 §)."
    ),
    Ground.SUPPLIER: _l("En annan leverantör träder in, till exempel efter en fusion eller en konkurs."),
    Ground.NOT_SUBSTANTIAL: _l(
        "Ändringen hade inte lockat andra anbud, gynnar inte leverantören och vidgar inte avtalet betydligt."
    ),
    Ground.OTHER: _l("För avtal som inte följer LOU 17 kap.: till exempel LUF 16 kap., eller någon annans avtal."),
}


class CeilingChange(Base):
    """Limits in the ceiling's own measure; none: unknown. Ground, decision and document where it gives more room."""

    __tablename__ = "ceiling_change"
    __table_args__ = (
        CheckConstraint(
            "ground IS NULL OR (reason IS NOT NULL AND document_id IS NOT NULL AND decided_on IS NOT NULL)",
            name="ground_is_told",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ceiling_id: Mapped[int] = mapped_column(ForeignKey("ceiling.id"), index=True)
    before: Mapped[Decimal | None] = mapped_column("limit_before", Measured)
    after: Mapped[Decimal | None] = mapped_column("limit_after", Measured)
    ground: Mapped[Ground | None] = mapped_column(TextEnum(Ground))
    reason: Mapped[str | None] = mapped_column(String(1000))
    decided_on: Mapped[date | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_document.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    ceiling: Mapped[Ceiling] = relationship()
    document: Mapped[AgreementDocument | None] = relationship()
    changed_by: Mapped[User | None] = relationship()

    @property
    def day(self) -> date:
        """The decision's day, or that of the change."""
        return self.decided_on or local(self.changed_at).date()

    @property
    def ground_name(self) -> Any:
        """The paragraph and what it is about (lazy); nothing where no more room was given."""
        return GROUND_NAMES[self.ground] if self.ground is not None else ""


def grounds_for(agreement: Agreement) -> list[Ground]:
    """The grounds that the law of an agreement knows."""
    is_lou = agreement.legal_regime in (LegalRegime.LOU, LegalRegime.LOU_19)
    return [ground for ground in Ground if ground is not Ground.OTHER] if is_lou else list(Ground)


def changes_of(agreement: Agreement) -> list[CeilingChange]:
    """How the ceilings of an agreement were changed after it was published, the latest first."""
    query = (
        select(CeilingChange)
        .join(CeilingChange.ceiling)
        .where(Ceiling.agreement_id == agreement.id)
        .options(
            joinedload(CeilingChange.ceiling).joinedload(Ceiling.organisation),
            joinedload(CeilingChange.document),
            joinedload(CeilingChange.changed_by),
        )
        .order_by(CeilingChange.id.desc())
    )
    return list(db.session.scalars(query))
