"""How failures look in GraphQL: mutations answer `Thing | Problem`, queries an error with a code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import httpx
import strawberry
from strawberry.scalars import JSON

from services.gateway.context import Context
from shared.errors import NotFound, Overloaded, ValidationFailed


@strawberry.type(description="One thing wrong with the input.")
class Fault:
    pointer: str = strawberry.field(description="Where: a JSON pointer into what REST takes.")
    code: str = strawberry.field(description="What is wrong, for programs.")
    detail: str = strawberry.field(description="What is wrong, for people.")


@strawberry.type(description="Why a mutation did nothing: the same problem that REST answers with.")
class Problem:
    type: str = strawberry.field(description="Its address among GET /problems.")
    title: str = strawberry.field(description="What kind of problem it is, in words.")
    status: int = strawberry.field(description="The status that REST answers with.")
    detail: str | None = strawberry.field(description="What it is in this case.")
    instance: str | None = strawberry.field(description="The request id, for whoever looks into it.")
    errors: list[Fault] = strawberry.field(description="What is wrong with the input, one by one.")
    extras: JSON = strawberry.field(description="What this kind of problem adds.")


NO_CONTENT = 204
KNOWN = {"type", "title", "status", "detail", "instance", "errors"}


def from_document(document: dict[str, Any]) -> Problem:
    return Problem(
        type=document["type"],
        title=document["title"],
        status=document["status"],
        detail=document.get("detail"),
        instance=document.get("instance"),
        errors=[Fault(**fault) for fault in document.get("errors", [])],
        extras=cast(JSON, {key: value for key, value in document.items() if key not in KNOWN}),
    )


async def command(
    context: Context,
    service: str,
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    if_match: str | None = None,
) -> dict[str, Any] | Problem:
    """Sent to the owner. A service that cannot be reached is a Problem too; reads stay alive.

    `if_match`: the version that it is to be done to. An answer without a body is empty."""
    try:
        answer = await context.call(service, method, path, body, if_match)
        document = {} if answer.status_code == NO_CONTENT else answer.json()
    except (httpx.HTTPError, ValueError):
        document = Overloaded(f"The {service} service does not answer.").body(
            context.request.scope["request_id"]
        )
        return from_document(document)
    await context.end_snapshot()
    if answer.is_success:
        return dict(document)
    return from_document(document)


def sent(given: Mapping[str, Any]) -> dict[str, Any]:
    """A body for the owner: without what was not given, ids and moments as text, inputs as objects."""
    return {name: _json(value) for name, value in given.items() if value is not strawberry.UNSET}


def _json(value: Any) -> Any:
    if isinstance(value, list):
        return [_json(one) for one in value]
    if hasattr(value, "__strawberry_definition__"):
        return sent(vars(value))
    return _plain(value) if isinstance(value, UUID | datetime) else value


async def told(context: Context, service: str, path: str, query: Mapping[str, Any]) -> Any:
    """What the owner answers to a GET with these parameters; None is left out. Raises NotFound,
    ValidationFailed, Overloaded where it does not answer."""
    given = {name: _plain(value) for name, value in query.items() if value is not None}
    try:
        answer = await context.call(service, "GET", str(httpx.URL(path, params=given)))
    except httpx.HTTPError:
        raise Overloaded(f"The {service} service does not answer.") from None
    document = answer.json()
    if answer.is_success:
        return document
    kind = NotFound if answer.status_code == 404 else ValidationFailed
    raise kind(document.get("detail") or document["title"])


def _plain(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)
