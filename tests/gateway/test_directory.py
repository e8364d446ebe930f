"""GraphQL: the directory, logins, tokens, notices and the trail, as the people service has them."""

from datetime import datetime
from typing import Any

import pytest
from statements import counted
from test_mutations import PROBLEM, mutate
from test_reads import NOWHERE, data, refused
from world import World

PERSON = "id name role vendorId leadId isActive createdAt"


def rest(person: dict[str, Any]) -> dict[str, Any]:
    """What REST tells of a person, in the words of GraphQL."""
    names = {"vendor_id": "vendorId", "lead_id": "leadId", "is_active": "isActive", "created_at": "createdAt"}
    told = {names.get(name, name): value for name, value in person.items()}
    seconds, _, parts = told["createdAt"].removesuffix("Z").partition(".")
    return told | {
        "createdAt": f"{seconds}.{parts.rstrip('0')}+00:00" if parts.rstrip("0") else f"{seconds}+00:00"
    }


# ---- People ------------------------------------------------------------------------------------------


async def test_a_person_is_told_as_rest_tells_them(world: World) -> None:
    vendor = await world.vendor()
    lead = await world.person("team_lead", vendor_id=vendor)
    agent = await world.person("agent", "Ada", vendor_id=vendor, lead_id=lead)
    query = f"query P($id: UUID!) {{ person(id: $id) {{ {PERSON} vendor {{ key }} lead {{ id }} }} }}"
    found = (await data(world, query, id=agent))["person"]
    assert found == rest(await world.get(f"/people/people/{agent}")) | {
        "vendor": {"key": "brightdesk"}, "lead": {"id": lead},
    }  # fmt: skip


async def test_people_are_found_by_role_and_vendor_and_counted_where_that_is_asked(world: World) -> None:
    # given agents of two vendors
    one, another = await world.vendor(), await world.vendor("another")
    for vendor, many in ((one, 3), (another, 1)):
        for _ in range(many):
            await world.person("agent", vendor_id=vendor)
    query = """query P($role: String, $vendorId: UUID, $first: Int!) {
      people(role: $role, vendorId: $vendorId, first: $first) { totalCount nodes { role vendorId } }
    }"""
    # when those of one are asked for, two at a time
    page = (await data(world, query, role="agent", vendorId=one, first=2))["people"]
    # then the page holds two, and all are counted
    assert page == {"totalCount": 3, "nodes": [{"role": "agent", "vendorId": one}] * 2}
    # and whoever sees fewer rows counts fewer
    manager = await world.person("vendor_manager", vendor_id=another)
    theirs = (await data(world, query, by=manager, first=100))["people"]
    assert (theirs["totalCount"], len(theirs["nodes"])) == (2, 2)


async def test_counting_is_one_statement_more_and_none_where_it_is_not_asked_for(world: World) -> None:
    found = {}
    for count in ("", "totalCount"):
        with counted(world.app.state.reads) as statements:
            await data(world, f"{{ people {{ nodes {{ id }} {count} }} }}")
        found[count] = len(statements)
    assert found["totalCount"] == found[""] + 1


async def test_many_people_take_as_many_statements_as_few(world: World) -> None:
    # given people with leads, vendors and logins
    for number in range(12):
        vendor = await world.vendor(f"vendor-{number}")
        lead = await world.person("team_lead", vendor_id=vendor)
        agent = await world.person("agent", vendor_id=vendor, lead_id=lead)
        new = {"issuer": "https://id.example.com", "subject": str(number)}
        await world.post(f"/people/people/{agent}/logins", new)
    query = """query P($first: Int!) {
      people(first: $first) { nodes { vendor { name } lead { name vendor { name } } logins { subject } } }
    }"""
    found = {}
    for first in (4, 24):
        with counted(world.app.state.reads) as statements:
            nodes = (await data(world, query, first=first))["people"]["nodes"]
        assert sum(len(node["logins"]) for node in nodes) == first // 2
        assert all(node["vendor"] for node in nodes)
        found[first] = len(statements)
    assert found[4] == found[24]
    assert found[24] <= 7


async def test_a_person_is_added_and_changed(world: World) -> None:
    vendor = await world.vendor()
    add = f"""mutation A($name: String!, $vendor: UUID) {{
      addPerson(name: $name, role: "agent", vendorId: $vendor) {{
        __typename ... on Person {{ {PERSON} version }} {PROBLEM}
      }}
    }}"""
    change = f"""mutation C($id: UUID!, $name: String, $vendor: UUID, $match: String) {{
      changePerson(personId: $id, name: $name, vendorId: $vendor, ifMatch: $match) {{
        __typename ... on Person {{ name vendorId version }} {PROBLEM}
      }}
    }}"""
    made = await mutate(world, add, name="Ada", vendor=vendor)
    # when only the name is given, then the vendor stays
    changed = await mutate(world, change, id=made["id"], name="Ada B", match=made["version"])
    assert (changed["name"], changed["vendorId"]) == ("Ada B", vendor)
    # when null is given, then that is what it becomes
    alone = await mutate(world, change, id=made["id"], vendor=None, match=changed["version"])
    assert (alone["name"], alone["vendorId"]) == ("Ada B", None)
    # when it is another by now, then nothing is changed
    late = await mutate(world, change, id=made["id"], name="Ada C", match=made["version"])
    assert (late["__typename"], late["status"]) == ("Problem", 412)
    assert (await world.get(f"/people/people/{made['id']}"))["name"] == "Ada B"
    # and the version is REST's ETag
    answer = await world.client.get(f"/people/people/{made['id']}", headers=world.as_())
    assert answer.headers["etag"] == alone["version"]


async def test_what_the_owner_refuses_is_a_problem(world: World) -> None:
    add = f'mutation {{ addPerson(name: "X", role: "vendor_manager") {{ __typename {PROBLEM} }} }}'
    assert (await mutate(world, add))["type"] == "/problems/role-needs-vendor"
    agent = await world.person("agent")
    assert (await mutate(world, add, by=agent))["type"] == "/problems/forbidden"


async def test_the_permissions_are_those_of_rest(world: World) -> None:
    found = (await data(world, "{ permissions { action roles } }"))["permissions"]
    assert found == await world.get("/people/permissions")


# ---- Vendors, hours, logins --------------------------------------------------------------------------


async def test_vendors_are_added_and_listed(world: World) -> None:
    add = f"""mutation V($key: String!) {{
      addVendor(key: $key, name: "A vendor") {{ __typename ... on Vendor {{ id key name }} {PROBLEM} }}
    }}"""
    first, second = [await mutate(world, add, key=key) for key in ("first", "second")]
    listed = (await data(world, "{ vendors { totalCount nodes { id key name } } }"))["vendors"]
    for one in (first, second):
        assert one.pop("__typename") == "Vendor"
    assert listed == {"totalCount": 2, "nodes": [second, first]}
    # and a name that is taken is the owner's problem
    assert (await mutate(world, add, key="first"))["status"] == 409


async def test_a_schedule_is_added_with_its_hours(world: World) -> None:
    add = f"""mutation S($hours: HoursInput!) {{
      addSchedule(key: "eu", hours: $hours) {{ __typename ... on Schedule {{ key hours }} {PROBLEM} }}
    }}"""
    hours = {
        "timezone": "Europe/Berlin", "weekly": {"mon": [["09:00", "17:00"]]},
        "holidays": [{"start": "2026-12-25", "end": "2026-12-26"}],
    }  # fmt: skip
    made = await mutate(world, add, hours=hours)
    assert (made["__typename"], made["key"]) == ("Schedule", "eu")
    assert made["hours"]["weekly"]["mon"] == [["09:00", "17:00"]]
    wrong = await mutate(world, add, hours=hours | {"timezone": "Nowhere/At-all"})
    assert (wrong["__typename"], wrong["status"]) == ("Problem", 422)


async def test_a_login_is_added_read_and_removed(world: World) -> None:
    person = await world.person("specialist")
    arguments = 'personId: $id, issuer: "https://id.example.com/?a=b&c", subject: "s 1"'
    add = f"""mutation L($id: UUID!) {{ addLogin({arguments}) {{
      __typename ... on Login {{ issuer subject personId createdAt }} {PROBLEM}
    }} }}"""
    remove = f"""mutation R($id: UUID!) {{ removeLogin({arguments}) {{
      __typename ... on Person {{ id logins {{ subject }} }} {PROBLEM}
    }} }}"""
    read = "query P($id: UUID!) { person(id: $id) { logins { issuer subject personId createdAt } } }"
    made = await mutate(world, add, id=person)
    assert made.pop("__typename") == "Login"
    assert (await data(world, read, id=person))["person"]["logins"] == [made]
    # when it is removed, then it is gone; and once more, there is none
    assert await mutate(world, remove, id=person) == {"__typename": "Person", "id": person, "logins": []}
    assert (await mutate(world, remove, id=person))["status"] == 404


async def test_whoever_may_not_read_logins_is_told_so_and_sees_the_rest(world: World) -> None:
    lead = await world.person("lead")
    query = "query P($id: UUID!) { person(id: $id) { id logins { subject } } }"
    answer = await world.graphql(query, by=lead, id=lead)
    assert answer["data"] == {"person": {"id": lead, "logins": None}}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


# ---- Tokens ------------------------------------------------------------------------------------------

TOKEN = "id name prefix scopes vendorId ownerId createdAt expiresAt lastUsedAt revokedAt replacedById"


async def test_a_token_is_made_used_rotated_and_revoked(world: World) -> None:
    make = f"""mutation M($scopes: [String!]!) {{
      makeServiceToken(name: "export", scopes: $scopes, days: 7) {{
        __typename ... on NewServiceToken {{ {TOKEN} token owner {{ role }} }} {PROBLEM}
      }}
    }}"""
    rotate = f"""mutation R($id: UUID!) {{ rotateServiceToken(tokenId: $id, overlapHours: 1) {{
      __typename ... on NewServiceToken {{ id token }} {PROBLEM}
    }} }}"""
    revoke = f"""mutation R($id: UUID!) {{ revokeServiceToken(tokenId: $id, reason: "Done.") {{
      __typename ... on ServiceToken {{ id revokedAt revokedBecause }} {PROBLEM}
    }} }}"""
    made = await mutate(world, make, scopes=["tickets.read"])
    assert (made["owner"], made["scopes"]) == ({"role": "admin"}, ["tickets.read"])
    # then it opens what it says
    headers = {"authorization": f"Bearer {made['token']}"}
    ask = {"query": "{ tickets { totalCount } viewer { role } }"}
    answer = (await world.client.post("/graphql", json=ask, headers=headers)).json()
    assert answer["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    assert (await world.client.get("/feedback/tickets", headers=headers)).status_code == 200
    # when another takes its place and that one is revoked, then the list tells all of it, but no token
    new = await mutate(world, rotate, id=made["id"])
    assert new["token"] != made["token"]
    ended = await mutate(world, revoke, id=new["id"])
    assert (ended["__typename"], ended["revokedBecause"]) == ("ServiceToken", "Done.")
    answer = await world.graphql(f"{{ serviceTokens {{ nodes {{ {TOKEN} }} }} }}")
    listed = answer["data"]["serviceTokens"]["nodes"]
    assert [one["id"] for one in listed] == [new["id"], made["id"]]
    assert listed[1]["replacedById"] == new["id"]
    assert new["token"] not in str(answer)
    assert (await mutate(world, revoke, id=new["id"]))["type"] == "/problems/token-ended"


async def test_a_repeated_request_for_a_token_does_not_show_it_again(world: World) -> None:
    # given a token that was made with an idempotency key
    query = """mutation { makeServiceToken(name: "export", scopes: ["tickets.read"]) {
      ... on NewServiceToken { id token }
    } }"""
    headers = world.as_() | {"idempotency-key": "once"}
    first, again = [
        (await world.client.post("/graphql", json={"query": query}, headers=headers)).json() for _ in range(2)
    ]
    made, same = (one["data"]["makeServiceToken"] for one in (first, again))
    # when the request is repeated, then it is the same one, without its secret
    assert made["token"]
    assert same == {"id": made["id"], "token": None}


# ---- Notices -----------------------------------------------------------------------------------------


async def test_a_notice_is_published_read_and_acknowledged(world: World) -> None:
    vendor = await world.vendor()
    agent = await world.person("agent", vendor_id=vendor)
    publish = f"""mutation P($vendor: UUID) {{
      publishNotice(title: "T", body: "B", signals: ["sentiment"], vendorId: $vendor) {{
        __typename ... on Notice {{ id language signals vendorId publishedById acknowledgedAt }} {PROBLEM}
      }}
    }}"""
    acknowledge = f"""mutation A($id: UUID!) {{ acknowledgeNotice(noticeId: $id) {{
      __typename ... on Notice {{ acknowledgedAt publishedBy {{ role }} }} {PROBLEM}
    }} }}"""
    made = await mutate(world, publish, vendor=vendor)
    for _ in range(3):
        await mutate(world, publish, vendor=None)
    assert (made["language"], made["signals"], made["acknowledgedAt"]) == ("en", ["sentiment"], None)
    # when its reader acknowledges it, then it is so for them, and for nobody else
    done = await mutate(world, acknowledge, by=agent, id=made["id"])
    assert done["acknowledgedAt"] is not None
    lists = """query N($read: Boolean) {
      notices(isAcknowledged: $read, signal: "sentiment") { totalCount nodes { id acknowledgedAt } }
    }"""
    read = (await data(world, lists, by=agent, read=True))["notices"]
    assert read == {"totalCount": 1, "nodes": [{"id": made["id"], "acknowledgedAt": done["acknowledgedAt"]}]}
    unread = (await data(world, lists, by=agent, read=False))["notices"]
    assert (unread["totalCount"], {one["acknowledgedAt"] for one in unread["nodes"]}) == (3, {None})
    assert (await data(world, lists, read=True))["notices"]["totalCount"] == 0
    # and leads see who has read it
    query = """query R($id: UUID!) {
      notice(id: $id) { acknowledgedAt }
      noticeReadings(noticeId: $id) { totalCount nodes { personId acknowledgedAt person { id } } }
    }"""
    seen = await data(world, query, id=made["id"])
    reading = {"personId": agent, "acknowledgedAt": done["acknowledgedAt"], "person": {"id": agent}}
    assert seen == {
        "notice": {"acknowledgedAt": None},
        "noticeReadings": {"totalCount": 1, "nodes": [reading]},
    }
    # while who is not told of it finds nothing
    stranger = await world.person("agent", vendor_id=await world.vendor("another"))
    hidden = await data(world, query, by=stranger, id=made["id"])
    assert hidden == {"notice": None, "noticeReadings": {"totalCount": 0, "nodes": []}}


async def test_all_notices_are_asked_at_once_whether_they_were_read(world: World) -> None:
    for number in range(6):
        body = {"title": str(number), "body": "B", "signals": ["sentiment"]}
        await world.post("/people/notices", body)
    found = {}
    for first in (2, 6):
        with counted(world.app.state.reads) as statements:
            query = "query N($n: Int!) { notices(first: $n) { nodes { acknowledgedAt publishedBy { id } } } }"
            await data(world, query, n=first)
        found[first] = len(statements)
    assert found[2] == found[6]


async def test_signals_are_those_of_the_people_service(world: World) -> None:
    await world.post("/people/notices", {"title": "T", "body": "B", "signals": ["sentiment"]})
    query = "query S($v: UUID) { signals(vendorId: $v) { signal meaning usableFrom isUsable } }"
    told = await world.get("/people/signals")
    found = (await data(world, query))["signals"]
    assert [one["signal"] for one in found] == [one["signal"] for one in told]
    (covered,) = (one for one in found if one["usableFrom"])
    (same,) = (one for one in told if one["usable_from"])
    assert datetime.fromisoformat(covered["usableFrom"]) == datetime.fromisoformat(same["usable_from"])
    assert (covered["meaning"], covered["isUsable"]) == (same["meaning"], False)


# ---- The trail ---------------------------------------------------------------------------------------


async def test_the_trail_is_found_by_who_what_when_and_which_row(world: World) -> None:
    # given what two people did
    lead = await world.person("lead", "Lea")
    vendor = (await world.post("/people/vendors", {"key": "x", "name": "X"}, by=lead))["id"]
    query = """query T($actor: UUID, $action: String, $row: UUID, $from: DateTime, $to: DateTime) {
      trail(actorId: $actor, action: $action, rowId: $row, fromAt: $from, toAt: $to) {
        totalCount
        nodes { id enteredAt actorKind actorId actor { name } action route changes reads purpose requestId }
      }
    }"""
    page = (await data(world, query, actor=lead, action="vendors.create", row=vendor))["trail"]
    (entry,) = page["nodes"]
    # then it is what REST tells
    (told,) = (await world.get(f"/people/trail?row_id={vendor}"))["items"]
    assert (page["totalCount"], entry["id"], entry["changes"]) == (1, told["id"], told["changes"])
    assert (entry["actor"], entry["actorKind"], entry["requestId"]) == (
        {"name": "Lea"}, "person", told["request_id"],
    )  # fmt: skip
    at = entry["enteredAt"]
    assert (await data(world, query, row=vendor, **{"from": at}))["trail"]["totalCount"] == 1
    assert (await data(world, query, row=vendor, to=at))["trail"]["totalCount"] == 0
    # and others see what they did themselves
    agent = await world.person("agent")
    assert (await data(world, query, by=agent, row=vendor))["trail"]["nodes"] == []


async def test_a_purpose_goes_along_to_the_owner(world: World) -> None:
    headers = world.as_() | {"x-purpose": "because it is asked"}
    query = 'mutation { addVendor(key: "x", name: "X") { ... on Vendor { id } } }'
    answer = await world.client.post("/graphql", json={"query": query}, headers=headers)
    vendor = answer.json()["data"]["addVendor"]["id"]
    (entry,) = (await world.get(f"/people/trail?row_id={vendor}"))["items"]
    assert entry["purpose"] == "because it is asked"


async def test_a_purpose_that_names_an_address_is_refused_and_kept_nowhere(world: World) -> None:
    await world.connection()
    await world.solved_ticket()
    headers = world.as_() | {"x-purpose": "as asked by ann@example.com"}
    plain = "{ tickets { nodes { id } } }"
    await world.graphql(plain)  # from now on it has a statement
    for query in ("{ tickets { nodes { messages { body } } } }", plain):
        answer = await world.client.post("/graphql", json={"query": query}, headers=headers)
        assert answer.status_code == 422
    assert (await world.get("/people/trail?action=graphql"))["items"] == []


# ---- Who may ask -------------------------------------------------------------------------------------

ROOTS = {
    "people": "{ people { totalCount } }",
    "person": f'{{ person(id: "{NOWHERE}") {{ id }} }}',
    "serviceTokens": "{ serviceTokens { totalCount } }",
}


@pytest.mark.parametrize("root", ROOTS)
async def test_whose_role_may_not_ask_is_told_so(world: World, root: str) -> None:
    assert (await data(world, ROOTS[root])) is not None
    analyst = await world.person("analyst")
    if root == "serviceTokens":
        assert await refused(world, ROOTS[root], by=analyst) == "FORBIDDEN"
    else:
        assert (await data(world, ROOTS[root], by=analyst)) is not None
