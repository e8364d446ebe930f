"""What the privacy room takes in and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from shared.schemas import Id, In, Out, visible

Purpose = Annotated[str, StringConstraints(min_length=10, max_length=1000), AfterValidator(visible)]
"""Why it is asked: kept with who asked."""
Email = Annotated[str, StringConstraints(min_length=3, max_length=320, pattern=r"^\S+@\S+$")]
ExternalKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
DataClass = Literal["originals", "texts"]


class PurposeIn(In):
    purpose: Purpose = Field(description="Kept with your name, for the person concerned to ask about.")


class FindIn(PurposeIn):
    """By one of the three."""

    email: Email | None = None
    connection_id: Id | None = Field(default=None, description="With `external_key`.")
    external_key: ExternalKey | None = Field(default=None, description="The help desk's id of the person.")
    ticket_id: Id | None = None


class EraseIn(In):
    reason: Purpose


class DecisionIn(In):
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(visible)]


class HoldIn(In):
    """Of a requester, or of one ticket."""

    requester_id: Id | None = None
    ticket_id: Id | None = None
    reason: Purpose


class RetentionPatch(In):
    data_class: DataClass
    keep_days: int = Field(ge=1, le=36_500, description="After the ticket's last change.")


class RequesterOut(Out):
    id: UUID
    connection_id: UUID
    tickets: int
    is_erased: bool


class FoundOut(Out):
    requesters: list[RequesterOut]


class IdentityOut(Out):
    id: UUID
    connection_id: UUID
    external_key: str | None
    name: str | None
    email: str | None


class OriginalMessageOut(Out):
    id: UUID
    body: str | None = Field(description="null: it is kept no more.")


class OriginalRatingOut(Out):
    id: UUID
    comment: str | None
    extra: dict[str, Any] | None


class OriginalOut(Out):
    ticket_id: UUID
    requester_id: UUID
    subject: str | None
    description: str | None
    custom_fields: dict[str, Any] | None
    messages: list[OriginalMessageOut]
    ratings: list[OriginalRatingOut]


class AccessExportOut(Out):
    requester: IdentityOut
    exported_at: datetime
    tickets: list[dict[str, Any]]
    holds: list[UUID]


class ErasureOut(Out):
    id: UUID
    requester_id: UUID
    state: Literal["requested", "approved", "done", "refused"]
    reason: str
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    scanned: int = Field(description="Raw deliveries looked through so far.")
    done_at: datetime | None
    proof: dict[str, int] = Field(description="Place → how many rows of it were blanked or removed.")


class HoldOut(Out):
    id: UUID
    requester_id: UUID | None
    ticket_id: UUID | None
    reason: str
    placed_by: UUID
    placed_at: datetime
    released_by: UUID | None
    released_at: datetime | None


class RetentionOut(Out):
    data_class: DataClass
    keep_days: int
    changed_at: datetime | None = Field(description="null: the default.")
