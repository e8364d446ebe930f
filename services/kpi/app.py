"""The kpi service, ready to run alone: `uvicorn services.kpi.app:create --factory`."""

from fastapi import FastAPI

from services.kpi.handlers import HANDLERS
from services.kpi.values.routes import routes
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "kpi", "The metrics: what each number is, how it was made, and the tickets behind it.",
    routers=(routes,), handlers=lambda _: HANDLERS,
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
