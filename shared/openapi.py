"""How routes tell OpenAPI which problems they answer with."""

from typing import Any

from shared.errors import (
    Forbidden,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    InsufficientScope,
    MalformedJson,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    Problem,
    RoleNotInToken,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)

READS = (
    Unauthenticated,
    Forbidden,
    InsufficientScope,
    RoleNotInToken,
    NotFound,
    ValidationFailed,
    Overloaded,
)
WRITES = (*READS, MalformedJson, PayloadTooLarge, UnsupportedMediaType)
POSTS = (*WRITES, IdempotencyKeyInvalid, IdempotencyKeyReused)


def answers(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """`responses=answers(*WRITES, AppealExists)`: one entry a status, naming its problems."""
    by_status: dict[int | str, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "description": "; ".join(f"{one.title()} (`{one.slug}`)" for one in listed),
            "content": {
                "application/problem+json": {
                    "schema": {"type": "object"},
                    "example": listed[0]("What exactly, in words.").body("0197…"),
                }
            },
        }
        for status, listed in by_status.items()
    }
