"""Approval rules have a first and a last day.

Only adds; a rule without days holds as before. Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("approval_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_approval_rule_ends_after_start"), "ends_on >= starts_on")


def downgrade() -> None:
    with op.batch_alter_table("approval_rule", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_approval_rule_ends_after_start"), type_="check")
        batch_op.drop_column("ends_on")
        batch_op.drop_column("starts_on")
