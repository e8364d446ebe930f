"""Who asked to be forgotten is nowhere: not in a row, not in what was delivered, not in a copy of the whole
database. And no figure changes."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from databases import beside, run_sql
from doors import ORG, furnish, genuine, soap
from unsealed import unsealed
from world import LONG_AGO, World

from services.demo.zendesk import DemoTicket
from services.feedback.connections.queries import find_connection
from services.feedback.intake.normalised import Normalised, TicketFields, Version
from services.feedback.intake.service import apply
from services.feedback.privacy import erasing
from services.kpi.values.catalogue import CATALOGUE

KEY = "canary-0-7310455120377"
CANARIES = {name: f"canary-{number}-{uuid4().hex[:8]}" for number, name in enumerate(
    ("subject", "description", "field", "deep field", "body", "quote", "note", "comment", "extra", "tag",
     "dead letter", "escaped", "late", "changed", "organization", "second subject", "csv"), 1,
)}  # fmt: skip
NAME, EMAIL = "Canary-18 Élodie Martín", "canary-19@example.com"
EVERYTHING = [KEY, NAME, EMAIL, "canary-18", *CANARIES.values()]


def document(number: str, at: Any, **ticket: Any) -> dict[str, Any]:
    """A ticket of the person, with all that a document can say."""
    messages = [
        ("m1", "requester", {"id": KEY, "name": NAME}, f"{CANARIES['body']}, I am {NAME}, {EMAIL}"),
        ("m2", "agent", {"id": "a1", "name": "Lea"}, f"You wrote {CANARIES['quote']}, {NAME}."),
        ("m3", "agent", {"id": "a1", "name": "Lea"}, f"{CANARIES['note']} {KEY}"),
    ]
    return {
        "at": at.isoformat(),
        "ticket": {
            "id": number, "subject": CANARIES["subject"], "description": CANARIES["description"],
            "requester": KEY, "organization": CANARIES["organization"], "topic": "delivery",
            "created_at": LONG_AGO.isoformat(), "status": "solved", "assignee": {"id": "a1", "name": "Lea"},
            "tags": [CANARIES["tag"] + KEY, "kept"],
            "custom_fields": {"f": CANARIES["field"], "deep": [{"g": CANARIES["deep field"]}], "n": 5},
        } | ticket,
        "messages": [
            {
                "id": f"{number}-{key}", "sent_at": (LONG_AGO + timedelta(minutes=place)).isoformat(),
                "author_kind": kind, "author": author, "body": body, "is_public": key != "m3",
            }
            for place, (key, kind, author, body) in enumerate(messages)
        ],
        "changes": [
            {
                "id": f"{number}-c1", "at": (LONG_AGO + timedelta(minutes=9)).isoformat(), "field": "status",
                "old": "open", "new": "solved", "actor": KEY,
            },
            {
                "id": f"{number}-c2", "at": (LONG_AGO + timedelta(minutes=8)).isoformat(), "field": "group",
                "old": KEY, "new": f"of {NAME}", "actor": "a1",
            },
        ],
        "ratings": [
            {"id": f"{number}-r", "rated_at": at.isoformat(), "score": 1, "comment": CANARIES["comment"]}
        ],
    }  # fmt: skip


async def dumped(url: str) -> str:
    """Every value of every table as text, bytes as they are: what a logical backup holds."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    parts = []
    for (table,) in tables:
        for row in await connection.fetch(f'SELECT * FROM "{table}"'):
            for value in row.values():
                parts.append(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
    await connection.close()
    return "\n".join(parts)


def found_in(text: str) -> list[str]:
    folded = text.casefold()
    escaped = [json.dumps(one)[1:-1] for one in EVERYTHING]
    return [one for one in {*EVERYTHING, *escaped} if one.casefold() in folded]


async def figures(world: World) -> dict[str, Any]:
    return {
        (key, ways): (await world.get(f"/kpi/metrics/{key}{ways}"))["values"]
        for key in CATALOGUE
        for ways in ("", "?group_by=topic")
    }


async def plant(world: World) -> dict[str, Any]:
    """Twenty canaries through every door there is for them."""
    generic = await furnish(world, "generic")
    await world.plan(generic["id"])
    first = document("T-100", LONG_AGO + timedelta(hours=1))
    await genuine("generic", "1", body=json.dumps(first, ensure_ascii=False).encode()).posted(world)
    # a second question of the same kind within days: it is in first contact resolution
    second = document(
        "T-200", LONG_AGO + timedelta(days=2), subject=CANARIES["second subject"],
        created_at=(LONG_AGO + timedelta(days=2)).isoformat(),
    )  # fmt: skip
    lines = b"\n".join(json.dumps(one).encode() for one in (second, other()))
    answer = await world.client.post(
        f"/feedback/connections/{generic['id']}/bulk",
        content=lines,
        headers=world.as_() | {"content-type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    await world.worker.drain()
    await asyncio.gather(*(world.worker.drain() for _ in range(2)))
    # and who it is, as a reading over REST tells it
    state = TicketFields(requester_key=KEY, requester_name=NAME, requester_email=EMAIL)
    async with world.db.transaction() as session:
        connection = await find_connection(session, "generic")
        assert connection is not None
        said = Normalised("T-100", Version(LONG_AGO + timedelta(days=3)), state)
        await apply(session, world.app.state.sealer, connection, [said])
    # a dead letter: genuine, about them, and never understood
    broken = {"at": "not a time", "ticket": {"id": "T-300", "requester": KEY}, "x": CANARIES["dead letter"]}
    await stored_dead(world, generic, json.dumps(broken).encode())
    escaped = json.dumps({"at": "?", "who": NAME, "x": CANARIES["escaped"]}).encode()
    await stored_dead(world, generic, escaped)
    await world.worker.drain()
    return generic


def other() -> dict[str, Any]:
    """Somebody else's ticket, that has to stay as it is."""
    whole = json.dumps(document("T-900", LONG_AGO))
    for number, one in enumerate([*EVERYTHING, json.dumps(NAME)[1:-1]]):
        whole = whole.replace(one, f"kept-{number}")
    told: dict[str, Any] = json.loads(whole.replace("T-900-m", "T-900-m"))
    return told


async def stored_dead(world: World, connection: dict[str, Any], body: bytes) -> None:
    """As if an older version of the product had taken it in: the door itself would refuse it now."""
    from services.feedback.inbox import queries as inbox
    from shared import clock
    from shared.ids import new_id

    async with world.db.transaction() as session:
        row = (new_id(), connection["id"], 0, f"broken-{uuid4().hex}", json.dumps({"x": EMAIL}), body, b"")
        assert await inbox.store_in(session, [row], clock.now())


async def find(world: World, **by: Any) -> list[dict[str, Any]]:
    asked = {"purpose": "They asked to be forgotten."} | by
    return list((await world.post("/feedback/requesters/find", asked, status=200))["requesters"])


async def erase(world: World, requester: str) -> dict[str, Any]:
    lead = await world.person("lead")
    reason = {"reason": "They asked to be forgotten."}
    erasure = await world.post(f"/feedback/requesters/{requester}/erase", reason, by=lead)
    await world.post(f"/feedback/erasures/{erasure['id']}/approve", status=200)
    await world.worker.drain()
    return dict(await world.get(f"/feedback/erasures/{erasure['id']}"))


async def test_an_erased_person_is_nowhere_and_no_figure_changes(
    world: World, postgres: str, database_url: str
) -> None:
    # given twenty canaries of one person behind every door, somebody at work on one of their tickets
    await plant(world)
    specialist = await world.person("specialist")
    audit = await world.post(
        "/audit/audits/claim-next", by=specialist, status=200, **{"idempotency-key": "an answer that is kept"}
    )
    assert audit["evidence"]["messages"]
    before = await figures(world)
    assert sum(bool(values and values[0]["n"]) for values in before.values()) >= 10
    assert len(found_in(await dumped(database_url))) >= 10
    # when the person is found by their address, and erased
    [person] = await find(world, email=EMAIL.upper())
    assert person["tickets"] == 2
    erasure = await erase(world, person["id"])
    # then it says what it did
    assert erasure["state"] == "done"
    assert (erasure["proof"]["tickets"], erasure["proof"]["mentions"]) == (2, 4)
    # and nothing is found in any row, nor in a copy of them all
    assert found_in(await dumped(database_url)) == []
    # nor with all the keys there are
    opened = await unsealed(world)
    assert found_in(f"{opened.people} {opened.texts}") == []
    # and every figure is what it was
    assert await figures(world) == before
    # and others are as they were
    assert "kept-" in await dumped(database_url)
    # and they are found no more
    assert await find(world, email=EMAIL) == []
    await world.post(
        f"/feedback/requesters/{person['id']}/identity", {"purpose": "Just looking at it"}, status=409
    )


async def test_what_is_told_later_of_an_erased_person_keeps_no_words(world: World, database_url: str) -> None:
    # given a person who is erased
    generic = await plant(world)
    [person] = await find(world, connection_id=generic["id"], external_key=KEY)
    await erase(world, person["id"])
    # when the help desk tells of them again: a new ticket, and words in somebody else's
    told = document("T-400", LONG_AGO + timedelta(days=90), subject=CANARIES["late"])
    elsewhere = other() | {
        "at": (LONG_AGO + timedelta(days=91)).isoformat(),
        "messages": [
            {
                "id": "T-900-late", "sent_at": LONG_AGO.isoformat(), "author_kind": "requester",
                "author": {"id": KEY, "name": NAME}, "body": CANARIES["late"],
            }
        ],
    }  # fmt: skip
    for number, one in enumerate((told, elsewhere)):
        answer = await genuine("generic", f"9{number}", body=json.dumps(one).encode()).posted(world)
        assert answer.status_code == 200, answer.text
    await world.worker.drain()
    # then the tickets are there, and none of the words
    assert found_in(await dumped(database_url)) == []
    known = {one["external_id"] for one in (await world.get("/feedback/tickets"))["items"]}
    assert known == {"T-100", "T-200", "T-400", "T-900"}
    # and it is known that all three are the same person's
    async with world.db.transaction() as session:
        from sqlalchemy import text

        keys = await session.scalars(text("SELECT requester_key FROM ticket WHERE is_erased"))
        assert len(set(keys)) == 1


async def test_a_restored_backup_is_told_again_whom_to_forget(
    world: World, postgres: str, database_url: str, backup: str
) -> None:
    # given a backup from before a person was erased
    await plant(world)
    [person] = await find(world, email=EMAIL)
    name = backup.rsplit("/", 1)[1]
    for close in (*world.app.state.at_the_end, world.worker.db.close, world.db.close):
        await close()  # nobody may be in the database that is copied
    run_sql(postgres, f"CREATE DATABASE {name} TEMPLATE {database_url.rsplit('/', 1)[1]}")
    await erase(world, person["id"])
    async with world.db.transaction() as session:
        told = await erasing.export_erasures(session)
    assert found_in(json.dumps(told)) == []
    assert len(found_in(await dumped(backup))) >= 10
    # when the list is applied to what was restored, twice
    from services.run import create_app

    restored = world.app.state.settings.model_copy(update={"database_url": backup})
    async with World(create_app(restored)) as other_world:
        for _ in range(2):
            for one in told:
                async with other_world.db.transaction() as session:
                    await erasing.reapply(session, other_world.app.state.sealer, one)
        await other_world.worker.drain()
        await other_world.db.close()
    # then the person is nowhere in it either
    assert found_in(await dumped(backup)) == []


@pytest.fixture
def backup(postgres: str) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    yield beside(postgres, name)
    run_sql(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _zendesk(number: str) -> list[bytes]:
    ticket = DemoTicket(number, f"{CANARIES['subject']} {EMAIL}", LONG_AGO, requester="9920455120377")
    ticket.created()
    ticket.comment(timedelta(minutes=1), f"{CANARIES['body']} {NAME}", by="requester")
    ticket.assign(timedelta(minutes=2))
    ticket.comment(timedelta(minutes=3), f"Dear {NAME}: {CANARIES['quote']}", by="agent")
    ticket.comment(timedelta(minutes=4), f"{CANARIES['note']}", by="agent", public=False)
    ticket.rate(timedelta(hours=1), "GOOD", f"{CANARIES['comment']} {NAME}")
    named = [body.replace("Élodie Martin".encode(), NAME.encode()) for body in ticket.bodies]
    return [
        body.replace(b'"organization_id": null', f'"organization_id": "{KEY}"'.encode()) for body in named
    ]


def _salesforce(number: str) -> list[bytes]:
    record = {
        "Id": f"5005g{number:0>10}AAA", "Subject": CANARIES["subject"],
        "Description": CANARIES["description"],
        "SuppliedName": NAME, "SuppliedEmail": EMAIL, "ContactId": "0035g00000XyZaBAAV",
        "CreatedDate": "2026-03-04T08:11:02Z", "SystemModstamp": "2026-03-04T10:44:01Z", "Status": "New",
    }  # fmt: skip
    return [json.dumps({"org_id": ORG, "sobject": "Case", "record": record}).encode()]


def _soap(number: str) -> list[bytes]:
    whole = soap(f"5005g{number:0>10}AAA").decode()
    more = f"<sf:SuppliedName>{NAME}</sf:SuppliedName><sf:SuppliedEmail>{EMAIL}</sf:SuppliedEmail>"
    told = whole.replace(
        "<sf:Subject>Tent leaks</sf:Subject>", f"{more}<sf:Subject>{KEY} {NAME}</sf:Subject>"
    )
    return [told.encode()]


def _freshdesk(number: str) -> list[bytes]:
    said = {
        "ticket_id": number, "ticket_subject": CANARIES["subject"], "ticket_status": "Open",
        "ticket_description": f"{CANARIES['description']} {NAME}", "ticket_contact_name": NAME,
        "ticket_contact_email": EMAIL, "ticket_requester_name": NAME, "ticket_requester_email": EMAIL,
        "ticket_latest_public_comment": CANARIES["body"],
    }  # fmt: skip
    return [json.dumps({"freshdesk_webhook": said}).encode()]


BODIES = {"zendesk": _zendesk, "salesforce": _salesforce, "soap": _soap, "freshdesk": _freshdesk}


@pytest.mark.parametrize("door", BODIES)
async def test_whatever_help_desk_told_of_a_person_they_are_nowhere_afterwards(
    world: World, database_url: str, door: str
) -> None:
    # given what this help desk says of a person
    connection = await furnish(world, door)
    await world.plan(connection["id"])
    for body in BODIES[door]("77"):
        answer = await genuine(door, "77", body=body).posted(world)
        assert answer.status_code == 200, answer.text
    await world.worker.drain()
    planted = found_in(await dumped(database_url))
    assert planted
    # when the person is found by the ticket, and erased
    [ticket] = (await world.get("/feedback/tickets"))["items"]
    [person] = await find(world, ticket_id=ticket["id"])
    assert (await erase(world, person["id"]))["state"] == "done"
    # then nothing of what was planted is left
    assert found_in(await dumped(database_url)) == []
    # and what comes again changes nothing about that
    for body in BODIES[door]("77"):
        again = body.replace(b'"demo-', b'"again-') + b" "
        await genuine(door, "78", body=again).posted(world)
    await world.worker.drain()
    assert found_in(await dumped(database_url)) == []
