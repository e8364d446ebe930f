"""RELIABILITY.md §2.5: deliveries of all help desks that are late, early, forged, broken or too many (W)."""

import asyncio
import json
from typing import Any

import pytest
from at_once import at_once, cut_off
from doors import DOORS, ORG, Delivery, document, furnish, genuine, soap
from refusals import CANARY, nothing_written, refused
from sqlalchemy import text
from world import LONG_AGO, World

from services.demo import zendesk
from services.feedback.inbox.service import Inbox, inbox_of
from shared.group_commit import GroupCommit

LATER = LONG_AGO.replace(year=LONG_AGO.year + 1)


async def rows_of(world: World, statement: str) -> list[Any]:
    async with world.db.transaction() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


# ---- What is taken in --------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS)
async def test_w1_a_genuine_delivery_is_taken_in(world: World, door: str) -> None:
    await furnish(world, door)
    answer = await genuine(door, "1").posted(world)
    assert answer.status_code == 200, answer.text
    if door == "soap":
        assert "<Ack>true</Ack>" in answer.text
    else:
        assert answer.json() == {"outcome": "stored"}
    assert await rows_of(world, "SELECT count(*) FROM inbox") == [(1,)]


async def test_w10_an_older_telling_that_comes_later_is_kept_and_changes_nothing(world: World) -> None:
    # given what a ticket is called today, and after it what it was called a year before
    await furnish(world, "generic")
    for number, (at, subject) in enumerate([(LATER, "New words"), (LONG_AGO, "Old words")]):
        body = document("1", at, subject=subject)
        assert (await genuine("generic", f"1-{number}", body=body).posted(world)).status_code == 200
    await world.worker.drain()
    # then both are kept, and the newer one holds
    assert await rows_of(world, "SELECT count(*) FROM inbox") == [(2,)]
    assert await rows_of(world, "SELECT subject FROM ticket") == [("New words",)]


async def test_w11_what_is_told_of_a_ticket_before_its_creation_makes_it(world: World) -> None:
    # given a ticket of which a comment is told first, and its creation only afterwards
    await furnish(world, "zendesk")
    ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
    ticket.created()
    ticket.comment(LATER - LONG_AGO, "Are you there?", by="requester")
    created, comment = ticket.bodies[0], ticket.bodies[-1]
    await genuine("zendesk", "1", body=comment).posted(world)
    await world.worker.drain()
    ((before,),) = await rows_of(world, "SELECT count(*) FROM ticket")
    assert before == 1
    await genuine("zendesk", "1", body=created).posted(world)
    await world.worker.drain()
    # then it is one ticket, with what both have told
    assert await rows_of(world, "SELECT external_id, subject FROM ticket") == [("1", "A question")]
    assert [one for (one,) in await rows_of(world, "SELECT body FROM message")] == ["Are you there?"]


# ---- Salesforce ------------------------------------------------------------------------------------------


async def test_w20_a_message_of_another_organisation_gets_no_ack(world: World) -> None:
    await furnish(world, "soap")
    own = genuine("soap", "1")
    other = Delivery(own.path, own.body.replace(ORG.encode(), b"00D5g00000Other0EA"), own.headers)
    async with nothing_written(world):
        answer = await other.posted(world)
    refused(answer, 403, "wrong-account")
    assert "Ack" not in answer.text


async def test_w21_of_a_hundred_notifications_one_bad_one_costs_itself(world: World) -> None:
    # given a hundred cases, one of which has no id
    await furnish(world, "soap")
    ids = [f"5005g{number:010}AAA" for number in range(99)]
    answer = await genuine("soap", "1", body=soap(*ids, "")).posted(world)
    # then all are acknowledged
    assert answer.status_code == 200
    assert "<Ack>true</Ack>" in answer.text
    await world.worker.drain()
    # and 99 are tickets, and one waits for a person
    assert await rows_of(world, "SELECT count(*) FROM ticket") == [(99,)]
    assert await rows_of(world, "SELECT count(*) FROM delivery WHERE state = 'dead'") == [(1,)]


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
TYPES = [
    pytest.param('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "", id="W22-dtd"),
    pytest.param('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;", id="W22-external-entity"),
    pytest.param(f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>', "&a8;", id="W22-billion-laughs"),
]


@pytest.mark.parametrize(("declared", "used"), TYPES)
async def test_nothing_in_xml_is_expanded(world: World, declared: str, used: str) -> None:
    await furnish(world, "soap")
    body = soap("5005g0000000001AAA").decode().replace("?>", f"?>{declared}", 1).replace("Tent leaks", used)
    async with nothing_written(world):
        answer = await genuine("soap", "1", body=body.encode()).posted(world)
    # a SOAP fault, which is what Salesforce reads
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/xml")
    assert "Fault" in answer.text
    assert "root:" not in answer.text


# ---- Freshdesk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"authorization": "Basic aW50YWtlOndyb25n"}, id="W23-wrong-password"),
        pytest.param({"x-intake-token": CANARY}, id="W23-wrong-token"),
        pytest.param({"authorization": ""}, id="W23-no-password"),
    ],
)
async def test_a_freshdesk_webhook_without_its_secrets_is_not_read(
    world: World, headers: dict[str, str]
) -> None:
    await furnish(world, "freshdesk")
    own = genuine("freshdesk", "1")
    async with nothing_written(world):
        answer = await Delivery(own.path, own.body, own.headers | headers).posted(world)
    refused(answer, 401, "signature-invalid")


async def test_w23_what_a_freshdesk_webhook_claims_is_a_hint_and_no_fact(world: World) -> None:
    # given somebody who knows the secrets and claims that a ticket was solved
    await furnish(world, "freshdesk")
    said = {"ticket_id": "7", "triggered_event": "{ticket_action:updated},{status:{from:2,to:5}}"}
    body = json.dumps({"freshdesk_webhook": said}).encode()
    answer = await genuine("freshdesk", "1", body=body).posted(world)
    # then it is taken in
    assert answer.status_code == 200
    await world.worker.drain()
    # and is no more than a hint, which the help desk's own record will settle
    bases = await rows_of(world, "SELECT DISTINCT basis FROM ticket_event")
    assert bases in ([], [("hint",)])


# ---- Too many, and no database -----------------------------------------------------------------------


async def test_w25_more_than_can_wait_are_told_to_come_again_and_lose_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given room for three deliveries that wait
    await furnish(world, "zendesk")
    small: GroupCommit[Any, Any] = GroupCommit(Inbox._store.__get__(inbox_of(world.app)), max_waiting=3)
    monkeypatch.setattr(inbox_of(world.app), "_commits", small)
    # when forty come at once
    sent = [genuine("zendesk", str(number)) for number in range(40)]
    answers = await at_once(world, (one.posted(world) for one in sent))
    codes = {one.status_code for one in answers}
    # then each is stored or told to come again, and what was acknowledged is there
    assert codes == {200, 503}
    assert all(int(one.headers["retry-after"]) < 60 for one in answers if one.status_code == 503)
    stored = sum(one.status_code == 200 for one in answers)
    assert await rows_of(world, "SELECT count(*) FROM inbox") == [(stored,)]
    # and those that come again are stored
    for delivery, answer in zip(sent, answers, strict=True):
        if answer.status_code == 503:
            assert (await delivery.posted(world)).status_code == 200
    assert await rows_of(world, "SELECT count(*) FROM inbox") == [(40,)]


@pytest.mark.parametrize("door", DOORS)
async def test_w24_without_a_database_senders_are_told_to_come_again(world: World, door: str) -> None:
    # given a door whose every connection to the database is cut, again and again
    await furnish(world, door)
    delivery = genuine(door, "1")
    async with world.db.engine.connect() as owner:
        await owner.exec_driver_sql("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(delivery.posted(world))
        assert await cut_off(world, waiting) > 0
        answer = await waiting
        await owner.rollback()
    # then it is told to come again
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) < 60
    # and when it does, it is stored once
    assert (await genuine(door, "1").posted(world)).status_code == 200
    assert await rows_of(world, "SELECT count(*) FROM inbox") == [(1,)]
