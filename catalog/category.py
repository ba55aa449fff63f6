"""Category: a branch of the office's own tree of what is bought, mapped to CPV, with an owner."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from auth.user import User
from core.db import Base
from core.tree import LONGEST_PATH


class Category(Base):
    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    cpv: Mapped[str | None] = mapped_column(String(8))  # division, group or class of Regulation (EC) 213/2008
    path: Mapped[str] = mapped_column(String(LONGEST_PATH), default="/")  # ids from the root and its own: /3/17/
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    is_closed: Mapped[bool] = mapped_column(default=False)  # must not be ordered here (security-sensitive)

    parent: Mapped[Category | None] = relationship(remote_side=[id])
    owner: Mapped[User | None] = relationship()

    def is_within(self, branch: Category) -> bool:
        return self.path.startswith(branch.path)
