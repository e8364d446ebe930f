"""HTTP of the criteria room."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from services.audit.criteria import service
from services.audit.criteria.schemas import CriteriaOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.openapi import READS, answers
from shared.schemas import When
from shared.web import router

routes = router("/audit", "criteria")


@dataclass(frozen=True)
class Filters:
    """Of reviews; a period is [from_at, to_at) by when they were released."""

    from_at: When | None = None
    to_at: When | None = None
    scorecard_version_id: UUID | None = None
    vendor_id: UUID | None = None
    agent_id: UUID | None = None
    is_imported: bool | None = None


@routes.get(
    "/scorecards/{scorecard_id}/criteria", response_model=CriteriaOut, responses=answers(*READS),
    summary="How each criterion is rated, and how often all are rated alike",
)  # fmt: skip
async def report(
    scorecard_id: UUID, session: Session, filters: Annotated[Filters, Depends()],
    _: Annotated[Actor, Depends(permit("reviews.read"))],
) -> Any:  # fmt: skip
    return await service.report(session, scorecard_id, vars(filters))
