"""Emergency orders: units that may order first and be approved after, within how many hours and up to what amount;
what was ordered so, and whether the answer came in time; approval rules that ask for it.

Only adds. Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("unit", sa.Column("emergency_cap", sa.BigInteger(), nullable=True))
    op.add_column("unit", sa.Column("emergency_hours", sa.Integer(), nullable=True))
    op.add_column("requisition", sa.Column("emergency_reason", sa.String(length=500), nullable=True))
    op.add_column("requisition", sa.Column("emergency_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("requisition", sa.Column("emergency_overdue_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_requisition_emergency_due_at", "requisition", ["emergency_due_at"])
    op.add_column(
        "purchase_order", sa.Column("is_emergency", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("approval_rule", sa.Column("is_emergency", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("approval_rule", "is_emergency")
    op.drop_column("purchase_order", "is_emergency")
    op.drop_index("ix_requisition_emergency_due_at", "requisition")
    for column in ("emergency_overdue_at", "emergency_due_at", "emergency_reason"):
        op.drop_column("requisition", column)
    for column in ("emergency_hours", "emergency_cap"):
        op.drop_column("unit", column)
