"""HTTP of the connections room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from services.feedback.connections import queries, service
from services.feedback.connections.schemas import (
    EXAMPLES,
    ConnectionIn,
    ConnectionOut,
    ConnectionPatch,
    DeadLetterFilters,
    DeadLetterOut,
    DeadLetterShownOut,
    HealthOut,
    NewSecretIn,
    ReplayedOut,
)
from services.feedback.errors import NoSecret
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict, PreconditionFailed, UrlNotAllowed
from shared.idempotency import Idempotent
from shared.models.feedback import Connection
from shared.models.queue import Delivery
from shared.openapi import POSTS, READS, WRITES, answers
from shared.paging import Page, Pages, page_of
from shared.preconditions import IfUnchanged, tagged
from shared.web import router

routes = router("/feedback/connections", "connections")


@routes.post(
    "", status_code=201, response_model=ConnectionOut, responses=answers(*POSTS, Conflict, UrlNotAllowed),
    summary="Connect a help-desk account",
)  # fmt: skip
async def connect(
    new: Annotated[ConnectionIn, Body(openapi_examples={k: {"value": v} for k, v in EXAMPLES.items()})],
    request: Request, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("connections.create"))],
) -> Response:  # fmt: skip
    state = request.app.state
    work = service.connect(session, state.sealer, new, state.settings)
    return await once(work, ConnectionOut)


@routes.get("", response_model=Page[ConnectionOut], responses=answers(*READS))
async def list_connections(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("connections.read"))]
) -> Any:
    return await page_of(session, queries.select_connections(), paging, row_id=Connection.id)


@routes.get("/{connection_id}", response_model=ConnectionOut, responses=answers(*READS))
async def get_connection(
    connection_id: UUID, session: Session, response: Response,
    _: Annotated[Actor, Depends(permit("connections.read"))],
) -> Any:  # fmt: skip
    return tagged(
        response, ConnectionOut.model_validate(await queries.get_connection(session, connection_id))
    )


@routes.patch(
    "/{connection_id}", response_model=ConnectionOut,
    responses=answers(*WRITES, PreconditionFailed, UrlNotAllowed),
)  # fmt: skip
async def change_connection(
    connection_id: UUID, patch: ConnectionPatch, request: Request, response: Response, session: Session,
    unchanged: IfUnchanged, _: Annotated[Actor, Depends(permit("connections.update"))],
) -> Any:  # fmt: skip
    state = request.app.state
    changed = await service.change_connection(
        session, state.sealer, connection_id, patch, state.settings, unchanged
    )
    return tagged(response, ConnectionOut.model_validate(changed))


@routes.post(
    "/{connection_id}/rotate-secret", response_model=ConnectionOut,
    summary="A new signing secret; the old one verifies beside it for a while",
    responses=answers(*POSTS, NoSecret),
)  # fmt: skip
async def rotate_secret(
    connection_id: UUID, new: NewSecretIn, request: Request, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("connections.update"))],
) -> Response:  # fmt: skip
    work = service.rotate_secret(session, request.app.state.sealer, connection_id, new)
    return await once(work, ConnectionOut, status=200)


@routes.post(
    "/{connection_id}/pause", response_model=ConnectionOut, responses=answers(*POSTS),
    summary="Store what comes, but understand none of it until resumed",
)  # fmt: skip
async def pause(
    connection_id: UUID, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("connections.update"))],
) -> Response:  # fmt: skip
    return await once(service.pause(session, connection_id), ConnectionOut, status=200)


@routes.post(
    "/{connection_id}/resume", response_model=ConnectionOut, responses=answers(*POSTS),
    summary="Go on, with what came meanwhile first",
)  # fmt: skip
async def resume(
    connection_id: UUID, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("connections.update"))],
) -> Response:  # fmt: skip
    return await once(service.resume(session, connection_id), ConnectionOut, status=200)


@routes.get("/{connection_id}/health", response_model=HealthOut, responses=answers(*READS))
async def health(
    connection_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("connections.read"))]
) -> Any:
    return await service.health(session, connection_id)


@routes.get(
    "/{connection_id}/dead-letters", response_model=Page[DeadLetterOut], responses=answers(*READS),
    summary="Genuine messages that could not be understood, with the reason",
)  # fmt: skip
async def list_dead_letters(
    connection_id: UUID, session: Session, paging: Pages, filters: Annotated[DeadLetterFilters, Depends()],
    _: Annotated[Actor, Depends(permit("dead_letters.read"))],
) -> Any:  # fmt: skip
    await queries.get_connection(session, connection_id)
    letters = queries.select_dead_letters(connection_id, filters)
    return await page_of(session, letters, paging, row_id=Delivery.id, whole_rows=True)


@routes.get(
    "/{connection_id}/dead-letters/{delivery_id}", response_model=DeadLetterShownOut,
    responses=answers(*READS), summary="What one of them looks like, without what people wrote",
)  # fmt: skip
async def inspect_dead_letter(
    connection_id: UUID, delivery_id: UUID, session: Session,
    _: Annotated[Actor, Depends(permit("dead_letters.read"))],
) -> Any:  # fmt: skip
    return await service.inspect_dead_letter(session, connection_id, delivery_id)


@routes.post(
    "/{connection_id}/dead-letters/replay", response_model=ReplayedOut, responses=answers(*POSTS),
    summary="Try all of them, or those the filters name, again (after a mend of the connection's maps, say)",
)  # fmt: skip
async def replay_dead_letters(
    connection_id: UUID, session: Session, once: Idempotent, filters: Annotated[DeadLetterFilters, Depends()],
    _: Annotated[Actor, Depends(permit("dead_letters.replay"))],
) -> Response:  # fmt: skip
    work = service.replay_dead_letters(session, connection_id, filters=filters)
    return await once(work, ReplayedOut, status=200)


@routes.post(
    "/{connection_id}/dead-letters/{delivery_id}/replay", response_model=ReplayedOut,
    responses=answers(*POSTS), summary="Try this one again",
)  # fmt: skip
async def replay_dead_letter(
    connection_id: UUID, delivery_id: UUID, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("dead_letters.replay"))],
) -> Response:  # fmt: skip
    work = service.replay_dead_letters(session, connection_id, delivery_id=delivery_id)
    return await once(work, ReplayedOut, status=200)
