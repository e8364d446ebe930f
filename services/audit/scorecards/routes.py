"""HTTP of the scorecards room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.audit.errors import AnswersInvalid, ScorecardPublished, ScorecardUnusable
from services.audit.scorecards import queries, service
from services.audit.scorecards.schemas import (
    DiffOut,
    ScorecardFile,
    ScorecardIn,
    ScorecardOut,
    TriedOut,
    TryIn,
    UsageOut,
    VersionIn,
    VersionOut,
)
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict, PreconditionFailed
from shared.idempotency import Idempotent
from shared.models.audit import Scorecard, ScorecardVersion
from shared.openapi import POSTS, READS, WRITES, answers
from shared.paging import Page, Pages, page_of
from shared.preconditions import IfUnchanged, tagged
from shared.web import router

routes = router("/audit", "scorecards")
Reader = Annotated[Actor, Depends(permit("scorecards.read"))]

SCORING = """
An answer's share is (value - min) / (max - min). *weighted* and *points*: weight earned by weight
of the rated criteria; *sections*: the sections' scores averaged by section weight, over the
sections that were rated. N/A takes a criterion out of both sides, and so does a condition
(*shown_when*) that does not hold: what is hidden is left out of the answers. A *critical* criterion
below half of its scale sets the review (or its section) to 0; an option with *auto_fail*, or one hit
in an *autofail* section, sets the review to 0; a *bonus* section only adds. All arithmetic is exact;
a score equal to the pass mark passes.
"""


@routes.post(
    "/scorecards", status_code=201, response_model=VersionOut, description=SCORING,
    summary="A new scorecard, with its first draft", responses=answers(*POSTS, Conflict, ScorecardUnusable),
)  # fmt: skip
async def draft_scorecard(
    new: ScorecardIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Response:  # fmt: skip
    return await once(service.draft_scorecard(session, new), VersionOut)


@routes.get("/scorecards", response_model=Page[ScorecardOut], responses=answers(*READS))
async def list_scorecards(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("scorecards.read"))]
) -> Any:
    return await page_of(session, queries.select_scorecards(), paging, row_id=Scorecard.id)


@routes.post(
    "/scorecards/{scorecard_id}/versions", status_code=201, response_model=VersionOut,
    summary="A new draft version", responses=answers(*POSTS, ScorecardUnusable),
)  # fmt: skip
async def draft_version(
    scorecard_id: UUID, new: VersionIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Response:  # fmt: skip
    return await once(service.draft_version(session, scorecard_id, new), VersionOut)


@routes.get(
    "/scorecards/{scorecard_id}/versions",
    response_model=Page[VersionOut],
    responses=answers(*READS),
)
async def list_versions(
    scorecard_id: UUID, session: Session, paging: Pages,
    _: Annotated[Actor, Depends(permit("scorecards.read"))],
) -> Any:  # fmt: skip
    versions = queries.select_versions(scorecard_id)
    return await page_of(session, versions, paging, row_id=ScorecardVersion.id)


@routes.post(
    "/scorecards/import", status_code=201, response_model=VersionOut,
    responses=answers(*POSTS, ScorecardUnusable),
    summary="A scorecard from a file: a draft, of a new scorecard or of the one with its key",
)  # fmt: skip
async def import_scorecard(
    new: ScorecardFile, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Response:  # fmt: skip
    return await once(service.import_scorecard(session, new), VersionOut)


@routes.post(
    "/scorecards/try", response_model=TriedOut, description=SCORING, summary="Score answers; nothing is kept",
    responses=answers(*POSTS, ScorecardUnusable, AnswersInvalid),
)  # fmt: skip
async def try_out(new: TryIn, session: Session, once: Idempotent, _: Reader) -> Response:
    return await once(service.try_out(session, new), TriedOut, status=200)


@routes.get(
    "/tickets/{ticket_id}/scorecards", response_model=list[VersionOut], responses=answers(*READS),
    summary="The scorecards that apply to a ticket: of each its newest published version",
)  # fmt: skip
async def list_for_ticket(ticket_id: UUID, session: Session, _: Reader) -> Any:
    return await queries.list_for_ticket(session, ticket_id)


@routes.get("/scorecard-versions/{version_id}", response_model=VersionOut, responses=answers(*READS))
async def get_version(version_id: UUID, session: Session, response: Response, _: Reader) -> Any:
    return tagged(response, VersionOut.model_validate(await queries.get_version(session, version_id)))


@routes.put(
    "/scorecard-versions/{version_id}", response_model=VersionOut, summary="Change a draft: the form anew",
    responses=answers(*WRITES, ScorecardPublished, ScorecardUnusable, PreconditionFailed),
)  # fmt: skip
async def change_draft(
    version_id: UUID, new: VersionIn, session: Session, response: Response, unchanged: IfUnchanged,
    _: Annotated[Actor, Depends(permit("scorecards.create"))],
) -> Any:  # fmt: skip
    changed = await service.change_draft(session, version_id, new, unchanged)
    return tagged(response, VersionOut.model_validate(changed))


@routes.get(
    "/scorecard-versions/{version_id}/export", response_model=ScorecardFile, responses=answers(*READS),
    summary="A version as a file, which `POST /audit/scorecards/import` takes",
)  # fmt: skip
async def export_version(version_id: UUID, session: Session, _: Reader) -> Any:
    return await service.export_version(session, version_id)


@routes.get(
    "/scorecard-versions/{version_id}/diff", response_model=DiffOut, responses=answers(*READS),
    summary="What changed since another version; by default the one before",
)  # fmt: skip
async def diff(version_id: UUID, session: Session, _: Reader, from_id: UUID | None = None) -> Any:
    return await service.diff(session, version_id, from_id)


@routes.get(
    "/scorecard-versions/{version_id}/usage", response_model=UsageOut, responses=answers(*READS),
    summary="How many samples and reviews used it, of those that you may see",
)  # fmt: skip
async def usage(version_id: UUID, session: Session, _: Reader) -> Any:
    return await queries.count_uses(session, version_id)


@routes.post(
    "/scorecard-versions/{version_id}/publish", response_model=VersionOut,
    summary="Publish a draft: from now on it never changes", responses=answers(*POSTS, ScorecardPublished),
)  # fmt: skip
async def publish(
    version_id: UUID, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("scorecards.publish"))],
) -> Response:  # fmt: skip
    return await once(service.publish(session, version_id), VersionOut, status=200)
