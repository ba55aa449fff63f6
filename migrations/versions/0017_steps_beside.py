"""Approval rules ask for agreement, method and a stated ground; steps side by side and for a category's lines alone;
single lines refused.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LINE = (
    ("position", sa.Integer()),
    ("supplier_id", sa.Integer()),
    ("supplier_number", sa.String(length=60)),
    ("name", sa.String(length=200)),
    ("unit_code", sa.String(length=3)),
    ("quantity", sa.BigInteger()),
    ("unit_price", sa.BigInteger()),
    ("base_quantity", sa.BigInteger()),
    ("net_amount", sa.BigInteger()),
)


def upgrade() -> None:
    with op.batch_alter_table("approval_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agreement_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("method", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("is_justified", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_foreign_key(
            op.f("fk_approval_rule_agreement_id_agreement"), "agreement", ["agreement_id"], ["id"]
        )
    with op.batch_alter_table("approval_rule_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", sa.String(length=40), nullable=False, server_default="after"))
        batch_op.add_column(sa.Column("category_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_approval_rule_step_category_id_category"), "category", ["category_id"], ["id"]
        )
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stage_quorum", sa.String(length=40), nullable=False, server_default="all"))
        batch_op.add_column(sa.Column("category_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("amount", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_approval_step_category_id_category"), "category", ["category_id"], ["id"])
    op.execute("UPDATE approval_step SET stage = position")
    op.create_table(
        "refused_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in LINE),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("refused_by_id", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_line")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_refused_line_{column}_{table}"))
            for column, table in (
                ("requisition_id", "requisition"),
                ("supplier_id", "supplier"),
                ("step_id", "approval_step"),
                ("refused_by_id", "app_user"),
            )
        ),
    )
    op.create_index(op.f("ix_refused_line_requisition_id"), "refused_line", ["requisition_id"])


def downgrade() -> None:
    op.drop_table("refused_line")
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_approval_step_category_id_category"), type_="foreignkey")
        for column in ("amount", "category_id", "stage_quorum", "stage"):
            batch_op.drop_column(column)
    with op.batch_alter_table("approval_rule_step", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_approval_rule_step_category_id_category"), type_="foreignkey")
        batch_op.drop_column("category_id")
        batch_op.drop_column("turn")
    with op.batch_alter_table("approval_rule", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_approval_rule_agreement_id_agreement"), type_="foreignkey")
        for column in ("is_justified", "method", "agreement_id"):
            batch_op.drop_column(column)
