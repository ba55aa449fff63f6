"""Tiers, prices off a list and approximate weights; a basket's line knows what was seen by the row it points at.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LINES = ("article", "requisition_line", "purchase_order_line")


def upgrade() -> None:
    # no batches: making a table anew would take its triggers away
    op.add_column("article", sa.Column("tiers", sa.String(length=500), nullable=True))
    op.add_column("article", sa.Column("list_price", sa.BigInteger(), nullable=True))
    op.add_column("article", sa.Column("discount_percent", sa.BigInteger(), nullable=True))
    for table in LINES:
        op.add_column(table, sa.Column("is_approximate", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_column("basket_line", "seen_price")


def downgrade() -> None:
    op.add_column("basket_line", sa.Column("seen_price", sa.BigInteger(), nullable=False, server_default="0"))
    for table in LINES:
        op.drop_column(table, "is_approximate")
    for column in ("discount_percent", "list_price", "tiers"):
        op.drop_column("article", column)
