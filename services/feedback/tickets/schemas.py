"""What the tickets room gives."""

from datetime import datetime
from uuid import UUID

from shared.schemas import Out, Score


class TicketOut(Out):
    id: UUID
    connection_id: UUID
    external_id: str
    subject: str | None
    status: str | None
    priority: str | None
    type: str | None
    channel: str | None
    language: str | None
    topic: str | None
    brand: str | None
    group_name: str | None
    vendor_id: UUID | None
    assignee_id: UUID | None
    tags: list[str] | None
    created_at: datetime
    updated_at: datetime


class MessageOut(Out):
    id: UUID
    sent_at: datetime
    author_kind: str
    author_name: str | None
    is_public: bool
    body: str


class TicketEventOut(Out):
    id: UUID
    occurred_at: datetime
    field: str
    from_value: str | None
    to_value: str | None


class RatingOut(Out):
    id: UUID
    score: Score | None
    comment: str | None
    rated_at: datetime
