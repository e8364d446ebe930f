"""GraphQL lists narrow down as REST's do, and what they show is what REST shows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from appeal_cases import Case, a_reviewed_ticket
from quick_tickets import agent_of, solved, ticket_of
from strawberry.utils.str_converters import to_camel_case
from test_reads import data, refused

LISTS = {
    "tickets": "/feedback/tickets", "audits": "/audit/audits", "reviews": "/audit/reviews",
    "appeals": "/appeals", "people": "/people/people", "vendors": "/people/vendors",
}  # fmt: skip


@pytest.fixture
async def case(world: Any) -> Case:
    """Two reviewed tickets of two agents, one with an appeal that somebody has taken; and one that waits."""
    made = await a_reviewed_ticket(world)
    await world.tell(solved("of-another", assignee="555", after=timedelta(days=1)))
    await made.taken()
    await world.tell(solved("third", assignee="555", after=timedelta(days=2)))
    return made


def values(case: Case) -> dict[str, dict[str, Any]]:
    """List → parameter → a value that leaves out some."""
    agent = agent_of(case.connection, "555")
    return {
        "tickets": {
            "status": "solved", "assignee_id": agent, "external_id": "third",
            "vendor_id": case.review["vendor_id"], "connection_id": case.connection["id"],
            "created_from": "2026-03-03T00:00:00Z", "created_to": "2026-03-04T00:00:00Z",
        },
        "audits": {
            "state": "open", "agent_id": agent, "ticket_id": case.review["ticket_id"],
            "specialist_id": case.reviewer,
        },
        "reviews": {
            "agent_id": case.agent, "ticket_id": case.review["ticket_id"],
            "audit_id": case.review["audit_id"], "current": True,
        },
        "appeals": {"state": "in_review", "agent_id": case.agent, "review_id": case.review["id"]},
        "people": {"role": "agent", "vendor_id": case.review["vendor_id"]},
    }  # fmt: skip


async def test_each_filter_leaves_what_it_leaves_in_rest(case: Case) -> None:
    narrowed = 0
    for root, path in LISTS.items():
        whole = [one["id"] for one in (await case.world.get(path))["items"]]
        for name, value in values(case).get(root, {}).items():
            written = json.dumps(value)
            asked = f"{root}({to_camel_case(name)}: {written})"
            told = (await case.world.get(f"{path}?{name}={written.strip(chr(34))}"))["items"]
            count = await data(case.world, f"{{ {asked} {{ totalCount }} }}")
            assert count == {root: {"totalCount": len(told)}}, asked
            for _ in range(2):  # the second time it may be compiled
                page = (await data(case.world, f"{{ {asked} {{ nodes {{ id }} }} }}"))[root]
                assert [one["id"] for one in page["nodes"]] == [one["id"] for one in told], asked
            narrowed += 0 < len(told) < len(whole)
    assert narrowed >= 8, "they do leave out some"


async def test_a_period_that_ends_before_it_begins_is_refused(case: Case) -> None:
    query = (
        '{ tickets(createdFrom: "2026-03-04T00:00:00Z", createdTo: "2026-03-03T00:00:00Z") { nodes { id } } }'
    )
    for _ in range(2):
        assert await refused(case.world, query) == "BAD_USER_INPUT"


async def test_the_evidence_is_told_to_whom_rest_tells_it_and_noted(case: Case) -> None:
    audit = case.review["audit_id"]
    query = "query A($id: UUID!) { audit(id: $id) { evidence specialistId } }"
    for who, may in ((case.reviewer, True), (None, True), (await case.world.person("analyst"), False)):
        rest = await case.world.get(f"/audit/audits/{audit}", by=who)
        found = (await data(case.world, query, by=who, id=audit))["audit"]
        assert found == {"evidence": rest["evidence"], "specialistId": rest["specialist_id"]}
        assert (found["evidence"] is not None) == may
    entries = (await case.world.get(f"/people/trail?row_id={audit}&action=graphql"))["items"]
    assert [one["reads"] for one in entries] == [[{"action": "evidence.read", "ids": [audit]}]] * 2


async def test_ids_are_told_to_programs_that_may_not_see_whom_they_name(case: Case) -> None:
    # given a program that reads tickets, and no people
    token = await case.world.post("/people/service-tokens", {"name": "x", "scopes": ["tickets.read"]})
    query = "query T($id: UUID!) { ticket(id: $id) { assigneeId statusRaw type assignee { name } } }"
    asked = {"query": query, "variables": {"id": ticket_of(case.connection, 0)}}
    headers = {"authorization": f"Bearer {token['token']}"}
    answer = (await case.world.client.post("/graphql", json=asked, headers=headers)).json()
    # then it has the ids that REST gives it
    assert answer["data"]["ticket"] == {
        "assigneeId": case.agent, "statusRaw": "SOLVED", "type": "question", "assignee": None,
    }  # fmt: skip
