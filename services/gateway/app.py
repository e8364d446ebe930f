"""The gateway, ready to run alone: `uvicorn services.gateway.app:create --factory`."""

from fastapi import FastAPI

from services.gateway.compiled.plans import Plans
from services.gateway.context import GRACE_S
from services.gateway.explorer.routes import routes as explorer
from services.gateway.lane import Lane
from services.gateway.limits import Budgets
from services.gateway.live.registry import Live
from services.gateway.persisted import Operations
from services.gateway.routes import routes
from shared.config import settings_from_environment
from shared.db import Database
from shared.http import ServiceClients
from shared.readers import Readers
from shared.web import Service, build_app

SERVICE = Service(
    "gateway", "GraphQL for front-ends: reads from one snapshot, writes through the owning services.",
    routers=(routes, explorer), kinds={"/graphql/": "reads", "/graphql": "graphql"}, inside=(Lane,),
)  # fmt: skip


def attach(app: FastAPI, clients: ServiceClients) -> None:
    """How this process reaches the services that own the writes; and connections of its own to read
    with: one that is held while a service is asked must not be one that the service waits for.

    Raises BadOperations where the file of them cannot be used."""
    settings = app.state.settings
    app.state.clients = clients
    app.state.reads = Database.of(settings, "app")
    app.state.readers = Readers.of(settings, "app", timeout_s=settings.graphql_timeout_s + GRACE_S)
    app.state.plans = Plans()
    app.state.budgets = Budgets(settings.graphql_points_a_minute)
    app.state.operations = Operations.of(settings)
    app.state.live = Live(settings, app.state.reads)
    app.state.before_the_end.append(app.state.live.stop)
    app.state.at_the_end += [
        clients.close,
        app.state.live.feed.close,
        app.state.readers.close,
        app.state.reads.close,
    ]


def create() -> FastAPI:
    settings = settings_from_environment()
    app = build_app(settings, [SERVICE])
    attach(app, ServiceClients(settings.service_urls, None))
    return app
