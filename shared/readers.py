"""Connections for answers that are one statement. Who asks is told to the connection, not to a transaction:
that takes half the round trips. Behind a pooler each statement may meet another connection, so there they are
told to a transaction after all.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url

from shared.config import Settings
from shared.db import Fetch, Login, url_of


@dataclass(frozen=True, slots=True)
class Reader:
    driver: Any
    is_direct: bool
    """Whether the database has one connection for it, which remembers what it is told (`is_local` false)."""

    @property
    def fetch(self) -> Fetch:
        """One statement of the driver's ($1, $2, …), its rows."""
        fetch: Fetch = self.driver.fetch
        return fetch


class Readers:
    """At most `size` connections, on which nothing is written. A statement that takes longer than `timeout_s`
    ends, also where nobody is left to cancel it. Those who wait have their turn in order.

    The driver's own pool takes a task, a timer and a lock each time: here as long as all else that happens
    to a connection.
    """

    def __init__(self, url: str, *, size: int, timeout_s: float) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        milliseconds = math.ceil(timeout_s * 1000)
        limits = f"{{0}} statement_timeout = {milliseconds}; {{0}} plan_cache_mode = force_generic_plan"
        # What comes is asked again and again: it is planned once, whatever its values.
        self._connection_begins = f"SET default_transaction_read_only = on; {limits.format('SET')}"
        self._transaction_begins = f"BEGIN READ ONLY; {limits.format('SET LOCAL')}"
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Reader] = []

    @classmethod
    def of(cls, settings: Settings, login: Login, *, timeout_s: float) -> Self:
        return cls(url_of(settings, login), size=settings.db_pool_size, timeout_s=timeout_s)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reader]:
        """What the connection was told of who asks is forgotten when the block ends."""
        async with self._turns:
            reader, is_fit = self._living() or await self._connected(), False
            try:
                if not reader.is_direct:
                    await reader.driver.execute(self._transaction_begins)
                try:
                    yield reader
                finally:
                    await reader.driver.execute("RESET ROLE" if reader.is_direct else "ROLLBACK")
                    is_fit = True
            finally:
                if is_fit:
                    self._idle.append(reader)
                else:  # nobody gets it as somebody else
                    reader.driver.terminate()

    def _living(self) -> Reader | None:
        while self._idle:
            reader = self._idle.pop()
            if not reader.driver.is_closed():  # as it is when the database was restarted
                return reader
        return None

    async def _connected(self) -> Reader:
        """Poolers give out numbers of their own for the processes that answer."""
        driver = await asyncpg.connect(self._url, timeout=5, server_settings={"TimeZone": "UTC"})
        (row,) = await driver.fetch("SELECT pg_backend_pid()")
        is_direct = row[0] == driver.get_server_pid()
        if is_direct:
            await driver.execute(self._connection_begins)
        return Reader(driver, is_direct)

    async def close(self) -> None:
        while reader := self._living():
            await reader.driver.close()
