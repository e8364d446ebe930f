"""Who reads and writes which rows of calibration: what the database enforces on every statement.

Nobody reads what another rater gave before the reveal, whatever their role; and no caller reveals.
"""

from collections.abc import Mapping

from shared.permissions import Grants
from shared.row_security_rows import COMPANY, ME, Policy, Rows

FOR_MY_RATING = (
    "EXISTS (SELECT FROM calibration_sample sample JOIN calibration ON calibration.id = calibration_id"
    " AND calibration.state IN ('open', 'discussing') AND is_rater(calibration.id)"
    " WHERE sample.ticket_id = evidence.ticket_id AND sample.audit_id = evidence.audit_id)"
    " OR EXISTS (SELECT FROM review_check JOIN review ON review.ticket_id = review_check.ticket_id"
    f" AND review.id = review_id WHERE review_check.checker_id = {ME} AND review_check.checked_at IS NULL"
    " AND review.ticket_id = evidence.ticket_id AND review.audit_id = evidence.audit_id)"
)
"""Evidence of a sample that I am asked to rate, or of a review that I am asked to check."""


def _of_calibration(table: str, *states: str) -> str:
    """Of a session that I see."""
    among = f" AND calibration.state IN ({', '.join(repr(one) for one in states)})" if states else ""
    return f"EXISTS (SELECT FROM calibration WHERE calibration.id = {table}.calibration_id{among})"


_SHOWN_RATER = f"person_id = {ME} OR (is_rater(calibration_id) AND ratings_shown(calibration_id))"
_SEES_MINE = "state <> 'draft' AND is_rater(id)"


def policies(may: Mapping[str, Grants]) -> tuple[Policy, ...]:
    """`may`: the matrix of `permissions.py`."""
    return (
        Policy(
            "calibration", "SELECT", may["calibrations.read"], Rows(via=_SEES_MINE, mine=_SEES_MINE),
        ),
        Policy("calibration", "INSERT", may["calibrations.create"], also=f"{COMPANY} AND created_by = {ME}"),
        # Whoever rates holds the session's lock, so that nothing is revealed meanwhile; only leads change it.
        Policy(
            "calibration", "UPDATE", may["calibrations.read"], Rows(via=_SEES_MINE, mine=_SEES_MINE),
            result=f"{COMPANY} AND (SELECT caller_role()) IN ('assay_admin', 'assay_lead')",
            columns=("state", "opened_at", "closed_at"),
        ),
        Policy(
            "calibration_rater", "SELECT", may["calibrations.read"],
            Rows(via=_SHOWN_RATER, mine=_SHOWN_RATER),
        ),
        Policy("calibration_rater", "INSERT", may["calibrations.create"], also=COMPANY),
        Policy(
            "calibration_rater", "UPDATE", may["calibrations.lead"], also=COMPANY, columns=("counts_late",)
        ),
        Policy(
            "calibration_sample", "SELECT", may["calibrations.read"],
            Rows(via=_of_calibration("calibration_sample"), mine=_of_calibration("calibration_sample")),
        ),
        Policy("calibration_sample", "INSERT", may["calibrations.create"], also=COMPANY),
        Policy(
            "calibration_sample", "UPDATE", may["calibrations.lead"],
            also=f"{COMPANY} AND {_of_calibration('calibration_sample', 'discussing')}",
            result=f"agreed_by = {ME}", columns=("agreed", "agreed_score", "agreed_by"),
        ),
        Policy(
            "calibration_rating", "SELECT", may["calibrations.read"],
            Rows(via=_of_calibration("calibration_rating"), mine=_of_calibration("calibration_rating")),
            also=f"(rater_id = {ME} OR ratings_shown(calibration_id))",
        ),
        Policy(
            "calibration_rating", "INSERT", may["calibrations.rate"], Rows(mine=f"rater_id = {ME}"),
            also=f"{_of_calibration('calibration_rating', 'open', 'discussing')} AND EXISTS"
                 " (SELECT FROM calibration_sample sample WHERE sample.ticket_id ="
                 " calibration_rating.ticket_id AND sample.id = sample_id"
                 " AND sample.calibration_id = calibration_rating.calibration_id)",
        ),
        Policy(
            "calibration_rating", "UPDATE", may["calibrations.rate"], Rows(mine=f"rater_id = {ME}"),
            also=_of_calibration("calibration_rating", "open"),
            columns=("answers", "score", "score_exact", "auto_failed", "rated_at"),
        ),
        Policy(
            "review_check", "SELECT", may["checks.read"],
            Rows(
                via=f"checker_id = {ME}",
                mine=f"checker_id = {ME} OR (reviewer_id = {ME} AND checked_at IS NOT NULL)",
            ),
        ),
        Policy("review_check", "INSERT", may["checks.create"], also=COMPANY),
        Policy(
            "review_check", "UPDATE", may["checks.submit"], Rows(mine=f"checker_id = {ME}"),
            columns=("answers", "score", "score_exact", "auto_failed", "checked_at"),
        ),
    )  # fmt: skip
