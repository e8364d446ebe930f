"""What the access room takes and gives."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.schemas import Comment, Id, In, Name, Out, WholeNumber

Scope = Annotated[Name, Field(examples=["tickets.read"])]


class LoginIn(In):
    issuer: Name = Field(examples=["https://id.example.com"])
    subject: Name = Field(description="`sub` of their tokens.")


class LoginOut(Out):
    issuer: str
    subject: str
    person_id: UUID
    created_at: datetime


class ServiceTokenIn(In):
    name: Name = Field(examples=["warehouse export"])
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=100,
        description="Actions as in GET /people/permissions, or tickets.* for all.",
    )
    vendor_id: Id | None = Field(default=None, description="Sees only this vendor's rows.")
    days: WholeNumber = Field(default=90, ge=1, le=90, description="Until it ends.")


class RotationIn(In):
    overlap_hours: WholeNumber = Field(default=24, ge=0, le=168, description="How long the old one works on.")


class RevocationIn(In):
    reason: Comment


class ServiceTokenOut(Out):
    id: UUID
    name: str
    prefix: str = Field(description="How it begins, after assay_st_.")
    scopes: list[str]
    vendor_id: UUID | None
    owner_id: UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None
    revoked_because: str | None
    replaced_by_id: UUID | None


class NewServiceTokenOut(ServiceTokenOut):
    token: str | None = Field(description="Shown this once; null where a repeated request is answered again.")
