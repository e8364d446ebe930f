"""Who reads and writes which rows of reviews that are not released: what the database enforces on every
statement."""

from collections.abc import Mapping

from shared.permissions import Grants
from shared.row_security_rows import ME, Policy, Rows

_OF_AUDIT = (
    "EXISTS (SELECT FROM audit WHERE audit.ticket_id = held_review.ticket_id"
    " AND audit.id = held_review.audit_id)"
)
_WAITS = "(needs_check AND checked_at IS NULL)"
_MINE = f"(author_id = {ME} OR checked_by = {ME} OR {_WAITS}) AND {_OF_AUDIT}"
ROWS = Rows(via=_OF_AUDIT, mine=_MINE)
"""Mine is what I wrote, what I have looked at, and what waits for somebody's look."""
FOR_MY_LOOK = (
    "EXISTS (SELECT FROM held_review WHERE held_review.ticket_id = evidence.ticket_id"
    f" AND held_review.audit_id = evidence.audit_id AND {_WAITS})"
)
"""Evidence of a review that somebody is to look at."""


def policies(may: Mapping[str, Grants]) -> tuple[Policy, ...]:
    """`may`: the matrix of `permissions.py`."""
    return (
        Policy("held_review", "SELECT", may["held_reviews.read"], ROWS),
        Policy(
            "held_review", "INSERT", may["reviews.submit"], ROWS,
            also=f"author_id = {ME} AND checked_at IS NULL",
        ),
        # Nobody writes anew what was handed in: whoever looks at it says what they think of it, once.
        Policy(
            "held_review", "UPDATE", may["held_reviews.check"], ROWS,
            result=f"checked_by = {ME}", columns=("checked_by", "checked_at", "is_approved", "reason"),
        ),
    )  # fmt: skip
