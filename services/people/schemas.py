"""What the people service takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from shared.schemas import Id, In, Key, Name, Out

RoleName = Literal["admin", "lead", "specialist", "team_lead", "agent", "vendor_manager", "analyst"]


class VendorIn(In):
    key: Key = Field(examples=["brightdesk"])
    name: Name = Field(examples=["Brightdesk"])


class VendorOut(Out):
    id: UUID
    key: str
    name: str


class ScheduleIn(In):
    key: Key = Field(examples=["eu-frontline"])
    hours: dict[str, Any] = Field(
        description="timezone (IANA), weekly (mon … sun → [open, close] pairs), holidays "
        "(inclusive ranges of local days)",
        examples=[
            {
                "timezone": "Europe/Berlin",
                "weekly": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]},
                "holidays": [{"start": "2026-12-25", "end": "2026-12-26"}],
            }
        ],
    )


class ScheduleOut(Out):
    id: UUID
    key: str
    hours: dict[str, Any]


class PersonIn(In):
    name: Name = Field(examples=["Mara Vogt"])
    role: RoleName
    vendor_id: Id | None = None
    lead_id: Id | None = Field(default=None, description="Who leads this person's team.")


class PersonPatch(In):
    """Only what is sent is changed."""

    name: Name | None = None
    role: RoleName | None = None
    vendor_id: Id | None = None
    lead_id: Id | None = None
    is_active: bool | None = None


class PersonOut(Out):
    id: UUID
    name: str
    role: str
    vendor_id: UUID | None
    lead_id: UUID | None
    is_active: bool
    created_at: datetime


class ViewerOut(Out):
    id: UUID
    name: str
    role: str
    vendor_id: UUID | None
    allowed_actions: list[str]
