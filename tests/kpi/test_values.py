"""The metrics' values over a few tickets, with every number worked out by hand."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from four_tickets import tell_four_tickets
from quick_tickets import agent_of, quick, solved, ticket_of
from statements import counted
from world import LONG_AGO, World

from services.audit.sampling.rules import draw
from services.demo.zendesk import GROUP
from shared import clock
from shared.estimates import mean_interval, wilson

METRICS = (
    "csat", "first_response_time", "first_response_time_business", "first_contact_resolution",
    "resolution_time", "reopen_rate", "quality_score", "auto_fail_rate",
)  # fmt: skip


async def value_of(world: World, metric: str, query: str = "", by: str | None = None) -> dict[str, Any]:
    (value,) = (await world.get(f"/kpi/metrics/{metric}{query}", by=by))["values"]
    return dict(value)


def a_time(hours: float) -> str:
    """LONG_AGO and so many hours, as it is written in an address."""
    return (LONG_AGO + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


# ---- By hand ------------------------------------------------------------------------------------


async def test_every_metric_of_four_tickets_is_as_worked_out_by_hand(world: World) -> None:
    # given the four tickets (and the deleted one, which is in no figure)
    await tell_four_tickets(world)
    expected: dict[str, dict[str, Any]] = {
        # good, bad, good; three has no rating
        "csat": {"value": 200 / 3, "n": 3, "numerator": 2, "excluded": {"not_rated": 1}},
        # 600, 1,200, 1,800; p90 lies 0.8 of the way between the last two
        "first_response_time": {
            "value": 1200, "p90": 1680, "mean": 1200, "n": 3, "excluded": {"never_replied": 1},
        },
        # the reply to three came at 17:10, ten minutes after closing: 600, 600, 1,800
        "first_response_time_business": {
            "value": 600, "p90": 1560, "mean": 1000, "n": 3, "excluded": {"never_replied": 1},
        },
        # one and four held; two was reopened within the hour
        "first_contact_resolution": {"value": 200 / 3, "n": 3, "numerator": 2, "excluded": {}},
        # 1,200, 7,200 and 18,000: two by its last solve
        "resolution_time": {
            "value": 7200, "p90": 15_840, "mean": 8800, "n": 3, "excluded": {"not_resolved": 1},
        },
        # two, of the three that were ever solved
        "reopen_rate": {"value": 100 / 3, "n": 3, "numerator": 1, "excluded": {}},
    }  # fmt: skip
    for metric, numbers in expected.items():
        # when the metric is asked for
        value = await value_of(world, metric)
        # then it is this
        for name, number in numbers.items():
            wanted = number if isinstance(number, dict) else pytest.approx(number)
            assert value[name] == wanted, (metric, name)
        assert value["denominator"] == value["n"]
        assert value["is_enough"] is False, "three rows are too few to act on"


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_shares_are_newcombes(good: int, of: int, low: float, high: float) -> None:
    interval = wilson(good, of)
    assert interval is not None
    assert [bound / 100 for bound in interval] == pytest.approx([low, high], abs=5e-5)


def test_intervals_of_shares_are_those_of_the_reference(reference_dir: Path) -> None:
    suite = json.loads((reference_dir / "vectors" / "sampling.json").read_text())
    vectors = [vector for vector in suite["vectors"] if vector["fn"] == "proportion_interval"]
    assert vectors
    for vector in vectors:
        asked, expected = vector["input"], vector["expected"]["wilson"]
        interval = wilson(asked["k"], asked["n"])
        if expected is None:
            assert interval is None
        else:
            assert interval is not None
            assert [bound / 100 for bound in interval] == pytest.approx(expected, abs=1e-8)


def test_a_mean_of_one_has_no_interval() -> None:
    assert mean_interval(67.5, None, 1) is None
    assert mean_interval(50, 10, 4) == pytest.approx((50 - 15.91223, 50 + 15.91223), abs=1e-5)


async def test_the_interval_of_a_share_comes_with_it(world: World) -> None:
    # given two good of three answers; when csat is asked for
    await tell_four_tickets(world)
    value = await value_of(world, "csat")
    # then it is between 20.77 % and 93.85 % (Wilson, worked out by hand from its formula)
    assert (value["low"], value["high"]) == (pytest.approx(20.77, abs=0.01), pytest.approx(93.85, abs=0.01))


async def test_of_nothing_there_is_no_value_rather_than_zero(world: World) -> None:
    for metric in METRICS:
        value = await value_of(world, metric)
        assert (value["value"], value["n"], value["excluded"]) == (None, 0, {}), metric
        assert (value["low"], value["high"], value["numerator"], value["p90"]) == (None, None, None, None)
        assert (await world.get(f"/kpi/metrics/{metric}?group_by=channel"))["values"] == []


# ---- First contact resolution -------------------------------------------------------------------


async def test_a_new_ticket_on_the_same_topic_within_seven_days_undoes_a_first_contact(world: World) -> None:
    # given tickets solved in the moment they were created
    await world.connection()
    week = timedelta(days=7)
    day, second = timedelta(days=1), timedelta(seconds=1)
    tickets = [
        # (name, requester, topic, created)        counted as
        solved("a", requester="r1", topic="delivery"),  # no: b came back
        solved("b", requester="r1", topic="delivery", after=3 * day),  # a repeat: left out
        solved("c", requester="r1", topic="refund", after=4 * day),  # yes: another topic
        solved("d", requester="r2", topic="delivery", after=4 * day),  # yes: another requester
        solved("e", requester="r1", topic="delivery", after=12 * day),  # yes: nine days after b
        solved("f", requester="r3"),  # no: g came back, in the window's last moment
        solved("g", requester="r3", after=week),  # a repeat
        solved("h", requester="r4"),  # yes: i came a second too late
        solved("i", requester="r4", after=week + second),  # yes: no repeat
        solved("j", requester="r5"),  # yes: k is deleted
        quick("k", "DELETED", at=LONG_AGO + day, requester="r5"),
    ]
    # when they are told, in no particular order
    await world.tell(*reversed(tickets))
    # then six of eight first contacts were the only one, and two tickets are repeats
    value = await value_of(world, "first_contact_resolution")
    assert (value["numerator"], value["n"], value["excluded"]) == (6, 8, {"repeat_contact": 2})


async def test_a_solve_counts_as_first_contact_resolution_only_when_seven_days_have_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a ticket that was solved yesterday
    await world.connection()
    solved_at = clock.now().replace(microsecond=0) - timedelta(days=1)
    await world.tell(quick("1", "SOLVED", at=solved_at))
    # when it is asked for now, then it is too early to say
    value = await value_of(world, "first_contact_resolution")
    assert (value["value"], value["n"], value["excluded"]) == (None, 0, {"immature": 1})
    # when it is asked for exactly seven days after the solve, then it has held
    headers = world.as_()
    with monkeypatch.context() as moved:
        moved.setattr(clock, "now", lambda: solved_at + timedelta(days=7))
        answer = await world.client.get("/kpi/metrics/first_contact_resolution", headers=headers)
    (value,) = answer.json()["values"]
    assert (value["value"], value["n"], value["excluded"]) == (100, 1, {})


@pytest.mark.parametrize(
    ("days", "held"), [(7, 0), (8, 100)], ids=["in-the-last-moment-of-the-window", "after-the-window"]
)
async def test_a_reopening_within_seven_days_undoes_a_first_contact(
    world: World, days: int, held: int
) -> None:
    # given a ticket that was reopened so many days after its solve
    await world.connection()
    ticket = solved("1")
    ticket.move(timedelta(days=days), "OPEN")
    await world.tell(ticket)
    # then it counts as reopened in any case, as not resolved at first contact only within the window
    assert (await value_of(world, "reopen_rate"))["value"] == 100
    assert (await value_of(world, "first_contact_resolution"))["value"] == held


# ---- Quality ------------------------------------------------------------------------------------


async def test_the_quality_estimate_weighs_reviews_by_how_likely_they_were(world: World) -> None:
    # given a plan that draws all and one that draws a quarter, and a ticket that each has drawn
    certain, rare = await world.connection("zd"), await world.connection("zd-two")
    await world.plan(certain["id"], rate=1, key="all")
    await world.plan(rare["id"], rate=0.25, key="quarter")
    lucky = next(n for n in range(1000) if draw("a seed", ticket_of(rare, n)) < 2**62)
    await world.tell(solved("1"))
    await world.tell(solved(lucky, after=timedelta(days=1)), key="zd-two")
    # when the first scores 67.5 % and the second 100 %
    specialist = await world.person("specialist")
    await world.reviewed(specialist)
    await world.reviewed(specialist, greeting=1, solution=5)
    value = await value_of(world, "quality_score")
    # then the plain mean is (67.5 + 100)/2, and two scores say next to nothing: t(1) = 12.7
    assert value["value"] == 83.75
    assert (value["low"], value["high"]) == (0, 100)
    # and the estimate for all tickets (67.5/1 + 100/0.25)/(1/1 + 1/0.25) = 467.5/5
    assert value["estimate"]["value"] == pytest.approx(93.5)
    assert value["estimate"]["n"] == 2
    # from as much as (1 + 4)²/(1² + 4²) equally likely reviews
    assert value["estimate"]["n_effective"] == pytest.approx(25 / 17)
    # ± t(1) · √(12 · 6.5² / 5² · 2/1): the one that was certain to be drawn adds nothing; and two are few
    assert value["estimate"]["low"] == pytest.approx(
        93.5 - 12.7062047 * (2 * 12 * 6.5**2 / 25) ** 0.5, abs=1e-4
    )
    assert (value["estimate"]["high"], value["estimate"]["is_enough"]) == (100, False)


async def test_auto_failed_reviews_are_counted_among_scored_ones(world: World) -> None:
    # given a sound review, an auto-failed one, and one in which nothing applied
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.tell(*(solved(n, after=timedelta(hours=n)) for n in range(3)))
    specialist = await world.person("specialist")
    await world.reviewed(specialist)
    await world.reviewed(specialist, privacy=0)
    await world.reviewed(specialist, greeting="NA", solution="NA", privacy="NA")
    # then one of two scored reviews failed, and the quality score is (67.5 + 0)/2
    rate, score = await value_of(world, "auto_fail_rate"), await value_of(world, "quality_score")
    assert (rate["value"], rate["n"], rate["excluded"]) == (50, 2, {"not_scored": 1})
    assert (score["value"], score["n"], score["excluded"]) == (33.75, 2, {"not_scored": 1})


async def test_a_review_of_a_ticket_that_was_deleted_since_counts_nowhere(world: World) -> None:
    # given a reviewed ticket
    connection = await world.connection()
    await world.plan(connection["id"])
    ticket = solved("1")
    await world.tell(ticket)
    await world.reviewed(await world.person("specialist"))
    assert (await value_of(world, "quality_score"))["n"] == 1
    # when the ticket is deleted, then it is in no figure any more
    ticket.move(timedelta(days=1), "DELETED")
    await world.tell(ticket)
    for metric in METRICS:
        value = await value_of(world, metric)
        assert (value["n"], value["excluded"]) == (0, {}), metric


# ---- Periods ------------------------------------------------------------------------------------


async def test_a_period_takes_its_first_moment_and_leaves_its_last(world: World) -> None:
    # given tickets created at 10:00, 11:00, 13:00 and 16:50
    await tell_four_tickets(world)
    # when periods begin and end exactly there
    for from_at, to_at, names in ((0, 1, ["one"]), (1, 3, ["two"]), (1, 3.001, ["two", "four"]), (4, 5, [])):
        query = f"?from_at={a_time(from_at)}&to_at={a_time(to_at)}"
        rows = (await world.get(f"/kpi/metrics/first_response_time/tickets{query}"))["items"]
        # then whoever came at the beginning is in, whoever came at the end is not
        found = await names_of(world, rows)
        assert sorted(found) == sorted(names)


async def test_each_metric_puts_a_ticket_where_its_date_basis_is(world: World) -> None:
    # given two, created at 11:00, first solved at 12:00, rated at 16:01
    await tell_four_tickets(world)
    for metric, hour in (("first_response_time", 1), ("reopen_rate", 2), ("csat", 6)):
        # when its hour is asked for, then it is there
        query = f"?from_at={a_time(hour)}&to_at={a_time(hour + 0.5)}"
        rows = (await world.get(f"/kpi/metrics/{metric}/tickets{query}"))["items"]
        assert "two" in await names_of(world, rows), metric


async def names_of(world: World, rows: list[dict[str, Any]]) -> list[str]:
    return [(await world.get(f"/feedback/tickets/{row['ticket_id']}"))["external_id"] for row in rows]


# ---- Whose --------------------------------------------------------------------------------------


async def test_everyone_gets_the_numbers_of_the_tickets_they_may_see(world: World) -> None:
    # given four tickets of one vendor, of which three are Lea's, and another vendor's ticket
    connection = await tell_four_tickets(world)
    await world.connection("zd-two")
    await world.tell(solved("other"), key="zd-two")
    lea, vendor = agent_of(connection), connection["settings"]["groups"][GROUP]["vendor_id"]
    lead = await world.person("team_lead")
    await world.patch(f"/people/people/{lea}", {"lead_id": lead})
    manager = await world.person("vendor_manager", vendor_id=vendor)
    # when each asks how many were answered
    for who, rows in ((None, 5), (lea, 3), (lead, 3), (manager, 4), (await world.person("agent"), 0)):
        value = await value_of(world, "first_response_time", by=who)
        # then it is about theirs, and so are the tickets behind it
        assert value["n"] + sum(value["excluded"].values()) == rows
        behind = await world.get("/kpi/metrics/first_response_time/tickets", by=who)
        assert len(behind["items"]) == rows


async def test_a_value_costs_the_same_statements_over_any_number_of_tickets(world: World) -> None:
    # given one ticket
    await world.connection()
    await world.tell(solved("1"))
    asked = ["/kpi/metrics/csat", "/kpi/metrics/first_contact_resolution?group_by=topic"]
    asked += ["/kpi/metrics/quality_score", "/kpi/metrics/csat/tickets"]

    async def costs() -> list[int]:
        found = []
        for path in asked:
            with counted(world.app.state.db) as statements:
                await world.get(path)
            found.append(len(statements))
        return found

    few = await costs()
    # when there are twenty more
    await world.tell(*(solved(f"more-{n}", topic=f"topic-{n}") for n in range(20)))
    # then each question takes as many statements: who asks, and the answer
    assert await costs() == few == [2, 2, 2, 2]
