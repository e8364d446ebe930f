"""The short way for reads that have a statement: past the framework, whose routing and validating take longer
than the answer. Anything that is not quite plain is handed on, whole, to the ordinary route, which decides
again; so there is nothing here that can refuse.
"""

from typing import Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.routes import JSON, kind_of_answer, routes
from services.gateway.service import TRIED, Answer, execute_known
from shared import strict

PATH, MAX_BYTES = "/graphql", 65_536
NOT_PLAIN = {b"idempotency-key", b"content-encoding", b"transfer-encoding", b"expect", b"upgrade"}
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
        message = await receive()  # a body that never comes is the wire's to end
        request, answer = Request(scope), None
        if message["type"] == "http.request" and not message.get("more_body"):
            answer = await _answered(request, token, message.get("body", b""))
        if answer is None:
            await self._app(scope, _again(message, receive), send)
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


async def _answered(request: Request, token: str, body: bytes) -> Answer | None:
    if len(body) > MAX_BYTES:
        return None
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


def _again(first: Message, receive: Receive) -> Receive:
    """The request as it came, its first part included."""
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
