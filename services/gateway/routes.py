"""HTTP of the gateway: POST /graphql, nothing else. JSON in, JSON out, strictly."""

from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials
from fastapi import Security
from graphql import GraphQLError
from pydantic import Field

from services.gateway.context import Context
from services.gateway.schema import schema
from shared.auth import bearer, find_actor
from shared.errors import Problem, Unauthenticated
from shared.openapi import WRITES, answers
from shared.schemas import In
from shared.web import router

routes = router("/graphql", "graphql")


class GraphQLIn(In):
    query: str = Field(min_length=1, max_length=20_000)
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None


@routes.post("", summary="GraphQL", responses=answers(*WRITES))
async def graphql(
    asked: GraphQLIn, request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> JSONResponse:  # fmt: skip
    if credentials is None:
        raise Unauthenticated
    state = request.app.state
    async with state.db.snapshot() as session:
        actor = await find_actor(session, state.token_keys, credentials.credentials)
    async with AsyncExitStack() as stack:
        context = Context(request, actor, state.db, state.clients, stack)
        result = await schema.execute(
            asked.query,
            variable_values=asked.variables,
            operation_name=asked.operationName,
            context_value=context,
        )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [
            shown(error, request.scope["request_id"]) for error in result.errors[:50]
        ]
    return JSONResponse(answer)


def shown(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """GraphQL's own form, with a code to switch on and the request id to quote."""
    cause = error.original_error
    code = cause.slug if isinstance(cause, Problem) else "graphql-invalid"
    if cause is not None and not isinstance(cause, Problem):
        code = Problem.slug
    return dict(error.formatted) | {"extensions": {"code": code, "request_id": request_id}}
