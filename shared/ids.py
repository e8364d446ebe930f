"""Keys. What people create gets a UUIDv7; what a help desk names gets a key derived from that name."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

new_id = uuid7


def derived_id(scope: UUID, *names: object) -> UUID:
    """The same (scope, names) always gives the same key, so an upsert needs no lookup
    and a replayed message cannot make a second row.

    The separator cannot occur in a name: text columns refuse it (see `strict.py`).
    """
    return uuid5(scope, "\x1f".join(str(name) for name in names))


def ticket_id(connection_id: UUID, external_id: str) -> UUID:
    return derived_id(connection_id, "ticket", external_id)


def agent_id(connection_id: UUID, external_id: str) -> UUID:
    """The key of a help-desk staff account, and of the person it stands for."""
    return derived_id(connection_id, "agent", external_id)
