"""What the connections room takes and gives. A secret goes in and never comes out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.schemas import Id, In, Key, Name, Out

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


class ConnectionOut(Out):
    id: UUID
    key: str
    name: str
    platform: str
    account_id: str | None
    settings: dict[str, object]
    schedule_id: UUID | None
    resolution_basis: str
    created_at: datetime
