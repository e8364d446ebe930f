"""The short way for deliveries: what nearly all of them are (signed rightly, by a known connection, of
ordinary size) is answered here, past the framework. Anything else is handed on, whole, to the
ordinary route, which decides again; so there is nothing here that can refuse.
"""

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.feedback.inbox import rules
from services.feedback.inbox.rules import Posted
from services.feedback.inbox.service import BIG_BYTES, Outcome, Verify, inbox_of
from shared import clock
from shared.edges import REQUESTS
from shared.ids import new_id

PREFIX = "/feedback/intake/"
VERIFY: Mapping[str, Verify] = {
    "zendesk": rules.zendesk_delivery,
    "generic": rules.document_delivery,
}
"""The platforms that send one message a request. The others are rarer, or larger."""
ANSWERS = {
    outcome: b'{"outcome":"%s"}' % outcome.value.encode() for outcome in (Outcome.STORED, Outcome.DUPLICATE)
}


class Lane:
    """Stands before everything else. It writes no line in the access log for what it answers; the
    counters count it."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app, self._owner = app, owner
        self._freshness_s = owner.state.settings.webhook_freshness_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if not path.startswith(PREFIX) or scope.get("method") != "POST" or scope.get("query_string"):
            await self._app(scope, receive, send)
            return
        platform, _, key = path[len(PREFIX) :].partition("/")
        verify = VERIFY.get(platform)
        message = await receive()
        outcome = None
        if verify is not None and message["type"] == "http.request" and not message.get("more_body"):
            body = message.get("body", b"")
            outcome = (
                await self._taken(scope, key, platform, verify, body) if len(body) <= BIG_BYTES else None
            )
        if outcome is None:
            await self._app(scope, _again(message, receive), send)
        else:
            await _answer(send, ANSWERS[outcome])
            REQUESTS.labels("POST", f"{PREFIX}{platform}/{{connection_key}}", 200).inc()

    async def _taken(
        self, scope: Scope, key: str, platform: str, verify: Verify, body: bytes
    ) -> Outcome | None:
        """None: not for this lane."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if len(headers) != len(scope["headers"]):
            return None  # a header that is there twice
        posted = Posted(headers, body, clock.now(), self._freshness_s)
        try:
            return await inbox_of(self._owner).receive_known(key, platform, posted, verify)
        except Exception:  # whatever it was, the ordinary route finds it too, and says so
            return None


def _again(first: Message, receive: Receive) -> Receive:
    """The request as it came, its first part included."""
    waiting = [first]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


async def _answer(send: Send, body: bytes) -> None:
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", str(new_id()).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
