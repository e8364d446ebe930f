"""HTTP of the runs room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.errors import NotDrawn, SamplingImpossible, SamplingRunExists, ScorecardNotPublished
from services.audit.runs import queries, service
from services.audit.runs.schemas import OutlookOut, QuestionIn, RunDetailOut, RunIn, RunOut, VerificationOut
from services.audit.sampling.designs import DrawnIn
from shared.auth import Actor, permit
from shared.db import Session
from shared.idempotency import Idempotent
from shared.models.sampling import SamplingRun
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/audit/sampling-runs", "sampling")
Reader = Annotated[Actor, Depends(permit("sampling_runs.read"))]
Asker = Annotated[Actor, Depends(permit("sampling_runs.create"))]

RULE = """
Each ticket has a number: the first 8 bytes, big endian, of SHA-256("{seed}:{ticket id}"). Of a stratum, the
smallest numbers are taken; where tickets are taken one by one, a number below probability * 2^64. So a draw
depends on its seed and its tickets alone: `inputs` gives both, and `assay sampling verify FILE` makes the
draw again on any machine.
"""


@routes.post(
    "", status_code=202, response_model=RunOut, description=RULE,
    summary="Draw a sample of a period that is over; the worker draws it",
    responses=answers(*POSTS, SamplingRunExists, ScorecardNotPublished, SamplingImpossible),
)  # fmt: skip
async def ask(new: RunIn, session: Session, once: Idempotent, actor: Asker) -> Response:
    return await once(service.ask(session, actor, new), RunOut, status=202)


@routes.post(
    "/outlook", response_model=OutlookOut, responses=answers(*POSTS, SamplingImpossible),
    summary="What such a draw would be worth; nothing is kept",
)  # fmt: skip
async def outlook(question: QuestionIn, session: Session, once: Idempotent, actor: Asker) -> Response:
    return await once(service.outlook(session, actor, question), OutlookOut, status=200)


@routes.get("", response_model=Page[RunOut], responses=answers(*READS))
async def list_runs(
    session: Session, paging: Pages, _: Reader, key: str | None = None, connection_id: UUID | None = None
) -> Any:
    found = queries.select_runs(key=key, connection_id=connection_id)
    return await page_of(session, found, paging, row_id=SamplingRun.id)


@routes.get(
    "/{run_id}", response_model=RunDetailOut, responses=answers(*READS),
    summary="One draw: planned and done, and what its reviews say of all tickets",
)  # fmt: skip
async def get_run(run_id: UUID, session: Session, _: Reader) -> Any:
    return await service.detail(session, run_id)


@routes.get(
    "/{run_id}/inputs", response_model=DrawnIn, responses=answers(*READS, NotDrawn),
    summary="All that the draw was made of: the file for `assay sampling verify`",
)  # fmt: skip
async def get_inputs(run_id: UUID, session: Session, _: Reader) -> Any:
    return await service.inputs(session, run_id)


@routes.get(
    "/{run_id}/verification", response_model=VerificationOut, responses=answers(*READS, NotDrawn),
    summary="Make the draw again, and compare",
)  # fmt: skip
async def verify(run_id: UUID, session: Session, _: Reader) -> Any:
    return await service.verify(session, run_id)
