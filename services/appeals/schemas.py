"""What the appeals service takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.schemas import Answer, Comment, Id, In, Key, Out

AppealReason = Literal["evidence_overlooked", "scorecard_misread", "sop_unclear", "wrong_agent", "other"]
RulingReason = Literal["reviewer_error", "sop_unclear", "evidence_missing", "exception", "review_correct"]


class PointIn(In):
    criterion: Key
    proposed_value: Answer = Field(description="What the answer should have been.")
    text: Comment


class AppealIn(In):
    review_id: Id
    reason: AppealReason
    points: list[PointIn] = Field(min_length=1, max_length=100)


class ChangeIn(In):
    criterion: Key
    value: Answer


class RulingIn(In):
    """The outcome and the changed answers, in one call."""

    outcome: Literal["upheld", "partially_overturned", "overturned"]
    reason: RulingReason
    text: Comment
    changes: list[ChangeIn] = Field(default=[], max_length=100)


class ReasonIn(In):
    reason: Comment


class RulingOut(Out):
    appeal_id: UUID
    outcome: str
    ruled_by: UUID
    ruled_at: datetime
    reason: str
    text: str
    changes: list[dict[str, Any]]


class AppealOut(Out):
    id: UUID
    review_id: UUID
    ticket_id: UUID
    agent_id: UUID
    vendor_id: UUID | None
    filed_by: UUID
    reason: str
    points: list[dict[str, Any]]
    state: str
    resolver_id: UUID | None
    filed_at: datetime
    due_at: datetime
    ruling: RulingOut | None
