"""Each list that is shown newest first has an index in that order, whoever filters what."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXES = (
    ("audit", ("drawn_at", "id")),
    ("review", ("released_at", "id")),
    ("appeal", ("filed_at", "id")),
    ("ticket", ("vendor_id", "created_at", "id")),
)


def upgrade() -> None:
    for table, columns in INDEXES:
        op.create_index(_name(table, columns), table, list(columns))


def downgrade() -> None:
    for table, columns in INDEXES:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
