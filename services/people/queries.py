"""Every statement of the people service."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.auth import Actor
from shared.errors import NotFound
from shared.models.feedback import HelpDeskAgent
from shared.models.people import Person, Role, Vendor
from shared.visibility import visible_people, visible_vendors


def select_people(actor: Actor, *, role: str | None, vendor_id: UUID | None) -> Select[Any]:
    statement = select(Person).where(visible_people(actor))
    if role is not None:
        statement = statement.where(col(Person.role) == role)
    if vendor_id is not None:
        statement = statement.where(col(Person.vendor_id) == vendor_id)
    return statement


def select_vendors(actor: Actor) -> Select[Any]:
    return select(Vendor).where(visible_vendors(actor))


async def get_visible_person(session: AsyncSession, actor: Actor, person_id: UUID) -> Person:
    statement = select(Person).where(col(Person.id) == person_id, visible_people(actor))
    person = (await session.execute(statement)).scalar_one_or_none()
    if person is None:
        raise NotFound
    return person


async def get_person(session: AsyncSession, person_id: UUID, *, lock: bool = False) -> Person:
    statement = select(Person).where(col(Person.id) == person_id)
    if lock:
        statement = statement.with_for_update()
    person = (await session.execute(statement)).scalar_one_or_none()
    if person is None:
        raise NotFound
    return person


async def upsert_agent(session: AsyncSession, person_id: UUID) -> None:
    """The person of a help-desk account, as the account is known now. What was set by hand stays.

    The account's row is locked: of two deliveries the later one copies the newer state."""
    account = (
        await session.execute(
            select(HelpDeskAgent).where(col(HelpDeskAgent.id) == person_id).with_for_update()
        )
    ).scalar_one()
    new = insert(Person).values(
        id=person_id, name=account.name or unnamed(person_id), role=Role.AGENT,
        vendor_id=account.vendor_id, is_active=True, created_at=clock.now(),
    )  # fmt: skip
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["id"],
            set_={"name": new.excluded.name, "vendor_id": new.excluded.vendor_id},
            where=col(Person.edited_at).is_(None),
        )
    )


def unnamed(person_id: UUID) -> str:
    """What an agent is called until a help desk tells the name."""
    return f"Agent {person_id.hex[:8]}"
