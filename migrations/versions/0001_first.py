"""The first tables, what the database refuses by itself, and the first parameters.

Revision: 0001, after nothing
"""

from datetime import date

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


REFUSALS = {
    # table: (events, what is said)
    "journal_entry": ("UPDATE DELETE", "the journal is append-only"),
    "purchase_order_line": ("UPDATE DELETE", "a placed order is never changed"),
    "purchase_order_charge": ("UPDATE DELETE", "a placed order is never changed"),
    "purchase_order_file": ("UPDATE DELETE", "a sent document is never changed"),
    "receipt": ("UPDATE DELETE", "a receipt is corrected by another receipt"),
    "receipt_line": ("UPDATE DELETE", "a receipt is corrected by another receipt"),
    "outbox_attachment": ("UPDATE DELETE", "an attachment is sent as it was queued"),
}

# What an order keeps for ever; its state and its end may change.
FROZEN = (
    "number year serial requisition_id organisation_id unit_id orderer_id supplier_id agreement_id currency placed_at "
    "wanted_on lines_amount charges_amount net_amount vat_amount gross_amount"
).split()

IN_PUBLISHED_LIST = (
    "SELECT 1 FROM article a JOIN price_list p ON p.id = a.price_list_id "
    "WHERE a.id = NEW.article_id AND a.award_id = NEW.award_id AND p.state = 'published'"
)
# The price lists that a change of a row touches: one can also be moved into another list
ARTICLE_LISTS = (
    ("INSERT", "NEW.price_list_id"),
    ("UPDATE", "OLD.price_list_id, NEW.price_list_id"),
    ("DELETE", "OLD.price_list_id"),
)
SEALED = "SELECT 1 FROM purchase_order_file f WHERE f.order_id = NEW.order_id"

PARAMETERS = [
    # name, value in hundredths, from, to, source
    ("vat.standard", 2500, date(1990, 7, 1), None, "mervärdesskattelagen (2023:200) 9 kap. 2 §"),
    ("vat.food", 1200, date(1996, 1, 1), date(2026, 3, 31), "mervärdesskattelagen (2023:200) 9 kap. 3 §"),
    ("vat.food", 600, date(2026, 4, 1), date(2027, 12, 31), "prop. 2025/26:55"),
    ("vat.food", 1200, date(2028, 1, 1), None, "prop. 2025/26:55, tillfällig sänkning upphör"),
    ("vat.reduced-12", 1200, date(1996, 1, 1), None, "mervärdesskattelagen (2023:200) 9 kap. 3 §"),
    ("vat.reduced-6", 600, date(1996, 1, 1), None, "mervärdesskattelagen (2023:200) 9 kap. 4 §"),
    ("vat.none", 0, date(1990, 7, 1), None, "mervärdesskattelagen (2023:200) 10 kap."),
    ("direct-procurement.lou", 70000000, date(2022, 2, 1), None, "LOU 19 a kap. 2 §"),
    ("direct-procurement.luf", 120000000, date(2022, 2, 1), None, "LUF 19 a kap. 2 §"),
    ("direct-procurement.documentation", 10000000, date(2022, 2, 1), None, "LOU 19 a kap. 11 §"),
    ("splitting.days", 3000, date(2022, 2, 1), None, "LOU 5 kap. 7 §, kontorets val"),
]


def upgrade() -> None:
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgresql()
    seed()


def guard_sqlite() -> None:
    def refuse(name: str, event: str, table: str, why: str, when: str = "") -> None:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )

    for table, (events, why) in REFUSALS.items():
        for event in events.split():
            refuse(f"{table}_no_{event.lower()}", event, table, why)
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in FROZEN)
    refuse("purchase_order_frozen", "UPDATE", "purchase_order", "a placed order is never changed", f"WHEN {changed}")
    refuse("purchase_order_no_delete", "DELETE", "purchase_order", "an order is never deleted")
    why = "an order line must stand in a published price list of its award"
    refuse("purchase_order_line_listed", "INSERT", "purchase_order_line", why, f"WHEN NOT EXISTS ({IN_PUBLISHED_LIST})")
    for table in ("purchase_order_line", "purchase_order_charge"):
        refuse(f"{table}_sealed", "INSERT", table, "a placed order is never changed", f"WHEN EXISTS ({SEALED})")
    for event, lists in ARTICLE_LISTS:
        why = "rows of a reviewed price list are never changed"
        reviewed = f"SELECT 1 FROM price_list p WHERE p.id IN ({lists}) AND p.state <> 'draft'"
        refuse(f"article_{event.lower()}_in_draft", event, "article", why, f"WHEN EXISTS ({reviewed})")


def guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION avrop_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )

    def refuse(name: str, event: str, table: str, why: str, when: str = "") -> None:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION avrop_refuse('{why}')"
        )

    def refuse_unless(name: str, event: str, table: str, why: str, fine: str) -> None:
        """PostgreSQL allows no query in WHEN, so the question goes into a function of its own."""
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT ({fine}) THEN "
            f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")

    for table, (events, why) in REFUSALS.items():
        for event in events.split():
            refuse(f"{table}_no_{event.lower()}", event, table, why)
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION avrop_refuse('{why}')"
        )
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FROZEN)
    refuse("purchase_order_frozen", "UPDATE", "purchase_order", "a placed order is never changed", f"WHEN ({changed})")
    refuse("purchase_order_no_delete", "DELETE", "purchase_order", "an order is never deleted")
    why = "an order line must stand in a published price list of its award"
    refuse_unless("purchase_order_line_listed", "INSERT", "purchase_order_line", why, f"EXISTS ({IN_PUBLISHED_LIST})")
    for table in ("purchase_order_line", "purchase_order_charge"):
        refuse_unless(f"{table}_sealed", "INSERT", table, "a placed order is never changed", f"NOT EXISTS ({SEALED})")
    for event, lists in ARTICLE_LISTS:
        why = "rows of a reviewed price list are never changed"
        reviewed = f"SELECT 1 FROM price_list p WHERE p.id IN ({lists}) AND p.state <> 'draft'"
        refuse_unless(f"article_{event.lower()}_in_draft", event, "article", why, f"NOT EXISTS ({reviewed})")


def seed() -> None:
    head = sa.table("journal_head", sa.column("id"), sa.column("number"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])
    op.bulk_insert(sa.table("publication", sa.column("id"), sa.column("last")), [{"id": 1, "last": 0}])
    names = ("name", "value", "starts_on", "ends_on", "source")
    columns = [sa.column(n, sa.Date() if n.endswith("_on") else None) for n in names]
    rows = [dict(zip(names, row, strict=True)) for row in PARAMETERS]
    op.bulk_insert(sa.table("parameter", *columns), rows)


def create_tables() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "sort_name",
            sa.String(length=255, collation="C").with_variant(sa.String(length=255), "sqlite"),
            nullable=False,
        ),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("superior_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["superior_id"], ["app_user.id"], name=op.f("fk_app_user_superior_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("email", name=op.f("uq_app_user_email")),
    )
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_attempt")),
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_number", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "sort_name",
            sa.String(length=255, collation="C").with_variant(sa.String(length=255), "sqlite"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("order_prefix", sa.String(length=8), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=10), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("invoice_name", sa.String(length=200), nullable=True),
        sa.Column("invoice_street", sa.String(length=200), nullable=True),
        sa.Column("invoice_postal_code", sa.String(length=10), nullable=True),
        sa.Column("invoice_city", sa.String(length=100), nullable=True),
        sa.Column("reference_pattern", sa.String(length=200), nullable=True),
        sa.Column("reference_hint", sa.String(length=200), nullable=True),
        sa.Column("link_decides_up_to", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("order_prefix", name=op.f("uq_organisation_order_prefix")),
        sa.UniqueConstraint("organisation_number", name=op.f("uq_organisation_organisation_number")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=60), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("reply_to", sa.String(length=254), nullable=True),
        sa.Column("alarm_to", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_message_about", ["about"], unique=False)
        batch_op.create_index("ix_outbox_message_due", ["state", "due_at"], unique=False)

    op.create_table(
        "parameter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_parameter_ends_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter")),
        sa.UniqueConstraint("name", "starts_on", name=op.f("uq_parameter_name_starts_on")),
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
    )
    op.create_table(
        "approval_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_approval_group_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_group")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_approval_group_organisation_id_name")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("cpv", sa.String(length=8), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["app_user.id"], name=op.f("fk_category_owner_id_app_user")),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("code", name=op.f("uq_category_code")),
    )
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "journal_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("for_name", sa.String(length=200), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.String(length=60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name=op.f("fk_journal_entry_actor_id_app_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_journal_entry_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_journal_entry_hash")),
    )
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_entry_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index("ix_journal_entry_thing", ["thing", "thing_id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_login_session_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_login_session_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "number_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_number_series_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("organisation_id", "year", name=op.f("uq_number_series_organisation_id_year")),
    )
    op.create_table(
        "organisation_identifier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("scheme", sa.String(length=4), nullable=False),
        sa.Column("value", sa.String(length=35), nullable=False),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_identifier_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_identifier")),
        sa.UniqueConstraint(
            "organisation_id", "scheme", "value", name=op.f("uq_organisation_identifier_organisation_id_scheme_value")
        ),
    )
    op.create_table(
        "outbox_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbox_message.id"], name=op.f("fk_outbox_attachment_message_id_outbox_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_attachment")),
    )
    with op.batch_alter_table("outbox_attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_attachment_message_id"), ["message_id"], unique=False)

    op.create_table(
        "substitution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("absent_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=200), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("absent_id <> substitute_id", name=op.f("ck_substitution_not_oneself")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_substitution_ends_after_start")),
        sa.ForeignKeyConstraint(["absent_id"], ["app_user.id"], name=op.f("fk_substitution_absent_id_app_user")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_substitution_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_substitution_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["app_user.id"], name=op.f("fk_substitution_substitute_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    with op.batch_alter_table("substitution", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_substitution_absent_id"), ["absent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_substitution_substitute_id"), ["substitute_id"], unique=False)

    op.create_table(
        "supplier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_number", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "sort_name",
            sa.String(length=255, collation="C").with_variant(sa.String(length=255), "sqlite"),
            nullable=False,
        ),
        sa.Column("street", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=10), nullable=True),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("order_email", sa.String(length=254), nullable=True),
        sa.Column("contact_name", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("peppol_scheme", sa.String(length=4), nullable=True),
        sa.Column("peppol_id", sa.String(length=35), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_reason", sa.String(length=500), nullable=True),
        sa.Column("blocked_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(blocked_at IS NULL) = (blocked_reason IS NULL)", name=op.f("ck_supplier_block_has_reason")
        ),
        sa.ForeignKeyConstraint(["blocked_by_id"], ["app_user.id"], name=op.f("fk_supplier_blocked_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
        sa.UniqueConstraint("organisation_number", name=op.f("uq_supplier_organisation_number")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_unit_not_own_parent")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_unit_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("organisation_id", "code", name=op.f("uq_unit_organisation_id_code")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("registry_number", sa.String(length=60), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "sort_title",
            sa.String(length=255, collation="C").with_variant(sa.String(length=255), "sqlite"),
            nullable=False,
        ),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("how_to_order", sa.Text(), nullable=True),
        sa.Column("legal_regime", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("responsible_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("delivers_after_end", sa.Boolean(), nullable=False),
        sa.Column("notice_on", sa.Date(), nullable=True),
        sa.Column("price_terms", sa.Text(), nullable=True),
        sa.Column("payment_terms", sa.String(length=100), nullable=False),
        sa.Column("follow_up_class", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_agreement_ends_after_start")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_agreement_category_id_category")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_agreement_owner_id_organisation")),
        sa.ForeignKeyConstraint(["responsible_id"], ["app_user.id"], name=op.f("fk_agreement_responsible_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("number", name=op.f("uq_agreement_number")),
    )
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreement_category_id"), ["category_id"], unique=False)
        batch_op.create_index("ix_agreement_state_dates", ["state", "starts_on", "ends_on"], unique=False)

    op.create_table(
        "approval_group_member",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["approval_group.id"],
            name=op.f("fk_approval_group_member_group_id_approval_group"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_approval_group_member_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_approval_group_member")),
    )
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("amount_from", sa.BigInteger(), nullable=False),
        sa.Column("amount_below", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount_below IS NULL OR amount_below > amount_from", name=op.f("ck_approval_rule_band_not_empty")
        ),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_approval_rule_category_id_category")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_approval_rule_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_approval_rule_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
    )
    with op.batch_alter_table("approval_rule", schema=None) as batch_op:
        batch_op.create_index("ix_approval_rule_organisation", ["organisation_id", "position"], unique=False)

    op.create_table(
        "delivery_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=10), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("gln", sa.String(length=13), nullable=True),
        sa.Column("goods_marking", sa.String(length=100), nullable=True),
        sa.Column("instructions", sa.String(length=500), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_delivery_address_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_address")),
    )
    with op.batch_alter_table("delivery_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_address_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("amount_limit", sa.BigInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount_limit IS NULL OR amount_limit >= 0", name=op.f("ck_membership_limit_not_negative")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_membership_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_membership_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_membership_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("ix_membership_place", ["organisation_id", "role"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "requisition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("orderer_id", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("delivery_name", sa.String(length=200), nullable=False),
        sa.Column("delivery_street", sa.String(length=200), nullable=False),
        sa.Column("delivery_postal_code", sa.String(length=10), nullable=False),
        sa.Column("delivery_city", sa.String(length=100), nullable=False),
        sa.Column("delivery_gln", sa.String(length=13), nullable=True),
        sa.Column("goods_marking", sa.String(length=100), nullable=True),
        sa.Column("delivery_instructions", sa.String(length=500), nullable=True),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("buyer_reference", sa.String(length=60), nullable=True),
        sa.Column("accounting_cost", sa.String(length=100), nullable=True),
        sa.Column("message_to_supplier", sa.Text(), nullable=True),
        sa.Column("message_to_approver", sa.Text(), nullable=True),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["app_user.id"], name=op.f("fk_requisition_created_by_id_app_user")),
        sa.ForeignKeyConstraint(["edited_by_id"], ["app_user.id"], name=op.f("fk_requisition_edited_by_id_app_user")),
        sa.ForeignKeyConstraint(["orderer_id"], ["app_user.id"], name=op.f("fk_requisition_orderer_id_app_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_requisition_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_requisition_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requisition")),
        sa.UniqueConstraint("key", name=op.f("uq_requisition_key")),
    )
    with op.batch_alter_table("requisition", schema=None) as batch_op:
        batch_op.create_index("ix_requisition_orderer", ["orderer_id", "state"], unique=False)
        batch_op.create_index("ix_requisition_organisation", ["organisation_id", "submitted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_requisition_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "agreement_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_document_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_document")),
    )
    with op.batch_alter_table("agreement_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agreement_document_agreement_id"), ["agreement_id"], unique=False)

    op.create_table(
        "approval_rule_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("quorum", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["approval_group.id"], name=op.f("fk_approval_rule_step_group_id_approval_group")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["approval_rule.id"],
            name=op.f("fk_approval_rule_step_rule_id_approval_rule"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_approval_rule_step_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule_step")),
    )
    with op.batch_alter_table("approval_rule_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_rule_step_rule_id"), ["rule_id"], unique=False)

    op.create_table(
        "approval_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("quorum", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["requisition_id"], ["requisition.id"], name=op.f("fk_approval_step_requisition_id_requisition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_step")),
        sa.UniqueConstraint(
            "requisition_id", "round", "position", name=op.f("uq_approval_step_requisition_id_round_position")
        ),
    )
    with op.batch_alter_table("approval_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_step_requisition_id"), ["requisition_id"], unique=False)
        batch_op.create_index("ix_approval_step_state", ["state", "requisition_id"], unique=False)

    op.create_table(
        "basket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_basket_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["requisition_id"], ["requisition.id"], name=op.f("fk_basket_requisition_id_requisition")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_basket_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basket")),
        sa.UniqueConstraint("user_id", "organisation_id", name=op.f("uq_basket_user_id_organisation_id")),
    )
    op.create_table(
        "extension_option",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("decide_by", sa.Date(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_extension_option_agreement_id_agreement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension_option")),
    )
    with op.batch_alter_table("extension_option", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extension_option_agreement_id"), ["agreement_id"], unique=False)

    op.create_table(
        "lot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("competition_above", sa.BigInteger(), nullable=True),
        sa.Column("choice_grounds", sa.Text(), nullable=True),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_lot_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_lot_category_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_lot_agreement_id_number")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lot_category_id"), ["category_id"], unique=False)

    op.create_table(
        "purchase_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("orderer_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("lines_amount", sa.BigInteger(), nullable=False),
        sa.Column("charges_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_amount", sa.BigInteger(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by_id", sa.Integer(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=500), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_purchase_order_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["cancelled_by_id"], ["app_user.id"], name=op.f("fk_purchase_order_cancelled_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(["orderer_id"], ["app_user.id"], name=op.f("fk_purchase_order_orderer_id_app_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_purchase_order_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["requisition_id"], ["requisition.id"], name=op.f("fk_purchase_order_requisition_id_requisition")
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_purchase_order_supplier_id_supplier")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_purchase_order_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_order_number")),
        sa.UniqueConstraint(
            "organisation_id", "year", "serial", name=op.f("uq_purchase_order_organisation_id_year_serial")
        ),
        sa.UniqueConstraint(
            "requisition_id",
            "supplier_id",
            "agreement_id",
            name=op.f("uq_purchase_order_requisition_id_supplier_id_agreement_id"),
        ),
    )
    with op.batch_alter_table("purchase_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_order_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index("ix_purchase_order_orderer", ["orderer_id", "placed_at", "id"], unique=False)
        batch_op.create_index("ix_purchase_order_organisation", ["organisation_id", "placed_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_purchase_order_requisition_id"), ["requisition_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_purchase_order_supplier_id"), ["supplier_id"], unique=False)
        batch_op.create_index("ix_purchase_order_unit", ["unit_id", "placed_at", "id"], unique=False)

    op.create_table(
        "approval_candidate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.String(length=1000), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_approval_candidate_decision_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_approval_candidate_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["approval_step.id"],
            name=op.f("fk_approval_candidate_step_id_approval_step"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_approval_candidate_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_candidate")),
        sa.UniqueConstraint("step_id", "user_id", name=op.f("uq_approval_candidate_step_id_user_id")),
    )
    with op.batch_alter_table("approval_candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_candidate_decided_by_id"), ["decided_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_candidate_step_id"), ["step_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_candidate_user_id"), ["user_id"], unique=False)

    op.create_table(
        "approval_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["step_id"], ["approval_step.id"], name=op.f("fk_approval_token_step_id_approval_step"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_approval_token_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_approval_token_token_hash")),
    )
    with op.batch_alter_table("approval_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_token_step_id"), ["step_id"], unique=False)

    op.create_table(
        "award",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("minimum_order", sa.BigInteger(), nullable=True),
        sa.Column("small_order_fee", sa.BigInteger(), nullable=True),
        sa.Column("freight", sa.BigInteger(), nullable=True),
        sa.Column("freight_free_from", sa.BigInteger(), nullable=True),
        sa.Column("delivery_days", sa.Integer(), nullable=True),
        sa.Column("free_text_cap", sa.BigInteger(), nullable=True),
        sa.Column("free_text_basis", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name=op.f("ck_award_ends_after_start")
        ),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_award_rank_positive")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_award_lot_id_lot"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_award_supplier_id_supplier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_award")),
        sa.UniqueConstraint("lot_id", "supplier_id", name=op.f("uq_award_lot_id_supplier_id")),
    )
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_award_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_award_supplier_id"), ["supplier_id"], unique=False)

    op.create_table(
        "entitlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_entitlement_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_entitlement_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_entitlement_lot_id_lot"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_entitlement_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
    )
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index("ix_entitlement_organisation", ["organisation_id", "agreement_id"], unique=False)

    op.create_table(
        "purchase_order_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("fk_purchase_order_file_order_id_purchase_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_file")),
        sa.UniqueConstraint("order_id", "kind", name=op.f("uq_purchase_order_file_order_id_kind")),
    )
    with op.batch_alter_table("purchase_order_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_order_file_order_id"), ["order_id"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["purchase_order.id"], name=op.f("fk_receipt_order_id_purchase_order")),
        sa.ForeignKeyConstraint(["received_by_id"], ["app_user.id"], name=op.f("fk_receipt_received_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("key", name=op.f("uq_receipt_key")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_order_id"), ["order_id"], unique=False)

    op.create_table(
        "ceiling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=True),
        sa.Column("award_id", sa.Integer(), nullable=True),
        sa.Column("limit_amount", sa.BigInteger(), nullable=True),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("external", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("lot_id IS NOT NULL OR award_id IS NULL", name=op.f("ck_ceiling_award_has_lot")),
        sa.CheckConstraint("reserved >= 0 AND ordered >= 0 AND external >= 0", name=op.f("ck_ceiling_not_negative")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_ceiling_agreement_id_agreement"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_ceiling_award_id_award"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_ceiling_lot_id_lot"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceiling")),
    )
    with op.batch_alter_table("ceiling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ceiling_agreement_id"), ["agreement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ceiling_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index(
            "uq_ceiling_agreement",
            ["agreement_id"],
            unique=True,
            sqlite_where=sa.text("lot_id IS NULL"),
            postgresql_where=sa.text("lot_id IS NULL"),
        )
        batch_op.create_index("uq_ceiling_award", ["award_id"], unique=True)
        batch_op.create_index(
            "uq_ceiling_lot",
            ["lot_id"],
            unique=True,
            sqlite_where=sa.text("award_id IS NULL"),
            postgresql_where=sa.text("award_id IS NULL"),
        )

    op.create_table(
        "favourite",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("supplier_number", sa.String(length=60), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_favourite_award_id_award")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_favourite_user_id_app_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favourite")),
        sa.UniqueConstraint(
            "user_id", "award_id", "supplier_number", name=op.f("uq_favourite_user_id_award_id_supplier_number")
        ),
    )
    op.create_table(
        "price_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source_name", sa.String(length=200), nullable=True),
        sa.Column("source_sha256", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("publication", sa.Integer(), nullable=True),
        sa.Column("article_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_price_list_award_id_award")),
        sa.ForeignKeyConstraint(["created_by_id"], ["app_user.id"], name=op.f("fk_price_list_created_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
        sa.UniqueConstraint("award_id", "version", name=op.f("uq_price_list_award_id_version")),
        sa.UniqueConstraint("id", "award_id", name=op.f("uq_price_list_id_award_id")),
        sa.UniqueConstraint("publication", name=op.f("uq_price_list_publication")),
    )
    with op.batch_alter_table("price_list", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_list_award_id"), ["award_id"], unique=False)
        batch_op.create_index(
            "uq_price_list_published",
            ["award_id"],
            unique=True,
            sqlite_where=sa.text("state = 'published'"),
            postgresql_where=sa.text("state = 'published'"),
        )

    op.create_table(
        "purchase_order_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_percent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_purchase_order_charge_award_id_award")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("fk_purchase_order_charge_order_id_purchase_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_charge")),
    )
    with op.batch_alter_table("purchase_order_charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_order_charge_order_id"), ["order_id"], unique=False)

    op.create_table(
        "ranking_refusal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("basket_id", sa.Integer(), nullable=True),
        sa.Column("requisition_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("noted_by_id", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('declined', 'silent')", name=op.f("ck_ranking_refusal_answer_known")),
        sa.CheckConstraint(
            "basket_id IS NOT NULL OR requisition_id IS NOT NULL", name=op.f("ck_ranking_refusal_has_need")
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_ranking_refusal_award_id_award")),
        sa.ForeignKeyConstraint(["basket_id"], ["basket.id"], name=op.f("fk_ranking_refusal_basket_id_basket")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["app_user.id"], name=op.f("fk_ranking_refusal_noted_by_id_app_user")),
        sa.ForeignKeyConstraint(
            ["requisition_id"], ["requisition.id"], name=op.f("fk_ranking_refusal_requisition_id_requisition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking_refusal")),
    )
    with op.batch_alter_table("ranking_refusal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ranking_refusal_award_id"), ["award_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ranking_refusal_basket_id"), ["basket_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ranking_refusal_requisition_id"), ["requisition_id"], unique=False)

    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("price_list_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("supplier_number", sa.String(length=60), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("brand", sa.String(length=100), nullable=True),
        sa.Column("synonyms", sa.String(length=500), nullable=True),
        sa.Column("unit_code", sa.String(length=3), nullable=False),
        sa.Column("pack_size", sa.BigInteger(), nullable=True),
        sa.Column("pack_unit", sa.String(length=3), nullable=True),
        sa.Column("minimum_quantity", sa.BigInteger(), nullable=True),
        sa.Column("quantity_multiple", sa.BigInteger(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("base_quantity", sa.BigInteger(), nullable=False),
        sa.Column("vat_class", sa.String(length=40), nullable=False),
        sa.Column("classification", sa.String(length=8), nullable=True),
        sa.Column("marks", sa.String(length=200), nullable=True),
        sa.Column("picture_url", sa.String(length=500), nullable=True),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("base_quantity > 0", name=op.f("ck_article_base_quantity_positive")),
        sa.CheckConstraint("price > 0", name=op.f("ck_article_price_positive")),
        sa.ForeignKeyConstraint(
            ["price_list_id", "award_id"],
            ["price_list.id", "price_list.award_id"],
            name=op.f("fk_article_price_list_id_award_id_price_list"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("id", "award_id", name=op.f("uq_article_id_award_id")),
        sa.UniqueConstraint("price_list_id", "supplier_number", name=op.f("uq_article_price_list_id_supplier_number")),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index("ix_article_award_number", ["award_id", "supplier_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_gtin"), ["gtin"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_price_list_id"), ["price_list_id"], unique=False)

    op.create_table(
        "basket_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("basket_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("seen_price", sa.BigInteger(), nullable=False),
        sa.Column("choice_ground", sa.String(length=500), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_basket_line_quantity_positive")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_basket_line_article_id_article")),
        sa.ForeignKeyConstraint(
            ["basket_id"], ["basket.id"], name=op.f("fk_basket_line_basket_id_basket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basket_line")),
        sa.UniqueConstraint("basket_id", "article_id", name=op.f("uq_basket_line_basket_id_article_id")),
    )
    with op.batch_alter_table("basket_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_basket_line_basket_id"), ["basket_id"], unique=False)

    op.create_table(
        "purchase_order_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("supplier_number", sa.String(length=60), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("classification", sa.String(length=8), nullable=True),
        sa.Column("unit_code", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("base_quantity", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_percent", sa.BigInteger(), nullable=False),
        sa.Column("choice_ground", sa.String(length=500), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_order_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["article_id", "award_id"],
            ["article.id", "article.award_id"],
            name=op.f("fk_purchase_order_line_article_id_award_id_article"),
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_purchase_order_line_award_id_award")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_order.id"], name=op.f("fk_purchase_order_line_order_id_purchase_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_purchase_order_line_order_id_position")),
    )
    with op.batch_alter_table("purchase_order_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_purchase_order_line_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_purchase_order_line_award_id"), ["award_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_purchase_order_line_order_id"), ["order_id"], unique=False)

    op.create_table(
        "requisition_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("supplier_number", sa.String(length=60), nullable=False),
        sa.Column("gtin", sa.String(length=14), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("classification", sa.String(length=8), nullable=True),
        sa.Column("unit_code", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("base_quantity", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_class", sa.String(length=40), nullable=False),
        sa.Column("vat_percent", sa.BigInteger(), nullable=False),
        sa.Column("choice_ground", sa.String(length=500), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_requisition_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_requisition_line_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["article_id", "award_id"],
            ["article.id", "article.award_id"],
            name=op.f("fk_requisition_line_article_id_award_id_article"),
        ),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_requisition_line_award_id_award")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_requisition_line_lot_id_lot")),
        sa.ForeignKeyConstraint(
            ["requisition_id"],
            ["requisition.id"],
            name=op.f("fk_requisition_line_requisition_id_requisition"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_requisition_line_supplier_id_supplier")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requisition_line")),
        sa.UniqueConstraint("requisition_id", "position", name=op.f("uq_requisition_line_requisition_id_position")),
    )
    with op.batch_alter_table("requisition_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requisition_line_award_id"), ["award_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_requisition_line_requisition_id"), ["requisition_id"], unique=False)

    op.create_table(
        "requisition_charge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requisition_id", sa.Integer(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("vat_percent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["award.id"], name=op.f("fk_requisition_charge_award_id_award")),
        sa.ForeignKeyConstraint(
            ["requisition_id"],
            ["requisition.id"],
            name=op.f("fk_requisition_charge_requisition_id_requisition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requisition_charge")),
    )
    with op.batch_alter_table("requisition_charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_requisition_charge_requisition_id"), ["requisition_id"], unique=False)

    op.create_table(
        "receipt_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("deviation", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.CheckConstraint("quantity <> 0 OR deviation <> 'none'", name=op.f("ck_receipt_line_says_something")),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["purchase_order_line.id"],
            name=op.f("fk_receipt_line_order_line_id_purchase_order_line"),
        ),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_receipt_line_receipt_id_receipt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_line")),
    )
    with op.batch_alter_table("receipt_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_line_order_line_id"), ["order_line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_receipt_line_receipt_id"), ["receipt_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first migration: remove the database instead")
