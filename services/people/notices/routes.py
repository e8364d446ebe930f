"""HTTP of the notices room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from services.people.notices import queries, service
from services.people.notices.schemas import NoticeIn, NoticeOut, ReadingOut, SignalName, SignalOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.idempotency import Idempotent
from shared.models.notices import Notice, NoticeReading
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/people", "notices")
Reader = Annotated[Actor, Depends(permit("notices.read"))]


@routes.get(
    "/signals", response_model=list[SignalOut], responses=answers(*READS),
    summary="Which automated signals may be used, and since when",
    description="On people of a vendor; without one, on people of none. None of them decides anything.",
)  # fmt: skip
async def list_signals(
    request: Request, session: Session, _: Reader, vendor_id: UUID | None = None
) -> Any:  # fmt: skip
    return await service.signals(session, vendor_id, request.app.state.settings.notice_days)


@routes.post(
    "/notices", status_code=201, response_model=NoticeOut, responses=answers(*POSTS),
    summary="Tell people what a machine will make of their work",
)  # fmt: skip
async def publish_notice(
    new: NoticeIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("notices.create"))],
) -> Response:  # fmt: skip
    return await once(service.publish(session, actor, new), NoticeOut)


@routes.get("/notices", response_model=Page[NoticeOut], responses=answers(*READS), summary="For you")
async def list_notices(
    session: Session, paging: Pages, actor: Reader,
    signal: SignalName | None = None, is_acknowledged: bool | None = None,
) -> Any:  # fmt: skip
    found = queries.select_notices(actor.id, signal=signal, is_acknowledged=is_acknowledged)
    return await page_of(session, found, paging, row_id=Notice.id, whole_rows=True)


@routes.get("/notices/{notice_id}", response_model=NoticeOut, responses=answers(*READS))
async def get_notice(notice_id: UUID, session: Session, actor: Reader) -> Any:
    return await queries.get_notice(session, actor.id, notice_id)


@routes.post(
    "/notices/{notice_id}/acknowledge", response_model=NoticeOut, responses=answers(*POSTS),
    summary="I have read it",
)  # fmt: skip
async def acknowledge_notice(
    notice_id: UUID, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("notices.acknowledge"))],
) -> Response:  # fmt: skip
    return await once(service.acknowledge(session, actor, notice_id), NoticeOut, status=200)


@routes.get(
    "/notices/{notice_id}/readings", response_model=Page[ReadingOut], responses=answers(*READS),
    summary="Who has read it; leads see everybody, others themselves",
)  # fmt: skip
async def list_readings(notice_id: UUID, session: Session, paging: Pages, actor: Reader) -> Any:
    await queries.get_notice(session, actor.id, notice_id)
    found = queries.select_readings(notice_id)
    return await page_of(session, found, paging, row_id=NoticeReading.person_id, whole_rows=True)
