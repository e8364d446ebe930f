"""HTTP of the pull room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.feedback.connections.queries import get_connection
from services.feedback.errors import NoApi, PullOver, PullRunning
from services.feedback.pull import queries, service
from services.feedback.pull.schemas import BackfillIn, PullOut
from shared import clock
from shared.auth import Actor, permit
from shared.db import Session
from shared.idempotency import Idempotent
from shared.models.feedback import Pull
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/feedback", "pulls")


@routes.post(
    "/connections/{connection_id}/backfills", status_code=201, response_model=PullOut,
    responses=answers(*POSTS, NoApi, PullRunning),
    summary="Read what changed in a stretch of time over the help desk's REST API",
)  # fmt: skip
async def start_backfill(
    connection_id: UUID, new: BackfillIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("pulls.start"))],
) -> Response:  # fmt: skip
    work = service.start_backfill(session, connection_id, new.since, new.until or clock.now())
    return await once(work, PullOut)


@routes.get(
    "/connections/{connection_id}/pulls", response_model=Page[PullOut], responses=answers(*READS),
    summary="Backfills and hourly reconciliations, the newest first",
)  # fmt: skip
async def list_pulls(
    connection_id: UUID, session: Session, paging: Pages,
    _: Annotated[Actor, Depends(permit("connections.read"))],
) -> Any:  # fmt: skip
    await get_connection(session, connection_id)
    pulls = queries.select_pulls(connection_id)
    return await page_of(session, pulls, paging, row_id=Pull.id, newest=Pull.created_at)


@routes.get(
    "/pulls/{pull_id}", response_model=PullOut, responses=answers(*READS), summary="How far it has come"
)
async def get_pull(
    pull_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("connections.read"))]
) -> Any:
    return await queries.get_pull(session, pull_id)


@routes.post(
    "/pulls/{pull_id}/cancel", response_model=PullOut, responses=answers(*POSTS, PullOver),
    summary="Read no further; what was read stays",
)  # fmt: skip
async def cancel(
    pull_id: UUID, session: Session, once: Idempotent, _: Annotated[Actor, Depends(permit("pulls.start"))]
) -> Response:
    return await once(service.cancel(session, pull_id), PullOut, status=200)
