"""HTTP of the access room."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from services.people.access import queries, service
from services.people.access.schemas import (
    LoginIn,
    LoginOut,
    NewServiceTokenOut,
    RevocationIn,
    RotationIn,
    ServiceTokenIn,
    ServiceTokenOut,
)
from services.people.errors import TokenEnded, UnknownScope
from shared.auth import Actor, permit
from shared.db import Session
from shared.errors import Conflict
from shared.idempotency import Idempotent
from shared.models.people import ServiceToken
from shared.openapi import POSTS, READS, answers
from shared.paging import Page, Pages, page_of
from shared.web import router

routes = router("/people", "access")
Updater = Annotated[Actor, Depends(permit("logins.update"))]
Maker = Annotated[Actor, Depends(permit("service_tokens.create"))]


@routes.get(
    "/people/{person_id}/logins", response_model=list[LoginOut], responses=answers(*READS),
    summary="By which subjects of identity providers somebody comes in",
)  # fmt: skip
async def list_logins(
    person_id: UUID, session: Session, _: Annotated[Actor, Depends(permit("logins.read"))]
) -> Any:
    return await queries.list_logins(session, await queries.get_person_id(session, person_id))


@routes.post(
    "/people/{person_id}/logins", status_code=201, response_model=LoginOut,
    responses=answers(*POSTS, Conflict), summary="This subject is this person",
)  # fmt: skip
async def add_login(
    person_id: UUID, new: LoginIn, session: Session, once: Idempotent, _: Updater
) -> Response:
    return await once(service.add_login(session, person_id, new), LoginOut)


@routes.delete(
    "/people/{person_id}/logins", status_code=204, responses=answers(*READS),
    summary="This subject is nobody any more",
)  # fmt: skip
async def remove_login(
    person_id: UUID, session: Session, _: Updater,
    issuer: Annotated[str, Query(max_length=500)], subject: Annotated[str, Query(max_length=255)],
) -> None:  # fmt: skip
    await queries.remove_login(session, person_id, issuer, subject)


@routes.get("/service-tokens", response_model=Page[ServiceTokenOut], responses=answers(*READS))
async def list_service_tokens(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("service_tokens.read"))]
) -> Any:
    return await page_of(session, queries.select_service_tokens(), paging, row_id=ServiceToken.id)


@routes.post(
    "/service-tokens", status_code=201, response_model=NewServiceTokenOut,
    responses=answers(*POSTS, UnknownScope), summary="A token for a program: shown this once",
)  # fmt: skip
async def make_service_token(
    new: ServiceTokenIn, session: Session, once: Idempotent, actor: Maker
) -> Response:
    work = service.make_service_token(session, actor, new)
    return await once(work, NewServiceTokenOut, shown_once=("token",))


@routes.post(
    "/service-tokens/{token_id}/rotate", status_code=201, response_model=NewServiceTokenOut,
    responses=answers(*POSTS, TokenEnded), summary="A new token in its place; for a while both work",
)  # fmt: skip
async def rotate_service_token(
    token_id: UUID, asked: RotationIn, session: Session, once: Idempotent, actor: Maker
) -> Response:
    work = service.rotate_service_token(session, actor, token_id, asked)
    return await once(work, NewServiceTokenOut, shown_once=("token",))


@routes.post(
    "/service-tokens/{token_id}/revoke", response_model=ServiceTokenOut,
    responses=answers(*POSTS, TokenEnded), summary="Good for nothing from now on",
)  # fmt: skip
async def revoke_service_token(
    token_id: UUID, asked: RevocationIn, session: Session, once: Idempotent, _: Maker
) -> Response:
    work = service.revoke_service_token(session, token_id, asked)
    return await once(work, ServiceTokenOut, status=200)
