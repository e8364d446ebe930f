"""The audit trail: entries, those that wait for their place in the chain, and the chain."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = JSONB(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "trail_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=True),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("reads", JSON, nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('person', 'service', 'worker', 'command')", name=op.f("ck_trail_entry_actor_kind")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_trail_entry"),
    )
    op.create_index("ix_trail_entry_actor_id", "trail_entry", ["actor_id", "id"])
    op.create_table(
        "trail_waiting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_trail_waiting"),
    )
    op.create_table(
        "trail_link",
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_trail_link"),
    )
    op.create_index("uq_trail_link_entry_id", "trail_link", ["entry_id"], unique=True)


def downgrade() -> None:
    for table in ("trail_link", "trail_waiting", "trail_entry"):
        op.drop_table(table)
