"""Logins for reporting tools (Tableau, Power BI): a database role that sees what one person sees, through the
views of the schema `reporting`, and changes nothing."""

import re
import secrets
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from services.people.service import forget_reporting_login, keep_reporting_login
from shared.config import Settings

PREFIX = "assay_reporting_"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


async def grant(session: AsyncSession, settings: Settings, name: str, person_id: UUID) -> tuple[str, str]:
    """(login, password); the password is shown this once. Asked again, the login has another person's eyes
    or only a new password. Raises ValueError for a name that cannot be one, NotFound."""
    if not _NAME.fullmatch(name):
        raise ValueError("A login's name is made of a-z, 0-9 and _, begins with a letter, and has up to 40.")
    login, password = PREFIX + name, secrets.token_hex(24)
    role = await keep_reporting_login(session, login, person_id)
    await _as_owner(
        settings,
        f"DROP ROLE IF EXISTS {login}",
        f"CREATE ROLE {login} LOGIN INHERIT NOBYPASSRLS PASSWORD '{password}' IN ROLE assay_{role}",
        f"ALTER ROLE {login} SET default_transaction_read_only = on",
        f"ALTER ROLE {login} SET search_path = reporting",
        f"ALTER ROLE {login} SET statement_timeout = '5min'",
    )
    return login, password


async def revoke(session: AsyncSession, settings: Settings, name: str) -> None:
    """Sessions that are open end with their next statement: they see nothing any more."""
    if not _NAME.fullmatch(name):
        raise ValueError("There is no such login.")
    await forget_reporting_login(session, PREFIX + name)
    await _as_owner(settings, f"DROP ROLE IF EXISTS {PREFIX}{name}")


async def _as_owner(settings: Settings, *statements: str) -> None:
    url = make_url(settings.database_url).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()
