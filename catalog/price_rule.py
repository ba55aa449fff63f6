"""Price rule: what an agreement says about changed prices, and from where on a second person must look at a new list.

What the agreement forbids stops a list until the rows are refused. What is above a limit is for two pairs of eyes, and
so is a rule that is to allow more: whoever could loosen it alone would need nobody for the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from catalog import words
from catalog.agreement import Agreement
from core.db import Base, db
from core.types import Amount, Percent, UtcDateTime

BOUNDS = ("raises_from", "largest_raise", "limit_percent", "limit_share", "limit_effect")


class PriceTerms:
    """None in a column: the agreement says nothing, or there is no such limit."""

    index_clause: Mapped[str | None] = mapped_column(String(500))  # the index, its months, and where it is stated
    raises_from: Mapped[date | None]  # the first day on which a price may be higher than the one in force
    largest_raise: Mapped[Decimal | None] = mapped_column(Percent)  # of one article, in one list and in a year
    limit_percent: Mapped[Decimal | None] = mapped_column(Percent)  # of one article, up or down
    limit_share: Mapped[Decimal | None] = mapped_column(Percent)  # changed articles of those in either list
    limit_effect: Mapped[Decimal | None] = mapped_column(Amount)  # SEK a year, up or down


class PriceRule(PriceTerms, Base):
    """What holds."""

    __tablename__ = "price_rule"
    __table_args__ = (
        CheckConstraint("largest_raise >= 0", name="largest_raise_positive"),
        CheckConstraint("limit_percent >= 0", name="limit_percent_positive"),
        CheckConstraint("limit_share >= 0", name="limit_share_positive"),
        CheckConstraint("limit_effect >= 0", name="limit_effect_positive"),
    )

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), primary_key=True)

    agreement: Mapped[Agreement] = relationship()

    @property
    def has_limits(self) -> bool:
        """Whether any list could need a second person."""
        return any(limit is not None for limit in (self.limit_percent, self.limit_share, self.limit_effect))

    def exceeded(self, *, percent: Decimal, share: Decimal, effect: Decimal, incomparable: int) -> list[Any]:
        """The limits that a list is above, as texts: the largest change of one article, the share of changed rows (both
        in percent), and the effect in SEK a year. Prices that cannot be compared are above any limit of prices."""
        found = []
        if incomparable and (self.limit_percent is not None or self.limit_effect is not None):
            found.append(
                _l(
                    "Artiklar vars nya enhet eller förpackning inte går att jämföra med den gamla: %(count)s.",
                    count=incomparable,
                )
            )
        if self.limit_percent is not None and percent > self.limit_percent:
            found.append(
                _l(
                    "Ett pris ändras med %(found)s %%, gränsen är %(limit)s %%.",
                    found=words.number(percent),
                    limit=words.number(self.limit_percent),
                )
            )
        if self.limit_share is not None and share > self.limit_share:
            found.append(
                _l(
                    "%(found)s %% av raderna ändras, gränsen är %(limit)s %%.",
                    found=words.number(share),
                    limit=words.number(self.limit_share),
                )
            )
        if self.limit_effect is not None and abs(effect) > self.limit_effect:
            found.append(
                _l(
                    "Ändringarna gör %(found)s om året, gränsen är %(limit)s.",
                    found=words.kr(effect, 0),
                    limit=words.kr(self.limit_effect, 0),
                )
            )
        return found

    def is_loosened_by(self, new: Mapping[str, Any]) -> bool:
        """Whether new values allow more than these do: an earlier day, a higher percentage or amount, or none."""
        for name in BOUNDS:
            before, after = getattr(self, name), new[name]
            if before is not None and (after is None or (after < before if name == "raises_from" else after > before)):
                return True
        return False


class PriceRuleProposal(PriceTerms, Base):
    """A less strict rule that somebody wants; it holds when another person has said yes. One for each agreement."""

    __tablename__ = "price_rule_proposal"

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))

    proposed_by: Mapped[User | None] = relationship()


def rule_of(agreement: Agreement) -> PriceRule | None:
    """What an agreement says about changed prices; none where nobody has written it down."""
    return db.session.get(PriceRule, agreement.id)


def proposal_of(agreement: Agreement) -> PriceRuleProposal | None:
    """The less strict rule that waits for a second person."""
    return db.session.get(PriceRuleProposal, agreement.id)
