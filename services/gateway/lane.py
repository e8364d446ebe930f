"""The short way for reads that have a statement: past the framework, whose routing and validating take longer
than the answer. Anything that is not quite plain is handed on, whole, to the ordinary route, which decides
again; so there is nothing here that can refuse.
"""

from collections import deque
from typing import Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.routes import JSON, kind_of_answer, routes
from services.gateway.service import TRIED, Answer, execute_known
from shared import strict

PATH, MAX_BYTES = "/graphql", 65_536
NOT_PLAIN = {
    b"idempotency-key",
    b"x-purpose",
    b"content-encoding",
    b"transfer-encoding",
    b"expect",
    b"upgrade",
}
FIELDS = {"query", "variables", "operationName"}
_ROUTE = routes.routes[0]


class Lane:
    """Stands where the router would be asked next."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope)
        if token is None:
            await self._app(scope, receive, send)
            return
        came = await _read(receive)
        request, answer = Request(scope), None
        if not came[-1].get("more_body", came[-1]["type"] != "http.request"):
            answer = await _answered(request, token, b"".join(one.get("body", b"") for one in came))
        if answer is None:
            await self._app(scope, _again(came, receive), send)
            return
        scope["route"] = _ROUTE
        length = str(len(answer.body)).encode()
        headers = [(b"content-type", kind_of_answer(request).encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _token(scope: Scope) -> str | None:
    """Of a plain POST with one bearer token; None: not for this lane."""
    if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST" or scope["query_string"]:
        return None
    headers = dict(scope["headers"])
    if len(headers) != len(scope["headers"]) or not NOT_PLAIN.isdisjoint(headers):
        return None
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme != b"Bearer" or headers.get(b"content-type") != JSON.encode() or not token.isascii():
        return None
    return str(token.decode())


async def _read(receive: Receive) -> list[Message]:
    """The body's parts, as far as MAX_BYTES. One that never comes is the wire's to end."""
    came, size = [await receive()], 0
    while came[-1].get("more_body") and (size := size + len(came[-1].get("body", b""))) <= MAX_BYTES:
        came.append(await receive())
    return came


async def _answered(request: Request, token: str, body: bytes) -> Answer | None:
    try:
        kind_of_answer(request)
        asked = strict.loads(body)
        if not _is_known(request, asked):
            return None
        request.scope[TRIED] = True
        return await execute_known(
            request, token, asked["query"], asked.get("operationName"), asked.get("variables")
        )
    except Exception:  # whatever it was, the ordinary route finds it too, and says so
        return None


def _is_known(request: Request, asked: Any) -> bool:
    if not isinstance(asked, dict) or not asked.keys() <= FIELDS:
        return False
    query, name, variables = asked.get("query"), asked.get("operationName"), asked.get("variables")
    plain = isinstance(query, str) and isinstance(name, str | None) and isinstance(variables, dict | None)
    return plain and request.app.state.plans.knows(query, name)


def _again(came: list[Message], receive: Receive) -> Receive:
    """The request as it came, from its beginning."""
    waiting = deque(came)

    async def replayed() -> Message:
        return waiting.popleft() if waiting else await receive()

    return replayed
