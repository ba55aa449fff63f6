"""Registers that somebody looks at before they are brought in.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("register_upload")
