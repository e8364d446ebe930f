"""The directory: who may be what, and what each role may do."""

from typing import Any

import pytest
from quick_tickets import agent_of, solved
from world import World

from services.demo.zendesk import GROUP
from shared.permissions import PERMISSIONS

NOWHERE = "01890000-0000-7000-8000-000000000000"
ROLES = (
    "admin", "lead", "specialist", "team_lead", "agent", "vendor_manager", "policy_owner", "trainer",
    "analyst",
)  # fmt: skip
LEADS = {"admin", "lead"}
QUALITY = LEADS | {"specialist"}
WORDS = {"admin", "lead", "specialist", "team_lead", "agent", "vendor_manager"}
AGENTS = {"agent", "team_lead"}

MATRIX: dict[str, tuple[set[str], list[str]]] = {
    "viewer.read": (set(ROLES), ["GET /people/viewer"]),
    "logins.read": ({"admin"}, [f"GET /people/people/{NOWHERE}/logins"]),
    "logins.update": (
        {"admin"},
        [f"POST /people/people/{NOWHERE}/logins", f"DELETE /people/people/{NOWHERE}/logins"],
    ),
    "service_tokens.read": ({"admin"}, ["GET /people/service-tokens"]),
    "service_tokens.create": (
        {"admin"},
        ["POST /people/service-tokens"]
        + [f"POST /people/service-tokens/{NOWHERE}/{verb}" for verb in ("rotate", "revoke")],
    ),
    "trail.read": (set(ROLES), ["GET /people/trail"]),
    "permissions.read": (set(ROLES), ["GET /people/permissions"]),
    "people.read": (set(ROLES), ["GET /people/people", f"GET /people/people/{NOWHERE}"]),
    "people.create": (LEADS, ["POST /people/people"]),
    "people.update": (LEADS, [f"PATCH /people/people/{NOWHERE}"]),
    "vendors.read": (set(ROLES), ["GET /people/vendors"]),
    "vendors.create": (LEADS, ["POST /people/vendors"]),
    "schedules.create": (LEADS, ["POST /people/schedules"]),
    "connections.read": (
        LEADS,
        ["GET /feedback/connections", f"GET /feedback/pulls/{NOWHERE}"]
        + [f"GET /feedback/connections/{NOWHERE}{part}" for part in ("", "/health", "/pulls")],
    ),
    "connections.create": ({"admin"}, ["POST /feedback/connections"]),
    "connections.update": (
        {"admin"},
        [f"PATCH /feedback/connections/{NOWHERE}"]
        + [f"POST /feedback/connections/{NOWHERE}/{verb}" for verb in ("rotate-secret", "pause", "resume")],
    ),
    "dead_letters.read": (
        LEADS,
        [f"GET /feedback/connections/{NOWHERE}/dead-letters{part}" for part in ("", f"/{NOWHERE}")],
    ),
    "dead_letters.replay": (
        LEADS,
        [f"POST /feedback/connections/{NOWHERE}/dead-letters{part}/replay" for part in ("", f"/{NOWHERE}")],
    ),
    "pulls.start": (
        {"admin"},
        [f"POST /feedback/connections/{NOWHERE}/backfills", f"POST /feedback/pulls/{NOWHERE}/cancel"],
    ),
    "tickets.import": ({"admin"}, [f"POST /feedback/connections/{NOWHERE}/bulk"]),
    "tickets.read": (
        set(ROLES),
        ["GET /feedback/tickets"]
        + [f"GET /feedback/tickets/{NOWHERE}{part}" for part in ("", "/events", "/ratings")],
    ),
    "messages.read": (WORDS, [f"GET /feedback/tickets/{NOWHERE}/messages"]),
    "evidence.read": (WORDS, []),
    "reviewers.read": (QUALITY, []),
    "originals.open": (LEADS, [f"POST /feedback/tickets/{NOWHERE}/original"]),
    "requesters.find": (LEADS, ["POST /feedback/requesters/find"]),
    "requesters.open": (LEADS, [f"POST /feedback/requesters/{NOWHERE}/identity"]),
    "requesters.export": (LEADS, [f"POST /feedback/requesters/{NOWHERE}/access-export"]),
    "requesters.erase": (
        LEADS,
        [f"POST /feedback/requesters/{NOWHERE}/erase"]
        + [f"POST /feedback/erasures/{NOWHERE}/{verb}" for verb in ("approve", "refuse")],
    ),
    "erasures.read": (LEADS, ["GET /feedback/erasures", f"GET /feedback/erasures/{NOWHERE}"]),
    "legal_holds.create": (LEADS, ["POST /feedback/legal-holds"]),
    "legal_holds.read": (LEADS, ["GET /feedback/legal-holds"]),
    "legal_holds.update": (LEADS, [f"POST /feedback/legal-holds/{NOWHERE}/release"]),
    "retention.read": (LEADS, ["GET /feedback/retention"]),
    "retention.update": ({"admin"}, ["PATCH /feedback/retention"]),
    "held_reviews.read": (QUALITY, ["GET /audit/held-reviews", f"GET /audit/held-reviews/{NOWHERE}"]),
    "held_reviews.check": (
        QUALITY,
        [f"POST /audit/held-reviews/{NOWHERE}/approve", f"POST /audit/held-reviews/{NOWHERE}/return"],
    ),
    "reviews.acknowledge_for": ({"team_lead"}, [f"POST /audit/reviews/{NOWHERE}/acknowledge-for"]),
    "reviews.reassign": (LEADS, [f"POST /audit/reviews/{NOWHERE}/reassign"]),
    "workload.read": (LEADS, ["GET /audit/workload"]),
    "audits.pick": (QUALITY, ["POST /audit/audits"]),
    "scorecards.read": (
        set(ROLES),
        [
            "GET /audit/scorecards",
            f"GET /audit/scorecards/{NOWHERE}/versions",
            f"GET /audit/scorecard-versions/{NOWHERE}",
            f"GET /audit/scorecard-versions/{NOWHERE}/diff",
            f"GET /audit/scorecard-versions/{NOWHERE}/export",
            f"GET /audit/scorecard-versions/{NOWHERE}/usage",
            f"GET /audit/tickets/{NOWHERE}/scorecards",
            "POST /audit/scorecards/try",
        ],
    ),
    "scorecards.create": (
        LEADS,
        [
            "POST /audit/scorecards",
            f"POST /audit/scorecards/{NOWHERE}/versions",
            f"PUT /audit/scorecard-versions/{NOWHERE}",
            "POST /audit/scorecards/import",
        ],
    ),
    "scorecards.publish": (LEADS, [f"POST /audit/scorecard-versions/{NOWHERE}/publish"]),
    "plans.read": (QUALITY | {"analyst"}, ["GET /audit/plans"]),
    "plans.create": (LEADS, ["POST /audit/plans"]),
    "claim_policy.read": (QUALITY, ["GET /audit/claim-policy"]),
    "claim_policy.update": (LEADS, ["PATCH /audit/claim-policy"]),
    "specialist_profiles.read": (QUALITY, [f"GET /audit/specialists/{NOWHERE}/profile"]),
    "specialist_profiles.update": (LEADS, [f"PUT /audit/specialists/{NOWHERE}/profile"]),
    "distressing.choose": (QUALITY, ["PUT /audit/my-distressing"]),
    "sampling_runs.create": (LEADS, ["POST /audit/sampling-runs", "POST /audit/sampling-runs/outlook"]),
    "sampling_runs.read": (
        LEADS | {"analyst", "vendor_manager"},
        [
            "GET /audit/sampling-runs",
            f"GET /audit/sampling-runs/{NOWHERE}",
            f"GET /audit/sampling-runs/{NOWHERE}/inputs",
            f"GET /audit/sampling-runs/{NOWHERE}/verification",
        ],
    ),
    "audits.read": (set(ROLES), ["GET /audit/audits", f"GET /audit/audits/{NOWHERE}"]),
    "audits.claim": (
        QUALITY,
        ["POST /audit/audits/claim-next"]
        + [
            f"POST /audit/audits/{NOWHERE}/{verb}" for verb in ("claim", "release", "skip", "decline", "keep")
        ],
    ),
    "reviews.read": (
        set(ROLES),
        [f"GET /audit/scorecards/{NOWHERE}/criteria", "GET /audit/reviews", f"GET /audit/reviews/{NOWHERE}"],
    ),
    "reviews.submit": (
        QUALITY,
        [
            f"POST /audit/audits/{NOWHERE}/reviews",
            f"PUT /audit/audits/{NOWHERE}/draft",
            f"POST /audit/audits/{NOWHERE}/submission",
        ],
    ),
    "reviews.acknowledge": (AGENTS, [f"POST /audit/reviews/{NOWHERE}/acknowledge"]),
    "reviews.revise": (QUALITY, [f"POST /audit/reviews/{NOWHERE}/revise"]),
    "reviews.void": (LEADS, [f"POST /audit/reviews/{NOWHERE}/void"]),
    "appeals.read": (set(ROLES), ["GET /appeals", f"GET /appeals/{NOWHERE}"]),
    "calibrations.create": (LEADS, ["POST /audit/calibrations"]),
    "calibrations.read": (
        QUALITY,
        ["GET /audit/calibrations", f"GET /audit/calibration-trend/{NOWHERE}"]
        + [f"GET /audit/calibrations/{NOWHERE}{part}" for part in ("", "/ratings", "/agreement")],
    ),
    "calibrations.lead": (
        LEADS,
        [
            f"POST /audit/calibrations/{NOWHERE}/{verb}"
            for verb in ("open", "agreed", "late", "close", "cancel")
        ],
    ),
    "calibrations.rate": (QUALITY, [f"POST /audit/calibrations/{NOWHERE}/ratings"]),
    "checks.create": (LEADS, ["POST /audit/review-checks"]),
    "checks.read": (QUALITY, ["GET /audit/review-checks", f"GET /audit/review-checks/{NOWHERE}"]),
    "checks.submit": (QUALITY, [f"POST /audit/review-checks/{NOWHERE}/answers"]),
    "alignment.read": (QUALITY, [f"GET /audit/specialists/{NOWHERE}/alignment"]),
    "appeals.file": (AGENTS, ["POST /appeals"]),
    "appeals.withdraw": (AGENTS, [f"POST /appeals/{NOWHERE}/withdraw"]),
    "appeals.take": (QUALITY, [f"POST /appeals/{NOWHERE}/{verb}" for verb in ("take", "release")]),
    "appeals.rule": (QUALITY, [f"POST /appeals/{NOWHERE}/ruling"]),
    "schema.read": ({"admin"}, []),
    "people.export": (set(ROLES), [f"GET /people/people/{NOWHERE}/export"]),
    "notices.create": (LEADS, ["POST /people/notices"]),
    "notices.read": (
        set(ROLES),
        ["GET /people/notices", "GET /people/signals"]
        + [f"GET /people/notices/{NOWHERE}{part}" for part in ("", "/readings")],
    ),
    "notices.acknowledge": (set(ROLES), [f"POST /people/notices/{NOWHERE}/acknowledge"]),
    "trail.export": (LEADS, ["GET /people/trail/export"]),
    "metrics.read": (
        set(ROLES),
        ["GET /kpi/metrics", "GET /kpi/metrics/csat", "GET /kpi/metrics/csat/tickets"],
    ),
}
"""action → (who may, where it is asked: every address there is). Written down once more, so that a right is
not widened by a slip in one place."""


async def one_of_each_role(world: World) -> dict[str, str]:
    vendor = await world.vendor()
    return {role: await world.person(role, vendor_id=vendor) for role in ROLES}


# ---- What each role may do --------------------------------------------------------------------------


def test_the_matrix_names_every_action() -> None:
    assert MATRIX.keys() == PERMISSIONS.keys()


async def test_each_role_may_do_what_the_matrix_says_and_nothing_else(world: World) -> None:
    # given somebody of each role
    people = await one_of_each_role(world)
    wrong = []
    for action, (allowed, routes) in MATRIX.items():
        for route in routes:
            method, path = route.split()
            for role, person in people.items():
                # when they come to an address with nothing sound to say
                body = None if method == "GET" else {}
                answer = await world.client.request(method, path, json=body, headers=world.as_(person))
                # then they are turned away for their role exactly where they have no right to ask
                is_barred = answer.status_code == 403 and "may not do" in answer.json()["detail"]
                if is_barred == (role in allowed) or answer.status_code >= 500:
                    wrong.append((action, route, role, answer.status_code))
    assert wrong == []


async def test_everyone_is_told_what_they_may_do(world: World) -> None:
    for role, person in (await one_of_each_role(world)).items():
        viewer = await world.get("/people/viewer", by=person)
        assert viewer["role"] == role
        assert viewer["allowed_actions"] == sorted(a for a, (who, _) in MATRIX.items() if role in who)


@pytest.mark.parametrize("path", ["/people/viewer", "/audit/audits", "/kpi/metrics/csat"])
async def test_without_a_token_nothing_is_answered(world: World, path: str) -> None:
    answer = await world.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


async def test_a_deactivated_person_is_nobody_from_then_on(world: World) -> None:
    # given a specialist with a token
    specialist = await world.person("specialist")
    token = world.as_(specialist)
    assert (await world.client.get("/people/viewer", headers=token)).status_code == 200
    # when they are deactivated, then the same token is good for nothing, on REST and GraphQL
    await world.patch(f"/people/people/{specialist}", {"is_active": False})
    assert (await world.client.get("/people/viewer", headers=token)).status_code == 401
    query = {"query": "{ viewer { id } }"}
    assert (await world.client.post("/graphql", json=query, headers=token)).status_code == 401
    # and when they come back, it is again
    await world.patch(f"/people/people/{specialist}", {"is_active": True})
    assert (await world.client.get("/people/viewer", headers=token)).status_code == 200


async def test_a_new_role_counts_from_the_next_request_on(world: World) -> None:
    # given an agent with a token; when they become a specialist, then the same token may claim
    agent = await world.person("agent")
    await world.get("/audit/plans", by=agent, status=403)
    await world.patch(f"/people/people/{agent}", {"role": "specialist"})
    await world.get("/audit/plans", by=agent)


# ---- Who may be what --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"role": "specialist"}, {"is_active": False}, {"vendor_id": None}], ids=lambda c: next(iter(c))
)
async def test_nobody_changes_their_own_rights(world: World, change: dict[str, Any]) -> None:
    # given a lead; when they change their own role, vendor or access, then nothing changes
    lead = await world.person("lead")
    problem = await world.patch(f"/people/people/{lead}", change, by=lead, status=403)
    assert problem["type"] == "/problems/own-role-unchangeable"
    person = await world.get(f"/people/people/{lead}")
    assert (person["role"], person["is_active"]) == ("lead", True)


async def test_one_may_change_ones_own_name(world: World) -> None:
    lead = await world.person("lead", "Old Name")
    assert (await world.patch(f"/people/people/{lead}", {"name": "New Name"}, by=lead))["name"] == "New Name"


async def test_a_vendor_manager_manages_a_vendor(world: World) -> None:
    # given no vendor; when a manager is added, or somebody made one, then a vendor is asked for
    new = {"name": "Ines Roth", "role": "vendor_manager"}
    assert (await world.post("/people/people", new, status=422))["type"] == "/problems/role-needs-vendor"
    agent = await world.person("agent")
    problem = await world.patch(f"/people/people/{agent}", {"role": "vendor_manager"}, status=422)
    assert problem["type"] == "/problems/role-needs-vendor"
    assert (await world.get(f"/people/people/{agent}"))["role"] == "agent"
    # when a vendor is named with it, then that is fine, and it cannot be taken away
    change = {"role": "vendor_manager", "vendor_id": await world.vendor()}
    await world.patch(f"/people/people/{agent}", change)
    await world.patch(f"/people/people/{agent}", {"vendor_id": None}, status=422)


@pytest.mark.parametrize("field", ["vendor_id", "lead_id"])
async def test_a_person_points_only_at_what_is_there(world: World, field: str) -> None:
    # given an id of nothing; when somebody is added or changed with it, then it is pointed at
    new = {"name": "Lea Brandt", "role": "agent", field: NOWHERE}
    added = await world.post("/people/people", new, status=422)
    somebody = await world.person("agent")
    changed = await world.patch(f"/people/people/{somebody}", {field: NOWHERE}, status=422)
    for problem in (added, changed):
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
            (f"/{field}", "unknown-id")
        ]


async def test_nobody_leads_themselves(world: World) -> None:
    person = await world.person("team_lead")
    problem = await world.patch(f"/people/people/{person}", {"lead_id": person}, status=422)
    assert problem["errors"][0]["pointer"] == "/lead_id"


async def test_what_everybody_has_cannot_be_set_to_nothing(world: World) -> None:
    # given a person; when their name, role or access is set to null, then that is pointed at
    person = await world.person("agent", "Lea Brandt")
    for field in ("name", "role", "is_active"):
        problem = await world.patch(f"/people/people/{person}", {field: None}, status=422)
        assert [fault["pointer"] for fault in problem["errors"]] == [f"/{field}"]


async def test_a_vendors_key_is_taken_once(world: World) -> None:
    await world.vendor("brightdesk")
    again = await world.post("/people/vendors", {"key": "brightdesk", "name": "Another"}, status=409)
    assert again["type"] == "/problems/conflict"


async def test_the_directory_can_be_searched_by_role_and_vendor(world: World) -> None:
    vendor = await world.vendor()
    ines = await world.person("vendor_manager", vendor_id=vendor)
    lea = await world.person("agent", vendor_id=vendor)
    await world.person("agent")
    found = (await world.get(f"/people/people?vendor_id={vendor}"))["items"]
    assert {person["id"] for person in found} == {ines, lea}
    found = (await world.get(f"/people/people?vendor_id={vendor}&role=agent"))["items"]
    assert [person["id"] for person in found] == [lea]


# ---- People whom the help desk names ----------------------------------------------------------------


async def test_an_agent_of_the_help_desk_becomes_a_person_once(world: World) -> None:
    # given a connection; when an agent is first seen without, then with a name, in many tickets
    connection = await world.connection()
    await world.tell(*(solved(n) for n in range(3)))
    path = f"/people/people/{agent_of(connection)}"
    unnamed = await world.get(path)
    await world.solved_ticket("named")
    # then there is one person, whose name is the help desk's, with the group's vendor
    named = await world.get(path)
    assert unnamed["name"].startswith("Agent ")
    assert (named["name"], named["role"]) == ("Lea Brandt", "agent")
    assert named["vendor_id"] == connection["settings"]["groups"][GROUP]["vendor_id"]
    assert len((await world.get("/people/people?role=agent"))["items"]) == 1


async def test_a_name_given_by_hand_stays(world: World) -> None:
    # given an agent whom somebody has renamed; when the help desk names them, then that stays
    connection = await world.connection()
    await world.tell(solved("1"))
    path = f"/people/people/{agent_of(connection)}"
    await world.patch(path, {"name": "Lea B."})
    await world.solved_ticket("named")
    assert (await world.get(path))["name"] == "Lea B."
