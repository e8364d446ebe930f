"""Calibration sessions, and second looks at reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


BEFORE = (
    "('audit', 'claimed', 'open'), ('appeal', 'in_review', 'open'), ('erasure_request', 'approved', 'done')"
)
AFTER = f"{BEFORE}, ('calibration', 'open', 'discussing')"


def _moves_of_nobody(listed: str) -> None:
    op.drop_constraint(op.f("ck_state_change_moved_by"), "state_change")
    rule = f"moved_by IS NOT NULL OR (subject, coalesce(from_state, ''), to_state) IN ({listed})"
    op.create_check_constraint("moved_by", "state_change", rule)


def upgrade() -> None:
    _moves_of_nobody(AFTER)
    op.create_table(
        "calibration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("scorecard_version_id", sa.Uuid(), nullable=False),
        sa.Column("standard", sa.String(), nullable=False),
        sa.Column("expert_id", sa.Uuid(), nullable=True),
        sa.Column("authors_may_rate", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(standard = 'expert') = (expert_id IS NOT NULL)", name=op.f("ck_calibration_expert")
        ),
        sa.CheckConstraint("standard IN ('expert', 'consensus')", name=op.f("ck_calibration_standard")),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'discussing', 'closed', 'cancelled')",
            name=op.f("ck_calibration_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('discussing', 'closed') OR revealed_at IS NOT NULL",
            name=op.f("ck_calibration_revealed"),
        ),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_calibration_created_by_person")),
        sa.ForeignKeyConstraint(["expert_id"], ["person.id"], name=op.f("fk_calibration_expert_id_person")),
        sa.ForeignKeyConstraint(
            ["scorecard_version_id"],
            ["scorecard_version.id"],
            name=op.f("fk_calibration_scorecard_version_id_scorecard_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
    )
    op.create_table(
        "calibration_rater",
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("counts_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibration.id"],
            name=op.f("fk_calibration_rater_calibration_id_calibration"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_calibration_rater_person_id_person")
        ),
        sa.PrimaryKeyConstraint("calibration_id", "person_id", name=op.f("pk_calibration_rater")),
    )
    op.create_index("ix_calibration_rater_person_id", "calibration_rater", ["person_id"], unique=False)
    op.create_table(
        "calibration_sample",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agreed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("agreed_score", sa.Numeric(), nullable=True),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(agreed IS NULL) = (agreed_by IS NULL)", name=op.f("ck_calibration_sample_agreed")
        ),
        sa.ForeignKeyConstraint(
            ["agreed_by"], ["person.id"], name=op.f("fk_calibration_sample_agreed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibration.id"],
            name=op.f("fk_calibration_sample_calibration_id_calibration"),
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id", "audit_id"],
            ["audit.ticket_id", "audit.id"],
            name=op.f("fk_calibration_sample_ticket_id_audit_id_audit"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_calibration_sample")),
        sa.UniqueConstraint(
            "ticket_id",
            "calibration_id",
            "audit_id",
            name=op.f("uq_calibration_sample_ticket_id_calibration_id_audit_id"),
        ),
    )
    op.create_index(
        "ix_calibration_sample_calibration_id", "calibration_sample", ["calibration_id"], unique=False
    )
    op.create_table(
        "calibration_rating",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("rater_id", sa.Uuid(), nullable=False),
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("score_exact", sa.String(), nullable=True),
        sa.Column("auto_failed", sa.Boolean(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id", "rater_id"],
            ["calibration_rater.calibration_id", "calibration_rater.person_id"],
            name="fk_calibration_rating_rater",
        ),
        sa.ForeignKeyConstraint(
            ["rater_id"], ["person.id"], name=op.f("fk_calibration_rating_rater_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id", "sample_id"],
            ["calibration_sample.ticket_id", "calibration_sample.id"],
            name=op.f("fk_calibration_rating_ticket_id_sample_id_calibration_sample"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "sample_id", "rater_id", name=op.f("pk_calibration_rating")),
    )
    op.create_index(
        "ix_calibration_rating_calibration_id", "calibration_rating", ["calibration_id"], unique=False
    )
    op.create_table(
        "review_check",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("checker_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("score_exact", sa.String(), nullable=True),
        sa.Column("auto_failed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(answers IS NULL) = (checked_at IS NULL)", name=op.f("ck_review_check_checked")),
        sa.CheckConstraint("checker_id <> reviewer_id", name=op.f("ck_review_check_four_eyes")),
        sa.ForeignKeyConstraint(
            ["checker_id"], ["person.id"], name=op.f("fk_review_check_checker_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["person.id"], name=op.f("fk_review_check_reviewer_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id", "review_id"],
            ["review.ticket_id", "review.id"],
            name=op.f("fk_review_check_ticket_id_review_id_review"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_review_check")),
        sa.UniqueConstraint(
            "ticket_id",
            "review_id",
            "checker_id",
            name=op.f("uq_review_check_ticket_id_review_id_checker_id"),
        ),
    )
    op.create_index("ix_review_check_reviewer_id", "review_check", ["reviewer_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM state_change WHERE subject = 'calibration'")
    _moves_of_nobody(BEFORE)
    op.drop_index("ix_review_check_reviewer_id", table_name="review_check")
    op.drop_table("review_check")
    op.drop_index("ix_calibration_rating_calibration_id", table_name="calibration_rating")
    op.drop_table("calibration_rating")
    op.drop_index("ix_calibration_sample_calibration_id", table_name="calibration_sample")
    op.drop_table("calibration_sample")
    op.drop_index("ix_calibration_rater_person_id", table_name="calibration_rater")
    op.drop_table("calibration_rater")
    op.drop_table("calibration")
