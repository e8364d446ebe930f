"""From a number to its groups and to the tickets behind it: nothing is lost on the way."""

from typing import Any
from urllib.parse import quote

from four_tickets import NAMES, tell_four_tickets
from quick_tickets import agent_of, ticket_of
from world import World

METRICS = (
    "csat", "first_response_time", "first_response_time_business", "first_contact_resolution",
    "resolution_time", "reopen_rate",
)  # fmt: skip


async def values(world: World, metric: str, **query: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    return list((await world.get(f"/kpi/metrics/{metric}?{asked}"))["values"])


async def rows_behind(world: World, link: str, limit: int = 100) -> list[dict[str, Any]]:
    """All pages."""
    rows, after = [], ""
    while True:
        page = await world.get(f"{link}{'&' if '?' in link else '?'}limit={limit}{after}")
        rows += page["items"]
        if page["next"] is None:
            return rows
        assert len(page["items"]) == limit
        after = f"&after={page['next']}"


def rows_in(value: dict[str, Any]) -> int:
    return int(value["n"] + sum(value["excluded"].values()))


async def test_the_groups_of_a_metric_add_up_to_the_whole(world: World) -> None:
    # given the four tickets
    await tell_four_tickets(world)
    catalogue = {metric["key"]: metric for metric in await world.get("/kpi/metrics")}
    for metric in METRICS:
        (whole,) = await values(world, metric)
        for dimension in catalogue[metric]["dimensions"]:
            # when a metric is taken apart by any of its dimensions
            groups = await values(world, metric, group_by=dimension)
            # then what is counted, summed and left out is the same in all
            assert sum(group["n"] for group in groups) == whole["n"]
            if whole["unit"] == "percent":
                assert sum(group["numerator"] or 0 for group in groups) == whole["numerator"]
            for reason in whole["excluded"]:
                found = sum(group["excluded"].get(reason, 0) for group in groups)
                assert found == whole["excluded"][reason]
            assert sum(map(rows_in, groups)) == rows_in(whole)


async def test_a_group_is_the_same_as_the_filter_of_its_name(world: World) -> None:
    # given two languages; when csat is grouped and when it is filtered
    await tell_four_tickets(world)
    groups = await values(world, "csat", group_by="language")
    # then both say the same: of two in French one is good; of two in English one, and one has no rating
    assert {group["group"]: (group["value"], group["n"], group["excluded"]) for group in groups} == {
        "fr": (50, 2, {}),
        "en": (100, 1, {"not_rated": 1}),
    }
    for group in groups:
        (filtered,) = await values(world, "csat", language=group["group"])
        names = ("value", "n", "numerator", "excluded", "low", "high", "tickets")
        assert {name: filtered[name] for name in names} == {name: group[name] for name in names}
    # and of a language that nobody wrote in there is no value
    (nothing,) = await values(world, "csat", language="de")
    assert (nothing["value"], nothing["n"]) == (None, 0)


async def test_groups_and_filters_go_together(world: World) -> None:
    # given the four tickets; when those in English are grouped by agent
    connection = await tell_four_tickets(world)
    groups = await values(world, "csat", group_by="agent_id", language="en")
    # then there are three (Lea's, without a rating) and four (nobody's, good)
    assert {group["group"]: (group["n"], group["excluded"]) for group in groups} == {
        agent_of(connection): (0, {"not_rated": 1}),
        None: (1, {}),
    }


async def test_every_value_leads_to_exactly_the_tickets_behind_it(world: World) -> None:
    # given the four tickets
    await tell_four_tickets(world)
    for metric in METRICS:
        for query in ({}, {"group_by": "language"}, {"group_by": "agent_id"}, {"group_by": "brand"}):
            for value in await values(world, metric, **query):
                # when a value's own link is followed, two rows a page
                rows = await rows_behind(world, value["tickets"], limit=2)
                # then as many rows are counted, and as many left out for each reason, as it says
                assert len({row["ticket_id"] for row in rows}) == len(rows) == rows_in(value)
                counted = [row["value"] for row in rows if row["value"] is not None]
                assert len(counted) == value["n"]
                if value["unit"] == "percent" and counted:
                    assert sum(counted) == value["numerator"]
                reasons = [row["excluded_because"] for row in rows if row["value"] is None]
                assert {reason: reasons.count(reason) for reason in reasons} == value["excluded"]


async def test_the_tickets_of_no_group_can_be_listed(world: World) -> None:
    # given four, which has no assignee; when the group without an agent is followed
    connection = await tell_four_tickets(world)
    groups = await values(world, "first_response_time", group_by="agent_id")
    (nobodys,) = [group for group in groups if group["group"] is None]
    # then it leads to that ticket alone
    rows = await rows_behind(world, nobodys["tickets"])
    assert [row["ticket_id"] for row in rows] == [ticket_of(connection, "four")]
    assert rows[0]["excluded_because"] == "never_replied"


async def test_pages_of_tickets_hold_every_ticket_once(world: World) -> None:
    # given the four tickets; when they are paged through one by one
    connection = await tell_four_tickets(world)
    rows = await rows_behind(world, "/kpi/metrics/csat/tickets", limit=1)
    # then there they are, and never the deleted one
    assert sorted(row["ticket_id"] for row in rows) == sorted(ticket_of(connection, n) for n in NAMES)
    # and a page does not go on under another filter
    page = await world.get("/kpi/metrics/csat/tickets?limit=1")
    query = f"limit=1&language=fr&after={page['next']}"
    problem = await world.get(f"/kpi/metrics/csat/tickets?{query}", status=422)
    assert problem["errors"][0]["code"] == "invalid-cursor"


async def test_an_unknown_metric_is_answered_with_what_it_may_have_meant(world: World) -> None:
    for path in ("/kpi/metrics/first_respons_time", "/kpi/metrics/first_respons_time/tickets"):
        problem = await world.get(path, status=404)
        assert problem["type"] == "/problems/unknown-metric"
        assert "first_response_time" in problem["near"]
        assert "csat" in problem["metrics"]


async def test_an_unknown_dimension_is_answered_with_those_there_are(world: World) -> None:
    for query in ("group_by=colour", "without=colour"):
        problem = await world.get(f"/kpi/metrics/csat?{query}", status=422)
        assert problem["type"] == "/problems/unknown-dimension"
        assert "language" in problem["dimensions"]


async def test_a_filter_that_does_not_exist_is_not_silently_ignored(world: World) -> None:
    problem = await world.get("/kpi/metrics/csat?colour=red", status=422)
    assert problem["type"] == "/problems/validation-failed"


async def test_a_period_that_ends_before_it_begins_is_refused(world: World) -> None:
    query = "from_at=2026-03-02T00:00:00Z&to_at=2026-03-02T00:00:00Z"
    problem = await world.get(f"/kpi/metrics/csat?{query}", status=422)
    assert problem["errors"][0]["pointer"] == "/to_at"
