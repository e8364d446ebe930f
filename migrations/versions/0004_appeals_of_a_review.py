"""Appeals are found by their review, also those that are decided."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_appeal_review_id", "appeal", ["review_id"])


def downgrade() -> None:
    op.drop_index("ix_appeal_review_id", table_name="appeal")
