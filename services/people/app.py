"""The people service, ready to run alone: `uvicorn services.people.app:create --factory`."""

from fastapi import FastAPI

from services.people.access.routes import routes as access
from services.people.directory.routes import routes
from services.people.exports.routes import routes as exports
from services.people.handlers import HANDLERS
from services.people.notices.routes import routes as notices
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "people", "The directory every row points at: vendors, people, business hours.",
    routers=(routes, access, notices, exports), handlers=lambda _: HANDLERS,
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
