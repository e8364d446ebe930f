"""Who gets which sample: what specialists review, their turns, leases and due dates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sampling_plan", sa.Column("due_days", sa.Integer(), nullable=False, server_default="7"))
    op.alter_column("sampling_plan", "due_days", server_default=None)
    op.add_column("audit", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE audit SET due_at = drawn_at + interval '7 days' WHERE state IN ('open', 'claimed')")
    op.create_index(
        "ix_audit_waiting", "audit", ["due_at", "drawn_at", "id"], postgresql_where=sa.text("state = 'open'")
    )
    op.add_column("assignment", sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE assignment SET lease_ends_at = now() + interval '72 hours' FROM audit WHERE audit.ticket_id ="
        " assignment.ticket_id AND audit.id = assignment.audit_id AND audit.state = 'claimed'"
    )
    op.create_index(
        "ix_assignment_lease_ends_at", "assignment", ["lease_ends_at"],
        postgresql_where=sa.text("lease_ends_at IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "claim_policy",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("lease_hours", sa.Integer(), nullable=False),
        sa.Column("pair_limit", sa.Integer(), nullable=True),
        sa.Column("pair_days", sa.Integer(), nullable=False),
        sa.Column("vendors_audit_own", sa.Boolean(), nullable=False),
        sa.Column("skill_tags", JSONB(none_as_null=True), nullable=False),
        sa.Column("distress_weights", JSONB(none_as_null=True), nullable=False),
        sa.Column("distress_a_day", sa.Integer(), nullable=True),
        sa.Column("distress_a_week", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_claim_policy_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_policy")),
    )
    op.create_table(
        "specialist_profile",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("open_at_once", sa.Integer(), nullable=True),
        sa.Column("claims_a_day", sa.Integer(), nullable=True),
        sa.Column("languages", JSONB(none_as_null=True), nullable=True),
        sa.Column("skills", JSONB(none_as_null=True), nullable=True),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("leave", JSONB(none_as_null=True), nullable=True),
        sa.CheckConstraint("open_at_once >= 0", name=op.f("ck_specialist_profile_open_at_once")),
        sa.CheckConstraint("claims_a_day >= 0", name=op.f("ck_specialist_profile_claims_a_day")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_specialist_profile_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_specialist_profile")),
    )
    op.create_table(
        "distress_opt_out",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_distress_opt_out_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_distress_opt_out")),
    )
    op.create_table(
        "claim",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("specialist_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.CheckConstraint(
            "ending IN ('reviewed', 'released', 'skipped', 'declined', 'lapsed', 'leave', 'left')",
            name=op.f("ck_claim_ending"),
        ),
        sa.CheckConstraint("(ending IS NULL) = (ended_at IS NULL)", name=op.f("ck_claim_ended")),
        sa.CheckConstraint(
            "(ending IS NOT DISTINCT FROM 'skipped') = (code IS NOT NULL)", name=op.f("ck_claim_code")
        ),
        sa.ForeignKeyConstraint(["specialist_id"], ["person.id"], name=op.f("fk_claim_specialist_id_person")),
        sa.ForeignKeyConstraint(
            ["ticket_id", "audit_id"], ["audit.ticket_id", "audit.id"],
            name=op.f("fk_claim_ticket_id_audit_id_audit"),
        ),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_claim")),
    )  # fmt: skip
    # Whatever is claimed or reviewed already was somebody's turn: it counts for capacity and pairs.
    op.execute(
        "INSERT INTO claim SELECT s.ticket_id, gen_random_uuid(), s.audit_id, s.specialist_id, a.agent_id, 0,"
        " s.claimed_at, CASE a.state WHEN 'reviewed' THEN s.claimed_at END,"
        " CASE a.state WHEN 'reviewed' THEN 'reviewed' END, NULL FROM assignment s JOIN audit a"
        " ON a.ticket_id = s.ticket_id AND a.id = s.audit_id WHERE a.state IN ('claimed', 'reviewed')"
    )
    op.create_index(
        "uq_claim_running", "claim", ["ticket_id", "audit_id"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_index("ix_claim_specialist_id_claimed_at", "claim", ["specialist_id", "claimed_at"])
    op.create_index("ix_claim_open", "claim", ["specialist_id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_claim_audit_id", "claim", ["audit_id"])


def downgrade() -> None:
    op.drop_table("claim")
    op.drop_table("distress_opt_out")
    op.drop_table("specialist_profile")
    op.drop_table("claim_policy")
    op.drop_index("ix_assignment_lease_ends_at", table_name="assignment")
    op.drop_column("assignment", "lease_ends_at")
    op.drop_index("ix_audit_waiting", table_name="audit")
    op.drop_column("audit", "due_at")
    op.drop_column("sampling_plan", "due_days")
