"""What the notices room takes and gives."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.schemas import Comment, Id, In, Name, Out

SignalName = Literal["risk_sampling", "automated_score", "sentiment", "performance_alert"]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]


class NoticeIn(In):
    title: Name = Field(examples=["How tickets are chosen for audits from May on"])
    body: Comment = Field(
        examples=["Tickets with a bad rating will be audited more often. A specialist reviews each of them."]
    )
    language: Language = Field(default="en", examples=["en", "pt-BR"])
    signals: list[SignalName] = Field(min_length=1, max_length=4, description="What it is about.")
    vendor_id: Id | None = Field(default=None, description="For this vendor's people; null: for everybody.")


class NoticeOut(Out):
    id: UUID
    title: str
    body: str
    language: str
    signals: list[str]
    vendor_id: UUID | None
    published_by: UUID
    published_at: datetime
    acknowledged_at: datetime | None = Field(description="By you; null: not yet.")


class ReadingOut(Out):
    person_id: UUID
    acknowledged_at: datetime


class SignalOut(Out):
    """One kind of automated signal, and since when it may be used."""

    signal: str
    meaning: str
    usable_from: datetime | None = Field(
        description="When the notice that covers it has been out long enough; null: no notice covers it."
    )
    is_usable: bool
