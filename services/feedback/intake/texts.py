"""What people wrote: as it was sent (sealed), and as it may be read (redacted). Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.feedback.redaction.rules import Known as People
from services.feedback.redaction.rules import redact
from shared.crypto import DataKey

Row = dict[str, Any]
OF_TICKET = ("subject", "description", "custom_fields")
OF_RATING = ("comment", "extra")
_TREES = frozenset({"custom_fields", "extra"})
"""Texts in a structure: sealed as JSON."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A text as it was sent, on its way to be sealed and redacted. Whatever else is in its place was
    redacted before it was stored."""

    value: Any


@dataclass(frozen=True, slots=True)
class Original:
    """One text to be sealed for whoever asks in its ticket."""

    ticket_id: UUID
    item_id: UUID
    field: str
    requester_id: UUID
    value: Any

    def row(self, key: DataKey) -> Row:
        place = (self.ticket_id, self.item_id, self.field)
        return {
            "ticket_id": self.ticket_id, "item_id": self.item_id, "field": self.field,
            "requester_id": self.requester_id,
            "sealed": key.seal(_flat(self.field, self.value), *place) if self.value else None,
        }  # fmt: skip


def opened(sealed: bytes | None, key: DataKey, ticket_id: UUID, item_id: UUID, field: str) -> Any:
    """The text as it was sent; None where there is none."""
    if sealed is None:
        return None
    words = key.open(sealed, ticket_id, item_id, field)
    return json.loads(words) if field in _TREES else words


def _flat(field: str, value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if field in _TREES else value


def redacted(value: Any, people: People, language: str | None) -> Any:
    """The same with personal data taken out, in structures too; keys and numbers stay."""
    if isinstance(value, str):
        return redact(value, language=language, known=people)
    if isinstance(value, Mapping):
        return {key: redacted(one, people, language) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one, people, language) for one in value]
    return value


def sent_in(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(field, text) of a ticket's texts that were told just now."""
    for field in OF_TICKET:
        value = values.get(field)
        if isinstance(value, Sent):
            yield field, value.value


def without_sent(row: Row, people: People) -> Row:
    """A ticket's row with what was told just now redacted."""
    told = {field: redacted(value, people, row["language"]) for field, value in sent_in(row)}
    return row | told
