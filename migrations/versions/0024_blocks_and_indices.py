"""The story of a supplier's blocks; indices that prices follow; what counts as one purchase that was split.

A supplier that is blocked gets its row. Revision: 0024, after 0023
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

OPEN = sa.text("lifted_at IS NULL")
# Days and percents are stored as amounts are: with two decimals, in hundredths
PARAMETERS = (
    ("splitting.days", 3000, "Avrops utgångsvärde: inköp inom 30 dagar ses ihop (jfr LOU 5 kap. 7 §)"),
    ("splitting.near-percent", 2500, "Avrops utgångsvärde: högst 25 procent under en gräns är strax under"),
)


def upgrade() -> None:
    op.create_table(
        "supplier_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decision", sa.String(length=200), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lift_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name=op.f("ck_supplier_block_lifted_with_reason")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_supplier_block_{column}_{table}"))
            for column, table in (("supplier_id", "supplier"), ("made_by_id", "app_user"), ("lifted_by_id", "app_user"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_block")),
    )
    op.create_index(op.f("ix_supplier_block_supplier_id"), "supplier_block", ["supplier_id"])
    op.create_index(
        "uq_supplier_block_open",
        "supplier_block",
        ["supplier_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.execute(
        "INSERT INTO supplier_block (supplier_id, starts_on, reason, made_at, made_by_id, begun_at) "
        "SELECT id, DATE(blocked_at), blocked_reason, blocked_at, blocked_by_id, blocked_at FROM supplier "
        "WHERE blocked_at IS NOT NULL"
    )
    create_indices()
    table = sa.table(
        "parameter",
        sa.column("name", sa.String),
        sa.column("value", sa.BigInteger),
        sa.column("starts_on", sa.Date),
        sa.column("source", sa.String),
    )
    rows = [{"name": n, "value": v, "starts_on": date(2000, 1, 1), "source": s} for n, v, s in PARAMETERS]
    op.bulk_insert(table, rows)


def create_indices() -> None:
    op.create_table(
        "price_index",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("base_period", sa.String(length=40), nullable=False),
        sa.Column("base_value", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("base_value > 0 AND value > 0", name=op.f("ck_price_index_values_positive")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_price_index_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stated_by_id"], ["app_user.id"], name=op.f("fk_price_index_stated_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_index")),
    )
    op.create_index(op.f("ix_price_index_agreement_id"), "price_index", ["agreement_id"])


def downgrade() -> None:
    op.execute("DELETE FROM parameter WHERE name IN ('splitting.days', 'splitting.near-percent')")
    op.drop_table("price_index")
    op.drop_table("supplier_block")
