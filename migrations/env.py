"""How Alembic meets our models: the same driver, one migrator at a time, partitions left alone."""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import shared.models  # noqa: F401 (fills the metadata)
from migrations import security
from shared.config import asyncpg_url

LOCK = 7_305_112  # any number, the same everywhere
PARTITIONS = text("SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p', 'i', 'I')")


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """SQLModel's own string type, written as the plain one: migrations outlive the library."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def run(connection: Connection) -> None:
    partitions = set(connection.scalars(PARTITIONS))

    def include_object(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
        table = item if kind == "table" else getattr(item, "table", None)
        return not (reflected and table is not None and table.name in partitions)

    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=render_item,
        include_object=include_object,
        compare_type=True,
        transaction_per_migration=True,
    )
    # Of the session, and given back with it: each migration is a transaction of its own.
    connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET assay.migrating = 'on'"))
    connection.commit()
    if context.config.attributes.get("down"):
        security.remove(connection)  # policies hold the columns they name
        connection.commit()
    with context.begin_transaction():
        context.run_migrations()
    if context.config.attributes.get("sync"):
        reached = context.get_context().get_current_heads()
        if reached == tuple(ScriptDirectory.from_config(context.config).get_heads()):
            security.sync(connection)
            connection.commit()


async def main() -> None:
    engine = create_async_engine(asyncpg_url(context.config.attributes["url"]))
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
