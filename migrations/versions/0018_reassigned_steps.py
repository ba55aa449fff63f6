"""Seats that are handed over, steps that are reminded of and escalated, and after how many days.

Only adds. Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval_candidate", sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_candidate", sa.Column("instead_of", sa.String(length=200), nullable=True))
    op.add_column("approval_candidate", sa.Column("added_by", sa.String(length=200), nullable=True))
    op.add_column("approval_candidate", sa.Column("added_reason", sa.String(length=500), nullable=True))
    op.add_column("approval_step", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_step", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organisation", sa.Column("remind_after_days", sa.Integer(), nullable=True))
    op.add_column("organisation", sa.Column("escalate_after_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    for column in ("escalate_after_days", "remind_after_days"):
        op.drop_column("organisation", column)
    for column in ("escalated_at", "reminded_at"):
        op.drop_column("approval_step", column)
    for column in ("added_reason", "added_by", "instead_of", "handed_over_at"):
        op.drop_column("approval_candidate", column)
