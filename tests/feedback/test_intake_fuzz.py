"""Whatever bytes come, the parsers read them or refuse them in a foreseen way, soon and in little memory."""

import gc
import os
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from doors import DOMAIN, GENERIC_SECRET, ORG, PASSWORD, PATH_TOKEN, TOKEN, USER, document, furnish, genuine
from hostile import BEYOND_TIME, HOSTILE_XML, NASTY, SAMPLES, as_body, hostile_json, large, paths, replaced
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text
from world import SECRET, World

from services.demo import zendesk
from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.inbox import rules
from services.feedback.inbox.rules import Gate, Piece, Posted
from services.feedback.intake.normalised import NotUnderstood
from services.feedback.intake.sources import understand
from services.feedback.intake.sources.salesforce_soap import NotSoap
from shared import standard_webhooks
from shared.errors import MalformedJson, NotFound

INPUTS = int(os.environ.get("ASSAY_FUZZ_INPUTS", "1500"))
DELIVERIES = int(os.environ.get("ASSAY_FUZZ_DELIVERIES", "30"))
"""Through HTTP and the worker, at each door."""
LARGE_BYTES = int(os.environ.get("ASSAY_FUZZ_LARGE_BYTES", "131072"))
SEED = int(os.environ.get("ASSAY_SEED", "7305112"))
FORESEEN = (MalformedJson, NotSoap, NotUnderstood, SignatureInvalid, WrongAccount, NotFound)
MIB = 1024 * 1024
PATIENCE_S = 2.0
MEMORY_FOR_A_MIB = 96 * MIB
CPU_S_FOR_A_MIB = 6.0
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
FUZZ = hypothesis_settings(
    max_examples=max(1, INPUTS // 3),
    deadline=timedelta(seconds=PATIENCE_S),
    derandomize="ASSAY_FUZZ_INPUTS" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SETTINGS: dict[str, dict[str, Any]] = {
    "zendesk": {
        "groups": {zendesk.GROUP: {"name": "EU"}},
        "bots": [zendesk.BOT],
        "language_tag_prefix": "l_",
    },
    "salesforce": {"status_map": {"Solved": "solved"}, "queues": {}, "vendor_field": "Vendor__c"},
    "freshdesk": {
        "status_names": {"Open": "2"},
        "groups": {"71": {"name": "North"}},
        "agents": {"91": "Ida"},
    },
}


# ---- The three parsers, from the door to what is understood ---------------------------------------


def gate(platform: str, account_id: str, **secrets: str) -> Gate:
    return Gate(UUID(int=1), platform, account_id, 0, (secrets,), None)


ZENDESK = gate("zendesk", zendesk.ACCOUNT, secret=SECRET)
SALESFORCE = gate("salesforce", ORG, secret=GENERIC_SECRET, path_token=PATH_TOKEN)
FRESHDESK = gate("freshdesk", DOMAIN, user=USER, secret=PASSWORD, token=TOKEN)


def understood(platform: str, pieces: list[Piece]) -> None:
    for piece in pieces:
        understand.delivery(
            platform, piece.body, SETTINGS[platform], received_at=NOW, source_key=piece.source_key
        )


def zendesk_parser(body: bytes) -> None:
    posted = Posted(zendesk.signed(SECRET, body, now=NOW), body, NOW, 300)
    understood("zendesk", rules.zendesk_delivery(ZENDESK, posted))


def salesforce_parser(body: bytes) -> None:
    """XML from its one door, and anything else from the other."""
    if body[:40].lstrip().startswith(b"<"):
        posted = Posted({}, body, NOW, 300, PATH_TOKEN)
        understood("salesforce", rules.outbound_message(SALESFORCE, posted))
    else:
        stamp = str(int(NOW.timestamp()))
        headers = {
            standard_webhooks.ID: "msg_1",
            standard_webhooks.TIMESTAMP: stamp,
            standard_webhooks.SIGNATURE: standard_webhooks.sign(GENERIC_SECRET, "msg_1", stamp, body),
        }
        posted = Posted(headers, body, NOW, 300)
        understood("salesforce", rules.salesforce_events_delivery(SALESFORCE, posted))


def freshdesk_parser(body: bytes) -> None:
    headers = genuine("freshdesk", "1").headers
    understood("freshdesk", rules.freshdesk_delivery(FRESHDESK, Posted(headers, body, NOW, 300)))


Parser = Callable[[bytes], None]
PARSERS: tuple[Parser, ...] = (zendesk_parser, salesforce_parser, freshdesk_parser)


def outcome(parser: Parser, body: bytes) -> str:
    """How it ends; raises what is not foreseen."""
    try:
        parser(body)
    except FORESEEN as refused:
        return type(refused).__name__
    return "understood"


def cpu_s(parser: Parser, body: bytes) -> float:
    """Of the reading alone: what the process holds already is not looked through for garbage meanwhile."""
    gc.freeze()
    began = time.process_time()
    outcome(parser, body)
    return time.process_time() - began


def memory(parser: Parser, body: bytes) -> int:
    """The most that was in use at once."""
    tracemalloc.start()
    try:
        outcome(parser, body)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("parser", PARSERS)
def test_hostile_bodies_are_read_or_refused_in_a_foreseen_way(parser: Parser) -> None:
    # given bodies of the shapes that this parser is for, with whatever is wrong in them
    shapes = hostile_json(parser.__name__.partition("_")[0])
    shapes = shapes | HOSTILE_XML if parser is salesforce_parser else shapes
    seen: dict[str, int] = {}

    @FUZZ
    @given(shapes)
    def ends_in_a_foreseen_way(body: bytes) -> None:
        ending = outcome(parser, body)
        seen[ending] = seen.get(ending, 0) + 1

    # when they are read, then each ends in a foreseen way, before the deadline
    ends_in_a_foreseen_way()
    # and the bodies were worth it: some got through to the end, some did not
    assert seen.get("understood"), seen
    assert len(seen) > 1, seen


@pytest.mark.parametrize("name", large(1_000))
def test_large_hostile_bodies_cost_little_time_and_memory(name: str) -> None:
    # given a body of as many bytes as may come, made to cost much
    body, share = large(LARGE_BYTES)[name], LARGE_BYTES / MIB
    for parser in PARSERS:
        # when it is read
        took = cpu_s(parser, body)
        # then it took little time, and little memory
        assert took < CPU_S_FOR_A_MIB * share, f"{parser.__name__}: {took:.1f} s"
        used = memory(parser, body)
        assert used < MEMORY_FOR_A_MIB * share, f"{parser.__name__}: {used / MIB:.0f} MiB"


def test_the_measures_notice_what_is_not_foreseen_and_what_takes_much_memory() -> None:
    # given parsers that do what none may
    def fails(_: bytes) -> None:
        raise KeyError("id")

    def hoards(body: bytes) -> None:
        assert [bytes(body) + b"." for _ in range(100)]

    # then it is noticed
    with pytest.raises(KeyError):
        outcome(fails, b"{}")
    assert memory(hoards, b" " * MIB) > MEMORY_FOR_A_MIB


# ---- Through HTTP, and on to the worker -----------------------------------------------------------


@pytest.mark.parametrize("door", sorted(SAMPLES))
async def test_hostile_deliveries_are_never_an_error_of_ours(world: World, door: str) -> None:
    # given genuine deliveries, each with something nasty somewhere
    await furnish(world, door)
    dice = random.Random(SEED)
    places = [(sample, path) for sample in SAMPLES[door] for path in paths(sample)]
    statuses: dict[int, int] = {}
    for number in range(DELIVERIES):
        body = as_body(replaced(*dice.choice(places), dice.choice(NASTY)))
        # when they come, then none is answered with an error of ours
        answer = await genuine(door, str(number), body=body).posted(world)
        assert answer.status_code < 500, (answer.status_code, body[:2_000])
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    assert statuses.get(200), statuses
    # and the worker understands each, or says at its first attempt why it never will
    await world.worker.drain()
    async with world.db.transaction() as session:
        unforeseen = await session.execute(
            text(
                "SELECT last_error, convert_from(body, 'latin1') FROM delivery"
                " JOIN event ON event.id = event_id JOIN inbox ON payload->>'inbox_id' = inbox.id::text"
                " WHERE attempts > 1 OR state = 'pending'"
            )
        )
        assert [(error, body[:1_000]) for error, body in unforeseen] == []


@pytest.mark.parametrize("at", BEYOND_TIME)
async def test_a_time_that_cannot_be_stored_is_refused_at_the_door(world: World, at: str) -> None:
    # given a signed document of such a time
    await furnish(world, "generic")
    said = {"at": at, "id": "c", "field": "status", "new": "open"}
    body = document("1", changes=[said])
    # when it comes, then it is refused, with its place
    answer = await genuine("generic", "1", body=body).posted(world)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/changes/0/at")
