"""Shopping lists with their lines, and the list that a basket was filled from. Only adds.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shopping_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sort_name", sa.String(length=255), nullable=False),
        sa.Column("sharing", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_unit_id", sa.Integer(), nullable=True),
        sa.Column("address_id", sa.Integer(), nullable=True),
        sa.Column("buyer_reference", sa.String(length=60), nullable=True),
        sa.Column("accounting_cost", sa.String(length=100), nullable=True),
        sa.CheckConstraint("sharing <> 'unit' OR unit_id IS NOT NULL", name=op.f("ck_shopping_list_shared_unit_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_shopping_list_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["app_user.id"], name=op.f("fk_shopping_list_owner_id_app_user"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_shopping_list_unit_id_unit")),
        sa.ForeignKeyConstraint(["order_unit_id"], ["unit.id"], name=op.f("fk_shopping_list_order_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["address_id"], ["delivery_address.id"], name=op.f("fk_shopping_list_address_id_delivery_address")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopping_list")),
    )
    with op.batch_alter_table("shopping_list", schema=None) as batch_op:
        batch_op.create_index("ix_shopping_list_organisation_id_sharing", ["organisation_id", "sharing"], unique=False)
        batch_op.create_index(batch_op.f("ix_shopping_list_owner_id"), ["owner_id"], unique=False)
    op.create_table(
        "shopping_list_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shopping_list_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["shopping_list.id"],
            name=op.f("fk_shopping_list_line_list_id_shopping_list"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_shopping_list_line_article_id_article")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopping_list_line")),
        sa.UniqueConstraint("list_id", "article_id", name=op.f("uq_shopping_list_line_list_id_article_id")),
    )
    with op.batch_alter_table("shopping_list_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shopping_list_line_article_id"), ["article_id"], unique=False)
    with op.batch_alter_table("basket", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shopping_list_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_basket_shopping_list_id_shopping_list"),
            "shopping_list",
            ["shopping_list_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("basket", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_basket_shopping_list_id_shopping_list"), type_="foreignkey")
        batch_op.drop_column("shopping_list_id")
    op.drop_table("shopping_list_line")
    op.drop_table("shopping_list")
