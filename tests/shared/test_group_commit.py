"""Shared commits: many wait for one, and nobody pays for another's trouble."""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

from shared.config import Settings
from shared.db import Database
from shared.errors import Overloaded
from shared.group_commit import MAX_AT_ONCE, GroupCommit


class Table:
    """Where the items go; counts the commits that took them there."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.sizes: list[int] = []
        """Of each attempt to commit."""
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def write(self, items: list[str]) -> list[str]:
        await self.may_write.wait()
        self.sizes.append(len(items))
        numbers = await self.db.fetch(
            "INSERT INTO item SELECT unnest($1::text[])::integer RETURNING n", items
        )
        return [f"{row[0]} is there" for row in numbers]

    async def there(self) -> list[int]:
        return [row[0] for row in await self.db.fetch("SELECT n FROM item ORDER BY n")]


@pytest.fixture
async def table(db: Database) -> Table:
    await db.fetch("CREATE TABLE item (n integer PRIMARY KEY)")
    return Table(db)


@pytest.fixture
def commits(table: Table) -> GroupCommit[str, str]:
    return GroupCommit(table.write)


async def begun(*adds: Any) -> list[asyncio.Task[Any]]:
    """Started, and as far as they get without the database."""
    tasks = [asyncio.create_task(add) for add in adds]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_comes_together_is_committed_together_and_each_gets_its_own_result(
    table: Table, commits: GroupCommit[str, str]
) -> None:
    # given a commit that is on its way, and many items that come meanwhile
    table.may_write.clear()
    first = await begun(commits.add("0"))
    others = await begun(*(commits.add(str(number)) for number in range(1, 1 + MAX_AT_ONCE)))
    # when it goes on
    table.may_write.set()
    results = await asyncio.gather(*first, *others)
    # then all the others shared one commit, and each was told of its own item
    assert table.sizes == [1, MAX_AT_ONCE]
    assert results == [f"{number} is there" for number in range(1 + MAX_AT_ONCE)]
    assert await table.there() == list(range(1 + MAX_AT_ONCE))


async def test_no_commit_grows_beyond_its_size(table: Table, commits: GroupCommit[str, str]) -> None:
    await asyncio.gather(*(commits.add(str(number)) for number in range(2 * MAX_AT_ONCE + 1)))
    assert sum(table.sizes) == 2 * MAX_AT_ONCE + 1
    assert max(table.sizes) == MAX_AT_ONCE


async def test_an_item_that_comes_alone_waits_for_nobody(
    table: Table, commits: GroupCommit[str, str]
) -> None:
    for number in range(3):
        async with asyncio.timeout(5):
            assert await commits.add(str(number)) == f"{number} is there"
    assert table.sizes == [1, 1, 1]


@pytest.mark.parametrize("bad", ["x", "0"], ids=["not a number", "there already"])
async def test_an_item_that_the_database_refuses_fails_alone(
    table: Table, commits: GroupCommit[str, str], bad: str
) -> None:
    # given items that come together, one of them wrong
    table.may_write.clear()
    first = await begun(commits.add("0"))
    others = await begun(*(commits.add(item) for item in ("1", bad, "2")))
    # when they are written
    table.may_write.set()
    assert await asyncio.gather(*first) == ["0 is there"]
    one, refused, two = await asyncio.gather(*others, return_exceptions=True)
    # then only that one fails, with what the database said
    assert (one, two) == ("1 is there", "2 is there")
    assert isinstance(refused, asyncpg.DataError | asyncpg.UniqueViolationError)
    assert await table.there() == [0, 1, 2]


async def test_a_lost_database_fails_all_that_wait_and_the_next_is_written(
    table: Table, commits: GroupCommit[str, str], settings: Settings
) -> None:
    # given items whose commit is cut off: their connection is ended in the middle
    await table.db.fetch(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$"
    )
    await table.db.fetch("CREATE TRIGGER wait AFTER INSERT ON item EXECUTE FUNCTION wait()")
    table.may_write.clear()
    first = await begun(commits.add("0"))
    others = await begun(*(commits.add(str(number)) for number in range(1, 4)))
    table.may_write.set()
    outside = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    try:
        # when that happens to both commits
        first_one = await cut_off(outside, but=0)
        await cut_off(outside, but=first_one)
        answers = await asyncio.gather(*first, *others, return_exceptions=True)
        # then all are told, none is tried alone, and none is there
        assert all(isinstance(answer, Exception) for answer in answers), answers
        assert table.sizes == [1, 3]
        assert await outside.fetch("SELECT n FROM item") == []
        await outside.execute("DROP TRIGGER wait ON item")
    finally:
        await outside.close()
    # and the next is written as if nothing had been
    assert await commits.add("9") == "9 is there"
    assert await table.there() == [9]


async def cut_off(outside: Any, *, but: int) -> int:
    """Ends the connection that is writing, once there is one other than `but`. Returns which it was."""
    statement = """
        SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE 'INSERT INTO item%'
            AND pid <> $1
    """
    for _ in range(1_000):
        pid = await outside.fetchval(statement, but)
        if pid is not None:
            await outside.execute("SELECT pg_terminate_backend($1)", pid)
            return int(pid)
        await asyncio.sleep(0.02)
    raise AssertionError("nobody writes")


async def test_where_too_many_wait_the_next_is_refused_at_once_and_later_taken_again(table: Table) -> None:
    # given a commit on its way, and as many waiting as may
    commits = GroupCommit(table.write, max_waiting=2)
    table.may_write.clear()
    first = await begun(commits.add("0"))
    waiting = await begun(commits.add("1"), commits.add("2"))
    # when one more comes, then it is refused
    with pytest.raises(Overloaded):
        await commits.add("3")
    # and the others are written, and then there is room again
    table.may_write.set()
    await asyncio.gather(*first, *waiting)
    assert await commits.add("4") == "4 is there"
    assert await table.there() == [0, 1, 2, 4]


@pytest.mark.parametrize("leaver", [0, 1, 2], ids=["being written", "first to wait", "last to wait"])
async def test_a_caller_that_goes_away_harms_nobody(
    table: Table, commits: GroupCommit[str, str], leaver: int
) -> None:
    # given items on their way, one of whose callers goes away
    table.may_write.clear()
    tasks = await begun(commits.add("0"))
    tasks += await begun(commits.add("1"), commits.add("2"))
    tasks[leaver].cancel()
    # when they are written
    table.may_write.set()
    async with asyncio.timeout(10):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    # then the others are told, and the next is written too
    for number, result in enumerate(results):
        if number == leaver:
            assert isinstance(result, asyncio.CancelledError)
        else:
            assert result == f"{number} is there"
    assert await commits.add("3") == "3 is there"
    assert {0, 1, 2, 3} - {leaver} <= set(await table.there())


async def test_a_caller_that_goes_away_from_a_commit_that_fails_harms_nobody(
    table: Table, commits: GroupCommit[str, str]
) -> None:
    table.may_write.clear()
    first = await begun(commits.add("x"))
    waiting = await begun(commits.add("y"), commits.add("1"))
    for gone in (*first, waiting[0]):
        gone.cancel()
    table.may_write.set()
    async with asyncio.timeout(10):
        assert await waiting[1] == "1 is there"
    assert await commits.add("2") == "2 is there"
