"""Straight to the database driver, inside the session's transaction: for the few statements that run
thousands of times a second, where what stands between would cost more than the database does.

Parameters are $1, $2, …; many rows go as one array a column.
"""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession


async def fetch(session: AsyncSession, statement: str, *values: Any) -> list[Any]:
    """Rows of asyncpg. What the session holds back is not flushed first."""
    rows: list[Any] = await (await _connection(session)).fetch(statement, *values)
    return rows


async def execute(session: AsyncSession, statement: str, *values: Any) -> None:
    await (await _connection(session)).execute(statement, *values)


async def _connection(session: AsyncSession) -> Any:
    connection = await session.connection()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.is_in_transaction():
        # SQLAlchemy begins with its first statement, and would not notice ours: each of them
        # would be committed by itself.
        await connection.exec_driver_sql("SELECT 1")
    return driver
