"""What browsers are told by every answer: to embed nothing, guess nothing; which other origins may ask."""

import base64
import hashlib
import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import OriginNotAllowed
from shared.problems_http import METHODS, problem_response

_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
)  # fmt: skip
_POLICY = b"content-security-policy"
_GIVEN = {_POLICY, b"cache-control"}
"""What an answer may say otherwise."""
_CLOSED = (*HEADERS, (_POLICY, _NOTHING.encode()))
_ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")
_ASSETS = "/static-offline-docs"


class TellBrowsers:
    """The outermost of all (pure ASGI): no answer leaves without these headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                named = {name for name, _ in given}  # pages bring a policy of their own, assets may be kept
                given += (one for one in _CLOSED if one[0] not in named & _GIVEN)
                if scope["scheme"] == "https":
                    given.append(_ONLY_TLS)
                message["headers"] = given
            await send(message)

        await self._app(scope, receive, send_on)


class OtherOrigins(CORSMiddleware):
    """Pages of the named origins may ask (CORS), with a token of their own and never with cookies."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=[
                "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID", "Idempotency-Replayed",
            ],
            max_age=600,
        )  # fmt: skip

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        return problem_response(OriginNotAllowed(), None)


# ---- The pages of the documentation ------------------------------------------------------------

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def add_docs(app: FastAPI) -> None:
    """/docs and /redoc, from files of our own. Their one script that stands in the page itself is named by
    its hash, so that no other runs."""
    swagger = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=f"{app.title} - Swagger UI",
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{_ASSETS}/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},
    )
    redoc = get_redoc_html(
        openapi_url="/openapi.json",
        title=f"{app.title} - ReDoc",
        redoc_js_url=f"{_ASSETS}/redoc.standalone.js",
        with_google_fonts=False,
        redoc_favicon_url=f"{_ASSETS}/favicon.png",
    )
    for path, page in (("/docs", swagger), ("/redoc", redoc)):
        app.get(path, include_in_schema=False)(_answering(page))


def _answering(page: HTMLResponse) -> Any:
    html = bytes(page.body)
    policy = {"content-security-policy": _policy_of(html.decode())}

    async def shown() -> HTMLResponse:
        return HTMLResponse(html, headers=policy)

    return shown


def _policy_of(html: str) -> str:
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(html)
    )
    return (
        f"{_NOTHING}; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; worker-src blob:"
    )
