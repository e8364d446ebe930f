"""The whole story, as the README tells it, with every number worked out by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from world import World

from services.demo.story import Story, Told
from services.local import ADMIN_ID

SERVICES = ("people", "feedback", "audit", "appeals", "kpi", "gateway")


@contextlib.asynccontextmanager
async def working(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(world.worker.run())
    try:
        yield
    finally:
        world.worker.stop()
        await task


async def test_tickets_become_audits_appeals_and_numbers_in_one_process(world: World) -> None:
    # given all services and the worker in one process
    async with working(world):
        # when the story is played through the public addresses
        story = Story(
            world.client,
            dict.fromkeys(SERVICES, "http://assay"),
            lambda person: world.keys.issue(person or ADMIN_ID),
            lambda line: None,
        )
        told = await story.play()
    # then every number is as worked out by hand
    assert_told(told)


async def test_a_story_that_is_played_again_answers_the_same_and_adds_nothing(world: World) -> None:
    async with working(world):

        async def play() -> Told:
            urls = dict.fromkeys(SERVICES, "http://assay")
            keys = world.keys
            return await Story(world.client, urls, lambda who: keys.issue(who or ADMIN_ID), print).play()

        # given a story that was played (as one that was cut off would be, up to some point)
        first = await play()
        # when it is played again from its beginning: every POST carries the same idempotency key
        second = await play()
    # then it is the same story, and there is nothing twice
    assert second.review["id"] == first.review["id"]
    assert second.after["quality_score"]["n"] == 1
    assert second.after["csat"]["n"] == 2


def assert_told(told: Told) -> None:
    """The story's numbers. Greeting 0/1 (weight 2), solution 4 of 1–5 (5), privacy 1/1 (3):
    (2·0 + 5·0.75 + 3·1)/10 = 67.5 %; with the greeting right, 87.5 %."""
    assert told.review["score"] == 67.5
    assert told.review["passed"] is False
    assert told.second_review["score"] == 87.5
    assert told.second_review["passed"] is True
    assert told.second_review["supersedes_id"] == told.review["id"]
    assert told.audit["probability"] == 1
    assert 0 <= int(told.audit["draw"], 16) < 2**64

    before, after = told.before, told.after
    assert before["quality_score"]["value"] == 67.5
    assert after["quality_score"]["value"] == 87.5
    assert after["quality_score"]["n"] == 1, "the superseded version does not count beside the new one"
    assert after["csat"]["value"] == 50.0
    assert (after["csat"]["n"], after["csat"]["excluded"]) == (2, {"not_rated": 1})
    assert after["first_response_time"]["value"] == 750, "median of 120, 750 and 3,600 s"
    assert after["first_response_time_business"]["value"] == 750, "all three within opening hours"
    assert after["resolution_time"]["value"] == 7200, "median of 600, 7,200 and 90,000 s"
    assert after["first_contact_resolution"]["value"] == pytest.approx(200 / 3), "one of three reopened"
    assert after["reopen_rate"]["value"] == pytest.approx(100 / 3)

    ticket = told.everything["ticket"]
    assert ticket["externalId"] == "48213"
    assert ticket["assignee"]["name"] == "Lea Brandt"
    assert [m["authorKind"] for m in ticket["messages"]] == [
        "requester", "bot", "agent", "agent", "requester", "agent",
    ]  # fmt: skip
    assert ticket["facts"]["firstResponseS"] == 750, "neither the bot nor the private note counts"
    reviews = ticket["audits"][0]["reviews"]
    assert [(r["number"], r["score"], r["supersededAt"] is None) for r in reviews] == [
        (1, 67.5, False),
        (2, 87.5, True),
    ]
    appeal = reviews[0]["appeals"][0]
    assert appeal["state"] == "decided"
    assert appeal["ruling"]["outcome"] == "overturned"
    assert appeal["ruling"]["ruledBy"]["name"] == "Jonas Eide"
    by_key = {value["metric"]: value["value"] for value in told.everything["metrics"]}
    assert by_key["quality_score"] == 87.5
    assert by_key["csat"] == 50.0
