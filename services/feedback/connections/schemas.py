"""What the connections room takes and gives. A secret goes in and never comes out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.schemas import UNSENT, Id, In, Key, Name, Out

ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class GroupIn(In):
    name: Name
    vendor_id: Id | None = Field(default=None, description="Whose agents this group holds; null: in-house.")


class ConnectionSettings(In):
    """How the account's words map to ours."""

    brands: dict[ExternalId, Name] = Field(default={}, description="brand id → name")
    groups: dict[ExternalId, GroupIn] = Field(default={}, description="group id → name and vendor")
    bots: list[ExternalId] = Field(default=[], description="Accounts whose comments are automatic.")
    language_tag_prefix: str | None = Field(default=None, max_length=40, examples=["lang_"])
    topic_tag_prefix: str | None = Field(default=None, max_length=40, examples=["topic_"])


class ConnectionIn(In):
    key: Key = Field(examples=["zd-main"], description="Part of the webhook's address.")
    name: Name
    platform: Literal["zendesk"]
    account_id: ExternalId = Field(description="The help desk's account number, checked in every body.")
    secret: str = Field(min_length=16, max_length=500, description="The webhook's signing secret.")
    settings: ConnectionSettings = ConnectionSettings()
    schedule_id: Id | None = Field(default=None, description="Business hours of its tickets.")


class ConnectionPatch(In):
    """Only what is sent is changed. New maps apply to what comes from now on, and to replays."""

    name: Name = UNSENT
    settings: ConnectionSettings = UNSENT
    schedule_id: Id | None = None


class NewSecretIn(In):
    secret: str = Field(min_length=16, max_length=500, description="The new signing secret.")
    overlap_hours: int = Field(default=24, ge=0, le=168, description="How long the old one still verifies.")


class HealthOut(Out):
    """How a connection is doing. Times in whole seconds."""

    is_paused: bool
    last_received_at: datetime | None
    received_24h: int
    waiting: int = Field(description="Deliveries not understood yet.")
    oldest_waiting_s: int | None = Field(description="Age of the oldest of them: the lag.")
    held: int = Field(description="Wait for it to be resumed.")
    dead: int = Field(description="Dead letters: somebody has to look at them.")
    dead_rate_24h: float | None = Field(description="Dead letters out of what came in 24 hours; 0 … 1.")


class DeadLetterOut(Out):
    id: UUID = Field(description="The delivery's id: replay it by this.")
    source_key: str = Field(description="What the help desk calls the message.")
    received_at: datetime
    attempts: int
    reason: str | None


class ReplayedOut(Out):
    replayed: int


class ConnectionOut(Out):
    id: UUID
    key: str
    name: str
    platform: str
    account_id: str | None
    settings: dict[str, object]
    schedule_id: UUID | None
    resolution_basis: str
    is_paused: bool
    previous_secret_ends_at: datetime | None = Field(description="While it runs, two secrets verify.")
    created_at: datetime
