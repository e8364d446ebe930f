"""Samples of a period that is over are drawn by a design, and kept with all they were drawn from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sampling_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("scorecard_version_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("from_at", moment, nullable=False),
        sa.Column("to_at", moment, nullable=False),
        sa.Column("filter", JSONB(none_as_null=True), nullable=False),
        sa.Column("strata", JSONB(none_as_null=True), nullable=False),
        sa.Column("design", JSONB(none_as_null=True), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("carries_debt", sa.Boolean(), nullable=False),
        sa.Column("debt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", moment, nullable=False),
        sa.Column("drawn_at", moment, nullable=True),
        sa.Column("population_size", sa.Integer(), nullable=True),
        sa.Column("population_hash", sa.String(), nullable=True),
        sa.Column("samples", sa.Integer(), nullable=True),
        sa.Column("planned", JSONB(none_as_null=True), nullable=True),
        sa.Column("drawn", JSONB(none_as_null=True), nullable=True),
        sa.Column("fault", JSONB(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'drawn', 'failed')", name=op.f("ck_sampling_run_state")
        ),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_sampling_run_period")),
        sa.CheckConstraint("(state = 'drawn') = (drawn IS NOT NULL)", name=op.f("ck_sampling_run_drawn")),
        sa.CheckConstraint("(state = 'failed') = (fault IS NOT NULL)", name=op.f("ck_sampling_run_fault")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_sampling_run_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_version_id"], ["scorecard_version.id"],
            name=op.f("fk_sampling_run_scorecard_version_id_scorecard_version"),
        ),
        sa.ForeignKeyConstraint(["vendor_id"], ["vendor.id"], name=op.f("fk_sampling_run_vendor_id_vendor")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_sampling_run_requested_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_run")),
    )  # fmt: skip
    op.create_index(
        "uq_sampling_run_period", "sampling_run", ["key", "from_at", "to_at"], unique=True,
        postgresql_where=sa.text("state <> 'failed'"),
    )  # fmt: skip
    op.add_column("audit", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.add_column("audit", sa.Column("stratum", sa.String(), nullable=True))
    op.create_foreign_key(op.f("fk_audit_run_id_sampling_run"), "audit", "sampling_run", ["run_id"], ["id"])
    op.create_index("ix_audit_run_id", "audit", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL"))
    op.create_index("ix_ticket_fact_first_solved_at", "ticket_fact", ["connection_id", "first_solved_at"])


def downgrade() -> None:
    op.drop_index("ix_ticket_fact_first_solved_at", "ticket_fact")
    op.drop_index("ix_audit_run_id", "audit")
    op.drop_constraint(op.f("fk_audit_run_id_sampling_run"), "audit")
    op.drop_column("audit", "stratum")
    op.drop_column("audit", "run_id")
    op.drop_table("sampling_run")
