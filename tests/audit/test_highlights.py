"""Highlights name words of the evidence: checked against the message that they lie in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from quick_tickets import solved
from test_reviews import body, claimed
from world import World

TEXT = "Für wen? 👋"
"""Ten characters, of which some are more than one byte, and one more than one UTF-16 unit."""


@pytest.fixture
async def specialist(world: World) -> str:
    return await world.person("specialist", "Mara Vogt")


@pytest.fixture
async def audit(world: World, specialist: str) -> dict[str, Any]:
    """Claimed, of a ticket in which a requester wrote TEXT."""
    connection = await world.connection()
    await world.plan(connection["id"])
    ticket = solved("1")
    ticket.comment(timedelta(0), TEXT, by="requester")
    await world.tell(ticket)
    audit = await world.get(f"/audit/audits/{await claimed(world, specialist)}", by=specialist)
    assert TEXT in [message["body"] for message in audit["evidence"]["messages"]]
    return dict(audit)


def message_of(audit: dict[str, Any]) -> str:
    return str(next(one["id"] for one in audit["evidence"]["messages"] if one["body"] == TEXT))


async def test_a_highlight_goes_up_to_the_last_character(
    world: World, specialist: str, audit: dict[str, Any]
) -> None:
    # given a message of ten characters; when its first and its last are highlighted
    message = message_of(audit)
    shown = [
        {"message_id": message, "start": 0, "end": 1, "criterion": "greeting", "comment": None},
        {"message_id": message, "start": 9, "end": 10, "criterion": None, "comment": None},
    ]
    path = f"/audit/audits/{audit['id']}/reviews"
    review = await world.post(path, body() | {"highlights": shown}, by=specialist)
    # then they stay with the review, for its agent too
    assert review["highlights"] == shown
    read = await world.get(f"/audit/reviews/{review['id']}", by=review["agent_id"])
    assert read["highlights"] == shown


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"end": 11}, "/highlights/1/end"),
        ({"start": 10, "end": 11}, "/highlights/1/end"),
        ({"start": 3, "end": 3}, "/highlights/1/end"),
        ({"start": 4, "end": 3}, "/highlights/1/end"),
        ({"message_id": str(uuid4())}, "/highlights/1/message_id"),
        ({"criterion": "tone"}, "/highlights/1/criterion"),
    ],
    ids=["one too far", "behind it", "of nothing", "backwards", "of no message", "of no criterion"],
)
async def test_a_highlight_outside_the_messages_is_pointed_at(
    world: World, specialist: str, audit: dict[str, Any], wrong: dict[str, Any], pointer: str
) -> None:
    # given a claimed audit; when the second of two highlights shows nothing
    right = {"message_id": message_of(audit), "start": 0, "end": 3, "criterion": "greeting"}
    path = f"/audit/audits/{audit['id']}/reviews"
    given = body() | {"highlights": [right, right | wrong]}
    problem = await world.post(path, given, by=specialist, status=422)
    # then it is said which, and the audit can still be reviewed
    assert problem["type"] == "/problems/highlight-outside"
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    await world.post(path, body() | {"highlights": [right]}, by=specialist)
