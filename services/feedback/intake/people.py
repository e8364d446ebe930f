"""Who asks for help in a batch: each behind a data key of their own, known by name and e-mail address for
the time it takes to redact them. Statements are in `queries.py`."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.intake import queries
from services.feedback.intake.normalised import Change, NewMessage, Normalised, TicketFields
from services.feedback.intake.texts import OF_TICKET, Sent
from services.feedback.redaction.rules import Known as People
from shared.crypto import DataKey, Sealer
from shared.ids import ticket_id
from shared.models.privacy import Requester

Telling = tuple[datetime, bytes, str]
"""(when, keyed hash, the words): the greatest counts, so that any order ends the same."""
IDENTITY = ("name", "email")
ERASED = "erased:"
"""What the random words begin with that stand for erased people."""


@dataclass
class Asker:
    """A requester while a batch is stored."""

    id: UUID
    external_key: str | None
    key: DataKey | None
    """None: erased."""
    name: str | None = None
    email: str | None = None


@dataclass
class Mentioned:
    """What a batch says of one requester."""

    external_key: str | None
    ticket_id: UUID | None
    """Where nobody tells who asks: the ticket."""
    told: dict[str, Telling] = field(default_factory=dict)


@dataclass
class Askers:
    """Those of a batch, by id."""

    sealer: Sealer
    scope: UUID
    by_id: dict[UUID, Asker] = field(default_factory=dict)
    renamed: set[UUID] = field(default_factory=set)
    """Who was here before, and has another name or address now: what they wrote is to be redacted anew."""

    _ids: dict[tuple[str | None, str], UUID] = field(default_factory=dict)
    """Asked for again and again."""

    def id_of(self, requester_key: str | None, ticket_key: str) -> UUID:
        asked = (requester_key, "" if requester_key else ticket_key)
        if asked not in self._ids:
            self._ids[asked] = requester_id(self.sealer, self.scope, *asked)
        return self._ids[asked]

    def people(self, ids: Iterable[UUID]) -> People:
        found = [self.by_id[one] for one in ids if one in self.by_id]
        return People(
            names=tuple(sorted({one.name for one in found if one.name})),
            emails=tuple(sorted({one.email for one in found if one.email})),
        )

    def has_erased(self) -> bool:
        return any(one.key is None for one in self.by_id.values())

    async def meet(self, session: AsyncSession, told: Sequence[Normalised]) -> None:
        """Stores what the batch says of them; makes keys for those who are new."""
        mentioned = mentions(self, told)
        beside = {self.id_of(None, one.ticket_key) for one in told}
        await self.find(session, mentioned, also=beside)

    async def find(
        self, session: AsyncSession, mentioned: Mapping[UUID, Mentioned], *, also: Collection[UUID] = ()
    ) -> None:
        """Those that are mentioned, made where they are not there; `also` only where they are. Locked in
        id order where something is told of them, so that of two tellings none is lost."""
        is_told = any(one.told for one in mentioned.values())
        rows = await queries.list_requesters(session, mentioned.keys() | set(also), lock=is_told)
        known = {row.id: row for row in rows}
        new = [self._row(one, mentioned[one]) for one in sorted(mentioned.keys() - known.keys())]
        if new:
            inserted = await queries.insert_requesters(session, new)
            self.by_id |= {
                row["id"]: opened(self.sealer, Requester(**row)) for row in new if row["id"] in inserted
            }
            raced = {row["id"] for row in new} - inserted
            if raced:
                known |= {row.id: row for row in await queries.list_requesters(session, raced, lock=is_told)}
        newer = [row for row in known.values() if row.id in mentioned and self._learn(row, mentioned[row.id])]
        if newer:
            await queries.write_identities(session, [identity_of(row) for row in newer])
        self.by_id |= {row.id: opened(self.sealer, row) for row in known.values()}

    def _row(self, owner: UUID, said: Mentioned) -> dict[str, Any]:
        row = Requester(
            id=owner, connection_id=self.scope, external_key=said.external_key, ticket_id=said.ticket_id,
            sealed_key=self.sealer.new_data_key(owner),
        )  # fmt: skip
        self._learn(row, said, is_new=True)
        return row.model_dump()

    def _learn(self, row: Requester, said: Mentioned, *, is_new: bool = False) -> bool:
        """Whether anything newer was told."""
        if row.sealed_key is None:
            return False
        key, is_newer = self.sealer.data_key(row.sealed_key, row.id), False
        for name, (at, hashed, words) in said.told.items():
            known_at, known = getattr(row, f"{name}_told_at"), getattr(row, f"{name}_hash")
            if known_at is not None and (known_at, known) >= (at, hashed):
                continue
            is_newer = True
            setattr(row, f"{name}_told_at", at)
            if known != hashed:
                setattr(row, f"{name}_hash", hashed)
                setattr(row, f"sealed_{name}", key.seal(words, row.id, name))
                if not is_new:
                    self.renamed.add(row.id)
        return is_newer


def requester_id(sealer: Sealer, connection_id: UUID, requester_key: str | None, ticket_key: str) -> UUID:
    """Where nobody tells who asks, it is whoever asks in this ticket."""
    if requester_key:
        return sealer.id_of(connection_id, "requester", requester_key)
    return sealer.id_of(connection_id, "requester of", ticket_key)


def hash_of(sealer: Sealer, name: str, words: str) -> bytes:
    """By which a name or address is recognised. Addresses are, however they are written."""
    return sealer.hash_of(name, words.strip().casefold() if name == "email" else words)


_WORD = re.compile(r"[0-9A-Za-z_-]{5,}")
_ADDRESS = re.compile(r"[^\s\"'<>,;:()\\]{1,64}@[^\s\"'<>,;:()\\]{1,255}")
MOST_WORDS = 20_000


async def names_erased(session: AsyncSession, sealer: Sealer, connection_id: UUID, body: bytes) -> bool:
    """Whether bytes that nobody understands name somebody who is erased, by their id or their address: names
    are not known any more. At most MOST_WORDS different words are looked at."""
    text = body.decode("utf-8", "replace")
    words = sorted(set(_WORD.findall(text)))[:MOST_WORDS]
    ids = [requester_id(sealer, connection_id, word, "") for word in words]
    addresses = {hash_of(sealer, "email", word) for word in _ADDRESS.findall(text)[:MOST_WORDS]}
    return await queries.has_erased(session, connection_id, ids, addresses)


def opened(sealer: Sealer, row: Requester) -> Asker:
    if row.sealed_key is None:
        return Asker(row.id, row.external_key, None)
    key = sealer.data_key(row.sealed_key, row.id)
    words = {
        name: key.open(sealed, row.id, name)
        for name in IDENTITY
        if (sealed := getattr(row, f"sealed_{name}")) is not None
    }
    return Asker(row.id, row.external_key, key, **words)


def identity_of(row: Requester) -> dict[str, Any]:
    names = [f"{part}{name}{end}" for name in IDENTITY for part, end in _PARTS]
    return {"id": row.id, "connection_id": row.connection_id} | {name: getattr(row, name) for name in names}


_PARTS = (("sealed_", ""), ("", "_hash"), ("", "_told_at"))


def mentions(askers: Askers, told: Sequence[Normalised]) -> dict[UUID, Mentioned]:
    """Requester → what the batch says of them, the newest by source time."""
    found: dict[UUID, Mentioned] = {}

    def note(key: str | None, one: Normalised, at: datetime, **words: str | None) -> None:
        said = {name: value for name, value in words.items() if value}
        if (key or "").startswith(ERASED) or not (key or said):
            return
        of_ticket = None if key else ticket_id(askers.scope, one.ticket_key)
        row = found.setdefault(askers.id_of(key, one.ticket_key), Mentioned(key, of_ticket))
        for name, value in said.items():
            telling = (at, hash_of(askers.sealer, name, value), value)
            row.told[name] = max(row.told.get(name, telling), telling)

    for one in told:
        key = one.state.get("requester_key") or None
        name, email = one.state.get("requester_name"), one.state.get("requester_email")
        note(key, one, one.version.at, name=name, email=email)
        for message in one.messages:
            if message.author_kind == "requester":
                at = message.version.at if message.version else message.sent_at
                note(message.author_key or key, one, at, name=message.author_name)
    return found


# ---- What they say, without who they are --------------------------------------------------------------


def unnamed(askers: Askers, one: Normalised) -> Normalised:
    """The same with names and addresses left out and texts marked as sent; of people who are erased only
    that somebody said something."""
    state: dict[str, Any] = {
        name: Sent(value) if name in OF_TICKET else value
        for name, value in one.state.items()
        if name not in ("requester_name", "requester_email")
    }
    messages: tuple[NewMessage, ...] = tuple(
        replace(message, author_name=None) if message.author_kind == "requester" else message
        for message in one.messages
    )
    if not askers.has_erased():
        return replace(one, state=cast(TicketFields, state), messages=messages)
    told = replace(one, state=cast(TicketFields, state), messages=messages)
    return _forgotten(askers, told, names=_names_in(one))


def _forgotten(askers: Askers, one: Normalised, names: Collection[str]) -> Normalised:
    gone = {
        key: asker.external_key
        for key in _keys_in(one)
        if (asker := askers.by_id.get(askers.id_of(key, one.ticket_key))) and asker.key is None
    }
    beside = askers.by_id.get(askers.id_of(None, one.ticket_key))
    state = dict(one.state)
    if one.state.get("requester_key") in gone:
        state["requester_key"] = gone[one.state["requester_key"] or ""]
        state["is_erased"] = True
    elif beside is not None and beside.key is None and not state.get("requester_key"):
        state |= {"requester_key": beside.external_key, "is_erased": True}
    messages = tuple(
        replace(message, author_key=gone[message.author_key], body="", is_gone=True)
        if message.author_key in gone
        else message
        for message in one.messages
    )
    return replace(
        one,
        state=cast(TicketFields, state),
        messages=messages,
        changes=tuple(_by_nobody(change, gone, names) for change in one.changes) if gone else one.changes,
        is_confidential=bool(gone),
    )


def _by_nobody(change: Change, gone: Mapping[str, str | None], names: Collection[str]) -> Change:
    values = {name: getattr(change, name) for name in ("from_value", "to_value", "actor_key")}
    known: dict[str, Any] = {name: gone[value] for name, value in values.items() if value in gone}
    for name, value in values.items():
        if name not in known and value and any(one in value.casefold() for one in names):
            known[name] = None
    return replace(change, **known) if known else change


def _names_in(one: Normalised) -> set[str]:
    """What requesters are called in it, and where they are written to."""
    names = {one.state.get("requester_name"), one.state.get("requester_email")}
    names |= {message.author_name for message in one.messages if message.author_kind == "requester"}
    return {name.casefold() for name in names if name}


def _keys_in(one: Normalised) -> set[str]:
    keys = {one.state.get("requester_key"), *(change.actor_key for change in one.changes)}
    keys |= {message.author_key for message in one.messages if message.author_kind == "requester"}
    return {key for key in keys if key}
