"""Free text under an award: what it may cost, the statements, and lines that stand on one instead of on a price list;
approval rules that ask for free text and for a code.

Only adds. What an order line must stand on is asked anew, and for the first time of a requisition's line too.
Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

IN_PUBLISHED_LIST = (
    "SELECT 1 FROM article a JOIN price_list p ON p.id = a.price_list_id "
    "WHERE a.id = NEW.article_id AND a.award_id = NEW.award_id AND p.state = 'published'"
)
WON = (
    "SELECT 1 FROM competition_bid_line w "
    "JOIN competition_line l ON l.id = w.line_id "
    "JOIN competition_bid b ON b.id = w.bid_id "
    "JOIN competition_decision d ON d.bid_id = b.id "
    "JOIN competition c ON c.id = d.competition_id AND c.id = b.competition_id AND c.state = 'decided' "
    "JOIN article a ON a.id = w.article_id AND a.award_id = b.award_id AND a.price = w.unit_price "
    "JOIN purchase_order o ON o.id = NEW.order_id AND o.organisation_id = c.organisation_id "
    "WHERE w.id = NEW.bid_line_id AND w.article_id = NEW.article_id AND b.award_id = NEW.award_id "
    "AND NEW.unit_price = w.unit_price AND NEW.quantity = l.quantity"
)
# The statement of the line's own award and organisation, at its price; {whole} is what the line belongs to
STATED = (
    "SELECT 1 FROM free_text f "
    "JOIN article a ON a.id = f.article_id AND a.award_id = f.award_id AND a.price = NEW.unit_price "
    "JOIN award w ON w.id = f.award_id AND w.free_text_cap IS NOT NULL "
    "JOIN {whole} o ON o.id = NEW.{key} AND o.organisation_id = f.organisation_id "
    "WHERE f.id = NEW.free_text_id AND f.article_id = NEW.article_id AND f.award_id = NEW.award_id"
)
STATED_FOR_REQUISITION = STATED.format(whole="requisition", key="requisition_id")
STATED_FOR_ORDER = STATED.format(whole="purchase_order", key="order_id") + (
    " AND w.free_text_cap >= NEW.net_amount + (SELECT COALESCE(SUM(x.net_amount), 0) FROM purchase_order_line x "
    "WHERE x.order_id = NEW.order_id AND x.award_id = NEW.award_id AND x.free_text_id IS NOT NULL)"
)
WON_FOR_REQUISITION = (
    "SELECT 1 FROM competition_bid_line w JOIN competition_bid b ON b.id = w.bid_id "
    "WHERE w.id = NEW.bid_line_id AND w.article_id = NEW.article_id AND b.award_id = NEW.award_id"
)
LISTED_OR_WON = "an order line must stand in a published price list of its award, or on a price won in a competition"
LISTED_OR_WON_FINE = f"(NEW.bid_line_id IS NULL AND EXISTS ({IN_PUBLISHED_LIST})) OR EXISTS ({WON})"
GROUNDED = (
    "an order line must stand in a published price list of its award, on a price won in a competition, "
    "or on a free text that the award allows"
)
GROUNDED_FINE = (
    f"(NEW.bid_line_id IS NULL AND NEW.free_text_id IS NULL AND EXISTS ({IN_PUBLISHED_LIST})) "
    f"OR (NEW.free_text_id IS NULL AND EXISTS ({WON})) "
    f"OR (NEW.bid_line_id IS NULL AND EXISTS ({STATED_FOR_ORDER}))"
)
ASKED_FOR = "a requisition line must stand on what an order line may stand on"
ASKED_FOR_FINE = (
    f"(NEW.bid_line_id IS NULL AND NEW.free_text_id IS NULL AND EXISTS ({IN_PUBLISHED_LIST})) "
    f"OR (NEW.free_text_id IS NULL AND EXISTS ({WON_FOR_REQUISITION})) "
    f"OR (NEW.bid_line_id IS NULL AND EXISTS ({STATED_FOR_REQUISITION}))"
)
IN_LIST_OF_STATEMENTS = (
    "SELECT 1 FROM article a JOIN price_list p ON p.id = a.price_list_id JOIN award w ON w.id = a.award_id "
    "WHERE a.id = NEW.article_id AND a.award_id = NEW.award_id AND p.state = 'free' AND w.free_text_cap IS NOT NULL"
)
KEPT = "a free text stays as it was stated"
# name, event, table, why, and what makes it fine (nothing: never)
GUARDS = (
    ("free_text_no_update", "UPDATE", "free_text", KEPT, None),
    ("free_text_no_delete", "DELETE", "free_text", KEPT, None),
    (
        "free_text_allowed",
        "INSERT",
        "free_text",
        "a free text needs an award that allows it",
        f"EXISTS ({IN_LIST_OF_STATEMENTS})",
    ),
    ("requisition_line_grounded", "INSERT", "requisition_line", ASKED_FOR, ASKED_FOR_FINE),
    (
        "requisition_line_regrounded",
        "UPDATE OF article_id, award_id, bid_line_id, free_text_id, unit_price",
        "requisition_line",
        ASKED_FOR,
        ASKED_FOR_FINE,
    ),
)
REVIEWED = "rows of a reviewed price list are never changed"


def upgrade() -> None:
    for column in (
        sa.Column("free_text_by_hour", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("free_text_rate", sa.BigInteger(), nullable=True),
        sa.Column("free_text_by_list", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("free_text_mark_up", sa.BigInteger(), nullable=True),
        sa.Column("free_text_by_estimate", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("free_text_needs_file", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("award", column)
    op.execute("UPDATE award SET free_text_by_estimate = TRUE WHERE free_text_cap IS NOT NULL")
    create_free_text()
    for table in ("basket_line", "requisition_line"):
        stated = sa.ForeignKey("free_text.id", name=f"fk_{table}_free_text_id_free_text")
        op.add_column(table, sa.Column("free_text_id", sa.Integer(), stated, nullable=True), inline_references=True)
        op.create_index(f"ix_{table}_free_text_id", table, ["free_text_id"])
    op.add_column("purchase_order_line", sa.Column("free_text_id", sa.Integer(), nullable=True))
    op.create_index("ix_purchase_order_line_free_text_id", "purchase_order_line", ["free_text_id"], unique=True)
    of_dimension = sa.ForeignKey("coding_dimension.id", name="fk_approval_rule_coding_dimension_id_coding_dimension")
    op.add_column(
        "approval_rule",
        sa.Column("is_free_text", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "approval_rule",
        sa.Column("coding_dimension_id", sa.Integer(), of_dimension, nullable=True),
        inline_references=True,
    )
    op.add_column("approval_rule", sa.Column("coding_code", sa.String(length=20), nullable=True))
    op.add_column(
        "approval_rule", sa.Column("is_code_prefix", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    tie("purchase_order_line_listed", "INSERT", "purchase_order_line", GROUNDED, GROUNDED_FINE)
    open_lists("'draft', 'free'")
    for name, event, table, why, fine in GUARDS:
        guard(name, event, table, why, fine)


def create_free_text() -> None:
    op.create_table(
        "free_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("price_kind", sa.String(length=40), nullable=False),
        sa.Column("list_price", sa.BigInteger(), nullable=True),
        sa.Column("mark_up", sa.BigInteger(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_content", sa.LargeBinary(), nullable=True),
        sa.Column("is_file_sent", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(price_kind = 'mark-up') = (list_price IS NOT NULL)", name="ck_free_text_list_price_with_mark_up"
        ),
        sa.CheckConstraint("(price_kind = 'mark-up') = (mark_up IS NOT NULL)", name="ck_free_text_mark_up_known"),
        sa.CheckConstraint("(file_name IS NULL) = (file_content IS NULL)", name="ck_free_text_file_whole"),
        sa.ForeignKeyConstraint(
            ["article_id", "award_id"], ["article.id", "article.award_id"], name="fk_free_text_article_id_award_id_article"
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_free_text_{column}_{other}")
            for column, other in (("organisation_id", "organisation"), ("author_id", "app_user"), ("award_id", "award"))
        ),
        sa.PrimaryKeyConstraint("id", name="pk_free_text"),
        sa.UniqueConstraint("author_id", "key", name="uq_free_text_author_id_key"),
        sa.UniqueConstraint("article_id", name="uq_free_text_article_id"),
    )
    op.create_index("ix_free_text_award_id", "free_text", ["award_id"])


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def tie(name: str, event: str, table: str, why: str, fine: str) -> None:
    """Ask anew what a guard asks that stands already."""
    if is_sqlite():
        op.execute(f"DROP TRIGGER {name}")
        refuse_unless_on_sqlite(name, event, table, why, fine)
    else:
        op.execute(function(name, why, fine, "CREATE OR REPLACE"))


def open_lists(states: str) -> None:
    """In which states a price list takes new rows: while it is a draft, and where it holds an award's free texts."""
    closed = f"SELECT 1 FROM price_list p WHERE p.id IN (NEW.price_list_id) AND p.state NOT IN ({states})"
    tie("article_insert_in_draft", "INSERT", "article", REVIEWED, f"NOT EXISTS ({closed})")


def guard(name: str, event: str, table: str, why: str, fine: str | None) -> None:
    if is_sqlite():
        refuse_unless_on_sqlite(name, event, table, why, fine)
        return
    if fine is None:
        does = f"avrop_refuse('{why}')"
    else:
        op.execute(function(name, why, fine))
        does = f"{name}()"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {does}")


def refuse_unless_on_sqlite(name: str, event: str, table: str, why: str, fine: str | None) -> None:
    when = f"WHEN NOT ({fine})" if fine else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when} BEGIN SELECT RAISE(ABORT, '{why}'); END"
    )


def function(name: str, why: str, fine: str, create: str = "CREATE") -> str:
    """Planned once in a session: a plan for each line costs more than the rest of its order."""
    return (
        f"{create} FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan "
        f"AS $$ BEGIN IF NOT ({fine}) THEN "
        f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )


def downgrade() -> None:
    for name, _event, table, _why, fine in reversed(GUARDS):
        op.execute(f"DROP TRIGGER {name}" if is_sqlite() else f"DROP TRIGGER {name} ON {table}")
        if not is_sqlite() and fine is not None:
            op.execute(f"DROP FUNCTION {name}()")
    open_lists("'draft'")
    tie("purchase_order_line_listed", "INSERT", "purchase_order_line", LISTED_OR_WON, LISTED_OR_WON_FINE)
    op.drop_index("ix_purchase_order_line_free_text_id", "purchase_order_line")
    op.drop_column("purchase_order_line", "free_text_id")
    for table in ("basket_line", "requisition_line"):
        op.drop_index(f"ix_{table}_free_text_id", table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("free_text_id")  # and with it its foreign key
    with op.batch_alter_table("approval_rule") as batch:
        for column in ("is_code_prefix", "coding_code", "coding_dimension_id", "is_free_text"):
            batch.drop_column(column)
    op.drop_table("free_text")
    for column in (
        *("free_text_needs_file", "free_text_by_estimate", "free_text_mark_up", "free_text_by_list"),
        *("free_text_rate", "free_text_by_hour"),
    ):
        op.drop_column("award", column)
