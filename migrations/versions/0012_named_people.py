"""Whatever is decided about people, somebody with a name has decided."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BY_NOBODY = (
    "('audit', 'claimed', 'open'), ('appeal', 'in_review', 'open'), ('erasure_request', 'approved', 'done')"
)
CHECKS = [
    (
        "review",
        "signed",
        "CASE WHEN is_imported THEN signed_id IS NULL AND probability IS NULL AND appeal_id IS NULL"
        " ELSE coalesce(signed_id = id, false) END",
    ),
    ("appeal", "resolver", "state NOT IN ('in_review', 'decided') OR resolver_id IS NOT NULL"),
    (
        "erasure_request",
        "decided",
        "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
    ),
    ("erasure_request", "four_eyes", "state NOT IN ('approved', 'done') OR decided_by <> requested_by"),
    ("legal_hold", "released", "(released_by IS NULL) = (released_at IS NULL)"),
    (
        "state_change",
        "moved_by",
        f"moved_by IS NOT NULL OR (subject, coalesce(from_state, ''), to_state) IN ({BY_NOBODY})",
    ),
]


def upgrade() -> None:
    op.add_column("review", sa.Column("is_imported", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("review", "is_imported", server_default=None)
    op.add_column("review", sa.Column("signed_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE review SET signed_id = id FROM review_author"
        " WHERE review_author.ticket_id = review.ticket_id AND review_author.review_id = review.id"
    )
    # Of a drawn audit, or after an appeal, a verdict without an author is no import: then the check fails.
    op.execute("UPDATE review SET is_imported = true WHERE signed_id IS NULL")
    op.create_foreign_key(
        "fk_review_signed",
        "review",
        "review_author",
        ["ticket_id", "signed_id"],
        ["ticket_id", "review_id"],
        deferrable=True,
        initially="DEFERRED",
    )
    for table, name, rule in CHECKS:
        op.create_check_constraint(name, table, rule)
    op.create_foreign_key("fk_state_change_moved_by_person", "state_change", "person", ["moved_by"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_state_change_moved_by_person", "state_change")
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.drop_constraint("fk_review_signed", "review")
    op.drop_column("review", "signed_id")
    op.drop_column("review", "is_imported")
