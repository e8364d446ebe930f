"""Connections can be paused, and rotate their secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FLAGS = (("connection", "is_paused"), ("inbox", "is_held"))


def upgrade() -> None:
    op.add_column("connection", sa.Column("previous_sealed_secret", sa.String(), nullable=True))
    op.add_column(
        "connection", sa.Column("previous_secret_ends_at", sa.DateTime(timezone=True), nullable=True)
    )
    for table, flag in FLAGS:
        # The default fills the rows that are there, without rewriting them; the models give the value after.
        op.add_column(table, sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column(table, flag, server_default=None)
    op.create_index("ix_inbox_held", "inbox", ["connection_id", "id"], postgresql_where=sa.text("is_held"))
    op.create_index("ix_inbox_received", "inbox", ["connection_id", "received_at"])


def downgrade() -> None:
    op.drop_index("ix_inbox_received", table_name="inbox")
    op.drop_index("ix_inbox_held", table_name="inbox", postgresql_where=sa.text("is_held"))
    for table, flag in reversed(FLAGS):
        op.drop_column(table, flag)
    op.drop_column("connection", "previous_secret_ends_at")
    op.drop_column("connection", "previous_sealed_secret")
