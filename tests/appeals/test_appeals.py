"""Filing, taking and withdrawing appeals: who may, until when, how often."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from appeal_cases import GREETING, Case, a_reviewed_ticket
from at_once import at_once
from sqlalchemy import select
from sqlmodel import col
from world import World

from shared import clock
from shared.models.queue import StateChange


@pytest.fixture
async def case(world: World) -> Case:
    return await a_reviewed_ticket(world)


async def file_at(case: Case, patch: pytest.MonkeyPatch, after: timedelta) -> tuple[int, dict[str, Any]]:
    """Files that long after the release. The token is as old as the test: only our clock moves."""
    moment = datetime.fromisoformat(case.review["released_at"]) + after
    headers = case.world.as_(case.agent)
    new = {"review_id": case.review["id"], "reason": "other", "points": [GREETING]}
    with patch.context() as moved:
        moved.setattr(clock, "now", lambda: moment)
        answer = await case.world.client.post("/appeals", json=new, headers=headers)
    return answer.status_code, answer.json()


# ---- Until when ---------------------------------------------------------------------------------


async def test_an_appeal_in_the_last_moment_of_the_window_is_taken(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a review; when it is appealed exactly 14 days after its release, then that is in time
    status, appeal = await file_at(case, monkeypatch, timedelta(days=14))
    assert (status, appeal["state"]) == (201, "open")
    # and it has to be ruled on within 7 days
    filed, due = (datetime.fromisoformat(appeal[name]) for name in ("filed_at", "due_at"))
    assert due - filed == timedelta(days=7)


async def test_i11_an_appeal_after_the_window_says_how_late_it_is(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a review; when it is appealed 16 days and 5 hours after its release
    status, problem = await file_at(case, monkeypatch, timedelta(days=16, hours=5))
    # then it is 2 days and 5 hours late
    assert (status, problem["type"]) == (409, "/problems/appeal-window-closed")
    assert "2 days and 5 hours late" in problem["detail"]
    closed = datetime.fromisoformat(problem["closed_at"])
    assert closed - datetime.fromisoformat(case.review["released_at"]) == timedelta(days=14)


async def test_the_window_closes_in_the_second_after_fourteen_days(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _ = await file_at(case, monkeypatch, timedelta(days=14, seconds=1))
    assert status == 409


# ---- How often ----------------------------------------------------------------------------------


async def test_i11_a_review_has_one_live_appeal(case: Case) -> None:
    # given an appeal, open or taken; when another is filed, then it has to wait
    appeal = await case.file()
    assert (await case.file(GREETING, status=409))["type"] == "/problems/appeal-exists"
    await case.take(appeal)
    assert (await case.file(GREETING, status=409))["type"] == "/problems/appeal-exists"


async def test_of_ten_appeals_filed_at_once_one_is_taken_in(case: Case) -> None:
    # given a review
    new = {"review_id": case.review["id"], "reason": "other", "points": [GREETING]}
    # when the agent files ten times at once
    post, headers = case.world.client.post, case.world.as_(case.agent)
    answers = await at_once(case.world, (post("/appeals", json=new, headers=headers) for _ in range(10)))
    # then there is one appeal
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
    assert {a.json()["type"] for a in answers if a.status_code == 409} == {"/problems/appeal-exists"}
    assert len((await case.world.get("/appeals"))["items"]) == 1


async def test_an_appeal_that_was_taken_back_can_be_filed_again(case: Case) -> None:
    # given an appeal that was withdrawn; when the agent files another, then it is open
    await case.withdraw(await case.file())
    assert (await case.file())["state"] == "open"


# ---- Who ----------------------------------------------------------------------------------------


async def test_an_agent_cannot_see_another_agents_review_let_alone_appeal_it(case: Case) -> None:
    # given another agent; when they appeal this one's review, then for them there is none
    other = await case.world.person("agent")
    assert (await case.file(by=other, status=404))["type"] == "/problems/not-found"


async def test_the_lead_of_the_agent_may_appeal(case: Case) -> None:
    # given an agent with a team lead
    lead = await case.world.person("team_lead")
    await case.change(case.agent, lead_id=lead)
    # when the lead files, then the appeal is the agent's, filed by the lead
    appeal = await case.file(by=lead)
    assert (appeal["agent_id"], appeal["filed_by"]) == (case.agent, lead)


async def test_the_lead_of_other_agents_may_not_appeal(case: Case) -> None:
    other = await case.world.person("team_lead")
    await case.file(by=other, status=404)


async def test_quality_staff_do_not_appeal_for_an_agent(case: Case) -> None:
    for role in ("admin", "lead", "specialist", "analyst"):
        problem = await case.file(by=await case.world.person(role), status=403)
        assert problem["type"] == "/problems/forbidden", role


# ---- With what ----------------------------------------------------------------------------------


async def test_points_that_are_off_the_card_are_pointed_at(case: Case) -> None:
    # given a review, and points that do not fit its card
    misfits: list[tuple[list[tuple[str, Any]], list[tuple[str, str]]]] = [
        ([("tone", 1)], [("/points/0", "unknown-criterion")]),
        ([("solution", 6)], [("/points/0", "out-of-range")]),
        ([("solution", 0.5)], [("/points/0", "out-of-range")]),
        ([("greeting", 1), ("greeting", "NA")], [("/points/1", "repeated-criterion")]),
        (
            [("tone", 1), ("greeting", 1), ("privacy", 7)],
            [("/points/0", "unknown-criterion"), ("/points/2", "out-of-range")],
        ),
    ]
    for points, found in misfits:
        # when they are appealed, then each is named, and nothing is filed
        given = [{"criterion": c, "proposed_value": v, "text": "No."} for c, v in points]
        problem = await case.file(*given, status=422)
        assert problem["type"] == "/problems/points-invalid"
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == found
    assert (await case.world.get("/appeals"))["items"] == []


async def test_not_applicable_can_be_proposed(case: Case) -> None:
    await case.file(GREETING | {"proposed_value": "NA"})


# ---- Taking and taking back ---------------------------------------------------------------------


async def test_of_ten_resolvers_who_take_an_appeal_at_once_one_has_it(case: Case) -> None:
    # given an open appeal and ten people without a part in it
    appeal = await case.file()
    people = [await case.world.person("specialist") for _ in range(10)]
    # when all take it at the same time
    post, path = case.world.client.post, f"/appeals/{appeal['id']}/take"
    answers = await at_once(case.world, (post(path, headers=case.world.as_(who)) for who in people))
    # then one will rule on it
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    winner = next(who for who, answer in zip(people, answers, strict=True) if answer.status_code == 200)
    assert (await case.world.get(f"/appeals/{appeal['id']}"))["resolver_id"] == winner


async def test_the_agent_may_take_back_what_their_lead_filed(case: Case) -> None:
    # given an appeal filed by the lead; when the agent withdraws it, then it is over
    lead = await case.world.person("team_lead")
    await case.change(case.agent, lead_id=lead)
    appeal = await case.file(by=lead)
    assert (await case.withdraw(appeal))["state"] == "withdrawn"


async def test_a_lead_does_not_take_back_what_the_agent_filed(case: Case) -> None:
    # given an appeal filed by the agent; when their lead withdraws it, then it stays
    lead = await case.world.person("team_lead")
    await case.change(case.agent, lead_id=lead)
    appeal = await case.file()
    assert (await case.withdraw(appeal, by=lead, status=403))["type"] == "/problems/not-yours"


async def test_a_decided_appeal_cannot_be_taken_back(case: Case) -> None:
    appeal = await case.taken()
    await case.rule(appeal, "upheld")
    problem = await case.withdraw(appeal, status=409)
    assert (problem["type"], problem["state"]) == ("/problems/illegal-move", "decided")


async def test_every_move_of_an_appeal_is_kept_in_order(case: Case) -> None:
    # given an appeal that was filed, taken and withdrawn, and one that was decided
    first = await case.taken()
    await case.withdraw(first)
    second = await case.taken()
    await case.rule(second, "upheld")
    # when their histories are read
    moves = {}
    for appeal in (first, second):
        async with case.world.db.transaction() as session:
            statement = (
                select(StateChange)
                .where(col(StateChange.subject_id) == appeal["id"])
                .order_by(col(StateChange.number))
            )
            rows = (await session.scalars(statement)).all()
        assert [row.number for row in rows] == [1, 2, 3]
        assert sorted(row.moved_at for row in rows) == [row.moved_at for row in rows]
        moves[appeal["id"]] = [(row.from_state, row.to_state, str(row.moved_by), row.reason) for row in rows]
    # then each says from where to where, by whom, and why
    filed, taken = (None, "open", case.agent, None), ("open", "in_review", case.resolver, None)
    withdrawn = ("in_review", "withdrawn", case.agent, "Settled.")
    decided = ("in_review", "decided", case.resolver, "reviewer_error")
    assert moves[first["id"]] == [filed, taken, withdrawn]
    assert moves[second["id"]] == [filed, taken, decided]
