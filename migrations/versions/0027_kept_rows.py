"""Declared conflicts of interest can no longer be changed or deleted; corrections of direct procurements, of which the
same is true.

Only adds. Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KEPT = {
    "conflict_declaration": "a declaration is never changed, only withdrawn by a new one",
    "procurement_correction": "a correction is never changed, only followed by another",
}


def upgrade() -> None:
    op.create_table(
        "procurement_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procurement_id", sa.Integer(), nullable=False),
        sa.Column("former_value", sa.BigInteger(), nullable=False),
        sa.Column("former_supplier", sa.String(length=200), nullable=False),
        sa.Column("former_number", sa.String(length=10), nullable=True),
        sa.Column("former_reasons", sa.Text(), nullable=True),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["app_user.id"], name=op.f("fk_procurement_correction_made_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["procurement_id"],
            ["direct_procurement.id"],
            name=op.f("fk_procurement_correction_procurement_id_direct_procurement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procurement_correction")),
    )
    op.create_index(op.f("ix_procurement_correction_procurement_id"), "procurement_correction", ["procurement_id"])
    for table, why in KEPT.items():
        keep(table, why)


def keep(table: str, why: str) -> None:
    """Let the database refuse to change or delete a row."""
    does = f"BEGIN SELECT RAISE(ABORT, '{why}'); END" if is_sqlite() else f"EXECUTE FUNCTION avrop_refuse('{why}')"
    for event in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} FOR EACH ROW {does}")
    if not is_sqlite():
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {does}")


def downgrade() -> None:
    events = ("update", "delete") if is_sqlite() else ("update", "delete", "truncate")
    for event in events:
        where = "" if is_sqlite() else " ON conflict_declaration"
        op.execute(f"DROP TRIGGER conflict_declaration_no_{event}{where}")
    op.drop_table("procurement_correction")


def is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")
