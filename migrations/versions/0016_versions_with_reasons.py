"""Reviews are drafted, revised and made void with a reason, and show which words they are about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("review", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("review", sa.Column("is_void", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("review", "is_void", server_default=None)
    op.add_column(
        "review", sa.Column("highlights", JSONB(none_as_null=True), nullable=False, server_default="[]")
    )
    op.alter_column("review", "highlights", server_default=None)
    op.create_check_constraint("void", "review", "NOT is_void OR (number > 1 AND reason IS NOT NULL)")
    op.create_table(
        "review_draft",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", JSONB(none_as_null=True), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("highlights", JSONB(none_as_null=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id", "audit_id"],
            ["assignment.ticket_id", "assignment.audit_id"],
            name="fk_review_draft_ticket_id_audit_id_assignment",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ticket_id", "audit_id", name="pk_review_draft"),
    )


def downgrade() -> None:
    op.drop_table("review_draft")
    op.drop_constraint(op.f("ck_review_void"), "review")
    op.drop_column("review", "highlights")
    op.drop_column("review", "is_void")
    op.drop_column("review", "reason")
