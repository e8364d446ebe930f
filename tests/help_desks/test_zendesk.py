"""Zendesk: the export loses nothing and repeats what changed; limits and refusals are told as documented."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from help_desks import zendesk
from help_desks.asking import CURSOR, client, export, nothing, zd
from help_desks.data import make_tickets
from help_desks.limits import RateLimit


async def test_the_zendesk_export_brings_every_ticket_once_when_nothing_changes() -> None:
    desk = make_tickets(250)
    async with zd(desk) as asking:
        rows = await export(asking, per_page=37, between=nothing)
    assert [row["id"] for row in rows] == [48_000 + n for n in range(1, 251)]
    assert {"deleted", "closed", "new"} <= {row["status"] for row in rows}


async def test_tickets_updated_while_paging_come_again_at_the_end() -> None:
    desk = make_tickets(100)

    def touch(page: int) -> None:
        if page == 2:
            desk.touch(5)
            desk.touch(90, "solve")
            desk.pass_time(120)

    async with zd(desk) as asking:
        rows = await export(asking, per_page=20, between=touch)
    ids = [row["id"] for row in rows]
    assert ids.count(48_005) == 2
    assert ids.count(48_090) == 1
    assert ids[-2:] == [48_005, 48_090]
    assert rows[-1]["status"] == "solved"


async def test_the_newest_minute_is_left_out() -> None:
    desk = make_tickets(3)
    desk.add()
    async with zd(desk) as asking:
        early = await export(asking, per_page=100, between=nothing)
        desk.pass_time(60)
        later = await export(asking, per_page=100, between=nothing)
    assert (len(early), len(later)) == (3, 4)


async def test_an_exhausted_cursor_stays_good_for_what_comes_later() -> None:
    desk = make_tickets(3)
    async with zd(desk) as asking:
        last = (await asking.get(CURSOR, params={"start_time": 0})).json()
        again = (await asking.get(last["after_url"])).json()
        assert again["tickets"] == []
        assert again["end_of_stream"] is True
        desk.touch(1)
        desk.pass_time(60)
        after = (await asking.get(again["after_url"])).json()
    assert [row["id"] for row in after["tickets"]] == [48_001]


async def test_metric_events_repeat_the_seam_and_lose_nothing() -> None:
    desk = make_tickets(60, same_second=5)
    async with zd(desk, export_page=7) as asking:
        url, ids = "/api/v2/incremental/ticket_metric_events.json?start_time=0", list[int]()
        for _ in range(1000):
            page = (await asking.get(url)).json()
            ids += [row["id"] for row in page["ticket_metric_events"]]
            if page["end_of_stream"]:
                break
            url = page["next_page"]
        whole = (await asking.get(url.split("?")[0] + "?start_time=0")).json()
    assert page["end_of_stream"]
    assert len(set(ids)) < len(ids)
    assert {row["id"] for row in whole["ticket_metric_events"]} <= set(ids)
    assert len({number // 10 for number in ids}) == 60


async def test_audits_come_in_pages_with_their_users() -> None:
    desk = make_tickets(5)
    desk.touch(1)
    async with zd(desk) as asking:
        url: str | None = "/api/v2/tickets/48001/audits.json?page[size]=2&include=users"
        audits: list[Any] = []
        while url:
            page = (await asking.get(url)).json()
            assert page["users"]
            audits += page["audits"]
            assert (page["links"]["next"] is not None) == page["meta"]["has_more"]
            url = page["links"]["next"]
    assert len(audits) == len(desk[1].steps)
    assert audits[-1]["events"][0]["body"] == "One more thing …"
    events = [event["id"] for audit in audits for event in audit["events"]]
    assert len(set(events)) == len(events)


async def test_deleted_tickets_and_ratings_are_listed() -> None:
    desk = make_tickets(200)
    rated = [n for n in range(1, 201) if desk[n].rated]
    gone = [n for n in range(1, 201) if desk.fate(n) in {"deleted", "spam"}]
    async with zd(desk) as asking:
        ratings = (await asking.get("/api/v2/satisfaction_ratings.json?start_time=0")).json()
        deleted = (await asking.get("/api/v2/deleted_tickets.json?page[size]=100")).json()
        lost = await asking.get(f"/api/v2/tickets/{48_000 + gone[0]}.json")
    assert sorted(row["ticket_id"] - 48_000 for row in ratings["satisfaction_ratings"]) == rated
    assert sorted(row["id"] - 48_000 for row in deleted["deleted_tickets"]) == gone
    assert lost.status_code == 404


@pytest.mark.parametrize("auth", [None, ("intake@halcyon.test/token", "wrong"), ("a", "b")])
async def test_zendesk_refuses_wrong_credentials(auth: tuple[str, str] | None) -> None:
    async with client(zendesk.create_app(zendesk.Account(make_tickets(1))), auth) as asking:
        assert (await asking.get(CURSOR)).status_code == 401


async def test_zendesk_takes_a_bearer_token() -> None:
    app = zendesk.create_app(zendesk.Account(make_tickets(1), bearer="b"))
    async with client(app, authorization="Bearer b") as asking:
        assert (await asking.get(CURSOR, params={"start_time": 0})).status_code == 200


async def test_too_many_exports_are_told_to_wait_while_other_calls_pass() -> None:
    now = [0.0]
    limit = RateLimit(2, 60, clock=lambda: now[0])
    async with zd(make_tickets(3), export_limit=limit, limit=RateLimit(100)) as asking:
        seen = [(await asking.get(CURSOR, params={"start_time": 0})) for _ in range(3)]
        other = await asking.get("/api/v2/tickets/48001.json")
        now[0] = 60.0
        later = await asking.get(CURSOR, params={"start_time": 0})
    assert [answer.status_code for answer in seen] == [200, 200, 429]
    assert seen[2].headers["retry-after"] == "60"
    assert (other.status_code, later.status_code, limit.refused) == (200, 200, 1)
    assert other.headers["ratelimit-remaining"] == "96"


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?start_time=x", 400), ("?cursor=nonsense", 400), ("?start_time=99999999999", 422)],
)
async def test_a_bad_start_is_refused(query: str, status: int) -> None:
    async with zd(make_tickets(3)) as asking:
        assert (await asking.get(CURSOR + query)).status_code == status


TEXTS = st.text(max_size=12) | st.sampled_from(["0", "1", "-1", "1e3", "٣", "MQ==", "9" * 40])


@given(st.sampled_from(["start_time", "cursor", "per_page", "page", "page[size]", "page[after]"]), TEXTS)
async def test_no_question_makes_zendesk_fail(name: str, value: str) -> None:
    async with zd(make_tickets(3)) as asking:
        for path in (CURSOR, "/api/v2/tickets/48001/audits.json", "/api/v2/satisfaction_ratings.json"):
            assert (await asking.get(path, params={name: value})).status_code < 500
