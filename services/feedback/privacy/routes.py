"""HTTP of the privacy room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from services.feedback.errors import ErasureUnderWay, Held, RequesterErased, SecondPersonNeeded
from services.feedback.privacy import queries, service
from services.feedback.privacy.schemas import (
    AccessExportOut,
    DecisionIn,
    EraseIn,
    ErasureOut,
    FindIn,
    FoundOut,
    HoldIn,
    HoldOut,
    IdentityOut,
    OriginalOut,
    PurposeIn,
    RetentionOut,
    RetentionPatch,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.models.privacy import ErasureRequest, LegalHold
from shared.openapi import POSTS, READS, WRITES, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/feedback", "privacy")


@routes.post(
    "/tickets/{ticket_id}/original", response_model=OriginalOut, responses=answers(*POSTS),
    summary="A ticket's texts as they were sent; noted with your name",
)  # fmt: skip
async def open_original(
    ticket_id: UUID, why: PurposeIn, request: Request, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("originals.open"))],
) -> Response:  # fmt: skip
    work = service.open_original(session, request.app.state.sealer, actor, ticket_id, why.purpose)
    return await once(work, OriginalOut, status=200, is_secret=True)


@routes.post(
    "/requesters/find", response_model=FoundOut, responses=answers(*POSTS),
    summary="Who is behind an address, a help desk's id, or a ticket; noted with your name",
)  # fmt: skip
async def find_requesters(
    asked: FindIn, request: Request, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.find"))],
) -> Response:  # fmt: skip
    work = service.find_requesters(session, request.app.state.sealer, actor, asked)
    return await once(work, FoundOut, status=200, is_secret=True)


@routes.post(
    "/requesters/{requester_id}/identity", response_model=IdentityOut,
    responses=answers(*POSTS, RequesterErased), summary="Name and address of a requester; noted",
)  # fmt: skip
async def open_identity(
    requester_id: UUID, why: PurposeIn, request: Request, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.open"))],
) -> Response:  # fmt: skip
    work = service.open_identity(session, request.app.state.sealer, actor, requester_id, why.purpose)
    return await once(work, IdentityOut, status=200, is_secret=True)


@routes.post(
    "/requesters/{requester_id}/access-export", response_model=AccessExportOut,
    responses=answers(*POSTS, RequesterErased), summary="Everything that is held about a requester; noted",
)  # fmt: skip
async def export_access(
    requester_id: UUID, why: PurposeIn, request: Request, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.export"))],
) -> Response:  # fmt: skip
    work = service.export_access(session, request.app.state.sealer, actor, requester_id, why.purpose)
    return await once(work, AccessExportOut, status=200, is_secret=True)


@routes.post(
    "/requesters/{requester_id}/erase", status_code=201, response_model=ErasureOut,
    responses=answers(*POSTS, RequesterErased, ErasureUnderWay),
    summary="Ask for a requester to be forgotten; somebody else approves it",
)  # fmt: skip
async def request_erasure(
    requester_id: UUID, new: EraseIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.erase"))],
) -> Response:  # fmt: skip
    return await once(service.request_erasure(session, actor, requester_id, new.reason), ErasureOut)


@routes.get("/erasures", response_model=Page[ErasureOut], responses=answers(*READS))
async def list_erasures(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("erasures.read"))]
) -> Any:
    return await page_of(session, queries.select_erasures(), paging, row_id=ErasureRequest.id)


@routes.get("/erasures/{erasure_id}", response_model=ErasureOut, responses=answers(*READS))
async def get_erasure(
    erasure_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("erasures.read"))]
) -> Any:
    return await queries.get_erasure(session, erasure_id)


@routes.post(
    "/erasures/{erasure_id}/approve", response_model=ErasureOut,
    responses=answers(*POSTS, IllegalMove, SecondPersonNeeded, Held), summary="It is done from here on",
)  # fmt: skip
async def approve_erasure(
    erasure_id: UUID, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.erase"))],
) -> Response:  # fmt: skip
    return await once(service.approve_erasure(session, actor, erasure_id), ErasureOut, status=200)


@routes.post(
    "/erasures/{erasure_id}/refuse", response_model=ErasureOut, responses=answers(*POSTS, IllegalMove)
)
async def refuse_erasure(
    erasure_id: UUID, why: DecisionIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("requesters.erase"))],
) -> Response:  # fmt: skip
    work = service.refuse_erasure(session, actor, erasure_id, why.reason)
    return await once(work, ErasureOut, status=200)


@routes.post("/legal-holds", status_code=201, response_model=HoldOut, responses=answers(*POSTS))
async def place_hold(
    new: HoldIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("legal_holds.create"))],
) -> Response:  # fmt: skip
    return await once(service.place_hold(session, actor, new), HoldOut)


@routes.get("/legal-holds", response_model=Page[HoldOut], responses=answers(*READS))
async def list_holds(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("legal_holds.read"))],
    is_active: bool | None = None,
) -> Any:  # fmt: skip
    return await page_of(session, queries.select_holds(is_active=is_active), paging, row_id=LegalHold.id)


@routes.post("/legal-holds/{hold_id}/release", response_model=HoldOut, responses=answers(*POSTS))
async def release_hold(
    hold_id: UUID, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("legal_holds.update"))],
) -> Response:  # fmt: skip
    return await once(service.release_hold(session, actor, hold_id), HoldOut, status=200)


@routes.get("/retention", response_model=list[RetentionOut], responses=answers(*READS))
async def list_retention(session: Session, _: Annotated[Actor, Depends(permit("retention.read"))]) -> Any:
    return await service.list_retention(session)


@routes.patch("/retention", response_model=RetentionOut, responses=answers(*WRITES))
async def change_retention(
    patch: RetentionPatch, session: Session,
    _: Annotated[Actor, Depends(permit("retention.update"))],
) -> Any:  # fmt: skip
    return await service.change_retention(session, patch.data_class, patch.keep_days)
