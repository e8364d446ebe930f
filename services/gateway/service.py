"""The gateway's one verb: answer a GraphQL operation."""

from typing import Any

from fastapi import Request
from graphql import GraphQLError

from services.gateway.context import Context
from services.gateway.failures import shown
from services.gateway.schema import schema
from services.gateway.schemas import GraphQLIn

MAX_ERRORS = 50


async def execute(request: Request, token: str, asked: GraphQLIn) -> dict[str, Any]:
    """Raises Unauthenticated (401); every other failure is part of the answer."""
    state = request.app.state
    context = Context(request, token, state.reads, state.clients, asked.operationName)
    try:
        await context.open_snapshot()
        result = await schema.execute(
            asked.query,
            variable_values=asked.variables,
            operation_name=asked.operationName,
            context_value=context,
        )
        if context.stopped is None:
            await context.keep_trail()
    finally:
        await context.end_snapshot()
    data, errors = result.data, result.errors or []
    if context.stopped is not None:  # half an answer would look like a whole one
        data, errors = None, [GraphQLError(str(context.stopped), original_error=context.stopped)]
    answer: dict[str, Any] = {"data": data}
    if errors:
        request_id = request.scope["request_id"]
        answer["errors"] = [shown(error, request_id) for error in errors[:MAX_ERRORS]]
    return answer


def was_run(answer: dict[str, Any]) -> bool:
    """Whether it got as far as asking for anything: an error of a field has a path."""
    return answer["data"] is not None or any("path" in error for error in answer["errors"])
