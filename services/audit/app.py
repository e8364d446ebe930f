"""The audit service, ready to run alone: `uvicorn services.audit.app:create --factory`."""

from fastapi import FastAPI

from services.audit.assignment.routes import routes as assignment
from services.audit.calibration.routes import routes as calibration
from services.audit.checks.routes import routes as checks
from services.audit.criteria.routes import routes as criteria
from services.audit.handlers import CHORES, HANDLERS
from services.audit.picks.routes import routes as picks
from services.audit.releases.routes import routes as releases
from services.audit.reviews.routes import routes as reviews
from services.audit.runs.routes import routes as runs
from services.audit.sampling.routes import routes as sampling
from services.audit.scorecards.routes import routes as scorecards
from shared.config import settings_from_environment
from shared.web import Service, build_app

SERVICE = Service(
    "audit", "Scorecards, sampling plans, audits and their reviews; calibration of reviewers.",
    routers=(scorecards, sampling, picks, reviews, releases, assignment, calibration, checks, criteria, runs),
    handlers=lambda _: HANDLERS, chores=CHORES,
)  # fmt: skip


def create() -> FastAPI:
    return build_app(settings_from_environment(), [SERVICE])
