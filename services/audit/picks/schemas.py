"""What the picks room takes and gives."""

from uuid import UUID

from pydantic import Field

from shared.schemas import Comment, Id, In, Out


class PickIn(In):
    ticket_id: Id
    scorecard_version_id: Id = Field(description="A published version.")
    agent_id: Id | None = Field(
        default=None, description="Whose work on it; null: its assignee's. Several agents have an audit each."
    )
    reason: Comment = Field(description="Why this one: whoever reviews it reads it among its moves.")


class PickOut(Out):
    audit_id: UUID = Field(description="`GET /audit/audits/{audit_id}` tells it as soon as it is there.")
    ticket_id: UUID
    agent_id: UUID
