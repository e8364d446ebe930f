"""What every operation asks first is taken out, one at a time: `permit(action)` of each route. Somebody whose
role may not, or whose token leaves it out, is then answered otherwise than the matrix that is written down in
the tests says. And each of the database's functions that tell who comes in, without one of its conditions.
"""

import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from acting import plain
from fastapi import FastAPI
from guard_callers import Callers
from guard_work_probes import Probe
from guards import chosen, swapped, without_asking
from routes_of import dependencies_of, routes_of
from test_people import MATRIX, NOWHERE, ROLES

from shared.config import Settings
from shared.row_security_functions import FUNCTIONS

OF_ROLE = {
    "admin": "admin", "lead": "lead", "specialist": "reviewer", "team_lead": "v1-t1-lead",
    "agent": "v1-t1-a1", "vendor_manager": "v1-manager", "policy_owner": "policy", "trainer": "trainer",
    "analyst": "analyst",
}  # fmt: skip
PROGRAMS_MAY = {
    "appeals.read", "audits.read", "metrics.read", "permissions.read", "reviews.read", "scorecards.read",
    "tickets.import", "tickets.read", "trail.read", "viewer.read",
}  # fmt: skip
"""Written down once more, as MATRIX is for people."""
PROGRAM = "program-without-scopes"
ACTIONS = {call: action for action, (_, calls) in MATRIX.items() for call in calls}
"""What is asked at an address, as it is written down."""
Operation = tuple[str, Any]
"""("METHOD /address", what asks there)"""


def operations(app: FastAPI) -> Iterator[Operation]:
    for route in routes_of(app):
        for asking in dependencies_of(route):
            if hasattr(asking, "action"):
                path = re.sub(r"\{\w+\}", NOWHERE, route.path.replace("{key}", "csat"))
                methods = (getattr(route, "methods", None) or set()) - {"HEAD"}
                yield from ((f"{method} {path}", asking) for method in sorted(methods))


def expected(action: str, who: str) -> str:
    """What is answered before anything else: who may not ask; "": they may."""
    if who == PROGRAM:
        return "403 insufficient-scope" if action in PROGRAMS_MAY else "403 forbidden"
    (role,) = (role for role, name in OF_ROLE.items() if name == who)
    return "" if role in MATRIX[action][0] else "403 forbidden"


async def is_as_written(callers: Callers, operation: Operation, who: str) -> bool:
    call = operation[0]
    body = None if call.startswith(("GET", "DELETE")) else {}
    answer = await callers.send(Probe(who, call, "", body))
    told = answer.json() if answer.content and "problem" in answer.headers["content-type"] else {}
    words = f"{answer.status_code} {told.get('type', '').removeprefix('/problems/')}"
    is_asked = "may not do" in told.get("detail", "") or "no scope" in told.get("detail", "")
    return (words if is_asked else "") == expected(ACTIONS[call], who)


def in_order(action: str) -> list[str]:
    """Those who are turned away first: they notice."""
    return sorted([*OF_ROLE.values(), PROGRAM], key=lambda who: not expected(action, who))


async def test_each_route_that_asks_no_more_is_missed(app: FastAPI, callers: Callers) -> None:
    found = list(operations(app))
    assert {call for call, _ in found} == ACTIONS.keys(), "every address is written down"
    assert set(ROLES) == OF_ROLE.keys()
    callers.keep_nothing()
    wrong, unnoticed = [], []
    for operation in found:
        call, asking = operation
        action = ACTIONS[call]
        # given the operation as it is: everybody is answered as it is written down
        for who in in_order(action):
            if (who == PROGRAM or chosen(call, who)) and not await is_as_written(callers, operation, who):
                wrong.append((call, who))
        # when it asks no more, then somebody is not
        if chosen(call):
            with swapped(asking, without_asking()):
                for who in in_order(action):
                    if not await is_as_written(callers, operation, who):
                        break
                else:
                    unnoticed.append(call)
    print(f"{sum(chosen(call) for call, _ in found)} routes asked no more, {len(unnoticed)} were not missed")
    assert wrong == []
    assert unnoticed == []


# ---- Who comes in -----------------------------------------------------------------------------------

CONDITIONS = (
    ("find_person(uuid, text, text)", "is_active AND ", "leaver"),
    ("find_person(uuid, text, text)", "issuer = $2 AND ", "provider:known-elsewhere"),
    ("find_person(uuid, text, text)", " AND subject = $3", "provider:known-elsewhere"),
    ("find_service(text, bytea)", " AND t.secret_hash = $2", "forged-program"),
    ("find_service(text, bytea)", " AND t.revoked_at IS NULL", "revoked-program"),
    ("find_service(text, bytea)", " AND t.expires_at > now()", "expired-program"),
)
"""(function, what it asks, who comes in without that)"""


@pytest.mark.parametrize(("function", "condition", "who"), CONDITIONS)
async def test_each_condition_of_coming_in_is_missed(
    callers: Callers, settings: Settings, function: str, condition: str, who: str
) -> None:
    body = FUNCTIONS[function][0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    assert body.count(condition) == 1
    owner = await asyncpg.connect(plain(settings.database_url))
    viewer = Probe(who, "GET /people/viewer", "")
    before = await callers.ask(viewer)
    await owner.execute(body.replace(condition, ""))
    after = await callers.ask(viewer)
    await owner.close()
    assert before == "401 unauthenticated"
    assert after != before
