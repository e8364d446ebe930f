"""Every statement of the connections room."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.feedback import Connection
from shared.models.people import Vendor


def select_connections() -> Select[Any]:
    return select(Connection)


async def find_connection(session: AsyncSession, key: str) -> Connection | None:
    return (await session.execute(select(Connection).where(col(Connection.key) == key))).scalar_one_or_none()


async def get_connection(session: AsyncSession, connection_id: UUID) -> Connection:
    connection = await session.get(Connection, connection_id)
    if connection is None:
        raise NotFound
    return connection


async def known_vendors(session: AsyncSession, named: Collection[UUID]) -> set[UUID]:
    """Those of these ids that are a vendor's."""
    return set(await session.scalars(select(col(Vendor.id)).where(col(Vendor.id).in_(named))))
