"""What the people service takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from shared.schemas import UNSENT, Id, In, Key, Name, Out

RoleName = Literal[
    "admin", "lead", "specialist", "team_lead", "agent", "vendor_manager", "policy_owner", "trainer",
    "analyst",
]  # fmt: skip
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class PermissionOut(Out):
    """One action: which roles may do it, and to which rows."""

    action: str = Field(examples=["tickets.read"])
    roles: dict[str, str] = Field(
        examples=[{"lead": "all", "team_lead": "team", "agent": "own"}],
        description="Role to relation: all, vendor, team, own or mine. What lies outside answers 404.",
    )


class TrailEntryOut(Out):
    """One transaction that changed something or read personal data: ids and names of columns, no words."""

    id: UUID
    entered_at: datetime
    actor_kind: str = Field(description="person, service, worker or command")
    actor_id: UUID | None
    action: str = Field(description="The permission that was asked for; of the worker, its handler or chore.")
    route: str | None
    changes: list[dict[str, Any]] = Field(
        description="[{table, ids, change, columns, to, more}]; more: so many rows beyond those in ids"
    )
    reads: list[dict[str, Any]] = Field(description="[{action, ids}]")
    purpose: str | None
    request_id: str | None


class VendorIn(In):
    key: Key = Field(examples=["brightdesk"])
    name: Name = Field(examples=["Brightdesk"])


class VendorOut(Out):
    id: UUID
    key: str
    name: str


Times = Annotated[list[str], Field(min_length=2, max_length=2, examples=[["09:00", "17:00"]])]


class HolidayIn(In):
    """Local days, both included."""

    start: str = Field(examples=["2026-12-25"])
    end: str = Field(examples=["2026-12-26"])


class HoursIn(In):
    """When the business is open, in its own local time."""

    timezone: str = Field(description="IANA name", examples=["Europe/Berlin"])
    weekly: dict[Weekday, Annotated[list[Times], Field(max_length=100)]] = Field(
        description="[open, close] pairs; a missing day is closed"
    )
    holidays: list[HolidayIn] = Field(default=[], max_length=1000)


class ScheduleIn(In):
    key: Key = Field(examples=["eu-frontline"])
    hours: HoursIn


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

    name: Name = UNSENT
    role: RoleName = UNSENT
    vendor_id: Id | None = None
    lead_id: Id | None = None
    is_active: bool = UNSENT


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
