"""What somebody who owns the database, but not the keys, might try on the trail: to have a worker sign a lie,
to be quicker than the worker, to stop it."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from world import World

from shared import trail_chain
from shared.auth import enter
from shared.config import Settings
from shared.trail_chain import Chain, ChainBroken, Fault, Keys

FORGED = """
    INSERT INTO trail_entry SELECT '00000000-0000-7000-8000-0000000000ff', entered_at, actor_kind, actor_id,
    'people.update', route, changes, reads, purpose, request_id, mac FROM trail_entry LIMIT 1"""
FORGED_WAITS = "INSERT INTO trail_waiting VALUES ('00000000-0000-7000-8000-0000000000ff')"
ANEW = ("INSERT INTO trail_waiting SELECT entry_id FROM trail_link", "DELETE FROM trail_link")
"""Has the whole chain made again, by whoever holds the key."""


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys.of(settings)


@pytest.fixture
async def chain(world: World, keys: Keys) -> Chain:
    """A worker's, which has sealed a few entries and seen that they are in."""
    for number in range(5):
        await world.person("agent", f"Agent {number}")
    made = Chain(keys)
    await sealed(world, made)
    return made


async def sealed(world: World, chain: Chain) -> int:
    total = 0
    while True:
        async with world.worker.db.transaction() as session:
            done = await chain.seal(session)
        if not done:
            return total
        total += done


async def owner(world: World, *statements: str) -> None:
    async with world.db.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def fault(world: World, keys: Keys) -> Fault | None:
    async with world.worker.db.snapshot() as session:
        return (await trail_chain.verify(session, keys))[0]


@pytest.mark.parametrize("column", ["actor_id = gen_random_uuid()", "changes = '[]'", "mac = ''"])
async def test_a_worker_makes_no_lie_true_by_linking_it_anew(
    world: World, chain: Chain, keys: Keys, column: str
) -> None:
    # given entries that were changed, and a chain that is to be made anew by the worker that has the keys
    await owner(world, f"UPDATE trail_entry SET {column}", *ANEW)
    assert await sealed(world, Chain(keys)) > 5
    # then the first of them is found, although every hash was made with the right key
    found = await fault(world, keys)
    assert found is not None
    assert (found.number, found.kind) == (1, "changed")


async def test_a_worker_that_met_the_end_goes_on_from_no_other(
    world: World, chain: Chain, keys: Keys
) -> None:
    # given a chain whose end was cut off, with its entries: what is left fits
    last = "SELECT entry_id FROM trail_link ORDER BY number DESC LIMIT 1"
    await owner(
        world,
        f"DELETE FROM trail_entry WHERE id = ({last})",
        f"DELETE FROM trail_link WHERE entry_id = ({last})",
    )
    assert await fault(world, keys) is None
    before = await links(world)
    # when something is to be linked by a worker that met the end
    await world.person("agent", "Another")
    with pytest.raises(ChainBroken):
        await sealed(world, chain)
    # then nothing is
    assert await links(world) == before


async def test_a_worker_whose_links_were_rolled_back_goes_on(world: World, chain: Chain, keys: Keys) -> None:
    await world.person("agent", "Another")

    async def killed() -> None:
        async with world.worker.db.transaction() as session:
            assert await chain.seal(session) == 1
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await killed()
    assert await sealed(world, chain) == 1
    assert await fault(world, keys) is None


async def links(world: World) -> int:
    async with world.db.engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM trail_link"))).scalar_one())


BEFORE_THE_LINK: dict[str, tuple[str, ...]] = {
    "a changed entry": ("UPDATE trail_entry SET actor_id = gen_random_uuid()",),
    "a forged entry": (FORGED, FORGED_WAITS),
}


@pytest.mark.parametrize("kind", BEFORE_THE_LINK)
async def test_what_is_changed_before_it_is_linked_is_found_then_and_later(
    world: World, keys: Keys, kind: str
) -> None:
    await world.person("agent")
    await owner(world, *BEFORE_THE_LINK[kind])
    # while it waits
    found = await fault(world, keys)
    assert found is not None
    assert (found.number, found.kind) == (None, "changed")
    # and once it has its place
    await sealed(world, Chain(keys))
    found = await fault(world, keys)
    assert found is not None
    assert (found.number, found.kind) == (1, "changed")


async def test_a_waiting_entry_that_was_removed_is_found(world: World, keys: Keys) -> None:
    await world.person("agent")
    await owner(world, "DELETE FROM trail_entry")
    found = await fault(world, keys)
    assert found is not None
    assert found.kind == "removed"


async def test_an_entry_that_is_told_to_wait_again_stops_nobody_and_is_found(
    world: World, chain: Chain, keys: Keys
) -> None:
    """Any role may add a row that waits, for each writes entries."""
    agent = UUID(await world.person("agent", "Somebody"))
    async with world.db.engine.connect() as connection:
        linked = (await connection.execute(text("SELECT entry_id FROM trail_link LIMIT 1"))).scalar_one()

    async def waits(session: AsyncSession, entry: UUID) -> None:
        await enter(session, world.app.state.verifier, world.keys.issue(agent))
        await session.execute(text("INSERT INTO trail_waiting VALUES (:entry)"), {"entry": entry})

    # given rows that wait for nothing, added with an agent's rights
    for entry in (linked, uuid4()):
        async with world.app.state.db.transaction() as session:
            await waits(session, entry)
    # then what does wait is linked
    assert await sealed(world, chain) >= 1
    found = await fault(world, keys)
    assert found is not None
