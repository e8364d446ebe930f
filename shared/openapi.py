"""How routes tell OpenAPI which problems they answer with."""

from typing import Any

from pydantic import BaseModel

from shared.errors import (
    AddressTooLong,
    Forbidden,
    HeadersTooLarge,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    InsufficientScope,
    MalformedJson,
    MalformedUri,
    NotAcceptable,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    Problem,
    RateLimited,
    RequestTimeout,
    RoleNotInToken,
    TooManyAtOnce,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)

READS = (
    MalformedUri,
    Unauthenticated,
    Forbidden,
    InsufficientScope,
    RoleNotInToken,
    NotFound,
    NotAcceptable,
    AddressTooLong,
    ValidationFailed,
    HeadersTooLarge,
    RateLimited,
    TooManyAtOnce,
    Overloaded,
)
WRITES = (*READS, MalformedJson, RequestTimeout, PayloadTooLarge, UnsupportedMediaType)
POSTS = (*WRITES, IdempotencyKeyInvalid, IdempotencyKeyReused)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A body's JSON schema for `openapi_extra`, whole in itself: definitions that stand beside it would not
    be found there. For models that do not contain themselves."""
    whole = model.model_json_schema()
    definitions = whole.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, list):
            return [inline(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inline(definitions[part["$ref"].removeprefix("#/$defs/")])
        return {name: inline(value) for name, value in part.items()}

    found: dict[str, Any] = inline(whole)
    return found


def _document(status: int | str, listed: list[type[Problem]]) -> dict[str, Any]:
    """RFC 9457, with no other problems than these."""
    text = {"type": "string"}
    fault = {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {"pointer": text, "code": text, "detail": text},
    }
    return {
        "type": "object",
        "required": ["type", "title", "status", "instance"],
        "properties": {
            "type": {"enum": [f"/problems/{one.slug}" for one in listed]},
            "title": text,
            "status": {"const": status},
            "detail": text,
            "instance": text,
            "errors": {"type": "array", "items": fault},
        },
    }


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
                    "schema": _document(status, listed),
                    "example": listed[0]("What exactly, in words.").body("0197…"),
                }
            },
        }
        for status, listed in by_status.items()
    }
