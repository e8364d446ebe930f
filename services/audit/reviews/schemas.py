"""What the reviews room takes and gives."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.audit.scorecards.schemas import AnswerIn
from shared.schemas import Comment, Id, In, Key, Out, Score

MAX_OFFSET = 10_000_000
"""Beyond any message's length."""


DraftNumber = Annotated[
    int, Field(ge=0, le=2**31 - 2, description="Of the draft you read; 0: there was none.")
]


class HighlightIn(In):
    """Words of one message of the evidence, counted in characters (Unicode code points) of its body."""

    message_id: Id
    start: Annotated[int, Field(ge=0, le=MAX_OFFSET, description="The first of them; 0 is the first one.")]
    end: Annotated[int, Field(ge=1, le=MAX_OFFSET, description="The one behind the last of them.")]
    criterion: Key | None = Field(default=None, description="What they show; null: something else.")
    comment: Comment | None = Field(default=None, description="What of it is to be seen.")


class VerdictIn(In):
    answers: list[AnswerIn] = Field(
        max_length=500, description="One for every criterion that the other answers show."
    )
    summary: Comment | None = None
    highlights: list[HighlightIn] = Field(
        default=[], max_length=200, description="Where in the ticket it shows."
    )


class ReviewIn(VerdictIn):
    draft_number: DraftNumber | None = Field(
        default=None, description="Which draft this was made of; null: whichever there is."
    )


class DraftIn(VerdictIn):
    """As far as it goes: what is not answered yet is left out."""

    number: DraftNumber


class RevisionIn(VerdictIn):
    reason: Comment = Field(
        description="Why the version before is not right; whoever reads this one reads it."
    )


class ReasonIn(In):
    reason: Comment


class ToldIn(In):
    proof: Comment = Field(description="How the agent was told: when, where, with whom.")


class ReassignIn(In):
    agent_id: Id = Field(description="Whose work it is.")
    reason: Comment = Field(description="Why it is not the other's.")


class AuditOut(Out):
    id: UUID
    ticket_id: UUID
    plan_id: UUID | None
    scorecard_version_id: UUID
    probability: Score | None = Field(description="How likely this ticket was to be drawn.")
    draw: str | None
    drawn_at: datetime
    run_id: UUID | None = Field(description="The run that drew it, where no plan did.")
    stratum: str | None = Field(description="In that run: a JSON list.")
    due_at: datetime | None = Field(description="When it is to be reviewed.")
    agent_id: UUID | None
    vendor_id: UUID | None
    state: str
    specialist_id: UUID | None = Field(description="Null: nobody has claimed it, or not for you to know.")
    lease_ends_at: datetime | None = Field(
        description="Then the claim goes back, unless it is worked on. Null: as for the specialist."
    )


class DraftOut(Out):
    audit_id: UUID
    number: int = Field(description="How often it was saved; say it when you save the next.")
    answers: list[dict[str, Any]]
    summary: str | None
    highlights: list[dict[str, Any]]
    saved_at: datetime


class AuditDetailOut(AuditOut):
    evidence: dict[str, Any] | None = Field(
        description="The ticket as it was. Null: not for you to read; specialists read it once they claimed."
    )
    draft: DraftOut | None = Field(description="The review as far as you have written it.")


class ReviewOut(Out):
    id: UUID
    audit_id: UUID
    ticket_id: UUID
    number: int = Field(description="1, 2, …: a later version supersedes an earlier one.")
    scorecard_version_id: UUID
    reviewer_id: UUID | None = Field(description="Null: imported, or not for you to know.")
    agent_id: UUID | None
    vendor_id: UUID | None
    answers: list[dict[str, Any]]
    score: Score | None = Field(description="Percent; null when nothing was rated.")
    score_exact: str | None
    score_without_auto_fail: Score | None
    auto_failed: bool
    passed: bool | None
    sections: list[dict[str, Any]]
    summary: str | None
    released_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None = Field(description="Their lead, for an agent who cannot; null: the agent.")
    acknowledgement_proof: str | None = Field(description="How the agent was told, where their lead says so.")
    superseded_at: datetime | None
    supersedes_id: UUID | None
    appeal_id: UUID | None
    reason: str | None = Field(description="Why it took the other's place, where no appeal did.")
    is_void: bool = Field(description="There is no verdict any more: it counts nowhere.")
    highlights: list[dict[str, Any]] = Field(description="[{message_id, start, end, criterion, comment}]")
