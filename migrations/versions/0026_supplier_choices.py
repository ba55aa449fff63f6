"""Why a supplier got an order is kept with the requisition; and every award that shares out call-offs has a counter.

What has been called off of a lot whose awards were not counted is counted now: orders that stand, requisitions that
wait, freight and fees with them. An order closed short counts in full here, whatever came of it.

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requisition", sa.Column("choices", sa.JSON(none_as_null=True), nullable=True))
    ordered = """
        COALESCE((SELECT SUM(l.net_amount) FROM purchase_order_line l JOIN purchase_order o ON o.id = l.order_id
                  WHERE l.award_id = a.id AND o.state IN ('placed', 'confirmed', 'closed')), 0)
        + COALESCE((SELECT SUM(c.amount) FROM purchase_order_charge c JOIN purchase_order o ON o.id = c.order_id
                    WHERE c.award_id = a.id AND o.state IN ('placed', 'confirmed', 'closed')), 0)
    """
    reserved = """
        COALESCE((SELECT SUM(l.net_amount) FROM requisition_line l JOIN requisition r ON r.id = l.requisition_id
                  WHERE l.award_id = a.id AND r.state = 'submitted' AND r.emergency_reason IS NULL), 0)
        + COALESCE((SELECT SUM(c.amount) FROM requisition_charge c JOIN requisition r ON r.id = c.requisition_id
                    WHERE c.award_id = a.id AND r.state = 'submitted' AND r.emergency_reason IS NULL), 0)
    """
    op.execute(
        f"""
        INSERT INTO ceiling (agreement_id, lot_id, award_id, measure, warned_percent, reserved, ordered, external)
        SELECT t.agreement_id, a.lot_id, a.id, 'SEK', 0, 10 * ({reserved}), 10 * ({ordered}), 0
        FROM award a JOIN lot t ON t.id = a.lot_id
        WHERE t.method = 'allocation' AND NOT EXISTS (SELECT 1 FROM ceiling c WHERE c.award_id = a.id)
        """
    )


def downgrade() -> None:
    op.drop_column("requisition", "choices")  # the counters count on; nobody minds them
