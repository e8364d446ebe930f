"""Freshdesk: filters, numbered pages that shift, credits."""

from hypothesis import given
from hypothesis import strategies as st

from help_desks import freshdesk
from help_desks.asking import LIST, client, fd, follow
from help_desks.data import make_tickets
from help_desks.limits import RateLimit


async def test_the_lists_with_and_without_filter_bring_every_ticket_once() -> None:
    desk = make_tickets(230)
    async with fd(desk) as asking:
        rows = await follow(asking, f"{LIST}&per_page=40&include=stats")
        deleted = await follow(asking, f"{LIST}&filter=deleted")
        spam = await follow(asking, f"{LIST}&filter=spam")
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids)
    assert sorted(ids + [row["id"] for row in deleted + spam]) == [20_000 + n for n in range(1, 231)]
    assert all(row["deleted"] for row in deleted)
    assert all(row["spam"] for row in spam)
    assert "deleted" not in rows[0]


async def test_numbered_pages_shift_while_they_are_read() -> None:
    desk = make_tickets(60)
    async with fd(desk) as asking:
        first = (await asking.get(f"{LIST}&per_page=20&page=1")).json()
        desk.touch(1)
        second = (await asking.get(f"{LIST}&per_page=20&page=2")).json()
    between = {n for n in range(1, 61) if desk.fate(n) in {"live", "merged"}}
    seen = {row["id"] - 20_000 for row in first + second}
    assert len({n for n in between if n <= max(seen)} - seen) == 1


async def test_without_a_time_only_what_was_created_lately_is_listed() -> None:
    desk = make_tickets(300, spacing_s=86_400)
    async with fd(desk) as asking:
        rows = await follow(asking, "/api/v2/tickets?per_page=100")
    assert 0 < len(rows) < 120
    assert rows == sorted(rows, key=lambda row: row["created_at"], reverse=True)


async def test_page_301_is_refused() -> None:
    async with fd(make_tickets(3)) as asking:
        assert (await asking.get(f"{LIST}&page=300")).status_code == 200
        assert (await asking.get(f"{LIST}&page=301")).status_code == 400
        assert (await asking.get(f"{LIST}&per_page=101")).status_code == 400


async def test_a_ticket_brings_its_conversations_and_the_rating_comment_among_them() -> None:
    desk = make_tickets(100)
    number = next(n for n in range(1, 101) if (s := desk[n].rated) and s.rating and s.rating.comment)
    async with fd(desk) as asking:
        show = (await asking.get(f"/api/v2/tickets/{20_000 + number}?include=conversations,stats")).json()
        rows = await follow(asking, f"/api/v2/tickets/{20_000 + number}/conversations")
        ratings = await follow(asking, "/api/v2/surveys/satisfaction_ratings?created_since=2020-01-01")
        lost = await asking.get("/api/v2/tickets/99999")
    feedback = [row for row in rows if row["source"] == 6]
    rating = next(row for row in ratings if row["ticket_id"] == 20_000 + number)
    assert show["conversations"] == rows[:10]
    assert (feedback[0]["category"], feedback[0]["created_at"]) == (7, rating["created_at"])
    assert lost.status_code == 404


async def test_includes_cost_credits() -> None:
    limit = RateLimit(7)
    async with fd(make_tickets(3), limit=limit) as asking:
        first = await asking.get(f"{LIST}&include=stats,requester")
        second = await asking.get(f"{LIST}&include=stats")
    assert first.headers["x-ratelimit-used-currentrequest"] == "5"
    assert first.headers["x-ratelimit-remaining"] == "2"
    assert (second.status_code, second.headers["retry-after"]) == (429, "60")


async def test_freshdesk_refuses_a_wrong_key() -> None:
    async with client(freshdesk.create_app(freshdesk.Account(make_tickets(1))), ("no", "X")) as asking:
        assert (await asking.get("/api/v2/surveys")).status_code == 401


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["0", "1", "1e3", "٣", "0001-01-01", "9999-12-31T23:59:59-23:00"]
)


@given(st.sampled_from(["updated_since", "per_page", "page", "filter", "include", "order_by"]), TEXTS)
async def test_no_question_makes_freshdesk_fail(name: str, value: str) -> None:
    async with fd(make_tickets(3)) as asking:
        assert (await asking.get("/api/v2/tickets", params={name: value})).status_code < 500
