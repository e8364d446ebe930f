"""What the releases room takes and gives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from services.audit.reviews.schemas import ReasonIn, ReviewIn
from shared.schemas import Out, When

__all__ = ["ReasonIn"]


class SubmissionIn(ReviewIn):
    release_at: When | None = Field(
        default=None, description="Not before then; null: as soon as the policy lets it."
    )


class HeldOut(Out):
    audit_id: UUID
    ticket_id: UUID
    author_id: UUID
    submitted_at: datetime
    needs_check: bool = Field(description="Whether somebody else looks at it first.")
    release_at: datetime | None = Field(description="Not before then; null: as soon as it may.")
    checked_by: UUID | None
    checked_at: datetime | None
    is_approved: bool | None = Field(description="Null: nobody has looked yet.")
    reason: str | None = Field(description="Why it was given back to its author.")


class HeldDetailOut(HeldOut):
    answers: list[dict[str, Any]]
    summary: str | None
    highlights: list[dict[str, Any]]
    evidence: dict[str, Any] | None = Field(description="The ticket as it was, for whoever looks at it.")
