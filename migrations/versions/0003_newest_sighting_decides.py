"""What is told decides by its source time, not by its arrival: who opened a ticket, agents' names and vendors."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
ISSUE = ["connection_id", "requester_key", "topic"]


def upgrade() -> None:
    op.execute(
        "INSERT INTO ticket_event (ticket_id, id, occurred_at, position, field, to_value) "
        "SELECT id, gen_random_uuid(), created_at, 0, 'created', created_by FROM ticket "
        "WHERE created_by <> 'requester'"
    )
    op.drop_column("ticket", "created_by")
    op.add_column("ticket", sa.Column("version_key", sa.String(), nullable=False, server_default=""))
    op.alter_column("ticket", "version_key", server_default=None)
    op.add_column("help_desk_agent", sa.Column("named_at", WHEN, nullable=True))
    op.add_column("help_desk_agent", sa.Column("vendor_seen_at", WHEN, nullable=True))
    op.add_column("person", sa.Column("edited_at", WHEN, nullable=True))
    op.drop_index("ix_ticket_fact_repeat", table_name="ticket_fact")
    op.create_index("ix_ticket_fact_opened", "ticket_fact", [*ISSUE, "created_at"])
    op.create_index("ix_ticket_fact_solved", "ticket_fact", [*ISSUE, "first_solved_at"])
    op.create_index("ix_event_created_at", "event", ["created_at"])
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_key_created_at", table_name="idempotency_key")
    op.drop_index("ix_event_created_at", table_name="event")
    op.drop_index("ix_ticket_fact_solved", table_name="ticket_fact")
    op.drop_index("ix_ticket_fact_opened", table_name="ticket_fact")
    op.create_index("ix_ticket_fact_repeat", "ticket_fact", ["requester_key", "topic", "created_at"])
    op.drop_column("person", "edited_at")
    op.drop_column("help_desk_agent", "vendor_seen_at")
    op.drop_column("help_desk_agent", "named_at")
    op.drop_column("ticket", "version_key")
    op.add_column("ticket", sa.Column("created_by", sa.String(), nullable=False, server_default="requester"))
    op.execute(
        "UPDATE ticket SET created_by = 'agent' FROM ticket_event e "
        "WHERE e.ticket_id = ticket.id AND e.field = 'created' AND e.to_value = 'agent'"
    )
    op.alter_column("ticket", "created_by", server_default=None)
