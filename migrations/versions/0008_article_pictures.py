"""Pictures of articles, fetched from the addresses in price lists.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.String(length=16), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(content IS NULL) = (fetched_at IS NULL)", name="ck_article_picture_fetched_whole"),
        sa.CheckConstraint("(content IS NULL) = (media_type IS NULL)", name="ck_article_picture_fetched_typed"),
        sa.PrimaryKeyConstraint("id", name="pk_article_picture"),
        sa.UniqueConstraint("address", name="uq_article_picture_address"),
    )
    op.create_index("ix_article_picture_next_try_at", "article_picture", ["next_try_at"])


def downgrade() -> None:
    op.drop_table("article_picture")
