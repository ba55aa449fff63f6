"""A refused line keeps how it was coded; and what 0026 counted in full of orders that were closed short is corrected.

The column is only added. The counters of awards that share out a lot are set to what they must be, so it does not
matter whether they were right: orders that stand, without what never came of those that were closed. Of a blanket order
what was not drawn never came; freight and fees stay as soon as anything has.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STANDS = "('placed', 'confirmed', 'closed')"
# By award: what its orders stand for, in öre. The tables are read as they are now: no migration knows a model.
LINES = f"""
    SELECT l.award_id, l.order_id, l.net_amount, l.quantity, l.unit_price, l.base_quantity, o.state, b.cap, b.drawn,
           COALESCE((SELECT SUM(r.quantity) FROM receipt_line r WHERE r.order_line_id = l.id), 0) AS came
    FROM purchase_order_line l
    JOIN purchase_order o ON o.id = l.order_id
    JOIN award a ON a.id = l.award_id
    JOIN lot t ON t.id = a.lot_id
    LEFT JOIN blanket_order b ON b.order_id = o.id
    WHERE t.method = 'allocation' AND o.state IN {STANDS}
"""
CHARGES = f"""
    SELECT c.award_id, c.order_id, c.amount
    FROM purchase_order_charge c
    JOIN purchase_order o ON o.id = c.order_id
    JOIN award a ON a.id = c.award_id
    JOIN lot t ON t.id = a.lot_id
    WHERE t.method = 'allocation' AND o.state IN {STANDS}
"""
COUNTERS = """
    SELECT c.id, c.award_id, c.ordered
    FROM ceiling c
    JOIN award a ON a.id = c.award_id
    JOIN lot t ON t.id = a.lot_id
    WHERE t.method = 'allocation' AND c.measure = 'SEK'
    ORDER BY c.id
"""


def upgrade() -> None:
    op.add_column("refused_line", sa.Column("coding", sa.JSON(none_as_null=True), nullable=True))
    connection = op.get_bind()
    held = "" if connection.dialect.name == "sqlite" else " FOR UPDATE OF c"  # nobody calls off meanwhile
    counters = connection.execute(sa.text(COUNTERS + held)).all()
    stands = ordered(connection) if counters else {}
    for counter in counters:
        must_be = 10 * stands.get(counter.award_id, 0)  # a ceiling counts in thousandths
        if counter.ordered != must_be:
            told = {"id": counter.id, "ordered": must_be}
            connection.execute(sa.text("UPDATE ceiling SET ordered = :ordered WHERE id = :id"), told)


def ordered(connection: sa.Connection) -> dict[int, int]:
    """What the orders of each award stand for, in öre excl. VAT."""
    lines = connection.execute(sa.text(LINES)).all()
    is_begun = {line.order_id for line in lines if line.state != "closed" or line.came or line.drawn}
    sums: dict[int, int] = {}
    for line in lines:
        sums[line.award_id] = sums.get(line.award_id, 0) + kept(line)
    for charge in connection.execute(sa.text(CHARGES)):
        if charge.order_id in is_begun:
            sums[charge.award_id] = sums.get(charge.award_id, 0) + int(charge.amount)
    return sums


def kept(line: sa.Row) -> int:
    """What a line stands for: all of it, but of a closed order what has come."""
    if line.state != "closed":
        return int(line.net_amount)
    if line.cap is not None:
        return int(line.drawn)
    came = min(int(line.came), line.quantity)
    if came == line.quantity:
        return int(line.net_amount)
    whole = 100 * line.base_quantity  # thousandths × ten-thousandths ÷ thousandths, to hundredths; half up
    return int((2 * came * line.unit_price + whole) // (2 * whole))


def downgrade() -> None:
    op.drop_column("refused_line", "coding")
