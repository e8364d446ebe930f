"""HTTP of the gateway: POST /graphql (JSON in, JSON or events out, strictly), and its WebSocket."""

from typing import Annotated, Any

from fastapi import Request, Response, Security, WebSocket
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials

from services.gateway import service
from services.gateway.limits import MAX_BODY_BYTES, MAX_VALUES
from services.gateway.schemas import GraphQLIn
from services.gateway.streaming import socket
from services.gateway.streaming.events import event_stream, wants_events
from shared.auth import Purpose, bearer, token_of
from shared.errors import NotAcceptable, RateLimited
from shared.idempotency import read_key
from shared.openapi import POSTS, answers
from shared.web import StrictRoute, accepted_kinds, accepts_json, router


class BoundedRoute(StrictRoute):
    """Takes less than other addresses: what a document and its variables need."""

    max_body_bytes, max_values = MAX_BODY_BYTES, MAX_VALUES


routes = router("/graphql", "graphql", route_class=BoundedRoute)

JSON, ITS_OWN = "application/json", "application/graphql-response+json"
_KINDS = {None: JSON, "*/*": JSON, JSON: JSON, ITS_OWN: ITS_OWN}


class GraphQLResponse(JSONResponse):
    """JSON by either of its two names (GraphQL over HTTP)."""


def _documented() -> dict[int | str, dict[str, Any]]:
    data, errors = {"type": ["object", "null"]}, {"type": "array", "items": {"type": "object"}}
    parts = {"data": data, "errors": errors, "extensions": {"type": "object"}}
    answer = {"type": "object", "required": ["data"], "properties": parts}
    documented = answers(*POSTS)
    documented[200] = {"content": {JSON: {"schema": answer}, ITS_OWN: {"schema": answer}}}
    documented[400]["content"][ITS_OWN] = {"schema": answer}
    documented[429]["content"] |= {JSON: {"schema": answer}, ITS_OWN: {"schema": answer}}
    return documented


def kind_of_answer(request: Request) -> str:
    """Raises NotAcceptable (406)."""
    kind = _KINDS.get(request.headers.get("accept"))
    if kind is not None and len(request.headers.getlist("accept")) < 2:
        return kind
    if ITS_OWN in accepted_kinds(request):
        return ITS_OWN
    if not accepts_json(request):
        raise NotAcceptable
    return JSON


def head_of(answer: service.Answer, kind: str) -> tuple[int, dict[str, str]]:
    """The status, and headers of its own."""
    if answer.retry_s is not None:
        return RateLimited.status, {"retry-after": str(answer.retry_s)}
    return (200 if kind == JSON or answer.was_run else 400), {}


@routes.post("", summary="GraphQL", response_class=GraphQLResponse, responses=_documented())
async def graphql(
    asked: GraphQLIn, request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    x_purpose: Purpose = None,
) -> Response:  # fmt: skip
    token = token_of(request, credentials)
    read_key(request)  # refused here, before anything ran
    if wants_events(request):
        return await event_stream(request, token, asked)
    kind = kind_of_answer(request)
    answer = await service.execute(request, token, asked)
    status, headers = head_of(answer, kind)
    return Response(answer.body, status, headers, media_type=kind)


@routes.websocket("")
async def live(websocket: WebSocket) -> None:
    await socket.serve(websocket)
