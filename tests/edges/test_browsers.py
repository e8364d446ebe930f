"""What browsers are told: headers on every answer, other origins, and that the documentation still works."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from world import World

from services.run import create_app
from services.serving import listen, serving
from shared.config import Settings

OURS, OTHER = "https://qa.example.com", "https://evil.example.com"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": "no-store",
}


@pytest.fixture
async def open_world(settings: Settings) -> AsyncIterator[World]:
    async with World(create_app(settings.model_copy(update={"cors_origins": (OURS,)}))) as made:
        yield made


# ---- Headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"), ("GET", "/people/vendors"), ("GET", "/nowhere"), ("GET", "/docs"),
        ("GET", "/redoc"),        ("GET", "/static-offline-docs/swagger-ui.css"), ("POST", "/graphql"),
        ("OPTIONS", "/people/vendors"),
        ("GET", "/people/vendors?limit=%zz"), ("HEAD", "/people/vendors"),
        ("POST", "/feedback/intake/zendesk/zd"),
    ],
)  # fmt: skip
async def test_every_answer_has_the_headers_once(world: World, method: str, path: str) -> None:
    answer = await world.client.request(method, path, headers=world.as_())
    for name, value in EVERYWHERE.items():
        assert answer.headers.get_list(name) == [value], name
    assert "geolocation=()" in answer.headers["permissions-policy"]
    policies = answer.headers.get_list("content-security-policy")
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "frame-ancestors 'none'" in policies[0]
    assert "strict-transport-security" not in answer.headers


async def test_what_the_short_way_answers_has_them_too(world: World) -> None:
    await world.connection()
    answer = await world.webhook(b'{"type": "x"}')
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE


async def test_an_unforeseen_error_has_them_too(world: World) -> None:
    @world.app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError

    answer = await world.client.get("/breaks")
    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in EVERYWHERE} == EVERYWHERE


async def test_only_over_tls_browsers_are_told_to_stay_there(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://assay") as client:
        answer = await client.get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


# ---- Other origins ---------------------------------------------------------------------------------


def preflight(origin: str, method: str = "POST", headers: str = "authorization") -> dict[str, str]:
    return {
        "origin": origin, "access-control-request-method": method, "access-control-request-headers": headers,
    }  # fmt: skip


async def test_other_origins_are_told_nothing_unless_they_are_named(world: World) -> None:
    answer = await world.client.get("/people/viewer", headers=world.as_() | {"origin": OTHER})
    asked = await world.client.options("/people/vendors", headers=preflight(OTHER))
    assert (asked.status_code, asked.json()["type"]) == (405, "/problems/method-not-allowed")
    for one in (answer, asked):
        assert not [name for name in one.headers if name.startswith("access-control")]


async def test_a_named_origin_may_ask(open_world: World) -> None:
    headers = open_world.as_() | {"origin": OURS}
    asked = await open_world.client.options("/people/vendors", headers=preflight(OURS))
    answer = await open_world.client.get("/people/viewer", headers=headers)
    missing = await open_world.client.get("/nowhere", headers=headers)
    assert asked.status_code == 200
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert "Idempotency-Key" in asked.headers["access-control-allow-headers"]
    for one in (asked, answer, missing):
        assert one.headers["access-control-allow-origin"] == OURS
        assert "access-control-allow-credentials" not in one.headers
        assert one.headers["x-frame-options"] == "DENY"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "https://qa.example.com.evil.com", "http://qa.example.com", "https://QA.example.com"]
)  # fmt: skip
async def test_an_origin_that_is_not_named_may_not(open_world: World, origin: str) -> None:
    asked = await open_world.client.options("/people/vendors", headers=preflight(origin))
    assert (asked.status_code, asked.json()["type"]) == (403, "/problems/origin-not-allowed")
    answer = await open_world.client.get("/people/viewer", headers=open_world.as_() | {"origin": origin})
    for one in (asked, answer):
        assert "access-control-allow-origin" not in one.headers


@pytest.mark.parametrize("asking", [{"method": "TRACE"}, {"headers": "x-evil"}])
async def test_a_named_origin_may_not_ask_in_any_way(open_world: World, asking: dict[str, str]) -> None:
    asked = await open_world.client.options("/people/vendors", headers=preflight(OURS, **asking))
    assert (asked.status_code, asked.json()["type"]) == (403, "/problems/origin-not-allowed")


async def test_an_unforeseen_error_reaches_the_page_that_asked(open_world: World) -> None:
    @open_world.app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError

    answer = await open_world.client.get("/breaks", headers={"origin": OURS})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, OURS)


# ---- In a real browser -----------------------------------------------------------------------------

THEIR_LOGO = "cdn.redoc.ly/redoc/logo-mini.svg"
"""ReDoc would fetch it from its maker: it may not, and nothing is missed."""


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/docs", 'class="opblock'), ("/redoc", 'data-section-id="tag/'),
        ("/graphql/explorer", 'class="view-lines'),
    ],
)  # fmt: skip
async def test_the_documentation_works_in_a_browser(
    app: FastAPI, tmp_path: Path, path: str, sign: str
) -> None:
    browser = os.environ.get("ASSAY_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here: set ASSAY_BROWSER")
    listener = listen("127.0.0.1", 0)
    async with serving(app, listener, asyncio.Event()):
        address = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
            "--enable-logging=stderr", "--virtual-time-budget=15000", "--dump-dom", address,
        ]  # fmt: skip
        seen = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=90)
    assert sign in seen.stdout, seen.stdout[:2000]
    refused = [line for line in seen.stderr.splitlines() if "Content Security Policy" in line]
    assert [line for line in refused if THEIR_LOGO not in line] == []
