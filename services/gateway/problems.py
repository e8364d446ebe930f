"""How failures look in GraphQL: mutations answer `Thing | Problem`, queries an error with a code."""

from typing import Any, cast

import httpx
import strawberry
from strawberry.scalars import JSON

from services.gateway.context import Context
from shared.errors import Overloaded


@strawberry.type(description="One thing wrong with the input.")
class Fault:
    pointer: str
    code: str
    detail: str


@strawberry.type(description="Why a mutation did nothing: the same problem that REST answers with.")
class Problem:
    type: str
    title: str
    status: int
    detail: str | None
    instance: str | None = strawberry.field(description="The request id, for whoever looks into it.")
    errors: list[Fault]
    extras: JSON = strawberry.field(description="What this kind of problem adds.")


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


async def command(context: Context, service: str, path: str, body: Any = None) -> dict[str, Any] | Problem:
    """POSTs to the owner. A service that cannot be reached is a Problem too; reads stay alive."""
    try:
        answer = await context.call(service, "POST", path, body)
        document = answer.json()
    except (httpx.HTTPError, ValueError):
        document = Overloaded(f"The {service} service does not answer.").body(
            context.request.scope["request_id"]
        )
        return from_document(document)
    await context.end_snapshot()
    if answer.is_success:
        return dict(document)
    return from_document(document)
