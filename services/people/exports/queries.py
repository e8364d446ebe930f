"""Every statement of the exports room."""

from collections.abc import AsyncIterator, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from shared.errors import NotFound
from shared.models.people import Person

AT_ONCE = 500


async def check_person(session: AsyncSession, person_id: UUID) -> None:
    """Raises NotFound (404)."""
    if await session.scalar(select(col(Person.id)).where(col(Person.id) == person_id)) is None:
        raise NotFound


async def rows_of(
    session: AsyncSession, name: str, person_id: UUID, *,
    columns: Collection[str], listed: Collection[str], without: Collection[str],
) -> AsyncIterator[dict[str, Any]]:  # fmt: skip
    """Those that name the person in one of `columns`, or list them in one of `listed`, in the order of their
    keys; read as they are asked for."""
    table = SQLModel.metadata.tables[name]
    shown = [column for column in table.columns if column.name not in without]
    about = [table.columns[column] == person_id for column in columns]
    about += [table.columns[column].contains([{"ids": [str(person_id)]}]) for column in listed]
    statement = select(*shown).where(or_(*about)).order_by(*table.primary_key.columns)
    found = await session.stream(statement.execution_options(yield_per=AT_ONCE))
    async for row in found.mappings():
        yield dict(row)
