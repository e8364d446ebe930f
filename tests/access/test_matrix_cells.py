"""Every cell of the matrix is widened, one at a time: a role more, or all rows where it was some. What is
written down in the tests differs then; where policies of the database come of that cell, some row shows it.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from guards import anew, chosen
from population import ASKERS, Population
from test_guarded_operations import PROGRAMS_MAY
from test_mutants import mutated, outcomes
from test_people import MATRIX

from migrations import security
from shared import permissions, row_security
from shared.models.people import Role
from shared.permissions import PERMISSIONS, Grants, Relation

FLOOR = {"team_lead": "team", "agent": "own"}
WORK = FLOOR | {"vendor_manager": "vendor"}
WORDS = WORK | {"specialist": "mine"}
OTHERS = (*WORDS, "policy_owner", "trainer", "analyst")
RELATIONS: Mapping[str, Mapping[str, str]] = {
    "specialist_profiles.read": {"specialist": "mine"},
    "reviews.acknowledge_for": {"team_lead": "team"},
    "held_reviews.read": {"specialist": "mine"},
    "held_reviews.check": {"specialist": "mine"},
    "distressing.choose": dict.fromkeys(("admin", "lead", "specialist"), "mine"),
    "sampling_runs.read": {"vendor_manager": "vendor"},
    "vendors.read": dict.fromkeys(WORK, "vendor"),
    "people.read": WORK,
    "tickets.read": WORK,
    "messages.read": WORDS,
    "audits.read": WORK,
    "evidence.read": WORDS,
    "reviews.read": WORK,
    "reviews.acknowledge": FLOOR,
    "appeals.file": FLOOR,
    "appeals.withdraw": FLOOR,
    "appeals.read": WORK,
    "metrics.read": WORK,
    "trail.read": dict.fromkeys((*OTHERS, "service"), "mine"),
    "people.export": dict.fromkeys(OTHERS, "mine"),
    "notices.acknowledge": dict.fromkeys((*OTHERS, "admin", "lead"), "mine"),
    "calibrations.read": {"specialist": "mine"},
    "calibrations.rate": dict.fromkeys(("admin", "lead", "specialist"), "mine"),
    "checks.read": {"specialist": "mine"},
    "checks.submit": dict.fromkeys(("admin", "lead", "specialist"), "mine"),
    "alignment.read": {"specialist": "mine"},
}  # fmt: skip
"""Of which rows, where not of all: written down once more, as MATRIX says who."""
NOT_FOR_VENDORS = "whoever works for a vendor opens nothing, whatever their role"
COMPANY_ONLY = (
    "calibrations.create",
    "checks.create",
    "sampling_runs.create",
    "claim_policy.update",
    "originals.open",
    "requesters.find",
    "erasures.read",
    "legal_holds.create",
    "legal_holds.read",
    "trail.export",
)
NOT_BY_ROWS = {
    **{
        ("reviews.acknowledge", role): "only whose work it is, whatever their role"
        for role in Role
        if role is not Role.AGENT
    },
    **{("appeals.withdraw", role): "they change appeals, by taking them" for role in ("lead", "specialist")},
    ("checks.read", "vendor_manager"): "of a vendor's people, only who is asked to check",
    **{(action, "vendor_manager"): NOT_FOR_VENDORS for action in COMPANY_ONLY},
}
"""Cells that are wider without a row that shows it: what is written down alone does. Each with the reason."""
Matrix = Mapping[str, Grants]


def as_written(matrix: Matrix) -> list[str]:
    """What is otherwise than it is written down."""
    found = [f"{action} is not written down" for action in matrix.keys() ^ MATRIX.keys()]
    for action, grants in matrix.items():
        roles = MATRIX[action][0] | ({"service"} if action in PROGRAMS_MAY else set())
        written = {role: RELATIONS.get(action, {}).get(role, "all") for role in roles}
        if written != {str(role): str(relation) for role, relation in grants.items()}:
            found.append(f"{action}: {grants} is not {written}")
    return found


def cells() -> list[tuple[str, Role]]:
    """Those that can be widened."""
    return [(a, role) for a in PERMISSIONS for role in Role if PERMISSIONS[a].get(role) is not Relation.ALL]


def widened(action: str, role: Role) -> Matrix:
    return {**PERMISSIONS, action: {**PERMISSIONS[action], role: Relation.ALL}}


def test_the_matrix_is_as_it_is_written_down_and_no_cell_wider() -> None:
    assert as_written(PERMISSIONS) == []
    assert len(cells()) > 300
    unnoticed = [cell for cell in cells() if not as_written(widened(*cell))]
    assert unnoticed == [], "\n".join(map(str, unnoticed))


def policies_of(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], list[str]]:
    """(table, verb) → the statements that make its policies."""
    with monkeypatch.context() as patch:
        patch.setattr(permissions, "PERMISSIONS", matrix)
        with anew(row_security, "row_security_of_another_matrix") as made:
            statements: dict[tuple[str, str], list[str]] = {}
            for one in made.POLICIES:
                statements.setdefault((one.table, one.verb), []).extend(security._policies(one))
            return statements


async def test_some_row_shows_each_cell_that_is_wider(
    owner: Any, everyone: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = policies_of(PERMISSIONS, monkeypatch)
    normal: dict[tuple[str, str], Any] = {}
    tried, unnoticed, needless = 0, [], []
    for action, role in cells():
        if not chosen(action, role):
            continue
        after = policies_of(widened(action, role), monkeypatch)
        changed = [at for at in before if after[at] != before[at]]
        who = [everyone.people[name] for name in ASKERS if everyone.people[name].role is role]
        if not changed or not who:
            continue
        tried += 1
        is_noticed = False
        for table, verb in changed:
            dropped = [
                f"DROP POLICY {words.split()[2]} ON {table}"
                for words in before[table, verb]
                if words.startswith("CREATE POLICY")
            ]
            async with mutated(owner, "SELECT 1"):
                for one in who:
                    if (table, one.name) not in normal:
                        normal[table, one.name] = await outcomes(owner, everyone, one, table)
            async with mutated(owner, "; ".join([*dropped, *after[table, verb]])):
                for one in who:
                    is_noticed |= await outcomes(owner, everyone, one, table) != normal[table, one.name]
        if not is_noticed and (action, role) not in NOT_BY_ROWS:
            unnoticed.append((action, role))
        if is_noticed and (action, role) in NOT_BY_ROWS:
            needless.append((action, role))
    print(f"{tried} cells made wider, {len(unnoticed)} shown by no row")
    assert unnoticed == [], "\n".join(map(str, unnoticed))
    assert needless == [], "\n".join(map(str, needless))
