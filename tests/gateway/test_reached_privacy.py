"""GraphQL: what was sent, who sent it, erasures, holds and retention, as the feedback service has them."""

from datetime import timedelta
from typing import Any

import pytest
from quick_tickets import solved, ticket_of
from sqlalchemy import select
from statements import counted
from test_mutations import PROBLEM, mutate
from test_reads import NOWHERE, data, refused
from words import fields, told
from world import LONG_AGO, World

from services.demo.zendesk import DemoTicket
from shared.models.queue import IdempotencyKey

PURPOSE = "A complaint about this ticket"
BY = ("requested_by", "decided_by", "placed_by", "released_by")


@pytest.fixture
async def ticket(world: World) -> str:
    """Of somebody who wrote in it, and rated it."""
    connection = await world.connection()
    one = DemoTicket("1", "A question", LONG_AGO)
    one.created()
    one.comment(timedelta(0), "How does it work?", by="requester")
    one.rate(timedelta(hours=1), "good", "Write to ada@example.com.")
    await world.tell(one)
    return ticket_of(connection, 1)


async def requester(world: World, ticket: str) -> dict[str, Any]:
    body = {"purpose": PURPOSE, "ticket_id": ticket}
    found = await world.post("/feedback/requesters/find", body, status=200)
    return dict(found["requesters"][0])


async def done(world: World, asked: str, answer: str, by: str | None = None, **variables: str) -> Any:
    """Of `name(argument: $variable)`, whose variables are ids, `why` and `word`."""
    kinds = {"why": "String!", "word": "String"}
    declared = ", ".join(f"${name}: {kinds.get(name, 'UUID!')}" for name in variables)
    query = f"mutation M({declared}) {{ {asked} {{ __typename {answer} {PROBLEM} }} }}"
    return await mutate(world, query, by=by, **variables)


# ---- Opening -----------------------------------------------------------------------------------------

OPENED = {
    "originals.open": "openOriginal(ticketId: $id, purpose: $why)",
    "requesters.find": "findRequesters(ticketId: $id, purpose: $why)",
    "requesters.open": "openRequesterIdentity(requesterId: $id, purpose: $why)",
    "requesters.export": "exportRequester(requesterId: $id, purpose: $why)",
}
"""Action → how it is asked for."""


async def openings(world: World, ticket: str) -> dict[str, tuple[str, str, Any]]:
    """Action → (id, type, what REST tells)."""
    person = (await requester(world, ticket))["id"]
    paths = {
        "originals.open": (ticket, "Original", f"/feedback/tickets/{ticket}/original"),
        "requesters.find": (ticket, "FoundRequesters", "/feedback/requesters/find"),
        "requesters.open": (person, "RequesterIdentity", f"/feedback/requesters/{person}/identity"),
        "requesters.export": (person, "AccessExport", f"/feedback/requesters/{person}/access-export"),
    }
    found = {}
    for action, (one, kind, path) in paths.items():
        body = {"purpose": PURPOSE} | ({"ticket_id": ticket} if action == "requesters.find" else {})
        rest = await world.post(path, body, status=200)
        found[action] = (one, kind, told(rest, as_it_is={"custom_fields", "extra"} | holding(action)))
    return found


def holding(action: str) -> set[str]:
    """The tickets of an export are told as they are; of a requester, it is how many."""
    return {"tickets"} if action == "requesters.export" else set()


async def test_what_is_sealed_is_opened_as_in_rest_and_noted(world: World, ticket: str) -> None:
    for action, (one, kind, rest) in (await openings(world, ticket)).items():
        shown = f"... on {kind} {{ {fields(rest)} }}"
        lead = await world.person("lead")
        answer = await done(world, OPENED[action], shown, by=lead, id=one, why=f"{PURPOSE} {action}")
        for document in (answer, rest):
            document.pop("exportedAt", None)
        assert answer == {"__typename": kind} | rest, action
        # then the trail says who it was, and why
        noted = (await world.get(f"/people/trail?actor_id={lead}&action={action}"))["items"]
        assert [entry["purpose"] for entry in noted] == [f"{PURPOSE} {action}"]
    assert rest["tickets"], "there is something in it"


async def test_without_a_purpose_or_the_right_nothing_is_opened(world: World, ticket: str) -> None:
    agent = await world.person("specialist")
    for action, (one, *_) in (await openings(world, ticket)).items():
        short = await done(world, OPENED[action], "", id=one, why="why")
        assert (short["status"], [fault["pointer"] for fault in short["errors"]]) == (422, ["/purpose"])
        problem = await done(world, OPENED[action], "", by=agent, id=one, why=PURPOSE)
        assert problem["type"] == "/problems/forbidden"


async def test_no_answer_that_opens_something_is_kept_for_a_repeat(world: World, ticket: str) -> None:
    # given openings with an idempotency key, each asked twice
    for action, (one, kind, _) in (await openings(world, ticket)).items():
        text = f"mutation M($id: UUID!, $why: String!) {{ {OPENED[action]} {{ __typename }} }}"
        headers = world.as_() | {"idempotency-key": action}
        for _ in range(2):
            asked = {"query": text, "variables": {"id": one, "why": PURPOSE}}
            answer = (await world.client.post("/graphql", json=asked, headers=headers)).json()
            assert list(answer["data"].values()) == [{"__typename": kind}]
    # then nothing is kept of what they were told
    async with world.db.transaction() as session:
        kept = (await session.scalars(select(IdempotencyKey))).all()
    assert {one.key: one.answer for one in kept} == {action: {} for action in OPENED}


async def test_somebody_is_found_by_one_way_only(world: World, ticket: str) -> None:
    asked = "findRequesters(ticketId: $id, email: $word, purpose: $why)"
    both = await done(world, asked, "", id=ticket, word="ada@example.com", why=PURPOSE)
    assert both["status"] == 422
    by_mail = "findRequesters(email: $word, purpose: $why)"
    shown = "... on FoundRequesters { requesters { id } }"
    assert (await done(world, by_mail, shown, word="ada@example.com", why=PURPOSE))["requesters"] == []


# ---- Erasures ----------------------------------------------------------------------------------------


async def test_an_erasure_is_asked_for_by_one_and_approved_by_another(world: World, ticket: str) -> None:
    person = (await requester(world, ticket))["id"]
    shown = "... on Erasure { id state requesterId requestedBy { id } decidedBy { id } }"
    first, second = await world.person("lead"), await world.person("lead")
    asked = await done(
        world, "requestErasure(requesterId: $id, reason: $why)", shown, by=first, id=person, why=PURPOSE
    )
    assert (asked["state"], asked["requesterId"], asked["decidedBy"]) == ("requested", person, None)
    assert asked["requestedBy"] == {"id": first}
    # when whoever asked approves it, then that is refused
    approve = "approveErasure(erasureId: $id)"
    alone = await done(world, approve, shown, by=first, id=asked["id"])
    assert alone["type"] == "/problems/second-person-needed"
    approved = await done(world, approve, shown, by=second, id=asked["id"])
    assert (approved["state"], approved["decidedBy"]) == ("approved", {"id": second})
    # then it is done, and one and all are what REST tells
    await world.worker.drain()
    rest = told(await world.get(f"/feedback/erasures/{asked['id']}"), BY)
    assert (rest["state"], bool(rest["proof"])) == ("done", True)
    query = f"""query E($id: UUID!) {{
      erasure(id: $id) {{ {fields(rest)} }} erasures {{ totalCount nodes {{ {fields(rest)} }} }}
    }}"""
    found = await data(world, query, id=asked["id"])
    assert found == {"erasure": rest, "erasures": {"totalCount": 1, "nodes": [rest]}}
    assert (await data(world, query, id=NOWHERE))["erasure"] is None
    # and who is forgotten has no name any more
    gone = await done(world, OPENED["requesters.open"], "", id=person, why=PURPOSE)
    assert gone["type"] == "/problems/requester-erased"


async def test_an_erasure_is_refused_once(world: World, ticket: str) -> None:
    person = (await requester(world, ticket))["id"]
    ask, refuse = (
        "requestErasure(requesterId: $id, reason: $why)",
        "refuseErasure(erasureId: $id, reason: $why)",
    )
    shown = "... on Erasure { id state }"
    asked = await done(world, ask, shown, id=person, why=PURPOSE)
    assert (await done(world, refuse, shown, id=asked["id"], why="No."))["state"] == "refused"
    assert (await done(world, refuse, shown, id=asked["id"], why="No."))["status"] == 409


# ---- Holds and time ----------------------------------------------------------------------------------


async def test_a_hold_is_placed_listed_and_released(world: World, ticket: str) -> None:
    place = "placeLegalHold(ticketId: $id, reason: $why)"
    shown = "... on LegalHold { id ticketId requesterId releasedAt placedBy { role } releasedBy { role } }"
    held, other = [await done(world, place, shown, id=ticket, why=PURPOSE) for _ in range(2)]
    assert (held["ticketId"], held["requesterId"], held["placedBy"]) == (ticket, None, {"role": "admin"})
    released = await done(world, "releaseLegalHold(holdId: $id)", shown, id=held["id"])
    assert (released["releasedAt"] is not None, released["releasedBy"]) == (True, {"role": "admin"})
    # then all, those that hold, and those that do not, are what REST lists
    for argument, parameter, many in (("", "", 2), ("(isActive: true)", "?is_active=true", 1),
                                      ("(isActive: false)", "?is_active=false", 1)):  # fmt: skip
        rest = told((await world.get(f"/feedback/legal-holds{parameter}"))["items"], BY)
        query = f"{{ legalHolds{argument} {{ totalCount nodes {{ {fields(rest)} }} }} }}"
        assert (await data(world, query))["legalHolds"] == {"totalCount": many, "nodes": rest}
    # and of neither, or of nothing, there is none
    nothing = await done(world, "placeLegalHold(reason: $why)", shown, why=PURPOSE)
    assert (nothing["__typename"], nothing["status"]) == ("Problem", 422)
    assert other["id"] != held["id"]


async def test_many_holds_take_as_many_statements_as_few(world: World, ticket: str) -> None:
    body = {"ticket_id": ticket, "reason": PURPOSE}
    for _ in range(6):
        hold = await world.post("/feedback/legal-holds", body, by=await world.person("lead"))
        await world.post(f"/feedback/legal-holds/{hold['id']}/release", status=200)
    query = """query H($first: Int!) {
      legalHolds(first: $first) { nodes { placedBy { id } releasedBy { id } } }
    }"""
    found = {}
    for first in (2, 6):
        with counted(world.app.state.reads) as statements:
            nodes = (await data(world, query, first=first))["legalHolds"]["nodes"]
        assert len({node["placedBy"]["id"] for node in nodes}) == first
        found[first] = len(statements)
    assert found == {2: 4, 6: 4}, "how long it may take, who asks, the page, and all people in it"


async def test_how_long_things_are_kept_is_read_and_changed(world: World) -> None:
    rest = told(await world.get("/feedback/retention"))
    query = f"{{ retention {{ {fields(rest)} }} }}"
    assert (await data(world, query))["retention"] == rest
    change = f"""mutation C($days: Int!) {{ changeRetention(dataClass: "texts", keepDays: $days) {{
      __typename ... on Retention {{ dataClass keepDays changedAt }} {PROBLEM}
    }} }}"""
    changed = await mutate(world, change, days=40)
    assert (changed.pop("__typename"), changed["keepDays"]) == ("Retention", 40)
    assert changed in (await data(world, query))["retention"]
    assert (await mutate(world, change, days=0))["errors"][0]["pointer"] == "/keep_days"
    lead = await world.person("lead")
    assert (await mutate(world, change, by=lead, days=50))["type"] == "/problems/forbidden"


async def test_whoever_is_no_lead_learns_of_none_of_it(world: World, ticket: str) -> None:
    analyst = await world.person("analyst")
    await world.tell(solved(2))
    for query in (
        "{ erasures { totalCount } }", "{ legalHolds { totalCount } }", "{ retention { keepDays } }",
        "{ connections { totalCount } }", f'{{ pulls(connectionId: "{NOWHERE}") {{ totalCount }} }}',
    ):  # fmt: skip
        assert await refused(world, query, by=analyst) == "FORBIDDEN"
