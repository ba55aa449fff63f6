"""Pictures are fetched again after a month: those that were fetched for good get their next day.

Revision: 0029, after 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

A_MONTH_LATER = {
    "postgresql": "fetched_at + INTERVAL '30 days'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', fetched_at, '+30 days')",
}


def upgrade() -> None:
    later = A_MONTH_LATER[op.get_bind().dialect.name]
    op.execute(f"UPDATE article_picture SET next_try_at = {later} WHERE fetched_at IS NOT NULL AND next_try_at IS NULL")


def downgrade() -> None:
    op.execute("UPDATE article_picture SET next_try_at = NULL WHERE fetched_at IS NOT NULL")
