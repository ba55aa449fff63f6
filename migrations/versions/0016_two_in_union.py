"""Declared conflicts of interest, an amount from which two decide in union, and limits for a month or a year.

Only adds. Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conflict_declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdraws_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_conflict_declaration_ends_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_declaration")),
        sa.UniqueConstraint("withdraws_id", name=op.f("uq_conflict_declaration_withdraws_id")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_conflict_declaration_{column}_{table}"))
            for column, table in (
                ("organisation_id", "organisation"),
                ("user_id", "app_user"),
                ("supplier_id", "supplier"),
                ("made_by_id", "app_user"),
                ("withdraws_id", "conflict_declaration"),
            )
        ),
    )
    op.create_index("ix_conflict_declaration_user", "conflict_declaration", ["user_id", "supplier_id"])
    op.add_column("organisation", sa.Column("union_from", sa.BigInteger(), nullable=True))
    op.add_column("approval_step", sa.Column("yes_needed", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("period_limit", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("limit_period", sa.String(length=40), nullable=True))
        batch_op.create_check_constraint(op.f("ck_membership_period_limit_not_negative"), "period_limit >= 0")
        batch_op.create_check_constraint(
            op.f("ck_membership_period_limit_has_period"), "(period_limit IS NULL) = (limit_period IS NULL)"
        )


def downgrade() -> None:
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_membership_period_limit_has_period"), type_="check")
        batch_op.drop_constraint(op.f("ck_membership_period_limit_not_negative"), type_="check")
        batch_op.drop_column("limit_period")
        batch_op.drop_column("period_limit")
    op.drop_column("approval_step", "yes_needed")
    op.drop_column("organisation", "union_from")
    op.drop_table("conflict_declaration")
