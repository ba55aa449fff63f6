"""Renewed competitions: criteria of lots, requests with sealed envelopes, bids, decisions; and lines that stand on a
won price, which the database ties to the decision.

Only adds; what an order line must stand on is asked anew. Revision: 0015, after 0014
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PARAMETERS = [
    # name, value in hundredths, from, source
    ("competition.answer-days", 700, date(2022, 2, 1), "kalenderdagar, kontorets val (LOU 7 kap. 9 §: skälig frist)"),
    ("competition.answer-days.dynamic", 1000, date(2022, 2, 1), "LOU 8 kap., anbud i dynamiska inköpssystem"),
]
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
LISTED = "an order line must stand in a published price list of its award"
LISTED_OR_WON = "an order line must stand in a published price list of its award, or on a price won in a competition"
FINE = f"(NEW.bid_line_id IS NULL AND EXISTS ({IN_PUBLISHED_LIST})) OR EXISTS ({WON})"

KEPT = "a bid stays as it was opened"
DECIDED = "a decision is never changed"
# name, event, table, why, and what makes it fine (nothing: never)
GUARDS = (
    ("competition_bid_no_delete", "DELETE", "competition_bid", KEPT, None),
    (
        "competition_bid_kept",
        "UPDATE OF invitation_id, competition_id, award_id, received_at, sha256, net_amount, valid_until, contact, "
        "message, file_name, file_sha256, file_content",
        "competition_bid",
        KEPT,
        None,
    ),
    ("competition_bid_line_no_delete", "DELETE", "competition_bid_line", KEPT, None),
    (
        "competition_bid_line_kept",
        "UPDATE OF bid_id, line_id, unit_price, net_amount",
        "competition_bid_line",
        KEPT,
        None,
    ),
    (
        "competition_bid_line_won_once",
        "UPDATE OF article_id",
        "competition_bid_line",
        DECIDED,
        "OLD.article_id IS NULL",
    ),
    (
        "competition_bid_before_decision",
        "INSERT",
        "competition_bid",
        "no bid comes after the decision",
        "NOT EXISTS (SELECT 1 FROM competition_decision d WHERE d.competition_id = NEW.competition_id)",
    ),
    (
        "competition_bid_line_before_decision",
        "INSERT",
        "competition_bid_line",
        "no bid comes after the decision",
        "NOT EXISTS (SELECT 1 FROM competition_decision d WHERE d.bid_id = NEW.bid_id)",
    ),
    ("competition_decision_no_update", "UPDATE", "competition_decision", DECIDED, None),
    ("competition_decision_no_delete", "DELETE", "competition_decision", DECIDED, None),
    (
        "competition_announced",
        "UPDATE OF organisation_id, agreement_id, lot_id, title, specification, file_sha256, valid_until, "
        "announced_at, deadline_at",
        "competition",
        "what the suppliers were told is never changed",
        None,
    ),
    (
        "competition_envelope_closed",
        "UPDATE OF envelope",
        "competition_invitation",
        "no envelope is changed after the opening",
        "EXISTS (SELECT 1 FROM competition c WHERE c.id = NEW.competition_id AND c.state = 'invited')",
    ),
)


def upgrade() -> None:
    create_competition()
    create_bid()
    for table in ("basket_line", "requisition_line"):
        won = sa.ForeignKey("competition_bid_line.id", name=f"fk_{table}_bid_line_id_competition_bid_line")
        op.add_column(table, sa.Column("bid_line_id", sa.Integer(), won, nullable=True), inline_references=True)
        op.create_index(f"ix_{table}_bid_line_id", table, ["bid_line_id"])
    op.add_column("purchase_order_line", sa.Column("bid_line_id", sa.Integer(), nullable=True))
    op.create_index("ix_purchase_order_line_bid_line_id", "purchase_order_line", ["bid_line_id"], unique=True)
    op.add_column("outbox_message", sa.Column("listed_from", sa.DateTime(timezone=True), nullable=True))
    tie_order_lines(LISTED_OR_WON, FINE)
    guard()
    columns = [sa.column(n, sa.Date() if n.endswith("_on") else None) for n in ("name", "value", "starts_on", "source")]
    rows = [dict(zip(("name", "value", "starts_on", "source"), row, strict=True)) for row in PARAMETERS]
    op.bulk_insert(sa.table("parameter", *columns), rows)


def references(table: str, *pairs: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
        for column, other in pairs
    ]


def belongs_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE")


def criterion_columns() -> list[sa.Column]:
    return [
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("is_price", sa.Boolean(), nullable=False),
    ]


def create_competition() -> None:
    op.create_table(
        "lot_criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        *criterion_columns(),
        sa.CheckConstraint("weight > 0", name="ck_lot_criterion_weight_positive"),
        belongs_to("lot_criterion", "lot_id", "lot"),
        sa.PrimaryKeyConstraint("id", name="pk_lot_criterion"),
        sa.UniqueConstraint("lot_id", "position", name="uq_lot_criterion_lot_id_position"),
    )
    op.create_table(
        "competition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("specification", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_content", sa.LargeBinary(), nullable=True),
        sa.Column("estimated_value", sa.BigInteger(), nullable=True),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("contact_name", sa.String(length=200), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_with", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("opener_id", sa.Integer(), nullable=True),
        sa.Column("witness_id", sa.Integer(), nullable=True),
        sa.Column("witness_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("abandoned_by_id", sa.Integer(), nullable=True),
        sa.Column("abandon_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'abandoned') = (abandon_reason IS NOT NULL)", name="ck_competition_abandoned_with_reason"
        ),
        sa.CheckConstraint(
            "opened_at IS NULL OR opened_at >= deadline_at", name="ck_competition_opened_after_deadline"
        ),
        sa.CheckConstraint("opened_at IS NULL OR opener_id <> witness_id", name="ck_competition_opened_by_two"),
        sa.CheckConstraint(
            "state = 'invited' OR state = 'abandoned' OR opened_at IS NOT NULL", name="ck_competition_opened_when"
        ),
        *references(
            "competition",
            ("organisation_id", "organisation"),
            ("unit_id", "unit"),
            ("requester_id", "app_user"),
            ("agreement_id", "agreement"),
            ("lot_id", "lot"),
            ("opener_id", "app_user"),
            ("witness_id", "app_user"),
            ("abandoned_by_id", "app_user"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competition"),
        sa.UniqueConstraint("requester_id", "key", name="uq_competition_requester_id_key"),
    )
    for columns in (("organisation_id", "announced_at"), ("unit_id",), ("agreement_id",), ("lot_id",)):
        op.create_index(f"ix_competition_{'_'.join(columns)}", "competition", list(columns))
    op.create_table(
        "competition_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_code", sa.String(length=3), nullable=False),
        sa.Column("vat_class", sa.String(length=40), nullable=False),
        sa.CheckConstraint("quantity > 0", name="ck_competition_line_quantity_positive"),
        belongs_to("competition_line", "competition_id", "competition"),
        sa.PrimaryKeyConstraint("id", name="pk_competition_line"),
        sa.UniqueConstraint("competition_id", "position", name="uq_competition_line_competition_id_position"),
    )
    op.create_table(
        "competition_criterion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        *criterion_columns(),
        sa.CheckConstraint("weight > 0", name="ck_competition_criterion_weight_positive"),
        belongs_to("competition_criterion", "competition_id", "competition"),
        sa.PrimaryKeyConstraint("id", name="pk_competition_criterion"),
        sa.UniqueConstraint("competition_id", "position", name="uq_competition_criterion_competition_id_position"),
    )
    op.create_table(
        "competition_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("excluded_reason", sa.String(length=700), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(token_hash IS NULL) = (excluded_reason IS NOT NULL)", name="ck_competition_invitation_asked_or_excluded"
        ),
        sa.CheckConstraint(
            "(token_hash IS NULL) = (envelope IS NULL)", name="ck_competition_invitation_asked_with_envelope"
        ),
        belongs_to("competition_invitation", "competition_id", "competition"),
        *references("competition_invitation", ("award_id", "award"), ("supplier_id", "supplier")),
        sa.PrimaryKeyConstraint("id", name="pk_competition_invitation"),
        sa.UniqueConstraint("competition_id", "award_id", name="uq_competition_invitation_competition_id_award_id"),
        sa.UniqueConstraint("token_hash", name="uq_competition_invitation_token_hash"),
    )
    for column in ("award_id", "supplier_id"):
        op.create_index(f"ix_competition_invitation_{column}", "competition_invitation", [column])


def create_bid() -> None:
    op.create_table(
        "competition_bid",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_content", sa.LargeBinary(), nullable=True),
        sa.Column("rejected_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("net_amount > 0", name="ck_competition_bid_net_positive"),
        *references(
            "competition_bid",
            ("invitation_id", "competition_invitation"),
            ("competition_id", "competition"),
            ("award_id", "award"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competition_bid"),
        sa.UniqueConstraint("invitation_id", name="uq_competition_bid_invitation_id"),
    )
    op.create_index("ix_competition_bid_competition_id", "competition_bid", ["competition_id"])
    op.create_table(
        "competition_bid_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("unit_price > 0", name="ck_competition_bid_line_price_positive"),
        *references(
            "competition_bid_line",
            ("bid_id", "competition_bid"),
            ("line_id", "competition_line"),
            ("article_id", "article"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competition_bid_line"),
        sa.UniqueConstraint("bid_id", "line_id", name="uq_competition_bid_line_bid_id_line_id"),
        sa.UniqueConstraint("article_id", name="uq_competition_bid_line_article_id"),
    )
    op.create_index("ix_competition_bid_line_line_id", "competition_bid_line", ["line_id"])
    op.create_table(
        "competition_bid_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("criterion_id", sa.Integer(), nullable=False),
        sa.Column("grade", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scored_by_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("grade >= 0 AND grade <= 10000", name="ck_competition_bid_score_grade_within"),
        *references(
            "competition_bid_score",
            ("bid_id", "competition_bid"),
            ("criterion_id", "competition_criterion"),
            ("scored_by_id", "app_user"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competition_bid_score"),
        sa.UniqueConstraint("bid_id", "criterion_id", name="uq_competition_bid_score_bid_id_criterion_id"),
    )
    op.create_table(
        "competition_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("standstill_until", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        *references(
            "competition_decision",
            ("competition_id", "competition"),
            ("bid_id", "competition_bid"),
            ("decided_by_id", "app_user"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_competition_decision"),
        sa.UniqueConstraint("competition_id", name="uq_competition_decision_competition_id"),
        sa.UniqueConstraint("bid_id", name="uq_competition_decision_bid_id"),
    )


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def tie_order_lines(why: str, fine: str) -> None:
    """Ask anew what an order line must stand on."""
    name, table = "purchase_order_line_listed", "purchase_order_line"
    if is_sqlite():
        op.execute(f"DROP TRIGGER {name}")
        refuse_unless_on_sqlite(name, "INSERT", table, why, fine)
    else:
        op.execute(function(name, why, fine, "CREATE OR REPLACE"))


def guard() -> None:
    for name, event, table, why, fine in GUARDS:
        if is_sqlite():
            refuse_unless_on_sqlite(name, event, table, why, fine)
            continue
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
    return (
        f"{create} FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT ({fine}) THEN "
        f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )


def downgrade() -> None:
    names = [name for name, *_ in PARAMETERS]
    op.execute(sa.text("DELETE FROM parameter WHERE name IN :names").bindparams(sa.bindparam("names", names, expanding=True)))
    tie_order_lines(LISTED, f"EXISTS ({IN_PUBLISHED_LIST})")
    op.drop_index("ix_purchase_order_line_bid_line_id", "purchase_order_line")
    op.drop_column("purchase_order_line", "bid_line_id")
    op.drop_column("outbox_message", "listed_from")
    for table in ("basket_line", "requisition_line"):
        op.drop_index(f"ix_{table}_bid_line_id", table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("bid_line_id")  # and with it its foreign key
    for table in (
        *("competition_decision", "competition_bid_score", "competition_bid_line", "competition_bid"),
        *("competition_invitation", "competition_criterion", "competition_line", "competition", "lot_criterion"),
    ):
        op.drop_table(table)
    if not is_sqlite():
        for name, *_, fine in GUARDS:
            if fine is not None:
                op.execute(f"DROP FUNCTION {name}()")
