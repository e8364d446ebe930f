"""HTTP of the calibration room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.calibration import queries, service
from services.audit.calibration.schemas import (
    AgreementOut,
    CalibrationDetailOut,
    CalibrationIn,
    CalibrationOut,
    CancelIn,
    LateIn,
    RatingIn,
    RatingOut,
    State,
    TrendOut,
)
from services.audit.errors import (
    AnswersInvalid,
    CalibrationBlind,
    CalibrationIncomplete,
    CalibrationNotOpen,
    DeadlinePassed,
    NotARater,
    RaterUnfit,
    RatingFinal,
    ScorecardNotPublished,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import IllegalMove
from shared.idempotency import Idempotent
from shared.models.calibration import Calibration
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit", "calibration")
Reader = Annotated[Actor, Depends(permit("calibrations.read"))]
Leader = Annotated[Actor, Depends(permit("calibrations.lead"))]


@routes.post(
    "/calibrations", status_code=201, response_model=CalibrationOut, summary="Prepare a calibration",
    responses=answers(
        *POSTS, CalibrationIncomplete, RaterUnfit, ScorecardNotPublished, DeadlinePassed
    ),
)  # fmt: skip
async def prepare(
    new: CalibrationIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("calibrations.create"))],
) -> Response:  # fmt: skip
    return await once(service.prepare(session, actor, new), CalibrationOut)


@routes.get("/calibrations", response_model=Page[CalibrationOut], responses=answers(*READS))
async def list_calibrations(
    session: Session, paging: Pages, _: Reader, state: State | None = None,
    scorecard_version_id: UUID | None = None,
) -> Any:  # fmt: skip
    found = queries.select_calibrations(state=state, scorecard_version_id=scorecard_version_id)
    return await page_of(session, found, paging, row_id=Calibration.id)


@routes.get(
    "/calibration-trend/{scorecard_id}", response_model=list[TrendOut],
    summary="Agreement from session to session", responses=answers(*READS),
)  # fmt: skip
async def trend(scorecard_id: UUID, session: Session, _: Reader) -> Any:
    return await service.trend(session, scorecard_id)


@routes.get(
    "/calibrations/{calibration_id}", response_model=CalibrationDetailOut, responses=answers(*READS)
)  # fmt: skip
async def get_calibration(calibration_id: UUID, session: Session, actor: Reader) -> Any:
    return await service.detail(session, actor, calibration_id)


@routes.post(
    "/calibrations/{calibration_id}/open", response_model=CalibrationOut,
    summary="Let raters begin", responses=answers(*POSTS, DeadlinePassed, IllegalMove),
)  # fmt: skip
async def open_calibration(
    calibration_id: UUID, session: Session, once: Idempotent, actor: Leader
) -> Response:
    work = service.open_calibration(session, actor, calibration_id)
    return await once(work, CalibrationOut, status=200)


@routes.post(
    "/calibrations/{calibration_id}/ratings", status_code=201, response_model=RatingOut,
    summary="Rate a sample, or replace your rating of it",
    responses=answers(*POSTS, NotARater, CalibrationNotOpen, RatingFinal, AnswersInvalid),
)  # fmt: skip
async def rate(
    calibration_id: UUID, new: RatingIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("calibrations.rate"))],
) -> Response:  # fmt: skip
    return await once(service.rate(session, actor, calibration_id, new), RatingOut)


@routes.get(
    "/calibrations/{calibration_id}/ratings", response_model=list[RatingOut],
    summary="Your own; after the reveal, everybody's", responses=answers(*READS),
)  # fmt: skip
async def list_ratings(calibration_id: UUID, session: Session, _: Reader) -> Any:
    return await service.list_ratings(session, calibration_id)


@routes.get(
    "/calibrations/{calibration_id}/agreement", response_model=AgreementOut,
    responses=answers(*READS, CalibrationBlind),
)  # fmt: skip
async def get_agreement(calibration_id: UUID, session: Session, _: Reader) -> Any:
    return await service.agreement(session, calibration_id)


@routes.post(
    "/calibrations/{calibration_id}/agreed", response_model=CalibrationDetailOut,
    summary="Write down what was agreed on", responses=answers(*POSTS, CalibrationNotOpen, AnswersInvalid),
)  # fmt: skip
async def agree(
    calibration_id: UUID, new: RatingIn, session: Session, once: Idempotent, actor: Leader
) -> Response:
    work = service.agree(session, actor, calibration_id, new)
    return await once(work, CalibrationDetailOut, status=200)


@routes.post(
    "/calibrations/{calibration_id}/late", response_model=CalibrationDetailOut,
    summary="Take somebody's late ratings in, or leave them out",
    responses=answers(*POSTS, CalibrationNotOpen),
)  # fmt: skip
async def take_in_late(
    calibration_id: UUID, new: LateIn, session: Session, once: Idempotent, actor: Leader
) -> Response:
    work = service.take_in_late(session, actor, calibration_id, new)
    return await once(work, CalibrationDetailOut, status=200)


@routes.post(
    "/calibrations/{calibration_id}/close", response_model=CalibrationOut,
    summary="End the discussion", responses=answers(*POSTS, IllegalMove),
)  # fmt: skip
async def close(calibration_id: UUID, session: Session, once: Idempotent, actor: Leader) -> Response:
    return await once(service.close(session, actor, calibration_id), CalibrationOut, status=200)


@routes.post(
    "/calibrations/{calibration_id}/cancel", response_model=CalibrationOut,
    summary="Call it off", responses=answers(*POSTS, IllegalMove),
)  # fmt: skip
async def cancel(
    calibration_id: UUID, new: CancelIn, session: Session, once: Idempotent, actor: Leader
) -> Response:
    work = service.cancel(session, actor, calibration_id, new.reason)
    return await once(work, CalibrationOut, status=200)
