"""The routes of an app, wherever they are nested, and an app that needs no database."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
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


def all_routes(app: Any) -> Iterator[Any]:
    for route in app.routes:
        if getattr(route, "routes", None):
            yield from all_routes(route)
        else:
            yield route


def routes_of(app: Any) -> list[APIRoute]:
    return [route for route in all_routes(app) if isinstance(route, APIRoute)]
