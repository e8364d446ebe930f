"""Subscriptions over server-sent events: one POST, one subscription (graphql-sse, "distinct connections")."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from services.gateway.live.following import Following
from services.gateway.live.registry import SUBSCRIPTIONS, Live
from services.gateway.schemas import GraphQLIn
from services.gateway.streaming.operation import Told, as_json, results
from shared.errors import Overloaded
from shared.fair_shares import LET_GO
from shared.web import accepted_kinds, accepts_json

EVENTS = "text/event-stream"
BEAT_S = 15.0
"""So often something is said, so that nobody between takes the connection for dead."""
UNREAD_S = 30.0
"""How long somebody may take to read what we have for them."""
_HEADERS = [(b"content-type", EVENTS.encode()), (b"x-accel-buffering", b"no")]
_COMPLETE = b"event: complete\ndata:\n\n"


def wants_events(request: Request) -> bool:
    """And nothing else that we could give."""
    return EVENTS in accepted_kinds(request) and not accepts_json(request)


async def event_stream(request: Request, token: str, asked: GraphQLIn) -> Response:
    """Raises Unauthenticated (401), RoleNotInToken (403), TooManyAtOnce (429), Overloaded (503)."""
    live: Live = request.app.state.live
    if live.stopping.is_set():
        raise Overloaded
    context = Following(request, token, asked.operationName, request.headers.get("last-event-id"))
    try:
        await context.look()
    finally:
        await context.end()
    place = ExitStack()
    place.enter_context(live.stream(context.actor.id, "events"))
    return EventStream(live, results(context, asked), place)


class EventStream(Response):
    media_type = EVENTS

    def __init__(self, live: Live, told: AsyncGenerator[Told, None], place: ExitStack) -> None:
        """`place`: is left when the stream ends."""
        super().__init__()
        self._live, self._told, self._place = live, told, place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place, SUBSCRIPTIONS.labels("events").track_inprogress():
            if let_go := scope.get(LET_GO):
                await let_go()
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            ends = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._live.stopping.wait())]
            telling = asyncio.create_task(self._tell(send))
            try:
                await asyncio.wait([telling, *ends], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (telling, *ends):
                    task.cancel()
                await asyncio.gather(telling, *ends, return_exceptions=True)
            with contextlib.suppress(OSError, TimeoutError):
                await _say(send, b"" if telling.cancelled() else _COMPLETE, is_last=True)

    async def _tell(self, send: Send) -> None:
        async with aclosing(self._told) as told:
            while True:
                coming = asyncio.ensure_future(anext(told, None))
                try:
                    while not (await asyncio.wait([coming], timeout=BEAT_S))[0]:
                        await _say(send, b":\n\n")
                finally:
                    if not coming.done():
                        coming.cancel()
                        await asyncio.gather(coming, return_exceptions=True)
                one = coming.result()
                if one is None:
                    return
                await _say(send, _event(one))


def _event(told: Told) -> bytes:
    cursor = f"id: {told.cursor}\n" if told.cursor else ""
    return f"event: next\n{cursor}data: {as_json(told.payload())}\n\n".encode()


async def _say(send: Send, body: bytes, *, is_last: bool = False) -> None:
    async with asyncio.timeout(UNREAD_S):
        await send({"type": "http.response.body", "body": body, "more_body": not is_last})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
