"""A price rule that is to allow more waits for a second person.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_rule_proposal",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("index_clause", sa.String(length=500), nullable=True),
        sa.Column("raises_from", sa.Date(), nullable=True),
        sa.Column("largest_raise", sa.BigInteger(), nullable=True),
        sa.Column("limit_percent", sa.BigInteger(), nullable=True),
        sa.Column("limit_share", sa.BigInteger(), nullable=True),
        sa.Column("limit_effect", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_price_rule_proposal_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["app_user.id"], name=op.f("fk_price_rule_proposal_proposed_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_price_rule_proposal")),
    )


def downgrade() -> None:
    op.drop_table("price_rule_proposal")
