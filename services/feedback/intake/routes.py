"""HTTP of the intake room: where help desks post their webhooks."""

from typing import Annotated, Literal

from fastapi import Path, Request

from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.intake import service
from shared.db import Session
from shared.errors import MalformedJson, NotFound, Overloaded, PayloadTooLarge
from shared.openapi import answers
from shared.schemas import Out
from shared.web import read_body, router

routes = router("/feedback/intake", "intake")


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
    body = await read_body(request, settings.max_body_bytes)
    is_new = await service.receive(
        session, request.app.state.sealer, connection_key, headers=request.headers,
        body=body, freshness_s=settings.webhook_freshness_s,
    )  # fmt: skip
    return Receipt(outcome="stored" if is_new else "duplicate")
