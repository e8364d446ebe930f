"""GraphQL: which metrics there are, and the tickets behind their values, as the kpi service has them."""

from datetime import timedelta

import pytest
from quick_tickets import agent_of, solved
from statements import counted
from test_reads import data, refused
from words import fields, told
from world import World

TICKETS = """query T($key: String!, $filter: MetricFilter, $first: Int = 20, $after: String) {
  metricTickets(key: $key, filter: $filter, first: $first, after: $after) {
    nodes { ticketId value at excludedBecause ticket { id externalId } }
    pageInfo { endCursor hasNextPage }
  }
}"""


@pytest.fixture
async def five(world: World) -> World:
    """Five solved tickets, two of them of another agent."""
    await world.connection()
    await world.tell(*(solved(n, after=timedelta(minutes=n)) for n in range(3)))
    await world.tell(*(solved(n, assignee="555", after=timedelta(minutes=n)) for n in (3, 4)))
    return world


async def test_the_catalogue_is_that_of_rest(world: World) -> None:
    rest = told(await world.get("/kpi/metrics"))
    found = await data(world, f"{{ metricCatalogue {{ {fields(rest)} }} }}")
    assert found == {"metricCatalogue": rest}
    assert len(rest) >= 8
    # and each of them can be asked for
    query = "query M($keys: [String!]!) { metrics(keys: $keys) { metric unit version } }"
    values = (await data(world, query, keys=[one["key"] for one in rest]))["metrics"]
    assert values == [{"metric": one["key"], "unit": one["unit"], "version": one["version"]} for one in rest]


async def test_the_tickets_behind_a_number_are_those_of_rest_page_by_page(five: World) -> None:
    rest = told((await five.get("/kpi/metrics/resolution_time/tickets"))["items"])
    pages, after, more = [], None, True
    while more and len(pages) < 4:
        page = (await data(five, TICKETS, key="resolution_time", first=2, after=after))["metricTickets"]
        pages.append(page["nodes"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert [len(one) for one in pages] == [2, 2, 1]
    shown = [one for some in pages for one in some]
    assert {one.pop("ticket")["externalId"] for one in shown} == set("01234")
    assert shown == rest
    # and as many as the number says
    (value,) = (await data(five, '{ metrics(keys: ["resolution_time"]) { n excluded } }'))["metrics"]
    assert value["n"] + sum(value["excluded"].values()) == len(rest)


async def test_they_narrow_down_as_the_number_does(five: World) -> None:
    connection = (await five.get("/feedback/connections"))["items"][0]
    agent = agent_of(connection, "555")
    found = await data(five, TICKETS, key="resolution_time", filter={"agentId": agent})
    assert {one["ticket"]["externalId"] for one in found["metricTickets"]["nodes"]} == set("34")
    # and whose work it is sees no more
    mine = (await data(five, TICKETS, by=agent, key="resolution_time"))["metricTickets"]
    assert {one["ticket"]["externalId"] for one in mine["nodes"]} == set("34")


async def test_a_cursor_belongs_to_its_metric_and_its_filters(five: World) -> None:
    page = (await data(five, TICKETS, key="resolution_time", first=2))["metricTickets"]
    after = page["pageInfo"]["endCursor"]
    other = {"filter": {"language": "de"}}
    assert await refused(five, TICKETS, key="csat", first=2, after=after) == "BAD_USER_INPUT"
    assert (
        await refused(five, TICKETS, key="resolution_time", first=2, after=after, **other) == "BAD_USER_INPUT"
    )


async def test_what_is_no_metric_and_no_page_is_said_so(world: World) -> None:
    assert await refused(world, TICKETS, key="happiness") == "NOT_FOUND"
    assert await refused(world, TICKETS, key="csat/../x") == "NOT_FOUND"
    for first in (0, 101):
        assert await refused(world, TICKETS, key="csat", first=first) == "BAD_USER_INPUT"


async def test_many_tickets_behind_a_number_are_read_at_once(five: World) -> None:
    for first in (1, 5):
        with counted(five.app.state.reads) as statements:
            page = (await data(five, TICKETS, key="resolution_time", first=first))["metricTickets"]
        assert len(page["nodes"]) == first
        assert len(statements) == 3, "how long it may take, who asks, and the tickets"
