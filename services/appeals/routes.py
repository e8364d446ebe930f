"""HTTP of the appeals service."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Response

from services.appeals import queries, service
from services.appeals.errors import (
    AppealAlreadyDecided,
    AppealExists,
    AppealWindowClosed,
    FourEyes,
    NotYours,
    PointsInvalid,
    ReviewNotCurrent,
    RulingInconsistent,
)
from services.appeals.schemas import AppealIn, AppealOut, ReasonIn, RulingIn
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.models.appeals import Appeal
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/appeals", "appeals")


@routes.post(
    "", status_code=201, response_model=AppealOut, summary="Appeal a review, criterion by criterion",
    responses=answers(
        *POSTS, NotYours, ReviewNotCurrent, AppealWindowClosed, AppealExists, PointsInvalid
    ),
)  # fmt: skip
async def file_appeal(
    new: AppealIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("appeals.file"))],
) -> Response:  # fmt: skip
    return await once(service.file_appeal(session, actor, new), AppealOut)


@routes.get("", response_model=Page[AppealOut], responses=answers(*READS))
async def list_appeals(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("appeals.read"))],
    state: Literal["open", "in_review", "decided", "withdrawn"] | None = None,
    review_id: UUID | None = None, agent_id: UUID | None = None,
) -> Any:  # fmt: skip
    appeals = queries.select_appeals(state=state, review_id=review_id, agent_id=agent_id)
    page = await page_of(session, appeals, paging, row_id=Appeal.id)
    rulings = await queries.rulings_of(session, [appeal.id for appeal in page["items"]])
    return page | {"items": [service.shown(one, rulings.get(one.id)) for one in page["items"]]}


@routes.get("/{appeal_id}", response_model=AppealOut, responses=answers(*READS))
async def get_appeal(
    appeal_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("appeals.read"))]
) -> Any:
    appeal = await queries.get_appeal(session, appeal_id)
    rulings = await queries.rulings_of(session, [appeal_id])
    return service.shown(appeal, rulings.get(appeal_id))


@routes.post(
    "/{appeal_id}/take", response_model=AppealOut, summary="Take this appeal: you will rule on it",
    responses=answers(*POSTS, FourEyes, IllegalMove),
)  # fmt: skip
async def take_appeal(
    appeal_id: UUID, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("appeals.take"))],
) -> Response:  # fmt: skip
    return await once(service.take_appeal(session, actor, appeal_id), AppealOut, status=200)


@routes.post(
    "/{appeal_id}/release", response_model=AppealOut, summary="Give an appeal that was taken back",
    responses=answers(*POSTS, NotYours, IllegalMove),
)  # fmt: skip
async def release_appeal(
    appeal_id: UUID, new: ReasonIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("appeals.take"))],
) -> Response:  # fmt: skip
    return await once(service.release_appeal(session, actor, appeal_id, new), AppealOut, status=200)


@routes.post(
    "/{appeal_id}/ruling", response_model=AppealOut, summary="Rule, with the changed answers",
    responses=answers(
        *POSTS, FourEyes, AppealAlreadyDecided, IllegalMove, ReviewNotCurrent, PointsInvalid,
        RulingInconsistent,
    ),
)  # fmt: skip
async def rule_on_appeal(
    appeal_id: UUID, new: RulingIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("appeals.rule"))],
) -> Response:  # fmt: skip
    return await once(service.rule_on_appeal(session, actor, appeal_id, new), AppealOut, status=200)


@routes.post(
    "/{appeal_id}/withdraw", response_model=AppealOut, summary="Take the appeal back",
    responses=answers(*POSTS, NotYours, IllegalMove),
)  # fmt: skip
async def withdraw_appeal(
    appeal_id: UUID, new: ReasonIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("appeals.withdraw"))],
) -> Response:  # fmt: skip
    return await once(service.withdraw_appeal(session, actor, appeal_id, new), AppealOut, status=200)
