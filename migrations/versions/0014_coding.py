"""Coding (kontering): dimensions, their codes, defaults, favourites and allowed combinations; the coding of lines; and
whether the reference stands in the goods marking too. Only adds.

Revision: 0014, after 0013
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LINES = ("requisition_line", "purchase_order_line")


def upgrade() -> None:
    create_dimensions()
    create_defaults()
    create_favourites()
    create_rules()
    for table in LINES:
        op.add_column(table, sa.Column("coding", sa.JSON(), nullable=True))
    on_goods = sa.Column("is_reference_on_goods", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("organisation", on_goods)


def create_dimensions() -> None:
    op.create_table(
        "coding_dimension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("code_length", sa.Integer(), nullable=True),
        sa.Column("code_pattern", sa.String(length=200), nullable=True),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        *days(),
        sa.CheckConstraint(
            "code_length IS NULL OR code_length BETWEEN 1 AND 20", name="ck_coding_dimension_length_possible"
        ),
        *common("coding_dimension", ("organisation_id", "organisation")),
        ends_after_start("coding_dimension"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_coding_dimension_organisation_id_name"),
    )
    op.create_table(
        "coding_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dimension_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        *days(),
        *common("coding_code", ("dimension_id", "coding_dimension")),
        ends_after_start("coding_code"),
        sa.UniqueConstraint("dimension_id", "code", name="uq_coding_code_dimension_id_code"),
    )


def create_defaults() -> None:
    things = ("user", "unit", "category", "agreement", "award")
    named = " + ".join(f"(CASE WHEN {thing}_id IS NULL THEN 0 ELSE 1 END)" for thing in things)
    op.create_table(
        "coding_default",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dimension_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        *(sa.Column(f"{thing}_id", sa.Integer(), nullable=True) for thing in things),
        sa.Column("supplier_number", sa.String(length=60), nullable=True),
        sa.CheckConstraint(f"{named} = 1", name="ck_coding_default_one_thing"),
        sa.CheckConstraint(
            "(award_id IS NULL) = (supplier_number IS NULL)", name="ck_coding_default_article_whole"
        ),
        *common(
            "coding_default",
            ("dimension_id", "coding_dimension"),
            ("user_id", "app_user"),
            *((f"{thing}_id", thing) for thing in things[1:]),
        ),
    )
    op.create_index("ix_coding_default_dimension_id", "coding_default", ["dimension_id"])


def create_favourites() -> None:
    op.create_table(
        "coding_favourite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        *common("coding_favourite", ("user_id", "app_user"), ("organisation_id", "organisation")),
        sa.UniqueConstraint(
            "user_id", "organisation_id", "name", name="uq_coding_favourite_user_id_organisation_id_name"
        ),
    )


def create_rules() -> None:
    op.create_table(
        "coding_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("if_dimension_id", sa.Integer(), nullable=False),
        sa.Column("from_code", sa.String(length=20), nullable=False),
        sa.Column("to_code", sa.String(length=20), nullable=False),
        sa.Column("effect", sa.String(length=40), nullable=False),
        sa.Column("then_dimension_id", sa.Integer(), nullable=False),
        sa.Column("codes", sa.String(length=500), nullable=True),
        *days(),
        sa.CheckConstraint("if_dimension_id <> then_dimension_id", name="ck_coding_rule_two_dimensions"),
        *common(
            "coding_rule",
            ("organisation_id", "organisation"),
            ("if_dimension_id", "coding_dimension"),
            ("then_dimension_id", "coding_dimension"),
        ),
        ends_after_start("coding_rule"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_coding_rule_organisation_id_name"),
    )


def days() -> Sequence[sa.Column[object]]:
    return (sa.Column("starts_on", sa.Date(), nullable=True), sa.Column("ends_on", sa.Date(), nullable=True))


def ends_after_start(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=f"ck_{table}_ends_after_start")


def common(table: str, *keys: tuple[str, str]) -> Sequence[sa.Constraint]:
    """The primary key, and a foreign key for each column and the table it points to."""
    named = ((column, other, f"fk_{table}_{column}_{other}") for column, other in keys)
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *(sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name) for column, other, name in named),
    )


def downgrade() -> None:
    op.drop_column("organisation", "is_reference_on_goods")
    for table in LINES:
        op.drop_column(table, "coding")
    for table in ("coding_rule", "coding_favourite", "coding_default", "coding_code", "coding_dimension"):
        op.drop_table(table)
