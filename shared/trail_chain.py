"""The chain over the trail: every entry's hash covers the hash before it. Entries have a MAC of their own
from the moment they are written. Neither key is in the database: whoever owns it can change, remove, add or
move rows, but cannot make them fit again, nor have a worker do it.

The end can be cut off without a trace in what is left: workers that run remember it, and a head (`assay trail
head`) that was noted elsewhere shows it.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson
import structlog
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.config import Settings
from shared.crypto import key_for
from shared.models.trail import TrailEntry, TrailLink, TrailWaiting
from shared.trail import ENTRIES, FIELDS, content, mac_of

log = structlog.get_logger()
LOCK = 7_305_114
BATCH = 500
BEGINNING = bytes(32)


@dataclass(frozen=True)
class Keys:
    entries: bytes
    chain: bytes

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(key_for(settings, ENTRIES), key_for(settings, "trail"))


@dataclass(frozen=True)
class Fault:
    """The first place where the trail does not hold. `number`: which link; None: beside the chain."""

    number: int | None
    kind: str
    """changed, removed, moved, put in, cut off, made anew"""
    what: str

    def __str__(self) -> str:
        where = f"Link {self.number}" if self.number is not None else "Beside the chain"
        return f"{where} ({self.kind}): {self.what}"


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


Link = tuple[int, bytes, dict[str, Any] | None]
"""(number, hash, entry as it is exported); an entry that is gone is None."""


class ChainBroken(Exception):
    """The chain does not go on from where it was."""


def exported(entry: TrailEntry) -> dict[str, Any]:
    return content({name: getattr(entry, name) for name in FIELDS}) | {"mac": entry.mac.hex()}


def link_hash(key: bytes, before: bytes, entry: Mapping[str, Any]) -> bytes:
    told = orjson.dumps(dict(entry), option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, before + told, hashlib.sha256)


class Chain:
    """Where one worker puts what waits. It remembers the end that it met last, and goes on from no other."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._met = Head(0, BEGINNING)

    async def seal(self, session: AsyncSession) -> int:
        """Puts entries that wait into the chain, the oldest first. One worker at a time; the others find
        nothing to do. Returns how many. Raises ChainBroken, and links nothing, where the end that was met
        last is no more: else whoever cut it off would have it made anew here."""
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
            return 0
        head = await get_head(session)
        await self._check(session)
        self._met = head  # what is added below may yet be rolled back
        before, number = head.hash, head.number
        links = []
        for entry in await session.scalars(_WAITING.order_by(col(TrailEntry.id)).limit(BATCH)):
            told = exported(entry)
            if not hmac.compare_digest(mac_of(self._keys.entries, told), entry.mac):
                # Linked all the same: its place in the chain is where `verify` will point.
                log.error("an entry of the trail was tampered with", entry=str(entry.id), link=number + 1)
            before, number = link_hash(self._keys.chain, before, told), number + 1
            links.append({"number": number, "entry_id": entry.id, "hash": before})
        if links:
            await session.execute(insert(TrailLink), links)
            sealed = [link["entry_id"] for link in links]
            await session.execute(delete(TrailWaiting).where(col(TrailWaiting.entry_id).in_(sealed)))
        return len(links)

    async def _check(self, session: AsyncSession) -> None:
        if self._met.number == 0:
            return
        there = await session.scalar(
            select(col(TrailLink.hash)).where(col(TrailLink.number) == self._met.number)
        )
        if there != self._met.hash:
            log.error("the trail's chain was cut off or made anew", link=self._met.number)
            raise ChainBroken


_LINKED = select(TrailLink).where(col(TrailLink.entry_id) == col(TrailEntry.id)).exists()
_WAITING = (
    select(TrailEntry)
    .join(TrailWaiting, col(TrailWaiting.entry_id) == col(TrailEntry.id))
    .where(~_LINKED)  # anybody may add a row that waits: it must not stop the rest
)


async def get_head(session: AsyncSession) -> Head:
    statement = select(TrailLink).order_by(col(TrailLink.number).desc()).limit(1)
    link = (await session.scalars(statement)).one_or_none()
    return Head(link.number, link.hash) if link else Head(0, BEGINNING)


async def links(session: AsyncSession) -> AsyncIterator[Link]:
    """The whole chain, in order."""
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
            yield link.number, link.hash, exported(entry) if entry else None
        if len(rows) < BATCH:
            return
        after = rows[-1][0].number
        session.expunge_all()


def told(link: Link) -> dict[str, Any]:
    """As a line of a file that `verify_links` reads."""
    number, digest, entry = link
    return {"number": number, "hash": digest.hex(), "entry": entry}


async def verify_links(
    chain: AsyncIterator[Link], keys: Keys, kept: Head | None = None
) -> tuple[Fault | None, Head]:
    """(the first fault or None, the last link that held). `kept`: a head that was noted earlier."""
    held = Head(0, BEGINNING)
    met_kept = kept is None or kept.number == 0
    async for number, digest, entry in chain:
        if number != held.number + 1:
            what = f"it is missing: link {number} follows {held.number}."
            return Fault(held.number + 1, "removed", what), held
        if entry is None:
            return Fault(number, "removed", "its entry is gone."), held
        if not _is_genuine(entry, keys):
            what = f"entry {entry['id']} is not as it was written, or was never written by us."
            return Fault(number, "changed", what), held
        if not hmac.compare_digest(link_hash(keys.chain, held.hash, entry), digest):
            what = f"entry {entry['id']} is genuine and has no place here, or the link's hash was changed."
            return Fault(number, "moved", what), held
        held = Head(number, digest)
        if kept is not None and number == kept.number:
            if digest != kept.hash:
                return Fault(number, "made anew", "its hash is not the one that was noted."), held
            met_kept = True
    if not met_kept and kept is not None:
        what = f"it is missing: the chain was noted to go on to {kept.number}."
        return Fault(held.number + 1, "cut off", what), held
    return None, held


def _is_genuine(entry: Mapping[str, Any], keys: Keys) -> bool:
    return hmac.compare_digest(mac_of(keys.entries, entry).hex(), str(entry.get("mac")))


async def verify(session: AsyncSession, keys: Keys, kept: Head | None = None) -> tuple[Fault | None, Head]:
    """The same of what is in the database now; and of what waits for its place, and what lies about."""
    fault, held = await verify_links(links(session), keys, kept)
    if fault is None:
        fault = await _fault_beside(session, keys)
    return fault, held


async def _fault_beside(session: AsyncSession, keys: Keys) -> Fault | None:
    waiting = select(TrailWaiting).where(col(TrailWaiting.entry_id) == col(TrailEntry.id)).exists()
    stray = select(col(TrailEntry.id)).where(~_LINKED, ~waiting).limit(1)
    if (found := await session.scalar(stray)) is not None:
        what = f"entry {found} is in no link: it was put in, or its link was cut off."
        return Fault(None, "put in", what)
    entry = select(TrailEntry).where(col(TrailEntry.id) == col(TrailWaiting.entry_id)).exists()
    lost = select(col(TrailWaiting.entry_id)).where(~entry).limit(1)
    if (found := await session.scalar(lost)) is not None:
        return Fault(None, "removed", f"entry {found} is gone, before it was linked.")
    link = select(TrailLink).where(col(TrailLink.entry_id) == col(TrailWaiting.entry_id)).exists()
    if (found := await session.scalar(select(col(TrailWaiting.entry_id)).where(link).limit(1))) is not None:
        return Fault(None, "put in", f"entry {found} has its link, and waits for another.")
    async for row in await session.stream_scalars(_WAITING.execution_options(yield_per=BATCH)):
        if not _is_genuine(exported(row), keys):
            what = f"entry {row.id}, which waits for its link, is not as it was written, or not by us."
            return Fault(None, "changed", what)
    return None
