"""Around every request: what is refused before any route is asked, request id, access log, metrics."""

import re
import time
from collections.abc import Callable
from functools import cache
from urllib.parse import unquote_to_bytes

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import errors
from shared.errors import Problem
from shared.ids import new_id
from shared.problems_http import METHODS, problem_response

log = structlog.get_logger()
REQUESTS = Counter("assay_requests_total", "Requests", ["method", "route", "status"])
SECONDS = Histogram("assay_request_seconds", "Time to answer", ["route"])

MAX_ADDRESS_BYTES = 8_192
MAX_HEADER_BYTES = 16_384


class RequestContext:
    """Pure ASGI: the framework's own base class leaks database connections when a client goes away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = scope["method"]
        # HEAD is answered as GET, without the body. A copy: the server looks at its own scope.
        scope = dict(scope, method="GET" if asked == "HEAD" else asked)
        request_id = scope["request_id"] = _given_request_id(scope) or str(new_id())
        outer = structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            elif asked == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            if refused := _refusal(scope):
                await problem_response(refused, request_id)(scope, receive, send_on)
            else:
                await self.app(scope, receive, send_on)
        except Exception as error:  # the outermost: nobody else would answer
            log.exception("unforeseen error", error=type(error).__name__)
            if status:
                raise  # half an answer is out: the server cuts the connection
            await problem_response(Problem(), request_id)(scope, receive, send_on)
        finally:
            took = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "none")
            method = asked if asked in (*METHODS, "HEAD", "OPTIONS") else "other"
            count, observe = _counters(method, route, status)
            count()
            observe(took)
            if route not in _QUIET:
                log.info("answered", method=method, route=route, status=status, ms=round(took * 1000, 1))
            structlog.contextvars.reset_contextvars(**outer)  # one service may ask another in here


@cache
def _counters(method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Found once: there are as many as routes, and what they answer."""
    return REQUESTS.labels(method, route, status).inc, SECONDS.labels(route).observe


_QUIET = {"/healthz", "/readyz", "/metrics"}
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def _refusal(scope: Scope) -> Problem | None:
    """The problem with the address or the headers as a whole."""
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    query: bytes = scope.get("query_string", b"")
    if len(path) + len(query) > MAX_ADDRESS_BYTES:
        return errors.AddressTooLong()
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
        return errors.HeadersTooLarge()
    if _BAD_ESCAPE.search(path) or _BAD_ESCAPE.search(query):
        return errors.MalformedUri("A % in the address is not followed by two hex digits.")
    try:
        unquote_to_bytes(path).decode()
        query.decode("ascii")
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return errors.MalformedUri("The address is not UTF-8.")
    if "\x00" in scope["path"]:
        return errors.NotFound()  # nothing has such a name
    return None


_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def _given_request_id(scope: Scope) -> str | None:
    given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else None
