"""The feedback service, ready to run alone: `uvicorn services.feedback.app:create --factory`."""

from fastapi import FastAPI

from services.feedback.bulk.routes import routes as bulk
from services.feedback.connections.routes import routes as connections
from services.feedback.handlers import CHORES, handlers
from services.feedback.inbox.lane import Lane
from services.feedback.inbox.routes import routes as inbox
from services.feedback.privacy.routes import routes as privacy
from services.feedback.pull.routes import routes as pulls
from services.feedback.tickets.routes import routes as tickets
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "feedback", "Where help desks send what happened: connections, webhooks, tickets, people.",
    routers=(inbox, connections, pulls, bulk, tickets, privacy), handlers=handlers, chores=CHORES,
    before=(Lane,), kinds={"/feedback/intake/": None},
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
