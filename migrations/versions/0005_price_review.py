"""What is needed to review a price list: refused rows, the agreement's price rule, who reviewed, chosen columns.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Written out: SQLite's batch mode would build price_list anew, and the triggers of its articles read it meanwhile.
    for column, target in (("reviewed_by_id", "app_user"), ("restored_from_id", "price_list")):
        name = op.f(f"fk_price_list_{column}_{target}")
        op.execute(f"ALTER TABLE price_list ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
    op.add_column("price_list", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "price_rule",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("index_clause", sa.String(length=500), nullable=True),
        sa.Column("raises_from", sa.Date(), nullable=True),
        sa.Column("largest_raise", sa.BigInteger(), nullable=True),
        sa.Column("limit_percent", sa.BigInteger(), nullable=True),
        sa.Column("limit_share", sa.BigInteger(), nullable=True),
        sa.Column("limit_effect", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("largest_raise >= 0", name=op.f("ck_price_rule_largest_raise_positive")),
        sa.CheckConstraint("limit_percent >= 0", name=op.f("ck_price_rule_limit_percent_positive")),
        sa.CheckConstraint("limit_share >= 0", name=op.f("ck_price_rule_limit_share_positive")),
        sa.CheckConstraint("limit_effect >= 0", name=op.f("ck_price_rule_limit_effect_positive")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_price_rule_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_price_rule")),
    )
    op.create_table(
        "price_refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("price_list_id", sa.Integer(), nullable=False),
        sa.Column("supplier_number", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kept_price", sa.BigInteger(), nullable=True),
        sa.Column("kept_base", sa.BigInteger(), nullable=True),
        sa.Column("offered_price", sa.BigInteger(), nullable=True),
        sa.Column("offered_base", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["price_list_id"],
            ["price_list.id"],
            name=op.f("fk_price_refusal_price_list_id_price_list"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["refused_by_id"], ["app_user.id"], name=op.f("fk_price_refusal_refused_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_refusal")),
        sa.UniqueConstraint(
            "price_list_id", "supplier_number", name=op.f("uq_price_refusal_price_list_id_supplier_number")
        ),
    )
    op.create_table(
        "column_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("written", sa.JSON(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["chosen_by_id"], ["app_user.id"], name=op.f("fk_column_map_chosen_by_id_app_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_column_map_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_column_map_supplier_id_supplier"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_map")),
        sa.UniqueConstraint(
            "organisation_id", "supplier_id", "fingerprint", name=op.f("uq_column_map_organisation_id_supplier_id_fingerprint")
        ),
    )
    op.create_table(
        "price_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("samples", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["award_id"], ["award.id"], name=op.f("fk_price_upload_award_id_award"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["app_user.id"], name=op.f("fk_price_upload_uploaded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_upload")),
        sa.UniqueConstraint("award_id", "uploaded_by_id", name=op.f("uq_price_upload_award_id_uploaded_by_id")),
    )
    op.create_index(op.f("ix_price_upload_uploaded_at"), "price_upload", ["uploaded_at"])


def downgrade() -> None:
    for table in ("price_upload", "column_map", "price_refusal", "price_rule"):
        op.drop_table(table)
    for column in ("reviewed_at", "restored_from_id", "reviewed_by_id"):
        op.drop_column("price_list", column)
