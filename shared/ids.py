"""Keys. What people create gets a UUIDv7; what a help desk names gets a key derived from that name."""

from collections.abc import Callable
from hashlib import sha1
from uuid import UUID, uuid5

from asyncpg.pgproto.pgproto import UUID as _FastUUID  # type: ignore[import-untyped]  # it ships no types
from uuid_utils.compat import uuid7

new_id = uuid7


def derived_id(scope: UUID, *names: object) -> UUID:
    """The same (scope, names) always gives the same key, so an upsert needs no lookup
    and a replayed message cannot make a second row.

    The separator cannot occur in a name: text columns refuse it (see `strict.py`).
    """
    return uuid5(scope, "\x1f".join(str(name) for name in names))


def derived_ids(scope: UUID, *names: object) -> Callable[[str], UUID]:
    """`derived_ids(scope, a)(b) == derived_id(scope, a, b)`, for thousands of `b` a second."""
    begun = sha1(scope.bytes + "".join(f"{name}\x1f" for name in names).encode(), usedforsecurity=False)

    def derive(name: str) -> UUID:
        hashed = begun.copy()
        hashed.update(name.encode())
        digest = bytearray(hashed.digest()[:16])
        digest[6] = digest[6] & 0x0F | 0x50  # version 5
        digest[8] = digest[8] & 0x3F | 0x80  # the variant of RFC 9562
        made: UUID = _FastUUID(bytes(digest))
        return made

    return derive


def ticket_id(connection_id: UUID, external_id: str) -> UUID:
    return derived_id(connection_id, "ticket", external_id)


def agent_id(connection_id: UUID, external_id: str) -> UUID:
    """The key of a help-desk staff account, and of the person it stands for."""
    return derived_id(connection_id, "agent", external_id)
