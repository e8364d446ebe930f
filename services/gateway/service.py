"""The gateway's one verb: answer a GraphQL operation."""

from typing import Any

from fastapi import Request

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
    finally:
        await context.end_snapshot()
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        request_id = request.scope["request_id"]
        answer["errors"] = [shown(error, request_id) for error in result.errors[:MAX_ERRORS]]
    return answer
