"""HTTP of the reviews room."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Response

from services.audit.errors import (
    AnswersInvalid,
    DraftMoved,
    HighlightOutside,
    NotYourAudit,
    NotYourReview,
    OwnWork,
    ReleaseHeld,
    ReviewAppealed,
    ReviewSuperseded,
)
from services.audit.reviews import queries, service
from services.audit.reviews.schemas import (
    AuditDetailOut,
    AuditOut,
    DraftIn,
    DraftOut,
    ReasonIn,
    ReassignIn,
    ReviewIn,
    ReviewOut,
    RevisionIn,
    ToldIn,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.models.audit import Audit, Review
from shared.openapi import POSTS, READS, WRITES, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit", "reviews")


@routes.get("/audits", response_model=Page[AuditOut], responses=answers(*READS))
async def list_audits(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("audits.read"))],
    state: Literal["open", "claimed", "submitted", "reviewed", "reassigned", "void"] | None = None,
    agent_id: UUID | None = None, ticket_id: UUID | None = None, specialist_id: UUID | None = None,
    overdue: bool | None = None,
) -> Any:  # fmt: skip
    audits = queries.select_audits(
        state=state, agent_id=agent_id, ticket_id=ticket_id, specialist_id=specialist_id, overdue=overdue
    )
    return await page_of(session, audits, paging, row_id=Audit.id, newest=Audit.drawn_at)


@routes.get("/audits/{audit_id}", response_model=AuditDetailOut, responses=answers(*READS))
async def get_audit(
    audit_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("audits.read"))]
) -> Any:
    return await service.shown(session, await queries.get_audit(session, audit_id))


@routes.put(
    "/audits/{audit_id}/draft", response_model=DraftOut, summary="Save the review as far as it is written",
    responses=answers(*WRITES, NotYourAudit, IllegalMove, DraftMoved),
)  # fmt: skip
async def save_draft(
    audit_id: UUID, new: DraftIn, session: Session,
    actor: Annotated[Actor, Depends(permit("reviews.submit"))],
) -> Any:  # fmt: skip
    return await service.save_draft(session, actor, audit_id, new)


@routes.post(
    "/audits/{audit_id}/reviews", status_code=201, response_model=ReviewOut,
    summary="Submit the review of an audit you claimed",
    responses=answers(
        *POSTS, NotYourAudit, IllegalMove, DraftMoved, ReleaseHeld, AnswersInvalid, HighlightOutside,
    ),
)  # fmt: skip
async def submit_review(
    audit_id: UUID, new: ReviewIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.submit"))],
) -> Response:  # fmt: skip
    return await once(service.submit_review(session, actor, audit_id, new), ReviewOut)


@routes.get("/reviews", response_model=Page[ReviewOut], responses=answers(*READS))
async def list_reviews(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("reviews.read"))],
    agent_id: UUID | None = None, ticket_id: UUID | None = None, audit_id: UUID | None = None,
    scorecard_version_id: UUID | None = None, current: bool | None = None,
) -> Any:  # fmt: skip
    reviews = queries.select_reviews(
        agent_id=agent_id, ticket_id=ticket_id, audit_id=audit_id, current=current,
        scorecard_version_id=scorecard_version_id,
    )  # fmt: skip
    return await page_of(session, reviews, paging, row_id=Review.id, newest=Review.released_at)


@routes.get("/reviews/{review_id}", response_model=ReviewOut, responses=answers(*READS))
async def get_review(
    review_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("reviews.read"))]
) -> Any:
    return await queries.get_review(session, review_id)


@routes.post(
    "/reviews/{review_id}/acknowledge", response_model=ReviewOut, summary="I have read this review",
    responses=answers(*POSTS, ReviewSuperseded),
)  # fmt: skip
async def acknowledge_review(
    review_id: UUID,
    session: Session,
    once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.acknowledge"))],
) -> Response:
    return await once(service.acknowledge_review(session, actor, review_id), ReviewOut, status=200)


@routes.post(
    "/reviews/{review_id}/acknowledge-for", response_model=ReviewOut,
    summary="My agent has been told of this review, though they cannot say so here",
    responses=answers(*POSTS, ReviewSuperseded),
)  # fmt: skip
async def acknowledge_for(
    review_id: UUID, new: ToldIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.acknowledge_for"))],
) -> Response:  # fmt: skip
    work = service.acknowledge_for(session, actor, review_id, new.proof)
    return await once(work, ReviewOut, status=200)


@routes.post(
    "/reviews/{review_id}/reassign", status_code=201, response_model=ReviewOut,
    summary="It is another agent's work: this verdict is theirs, and void where it was",
    responses=answers(*POSTS, OwnWork, ReviewSuperseded, IllegalMove, ReviewAppealed),
)  # fmt: skip
async def reassign_review(
    review_id: UUID, new: ReassignIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.reassign"))],
) -> Response:  # fmt: skip
    return await once(service.reassign_review(session, actor, review_id, new), ReviewOut)


@routes.post(
    "/reviews/{review_id}/revise", status_code=201, response_model=ReviewOut,
    summary="Give this verdict anew, with a reason",
    responses=answers(
        *POSTS, NotYourReview, OwnWork, ReviewSuperseded, IllegalMove, ReviewAppealed, AnswersInvalid,
        HighlightOutside,
    ),
)  # fmt: skip
async def revise_review(
    review_id: UUID, new: RevisionIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.revise"))],
) -> Response:  # fmt: skip
    return await once(service.revise_review(session, actor, review_id, new), ReviewOut)


@routes.post(
    "/reviews/{review_id}/void", status_code=201, response_model=ReviewOut,
    summary="Make this verdict void, with a reason",
    responses=answers(*POSTS, OwnWork, ReviewSuperseded, IllegalMove, ReviewAppealed),
)  # fmt: skip
async def void_review(
    review_id: UUID, new: ReasonIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("reviews.void"))],
) -> Response:  # fmt: skip
    return await once(service.void_review(session, actor, review_id, new.reason), ReviewOut)
