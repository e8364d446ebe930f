"""HTTP of the checks room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.checks import queries, service
from services.audit.checks.schemas import AlignmentOut, CheckAnswersIn, CheckDetailOut, CheckIn, CheckOut
from services.audit.errors import (
    AnswersInvalid,
    CheckDone,
    CheckExists,
    NotARater,
    OwnWork,
    RaterUnfit,
    ReviewSuperseded,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.idempotency import Idempotent
from shared.models.calibration import ReviewCheck
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit", "checks")
Reader = Annotated[Actor, Depends(permit("checks.read"))]


@routes.post(
    "/review-checks", status_code=201, response_model=CheckDetailOut,
    summary="Ask for a second look at a released review",
    responses=answers(*POSTS, OwnWork, ReviewSuperseded, CheckExists, RaterUnfit),
)  # fmt: skip
async def ask(
    new: CheckIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("checks.create"))],
) -> Response:  # fmt: skip
    return await once(service.ask(session, actor, new), CheckDetailOut)


@routes.get("/review-checks", response_model=Page[CheckOut], responses=answers(*READS))
async def list_checks(
    session: Session, paging: Pages, actor: Reader, reviewer_id: UUID | None = None,
    checker_id: UUID | None = None,
) -> Any:  # fmt: skip
    found = queries.select_checks(reviewer_id=reviewer_id, checker_id=checker_id)
    page = await page_of(session, found, paging, row_id=ReviewCheck.id)
    return page | {"items": [service.in_short(actor, check) for check in page["items"]]}


@routes.get("/review-checks/{check_id}", response_model=CheckDetailOut, responses=answers(*READS))
async def get_check(check_id: UUID, session: Session, actor: Reader) -> Any:
    return await service.detail(session, actor, check_id)


@routes.post(
    "/review-checks/{check_id}/answers", response_model=CheckDetailOut,
    summary="Give the second look", responses=answers(*POSTS, NotARater, CheckDone, AnswersInvalid),
)  # fmt: skip
async def submit(
    check_id: UUID, new: CheckAnswersIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("checks.submit"))],
) -> Response:  # fmt: skip
    return await once(service.submit(session, actor, check_id, new), CheckDetailOut, status=200)


@routes.get(
    "/specialists/{person_id}/alignment", response_model=AlignmentOut,
    summary="How somebody's judgement stands to that of others", responses=answers(*READS),
)  # fmt: skip
async def get_alignment(
    person_id: UUID, session: Session, actor: Annotated[Actor, Depends(permit("alignment.read"))]
) -> Any:
    return await service.alignment(session, actor, person_id)
