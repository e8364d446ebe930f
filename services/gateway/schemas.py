"""What the gateway takes in."""

from typing import Any

from pydantic import Field

from shared.schemas import In


class GraphQLIn(In):
    query: str = Field(min_length=1, max_length=20_000)
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None
