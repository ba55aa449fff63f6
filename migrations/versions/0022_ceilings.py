"""Ceilings of an organisation's part and of quantities; what was called off elsewhere, row by row.

The counters of a ceiling get a third decimal. What stood as called off elsewhere becomes opening balances: of each
award its own, of a lot what its awards do not tell, of the agreement what its lots do not tell.
Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEXES = (
    ("uq_ceiling_agreement", ["agreement_id", "measure"], "lot_id IS NULL AND organisation_id IS NULL"),
    ("uq_ceiling_lot", ["lot_id", "measure"], "award_id IS NULL AND organisation_id IS NULL"),
    ("uq_ceiling_award", ["award_id", "measure"], None),
    ("uq_ceiling_part", ["agreement_id", "organisation_id", "measure"], "lot_id IS NULL"),
    ("uq_ceiling_lot_part", ["lot_id", "organisation_id", "measure"], None),
)
FORMER = (
    ("uq_ceiling_agreement", ["agreement_id"], "lot_id IS NULL"),
    ("uq_ceiling_lot", ["lot_id"], "award_id IS NULL"),
    ("uq_ceiling_award", ["award_id"], None),
)


def create_index(name: str, columns: list[str], where: str | None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, "ceiling", columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    for name, _columns, _where in FORMER:
        op.drop_index(name, "ceiling")
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("measure", sa.String(length=3), nullable=False, server_default="SEK"))
        batch_op.add_column(sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_ceiling_organisation_id_organisation"), "organisation", ["organisation_id"], ["id"]
        )
        batch_op.create_check_constraint(
            op.f("ck_ceiling_part_of_agreement_or_lot"), "award_id IS NULL OR organisation_id IS NULL"
        )
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.alter_column("measure", server_default=None)
    for index in INDEXES:
        create_index(*index)
    create_external()
    keep_balances()
    op.execute(
        "UPDATE ceiling SET limit_amount = limit_amount * 10, reserved = reserved * 10, ordered = ordered * 10, "
        "external = external * 10"
    )
    guard()


def create_external() -> None:
    op.create_table(
        "external_call_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=True),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("called_off_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unit_code", sa.String(length=3), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("is_opening", sa.Boolean(), nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("lot_id IS NOT NULL OR award_id IS NULL", name=op.f("ck_external_call_off_award_has_lot")),
        sa.CheckConstraint(
            "(unit_code IS NULL) = (quantity IS NULL)", name=op.f("ck_external_call_off_quantity_has_unit")
        ),
        sa.CheckConstraint(
            "(corrects_id IS NULL) = (reason IS NULL)", name=op.f("ck_external_call_off_correction_has_reason")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_external_call_off_{column}_{table}"))
            for column, table in (
                ("agreement_id", "agreement"),
                ("lot_id", "lot"),
                ("award_id", "award"),
                ("organisation_id", "organisation"),
                ("corrects_id", "external_call_off"),
                ("entered_by_id", "app_user"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_call_off")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_external_call_off_corrects_id")),
    )
    op.create_index("ix_external_call_off_agreement", "external_call_off", ["agreement_id", "called_off_on"])


KEEP = """
INSERT INTO external_call_off (agreement_id, lot_id, award_id, called_off_on, amount, is_opening, entered_at)
SELECT agreement_id, lot_id, award_id, starts_on, rest, :yes, CURRENT_TIMESTAMP FROM (
  SELECT c.id, c.agreement_id, c.lot_id, c.award_id, g.starts_on, CASE
    WHEN c.award_id IS NOT NULL THEN c.external
    WHEN c.lot_id IS NOT NULL THEN c.external
      - (SELECT COALESCE(SUM(a.external), 0) FROM ceiling a WHERE a.award_id IS NOT NULL AND a.lot_id = c.lot_id)
    ELSE c.external
      - (SELECT COALESCE(SUM(l.external), 0) FROM ceiling l
         WHERE l.agreement_id = c.agreement_id AND l.lot_id IS NOT NULL AND l.award_id IS NULL)
      - (SELECT COALESCE(SUM(a.external), 0) FROM ceiling a
         WHERE a.agreement_id = c.agreement_id AND a.award_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM ceiling l WHERE l.lot_id = a.lot_id AND l.award_id IS NULL))
    END AS rest
  FROM ceiling c JOIN agreement g ON g.id = c.agreement_id) AS told
WHERE rest <> 0 ORDER BY id
"""


def keep_balances() -> None:
    """In hundredths of a krona, as they stand before the counters get their third decimal."""
    op.execute(sa.text(KEEP).bindparams(sa.bindparam("yes", True, sa.Boolean())))


def guard() -> None:
    """What was entered is never changed or deleted."""
    why = "an external call-off is corrected by a counter row"
    for event in ("UPDATE", "DELETE"):
        name = f"external_call_off_no_{event.lower()}"
        does = (
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
            if op.get_bind().dialect.name == "sqlite"
            else f"EXECUTE FUNCTION avrop_refuse('{why}')"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON external_call_off FOR EACH ROW {does}")


def downgrade() -> None:
    op.drop_table("external_call_off")
    op.execute("DELETE FROM ceiling WHERE organisation_id IS NOT NULL OR measure <> 'SEK'")
    op.execute(
        "UPDATE ceiling SET limit_amount = limit_amount / 10, reserved = reserved / 10, ordered = ordered / 10, "
        "external = external / 10"
    )
    for name, _columns, _where in INDEXES:
        op.drop_index(name, "ceiling")
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_ceiling_part_of_agreement_or_lot"), type_="check")
        batch_op.drop_constraint(op.f("fk_ceiling_organisation_id_organisation"), type_="foreignkey")
        for column in ("opened_at", "measure", "organisation_id"):
            batch_op.drop_column(column)
    for index in FORMER:
        create_index(*index)
