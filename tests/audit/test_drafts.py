"""A review as far as it is written: kept for whoever claimed the audit; no window writes over another."""

from typing import Any

import pytest
from at_once import at_once
from quick_tickets import waiting_audits
from test_reviews import body, claimed
from world import World

PARTIAL = {
    "answers": [{"criterion": "greeting", "value": 1, "comment": "Hello, by name.", "reason": None}],
    "summary": "So far",
}


@pytest.fixture
async def specialist(world: World) -> str:
    return await world.person("specialist", "Mara Vogt")


@pytest.fixture
async def audit(world: World, specialist: str) -> str:
    await waiting_audits(world, 1)
    return await claimed(world, specialist)


async def save(world: World, audit: str, number: int, *, by: str, status: int = 200, **more: Any) -> Any:
    path, new = f"/audit/audits/{audit}/draft", PARTIAL | {"number": number} | more
    answer = await world.client.put(path, json=new, headers=world.as_(by))
    assert answer.status_code == status, answer.text
    return answer.json()


async def drafted(world: World, audit: str, *, by: str | None, status: int = 200) -> Any:
    found = await world.get(f"/audit/audits/{audit}", by=by, status=status)
    return found.get("draft")


async def test_what_is_written_so_far_is_there_again(world: World, specialist: str, audit: str) -> None:
    # given a claimed audit without a draft; when one answer of three is saved
    assert await drafted(world, audit, by=specialist) is None
    kept = await save(world, audit, 0, by=specialist)
    # then it is there, and the next one takes its place
    assert (kept["number"], kept["answers"], kept["summary"]) == (1, PARTIAL["answers"], "So far")
    assert await drafted(world, audit, by=specialist) == kept
    assert (await save(world, audit, 1, by=specialist, summary=None))["number"] == 2
    assert (await drafted(world, audit, by=specialist))["summary"] is None


async def test_two_windows_do_not_write_over_each_other(world: World, specialist: str, audit: str) -> None:
    # given a draft that two windows have read; when both save, again and again at once
    await save(world, audit, 0, by=specialist)

    async def ask(words: str) -> tuple[int, Any]:
        new = PARTIAL | {"number": 1, "summary": words}
        path = f"/audit/audits/{audit}/draft"
        answer = await world.client.put(path, json=new, headers=world.as_(specialist))
        return answer.status_code, answer.json()

    found = await at_once(world, [ask(f"window {n}") for n in range(6)])
    # then one of them is kept, and the others are told which number to read
    (kept,) = (said for status, said in found if status == 200)
    refused = [said for status, said in found if status == 409]
    assert [(one["type"], one["number"]) for one in refused] == [("/problems/draft-moved", 2)] * 5
    assert await drafted(world, audit, by=specialist) == kept


async def test_of_several_first_drafts_at_once_one_is_kept(world: World, specialist: str, audit: str) -> None:
    async def ask() -> int:
        path, new = f"/audit/audits/{audit}/draft", PARTIAL | {"number": 0}
        return (await world.client.put(path, json=new, headers=world.as_(specialist))).status_code

    assert sorted(await at_once(world, [ask() for _ in range(5)])) == [200, 409, 409, 409, 409]


async def test_nobody_else_reads_or_writes_a_draft(world: World, specialist: str, audit: str) -> None:
    # given a draft; when another specialist, a lead or the agent asks for it
    await save(world, audit, 0, by=specialist)
    agent = (await world.get(f"/audit/audits/{audit}"))["agent_id"]
    other, lead = await world.person("specialist"), await world.person("lead")
    # then there is none for them, and they write none
    for who, status in ((other, 200), (lead, 200), (agent, 404)):
        assert await drafted(world, audit, by=who, status=status) is None
    for who in (other, lead):
        problem = await save(world, audit, 1, by=who, status=403)
        assert problem["type"] == "/problems/not-your-audit"


async def test_a_draft_ends_with_the_review_and_is_checked_on_the_way(
    world: World, specialist: str, audit: str
) -> None:
    # given a second draft; when a window that still has the first one submits
    await save(world, audit, 0, by=specialist)
    await save(world, audit, 1, by=specialist)
    path = f"/audit/audits/{audit}/reviews"
    problem = await world.post(path, body() | {"draft_number": 1}, by=specialist, status=409)
    assert (problem["type"], problem["number"]) == ("/problems/draft-moved", 2)
    # and one that has the second one does, then the review is there and the draft is not
    await world.post(path, body() | {"draft_number": 2}, by=specialist)
    assert await drafted(world, audit, by=specialist) is None
    assert (await save(world, audit, 0, by=specialist, status=409))["type"] == "/problems/illegal-move"


async def test_a_draft_goes_when_its_audit_is_given_back(world: World, specialist: str, audit: str) -> None:
    # given a draft of an audit that is given back; when somebody else claims it
    await save(world, audit, 0, by=specialist)
    await world.post(f"/audit/audits/{audit}/release", {"reason": "No time."}, by=specialist, status=200)
    other = await world.person("specialist")
    assert await claimed(world, other) == audit
    # then they begin anew
    assert await drafted(world, audit, by=other) is None
    assert (await save(world, audit, 0, by=other))["number"] == 1
