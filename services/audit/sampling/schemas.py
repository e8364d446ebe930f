"""What the sampling room takes and gives."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.schemas import Id, In, Key, Out, Score


class PlanIn(In):
    key: Key = Field(examples=["weekly-frontline"])
    connection_id: Id
    scorecard_version_id: Id
    rate: Annotated[float, Field(gt=0, le=1, description="The probability of every eligible ticket.")]
    seed: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="u = first 8 bytes of SHA-256('{seed}:{ticket id}'); drawn when u < rate * 2^64.",
        examples=["2026-W07|qa-weekly"],
    )
    due_days: Annotated[int, Field(ge=0, le=365)] = Field(
        default=7, description="How long after it was solved a ticket is to be reviewed."
    )


class PlanOut(Out):
    id: UUID
    key: str
    connection_id: UUID
    scorecard_version_id: UUID
    rate: Score
    seed: str
    due_days: int
    is_active: bool
    created_at: datetime
