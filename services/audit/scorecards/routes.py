"""HTTP of the scorecards room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.errors import ScorecardPublished, ScorecardUnusable
from services.audit.scorecards import queries, service
from services.audit.scorecards.schemas import ScorecardIn, ScorecardOut, VersionIn, VersionOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict
from shared.idempotency import Idempotent
from shared.models.audit import Scorecard, ScorecardVersion
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit", "scorecards")

SCORING = """
An answer's share is (value - min) / (max - min). *weighted* and *points*: weight earned by weight
of the rated criteria; *sections*: the sections' scores averaged by section weight, over the
sections that were rated. N/A takes a criterion out of both sides. A *critical* criterion below
half of its scale sets the review (or its section) to 0; one hit in an *autofail* section sets the
review to 0; a *bonus* section only adds. All arithmetic is exact; a score equal to the pass mark
passes.
"""


@routes.post(
    "/scorecards", status_code=201, response_model=VersionOut, description=SCORING,
    summary="A new scorecard, with its first draft", responses=answers(*POSTS, Conflict, ScorecardUnusable),
)  # fmt: skip
async def draft_scorecard(
    new: ScorecardIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Response:  # fmt: skip
    return await once(service.draft_scorecard(session, new), VersionOut)


@routes.get("/scorecards", response_model=Page[ScorecardOut], responses=answers(*READS))
async def list_scorecards(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("scorecards.read"))]
) -> Any:
    return await page_of(session, queries.select_scorecards(), paging, row_id=Scorecard.id)


@routes.post(
    "/scorecards/{scorecard_id}/versions", status_code=201, response_model=VersionOut,
    summary="A new draft version", responses=answers(*POSTS, ScorecardUnusable),
)  # fmt: skip
async def draft_version(
    scorecard_id: UUID, new: VersionIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Response:  # fmt: skip
    return await once(service.draft_version(session, scorecard_id, new), VersionOut)


@routes.get(
    "/scorecards/{scorecard_id}/versions",
    response_model=Page[VersionOut],
    responses=answers(*READS),
)
async def list_versions(
    scorecard_id: UUID, session: Session, paging: Pages,
    _: Annotated[Actor, Depends(permit("scorecards.read"))],
) -> Any:  # fmt: skip
    versions = queries.select_versions(scorecard_id)
    return await page_of(session, versions, paging, row_id=ScorecardVersion.id)


@routes.post(
    "/scorecard-versions/{version_id}/publish", response_model=VersionOut,
    summary="Publish a draft: from now on it never changes", responses=answers(*POSTS, ScorecardPublished),
)  # fmt: skip
async def publish(
    version_id: UUID, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.publish"))],
) -> Response:  # fmt: skip
    return await once(service.publish(session, version_id), VersionOut, status=200)
