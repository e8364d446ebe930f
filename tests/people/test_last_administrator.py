"""There is always an administrator left: also where two take each other's rights in the same moment."""

import asyncio
from typing import Any

import pytest
from world import World

from services.local import ADMIN_ID

ROUNDS = 10


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "lead"}], ids=lambda c: next(iter(c)))
async def test_of_two_administrators_who_end_each_other_one_stays(
    world: World, change: dict[str, Any]
) -> None:
    # given two administrators, and no third
    pair = [str(ADMIN_ID), await world.person("admin", "Second")]

    async def ends(actor: str, other: str) -> int:
        path = f"/people/people/{other}"
        answer = await world.client.patch(path, json=change, headers=world.as_(actor))
        return answer.status_code

    for _ in range(ROUNDS):
        # when each takes the other's rights at once
        statuses = await asyncio.gather(ends(pair[0], pair[1]), ends(pair[1], pair[0]))
        # then one of them did, and the other is told that theirs are gone
        assert sorted(statuses)[0] == 200
        assert sorted(statuses)[1] in (401, 403)
        stays = pair[statuses.index(200)]
        gone = pair[1 - pair.index(stays)]
        await world.patch(f"/people/people/{gone}", {"is_active": True, "role": "admin"}, by=stays)
