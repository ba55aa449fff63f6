"""Blanket orders: their period in the free text they stand on, their cap with what is drawn of it, and each draw.

Only adds. Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

GUARDS = (
    # name, event, table, why
    (
        "blanket_order_kept",
        "UPDATE OF order_id, starts_on, ends_on, cap",
        "blanket_order",
        "the terms of a blanket order are never changed",
    ),
    ("blanket_order_no_delete", "DELETE", "blanket_order", "an order is never deleted"),
    ("blanket_draw_no_update", "UPDATE", "blanket_draw", "a draw is corrected by another draw"),
    ("blanket_draw_no_delete", "DELETE", "blanket_draw", "a draw is corrected by another draw"),
)


def upgrade() -> None:
    op.add_column("free_text", sa.Column("blanket_starts_on", sa.Date(), nullable=True))
    op.add_column("free_text", sa.Column("blanket_ends_on", sa.Date(), nullable=True))
    op.create_table(
        "blanket_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("drawn >= 0 AND drawn <= cap", name="ck_blanket_order_drawn_within_cap"),
        sa.CheckConstraint("ends_on >= starts_on", name="ck_blanket_order_ends_after_start"),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name="fk_blanket_order_order_id_purchase_order"),
        sa.PrimaryKeyConstraint("id", name="pk_blanket_order"),
        sa.UniqueConstraint("order_id", name="uq_blanket_order_order_id"),
    )
    op.create_index("ix_blanket_order_ends_on", "blanket_order", ["ends_on"])
    op.create_table(
        "blanket_draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("blanket_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("came_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount <> 0", name="ck_blanket_draw_amount_told"),
        sa.CheckConstraint("amount > 0 OR note IS NOT NULL", name="ck_blanket_draw_correction_explained"),
        sa.ForeignKeyConstraint(["blanket_id"], ["blanket_order.id"], name="fk_blanket_draw_blanket_id_blanket_order"),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["app_user.id"], name="fk_blanket_draw_drawn_by_id_app_user"),
        sa.PrimaryKeyConstraint("id", name="pk_blanket_draw"),
        sa.UniqueConstraint("key", name="uq_blanket_draw_key"),
    )
    op.create_index("ix_blanket_draw_blanket_id", "blanket_draw", ["blanket_id"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, table, why in GUARDS:
        does = f"BEGIN SELECT RAISE(ABORT, '{why}'); END" if is_sqlite else f"EXECUTE FUNCTION avrop_refuse('{why}')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {does}")


def downgrade() -> None:
    op.drop_table("blanket_draw")
    op.drop_table("blanket_order")
    op.drop_column("free_text", "blanket_ends_on")
    op.drop_column("free_text", "blanket_starts_on")
