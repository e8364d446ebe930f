"""How a policy is said: the roles that may do something, and how the rows of a table belong to them. What is
said of which table stands in `row_security.py`, and of calibration in `row_security_calibration.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.models.people import Role
from shared.permissions import Grants, Relation

Verb = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]

ME = "(SELECT caller_id())"
MY_VENDOR = "(SELECT caller_vendor_id())"
KNOWN = f"{ME} IS NOT NULL"
"""Without it, a caller who is nobody would count as one who works for no vendor, and so sees all."""
MY_TEAM = (
    "ANY (ARRAY(SELECT person.id FROM person"
    " WHERE person.lead_id = (SELECT caller_id()) OR person.id = (SELECT caller_id())))"
)
THROUGH_APP = "(SELECT through_app())"
"""Of what is logged when it is read, or checked by our rules when it is written: a reporting tool, which
connects by itself, neither reads nor writes it."""

COMPANY = f"{MY_VENDOR} IS NULL"


@dataclass(frozen=True)
class Rows:
    """How a table's rows belong to somebody: by columns, or through another table whose own policies
    decide (`via`, a condition)."""

    agent: str | None = None
    """The column of the agent whose work it is."""
    vendor: str | None = None
    team: str | None = None
    """Instead of the people I lead, looked up by `agent`."""
    via: str | None = None
    mine: str | None = None


@dataclass(frozen=True)
class Policy:
    """Roles may do this to those rows of the table that their relation leads to."""

    table: str
    verb: Verb
    grants: Grants
    rows: Rows = Rows()
    also: str = ""
    """A condition beside it, for everybody."""
    for_role: Mapping[Role, str] = field(default_factory=dict)
    result: str = ""
    """UPDATE: what has to be true of the row afterwards; nothing: the same as before."""
    columns: tuple[str, ...] = ()
    """UPDATE: only these."""
    reporting: bool = False
    """SELECT: reporting tools read it too."""

    def conditions(self) -> dict[str, list[Role]]:
        """Condition → the roles it is for."""
        found: dict[str, list[Role]] = {}
        for role, relation in self.grants.items():
            found.setdefault(self.condition(role, relation), []).append(role)
        return found

    def condition(self, role: Role, relation: Relation) -> str:
        parts = [belongs(relation, self.rows), self.also, self.for_role.get(role, "")]
        if not self.reporting:
            parts.append(THROUGH_APP)
        return " AND ".join(part for part in parts if part)


def belongs(relation: Relation, rows: Rows) -> str:
    """The condition under which a row is within the relation. `rows` has to say how."""
    if relation is Relation.MINE:
        assert rows.mine, "nothing says what is mine here"
        return f"({rows.mine})"
    through = f"{rows.vendor} = {MY_VENDOR}" if rows.vendor else rows.via
    if relation is Relation.ALL:
        return f"{KNOWN} AND ({MY_VENDOR} IS NULL OR {through})" if through else KNOWN
    if rows.agent is None and relation is not Relation.VENDOR:
        assert rows.via, "nothing says whose it is"
        return f"({rows.via})"
    if relation is Relation.OWN:
        return f"{rows.agent} = {ME}"
    if relation is Relation.TEAM:
        return f"({rows.team or f'{rows.agent} = {MY_TEAM}'})"
    assert through, "nothing says which vendor's it is"
    return f"({through})"
