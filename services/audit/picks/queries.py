"""Every statement of the picks room."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.models.audit import Audit, Evidence
from shared.models.feedback import Ticket
from shared.models.people import Person


async def find_ticket(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    """None where there is none, or none that the caller may see, or it was deleted."""
    statement = select(Ticket).where(col(Ticket.id) == ticket_id, ~col(Ticket.is_deleted))
    return (await session.execute(statement)).scalar_one_or_none()


async def find_person(session: AsyncSession, person_id: UUID) -> Person | None:
    return await session.get(Person, person_id)


async def insert_audit(session: AsyncSession, audit: Audit, evidence: Evidence) -> bool:
    """Once: False where it is there already."""
    new = insert(Audit).values(audit.model_dump()).on_conflict_do_nothing().returning(col(Audit.id))
    if (await session.execute(new)).scalar_one_or_none() is None:
        return False
    await session.execute(insert(Evidence).values(evidence.model_dump()))
    return True
