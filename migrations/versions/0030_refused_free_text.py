"""A refused line of free text keeps its statement, and with it the file; of two values that both hold without end, as
0001 and 0024 wrote them, the former ends.

Of lines that were refused before, those find it of which one statement alone says the same. What counts on a day is as
it was: the later value did already. Revision: 0030, after 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STATED = (
    "SELECT CASE WHEN COUNT(*) = 1 THEN MIN(f.id) END FROM free_text f "
    "JOIN article a ON a.id = f.article_id JOIN award w ON w.id = f.award_id "
    "JOIN requisition r ON r.id = refused_line.requisition_id AND r.organisation_id = f.organisation_id "
    "WHERE w.supplier_id = refused_line.supplier_id AND f.stated_at <= refused_line.refused_at "
    "AND a.name = refused_line.name AND a.unit_code = refused_line.unit_code AND a.price = refused_line.unit_price"
)
TWICE = (
    "name = 'splitting.days' AND starts_on = '2000-01-01' AND (ends_on IS NULL OR ends_on >= '2022-02-01') "
    "AND EXISTS (SELECT 1 FROM parameter p WHERE p.name = 'splitting.days' AND p.starts_on = '2022-02-01')"
)


def upgrade() -> None:
    stated = sa.ForeignKey("free_text.id", name="fk_refused_line_free_text_id_free_text")
    column = sa.Column("free_text_id", sa.Integer(), stated, nullable=True)
    op.add_column("refused_line", column, inline_references=True)
    op.create_index("ix_refused_line_free_text_id", "refused_line", ["free_text_id"])
    op.execute(f"UPDATE refused_line SET free_text_id = ({STATED}) WHERE supplier_number = ''")
    op.execute(f"UPDATE parameter SET ends_on = '2022-01-31' WHERE {TWICE}")


def downgrade() -> None:
    op.drop_index("ix_refused_line_free_text_id", "refused_line")
    with op.batch_alter_table("refused_line", schema=None) as batch_op:
        batch_op.drop_column("free_text_id")
