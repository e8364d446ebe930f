"""The routes of an app, wherever they are nested, and an app that needs no database."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr

from services.run import create_app
from shared.config import Settings


def app_without_database() -> FastAPI:
    """Every service in one app. Nothing connects before a request asks for a session."""
    return create_app(
        Settings(
            database_url="postgresql://nobody@127.0.0.1:1/nothing",
            secret_key=SecretStr("a secret key for tests, long enough."),
        )
    )


def routes_of(app: FastAPI) -> list[Any]:
    """Everything that answers: FastAPI's routes with prefix and responses, mounts, plain routes."""
    return list(iter_route_contexts(app.routes))


def dependencies_of(route: Any) -> Iterator[Any]:
    """Every function that the route depends on, however deep."""
    waiting = [route.dependant] if hasattr(route, "dependant") else []
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        yield dependant.call
