"""Every statement of the people service."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.errors import NotFound
from shared.models.people import Person, Role, Vendor


def select_people(*, role: str | None, vendor_id: UUID | None) -> Select[Any]:
    statement = select(Person)
    if role is not None:
        statement = statement.where(col(Person.role) == role)
    if vendor_id is not None:
        statement = statement.where(col(Person.vendor_id) == vendor_id)
    return statement


def select_vendors() -> Select[Any]:
    return select(Vendor)


async def get_person(session: AsyncSession, person_id: UUID, *, lock: bool = False) -> Person:
    statement = select(Person).where(col(Person.id) == person_id)
    if lock:
        statement = statement.with_for_update()
    person = (await session.execute(statement)).scalar_one_or_none()
    if person is None:
        raise NotFound
    return person


async def upsert_agent(
    session: AsyncSession, person_id: UUID, *, name: str, vendor_id: UUID | None
) -> None:
    """A name or vendor that a person was given by hand, or that was known before, stays."""
    new = insert(Person).values(
        id=person_id, name=name or unnamed(person_id), role=Role.AGENT, vendor_id=vendor_id,
        is_active=True, created_at=clock.now(),
    )  # fmt: skip
    better_name = name and {"name": name}
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"], set_=better_name, where=col(Person.name) == unnamed(person_id)
        )
        if better_name
        else new.on_conflict_do_nothing()
    )
    if vendor_id is not None:
        person = await get_person(session, person_id, lock=True)
        person.vendor_id = person.vendor_id or vendor_id


def unnamed(person_id: UUID) -> str:
    """What an agent is called until a help desk tells the name."""
    return f"Agent {person_id.hex[:8]}"
