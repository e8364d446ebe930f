"""Every statement of the people service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.errors import NotFound
from shared.models.feedback import HelpDeskAgent
from shared.models.people import Person, ReportingLogin, Role, Vendor
from shared.models.trail import TrailEntry


def select_people(*, role: str | None, vendor_id: UUID | None) -> Select[Any]:
    statement = select(Person)
    if role is not None:
        statement = statement.where(col(Person.role) == role)
    if vendor_id is not None:
        statement = statement.where(col(Person.vendor_id) == vendor_id)
    return statement


def select_vendors() -> Select[Any]:
    return select(Vendor)


def select_trail(
    actor_id: UUID | None,
    action: str | None,
    row_id: UUID | None,
    from_at: datetime | None,
    to_at: datetime | None,
) -> Select[Any]:
    statement = select(TrailEntry)
    if actor_id is not None:
        statement = statement.where(col(TrailEntry.actor_id) == actor_id)
    if action is not None:
        statement = statement.where(col(TrailEntry.action) == action)
    if row_id is not None:
        changed = col(TrailEntry.changes).contains([{"ids": [str(row_id)]}])
        statement = statement.where(changed | col(TrailEntry.reads).contains([{"ids": [str(row_id)]}]))
    if from_at is not None:
        statement = statement.where(col(TrailEntry.entered_at) >= from_at)
    if to_at is not None:
        statement = statement.where(col(TrailEntry.entered_at) < to_at)
    return statement


async def get_person(session: AsyncSession, person_id: UUID, *, lock: bool = False) -> Person:
    statement = select(Person).where(col(Person.id) == person_id)
    if lock:
        statement = statement.with_for_update()
    person = (await session.execute(statement)).scalar_one_or_none()
    if person is None:
        raise NotFound
    return person


async def lock_administrators(session: AsyncSession) -> set[UUID]:
    """The ids of those who are one, as it is once nobody else is changing any of them."""
    statement = (
        select(col(Person.id))
        .where(col(Person.role) == Role.ADMIN, col(Person.is_active))
        .order_by(col(Person.id))
        .with_for_update(key_share=True)
    )
    return set(await session.scalars(statement))


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


async def upsert_reporting_login(session: AsyncSession, login: str, person_id: UUID) -> None:
    new = insert(ReportingLogin).values(name=login, person_id=person_id, created_at=clock.now())
    eyes = {"person_id": person_id, "created_at": clock.now()}
    await session.execute(new.on_conflict_do_update(index_elements=["name"], set_=eyes))


async def delete_reporting_login(session: AsyncSession, login: str) -> None:
    await session.execute(delete(ReportingLogin).where(col(ReportingLogin.name) == login))


def unnamed(person_id: UUID) -> str:
    """What an agent is called until a help desk tells the name."""
    return f"Agent {person_id.hex[:8]}"
