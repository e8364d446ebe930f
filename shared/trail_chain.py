"""The chain over the trail: every entry's hash covers the hash before it, under a key that is not in the
database. Whoever changes, removes, adds or moves an entry cannot make the hashes fit again.

The end can be cut off without a trace in what is left: keep a head (`assay trail head`) somewhere else.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.models.trail import TrailEntry, TrailLink, TrailWaiting

LOCK = 7_305_114
BATCH = 500
FIELDS = (
    "id", "entered_at", "actor_kind", "actor_id", "action", "route", "changes", "reads", "purpose",
    "request_id",
)  # fmt: skip
BEGINNING = bytes(32)


@dataclass(frozen=True)
class Fault:
    """The first place where the chain does not hold. `number`: which link; None: beside the chain."""

    number: int | None
    what: str

    def __str__(self) -> str:
        return f"Link {self.number}: {self.what}" if self.number is not None else self.what


@dataclass(frozen=True)
class Head:
    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises ValueError."""
        number, _, digest = text.partition(":")
        return cls(int(number), bytes.fromhex(digest))


def content(entry: TrailEntry) -> dict[str, Any]:
    """An entry as it is hashed and exported."""
    values = {name: getattr(entry, name) for name in FIELDS}
    values["entered_at"] = entry.entered_at.astimezone(UTC).isoformat(timespec="microseconds")
    return {
        name: str(value) if name in ("id", "actor_id") and value else value for name, value in values.items()
    }


def link_hash(key: bytes, before: bytes, entry: Mapping[str, Any]) -> bytes:
    told = orjson.dumps(dict(entry), option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, before + told, hashlib.sha256)


async def seal(session: AsyncSession, key: bytes) -> int:
    """Puts entries that wait into the chain, the oldest first. One worker at a time; the others find nothing
    to do. Returns how many."""
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    head = await get_head(session)
    statement = (
        select(TrailEntry)
        .join(TrailWaiting, col(TrailWaiting.entry_id) == col(TrailEntry.id))
        .order_by(col(TrailEntry.id))
        .limit(BATCH)
    )
    links, before, number = [], head.hash, head.number
    for entry in await session.scalars(statement):
        before, number = link_hash(key, before, content(entry)), number + 1
        links.append({"number": number, "entry_id": entry.id, "hash": before})
    if links:
        await session.execute(insert(TrailLink), links)
        sealed = [link["entry_id"] for link in links]
        await session.execute(delete(TrailWaiting).where(col(TrailWaiting.entry_id).in_(sealed)))
    return len(links)


async def get_head(session: AsyncSession) -> Head:
    statement = select(TrailLink).order_by(col(TrailLink.number).desc()).limit(1)
    link = (await session.scalars(statement)).one_or_none()
    return Head(link.number, link.hash) if link else Head(0, BEGINNING)


async def links(session: AsyncSession) -> AsyncIterator[tuple[int, bytes, dict[str, Any] | None]]:
    """(number, hash, entry) of the whole chain, in order; an entry that is gone is None."""
    after = -(2**62)
    while True:
        statement = (
            select(TrailLink, TrailEntry)
            .outerjoin(TrailEntry, col(TrailEntry.id) == col(TrailLink.entry_id))
            .where(col(TrailLink.number) > after)
            .order_by(col(TrailLink.number))
            .limit(BATCH)
        )
        rows = (await session.execute(statement)).all()
        for link, entry in rows:
            yield link.number, link.hash, content(entry) if entry else None
        if len(rows) < BATCH:
            return
        after = rows[-1][0].number
        session.expunge_all()


async def verify_links(
    chain: AsyncIterator[tuple[int, bytes, dict[str, Any] | None]], key: bytes, kept: Head | None = None
) -> tuple[Fault | None, Head]:
    """(the first fault or None, the last link that held). `kept`: a head that was noted earlier."""
    held = Head(0, BEGINNING)
    met_kept = kept is None or kept.number == 0
    async for number, digest, entry in chain:
        if number != held.number + 1:
            return Fault(held.number + 1, f"is missing: link {number} follows {held.number}."), held
        if entry is None:
            return Fault(number, "its entry is gone."), held
        if not hmac.compare_digest(link_hash(key, held.hash, entry), digest):
            return Fault(number, "does not fit: its entry or a hash was changed, moved or put in."), held
        held = Head(number, digest)
        if kept is not None and number == kept.number:
            if digest != kept.hash:
                return Fault(number, "is not the one that was noted: the chain was made anew."), held
            met_kept = True
    if not met_kept and kept is not None:
        return Fault(held.number + 1, f"is missing: the chain was noted to go on to {kept.number}."), held
    return None, held


async def verify(session: AsyncSession, key: bytes, kept: Head | None = None) -> tuple[Fault | None, Head]:
    """The same of what is in the database now, and whether there are entries that the chain does not know."""
    fault, held = await verify_links(links(session), key, kept)
    if fault is not None:
        return fault, held
    stray = (
        select(col(TrailEntry.id))
        .where(
            ~select(TrailLink).where(col(TrailLink.entry_id) == col(TrailEntry.id)).exists(),
            ~select(TrailWaiting).where(col(TrailWaiting.entry_id) == col(TrailEntry.id)).exists(),
        )
        .limit(1)
    )
    if (found := await session.scalar(stray)) is not None:
        return Fault(None, f"Entry {found} is in no link: it was put in, or its link was taken out."), held
    lost = select(col(TrailWaiting.entry_id)).where(
        ~select(TrailEntry).where(col(TrailEntry.id) == col(TrailWaiting.entry_id)).exists()
    )
    if (found := await session.scalar(lost.limit(1))) is not None:
        return Fault(None, f"Entry {found} is gone before it was linked."), held
    return None, held
