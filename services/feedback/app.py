"""The feedback service, ready to run alone: `uvicorn services.feedback.app:create --factory`."""

from fastapi import FastAPI

from services.feedback.connections.routes import routes as connections
from services.feedback.handlers import HANDLERS
from services.feedback.intake.routes import routes as intake
from services.feedback.tickets.routes import routes as tickets
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "feedback", "Where help desks send what happened: connections, webhooks, tickets.",
    routers=(intake, connections, tickets), handlers=HANDLERS,
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
