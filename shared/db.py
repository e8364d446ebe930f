"""The engine and the one place that commits: one request or one delivery is one transaction."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal, Self

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from fastapi import Depends
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from starlette.requests import HTTPConnection

from shared import trail
from shared.config import Settings, asyncpg_url
from shared.crypto import key_for

Fetch = Callable[..., Awaitable[list[Any]]]
"""`await fetch(statement, *values)`: rows of the driver."""
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""What the driver raises where SQLAlchemy does not stand between."""
Login = Literal["app", "worker", "hook"]
"""Who connects: requests (who see nothing before they say for whom they ask), the worker and the
command's verbs (who see all), the doors for webhooks (who store, and read nothing back)."""


def password_of(settings: Settings, login: Login) -> str:
    return key_for(settings, f"database login {login}").hex()


def url_of(settings: Settings, login: Login) -> str:
    if login in settings.database_urls:
        return settings.database_urls[login]
    url = make_url(asyncpg_url(settings.database_url))
    own = url.set(username=f"assay_{login}", password=password_of(settings, login))
    return own.render_as_string(hide_password=False)


class Database:
    """A pool of connections. `transaction()` commits when the block ends well, else rolls back."""

    def __init__(
        self, url: str, *, pool_size: int = 8, pool_timeout_s: float = 5.0, trail_key: bytes = b""
    ) -> None:
        """`trail_key`: marks the trail's entries. Without the right one, what is entered does not verify."""
        self._trail_key = trail_key
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout_s,
            hide_parameters=True,  # what is written may be personal data; errors end in logs
            connect_args={"timeout": 5, "command_timeout": 30, "server_settings": {"TimeZone": "UTC"}},
        )

    @classmethod
    def of(cls, settings: Settings, login: Login) -> Self:
        key = key_for(settings, trail.ENTRIES)
        size, timeout_s = settings.db_pool_size, settings.db_pool_timeout_s
        return cls(url_of(settings, login), pool_size=size, pool_timeout_s=timeout_s, trail_key=key)

    @asynccontextmanager
    async def transaction(
        self, action: str | None = None, *, is_command: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """`action`: what the trail calls it, where no permission was asked for. `is_command`: somebody at
        the machine does it."""
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            if action is not None:
                session.info.update(action=action, is_command=is_command)
            trail.watch(session)
            yield session
            await trail.write(session, self._trail_key)

    @asynccontextmanager
    async def snapshot(self, *, timeout_s: float | None = None) -> AsyncIterator[AsyncSession]:
        """Read-only, and every statement sees the same moment. Ends with a rollback: there is nothing
        to keep, and a statement that was cut off leaves nothing that could be committed. After `timeout_s`
        the server itself gives a statement up: its caller may be gone, or killed."""
        engine = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
            if timeout_s is not None:
                await (await session.connection()).exec_driver_sql(_limit(timeout_s))
            yield session

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """One statement of the driver's ($1, $2, …) that is a transaction by itself: all it writes is
        committed when this returns. One round trip, where a transaction of one statement takes three."""
        async with self.engine.connect() as connection:
            rows: list[Any] = await (await _living(connection)).fetch(statement, *values)
            return rows

    @asynccontextmanager
    async def listening(self, channel: str, heard: Callable[..., None]) -> AsyncIterator[Callable[[], bool]]:
        """`heard()` is called for each NOTIFY, and when the connection is lost; what is given says whether it
        still is there. The connection is nobody else's, and not one of the pool's."""
        async with self.engine.connect() as connection:
            driver = await _living(connection)
            await connection.run_sync(lambda checked_out: checked_out.detach())
            driver.add_termination_listener(heard)
            await driver.add_listener(channel, heard)
            yield lambda: not driver.is_closed()

    async def close(self) -> None:
        await self.engine.dispose()


def _limit(timeout_s: float) -> str:
    return f"SET LOCAL statement_timeout = {math.ceil(timeout_s * 1000)}"


async def _living(connection: AsyncConnection) -> Any:
    """The driver's connection; a new one where the database was restarted since it was used last."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if driver.is_closed():
        await connection.invalidate()
        driver = (await connection.get_raw_connection()).driver_connection
    return driver


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with connection.app.state.db.transaction() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
"""scope="function": the commit happens before the answer is sent, so a failing commit is never a 200."""
