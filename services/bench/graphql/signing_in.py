"""How the servers of the benchmark that are not ours let people in: a token of ours, verified each time;
then the driver's own transaction, as the person it names, so that the same row security holds."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import jwt
from fastapi import FastAPI, HTTPException
from starlette.requests import HTTPConnection

from shared.config import settings_from_environment
from shared.db import Database
from shared.local_issuer import AUDIENCE, ISSUER, LocalIssuer

_BECOME = (
    "SELECT set_config('assay.caller_id', id::text, true),"
    " set_config('assay.caller_vendor_id', coalesce(vendor_id::text, ''), true),"
    " set_config('role', 'assay_' || role, true) FROM find_person($1, null, null)"
)


def build(**more: Any) -> FastAPI:
    """An app with a pool of as many connections as ours has."""
    settings = settings_from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = Database.of(settings, "app").engine.url.set(drivername="postgresql")
        dsn, size = url.render_as_string(hide_password=False), settings.db_pool_size
        async with asyncpg.create_pool(dsn, min_size=size, max_size=size, init=_with_json) as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False}, **more)
    (app.state.key,) = jwt.PyJWKSet.from_dict(LocalIssuer(settings).jwks()).keys
    return app


async def _with_json(driver: Any) -> None:
    await driver.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


@asynccontextmanager
async def reading(connection: HTTPConnection) -> AsyncIterator[Any]:
    """The driver's connection, in a read-only transaction of who asks. Raises HTTPException (401)."""
    token = connection.headers.get("authorization", "").removeprefix("Bearer ")
    state = connection.app.state
    try:
        said = jwt.decode(token, state.key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    async with state.pool.acquire() as driver, driver.transaction(readonly=True):
        if not await driver.fetch(_BECOME, UUID(said["sub"])):
            raise HTTPException(401)
        yield driver
