"""Reviews that wait before they are released: for a second look, or for their time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATES = "'open', 'claimed', 'submitted', 'reviewed', 'void'"


def upgrade() -> None:
    op.add_column("claim_policy", sa.Column("check_share", sa.Numeric(), nullable=False, server_default="0"))
    op.add_column(
        "claim_policy", sa.Column("release_after_hours", sa.Integer(), nullable=False, server_default="0")
    )
    op.alter_column("claim_policy", "check_share", server_default=None)
    op.alter_column("claim_policy", "release_after_hours", server_default=None)
    op.drop_constraint(op.f("ck_audit_state"), "audit")
    op.create_check_constraint(op.f("ck_audit_state"), "audit", f"state IN ({STATES})")
    op.create_table(
        "held_review",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("answers", JSONB(none_as_null=True), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("highlights", JSONB(none_as_null=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("needs_check", sa.Boolean(), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(checked_at IS NULL) = (is_approved IS NULL)", name=op.f("ck_held_review_checked")
        ),
        sa.CheckConstraint(
            "(checked_at IS NULL) = (checked_by IS NULL)", name=op.f("ck_held_review_checked_by")
        ),
        sa.CheckConstraint(
            "is_approved IS DISTINCT FROM false OR reason IS NOT NULL", name=op.f("ck_held_review_returned")
        ),
        sa.CheckConstraint(
            "checked_by <> author_id OR is_approved = false", name=op.f("ck_held_review_four_eyes")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_held_review_author_id_person")),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name=op.f("fk_held_review_checked_by_person")),
        sa.ForeignKeyConstraint(
            ["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"],
            name=op.f("fk_held_review_ticket_id_audit_id_audit"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "audit_id", name=op.f("pk_held_review")),
    )  # fmt: skip
    op.create_index("ix_held_review_submitted_at", "held_review", ["submitted_at", "audit_id"])


def downgrade() -> None:
    # What was handed in waits for its author again: before there were such reviews, it would have been a draft.
    op.execute(
        "INSERT INTO review_draft SELECT h.ticket_id, h.audit_id, 1, answers, summary, highlights, submitted_at"
        " FROM held_review h JOIN assignment s ON s.ticket_id = h.ticket_id AND s.audit_id = h.audit_id"
        " ON CONFLICT DO NOTHING"
    )
    op.drop_table("held_review")
    op.execute("UPDATE audit SET state = 'claimed' WHERE state = 'submitted'")
    op.drop_constraint(op.f("ck_audit_state"), "audit")
    op.create_check_constraint(
        op.f("ck_audit_state"), "audit", "state IN ('open', 'claimed', 'reviewed', 'void')"
    )
    op.drop_column("claim_policy", "release_after_hours")
    op.drop_column("claim_policy", "check_share")
