"""Need reports with their attachments and answers, direct procurements, the days until an answer is due, and each
organisation's contact at the office. Only adds.

Revision: 0012, after 0011
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DAYS = "need.answer-days"


def upgrade() -> None:
    create_report()
    create_procurement()
    contact = sa.ForeignKey("app_user.id", name="fk_organisation_contact_buyer_id_app_user")
    op.add_column(
        "organisation", sa.Column("contact_buyer_id", sa.Integer(), contact, nullable=True), inline_references=True
    )
    columns = [sa.column(n, sa.Date() if n.endswith("_on") else None) for n in ("name", "value", "starts_on", "source")]
    row = {"name": DAYS, "value": 500, "starts_on": date(2022, 2, 1), "source": "arbetsdagar, kontorets val"}
    op.bulk_insert(sa.table("parameter", *columns), [row])


def create_report() -> None:
    op.create_table(
        "need_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("reporter_id", sa.Integer(), nullable=False),
        sa.Column("is_question", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("how_much", sa.String(length=100), nullable=True),
        sa.Column("estimated_value", sa.BigInteger(), nullable=True),
        sa.Column("needed_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("search_text", sa.String(length=200), nullable=True),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.Column("refusal_code", sa.String(length=40), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("receiver_id", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("answer_agreement_id", sa.Integer(), nullable=True),
        sa.Column("answer_article_id", sa.Integer(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'answered') = (answer IS NOT NULL)", name="ck_need_report_answered_with_answer"),
        sa.CheckConstraint(
            "answer <> 'agreement' OR answer_agreement_id IS NOT NULL", name="ck_need_report_agreement_named"
        ),
        sa.CheckConstraint(
            "estimated_value IS NULL OR estimated_value >= 0", name="ck_need_report_value_not_negative"
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_need_report_{column}_{table}")
            for column, table in (
                ("organisation_id", "organisation"),
                ("unit_id", "unit"),
                ("reporter_id", "app_user"),
                ("article_id", "article"),
                ("agreement_id", "agreement"),
                ("category_id", "category"),
                ("receiver_id", "app_user"),
                ("answer_agreement_id", "agreement"),
                ("answer_article_id", "article"),
                ("answered_by_id", "app_user"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_need_report"),
        sa.UniqueConstraint("reporter_id", "key", name="uq_need_report_reporter_id_key"),
    )
    for columns in (("organisation_id", "reported_on"), ("state", "due_on"), *SINGLE):
        op.create_index(f"ix_need_report_{'_'.join(columns)}", "need_report", list(columns))
    op.create_table(
        "need_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["need_report.id"], name="fk_need_attachment_report_id_need_report", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_need_attachment"),
    )
    op.create_index("ix_need_attachment_report_id", "need_attachment", ["report_id"])


SINGLE = (("category_id",), ("receiver_id",))


def create_procurement() -> None:
    op.create_table(
        "direct_procurement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("law", sa.String(length=40), nullable=False),
        sa.Column("value_amount", sa.BigInteger(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("value_amount > 0", name="ck_direct_procurement_value_positive"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_direct_procurement_{column}_{table}")
            for column, table in (
                ("report_id", "need_report"),
                ("organisation_id", "organisation"),
                ("category_id", "category"),
                ("decided_by_id", "app_user"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name="pk_direct_procurement"),
        sa.UniqueConstraint("report_id", name="uq_direct_procurement_report_id"),
    )
    for columns in (("organisation_id", "decided_on"), ("category_id",)):
        op.create_index(f"ix_direct_procurement_{'_'.join(columns)}", "direct_procurement", list(columns))
    op.create_table(
        "asked_supplier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("procurement_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_number", sa.String(length=10), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price IS NULL OR price >= 0", name="ck_asked_supplier_price_not_negative"),
        sa.ForeignKeyConstraint(
            ["procurement_id"],
            ["direct_procurement.id"],
            name="fk_asked_supplier_procurement_id_direct_procurement",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_asked_supplier"),
    )
    op.create_index("ix_asked_supplier_procurement_id", "asked_supplier", ["procurement_id"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM parameter WHERE name = :name").bindparams(name=DAYS))
    with op.batch_alter_table("organisation") as batch:
        batch.drop_column("contact_buyer_id")  # and with it its foreign key
    for table in ("asked_supplier", "direct_procurement", "need_attachment", "need_report"):
        op.drop_table(table)
