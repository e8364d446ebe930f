"""Whose word counts: statements about a ticket, merged so that any order ends the same. Pure.

Each field keeps its newest telling (a last-writer-wins register by `Version`); stretches of
history that are known for certain push out what was only heard or seen in between.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import Change, Normalised, Version

ERASED_WHEN_PURGED = ("subject", "description", "requester_key", "custom_fields")
ERASED_WITH_REQUESTER = ("subject", "description", "custom_fields", "organization_key", "tags")
"""Who asked stays told apart from others, by a random word in the place of their key."""
TAKES_WORDS_BACK = frozenset({"redacted", "attachment_redacted", "message_deleted"})
STICKY = frozenset({"is_purged", "is_erased"})
"""Once true, never untrue again."""

Span = tuple[datetime | None, datetime]


@dataclass
class Known:
    """A ticket while statements about it are merged into it."""

    values: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    """When each field was told last; a field that is not here was never told."""
    settled: dict[str, Span] = field(default_factory=dict)
    has_redactions: bool = False
    first_heard_at: datetime | None = None
    last_heard_at: datetime | None = None

    @property
    def is_wordless(self) -> bool:
        """No text of it is kept, whoever tells it."""
        return bool(self.values.get("is_purged") or self.values.get("is_erased"))

    @property
    def is_provisional(self) -> bool:
        return "created_at" not in self.versions


def merge(known: Known, told: Normalised) -> bool:
    """Takes in what is newer. Returns whether anything changed; commutes, and repeats change nothing."""
    before = (dict(known.values), dict(known.versions), dict(known.settled), known.has_redactions)
    for name, value in told.state.items():
        if name in STICKY:
            value = bool(value or known.values.get(name))
            known.values[name] = value
        if name not in known.versions or known.versions[name] < told.version:
            known.values[name], known.versions[name] = value, told.version
    for one in told.settled:
        if one.field not in known.settled or known.settled[one.field][1] < one.until:
            known.settled[one.field] = (one.since, one.until)
    known.has_redactions |= any(change.field in TAKES_WORDS_BACK for change in told.changes)
    known.has_redactions |= told.is_confidential or known.is_wordless
    first, last = _heard(told)
    known.first_heard_at = min(first, known.first_heard_at or first)
    known.last_heard_at = max(last, known.last_heard_at or last)
    if known.is_provisional:
        known.values["created_at"] = known.first_heard_at
    if "updated_at" not in known.versions:
        known.values["updated_at"] = known.last_heard_at
    if known.values.get("is_purged"):
        known.values |= dict.fromkeys(ERASED_WHEN_PURGED)
    if known.values.get("is_erased"):
        known.values |= dict.fromkeys(ERASED_WITH_REQUESTER)
    return before != (known.values, known.versions, known.settled, known.has_redactions)


def _heard(told: Normalised) -> tuple[datetime, datetime]:
    moments = [
        *(message.sent_at for message in told.messages),
        *(change.occurred_at for change in told.changes),
    ]
    return min([told.version.at, *moments]), max([told.version.at, *moments])


def pack(versions: Mapping[str, Version]) -> list[Any]:
    """[[time, number, key, [fields]], …], newest first: fields told together stand together."""
    together: dict[Version, list[str]] = defaultdict(list)
    for name in sorted(versions):
        together[versions[name]].append(name)
    return [
        [at.isoformat(), number, key, together[Version(at, number, key)]]
        for at, number, key in sorted(together, reverse=True)
    ]


def unpack(packed: Iterable[Any]) -> dict[str, Version]:
    return {
        name: Version(datetime.fromisoformat(at), number, key)
        for at, number, key, names in packed
        for name in names
    }


def is_settled(change: Change, settled: Mapping[str, Span]) -> bool:
    """Its field's history is known for certain at that time, and this is not part of it."""
    if change.basis == "history" or change.field not in settled:
        return False
    since, until = settled[change.field]
    return change.occurred_at <= until and (since is None or since < change.occurred_at)


def pack_settled(settled: Mapping[str, Span]) -> dict[str, Any]:
    return {
        name: [since and since.isoformat(), until.isoformat()] for name, (since, until) in settled.items()
    }


def unpack_settled(packed: Mapping[str, Any]) -> dict[str, Span]:
    return {
        name: (since and datetime.fromisoformat(since), datetime.fromisoformat(until))
        for name, (since, until) in packed.items()
    }
