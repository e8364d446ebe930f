"""The database keeps no samples of words: the planner's statistics would hold what was erased, and be in backups."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WORDS = {
    "appeal": ("points",),
    "erasure_request": ("reason",),
    "evidence": ("content",),
    "idempotency_key": ("answer",),
    "inbox": ("body", "headers"),
    "legal_hold": ("reason",),
    "message": ("body", "author_name", "attachments"),
    "original_text": ("sealed",),
    "rating": ("comment", "reason", "extra", "raw"),
    "requester": ("sealed_key", "sealed_name", "sealed_email"),
    "review": ("answers", "summary"),
    "ruling": ("text",),
    "state_change": ("reason",),
    "ticket": ("subject", "description", "custom_fields", "tags", "told", "settled"),
    "ticket_event": ("from_value", "to_value", "detail"),
    "trail_entry": ("purpose",),
}
"""Table → columns with what people wrote. Nothing is looked for by them, so that no plan needs to know."""


def upgrade() -> None:
    _set("0")


def downgrade() -> None:
    _set("DEFAULT")


def _set(target: str) -> None:
    for table, columns in WORDS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")
