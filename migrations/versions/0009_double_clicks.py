"""What makes a double click one: the print of the form that a basket or a shopping list was last filled with.

Only adds. Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("basket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("filled_with", sa.String(length=64), nullable=True))
    with op.batch_alter_table("shopping_list", schema=None) as batch_op:
        batch_op.add_column(sa.Column("filled_with", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shopping_list", schema=None) as batch_op:
        batch_op.drop_column("filled_with")
    with op.batch_alter_table("basket", schema=None) as batch_op:
        batch_op.drop_column("filled_with")
