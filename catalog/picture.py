"""Article picture: what stands at an address that published price lists name, in the size in which we show it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from catalog.price_list import Article
from core.db import Base, db
from core.errors import NotFound
from core.types import UtcDateTime


class ArticlePicture(Base):
    """Wanted until it is fetched, again when it is old; what cannot be fetched stays wanted, less and less often."""

    __tablename__ = "article_picture"
    __table_args__ = (
        CheckConstraint("(content IS NULL) = (fetched_at IS NULL)", name="fetched_whole"),
        CheckConstraint("(content IS NULL) = (media_type IS NULL)", name="fetched_typed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(500), unique=True)
    media_type: Mapped[str | None] = mapped_column(String(20))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    version: Mapped[str | None] = mapped_column(String(16))  # of the content: changes with it
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)  # since it was fetched last
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    problem: Mapped[str | None] = mapped_column(String(200))  # why the last try gave nothing


def version_of(content: bytes) -> str:
    """What tells one content from another in an address."""
    return sha256(content).hexdigest()[:16]


def picture_versions(articles: Iterable[Article]) -> dict[str, str]:
    """Which of the articles have a picture, as address → version. One query, and none where no article names one."""
    if not (addresses := {article.picture_url for article in articles if article.picture_url}):
        return {}
    found = select(ArticlePicture.address, ArticlePicture.version).where(
        ArticlePicture.address.in_(addresses), ArticlePicture.version.is_not(None)
    )
    return {address: version for address, version in db.session.execute(found) if version}


def picture_of(article: Article) -> tuple[bytes, str]:
    """The content of an article's picture and its version. Raises NotFound."""
    found = select(ArticlePicture.content, ArticlePicture.version).where(
        ArticlePicture.address == article.picture_url, ArticlePicture.content.is_not(None)
    )
    row = db.session.execute(found).one_or_none()
    if row is None or row[0] is None or row[1] is None:
        raise NotFound(_l("Artikeln finns inte."))
    return row[0], row[1]
