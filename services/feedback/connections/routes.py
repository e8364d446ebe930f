"""HTTP of the connections room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from services.feedback.connections import queries, service
from services.feedback.connections.schemas import ConnectionIn, ConnectionOut
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict
from shared.idempotency import Idempotent
from shared.models.feedback import Connection
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/feedback/connections", "connections")


@routes.post(
    "", status_code=201, response_model=ConnectionOut, responses=answers(*POSTS, Conflict),
    summary="Connect a help-desk account",
)  # fmt: skip
async def connect(
    new: ConnectionIn, request: Request, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("connections.create"))],
) -> Response:  # fmt: skip
    return await once(service.connect(session, request.app.state.sealer, new), ConnectionOut)


@routes.get("", response_model=Page[ConnectionOut], responses=answers(*READS))
async def list_connections(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("connections.read"))]
) -> Any:
    return await page_of(session, queries.select_connections(), paging, row_id=Connection.id)


@routes.get("/{connection_id}", response_model=ConnectionOut, responses=answers(*READS))
async def get_connection(
    connection_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("connections.read"))]
) -> Any:
    return await queries.get_connection(session, connection_id)
