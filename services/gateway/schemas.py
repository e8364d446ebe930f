"""What the gateway takes in."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.schemas import UNSENT, In

SHA256 = "[0-9a-f]{64}"


class PersistedQuery(In):
    """As Apollo's clients say it."""

    version: Literal[1]
    sha256Hash: str = Field(pattern=f"^{SHA256}$")


class Extensions(BaseModel):
    """Others than these are not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    persistedQuery: PersistedQuery | None = None


class GraphQLIn(In):
    query: str = Field(default=UNSENT, min_length=1, max_length=20_000)
    """May be left out where one of the hashes names a document that the server has."""
    documentId: str = Field(default=UNSENT, pattern=f"^sha256:{SHA256}$")
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: Extensions | None = None
