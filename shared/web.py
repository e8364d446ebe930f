"""Every app is built here: strict requests, problems, request ids, access log, health, metrics, docs."""

import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, FastAPI, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from sqlalchemy import exc as sa_exc
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import errors, strict
from shared.auth import TokenKeys
from shared.config import Settings
from shared.crypto import Sealer, key_for
from shared.db import Database
from shared.errors import Fault, Problem, ValidationFailed
from shared.ids import new_id
from shared.worker import Handler

log = structlog.get_logger()
REQUESTS = Counter("assay_requests_total", "Requests", ["method", "route", "status"])
SECONDS = Histogram("assay_request_seconds", "Time to answer", ["route"])


@dataclass(frozen=True)
class Service:
    """What a service gives to the process that runs it."""

    name: str
    summary: str
    routers: Sequence[APIRouter]
    handlers: dict[str, Handler] = field(default_factory=dict)


def build_app(settings: Settings, services: Sequence[Service]) -> FastAPI:
    """One process's app: any number of services, side by side under their own path prefixes."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.db.close()

    app = FastAPIOffline(
        title="Assay: " + ", ".join(service.name for service in services),
        description="\n\n".join(f"**{service.name}**: {service.summary}" for service in services)
        + "\n\nEvery failure is an RFC 9457 problem; `GET /problems` lists them all.",
        version="0.1.0",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.db = Database(settings.database_url, pool_size=settings.db_pool_size)
    app.state.token_keys = TokenKeys(settings)
    app.state.cursor_key = key_for(settings, "cursors")
    app.state.sealer = Sealer(settings)
    for service in services:
        for router in service.routers:
            app.include_router(router)
    app.include_router(_housekeeping)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for error in (sa_exc.OperationalError, sa_exc.InterfaceError, sa_exc.TimeoutError, OSError):
        app.add_exception_handler(error, _on_database_away)
    app.add_exception_handler(sa_exc.IntegrityError, _on_conflict)
    app.add_middleware(RequestContext)
    return app


# ---- Requests -------------------------------------------------------------------------------


class StrictRoute(APIRoute):
    """Reads JSON by `strict.loads` and refuses parameters that the route does not name."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {
            param.alias
            for param in get_flat_params(self.dependant)
            if isinstance(param.field_info, params.Query)
        }
        takes_body = self.body_field is not None

        async def strictly(request: Request) -> Response:
            _check_query(request, known)
            if takes_body:
                request = await _with_json(request)
            return await handle(request)

        return strictly


class _StrictRequest(Request):
    parsed: Any

    async def json(self) -> Any:
        return self.parsed


async def _with_json(request: Request) -> Request:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json" or "content-encoding" in request.headers:
        raise errors.UnsupportedMediaType
    limit = request.app.state.settings.max_body_bytes
    strictly = _StrictRequest(request.scope, request.receive)
    body = await read_body(request, limit)
    strictly._body = body
    strictly.parsed = strict.loads(body)
    return strictly


async def read_body(request: Request, limit: int) -> bytes:
    """The raw bytes, read no further than the limit. Raises PayloadTooLarge (413)."""
    if int(request.headers.get("content-length", "0")) > limit:
        raise errors.PayloadTooLarge(f"At most {limit:,} bytes.", limit=limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise errors.PayloadTooLarge(f"At most {limit:,} bytes.", limit=limit)
        parts.append(part)
    return b"".join(parts)


_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def _check_query(request: Request, known: set[str]) -> None:
    raw: bytes = request.scope.get("query_string", b"")
    raw_path: bytes = request.scope.get("raw_path") or b""
    if _BAD_ESCAPE.search(raw) or _BAD_ESCAPE.search(raw_path):
        raise errors.MalformedUri("A % in the address is not followed by two hex digits.")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
        request.scope["path"].encode()
    except UnicodeError:
        raise errors.MalformedUri("The address is not UTF-8.") from None
    faults, seen = [], set()
    for name, value in pairs:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            faults.append(Fault("", "unknown-parameter", f"Parameters of this address: {listed}."))
        elif name in seen:
            faults.append(Fault(f"/{name}", "repeated-parameter", "Given more than once."))
        elif code := strict.text_fault(value):
            faults.append(strict.fault(code, name))
        seen.add(name)
    if faults:
        raise ValidationFailed("The query is not understood.", faults=faults[:20])


def router(prefix: str, tag: str) -> APIRouter:
    """The router of a service or room: strict, and grouped under its tag in the docs."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute)


# ---- Problems -------------------------------------------------------------------------------

_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "json_invalid": "malformed-json",
    "literal_error": "unknown-value",
    "enum": "unknown-value",
    "greater_than": "out-of-range",
    "greater_than_equal": "out-of-range",
    "less_than": "out-of-range",
    "less_than_equal": "out-of-range",
    "string_too_long": "too-long",
    "string_too_short": "too-short",
    "too_long": "too-many-items",
    "too_short": "too-few-items",
    "string_pattern_mismatch": "wrong-form",
    "uuid_parsing": "wrong-form",
    "datetime_parsing": "invalid-date",
    "datetime_from_date_parsing": "invalid-date",
}
_WORDS = {
    "extra_forbidden": "No such field here.",
    "missing": "Required.",
    "uuid_parsing": "Not an id.",  # the library's own words quote a character of the input
    "datetime_parsing": "Not a time such as 2026-03-04T09:00:00Z.",
    "datetime_from_date_parsing": "Not a time such as 2026-03-04T09:00:00Z.",
}


def faults_of(found: Sequence[Any], *, skip: int = 0) -> list[Fault]:
    """pydantic's errors as faults: where and which rule, never the value."""
    return [
        Fault(
            strict.pointer(*one["loc"][skip:]),
            _CODES.get(one["type"], "wrong-type" if one["type"].endswith("_type") else one["type"]),
            _WORDS.get(one["type"], one["msg"]),
        )
        for one in found[:20]
    ]


def problem_response(problem: Problem, request_id: str | None) -> Response:
    return JSONResponse(
        problem.body(request_id),
        problem.status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def _answer(request: Request, problem: Problem) -> Response:
    return problem_response(problem, request.scope.get("request_id"))


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return _answer(request, errors.NotFound())  # an id that cannot be one names nothing
    if any(one["loc"] == ("body",) and one["type"] == "missing" for one in found):
        return _answer(request, errors.MalformedJson("The body is empty."))
    return _answer(request, ValidationFailed(faults=faults_of(found, skip=1)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    by_status = {404: errors.NotFound, 405: errors.MethodNotAllowed, 413: errors.PayloadTooLarge}
    problem = by_status.get(error.status_code, Problem)()
    response = _answer(request, problem)
    response.headers.update(error.headers or {})
    return response


async def _on_database_away(request: Request, error: Exception) -> Response:
    log.error("the database does not answer", error=type(error).__name__)
    return _answer(request, errors.Overloaded())


async def _on_conflict(request: Request, error: Exception) -> Response:
    log.warning("a constraint refused the change", error=type(error).__name__)
    return _answer(request, errors.Conflict("Something with the same name or key exists already."))


# ---- Around every request -------------------------------------------------------------------


class RequestContext:
    """Request id, access log and metrics. Pure ASGI: the framework's own base class leaks
    database connections when a client goes away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["request_id"] = _given_request_id(scope) or str(new_id())
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).extend(_headers(request_id))
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:
            log.exception("unforeseen error", path=scope["path"], error=type(error).__name__)
            if status == 500:
                await problem_response(Problem(), request_id)(scope, receive, send_with_id)
        finally:
            took = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(scope["method"], route, status).inc()
            SECONDS.labels(route).observe(took)
            if route not in _QUIET:
                log.info(
                    "answered", method=scope["method"], route=route, status=status,
                    ms=round(took * 1000, 1),
                )  # fmt: skip
            structlog.contextvars.unbind_contextvars("request_id")


_QUIET = {"/healthz", "/readyz", "/metrics"}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def _given_request_id(scope: Scope) -> str | None:
    given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else None


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-request-id", request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]


# ---- Addresses that every process has ---------------------------------------------------------

_housekeeping = router("", "housekeeping")


@_housekeeping.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@_housekeeping.get("/readyz", summary="Can it do its work (does the database answer)?")
async def readyz(request: Request) -> dict[str, str]:
    async with request.app.state.db.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return {"status": "ready"}


@_housekeeping.get("/metrics", response_class=PlainTextResponse, summary="Prometheus metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@_housekeeping.get("/problems", summary="Every problem this process can answer with")
async def problems() -> list[dict[str, Any]]:
    found = {problem.slug: problem for problem in errors.all_problems()}
    return [
        {"type": f"/problems/{slug}", "title": problem.title(), "status": problem.status}
        for slug, problem in sorted(found.items())
    ]
