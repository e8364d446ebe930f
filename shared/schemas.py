"""The bases of request and response models, and the field types they share.

Requests refuse unknown fields and never coerce; what JSON has no type for (ids, times) is
taken from text only. Responses have no defaults, so generated clients see them as required.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)
from pydantic_core import PydanticCustomError


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


def _only_text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    raise PydanticCustomError("wrong-type", "Must be text.")


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("invalid-date", "The time needs a zone, as in 2026-03-04T09:00:00Z.")
    return value.astimezone(UTC)


def _visible(value: str) -> str:
    """Refuses text that shows nothing: blank, zero-width or control characters only."""
    if not any(char.isprintable() and not char.isspace() for char in value):
        raise PydanticCustomError("text-invalid", "The text has nothing to read in it.")
    if any(ord(char) < 32 and char not in "\n\r\t" for char in value):
        raise PydanticCustomError("text-invalid", "The text holds control characters.")
    return value


Id = Annotated[UUID, Field(strict=False), BeforeValidator(_only_text)]
When = Annotated[
    datetime, Field(strict=False), BeforeValidator(_only_text), AfterValidator(_in_utc)
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_visible)]
Comment = Annotated[str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(_visible)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A short name that goes into addresses: lower-case letters, digits, - and _."""

Score = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An exact number in the database, a JSON number outside."""
