"""HTTP of the intake room: where help desks post their webhooks."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import structlog
from fastapi import Path, Request, Response
from fastapi.exceptions import RequestValidationError

from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.intake import service
from shared.body import read_body
from shared.db import Session
from shared.errors import MalformedJson, NotFound, Overloaded, PayloadTooLarge, Problem
from shared.openapi import answers
from shared.schemas import Out
from shared.web import StrictRoute, router

log = structlog.get_logger()


class IntakeRoute(StrictRoute):
    """Help desks give an event up when they get a 500: what we did not foresee is a 503, which
    they try again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def kindly(request: Request) -> Response:
            try:
                return await handle(request)
            except (Problem, RequestValidationError):
                raise
            except Exception as error:  # they come again after a 503, not after a 500
                log.exception("a webhook could not be taken in", error=type(error).__name__)
                raise Overloaded from None

        return kindly


routes = router("/feedback/intake", "intake", route_class=IntakeRoute)


class Receipt(Out):
    outcome: Literal["stored", "duplicate"]


@routes.post(
    "/zendesk/{connection_key}",
    response_model=Receipt,
    summary="A Zendesk event webhook",
    description="Signed by Zendesk over the raw bytes. Answered 200 only when it is stored.",
    responses=answers(NotFound, SignatureInvalid, WrongAccount, MalformedJson, PayloadTooLarge, Overloaded),
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def receive_zendesk(
    request: Request, session: Session, connection_key: Annotated[str, Path(max_length=63)]
) -> Receipt:
    settings = request.app.state.settings
    is_new = await service.receive(
        session, request.app.state.sealer, connection_key, headers=request.headers,
        body=await _body(request), freshness_s=settings.webhook_freshness_s,
    )  # fmt: skip
    return Receipt(outcome="stored" if is_new else "duplicate")


async def _body(request: Request) -> bytes:
    """The raw bytes. What is too large is counted among the refused."""
    try:
        return await read_body(request)
    except PayloadTooLarge:
        service.REFUSED.labels("zendesk", "size").inc()
        raise
