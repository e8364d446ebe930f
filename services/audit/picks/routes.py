"""HTTP of the picks room."""

from typing import Annotated

from fastapi import Depends, Response

from services.audit.errors import ScorecardNotPublished
from services.audit.picks import service
from services.audit.picks.schemas import PickIn, PickOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.idempotency import Idempotent
from shared.openapi import POSTS, answers
from shared.web import router

routes = router("/audit", "picks")


@routes.post(
    "/audits", status_code=202, response_model=PickOut, responses=answers(*POSTS, ScorecardNotPublished),
    summary="Pick a ticket to be reviewed: for coaching, never in an estimate",
)  # fmt: skip
async def pick(
    new: PickIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("audits.pick"))],
) -> Response:  # fmt: skip
    return await once(service.pick(session, actor, new), PickOut, status=202)
