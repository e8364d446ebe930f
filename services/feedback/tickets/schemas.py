"""What the tickets room gives."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.schemas import Out, Score


class TicketOut(Out):
    id: UUID
    connection_id: UUID
    external_id: str
    display_id: str | None
    is_provisional: bool = Field(description="Nobody has told yet when it was created.")
    is_deleted: bool
    merged_into_key: str | None = Field(description="The help desk's id of what it became part of.")
    subject: str | None
    status: str | None
    status_raw: str | None = Field(description="The help desk's own word.")
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
    is_redacted: bool = Field(description="Its words were taken back in the help desk.")
    edited_at: datetime | None
    attachments: int
    body: str


class TicketEventOut(Out):
    id: UUID
    occurred_at: datetime
    field: str
    from_value: str | None
    to_value: str | None
    basis: str = Field(
        description="How sure it is: history (a complete log), told (an event of its own), hint, snapshot."
    )
    detail: dict[str, object] | None


class RatingOut(Out):
    id: UUID
    score: Score | None
    is_offer: bool = Field(description="Asked, and not answered yet.")
    comment: str | None
    reason: str | None
    agent_id: UUID | None = Field(description="Whom the rating is about.")
    rated_at: datetime
