"""Indexes by which a person's orders and decisions are found newest first, however many others there are.

Revision: 0003, after 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_purchase_order_orderer", table_name="purchase_order")
    op.create_index(
        "ix_purchase_order_orderer", "purchase_order", ["orderer_id", "organisation_id", "placed_at", "id"]
    )
    op.drop_index("ix_approval_candidate_decided_by_id", table_name="approval_candidate")
    op.create_index("ix_approval_candidate_decided_by", "approval_candidate", ["decided_by_id", "decided_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_approval_candidate_decided_by", table_name="approval_candidate")
    op.create_index("ix_approval_candidate_decided_by_id", "approval_candidate", ["decided_by_id"])
    op.drop_index("ix_purchase_order_orderer", table_name="purchase_order")
    op.create_index("ix_purchase_order_orderer", "purchase_order", ["orderer_id", "placed_at", "id"])
