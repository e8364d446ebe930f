"""What the GraphQL benchmark reads (`data.sql`), and what of it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url

from services.bench.servers import Setting

SQL = Path(__file__).with_name("data.sql")
READ = "person, vendor, ticket, ticket_fact, audit, review, review_author, appeal"


@dataclass(frozen=True)
class Furnished:
    """`askers` see every row: the leads of the company itself."""

    askers: Sequence[UUID]
    vendors: Sequence[UUID]
    audits: Sequence[tuple[UUID, UUID]]
    """(ticket, audit)"""


async def furnish(setting: Setting, tickets: int) -> Furnished:
    """`tickets`: how many; every second one is audited, and every tenth audit appealed."""
    url = make_url(setting.settings.database_url).set(drivername="postgresql")
    owner = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        async with owner.transaction():
            await owner.execute(SQL.read_text().replace("{tickets}", str(tickets)))
        await owner.execute(f"VACUUM ANALYZE {READ}")
        askers = await owner.fetch("SELECT id FROM person WHERE role = 'lead' AND name LIKE 'Lead %'")
        vendors = await owner.fetch("SELECT id FROM vendor ORDER BY id")
        audits = await owner.fetch("SELECT ticket_id, id FROM audit ORDER BY id LIMIT 5000")
        return Furnished(
            [row["id"] for row in askers],
            [row["id"] for row in vendors],
            [(row["ticket_id"], row["id"]) for row in audits],
        )
    finally:
        await owner.close()
