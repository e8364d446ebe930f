"""HTTP of the sampling room."""

from typing import Annotated, Any

from fastapi import Depends, Response

from services.audit.errors import ScorecardNotPublished
from services.audit.sampling import queries, service
from services.audit.sampling.schemas import PlanIn, PlanOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict
from shared.idempotency import Idempotent
from shared.models.audit import SamplingPlan
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit/plans", "sampling")


@routes.post(
    "", status_code=201, response_model=PlanOut, summary="Sample a connection's solved tickets",
    responses=answers(*POSTS, Conflict, ScorecardNotPublished),
)  # fmt: skip
async def plan_sampling(
    new: PlanIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("plans.create"))],
) -> Response:  # fmt: skip
    return await once(service.plan_sampling(session, new), PlanOut)


@routes.get("", response_model=Page[PlanOut], responses=answers(*READS))
async def list_plans(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("plans.read"))]
) -> Any:
    return await page_of(session, queries.select_plans(), paging, row_id=SamplingPlan.id)
