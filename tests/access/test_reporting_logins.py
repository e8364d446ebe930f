"""A reporting tool with a login of its own sees what one person sees: through views and by plain SQL."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from acting import plain
from oracle import Oracle
from population import Population, primary_key
from sqlalchemy import make_url
from sqlmodel import SQLModel

from services import reporting
from shared.config import Settings
from shared.db import Database
from shared.row_security import POLICIES, REPORTING_VIEWS

WHOSE = ("v1-manager", "v1-t1-lead", "v2-t1-a1", "analyst", "lead")
SHOWN = sorted({p.table for p in POLICIES if p.verb == "SELECT" and p.reporting})
HIDDEN = sorted({p.table for p in POLICIES if p.verb == "SELECT"} - set(SHOWN))


@pytest.fixture(params=WHOSE)
async def tool(
    settings: Settings, everyone: Population, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Any, Any]]:
    """(a connection, whose eyes it has)"""
    who = everyone.people[request.param]
    name = f"t{settings.database_url[-12:]}"
    db = Database.of(settings, "worker")
    async with db.transaction() as session:
        login, password = await reporting.grant(session, settings, name, who.id)
    url = make_url(settings.database_url).set(username=login, password=password)
    connection = await asyncpg.connect(plain(url.render_as_string(hide_password=False)))
    yield connection, who
    await connection.close()
    async with db.transaction() as session:
        await reporting.revoke(session, settings, name)
    await db.close()


async def test_it_sees_exactly_the_rows_of_its_person(tool: Any, oracle: Oracle) -> None:
    connection, who = tool
    for table in SHOWN:
        columns = ", ".join(SQLModel.metadata.tables[table].primary_key.columns.keys())
        seen = {tuple(row) for row in await connection.fetch(f"SELECT {columns} FROM public.{table}")}
        assert seen == {primary_key(table, row) for row in oracle.visible(who, table)}, table


async def test_its_views_have_the_same_rows(tool: Any, oracle: Oracle) -> None:
    connection, who = tool
    for view in REPORTING_VIEWS:
        assert await connection.fetchval(f"SELECT count(*) FROM {view}") == len(oracle.visible(who, view)), (
            view
        )


async def test_what_people_wrote_and_who_reviewed_it_does_not_see(tool: Any) -> None:
    """Reads of those are logged, and nobody logs what a reporting tool reads."""
    connection, _ = tool
    assert {table: await connection.fetchval(f"SELECT count(*) FROM public.{table}") for table in HIDDEN} == (
        dict.fromkeys(HIDDEN, 0)
    )


@pytest.mark.parametrize("statement", [
    "UPDATE public.review SET acknowledged_at = now()", "UPDATE public.appeal SET state = 'withdrawn'",
    "UPDATE public.person SET role = 'admin'", "DELETE FROM public.assignment",
    "INSERT INTO public.vendor VALUES (gen_random_uuid(), 'x', 'x', now())",
    "SELECT set_config('assay.caller_id', '', false)", "SET ROLE assay_admin",
])  # fmt: skip
async def test_it_changes_nothing_and_becomes_nobody_else(tool: Any, oracle: Oracle, statement: str) -> None:
    connection, _ = tool
    await connection.execute("SET default_transaction_read_only = off")
    before = await connection.fetchval("SELECT count(*) FROM public.ticket")
    try:
        done = await connection.execute(statement)
        assert done.split()[-1] == "0" or done.startswith("SELECT")
    except asyncpg.InsufficientPrivilegeError:
        pass
    assert await connection.fetchval("SELECT count(*) FROM public.ticket") == before
    await connection.execute("RESET ROLE")


async def test_a_login_whose_person_leaves_or_changes_role_sees_nothing(tool: Any, db: Database) -> None:
    from sqlalchemy import text

    connection, who = tool
    assert await connection.fetchval("SELECT count(*) FROM public.person") > 0
    for change in ("is_active = false", "is_active = true, role = 'trainer'"):
        async with db.transaction() as session:
            await session.execute(text(f"UPDATE person SET {change} WHERE id = :id"), {"id": who.id})
        assert await connection.fetchval("SELECT count(*) FROM public.person") == 0
        assert await connection.fetchval("SELECT count(*) FROM public.ticket") == 0
