"""Subscriptions over a WebSocket: the sub-protocol graphql-transport-ws, and within bounds."""

import asyncio
import contextlib
import time
from contextlib import ExitStack, aclosing
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import structlog
from pydantic import Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.gateway.limits import MAX_VALUES
from services.gateway.live.feed import AWAY
from services.gateway.live.following import Following
from services.gateway.live.registry import SUBSCRIPTIONS, Live
from services.gateway.schemas import GraphQLIn
from services.gateway.streaming.errors import SubprotocolNotSupported
from services.gateway.streaming.operation import as_json, results
from shared import strict
from shared.errors import OriginNotAllowed, Overloaded, Problem, RateLimited, TooManyAtOnce, ValidationFailed
from shared.fair_shares import LET_GO, Caller
from shared.ids import new_id
from shared.problems_http import problem_response
from shared.schemas import In

PROTOCOL = "graphql-transport-ws"
INIT_S = 5.0
MAX_SUBSCRIPTIONS = 100
UNREAD_S = 30.0
"""How long somebody may take to read what we have for them."""
_SCHEME = "bearer "


class Init(In):
    type: Literal["connection_init"]
    payload: dict[str, Any] | None = None


class Beat(In):
    type: Literal["ping", "pong"]
    payload: dict[str, Any] | None = None


class Subscribe(In):
    type: Literal["subscribe"]
    id: str = Field(min_length=1, max_length=100)
    payload: GraphQLIn


class Complete(In):
    type: Literal["complete"]
    id: str = Field(min_length=1, max_length=100)


Message = Init | Beat | Subscribe | Complete
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


class Closed(Exception):
    """The connection ends, with this code and these words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


async def serve(websocket: WebSocket) -> None:
    """Until either side ends it."""
    websocket.scope["request_id"] = str(new_id())
    if problem := _refusal(websocket):
        await websocket.send_denial_response(problem_response(problem, websocket.scope["request_id"]))
        return
    await websocket.accept(subprotocol=PROTOCOL)
    with structlog.contextvars.bound_contextvars(request_id=websocket.scope["request_id"]):
        await _Socket(websocket).run()


def _refusal(websocket: WebSocket) -> Problem | None:
    state = websocket.app.state
    if websocket.scope["query_string"]:
        return ValidationFailed("This address has no parameters.")
    if not _may_ask(websocket.headers, state.settings.cors_origins):
        return OriginNotAllowed()
    if PROTOCOL not in websocket.scope["subprotocols"]:
        return SubprotocolNotSupported()
    return Overloaded() if state.live.stopping.is_set() else None


def _may_ask(headers: Any, origins: tuple[str, ...]) -> bool:
    """Browsers say which page asks, and ask nobody else: pages of our own, and those of the named origins."""
    given = headers.getlist("origin")
    return not given or (
        len(given) == 1 and (given[0] in origins or urlsplit(given[0]).netloc == headers.get("host"))
    )


class _Socket:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._live: Live = websocket.app.state.live
        self._token: str | None = None
        """Known once they were let in."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._unheard = asyncio.Event()
        self._pace = Caller(None, 0)
        self._place = ExitStack()

    async def run(self) -> None:
        reading = asyncio.create_task(self._read())
        stopping = asyncio.create_task(self._live.stopping.wait())
        unheard = asyncio.create_task(self._unheard.wait())
        with self._place:
            try:
                await asyncio.wait([reading, stopping, unheard], return_when=asyncio.FIRST_COMPLETED)
                end = reading.exception() if reading.done() else Closed(1001, "The server stops.")
            finally:
                tasks = [reading, stopping, unheard, *self._tasks]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if isinstance(end, WebSocketDisconnect | TimeoutError | OSError) or self._unheard.is_set():
                return
            if not isinstance(end, Closed):
                structlog.get_logger().error("a socket failed", exc_info=end)
                end = Closed(1011, "Something went wrong on our side.")
            with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._websocket.close(end.code, end.words)

    async def _read(self) -> None:
        """Raises Closed, WebSocketDisconnect."""
        init_by = asyncio.get_running_loop().time() + INIT_S
        while True:
            try:
                async with asyncio.timeout_at(init_by if self._token is None else None):
                    message = await self._receive()
            except TimeoutError:
                raise Closed(4408, "Connection initialisation timeout") from None
            await self._hear(message)

    async def _receive(self) -> Message:
        said = await self._websocket.receive()
        if said["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(said.get("code") or 1005)
        text = said.get("text")
        if text is None:
            raise Closed(4400, "Messages are text.")
        try:
            return _MESSAGES.validate_python(strict.loads(text.encode(), max_values=MAX_VALUES))
        except (Problem, ValidationError, UnicodeEncodeError):
            raise Closed(4400, "Invalid message") from None

    async def _hear(self, message: Message) -> None:
        if isinstance(message, Beat):
            if message.type == "ping":
                await self._say({"type": "pong"})
        elif isinstance(message, Init):
            await self._let_in(message)
        elif self._token is None:
            raise Closed(4401, "Unauthorized")
        elif isinstance(message, Complete):
            if task := self._running.pop(message.id, None):
                task.cancel()
        elif message.id in self._running:
            raise Closed(4409, "Subscriber already exists")
        elif len(self._running) >= MAX_SUBSCRIPTIONS:
            raise Closed(1008, f"At most {MAX_SUBSCRIPTIONS} subscriptions.")
        else:
            task = asyncio.create_task(self._tell(message.id, message.payload, self._token))
            self._running[message.id] = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _let_in(self, init: Init) -> None:
        if self._token is not None:
            raise Closed(4429, "Too many initialisation requests")
        given = (init.payload or {}).get("authorization")
        if not isinstance(given, str) or not given.lower().startswith(_SCHEME):
            raise Closed(4403, "Forbidden")
        token = given[len(_SCHEME) :].strip()
        context = Following(self._websocket, token, None)
        try:
            await context.look()
        except (Problem, *AWAY) as error:
            refused = isinstance(error, Problem) and error.status < 500
            raise (Closed(4403, "Forbidden") if refused else Closed(1013, "Try again later.")) from None
        finally:
            await context.end()
        try:
            self._place.enter_context(self._live.stream(context.actor.id, "websocket"))
        except TooManyAtOnce as problem:
            raise Closed(1013, str(problem)) from None
        self._token = token
        if let_go := self._websocket.scope.get(LET_GO):
            await let_go()
        await self._say({"type": "connection_ack"})

    async def _tell(self, name: str, asked: GraphQLIn, token: str) -> None:
        try:
            with SUBSCRIPTIONS.labels("websocket").track_inprogress():
                if refused := self._too_often():
                    await self._finish(name, {"type": "error", "payload": [refused]})
                else:
                    await self._follow(name, asked, Following(self._websocket, token, asked.operationName))
        except (WebSocketDisconnect, OSError, RuntimeError, TimeoutError):  # they do not hear us
            self._unheard.set()

    async def _follow(self, name: str, asked: GraphQLIn, context: Following) -> None:
        async with aclosing(results(context, asked)) as told:
            async for one in told:
                if one.is_end:
                    await self._finish(name, {"type": "error", "payload": one.errors})
                    return
                await self._say({"id": name, "type": "next", "payload": one.payload()})
        await self._finish(name, {"type": "complete"})

    def _too_often(self) -> dict[str, Any] | None:
        quota = self._websocket.app.state.settings.rate_limits.graphql
        if not quota or not self._pace.take("graphql", quota, time.monotonic()).wait_s:
            return None
        code = RateLimited.slug.upper().replace("-", "_")
        return {"message": f"At most {quota} subscriptions a minute.", "extensions": {"code": code}}

    async def _finish(self, name: str, message: dict[str, Any]) -> None:
        self._running.pop(name, None)  # first: the name is free once they hear it
        await self._say({"id": name} | message)

    async def _say(self, message: dict[str, Any]) -> None:
        async with self._one_at_a_time, asyncio.timeout(UNREAD_S):
            await self._websocket.send_text(as_json(message))
