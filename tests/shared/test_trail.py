"""The audit trail: one entry for each transaction that changed something or showed what people wrote, and a
chain over the entries that nobody without the key can mend."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession
from trail_rows import entries
from typer.testing import CliRunner
from world import LONG_AGO, World

from services.cli import app as cli
from services.demo import zendesk
from shared import trail_chain
from shared.config import Settings, settings_from_environment
from shared.db import Database, url_of
from shared.trail import PLUMBING
from shared.trail_chain import Chain, Head, Keys

POSITIONS = int(os.environ.get("ASSAY_TRAIL_TAMPERS", "5"))
"""At how many places of the chain, each another one, every kind of tampering is tried."""


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys.of(settings)


async def sealed(db: Database, keys: Keys) -> int:
    """Seals all that waits, as a worker that has just begun. Returns how many."""
    chain, total = Chain(keys), 0
    while True:
        async with db.transaction() as session:
            done = await chain.seal(session)
        if not done:
            return total
        total += done


# ---- What is entered --------------------------------------------------------------------------------


async def test_a_change_is_entered_once_with_who_what_and_the_request(world: World) -> None:
    before = await entries(world)
    # when an administrator makes somebody a lead
    person = await world.person("specialist", "Mara")
    answer = await world.client.patch(f"/people/people/{person}", json={"role": "lead"}, headers=world.as_())
    # then two entries were added, and the second says so, without her name
    made, changed = (await entries(world))[len(before) :]
    assert (made["action"], changed["action"]) == ("people.create", "people.update")
    assert changed["actor_kind"] == "person"
    assert str(changed["actor_id"]) == (await world.get("/people/viewer"))["id"]
    assert changed["route"] == "PATCH /people/people/{person_id}"
    assert changed["request_id"] == answer.headers["x-request-id"]
    assert changed["changes"] == [
        {"table": "person", "ids": [person], "change": "changed", "columns": ["role"], "to": {"role": "lead"}}
    ]
    assert "Mara" not in str(made)


async def test_what_was_refused_and_what_was_only_looked_at_is_not_entered(world: World) -> None:
    before = len(await entries(world))
    await world.get("/people/people")
    await world.get("/feedback/tickets")
    await world.post("/people/people", {"name": "x", "role": "nobody"}, status=422)
    assert len(await entries(world)) == before


async def test_reading_what_people_wrote_is_entered_over_rest_and_graphql(world: World) -> None:
    # given a ticket with messages
    await world.connection()
    await world.solved_ticket()
    (ticket,) = (await world.get("/feedback/tickets"))["items"]
    # when somebody reads them, and when somebody reads only its status
    await world.get(f"/feedback/tickets/{ticket['id']}/messages")
    await world.graphql(f'{{ ticket(id: "{ticket["id"]}") {{ messages {{ body }} }} }}')
    await world.graphql(f'{{ ticket(id: "{ticket["id"]}") {{ status }} }}')
    # then the two reads are entered, each with the ticket
    reads = await entries(world, "reads <> '[]'")
    assert [one["reads"] for one in reads] == [[{"action": "messages.read", "ids": [ticket["id"]]}]] * 2
    assert [one["route"] for one in reads] == [
        "GET /feedback/tickets/{ticket_id}/messages", "POST /graphql",
    ]  # fmt: skip


async def test_comments_of_ratings_are_words_and_scores_are_none(world: World) -> None:
    # given a ticket that was rated with words, and one that was rated without
    await world.connection()
    for number, words in (("1", "It took too long."), ("2", None)):
        ticket = zendesk.DemoTicket(number, "A question", LONG_AGO)
        ticket.created()
        ticket.rate(timedelta(minutes=1), "bad", words)
        await world.tell(ticket)
    found = (await world.get("/feedback/tickets"))["items"]
    ids = {one["external_id"]: one["id"] for one in found}
    # when somebody reads both ratings
    comments = {
        number: [one["comment"] for one in await world.get(f"/feedback/tickets/{ids[number]}/ratings")]
        for number in ids
    }
    assert comments == {"1": ["It took too long."], "2": [None]}
    # then the one with words is entered
    (read,) = await entries(world, "reads <> '[]'")
    assert read["reads"] == [{"action": "ratings.read", "ids": [ids["1"]]}]


WRITTEN = text(
    "SELECT coalesce(parent.relname, t.relname) AS table, sum(n_tup_ins + n_tup_upd + n_tup_del) AS rows"
    " FROM pg_stat_xact_user_tables t LEFT JOIN pg_inherits ON inhrelid = t.relid"
    " LEFT JOIN pg_class parent ON parent.oid = inhparent GROUP BY 1"
)
"""Table → rows written so far, as the server counts them (with some of earlier transactions)."""


async def test_every_transaction_that_wrote_left_one_entry_that_names_each_table(
    world: World, db: Database
) -> None:
    """Asked of the database itself, which also knows what no session noticed."""
    told: list[tuple[str | None, set[str], set[str], int]] = []
    transaction = Database.transaction

    @contextlib.asynccontextmanager
    async def noticed(self: Database, *args: Any, **more: Any) -> AsyncIterator[Any]:
        async with transaction(self, *args, **more) as session:
            before = {one.table: one.rows for one in await session.execute(WRITTEN)}
            yield session
            await session.flush()
            after = {one.table: one.rows for one in await session.execute(WRITTEN)}
            wrote = {name for name, rows in after.items() if rows > before.get(name, 0)}
            own = PLUMBING - {"delivery"} if "actor" in session.info else PLUMBING
            named = {change["table"] for change, _ in session.info.get("changes", {}).values()}
            if wrote - own:
                xid = await session.scalar(text("SELECT pg_current_xact_id_if_assigned()::text"))
                told.append((session.info.get("action"), wrote - own, named, int(xid) % 2**32))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "transaction", noticed)
        await play_in(world)
    async with world.db.engine.connect() as connection:
        rows = await connection.execute(text("SELECT xmin::text, count(*) FROM trail_entry GROUP BY 1"))
        entered = {int(xmin): count for xmin, count in rows}
    assert len(told) > 20
    assert {"ticket", "message", "audit", "review", "appeal", "ticket_fact"} <= set().union(
        *(one[1] for one in told)
    )
    assert [one[:3] for one in told if not one[1] <= one[2]] == [], "written, and not named"
    assert [one[:2] for one in told if entered.get(one[3]) != 1] == [], "written, and not one entry"


async def play_in(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    mara = await world.person("specialist", "Mara")
    review = await world.reviewed(mara)
    await world.post(
        "/appeals",
        {
            "review_id": review["id"], "reason": "other",
            "points": [{"criterion": "greeting", "proposed_value": 1, "text": "It was there."}],
        },
        by=review["agent_id"],
    )  # fmt: skip


async def test_leads_see_all_of_it_and_everybody_else_what_they_did_themselves(world: World) -> None:
    lead, specialist = await world.person("lead"), await world.person("specialist")
    await world.connection()
    await world.plan((await world.get("/feedback/connections"))["items"][0]["id"])
    await world.solved_ticket()
    await world.post("/audit/audits/claim-next", by=specialist, status=200)
    seen = (await world.get("/people/trail", by=specialist))["items"]
    assert [one["action"] for one in seen] == ["audits.claim"]
    assert {one["action"] for one in seen[0]["reads"]} == {"evidence.read"}
    everything = (await world.get("/people/trail?limit=100", by=lead))["items"]
    assert len(everything) > len(seen)
    mine = (await world.get(f"/people/trail?actor_id={specialist}", by=lead))["items"]
    assert mine == seen


@pytest.mark.parametrize("statement", ["UPDATE trail_entry SET action = 'x'", "DELETE FROM trail_entry",
                                       "UPDATE trail_link SET number = 0", "DELETE FROM trail_link",
                                       "TRUNCATE trail_entry"])  # fmt: skip
@pytest.mark.parametrize("login", ["app", "worker", "hook"])
async def test_no_login_of_ours_changes_or_removes_an_entry(
    settings: Settings, world: World, statement: str, login: Any
) -> None:
    url = make_url(url_of(settings, login)).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


# ---- The chain --------------------------------------------------------------------------------------


async def test_the_chain_over_the_whole_story_holds(world: World, keys: Keys) -> None:
    await play_in(world)
    number = await sealed(world.worker.db, keys)
    async with world.worker.db.snapshot() as session:
        fault, head = await trail_chain.verify(session, keys)
    assert (fault, head.number) == (None, number)
    assert number == len(await entries(world)) > 20


async def test_sealing_from_many_sides_links_each_entry_once(world: World, keys: Keys) -> None:
    for number in range(5):
        await world.person("agent", f"Agent {number}")
    done = await asyncio.gather(*(sealed(world.worker.db, keys) for _ in range(8)))
    assert sum(done) + await sealed(world.worker.db, keys) == len(await entries(world))
    async with world.worker.db.snapshot() as session:
        assert (await trail_chain.verify(session, keys))[0] is None


async def test_a_sealer_that_is_killed_between_entry_and_link_leaves_nothing_half_done(
    world: World, keys: Keys
) -> None:
    await world.person("agent")

    async def killed() -> None:
        async with world.worker.db.transaction() as session:
            await Chain(keys).seal(session)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await killed()
    async with world.worker.db.snapshot() as session:
        fault, head = await trail_chain.verify(session, keys)
    assert (fault, head.number) == (None, 0)
    assert await sealed(world.worker.db, keys) == len(await entries(world))


_ENTRY = "(SELECT entry_id FROM trail_link WHERE number = :n)"
TAMPERS = {
    "a changed entry": f"UPDATE trail_entry SET action = 'x' WHERE id = {_ENTRY}",
    "a changed time": f"UPDATE trail_entry SET entered_at = entered_at + interval '1 us' WHERE id = {_ENTRY}",
    "a removed entry": f"DELETE FROM trail_entry WHERE id = {_ENTRY}",
    "a removed link": "DELETE FROM trail_link WHERE number = :n",
    "two links that changed places": """
        UPDATE trail_link SET entry_id = o.entry_id FROM trail_link o
        WHERE trail_link.number IN (:n, :m) AND o.number = :n + :m - trail_link.number""",
    "a changed hash": "UPDATE trail_link SET hash = sha256(hash) WHERE number = :n",
}
"""Statements of somebody who owns the database."""


@pytest.fixture
async def chained(world: World, keys: Keys) -> int:
    """The length of a chain that is there."""
    for number in range(max(20, POSITIONS + 1)):
        await world.person("agent", f"Agent {number}")
    return await sealed(world.worker.db, keys)


@pytest.mark.parametrize("kind", TAMPERS)
async def test_tampering_is_found_at_its_position(world: World, chained: int, keys: Keys, kind: str) -> None:
    dice = random.Random(kind)
    for position in dice.sample(range(1, chained), POSITIONS):
        async with world.db.engine.connect() as connection:
            await connection.execute(text("DROP INDEX uq_trail_link_entry_id"))
            where = {"n": position, "m": position + 1} if ":m" in TAMPERS[kind] else {"n": position}
            await connection.execute(text(TAMPERS[kind]), where)
            async with AsyncSession(bind=connection) as session:
                fault, held = await trail_chain.verify(session, keys)
                assert fault is not None, f"{kind} at {position} was not noticed"
                assert fault.number == position, f"{kind} at {position}: {fault}"
                assert held.number == position - 1
                await connection.rollback()


async def test_an_entry_that_was_put_in_is_found(world: World, chained: int, keys: Keys) -> None:
    async with world.db.transaction() as session:
        await session.execute(
            text("INSERT INTO trail_entry SELECT gen_random_uuid(), entered_at, actor_kind, actor_id,"
                 " 'forged', route, changes, reads, purpose, request_id, mac FROM trail_entry LIMIT 1")
        )  # fmt: skip
    async with world.db.snapshot() as session:
        fault, _ = await trail_chain.verify(session, keys)
    assert fault is not None
    assert "put in" in fault.what


async def test_a_chain_whose_end_was_cut_off_is_found_by_a_head_that_was_noted(
    world: World, chained: int, keys: Keys
) -> None:
    async with world.db.snapshot() as session:
        noted = await trail_chain.get_head(session)
    async with world.db.transaction() as session:
        gone = "IN (SELECT entry_id FROM trail_link WHERE number > :n)"
        await session.execute(text(f"DELETE FROM trail_entry WHERE id {gone}"), {"n": chained - 3})
        await session.execute(text("DELETE FROM trail_link WHERE number > :n"), {"n": chained - 3})
    async with world.db.snapshot() as session:
        assert (await trail_chain.verify(session, keys))[0] is None, "what is left fits"
        fault, _ = await trail_chain.verify(session, keys, noted)
    assert fault is not None
    assert fault.number == chained - 2


async def test_a_chain_made_anew_without_the_key_is_found_and_with_it_by_the_head(
    world: World, chained: int, keys: Keys
) -> None:
    async with world.db.snapshot() as session:
        noted = await trail_chain.get_head(session)
    other = Keys(keys.entries, b"another key".ljust(32))
    for with_key, kept in ((other, None), (keys, noted)):
        async with world.db.transaction() as session:
            # nothing is changed (the entries' own MACs would tell): one of them is left out
            await session.execute(text("DELETE FROM trail_waiting"))
            await session.execute(text("DELETE FROM trail_link"))
            await session.execute(
                text("DELETE FROM trail_entry WHERE id = (SELECT id FROM trail_entry ORDER BY id LIMIT 1)")
            )
            await session.execute(text("INSERT INTO trail_waiting SELECT id FROM trail_entry"))
        await sealed(world.db, with_key)
        async with world.db.snapshot() as session:
            fault, _ = await trail_chain.verify(session, keys, kept)
        assert fault is not None


async def test_the_command_verifies_the_chain_and_its_copy(
    world: World, chained: int, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("ASSAY_SECRET_KEY", settings.secret_key.get_secret_value())
    settings_from_environment.cache_clear()
    file = tmp_path / "trail.ndjson"

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, ["trail", *words])

    async def told(*words: str) -> Any:
        return await asyncio.to_thread(run, *words)

    head = (await told("head")).stdout.strip()
    assert Head.parse(head).number == chained
    assert (await told("verify", "--head", head)).exit_code == 0
    assert (await told("export", str(file))).exit_code == 0
    assert (await told("verify-file", str(file), "--head", head)).exit_code == 0
    # what is downloaded is the same, and holds too
    sent = await world.client.get("/people/trail/export", headers=world.as_())
    assert sent.content == file.read_bytes()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:4], lines[5], lines[4], *lines[6:]]))
    broken = await told("verify-file", str(file))
    assert broken.exit_code == 1
    assert "Link 5" in broken.stdout
    settings_from_environment.cache_clear()
