"""Coding (kontering): an organisation's own dimensions, their codes, and what the till is filled in with.

Kommun-Bas is voluntary, and every municipality has its own string of codes: so names, lengths, order, lists and days
are data. What a code must not stand beside is a rule (orders/coding_rule.py).
"""

from __future__ import annotations

import re
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.organisation import Organisation, Unit
from auth.user import User
from catalog.agreement import Agreement, Award
from catalog.category import Category
from core.db import Base
from core.errors import RuleBroken

LONGEST_CODE = 20
MOST_DIMENSIONS = 10
_CODE = re.compile(r"[\w.:+/-]+")  # no blank: a code ends where its name begins


class Dimension(Base):
    """A part of the coding: ansvar, konto, verksamhet, projekt …"""

    __tablename__ = "coding_dimension"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint(f"code_length IS NULL OR code_length BETWEEN 1 AND {LONGEST_CODE}", name="length_possible"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    code_length: Mapped[int | None]  # characters, exactly
    code_pattern: Mapped[str | None] = mapped_column(String(200))  # a regular expression
    is_mandatory: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=True)  # only codes of the list; else any of the right form
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    organisation: Mapped[Organisation] = relationship()

    def is_current(self, on: date) -> bool:
        return within(self.starts_on, self.ends_on, on)

    def check_form(self, code: str) -> None:
        """A code has the length and the form that its dimension asks for. Raises RuleBroken."""
        told = {"dimension": self.name, "code": code}
        if not _CODE.fullmatch(code) or len(code) > LONGEST_CODE:
            text = _l("%(dimension)s %(code)s: skriv koden utan blanksteg, med högst %(most)s tecken.")
            raise RuleBroken(text % {**told, "most": LONGEST_CODE})
        if self.code_length is not None and len(code) != self.code_length:
            text = _l("%(dimension)s %(code)s: koden ska ha %(length)s tecken.")
            raise RuleBroken(text % {**told, "length": self.code_length})
        if self.code_pattern and not re.fullmatch(self.code_pattern, code):
            raise RuleBroken(_l("%(dimension)s %(code)s: koden har fel form.") % told)


class Code(Base):
    """A code of a dimension. It is ended by its last day, never removed: orders stand under it."""

    __tablename__ = "coding_code"
    __table_args__ = (
        UniqueConstraint("dimension_id", "code"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("coding_dimension.id"))
    code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    name: Mapped[str] = mapped_column(String(100))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    dimension: Mapped[Dimension] = relationship()

    def is_current(self, on: date) -> bool:
        return within(self.starts_on, self.ends_on, on)


class CodingDefault(Base):
    """A code that the till is filled in with: for a person, a unit, a category, an agreement or an article.

    An article is meant by the award it is sold under and the supplier's number, so that it outlives its price list.
    """

    __tablename__ = "coding_default"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN unit_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN category_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN agreement_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN award_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_thing",
        ),
        CheckConstraint("(award_id IS NULL) = (supplier_number IS NULL)", name="article_whole"),
        Index("ix_coding_default_dimension_id", "dimension_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("coding_dimension.id"))
    code: Mapped[str] = mapped_column(String(LONGEST_CODE))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
    award_id: Mapped[int | None] = mapped_column(ForeignKey("award.id"))
    supplier_number: Mapped[str | None] = mapped_column(String(60))

    dimension: Mapped[Dimension] = relationship()
    user: Mapped[User | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    category: Mapped[Category | None] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    award: Mapped[Award | None] = relationship()


class CodingFavourite(Base):
    """A coding that a person keeps under a name of her own."""

    __tablename__ = "coding_favourite"
    __table_args__ = (UniqueConstraint("user_id", "organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(60))
    codes: Mapped[dict[str, str]] = mapped_column(JSON)  # dimension id → code


def within(starts_on: date | None, ends_on: date | None, on: date) -> bool:
    """Both ends are inclusive; none is no limit."""
    return (starts_on is None or starts_on <= on) and (ends_on is None or on <= ends_on)
