"""The ranking log says what a supplier was asked for and until when it could answer, with a file; and stays as noted.

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLE = "ranking_refusal"
KEPT = "award_id, asked_at, answer_by, asked_for, channel, answer, reason, file_sha256, file_content, noted_by_id, noted_at"
WHY = "the ranking log stays as it was noted"


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("asked_for", sa.JSON(none_as_null=True), nullable=True))
        batch.add_column(sa.Column("file_name", sa.String(length=200), nullable=True))
        batch.add_column(sa.Column("file_type", sa.String(length=100), nullable=True))
        batch.add_column(sa.Column("file_sha256", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("file_content", sa.LargeBinary(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_ranking_refusal_silence_in_time"), "answer <> 'silent' OR answer_by IS NULL OR noted_at >= answer_by"
        )
        batch.create_check_constraint(op.f("ck_ranking_refusal_asked_before_noted"), "asked_at <= noted_at")
    name = "ranking_refusal_kept"
    if op.get_bind().dialect.name == "sqlite":
        does = f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    else:
        does = f"EXECUTE FUNCTION avrop_refuse('{WHY}')"
    op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE OF {KEPT} ON {TABLE} FOR EACH ROW {does}")


def downgrade() -> None:
    on = "" if op.get_bind().dialect.name == "sqlite" else f" ON {TABLE}"
    op.execute(f"DROP TRIGGER ranking_refusal_kept{on}")
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f("ck_ranking_refusal_silence_in_time"), type_="check")
        batch.drop_constraint(op.f("ck_ranking_refusal_asked_before_noted"), type_="check")
        for column in ("file_content", "file_sha256", "file_type", "file_name", "asked_for", "answer_by"):
            batch.drop_column(column)
