"""Three help desks and any other source: pulls, parts of tickets told on their own, words taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
TEXT, UUID, BOOL, INT, BYTES = sa.String(), sa.Uuid(), sa.Boolean(), sa.Integer(), sa.LargeBinary()
JSON = JSONB(none_as_null=True)

OPTIONAL = {
    "connection": {"api": JSON, "sealed_api_secret": TEXT, "reconciles_at": WHEN},
    "inbox": {"ticket_key": TEXT, "understood_at": WHEN, "body_removed_at": WHEN},
    "message": {"channel": TEXT, "edited_at": WHEN},
    "rating": {"external_id": TEXT, "reason": TEXT, "group_key": TEXT, "extra": JSON},
    "ticket": {
        "display_id": TEXT, "closed_at": WHEN, "first_replied_at": WHEN, "description": TEXT,
        "priority_raw": TEXT, "brand_key": TEXT, "assignee_key": TEXT, "assignee_name": TEXT,
        "requester_name": TEXT, "requester_email": TEXT, "organization_key": TEXT, "custom_fields": JSON,
        "is_public": BOOL, "is_escalated": BOOL, "is_outbound": BOOL, "merged_into_key": TEXT,
        "stated_metrics": JSON,
    },
    "ticket_event": {"detail": JSON},
}  # fmt: skip
FILLED = {
    "connection": {"is_test": (BOOL, "false"), "revision": (INT, "0"), "raw_kept_days": (INT, "30")},
    "inbox": {"body_sha256": (BYTES, "''")},
    "message": {
        "version_at": (WHEN, "'-infinity'"), "version_number": (INT, "0"), "version_key": (TEXT, "''"),
        "attachments": (INT, "0"), "is_redacted": (BOOL, "false"),
    },
    "rating": {"version_number": (INT, "0"), "version_key": (TEXT, "''"), "is_offer": (BOOL, "false")},
    "ticket": {
        "told": (JSON, "'[]'"), "settled": (JSON, "'{}'"), "is_provisional": (BOOL, "false"),
        "has_redactions": (BOOL, "false"), "is_spam": (BOOL, "false"), "is_purged": (BOOL, "false"),
    },
    "ticket_event": {"basis": (TEXT, "'told'")},
    "ticket_fact": {"clocks": (JSON, "'{}'")},
}  # fmt: skip
"""column → (type, what rows that are here already get); nothing is a default afterwards."""

TOLD = [
    "assignee_key", "brand", "channel", "channel_raw", "created_at", "group_key", "group_name", "is_deleted",
    "language", "priority", "requester_key", "solved_at", "status", "status_raw", "subject", "tags", "topic",
    "type", "updated_at", "vendor_id",
]  # fmt: skip
"""What a source told of a ticket until now: always all of it."""
PLATFORMS = ("zendesk", "salesforce", "freshdesk", "generic", "import")


def upgrade() -> None:
    _create_tables()
    for table, columns in OPTIONAL.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, filled in FILLED.items():
        for name, (kind, value) in filled.items():
            op.add_column(table, sa.Column(name, kind, nullable=False, server_default=sa.text(value)))
            op.alter_column(table, name, server_default=None)
    op.execute("UPDATE inbox SET body_sha256 = sha256(body)")
    op.execute("UPDATE message SET version_at = sent_at")
    op.execute(
        "UPDATE ticket SET assignee_key = agent.external_id FROM help_desk_agent agent "
        "WHERE agent.id = ticket.assignee_id"
    )
    names = ", ".join(f"'{name}'" for name in TOLD)
    op.execute(
        "UPDATE ticket SET told = jsonb_build_array(jsonb_build_array("
        """to_char(version_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), """
        f"version_number, version_key, jsonb_build_array({names})))"
    )
    for name in ("version_at", "version_number", "version_key"):
        op.drop_column("ticket", name)
    op.create_index(
        "ix_inbox_ticket",
        "inbox",
        ["connection_id", "ticket_key"],
        postgresql_where=sa.text("ticket_key IS NOT NULL"),
    )
    bases = "basis IN ('told', 'history', 'hint', 'snapshot')"
    op.create_check_constraint(op.f("ck_ticket_event_basis"), "ticket_event", bases)
    _allow_platforms(PLATFORMS)


def _create_tables() -> None:
    def column(name: str, kind: sa.types.TypeEngine, *, nullable: bool = False) -> sa.Column:
        return sa.Column(name, kind, nullable=nullable)

    op.create_table(
        "pull",
        column("id", UUID),
        column("connection_id", UUID),
        column("kind", TEXT),
        column("state", TEXT),
        column("since_at", WHEN),
        column("until_at", WHEN),
        column("stage", TEXT),
        column("cursor", JSON, nullable=True),
        *(column(name, INT) for name in ("step", "failures", "pages", "rows", "refused_rows")),
        column("changed_tickets", INT),
        column("last_error", TEXT, nullable=True),
        column("created_at", WHEN),
        column("stepped_at", WHEN),
        column("finished_at", WHEN, nullable=True),
        sa.CheckConstraint("kind IN ('backfill', 'reconciliation')", name=op.f("ck_pull_kind")),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'cancelled')", name=op.f("ck_pull_state")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_pull_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull")),
    )
    op.create_index("ix_pull_connection", "pull", ["connection_id", "id"])
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_pull_running", "pull", ["connection_id", "kind"], unique=True, postgresql_where=running
    )
    op.create_table(
        "refetch",
        column("connection_id", UUID),
        column("ticket_key", TEXT),
        column("parts", JSON),
        column("wanted_at", WHEN),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_refetch_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("connection_id", "ticket_key", name=op.f("pk_refetch")),
    )
    op.create_index("ix_refetch_wanted", "refetch", ["connection_id", "wanted_at"])


def _allow_platforms(names: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{name}'" for name in names)
    op.drop_constraint(op.f("ck_connection_platform"), "connection")
    op.create_check_constraint(op.f("ck_connection_platform"), "connection", f"platform IN ({listed})")


def downgrade() -> None:
    op.execute("UPDATE connection SET platform = 'import' WHERE platform NOT IN ('zendesk', 'import')")
    _allow_platforms(("zendesk", "import"))
    op.drop_constraint(op.f("ck_ticket_event_basis"), "ticket_event")
    op.drop_index("ix_inbox_ticket", table_name="inbox")
    newest = {
        "version_at": (WHEN, "'-infinity'", "coalesce((told->0->>0)::timestamptz, created_at)"),
        "version_number": (INT, "0", "coalesce((told->0->>1)::integer, 0)"),
        "version_key": (TEXT, "''", "coalesce(told->0->>2, '')"),
    }
    for name, (kind, value, _) in newest.items():
        op.add_column("ticket", sa.Column(name, kind, nullable=False, server_default=sa.text(value)))
        op.alter_column("ticket", name, server_default=None)
    op.execute("UPDATE ticket SET " + ", ".join(f"{name} = {told}" for name, (_, _, told) in newest.items()))
    for table, columns in (*OPTIONAL.items(), *FILLED.items()):
        for name in columns:
            op.drop_column(table, name)
    op.drop_table("refetch")
    op.drop_table("pull")
