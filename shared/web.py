"""Every app is built here: strict requests, health, metrics, docs.

How failures are answered: `problems_http.py`; what is around every request: `edges.py`.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI, Request, Response, params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.utils import get_flat_params
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.routing import Match
from starlette.types import ASGIApp, Scope

from shared import errors, outbound, strict
from shared.addresses import Allowed
from shared.body import read_body
from shared.browsers import OtherOrigins, TellBrowsers, add_docs
from shared.config import Settings
from shared.crypto import Sealer, key_for
from shared.db import Database
from shared.edges import RequestContext
from shared.errors import Fault, ValidationFailed
from shared.fair_shares import INSIDE, FairShares, Kind
from shared.leaked_tokens import LeakedTokens
from shared.local_issuer import LocalIssuer, refuse_in_production
from shared.problems_http import answer_problems
from shared.tokens import Verifier
from shared.worker import Chore, Handler


@dataclass(frozen=True)
class Service:
    """What a service gives to the process that runs it."""

    name: str
    summary: str
    routers: Sequence[APIRouter]
    handlers: Callable[[Settings], dict[str, Handler]] = lambda _: {}
    chores: tuple[Chore, ...] = ()
    kinds: Mapping[str, Kind | None] = field(default_factory=dict)
    """What begins an address → as what its calls are counted; None: not by caller (`fair_shares.py`)."""
    before: tuple[Callable[[ASGIApp, FastAPI], ASGIApp], ...] = ()
    """What stands before the whole app, as middleware: (what it stands before, the app) → what is asked."""
    inside: tuple[Callable[[ASGIApp, FastAPI], ASGIApp], ...] = ()
    """The same, but what is around every request (`edges.py`, `fair_shares.py`) is around this too."""


def build_app(settings: Settings, services: Sequence[Service]) -> FastAPI:
    """One process's app: any number of services, side by side under their own path prefixes."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        for close in app.state.at_the_end:
            await close()

    app = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        title="Assay: " + ", ".join(service.name for service in services),
        description="\n\n".join(f"**{service.name}**: {service.summary}" for service in services)
        + "\n\nEvery failure is an RFC 9457 problem; `GET /problems` lists them all.",
        version="0.1.0",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.db = Database.of(settings, "app")
    app.state.hooks = Database.of(settings, "hook")
    app.state.before_the_end = []  # while connections still are open
    app.state.at_the_end = [app.state.db.close, app.state.hooks.close]
    _let_people_in(app, settings)
    app.state.cursor_key = key_for(settings, "cursors")
    app.state.sealer = Sealer(settings)
    for service in services:
        for router in service.routers:
            _serve(app, router)
    _serve(app, _housekeeping)
    add_docs(app)
    answer_problems(app)
    _stand_before(app, settings, services)
    return app


def _serve(app: FastAPI, router: APIRouter) -> None:
    """The router's own routes. `include_router` would make each anew for each app, at the first request, and
    match every request twice; what that is for (prefixes, dependencies of the app) is not used here."""
    app.router.routes.extend(router.routes)


def _stand_before(app: FastAPI, settings: Settings, services: Sequence[Service]) -> None:
    """What a request meets before its route; the last one added meets it first."""
    kinds = {prefix: kind for service in services for prefix, kind in service.kinds.items()}
    for service in services:
        for stands_inside in service.inside:
            app.add_middleware(_stand, stands_inside, app)
    app.add_middleware(FairShares, app, kinds)
    app.add_middleware(_stand, LeakedTokens, app)
    app.add_middleware(RequestContext)
    for service in services:
        for stands_before in service.before:
            app.add_middleware(_stand, stands_before, app)
    if settings.cors_origins:
        app.add_middleware(OtherOrigins, settings.cors_origins)
    app.add_middleware(TellBrowsers)


def _let_people_in(app: FastAPI, settings: Settings) -> None:
    """Whose tokens are taken. Raises NotForProduction."""
    refuse_in_production(settings)
    named = [urlsplit(one.issuer).netloc.rpartition("@")[2] for one in settings.oidc_issuers]
    any_host = ("",)  # an issuer may keep its keys elsewhere
    outside = outbound.client(Allowed.of(settings, any_host, named))
    issuers = [(one, outside) for one in settings.oidc_issuers]
    if settings.environment != "production":
        app.state.token_keys = local = LocalIssuer(settings)
        issuers.append(
            (local.configuration(), httpx.AsyncClient(transport=httpx.ASGITransport(app, client=INSIDE)))
        )
        _serve(app, _local_identity)
    app.state.verifier = Verifier(issuers)
    app.state.at_the_end += [app.state.verifier.close, outside.aclose]


def _stand(app: ASGIApp, stands_before: Callable[[ASGIApp, FastAPI], ASGIApp], owner: FastAPI) -> ASGIApp:
    return stands_before(app, owner)


# ---- Requests -------------------------------------------------------------------------------


class StrictRoute(APIRoute):
    """Reads JSON by `strict.loads`, refuses parameters that the route does not name, and takes nothing but an
    id where an id stands in its address: other words there belong to other routes, or to none."""

    max_body_bytes: ClassVar[int | None] = None
    """None: as the settings say."""
    max_values: ClassVar[int | None] = None
    """How many values its JSON may hold; None: as many as go into the bytes."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, more = super().matches(scope)
        ids = (one.alias for one in self.dependant.path_params if one.field_info.annotation is UUID)
        if match is not Match.NONE and not all(_is_id(more["path_params"][name]) for name in ids):
            return Match.NONE, {}
        return match, more

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = {
            param.alias
            for param in get_flat_params(self.dependant)
            if isinstance(param.field_info, params.Query)
        }
        takes_body = self.body_field is not None
        gives_json = isinstance(self.response_class, DefaultPlaceholder)

        async def strictly(request: Request) -> Response:
            _check_query(request, known)
            if gives_json and not accepts_json(request):
                raise errors.NotAcceptable
            if takes_body:
                request = await _with_json(request, self.max_body_bytes, self.max_values)
            return await handle(request)

        return strictly


def _is_id(word: str) -> bool:
    try:
        UUID(word)
    except ValueError:
        return False
    return True


class _StrictRequest(Request):
    parsed: Any

    async def json(self) -> Any:
        return self.parsed


async def _with_json(request: Request, max_bytes: int | None, max_values: int | None) -> Request:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind != "application/json" or encoding != "identity":
        raise errors.UnsupportedMediaType
    strictly = _StrictRequest(request.scope, request.receive)
    limit = request.app.state.settings.max_body_bytes
    body = await read_body(request, limit=limit if max_bytes is None else min(limit, max_bytes))
    strictly._body = body
    strictly.parsed = strict.loads(body, max_values=max_values)
    return strictly


def accepted_kinds(request: Request) -> set[str]:
    """The media types of the Accept headers, without their parameters."""
    accepted = ",".join(request.headers.getlist("accept")).lower()
    return {kind.split(";")[0].strip() for kind in accepted.split(",")} - {""}


def accepts_json(request: Request) -> bool:
    kinds = accepted_kinds(request)
    return not kinds or not kinds.isdisjoint(_OURS)


_OURS = {"application/json", "application/problem+json", "application/*", "*/*"}


def _check_query(request: Request, known: set[str]) -> None:
    query: bytes = request.scope.get("query_string", b"")
    faults, seen = [], set()
    for name, value in parse_qsl(query.decode(), keep_blank_values=True):
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


def router(prefix: str, tag: str, *, route_class: type[APIRoute] = StrictRoute) -> APIRouter:
    """The router of a service or room: strict, and grouped under its tag in the docs."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


# ---- Our own identity provider, for running without one ----------------------------------------

_local_identity = router("/identity", "housekeeping")


@_local_identity.get("/.well-known/openid-configuration", summary="The local issuer (not in production)")
async def discovery(request: Request) -> dict[str, Any]:
    local: LocalIssuer = request.app.state.token_keys
    return local.discovery()


@_local_identity.get("/jwks", summary="The local issuer's public key")
async def jwks(request: Request) -> dict[str, Any]:
    local: LocalIssuer = request.app.state.token_keys
    return local.jwks()


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
