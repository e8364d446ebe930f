"""First tables. The heavy ones are cut into partitions by a hash of their ticket."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


PARTITIONED = ("ticket_event", "message")
PARTITIONS = 8


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        info={"distribution": "local"},
    )
    op.create_table(
        "idempotency_key",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "key", name=op.f("pk_idempotency_key")),
        info={"distribution": "local"},
    )
    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("key", name=op.f("uq_schedule_key")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "scorecard",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard")),
        sa.UniqueConstraint("key", name=op.f("uq_scorecard_key")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "state_change",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("moved_by", sa.Uuid(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "subject_id", "number", name=op.f("pk_state_change")),
        info={"distribution": "local"},
    )
    op.create_table(
        "vendor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("key", name=op.f("uq_vendor_key")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("sealed_secret", sa.String(), nullable=True),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("resolution_basis", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("platform IN ('zendesk', 'import')", name=op.f("ck_connection_platform")),
        sa.CheckConstraint(
            "resolution_basis IN ('history', 'stated')", name=op.f("ck_connection_resolution_basis")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_connection_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("key", name=op.f("uq_connection_key")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handler", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'done', 'dead')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("event_id", "handler", name=op.f("uq_delivery_event_id_handler")),
        info={"distribution": "local"},
    )
    op.create_index(
        "ix_delivery_dead",
        "delivery",
        ["handler", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_delivery_done",
        "delivery",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'lead', 'specialist', 'team_lead', 'agent', 'vendor_manager', 'analyst')",
            name=op.f("ck_person_role"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["person.id"], name=op.f("fk_person_lead_id_person")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_person_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "scorecard_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scorecard_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("card", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_scorecard_version_state")),
        sa.ForeignKeyConstraint(
            ["scorecard_id"],
            ["scorecard.id"],
            name=op.f("fk_scorecard_version_scorecard_id_scorecard"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard_version")),
        sa.UniqueConstraint("scorecard_id", "number", name=op.f("uq_scorecard_version_scorecard_id_number")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("points", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("resolver_id", sa.Uuid(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'in_review', 'decided', 'withdrawn')", name=op.f("ck_appeal_state")
        ),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"], name=op.f("fk_appeal_filed_by_person")),
        sa.ForeignKeyConstraint(["resolver_id"], ["person.id"], name=op.f("fk_appeal_resolver_id_person")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_appeal_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        info={"distribution": "local"},
    )
    op.create_index(
        "uq_appeal_live",
        "appeal",
        ["review_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'in_review')"),
    )
    op.create_table(
        "help_desk_agent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_help_desk_agent_connection_id_connection"),
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"], ["vendor.id"], name=op.f("fk_help_desk_agent_vendor_id_vendor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_desk_agent")),
        sa.UniqueConstraint(
            "connection_id",
            "external_id",
            name=op.f("uq_help_desk_agent_connection_id_external_id"),
        ),
        info={"distribution": "reference"},
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_inbox_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        info={"distribution": "local"},
    )
    op.create_table(
        "sampling_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("scorecard_version_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rate > 0 AND rate <= 1", name=op.f("ck_sampling_plan_rate")),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_sampling_plan_connection_id_connection"),
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_version_id"],
            ["scorecard_version.id"],
            name=op.f("fk_sampling_plan_scorecard_version_id_scorecard_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_plan")),
        sa.UniqueConstraint("key", name=op.f("uq_sampling_plan_key")),
        info={"distribution": "reference"},
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("version_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("status_raw", sa.String(), nullable=True),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("channel_raw", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("group_key", sa.String(), nullable=True),
        sa.Column("group_name", sa.String(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("requester_key", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'pending', 'on_hold', 'solved', 'closed')",
            name=op.f("ck_ticket_status"),
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_ticket_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_ticket_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        info={"distribution": "ticket", "ticket_column": "id"},
    )
    op.create_index("ix_ticket_created_at_id", "ticket", ["created_at", "id"], unique=False)
    op.create_table(
        "ticket_fact",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("group_name", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("brand", sa.String(), nullable=True),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("requester_key", sa.String(), nullable=True),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_reply_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_reply_s", sa.Integer(), nullable=True),
        sa.Column("first_reply_business_s", sa.Integer(), nullable=True),
        sa.Column("first_resolution_s", sa.Integer(), nullable=True),
        sa.Column("full_resolution_s", sa.Integer(), nullable=True),
        sa.Column("full_resolution_business_s", sa.Integer(), nullable=True),
        sa.Column("requester_wait_s", sa.Integer(), nullable=True),
        sa.Column("agent_wait_s", sa.Integer(), nullable=True),
        sa.Column("on_hold_s", sa.Integer(), nullable=True),
        sa.Column("reopens", sa.Integer(), nullable=False),
        sa.Column("agent_replies", sa.Integer(), nullable=False),
        sa.Column("is_one_touch", sa.Boolean(), nullable=False),
        sa.Column("csat_score", sa.Numeric(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_ticket_fact_connection_id_connection"),
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_ticket_fact_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_fact")),
        info={"distribution": "ticket"},
    )
    op.create_index("ix_ticket_fact_created_at", "ticket_fact", ["created_at"], unique=False)
    op.create_index(
        "ix_ticket_fact_repeat",
        "ticket_fact",
        ["requester_key", "topic", "created_at"],
        unique=False,
    )
    op.create_table(
        "audit",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("scorecard_version_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.Numeric(), nullable=True),
        sa.Column("draw", sa.String(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("specialist_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state <> 'claimed' OR specialist_id IS NOT NULL", name=op.f("ck_audit_claimed_by")
        ),
        sa.CheckConstraint("state <> 'open' OR specialist_id IS NULL", name=op.f("ck_audit_open_unclaimed")),
        sa.CheckConstraint("state IN ('open', 'claimed', 'reviewed', 'void')", name=op.f("ck_audit_state")),
        sa.CheckConstraint("probability > 0 AND probability <= 1", name=op.f("ck_audit_probability")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["sampling_plan.id"], name=op.f("fk_audit_plan_id_sampling_plan")
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_version_id"],
            ["scorecard_version.id"],
            name=op.f("fk_audit_scorecard_version_id_scorecard_version"),
        ),
        sa.ForeignKeyConstraint(["specialist_id"], ["person.id"], name=op.f("fk_audit_specialist_id_person")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_audit_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_audit_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_audit")),
        info={"distribution": "ticket"},
    )
    op.create_index("ix_audit_id", "audit", ["id"], unique=False)
    op.create_index(
        "ix_audit_open", "audit", ["id"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "message",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("author_kind", sa.String(), nullable=False),
        sa.Column("author_key", sa.String(), nullable=True),
        sa.Column("author_name", sa.String(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.CheckConstraint(
            "author_kind IN ('requester', 'agent', 'bot', 'system')",
            name=op.f("ck_message_author_kind"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_message_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_message")),
        info={"distribution": "ticket"},
        postgresql_partition_by="HASH (ticket_id)",
    )
    op.create_table(
        "rating",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_rating_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_rating")),
        info={"distribution": "ticket"},
    )
    op.create_table(
        "ruling",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ruled_by", sa.Uuid(), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('upheld', 'partially_overturned', 'overturned')",
            name=op.f("ck_ruling_outcome"),
        ),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_ruling_appeal_id_appeal")),
        sa.ForeignKeyConstraint(["ruled_by"], ["person.id"], name=op.f("fk_ruling_ruled_by_person")),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_ruling")),
        info={"distribution": "local"},
    )
    op.create_table(
        "ticket_event",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("from_value", sa.String(), nullable=True),
        sa.Column("to_value", sa.String(), nullable=True),
        sa.Column("actor_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_event_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_ticket_event")),
        info={"distribution": "ticket"},
        postgresql_partition_by="HASH (ticket_id)",
    )
    op.create_table(
        "review",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scorecard_version_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("probability", sa.Numeric(), nullable=True),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("score_exact", sa.String(), nullable=True),
        sa.Column("score_without_auto_fail", sa.Numeric(), nullable=True),
        sa.Column("auto_failed", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("sections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("appeal_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_reviewer_id_person")),
        sa.ForeignKeyConstraint(
            ["scorecard_version_id"],
            ["scorecard_version.id"],
            name=op.f("fk_review_scorecard_version_id_scorecard_version"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id", "audit_id"],
            ["audit.ticket_id", "audit.id"],
            name=op.f("fk_review_ticket_id_audit_id_audit"),
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_review_vendor_id_vendor")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "ticket_id", "audit_id", "number", name=op.f("uq_review_ticket_id_audit_id_number")
        ),
        info={"distribution": "ticket"},
    )
    op.create_index("ix_review_id", "review", ["id"], unique=False)
    op.create_index(
        "uq_review_current",
        "review",
        ["ticket_id", "audit_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    for table in PARTITIONED:
        for part in range(PARTITIONS):
            op.execute(
                f"CREATE TABLE {table}_{part} PARTITION OF {table} "
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
            )


def downgrade() -> None:
    op.drop_index("uq_review_current", table_name="review", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_index("ix_review_id", table_name="review")
    op.drop_table("review")
    op.drop_table("ticket_event")
    op.drop_table("ruling")
    op.drop_table("rating")
    op.drop_table("message")
    op.drop_index("ix_audit_open", table_name="audit", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ix_audit_id", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_ticket_fact_repeat", table_name="ticket_fact")
    op.drop_index("ix_ticket_fact_created_at", table_name="ticket_fact")
    op.drop_table("ticket_fact")
    op.drop_index("ix_ticket_created_at_id", table_name="ticket")
    op.drop_table("ticket")
    op.drop_table("sampling_plan")
    op.drop_table("inbox")
    op.drop_table("help_desk_agent")
    op.drop_index(
        "uq_appeal_live",
        table_name="appeal",
        postgresql_where=sa.text("state IN ('open', 'in_review')"),
    )
    op.drop_table("appeal")
    op.drop_table("scorecard_version")
    op.drop_table("person")
    op.drop_index("ix_delivery_due", table_name="delivery", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_delivery_done", table_name="delivery", postgresql_where=sa.text("state = 'done'"))
    op.drop_index("ix_delivery_dead", table_name="delivery", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("delivery")
    op.drop_table("connection")
    op.drop_table("vendor")
    op.drop_table("state_change")
    op.drop_table("scorecard")
    op.drop_table("schedule")
    op.drop_table("idempotency_key")
    op.drop_table("event")
