"""The appeals service, ready to run alone: `uvicorn services.appeals.app:create --factory`."""

from fastapi import FastAPI

from services.appeals.handlers import HANDLERS
from services.appeals.routes import routes
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "appeals", "Appeals against reviews, and the rulings on them.",
    routers=(routes,), handlers=lambda _: HANDLERS,
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
