"""An order remembers when the supplier confirmed it, so that one that is opened again becomes what it was.

Revision: 0031, after 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchase_order", sa.Column("confirmed_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE purchase_order SET confirmed_at = (SELECT max(e.at) FROM journal_entry e"
        " WHERE e.thing = 'order' AND e.thing_id = purchase_order.number AND e.act = 'confirm')"
    )


def downgrade() -> None:
    op.drop_column("purchase_order", "confirmed_at")
