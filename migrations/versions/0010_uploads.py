"""One waiting room for files that somebody has sent and not yet said yes to. What waited in the two is sent again.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("price_upload")
    op.drop_table("register_upload")
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name="fk_upload_award_id_award", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_upload_user_id_app_user"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("user_id", "kind", "award_id", name="uq_upload_user_id_kind_award_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_upload_uploaded_at", "upload", ["uploaded_at"])
    op.create_index(
        "uq_upload_user_id_kind",
        "upload",
        ["user_id", "kind"],
        unique=True,
        sqlite_where=sa.text("award_id IS NULL"),
        postgresql_where=sa.text("award_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("upload")
    op.create_table(
        "register_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_register_upload_user_id_app_user"),
        sa.PrimaryKeyConstraint("id", name="pk_register_upload"),
        sa.UniqueConstraint("user_id", "kind", name="uq_register_upload_user_id_kind"),
    )
    op.create_index("ix_register_upload_uploaded_at", "register_upload", ["uploaded_at"])
    op.create_table(
        "price_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name="fk_price_upload_award_id_award", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["app_user.id"], name="fk_price_upload_uploaded_by_id_app_user"),
        sa.PrimaryKeyConstraint("id", name="pk_price_upload"),
        sa.UniqueConstraint("award_id", "uploaded_by_id", name="uq_price_upload_award_id_uploaded_by_id"),
    )
    op.create_index("ix_price_upload_uploaded_at", "price_upload", ["uploaded_at"])
