"""HTTP of the bulk room: many ticket documents in one request, a line each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.feedback.bulk import service
from services.feedback.errors import NotGeneric
from services.feedback.intake.sources.document import TicketDocument
from shared import lines
from shared.auth import Actor, permit
from shared.errors import RequestTimeout, UnsupportedMediaType
from shared.lines import KIND
from shared.openapi import POSTS, answers, schema_of
from shared.web import router

routes = router("/feedback", "bulk")
BODY = {"requestBody": {"required": True, "content": {KIND: {"schema": schema_of(TicketDocument)}}}}


@routes.post(
    "/connections/{connection_id}/bulk", response_class=lines.Lines,
    responses=answers(*POSTS, NotGeneric, RequestTimeout)
    | lines.documented("A line for each line, then their sum."),
    openapi_extra=BODY, summary="Ticket documents, one a line (NDJSON), as many as you like",
    description="Read as it comes. Every line is stored once under its own key: what was cut off is "
    "simply sent again. The answer has a line for each line (stored, duplicate, or refused with where "
    "and why) and ends with a `summary`; without one, the end was not reached.",
)  # fmt: skip
async def receive_bulk(
    connection_id: UUID, request: Request, _: Annotated[Actor, Depends(permit("tickets.import"))]
) -> lines.Lines:
    state = request.app.state
    connection = await service.find_connection(state.hooks, connection_id)
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != KIND:
        raise UnsupportedMediaType(f"Send {KIND}.")
    results = lines.new_file()
    longest = state.settings.max_body_bytes
    await service.take_lines(state.hooks, connection, _patient(request), longest, results)
    return lines.sent(results)


async def _patient(request: Request) -> AsyncIterator[bytes]:
    """The parts of the body; whoever sends nothing for too long is not waited for."""
    parts = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(request.app.state.settings.body_timeout_s):
                yield await parts.__anext__()
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestTimeout from None
