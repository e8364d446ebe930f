"""HTTP of the gateway: POST /graphql, nothing else. JSON in, JSON out, strictly."""

from typing import Annotated, Any

from fastapi import Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials

from services.gateway import service
from services.gateway.limits import MAX_BODY_BYTES, MAX_VALUES
from services.gateway.schemas import GraphQLIn
from shared.auth import bearer, token_of
from shared.errors import NotAcceptable
from shared.idempotency import read_key
from shared.openapi import POSTS, answers
from shared.web import StrictRoute, accepted_kinds, accepts_json, router


class BoundedRoute(StrictRoute):
    """Takes less than other addresses: what a document and its variables need."""

    max_body_bytes, max_values = MAX_BODY_BYTES, MAX_VALUES


routes = router("/graphql", "graphql", route_class=BoundedRoute)

JSON, ITS_OWN = "application/json", "application/graphql-response+json"


class GraphQLResponse(JSONResponse):
    """JSON by either of its two names (GraphQL over HTTP)."""


def _documented() -> dict[int | str, dict[str, Any]]:
    data, errors = {"type": ["object", "null"]}, {"type": "array", "items": {"type": "object"}}
    answer = {"type": "object", "required": ["data"], "properties": {"data": data, "errors": errors}}
    documented = answers(*POSTS)
    documented[200] = {"content": {JSON: {"schema": answer}, ITS_OWN: {"schema": answer}}}
    documented[400]["content"][ITS_OWN] = {"schema": answer}
    return documented


def _kind_of_answer(request: Request) -> str:
    """Raises NotAcceptable (406)."""
    if ITS_OWN in accepted_kinds(request):
        return ITS_OWN
    if not accepts_json(request):
        raise NotAcceptable
    return JSON


@routes.post("", summary="GraphQL", response_class=GraphQLResponse, responses=_documented())
async def graphql(
    asked: GraphQLIn, request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Response:  # fmt: skip
    kind, token = _kind_of_answer(request), token_of(request, credentials)
    read_key(request)  # refused here, before anything ran
    answer = await service.execute(request, token, asked)
    if answer.retry_s is not None:
        return Response(answer.body, 429, {"retry-after": str(answer.retry_s)}, media_type=kind)
    status = 200 if kind == JSON or answer.was_run else 400
    return Response(answer.body, status, media_type=kind)
