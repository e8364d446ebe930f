"""GraphQL: connections, dead letters, pulls and what happened to tickets, as the feedback service has
them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from quick_tickets import solved, ticket_of
from statements import counted
from test_mutations import PROBLEM, mutate
from test_reads import NOWHERE, data
from words import fields, told
from world import SECRET, World

API = {"base_url": "https://example.zendesk.com", "user": "bot@example.com", "secret": "an API token"}


async def dead_letter(world: World, number: int) -> None:
    broken = json.loads(solved(number).bodies[0])
    del broken["detail"]["id"]
    assert (await world.webhook(json.dumps(broken).encode())).status_code == 200
    await world.worker.drain()


async def done(world: World, mutation: str, answer: str, by: str | None = None, **variables: Any) -> Any:
    """Of `name(argument: $variable)`; ids and texts are told apart by how they look."""
    kinds = {"id": "UUID!", "letter": "UUID!", "settings": "JSON", "api": "HelpDeskApiInput"}
    declared = ", ".join(f"${name}: {kinds.get(name, 'String')}" for name in variables)
    query = f"mutation M({declared}) {{ {mutation} {{ __typename {answer} {PROBLEM} }} }}"
    return await mutate(world, query.replace("M()", "M"), by=by, **variables)


# ---- Connections -------------------------------------------------------------------------------------


async def test_a_help_desk_is_connected_and_told_as_rest_tells_it_without_its_secrets(world: World) -> None:
    # given a new connection with its secrets
    query = f"""mutation C($api: HelpDeskApiInput, $settings: JSON!) {{
      connectHelpDesk(
        platform: "zendesk", key: "zd", name: "Zendesk", accountId: "20417733", secret: "{SECRET}",
        settings: $settings, api: $api, rawKeptDays: 7
      ) {{ __typename ... on HelpDesk {{ id }} {PROBLEM} }}
    }}"""
    api = {"baseUrl": API["base_url"], "user": API["user"], "secret": API["secret"]}
    settings = {"brands": {"360002417811": "Main"}}
    made = await mutate(world, query, api=api, settings=settings)
    assert made["__typename"] == "HelpDesk", made
    # then one and all are what REST tells
    rest = told(await world.get(f"/feedback/connections/{made['id']}"))
    assert (rest["rawKeptDays"], rest["settings"]["brands"]) == (7, settings["brands"])
    read = f"query C($id: UUID!) {{ connection(id: $id) {{ {fields(rest)} }} }}"
    assert (await data(world, read, id=made["id"]))["connection"] == rest
    assert (await data(world, read, id=NOWHERE))["connection"] is None
    every = f"{{ connections {{ totalCount nodes {{ {fields(rest)} }} }} }}"
    answer = (await data(world, every))["connections"]
    assert answer == {"totalCount": 1, "nodes": [rest]}
    assert not [one for one in (SECRET, API["secret"]) if one in json.dumps(answer)]


async def test_what_does_not_fit_a_platform_is_the_owners_problem(world: World) -> None:
    query = f"""mutation {{ connectHelpDesk(
      platform: "zendesk", key: "zd", name: "Z", accountId: "1", secret: "{SECRET}", token: "{SECRET}"
    ) {{ __typename {PROBLEM} }} }}"""
    problem = await mutate(world, query)
    assert (problem["__typename"], problem["status"]) == ("Problem", 422)
    assert [one["pointer"] for one in problem["errors"]] == ["/token"]


async def test_a_connection_is_changed_where_it_is_still_what_was_seen(world: World) -> None:
    made = await world.connection()
    query = """query C($id: UUID!) { connection(id: $id) { version name scheduleId api } }"""
    seen = (await data(world, query, id=made["id"]))["connection"]
    answer = await world.client.get(f"/feedback/connections/{made['id']}", headers=world.as_())
    assert seen["version"] == answer.headers["etag"]
    # when only the name is given, then the rest stays
    change = "changeConnection(connectionId: $id, name: $name, ifMatch: $match)"
    shown = "... on HelpDesk { name scheduleId version api }"
    changed = await done(world, change, shown, id=made["id"], name="New", match=seen["version"])
    assert (changed["name"], changed["scheduleId"]) == ("New", made["schedule_id"])
    # when it is another by now, then nothing is changed
    late = await done(world, change, shown, id=made["id"], name="Late", match=seen["version"])
    assert (late["status"], late["type"]) == (412, "/problems/precondition-failed")
    # and null takes away
    asked = "changeConnection(connectionId: $id, scheduleId: null, api: $api)"
    api = {"baseUrl": API["base_url"], "user": API["user"], "secret": API["secret"]}
    bare = await done(world, asked, shown, id=made["id"], api=api)
    assert (bare["name"], bare["scheduleId"]) == ("New", None)
    assert bare["api"] == {"base_url": API["base_url"], "user": API["user"]}


async def test_a_connection_is_paused_resumed_and_gets_another_secret(world: World) -> None:
    made = await world.connection()
    shown = "... on HelpDesk { isPaused previousSecretEndsAt }"
    for verb, is_paused in (("pause", True), ("resume", False)):
        answer = await done(world, f"{verb}Connection(connectionId: $id)", shown, id=made["id"])
        assert (answer["isPaused"], answer["previousSecretEndsAt"]) == (is_paused, None)
    # when it is rotated, then what is signed with the new one comes in
    rotate = "rotateConnectionSecret(connectionId: $id, secret: $secret, overlapHours: 2)"
    new = "another secret for tests"
    answer = await done(world, rotate, shown, id=made["id"], secret=new)
    assert answer["previousSecretEndsAt"] is not None
    for secret in (new, SECRET):
        assert (await world.webhook(solved(1).bodies[0], secret=secret)).status_code == 200
    # and whoever may not is told so
    lead = await world.person("lead")
    problem = await done(world, "pauseConnection(connectionId: $id)", shown, by=lead, id=made["id"])
    assert problem["type"] == "/problems/forbidden"


async def test_how_a_connection_is_doing_is_what_rest_says(world: World) -> None:
    made = await world.connection()
    await dead_letter(world, 1)
    rest = told(await world.get(f"/feedback/connections/{made['id']}/health"))
    assert (rest["dead"], rest["received24h"], rest["deadRate24h"]) == (1, 1, 1.0)
    query = f"query H($id: UUID!) {{ connectionHealth(connectionId: $id) {{ {fields(rest)} }} }}"
    assert (await data(world, query, id=made["id"]))["connectionHealth"] == rest
    assert (await data(world, query, id=NOWHERE))["connectionHealth"] is None


# ---- Dead letters ------------------------------------------------------------------------------------

LETTERS = """query L($id: UUID!, $first: Int = 20, $after: String, $reason: String,
$from: DateTime, $to: DateTime) {
  deadLetters(
    connectionId: $id, first: $first, after: $after, reason: $reason, receivedFrom: $from, receivedTo: $to
  ) { totalCount nodes { id sourceKey receivedAt attempts reason } pageInfo { endCursor hasNextPage } }
}"""


@pytest.fixture
async def broken(world: World) -> dict[str, Any]:
    """A connection with three dead letters."""
    made = await world.connection()
    for number in range(3):
        await dead_letter(world, number)
    return made


async def test_dead_letters_are_those_of_rest_page_by_page(world: World, broken: dict[str, Any]) -> None:
    rest = told((await world.get(f"/feedback/connections/{broken['id']}/dead-letters"))["items"])
    whole = (await data(world, LETTERS, id=broken["id"]))["deadLetters"]
    assert whole["nodes"] == rest
    assert whole["totalCount"] == len(rest) == 3
    first = (await data(world, LETTERS, id=broken["id"], first=2))["deadLetters"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await data(world, LETTERS, id=broken["id"], first=2, after=cursor))["deadLetters"]
    assert [*first["nodes"], *second["nodes"]] == rest
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    # and another connection has none of them
    other = await world.connection("other")
    assert (await data(world, LETTERS, id=other["id"]))["deadLetters"]["totalCount"] == 0


async def test_dead_letters_narrow_down_as_in_rest(world: World, broken: dict[str, Any]) -> None:
    path = f"/feedback/connections/{broken['id']}/dead-letters"
    middle = (await world.get(path))["items"][1]["received_at"]
    ways = {
        "reason": ("reason", "TEXT IS"), "nothing": ("reason", "is%here"),
        "from": ("received_from", middle), "to": ("received_to", middle),
    }  # fmt: skip
    found = {}
    for name, (parameter, value) in ways.items():
        variable = parameter.removeprefix("received_")
        answer = await world.client.get(path, params={parameter: value}, headers=world.as_())
        page = (await data(world, LETTERS, id=broken["id"], **{variable: value}))["deadLetters"]
        assert page["nodes"] == told(answer.json()["items"]), name
        found[name] = page["totalCount"]
    assert found == {"reason": 3, "nothing": 0, "from": 2, "to": 1}


async def test_a_dead_letter_is_shown_without_what_people_wrote(world: World, broken: dict[str, Any]) -> None:
    path = f"/feedback/connections/{broken['id']}/dead-letters"
    letter = (await world.get(path))["items"][0]["id"]
    rest = told(await world.get(f"{path}/{letter}"))
    query = f"""query L($id: UUID!, $letter: UUID!) {{
      deadLetter(connectionId: $id, deliveryId: $letter) {{ {fields(rest)} }}
    }}"""
    assert (await data(world, query, id=broken["id"], letter=letter))["deadLetter"] == rest
    assert rest["shape"], "it looks like something"
    # and through another connection there is none
    other = await world.connection("other")
    assert (await data(world, query, id=other["id"], letter=letter))["deadLetter"] is None


async def test_dead_letters_are_tried_again_one_by_one_or_as_the_filters_say(
    world: World, broken: dict[str, Any]
) -> None:
    letters = (await world.get(f"/feedback/connections/{broken['id']}/dead-letters"))["items"]
    shown = "... on Replayed { replayed }"
    one = "replayDeadLetter(connectionId: $id, deliveryId: $letter)"
    answer = await done(world, one, shown, id=broken["id"], letter=letters[0]["id"])
    assert answer == {"__typename": "Replayed", "replayed": 1}
    left = (await data(world, LETTERS, id=broken["id"]))["deadLetters"]["nodes"]
    assert [letter["id"] for letter in left] == [letter["id"] for letter in letters[1:]]
    again = await done(world, one, shown, id=broken["id"], letter=letters[0]["id"])
    assert (again["__typename"], again["status"]) == ("Problem", 404)
    some = "replayDeadLetters(connectionId: $id, reason: $reason)"
    for reason, many in (("no such reason & more", 0), ("Text is missing", 2)):
        answer = await done(world, some, shown, id=broken["id"], reason=reason)
        assert answer["replayed"] == many


async def test_many_dead_letters_take_as_many_statements_as_few(world: World, broken: dict[str, Any]) -> None:
    found = {}
    for first in (1, 3):
        with counted(world.app.state.reads) as statements:
            page = (await data(world, LETTERS, id=broken["id"], first=first))["deadLetters"]
        assert len(page["nodes"]) == first
        found[first] = len(statements)
    assert found == {1: 4, 3: 4}, "how long it may take, who asks, the page, how many there are"


# ---- Pulls -------------------------------------------------------------------------------------------

SHOWN = "... on Pull { id state connection { key } }"
START = 'startBackfill(connectionId: $id, since: "2026-03-01T00:00:00Z", until: "2026-03-02T00:00:00Z")'


async def test_a_backfill_is_started_followed_and_cancelled(world: World) -> None:
    made = await world.connection(api=API)
    pull = await done(world, START, SHOWN, id=made["id"])
    assert (pull["state"], pull["connection"]) == ("running", {"key": "zd"})
    again = await done(world, START, SHOWN, id=made["id"])
    assert (again["status"], again["type"]) == (409, "/problems/pull-running")
    # then one and all are what REST tells
    rest = told(await world.get(f"/feedback/pulls/{pull['id']}"))
    query = f"""query P($id: UUID!, $pull: UUID!) {{
      pull(id: $pull) {{ {fields(rest)} }}
      pulls(connectionId: $id) {{ totalCount nodes {{ {fields(rest)} }} }}
    }}"""
    found = await data(world, query, id=made["id"], pull=pull["id"])
    assert found == {"pull": rest, "pulls": {"totalCount": 1, "nodes": [rest]}}
    elsewhere = await data(world, query, id=NOWHERE, pull=NOWHERE)
    assert elsewhere == {"pull": None, "pulls": {"totalCount": 0, "nodes": []}}
    # and when it is cancelled, it is over
    cancel = "cancelPull(pullId: $id)"
    assert (await done(world, cancel, SHOWN, id=pull["id"]))["state"] == "cancelled"
    assert (await done(world, cancel, SHOWN, id=pull["id"]))["type"] == "/problems/pull-over"


async def test_a_connection_without_an_api_cannot_be_read(world: World) -> None:
    made = await world.connection()
    problem = await done(world, START, SHOWN, id=made["id"])
    assert (problem["status"], problem["type"]) == (409, "/problems/no-api")
    query = (
        "query P($id: UUID!) { pulls(connectionId: $id) { totalCount nodes { id } } pull(id: $id) { id } }"
    )
    found = await data(world, query, id=made["id"])
    assert found == {"pulls": {"totalCount": 0, "nodes": []}, "pull": None}


async def test_all_pulls_of_a_page_are_asked_at_once_what_they_read(world: World) -> None:
    made = await world.connection(api=API)
    for _ in range(3):
        pull = await done(world, START, SHOWN, id=made["id"])
        await done(world, "cancelPull(pullId: $id)", SHOWN, id=pull["id"])
    query = """query P($id: UUID!, $first: Int!) {
      pulls(connectionId: $id, first: $first) { nodes { connection { key } } }
    }"""
    for first in (1, 3):
        with counted(world.app.state.reads) as statements:
            page = (await data(world, query, id=made["id"], first=first))["pulls"]
        assert page["nodes"] == [{"connection": {"key": "zd"}}] * first
        assert len(statements) == 4, "how long it may take, who asks, the page, its connections"


# ---- What happened to tickets ------------------------------------------------------------------------


async def rated(world: World) -> dict[str, Any]:
    """A connection of three tickets: the first rated with a comment, the second without one."""
    made = await world.connection()
    tickets = [solved(number) for number in range(3)]
    tickets[0].rate(timedelta(hours=1), "good", "Quick and kind.")
    tickets[1].rate(timedelta(hours=1), "good")
    await world.tell(*tickets)
    return made


async def test_a_tickets_history_and_ratings_are_those_of_rest(world: World) -> None:
    made = await rated(world)
    ticket = ticket_of(made, 0)
    events = told(await world.get(f"/feedback/tickets/{ticket}/events"))
    ratings = told(await world.get(f"/feedback/tickets/{ticket}/ratings"))
    query = f"""query T($id: UUID!) {{ ticket(id: $id) {{
      events {{ {fields(events)} }} ratings {{ {fields(ratings)} agent {{ id }} }}
    }} }}"""
    found = (await data(world, query, id=ticket))["ticket"]
    assert events
    assert found["events"] == events
    assert [one["comment"] for one in ratings] == ["Quick and kind."]
    assert found["ratings"] == [
        one | {"agent": {"id": one["agentId"]} if one["agentId"] else None} for one in ratings
    ]


async def test_who_reads_what_was_said_to_a_rating_is_noted(world: World) -> None:
    made = await rated(world)
    for number, noted in ((1, []), (0, [{"action": "ratings.read", "ids": [ticket_of(made, 0)]}])):
        ticket = ticket_of(made, number)
        await data(world, "query T($id: UUID!) { ticket(id: $id) { ratings { comment } } }", id=ticket)
        entries = (await world.get(f"/people/trail?row_id={ticket}&action=graphql"))["items"]
        assert [read for entry in entries for read in entry["reads"]] == noted


async def test_the_history_of_many_tickets_takes_as_many_statements_as_of_one(world: World) -> None:
    await rated(world)
    query = """query T($first: Int!) {
      tickets(first: $first) { nodes { events { field } ratings { score agent { id } } } }
    }"""
    found = {}
    for first in (1, 3):
        with counted(world.app.state.reads) as statements:
            nodes = (await data(world, query, first=first))["tickets"]["nodes"]
        assert len(nodes) == first
        found[first] = len(statements)
    assert max(found.values()) <= 6, (
        "how long it may take, who asks, the page, events, ratings, and whom they are about"
    )
