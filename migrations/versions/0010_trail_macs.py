"""Each entry of the trail is marked by whoever writes it, so that none can be changed before it is linked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Entries from before have no mark that holds, and `assay trail verify` will say so.
    op.add_column("trail_entry", sa.Column("mac", sa.LargeBinary(), nullable=False, server_default=""))
    op.alter_column("trail_entry", "mac", server_default=None)


def downgrade() -> None:
    op.drop_column("trail_entry", "mac")
