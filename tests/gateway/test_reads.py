"""GraphQL reads: a bounded number of statements, only what the caller may see, pages that hold all."""

from datetime import timedelta
from typing import Any

import pytest
from appeal_cases import Case, a_reviewed_ticket
from quick_tickets import agent_of, solved, ticket_of, waiting_audits
from statements import counted
from world import World

NOWHERE = "01890000-0000-7000-8000-000000000000"
EVERYTHING = """
query Everything($first: Int!) {
  tickets(first: $first) {
    nodes {
      externalId assignee { name } messages { body } facts { fullResolutionS }
      audits {
        state agent { name } specialist { name }
        reviews { score reviewer { name } appeals { state filedBy { name } ruling { ruledBy { name } } } }
      }
      reviews { number }
    }
  }
}
"""


async def data(world: World, query: str, by: str | None = None, **variables: Any) -> Any:
    answer = await world.graphql(query, by=by, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def refused(world: World, query: str, by: str | None = None, **variables: Any) -> str:
    """The code of the one error."""
    (error,) = (await world.graphql(query, by=by, **variables))["errors"]
    return str(error["extensions"]["code"])


# ---- How much it costs ----------------------------------------------------------------------------


async def test_a_nested_query_takes_as_many_statements_over_thirty_tickets_as_over_ten(
    world: World,
) -> None:
    # given thirty reviewed tickets, every fifth with an appeal that was ruled on
    connection = await waiting_audits(world, 30)
    specialist, lead = await world.person("specialist"), await world.person("lead")
    case = Case(world, connection, agent_of(connection), specialist, lead)
    for number in range(30):
        case.review = await world.reviewed(specialist)
        if number % 5 == 0:
            await case.rule(await case.taken(), "upheld")
    found = {}
    for first in (10, 30):
        # when all about ten and all about thirty of them is asked for
        with counted(world.app.state.db) as statements:
            nodes = (await data(world, EVERYTHING, first=first))["tickets"]["nodes"]
        reviews = [review for node in nodes for audit in node["audits"] for review in audit["reviews"]]
        rulings = [appeal["ruling"] for review in reviews for appeal in review["appeals"]]
        assert (len(nodes), len(reviews), len(rulings)) == (first, first, first // 5)
        assert all(ruling["ruledBy"]["name"] == "lead" for ruling in rulings)
        found[first] = len(statements)
    # then both take the same number of statements: one for each kind of thing, however many there are
    assert found[10] == found[30]
    assert found[30] <= 12, statements.sent


# ---- Who sees what --------------------------------------------------------------------------------


@pytest.fixture
async def case(world: World) -> Case:
    """A reviewed ticket whose review was appealed; and somebody else's ticket, which waits for its review."""
    made = await a_reviewed_ticket(world)
    await made.file()
    await world.tell(solved("of-another", assignee="555", after=timedelta(days=1)))
    return made


LISTS = """{
  tickets { nodes { id } }
  audits { nodes { id ticketId } }
  reviews { nodes { id } }
  appeals { nodes { reviewId } }
}"""


async def how_many(world: World, by: str) -> list[int]:
    found = await data(world, LISTS, by=by)
    return [len(found[name]["nodes"]) for name in ("tickets", "audits", "reviews", "appeals")]


async def test_agents_see_their_own_work_and_nobody_elses(case: Case) -> None:
    # given two agents; when each asks for everything, then each gets what is about them,
    # but nobody learns of an audit of their work before its review is released
    other = agent_of(case.connection, "555")
    assert await how_many(case.world, case.agent) == [1, 1, 1, 1]
    assert await how_many(case.world, other) == [1, 0, 0, 0]
    assert await how_many(case.world, await case.world.person("agent")) == [0, 0, 0, 0]
    assert await how_many(case.world, case.reviewer) == [2, 2, 1, 1]


async def test_team_leads_see_the_work_of_those_they_lead(case: Case) -> None:
    lead = await case.world.person("team_lead")
    assert await how_many(case.world, lead) == [0, 0, 0, 0]
    await case.change(case.agent, lead_id=lead)
    assert await how_many(case.world, lead) == [1, 1, 1, 1]


async def test_vendor_managers_see_their_vendors_work_and_no_other_vendors(case: Case) -> None:
    # given a manager of the vendor whose work all of this is, and one of another vendor
    world = case.world
    theirs = await world.person("vendor_manager", vendor_id=case.review["vendor_id"])
    another = await world.person("vendor_manager", vendor_id=await world.vendor("another"))
    # then one sees everything but the audit that waits, the other nothing
    assert await how_many(world, theirs) == [2, 1, 1, 1]
    assert await how_many(world, another) == [0, 0, 0, 0]


async def test_what_one_may_not_see_is_answered_as_if_it_were_not_there(case: Case) -> None:
    # given a ticket, an audit and a review of somebody else's
    stranger = await case.world.person("agent")
    query = """query One($ticket: UUID!, $audit: UUID!, $review: UUID!) {
      ticket(id: $ticket) { id } audit(id: $audit) { id } review(id: $review) { id }
    }"""
    theirs = {
        "ticket": ticket_of(case.connection, 0),
        "audit": case.review["audit_id"],
        "review": case.review["id"],
    }
    # when they and when ids of nothing are asked for
    foreign = await case.world.graphql(query, by=stranger, **theirs)
    missing = await case.world.graphql(query, by=stranger, **dict.fromkeys(theirs, NOWHERE))
    # then both are null, without an error, while whoever may see them does
    assert foreign == missing
    assert foreign.keys() == {"data", "extensions"}
    assert foreign["data"] == dict.fromkeys(theirs)
    assert all((await data(case.world, query, by=case.agent, **theirs)).values())


async def test_an_agent_does_not_see_what_was_said_about_who_had_the_ticket_before(case: Case) -> None:
    # given a reviewed ticket that goes to another agent
    ticket = solved("0", after=timedelta(minutes=1), assignee="555")
    ticket.comment(timedelta(days=2), "I take over.", by="agent")
    await case.world.tell(ticket)
    # when that agent asks for the ticket and what was said about it
    query = "query T($id: UUID!) { ticket(id: $id) { audits { id } reviews { id } } }"
    successor = agent_of(case.connection, "555")
    seen = await data(case.world, query, by=successor, id=ticket_of(case.connection, 0))
    # then the ticket is theirs now, the reviews are not
    assert seen == {"ticket": {"audits": [], "reviews": []}}


# ---- Pages ----------------------------------------------------------------------------------------

PAGE = """query Page($after: String, $status: String) {
  tickets(first: 3, after: $after, status: $status) {
    nodes { externalId } pageInfo { endCursor hasNextPage }
  }
}"""


async def test_pages_hold_every_ticket_once_and_in_order(world: World) -> None:
    # given eight tickets, of which five were created in the same moment
    await world.connection()
    minutes = (1, 2, 2, 2, 2, 2, 3, 4)
    await world.tell(*(solved(n, after=timedelta(minutes=m)) for n, m in enumerate(minutes)))
    # when they are read three at a time
    pages, after, more = [], None, True
    while more:
        page = (await data(world, PAGE, after=after))["tickets"]
        pages.append([node["externalId"] for node in page["nodes"]])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    # then each comes once, the latest first
    assert [len(page) for page in pages] == [3, 3, 2]
    names = [name for page in pages for name in page]
    assert sorted(names) == sorted(map(str, range(8)))
    assert (names[:2], names[-1]) == (["7", "6"], "0")


async def test_a_cursor_belongs_to_its_filters_and_its_reader(world: World) -> None:
    # given the cursor of one list
    connection = await world.connection()
    await world.tell(*(solved(n) for n in range(4)))
    cursor = (await data(world, PAGE))["tickets"]["pageInfo"]["endCursor"]
    # when it is used with another filter, by somebody who sees other rows, or made up
    agent = agent_of(connection)
    # then it is refused
    assert await refused(world, PAGE, after=cursor, status="solved") == "BAD_USER_INPUT"
    assert await refused(world, PAGE, by=agent, after=cursor) == "BAD_USER_INPUT"
    assert await refused(world, PAGE, after=cursor[::-1]) == "BAD_USER_INPUT"


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_is_neither_empty_nor_endless(world: World, first: int) -> None:
    query = "query P($first: Int!) { tickets(first: $first) { nodes { id } } }"
    assert await refused(world, query, first=first) == "BAD_USER_INPUT"


async def test_an_empty_list_is_an_empty_page(world: World) -> None:
    page = (await data(world, PAGE))["tickets"]
    assert page == {"nodes": [], "pageInfo": {"endCursor": None, "hasNextPage": False}}


# ---- Who am I, and how are we doing -----------------------------------------------------------------


async def test_the_viewer_is_whoever_asks(world: World) -> None:
    vendor = await world.vendor()
    manager = await world.person("vendor_manager", "Ines Roth", vendor_id=vendor)
    query = "{ viewer { id name role vendorId allowedActions } }"
    viewer = (await data(world, query, by=manager))["viewer"]
    rest = await world.get("/people/viewer", by=manager)
    assert viewer == {
        "id": manager, "name": "Ines Roth", "role": "vendor_manager", "vendorId": vendor,
        "allowedActions": rest["allowed_actions"],
    }  # fmt: skip


async def test_metrics_are_those_of_the_kpi_service(world: World) -> None:
    # given a solved ticket
    connection = await world.connection()
    await world.solved_ticket()
    query = """query M($keys: [String!]!, $groupBy: String, $filter: MetricFilter) {
      metrics(keys: $keys, groupBy: $groupBy, filter: $filter) { metric group value n excluded tickets }
    }"""
    keys = ["resolution_time", "csat"]
    # when two metrics are asked for, by language, of one connection
    found = await data(world, query, keys=keys, groupBy="language", filter={"connectionId": connection["id"]})
    # then they are what REST answers
    rest = [
        (await world.get(f"/kpi/metrics/{key}?group_by=language&connection_id={connection['id']}"))["values"]
        for key in keys
    ]
    assert found["metrics"] == [
        {name: value[name] for name in ("metric", "group", "value", "n", "excluded", "tickets")}
        for values in rest
        for value in values
    ]
    assert [value["value"] for value in found["metrics"]] == [1200, None]
    # and what does not exist is said so
    assert await refused(world, query, keys=["happiness"]) == "NOT_FOUND"
    assert await refused(world, query, keys=["csat"], groupBy="colour") == "BAD_USER_INPUT"
    assert await refused(world, query, keys=[]) == "BAD_USER_INPUT"
