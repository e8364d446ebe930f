"""Who reads and writes which rows of who gets which sample: what the database enforces on every statement."""

from collections.abc import Mapping

from shared.models.people import Role
from shared.permissions import Grants, Relation
from shared.row_security_rows import COMPANY, ME, Policy, Rows


def _of_person(table: str) -> str:
    return f"EXISTS (SELECT FROM person WHERE person.id = {table}.person_id)"


_MINE = f"person_id = {ME}"
_OF_AUDIT = "EXISTS (SELECT FROM audit WHERE audit.ticket_id = claim.ticket_id AND audit.id = claim.audit_id)"
_MY_TURN = f"specialist_id = {ME}"


def policies(may: Mapping[str, Grants]) -> tuple[Policy, ...]:
    """`may`: the matrix of `permissions.py`."""
    read, update, choose = (
        may["specialist_profiles.read"], may["specialist_profiles.update"], may["distressing.choose"],
    )  # fmt: skip
    profile, turn = (
        Rows(via=_of_person("specialist_profile"), mine=_MINE), Rows(via=_OF_AUDIT, mine=_MY_TURN),
    )  # fmt: skip
    own: Grants = {**may["plans.create"], Role.SPECIALIST: Relation.MINE}
    return (
        Policy("claim_policy", "SELECT", may["claim_policy.read"]),
        Policy("claim_policy", "INSERT", may["claim_policy.update"], also=COMPANY),
        Policy("claim_policy", "UPDATE", may["claim_policy.update"], also=COMPANY),
        Policy("specialist_profile", "SELECT", read, profile),
        Policy("specialist_profile", "INSERT", update, profile),
        Policy("specialist_profile", "UPDATE", update, profile),
        Policy(
            "distress_opt_out", "SELECT", read, Rows(via=_of_person("distress_opt_out"), mine=_MINE),
        ),
        # Theirs alone to say, whatever their role.
        Policy("distress_opt_out", "INSERT", choose, Rows(mine=_MINE)),
        Policy("distress_opt_out", "DELETE", choose, Rows(mine=_MINE)),
        Policy("claim", "SELECT", read, turn),
        Policy("claim", "INSERT", may["audits.claim"], turn, also=_MY_TURN),
        # Nobody writes anew who had it, when, or how it weighed.
        Policy("claim", "UPDATE", own, turn, columns=("ended_at", "ending", "code")),
        Policy(
            "assignment", "UPDATE", own,
            Rows(via=_OF_AUDIT.replace("claim.", "assignment."), mine=_MY_TURN), columns=("lease_ends_at",),
        ),
    )  # fmt: skip
