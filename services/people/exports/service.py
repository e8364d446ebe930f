"""Verbs of the exports room."""

from typing import IO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.people.exports import queries
from services.people.exports.rules import HELD
from shared import trail_chain
from shared.auth import Actor
from shared.errors import Forbidden
from shared.lines import line_of
from shared.permissions import PERMISSIONS, Relation
from shared.row_security import readable_by
from shared.trail import note_read


async def write_export(session: AsyncSession, actor: Actor, person_id: UUID, to: IO[bytes]) -> None:
    """All that is held about this person and the caller may see, a row a line (`{table, row}`); the last line
    is the sum (`{summary: {table: rows}, left_out: [table]}`). Raises NotFound (404), Forbidden (403)."""
    await queries.check_person(session, person_id)
    if PERMISSIONS["people.export"][actor.role] is Relation.MINE and person_id != actor.id:
        raise Forbidden("You can export what is held about yourself.")
    note_read(session, "people.export", [person_id])
    readable, counts = readable_by(actor.role), {}
    for table, held in HELD.items():
        if table not in readable:
            continue
        counts[table] = 0
        async for row in queries.rows_of(session, table, person_id, **vars(held)):
            to.write(line_of({"table": table, "row": row}))
            counts[table] += 1
    to.write(line_of({"summary": counts, "left_out": sorted(HELD.keys() - readable)}))


async def write_trail(session: AsyncSession, to: IO[bytes]) -> None:
    """Every link with its entry, in the chain's order."""
    note_read(session, "trail.export", [])
    async for link in trail_chain.links(session):
        to.write(line_of(trail_chain.told(link)))
