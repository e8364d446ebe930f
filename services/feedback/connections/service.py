"""Verbs of the connections room."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries
from services.feedback.connections.schemas import ConnectionIn
from shared import clock
from shared.crypto import Sealer
from shared.errors import Fault, ValidationFailed
from shared.ids import new_id
from shared.models.feedback import Connection
from shared.models.people import Schedule


async def connect(session: AsyncSession, sealer: Sealer, new: ConnectionIn) -> Connection:
    """Raises ValidationFailed for an unknown vendor or schedule, Conflict for a key in use."""
    await _check_vendors(session, new)
    if new.schedule_id and await session.get(Schedule, new.schedule_id) is None:
        raise ValidationFailed(faults=[Fault("/schedule_id", "unknown-id", "No such schedule.")])
    connection = Connection(
        id=new_id(),
        key=new.key,
        name=new.name,
        platform=new.platform,
        account_id=new.account_id,
        sealed_secret=sealer.seal(new.secret),
        settings=new.settings.model_dump(mode="json"),
        schedule_id=new.schedule_id,
        created_at=clock.now(),
    )
    session.add(connection)
    await session.flush()
    return connection


async def ensure_import_connection(
    session: AsyncSession, *, key: str, name: str, resolution_basis: str
) -> Connection:
    """The connection that holds a file import's tickets. Safe to repeat."""
    connection = await queries.find_connection(session, key)
    if connection is None:
        connection = Connection(
            id=new_id(), key=key, name=name, platform="import", settings={},
            resolution_basis=resolution_basis, created_at=clock.now(),
        )  # fmt: skip
        session.add(connection)
        await session.flush()
    return connection


async def _check_vendors(session: AsyncSession, new: ConnectionIn) -> None:
    named = {group.vendor_id for group in new.settings.groups.values() if group.vendor_id}
    found = await queries.known_vendors(session, named)
    faults = [
        Fault(f"/settings/groups/{key}/vendor_id", "unknown-id", "No such vendor.")
        for key, group in new.settings.groups.items()
        if group.vendor_id and group.vendor_id not in found
    ]
    if faults:
        raise ValidationFailed(faults=faults)
