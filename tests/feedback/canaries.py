"""One person's traces behind every door there is, and ways to find each of them again."""

import asyncio
import base64
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from doors import ORG, furnish, genuine, soap
from world import LONG_AGO, World

from services.demo.zendesk import DemoTicket
from services.feedback.connections.queries import find_connection
from services.feedback.intake.normalised import Normalised, TicketFields, Version
from services.feedback.intake.service import apply
from services.feedback.intake.sources.csv import match_files
from services.feedback.intake.sources.csv_mapping import Mapping, find_mapping
from services.importing import run_import
from services.kpi.values.catalogue import CATALOGUE
from shared.embedded_postgres import EmbeddedPostgres

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


# ---- Looking for them ----------------------------------------------------------------------------------


def dumped(server: EmbeddedPostgres, url: str) -> str:
    """A logical backup, with the planner's statistics."""
    plain = url.replace("+asyncpg", "")
    command = [str(server.program("pg_dump")), "--statistics", f"--dbname={plain}"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def backup(server: EmbeddedPostgres, url: str) -> str:
    """The text of a logical backup; and all that is bytes or escaped in it, as it is."""
    text = dumped(server, url)
    raw = (bytes.fromhex(found) for found in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", text))
    return "\n".join([text, text.replace("\\\\", "\\"), *(one.decode("utf-8", "replace") for one in raw)])


def restore(server: EmbeddedPostgres, text: str, url: str) -> None:
    """Into an empty database."""
    plain = url.replace("+asyncpg", "")
    command = [str(server.program("psql")), "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={plain}"]
    subprocess.run(command, input=text.encode(), capture_output=True, check=True)


def found_in(text: str) -> list[str]:
    """The canaries that are in it, however they are written."""
    folded = text.casefold()
    return [one for one in EVERYTHING if any(way.casefold() in folded for way in _ways(one))]


def _ways(canary: str) -> Iterator[str]:
    yield canary
    yield json.dumps(canary)[1:-1]
    yield quote(canary)
    yield canary.encode().hex()
    yield canary.encode("utf-16-le").hex()
    for shift in range(3):  # in base64 it depends on what stands before
        yield base64.b64encode(b"x" * shift + canary.encode()).decode()[shift + 1 : -4]


# ---- Planting them ---------------------------------------------------------------------------------------


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


async def write_about(world: World, tickets: set[str]) -> str:
    """A specialist reviews the audits of these tickets, an agent appeals, a lead rules and another gives an
    audit back: each of them names the person. Returns the agent."""
    specialist, lead = await world.person("specialist"), await world.person("lead")
    said, agent = f"{NAME} wrote twice, see {EMAIL}.", ""
    for _ in range(3):
        audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
        path = f"/audit/audits/{audit['id']}"
        ticket = await world.get(f"/feedback/tickets/{audit['ticket_id']}")
        words = said if ticket["external_id"] in tickets else "Nothing to say."
        await world.post(f"{path}/release", {"reason": words}, by=specialist, status=200)
        await world.post(f"{path}/claim", by=specialist, status=200)
        answers = [
            {"criterion": name, "value": value, "comment": words}
            for name, value in (("greeting", 0), ("solution", 4), ("privacy", 1))
        ]
        review = await world.post(f"{path}/reviews", {"answers": answers, "summary": words}, by=specialist)
        agent = review["agent_id"]
        point = {"criterion": "greeting", "proposed_value": 1, "text": words}
        new = {"review_id": review["id"], "reason": "scorecard_misread", "points": [point]}
        appeal = await world.post("/appeals", new, by=agent)
        await world.post(f"/appeals/{appeal['id']}/take", by=lead, status=200)
        ruling = {"outcome": "upheld", "reason": "review_correct", "text": words, "changes": []}
        await world.post(f"/appeals/{appeal['id']}/ruling", ruling, by=lead, status=200)
    return agent


CSV = f"""issueid,id,comment_seq,created,author,author_role,is_private,actionbody
C-1,1,1,2026-03-02T09:00:00+00:00,{KEY},reporter,0,"{CANARIES["csv"]} of {NAME}, {EMAIL}"
C-1,2,2,2026-03-02T10:00:00+00:00,a1,assignee,0,"Dear {NAME}."
"""
SCORED = "id,turn_no,started,ended,assignee,Notes,type,priority,reporter,Q1,Q2,Q3\n"


async def import_file(world: World, folder: Path) -> None:
    """As `assay import` does."""
    mapping = Mapping.load(find_mapping("helpdesk_qa"))
    paths = [folder / "utterances.csv", folder / "scored.csv"]
    for path, text in zip(paths, (CSV, SCORED), strict=True):
        path.write_text(text)
    report = await run_import(
        world.worker.db,
        world.app.state.sealer,
        mapping,
        match_files(mapping, paths),
        dry_run=False,
        progress=lambda _: None,
    )
    assert report.tickets == 1, report
    await world.worker.drain()


async def stored_dead(
    world: World, connection: dict[str, Any], body: bytes, headers: dict[str, str] | None = None
) -> None:
    """As if an older version of the product had taken it in: the door itself would refuse it now."""
    from services.feedback.inbox import queries as inbox
    from shared import clock
    from shared.ids import new_id

    told = json.dumps({"x": EMAIL} if headers is None else headers)
    async with world.db.transaction() as session:
        row = (new_id(), connection["id"], 0, f"broken-{uuid4().hex}", told, body, b"")
        assert await inbox.store_in(session, [row], clock.now())


async def find(world: World, **by: Any) -> list[dict[str, Any]]:
    asked = {"purpose": "They asked to be forgotten."} | by
    return list((await world.post("/feedback/requesters/find", asked, status=200))["requesters"])


async def erase(world: World, requester: str, reason: str = "They asked to be forgotten.") -> dict[str, Any]:
    lead = await world.person("lead")
    erasure = await world.post(f"/feedback/requesters/{requester}/erase", {"reason": reason}, by=lead)
    await world.post(f"/feedback/erasures/{erasure['id']}/approve", status=200)
    await world.worker.drain()
    return dict(await world.get(f"/feedback/erasures/{erasure['id']}"))


# ---- What each help desk says of them --------------------------------------------------------------


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
