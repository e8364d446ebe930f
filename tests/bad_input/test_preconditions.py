"""RELIABILITY.md §2.3 I8: a change is made only while a thing is as its reader saw it, if they say so."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from at_once import at_once
from refusals import lasting_world, refused
from world import World


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


@pytest.fixture(params=["person", "connection"])
async def path(request: pytest.FixtureRequest, world: World) -> str:
    """Of something that can be changed and has a name."""
    if request.param == "person":
        return f"/people/people/{await world.person('agent')}"
    made = await world.client.get("/feedback/connections", headers=world.as_())
    known = made.json()["items"] or [await world.connection("zd")]
    return f"/feedback/connections/{known[0]['id']}"


async def change(world: World, path: str, name: str, *if_match: str) -> Any:
    headers = [(name.encode(), text.encode()) for name, text in world.as_().items()]
    headers += [(b"if-match", one.encode()) for one in if_match]
    return await world.client.patch(path, json={"name": name}, headers=headers)


async def tag_of(world: World, path: str) -> str:
    return str((await world.client.get(path, headers=world.as_())).headers["etag"])


async def test_i8_a_change_after_somebody_elses_is_refused_and_changes_nothing(
    world: World, path: str
) -> None:
    # given what two people read, and one of them changed
    read = await tag_of(world, path)
    assert (await change(world, path, "the first one", read)).status_code == 200
    # when the other one changes what they read
    refused(await change(world, path, "the second one", read), 412, "precondition-failed")
    # then the first change stands
    assert (await world.get(path))["name"] == "the first one"


async def test_i8_the_answer_to_a_change_has_the_tag_for_the_next_one(world: World, path: str) -> None:
    changed = await change(world, path, "one", await tag_of(world, path))
    assert changed.headers["etag"] == await tag_of(world, path)
    assert (await change(world, path, "two", changed.headers["etag"])).status_code == 200


async def test_i8_of_eight_changes_of_the_same_reading_one_is_made(world: World, path: str) -> None:
    read = await tag_of(world, path)
    answers = await at_once(world, (change(world, path, f"number {n}", read) for n in range(8)))
    assert sorted(one.status_code for one in answers) == [200] + [412] * 7


@pytest.mark.parametrize("given", ["", '"nonsense"', "nonsense", 'W/"{}"', '"*"', '"\u00e9"'])
async def test_i8_what_names_no_present_state_is_refused(world: World, path: str, given: str) -> None:
    tag = (await tag_of(world, path)).strip('"')
    refused(await change(world, path, "changed", given.format(tag)), 412, "precondition-failed")


@pytest.mark.parametrize("given", [(), ("*",), ("{}",), ('"other", {}',), ('"other"', "{}")])
async def test_i8_what_names_it_or_names_nothing_is_taken(
    world: World, path: str, given: tuple[str, ...]
) -> None:
    tag = await tag_of(world, path)
    answer = await change(world, path, "changed", *(one.format(tag) for one in given))
    assert answer.status_code == 200, answer.text
