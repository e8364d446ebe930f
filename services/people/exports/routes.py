"""HTTP of the exports room."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from services.people.exports import service
from shared import lines
from shared.auth import Actor, permit
from shared.db import Session
from shared.openapi import READS, answers
from shared.web import router

routes = router("/people", "exports")


@routes.get(
    "/people/{person_id}/export", response_class=lines.Lines,
    responses=answers(*READS) | lines.documented("A row a line, then their sum."),
    summary="Everything that is held about one person",
    description="Everybody can ask for their own; leads for those they see. Without what requesters wrote, "
    "and without who reviewed where that is hidden.",
)  # fmt: skip
async def export_person(
    person_id: UUID, session: Session, actor: Annotated[Actor, Depends(permit("people.export"))]
) -> lines.Lines:
    rows = lines.new_file()
    await service.write_export(session, actor, person_id, rows)
    return lines.sent(rows)


@routes.get(
    "/trail/export", response_class=lines.Lines,
    responses=answers(*READS) | lines.documented("A link a line, with its entry."),
    summary="The audit trail as it is chained: what `assay trail verify-file` checks",
)  # fmt: skip
async def export_trail(session: Session, _: Annotated[Actor, Depends(permit("trail.export"))]) -> lines.Lines:
    links = lines.new_file()
    await service.write_trail(session, links)
    return lines.sent(links)
