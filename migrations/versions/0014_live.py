"""Events that are followed live say which transaction wrote them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event", sa.Column("live_xid", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_event_live", "event", ["live_xid", "id"], postgresql_where=sa.text("live_xid IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_event_live", "event")
    op.drop_column("event", "live_xid")
