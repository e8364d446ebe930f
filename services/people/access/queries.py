"""Every statement of the access room."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.people import Login, Person, ServiceToken, Vendor


async def get_person_id(session: AsyncSession, person_id: UUID) -> UUID:
    found = await session.scalar(select(col(Person.id)).where(col(Person.id) == person_id))
    if found is None:
        raise NotFound
    return found


async def list_logins(session: AsyncSession, person_id: UUID) -> list[Login]:
    statement = select(Login).where(col(Login.person_id) == person_id)
    return list(await session.scalars(statement.order_by(col(Login.issuer), col(Login.subject)).limit(100)))


async def remove_login(session: AsyncSession, person_id: UUID, issuer: str, subject: str) -> None:
    gone = await session.execute(
        delete(Login)
        .where(col(Login.issuer) == issuer, col(Login.subject) == subject, col(Login.person_id) == person_id)
        .returning(col(Login.subject))
    )
    if gone.first() is None:
        raise NotFound


async def has_vendor(session: AsyncSession, vendor_id: UUID) -> bool:
    return await session.scalar(select(col(Vendor.id)).where(col(Vendor.id) == vendor_id)) is not None


def select_service_tokens() -> Select[Any]:
    return select(ServiceToken)


async def lock_service_token(session: AsyncSession, token_id: UUID) -> ServiceToken:
    statement = select(ServiceToken).where(col(ServiceToken.id) == token_id).with_for_update()
    token = (await session.scalars(statement)).one_or_none()
    if token is None:
        raise NotFound
    return token
