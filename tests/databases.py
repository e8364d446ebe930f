"""Short ways to the test server's databases, from outside any running loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg


def beside(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return url.rsplit("/", 1)[0] + "/" + database


def run_sql(url: str, statement: str) -> None:
    """Outside any transaction; in a thread of its own, because this one may run a loop already."""

    async def run() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute(statement)
        await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
