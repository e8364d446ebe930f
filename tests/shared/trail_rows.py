"""What the trail's tests look at."""

from typing import Any

from sqlalchemy import text
from world import World


async def entries(world: World, where: str = "true") -> list[Any]:
    async with world.db.transaction() as session:
        rows = await session.execute(text(f"SELECT * FROM trail_entry WHERE {where} ORDER BY id"))
        return list(rows.mappings())
