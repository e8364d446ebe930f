"""What every refusal has in common, and a client that can say what a proper one would not.

The catalogue that the tests' ids name (R5, Q7, W3 …) is RELIABILITY.md §2 of the reference data.
"""

import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import asyncpg
import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import SQLModel
from world import World

import shared.models  # noqa: F401 (fills the metadata)
from services.run import create_app
from shared.config import Settings

CANARY = "canary-5e1f"
"""Planted in what is refused: it may be in no answer."""
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
Headers = Sequence[tuple[str, str]]


def refused(
    answer: Any,
    status: int,
    slug: str,
    *,
    pointer: str | None = None,
    code: str | None = None,
    canary: str = CANARY,
) -> dict[str, Any]:
    """Asserts that this is a problem of ours, of that kind, which quotes nothing. Returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}", document
    assert document["status"] == status
    assert isinstance(document["title"], str)
    assert document["title"]
    assert ID.fullmatch(document["instance"])
    assert document["instance"] == answer.headers["x-request-id"]
    faults = document.get("errors", [])
    for fault in faults:
        assert fault.keys() == {"pointer", "code", "detail"}
        assert all(isinstance(value, str) for value in fault.values())
        assert fault["pointer"] == "" or fault["pointer"].startswith("/")
        assert fault["detail"]
    if code is not None:
        assert code in [fault["code"] for fault in faults], document
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in faults], document
    assert canary not in answer.text
    assert canary not in repr(answer.headers)
    return document


def without_instance(answer: Any) -> dict[str, Any]:
    """All that two answers to two requests can have in common."""
    return {key: value for key, value in answer.json().items() if key != "instance"}


async def rows(world: World) -> dict[str, int]:
    """How many rows every table has."""
    union = " UNION ALL ".join(
        f"SELECT '{name}', count(*) FROM \"{name}\"" for name in sorted(SQLModel.metadata.tables)
    )
    async with world.db.engine.connect() as connection:
        return dict(list(await connection.execute(text(union))))


@contextlib.asynccontextmanager
async def nothing_written(world: World) -> AsyncIterator[None]:
    before = await rows(world)
    yield
    assert await rows(world) == before


@contextlib.asynccontextmanager
async def lasting_world(postgres: str, **settings: Any) -> AsyncIterator[World]:
    """A world for a whole file: what is refused leaves nothing behind, so it can be shared."""
    server = await asyncpg.connect(postgres.replace("+asyncpg", ""))
    name = f"t{uuid4().hex}"
    await server.execute(f"CREATE DATABASE {name} TEMPLATE assay_template")
    made = Settings(
        database_url=postgres.rsplit("/", 1)[0] + f"/{name}",
        secret_key=SecretStr("a secret key for tests, long enough."),
        db_pool_size=8,
        **settings,
    )
    app = create_app(made)
    try:
        async with World(app) as world:
            yield world
    finally:
        await app.state.db.close()
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


# ---- Saying what a proper client would not -------------------------------------------------------


@dataclass
class Raw:
    """An answer, and how much of the request's body was taken for it."""

    status_code: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    content: bytes = b""
    chunks_read: int = 0

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


async def ask(
    app: FastAPI,
    method: str,
    target: bytes,
    headers: Headers = (),
    chunks: Iterable[bytes] = (b"",),
) -> Raw:
    """Any bytes as the address, any headers, a body in any pieces: as a server hands them on."""
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": unquote(path.decode("latin-1")), "raw_path": path, "query_string": query,
        "root_path": "", "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers],
        "client": ("127.0.0.1", 1), "server": ("assay", 80),
    }  # fmt: skip
    answer, pieces = Raw(), iter(chunks)

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        answer.chunks_read += piece is not None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status_code = message["status"]
            answer.headers = httpx.Headers(message["headers"])
        else:
            answer.content += message.get("body", b"")

    await app(scope, receive, send)
    return answer
