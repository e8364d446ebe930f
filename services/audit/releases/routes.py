"""HTTP of the releases room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.errors import (
    AlreadyChecked,
    AnswersInvalid,
    CheckBarred,
    DraftMoved,
    HighlightOutside,
    NothingToCheck,
    NotYourAudit,
)
from services.audit.releases import queries, service
from services.audit.releases.schemas import HeldDetailOut, HeldOut, ReasonIn, SubmissionIn
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.models.releases import HeldReview
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit", "releases")
Reader = Annotated[Actor, Depends(permit("held_reviews.read"))]
Checker = Annotated[Actor, Depends(permit("held_reviews.check"))]


@routes.post(
    "/audits/{audit_id}/submission", status_code=202, response_model=HeldOut,
    summary="Hand a review in: it is released after a second look, or in its time",
    responses=answers(*POSTS, NotYourAudit, IllegalMove, DraftMoved, AnswersInvalid, HighlightOutside),
)  # fmt: skip
async def submit(
    audit_id: UUID, new: SubmissionIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.submit"))],
) -> Response:  # fmt: skip
    return await once(service.submit(session, actor, audit_id, new), HeldOut, status=202)


@routes.get("/held-reviews", response_model=Page[HeldOut], responses=answers(*READS))
async def list_held(session: Session, paging: Pages, _: Reader, waits: bool | None = None) -> Any:
    held = queries.select_held(waits=waits)
    return await page_of(session, held, paging, row_id=HeldReview.audit_id, newest=HeldReview.submitted_at)


@routes.get("/held-reviews/{audit_id}", response_model=HeldDetailOut, responses=answers(*READS))
async def get_held(audit_id: UUID, session: Session, _: Reader) -> Any:
    return await service.get_held(session, audit_id)


@routes.post(
    "/held-reviews/{audit_id}/approve", response_model=HeldOut, summary="It may be released as it is",
    responses=answers(*POSTS, CheckBarred, AlreadyChecked, NothingToCheck),
)  # fmt: skip
async def approve(audit_id: UUID, session: Session, once: Idempotent, actor: Checker) -> Response:
    return await once(service.approve(session, actor, audit_id), HeldOut, status=200)


@routes.post(
    "/held-reviews/{audit_id}/return", response_model=HeldOut,
    summary="Back to its author, with a reason; authors take their own back so",
    responses=answers(*POSTS, CheckBarred, AlreadyChecked),
)  # fmt: skip
async def give_back(
    audit_id: UUID, new: ReasonIn, session: Session, once: Idempotent, actor: Checker
) -> Response:
    return await once(service.give_back(session, actor, audit_id, new.reason), HeldOut, status=200)
