"""The gateway's one verb: answer a GraphQL operation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from graphql import GraphQLError

from services.gateway.context import Context, Stopped
from services.gateway.failures import shown
from services.gateway.limits import MAX_COST, MAX_ERRORS
from services.gateway.persisted import NotListed
from services.gateway.schema import schema
from services.gateway.schemas import GraphQLIn

TRIED = "assay.lane_tried"
"""Where a request's scope says that there is no statement for it, or none that may answer."""


@dataclass(frozen=True)
class Answer:
    body: bytes
    """JSON."""
    was_run: bool
    """Whether it got as far as asking for anything."""
    retry_s: int | None = None
    """The caller's budget is used up: in how many seconds there is enough of it."""


async def execute(request: Request, token: str, asked: GraphQLIn) -> Answer:
    """By one statement, where the document was seen before and is all of tables; else by the resolvers, which
    are the reference. Raises Unauthenticated (401), ValidationFailed (422) for a hash that is none or another
    document's; every other failure is part of the answer."""
    context = _context(request, token, asked.operationName)
    try:
        text = request.app.state.operations.text_of(asked)
        answer = None
        if not request.scope.get(TRIED):
            answer = await execute_known(request, token, text, asked.operationName, asked.variables)
        if answer is not None:
            return answer
        await context.open_snapshot()
        return await _resolve(context, asked, text)
    except NotListed as error:
        await context.open_snapshot()  # whoever may not come in is not told what there is
        return _told(context, None, [error])
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
    if data is None:
        return None
    more = json.dumps(_extensions(context), separators=(",", ":"))
    return Answer(b'{"data":%s,"extensions":%s}' % (data.encode(), more.encode()), was_run=True)


def _context(request: Request, token: str, name: str | None) -> Context:
    state = request.app.state
    return Context(request, token, state.reads, state.clients, name)


async def _resolve(context: Context, asked: GraphQLIn, text: str) -> Answer:
    result = await schema.execute(
        text,
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
        context.request.app.state.plans.learn(text, asked.operationName, context.document)
    return answer


def _told(context: Context, data: Any, errors: Sequence[GraphQLError]) -> Answer:
    answer: dict[str, Any] = {"data": data}
    if errors:
        request_id = context.request.scope["request_id"]
        answer["errors"] = [shown(error, request_id) for error in errors[:MAX_ERRORS]]
    if context.cost is not None:
        answer["extensions"] = _extensions(context)
    # An error of a field has a path: by then the document was sound, and within the limits.
    was_run = data is not None or any(error.path for error in errors)
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Answer(text.encode(), was_run, context.stopped.retry_s if context.stopped else None)


def _extensions(context: Context) -> dict[str, Any]:
    """Points: what it costs, what one operation may, and what is left to the caller of this minute's (null:
    there is no limit, or it was refused before)."""
    left = context.budget.left if context.budget else None
    return {"cost": {"asked": min(context.cost or 0, _MOST), "limit": MAX_COST, "left": left}}


_MOST = 2**31 - 1
"""Fragments can double further than clients can count."""
