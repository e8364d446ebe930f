"""A lead may say how an agent was told of a review; a review may be another agent's."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATES = "'open', 'claimed', 'submitted', 'reviewed', 'reassigned', 'void'"


def upgrade() -> None:
    op.add_column("review", sa.Column("acknowledged_by", sa.Uuid(), nullable=True))
    op.add_column("review", sa.Column("acknowledgement_proof", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_review_acknowledged_by_person"), "review", "person", ["acknowledged_by"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_review_acknowledgement_proof"), "review",
        "(acknowledged_by IS NULL) = (acknowledgement_proof IS NULL)",
    )  # fmt: skip
    op.drop_constraint(op.f("ck_audit_state"), "audit")
    op.create_check_constraint(op.f("ck_audit_state"), "audit", f"state IN ({STATES})")


def downgrade() -> None:
    # Its verdict is void already: that is all that was told before.
    op.execute("UPDATE audit SET state = 'reviewed' WHERE state = 'reassigned'")
    op.drop_constraint(op.f("ck_audit_state"), "audit")
    op.create_check_constraint(
        op.f("ck_audit_state"), "audit", "state IN ('open', 'claimed', 'submitted', 'reviewed', 'void')"
    )
    op.drop_constraint(op.f("ck_review_acknowledgement_proof"), "review")
    op.drop_constraint(op.f("fk_review_acknowledged_by_person"), "review")
    op.drop_column("review", "acknowledgement_proof")
    op.drop_column("review", "acknowledged_by")
