"""One subscription, however it is told: what goes out, in order."""

import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from services.gateway.context import Stopped
from services.gateway.failures import shown
from services.gateway.limits import MAX_ERRORS
from services.gateway.live.feed import AWAY
from services.gateway.live.following import Following
from services.gateway.schema import schema
from services.gateway.schemas import GraphQLIn
from shared.errors import Problem

log = structlog.get_logger()


@dataclass(frozen=True)
class Told:
    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    cursor: str | None = None

    @property
    def is_end(self) -> bool:
        """An event of which nothing could be said has no cursor: whoever wants it comes back for it."""
        return self.data is None

    def payload(self) -> dict[str, Any]:
        return {"data": self.data} | ({"errors": self.errors} if self.errors else {})


async def results(context: Following, asked: GraphQLIn) -> AsyncGenerator[Told, None]:
    """Until it fails: that is told too. Between two of them the caller holds nothing of ours."""
    try:
        await context.look()
        stream = await schema.subscribe(
            context.request.app.state.operations.text_of(asked),
            variable_values=asked.variables,
            operation_name=asked.operationName,
            context_value=context,
        )
        async with aclosing(stream):
            async for result in stream:
                told = _told(context, result)
                await context.end()
                yield told
                if told.is_end:
                    return
    except GraphQLError as error:  # found in the document, before it ran
        yield _failed(context, [error])
    except Exception as error:  # whoever follows is told that it ended, whatever it was
        if not isinstance(error, Problem | Stopped):
            log.warning("a subscription failed", error=type(error).__name__)
        yield _failed(context, [GraphQLError(str(error), original_error=error)])
    finally:
        with contextlib.suppress(*AWAY):
            await context.end()


def as_json(said: Any) -> str:
    """On one line."""
    return json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _told(context: Following, result: ExecutionResult) -> Told:
    if context.stopped is not None:  # half an answer would look like a whole one
        return _failed(context, [GraphQLError(str(context.stopped), original_error=context.stopped)])
    if result.data is None:
        return _failed(context, result.errors or [])
    return Told(result.data, _shown(context, result.errors or []), context.cursor)


def _failed(context: Following, errors: Sequence[GraphQLError]) -> Told:
    return Told(None, _shown(context, errors))


def _shown(context: Following, errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    request_id = context.request.scope["request_id"]
    return [shown(error, request_id) for error in errors[:MAX_ERRORS]]
