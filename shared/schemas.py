"""The bases of request and response models, and the field types they share.

Requests refuse unknown fields and never coerce; what JSON has no type for (ids, times) is
taken from text only. Responses have no defaults, so generated clients see them as required.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
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


def _a_time(value: Any) -> Any:
    """Not the epoch seconds that the library would take too."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise PydanticCustomError("invalid-date", "Not a time such as 2026-03-04T09:00:00Z.")
    return _only_text(value)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("invalid-date", "The time needs a zone, as in …T09:00:00Z.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("invalid-date", "Only the years 1 to 9999.") from None


def _whole(value: Any) -> Any:
    """Not the `1_0`, `+1` or `1.0` that the library would take too."""
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        code = "out-of-range" if re.fullmatch(r"-?\d+", value, re.ASCII) else "wrong-type"
        raise PydanticCustomError(code, "Must be a whole number within its bounds.")
    return value


def _a_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("wrong-type", "Must be a number.")
    return value


def _an_answer(value: Any) -> Any:
    if value == "NA" or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise PydanticCustomError("wrong-type", 'Must be a number, or "NA".')


def visible(value: str) -> str:
    """Refuses text that shows nothing: blank, zero-width or control characters only."""
    if not any(char.isprintable() and not char.isspace() for char in value):
        raise PydanticCustomError("text-invalid", "The text has nothing to read in it.")
    if any(ord(char) < 32 and char not in "\n\r\t" for char in value):
        raise PydanticCustomError("text-invalid", "The text holds control characters.")
    return value


Id = Annotated[UUID, Field(strict=False), BeforeValidator(_only_text)]
When = Annotated[datetime, Field(strict=False), BeforeValidator(_a_time), AfterValidator(_in_utc)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(visible)]
Comment = Annotated[str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(visible)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A short name that goes into addresses: lower-case letters, digits, - and _."""

UNSENT: Any = None
"""Default of a patch's field that may be left out but not be null: `name: Name = UNSENT`."""

Number = Annotated[int | float, BeforeValidator(_a_number)]
Answer = Annotated[int | float | Literal["NA"], BeforeValidator(_an_answer)]
"""A value on a criterion's scale, or not applicable."""
WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""In an address."""

Score = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An exact number in the database, a JSON number outside."""
