"""Warnings of ceilings and days, grounds of higher ceilings, decisions to prolong.

Only adds. What an extension that was taken earlier lacks stays empty. Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement_watch",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("levels", sa.String(length=60), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("decide_days", sa.Integer(), nullable=False),
        sa.Column("ends_days", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "notice_days >= 0 AND decide_days >= 0 AND ends_days >= 0", name=op.f("ck_agreement_watch_days_positive")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_watch_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreement_watch")),
    )
    op.create_table(
        "date_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_date_reminder_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_reminder")),
        sa.UniqueConstraint("agreement_id", "kind", "day", name=op.f("uq_date_reminder_agreement_id_kind_day")),
    )
    op.create_table(
        "ceiling_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ceiling_id", sa.Integer(), nullable=False),
        sa.Column("limit_before", sa.BigInteger(), nullable=True),
        sa.Column("limit_after", sa.BigInteger(), nullable=True),
        sa.Column("ground", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "ground IS NULL OR (reason IS NOT NULL AND document_id IS NOT NULL AND decided_on IS NOT NULL)",
            name=op.f("ck_ceiling_change_ground_is_told"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_ceiling_change_{column}_{table}"))
            for column, table in (
                ("ceiling_id", "ceiling"),
                ("document_id", "agreement_document"),
                ("changed_by_id", "app_user"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceiling_change")),
    )
    op.create_index(op.f("ix_ceiling_change_ceiling_id"), "ceiling_change", ["ceiling_id"])
    op.add_column("ceiling", sa.Column("warned_percent", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.alter_column("warned_percent", server_default=None)
    with op.batch_alter_table("extension_option", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("taken_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("decision_number", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("decided_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=1000), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_extension_option_taken_by_id_app_user"), "app_user", ["taken_by_id"], ["id"]
        )
    guard()


def guard() -> None:
    """What a ceiling was is never changed or deleted."""
    why = "the story of a ceiling is never changed"
    for event in ("UPDATE", "DELETE"):
        does = (
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            if op.get_bind().dialect.name == "sqlite"
            else f"EXECUTE FUNCTION avrop_refuse('{why}')"
        )
        name = f"ceiling_change_no_{event.lower()}"
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON ceiling_change FOR EACH ROW {does}")


def downgrade() -> None:
    with op.batch_alter_table("extension_option", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_extension_option_taken_by_id_app_user"), type_="foreignkey")
        for column in ("reason", "decided_on", "decision_number", "taken_until", "taken_by_id"):
            batch_op.drop_column(column)
    op.drop_table("ceiling_change")
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.drop_column("warned_percent")
    op.drop_table("date_reminder")
    op.drop_table("agreement_watch")
