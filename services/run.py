"""The composition root: the only file that sees every service. One process may run any of them."""

from collections.abc import Sequence

from fastapi import FastAPI

from services.appeals.app import SERVICE as APPEALS
from services.audit.app import SERVICE as AUDIT
from services.feedback.app import SERVICE as FEEDBACK
from services.gateway.app import SERVICE as GATEWAY
from services.gateway.app import attach
from services.kpi.app import SERVICE as KPI
from services.people.app import SERVICE as PEOPLE
from shared.config import Settings
from shared.db import Database
from shared.http import ServiceClients
from shared.web import Service, build_app
from shared.worker import Handler, Worker

SERVICES: dict[str, Service] = {
    service.name: service for service in (PEOPLE, FEEDBACK, AUDIT, APPEALS, KPI, GATEWAY)
}


def choose(names: str) -> list[Service]:
    """ "all", or a list such as "audit,kpi". Raises ValueError for a name that is none."""
    wanted = list(SERVICES) if names == "all" else [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in SERVICES]
    if unknown:
        raise ValueError(f"No service is called {', '.join(unknown)}. There are: {', '.join(SERVICES)}.")
    return [SERVICES[name] for name in wanted]


def create_app(settings: Settings, names: str = "all") -> FastAPI:
    services: Sequence[Service] = choose(names)
    app = build_app(settings, services)
    if GATEWAY in services:
        here = {service.name for service in services}
        urls = {name: url for name, url in settings.service_urls.items() if name not in here}
        attach(app, ServiceClients(urls, app if len(here) > 1 else None))
    return app


def handlers(settings: Settings) -> dict[str, Handler]:
    every = (service.handlers(settings) for service in SERVICES.values())
    return {name: handler for some in every for name, handler in some.items()}


def create_worker(settings: Settings, db: Database | None = None) -> Worker:
    return Worker(
        db or Database.of(settings, "worker"),
        handlers(settings),
        settings,
        [chore for service in SERVICES.values() for chore in service.chores],
    )
