"""Connections with plain SQL, and whose statements they send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from population import Who
from sqlalchemy import make_url


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@asynccontextmanager
async def acting(connection: Any, who: Who | None) -> AsyncIterator[Any]:
    """Within: the statements are this person's. What they do is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if who is not None:
            await connection.execute(
                "SELECT set_config('assay.caller_id', $1, true),"
                " set_config('assay.caller_vendor_id', $2, true), set_config('role', $3, true)",
                str(who.id), str(who.vendor_id or ""), f"assay_{who.role}",
            )  # fmt: skip
        yield connection
    finally:
        await transaction.rollback()
