"""The gateway's one verb: answer a GraphQL operation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from graphql import GraphQLError

from services.gateway.context import Context, Stopped
from services.gateway.failures import shown
from services.gateway.schema import schema
from services.gateway.schemas import GraphQLIn

MAX_ERRORS = 50
TRIED = "assay.lane_tried"
"""Where a request's scope says that there is no statement for it, or none that may answer."""


@dataclass(frozen=True)
class Answer:
    body: bytes
    """JSON."""
    was_run: bool
    """Whether it got as far as asking for anything."""


async def execute(request: Request, token: str, asked: GraphQLIn) -> Answer:
    """By one statement, where the document was seen before and is all of tables; else by the resolvers, which
    are the reference. Raises Unauthenticated (401); every other failure is part of the answer."""
    answer = None
    if not request.scope.get(TRIED):
        answer = await execute_known(request, token, asked.query, asked.operationName, asked.variables)
    if answer is not None:
        return answer
    context = _context(request, token, asked.operationName)
    try:
        await context.open_snapshot()
        return await _resolve(context, asked)
    except Stopped as stopped:  # outside any resolver
        return _told(context, None, [GraphQLError(str(stopped), original_error=stopped)])
    finally:
        await context.close()


async def execute_known(
    request: Request, token: str, query: str, name: str | None, variables: Mapping[str, Any] | None
) -> Answer | None:
    """None: for the resolvers. Raises Unauthenticated (401)."""
    context = _context(request, token, name)
    try:
        data = await request.app.state.plans.answer(context, query, name, variables)
    except Stopped as stopped:
        return _told(context, None, [GraphQLError(str(stopped), original_error=stopped)])
    return None if data is None else Answer(b'{"data":%s}' % data.encode(), was_run=True)


def _context(request: Request, token: str, name: str | None) -> Context:
    state = request.app.state
    return Context(request, token, state.reads, state.clients, name)


async def _resolve(context: Context, asked: GraphQLIn) -> Answer:
    result = await schema.execute(
        asked.query,
        variable_values=asked.variables,
        operation_name=asked.operationName,
        context_value=context,
    )
    if context.stopped is None:
        await context.keep_trail()
    data, errors = result.data, result.errors or []
    if context.stopped is not None:  # half an answer would look like a whole one
        data, errors = None, [GraphQLError(str(context.stopped), original_error=context.stopped)]
    answer = _told(context, data, errors)
    if answer.was_run:
        context.request.app.state.plans.learn(asked.query, asked.operationName, context.document)
    return answer


def _told(context: Context, data: Any, errors: Sequence[GraphQLError]) -> Answer:
    answer: dict[str, Any] = {"data": data}
    if errors:
        request_id = context.request.scope["request_id"]
        answer["errors"] = [shown(error, request_id) for error in errors[:MAX_ERRORS]]
    # An error of a field has a path: by then the document was sound, and within the limits.
    was_run = data is not None or any(error.path for error in errors)
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Answer(text.encode(), was_run)
