"""HTTP of the inbox: where help desks post. Each gets the answer that makes it retry or stop."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

import structlog
from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.inbox import rules, service
from services.feedback.inbox.rules import Posted
from services.feedback.inbox.service import Outcome, Verify, inbox_of
from services.feedback.intake.sources import salesforce_soap
from services.feedback.intake.sources.document import TicketDocument
from shared import clock
from shared.body import read_body
from shared.errors import (
    MalformedJson,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    Problem,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from shared.openapi import answers, schema_of
from shared.schemas import Out
from shared.web import router

log = structlog.get_logger()
MAX_SOAP_BYTES = 16 * 1024 * 1024
"""A hundred cases with full descriptions; refused, a bulk update would be lost after 24 hours."""


class InboxRoute(APIRoute):
    """The shortest way to the endpoint: it is given the request and the parts of its address.

    What we did not foresee is a 503, not a 500: help desks give up on a 500, and come again
    after a 503. Query and Accept are not looked at: refusing a genuine sender loses the event.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, platform = self.endpoint, self.path.split("/")[-2 if "{token}" not in self.path else -3]

        async def handle(request: Request) -> Response:
            try:
                answer: Response = await endpoint(request, **request.path_params)
            except PayloadTooLarge:
                service.REFUSED.labels(platform, "payload-too-large").inc()
                raise
            except Problem:
                raise
            except Exception as error:  # they come again after a 503, not after a 500
                log.exception("a webhook could not be taken in", error=type(error).__name__)
                raise Overloaded from None
            return answer

        return handle


routes = router("/feedback/intake", "intake", route_class=InboxRoute)
Key = Annotated[str, Path(max_length=63)]
REFUSALS = answers(NotFound, SignatureInvalid, WrongAccount, MalformedJson, PayloadTooLarge, Overloaded)
DOCUMENT_BODY = {"requestBody": {"content": {"application/json": {"schema": schema_of(TicketDocument)}}}}
JSON_BODY = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}


class Receipt(Out):
    outcome: Literal["stored", "duplicate"]


@routes.post(
    "/zendesk/{connection_key}", response_model=Receipt, responses=REFUSALS, openapi_extra=JSON_BODY,
    summary="A Zendesk webhook, of an event or of a trigger",
    description="Signed by Zendesk over the raw bytes. Answered 200 only when it is stored.",
)  # fmt: skip
async def receive_zendesk(request: Request, connection_key: Key) -> Response:
    return _receipt(await _receive(request, connection_key, "zendesk", rules.zendesk_delivery))


@routes.post(
    "/freshdesk/{connection_key}", response_model=Receipt, responses=REFUSALS, openapi_extra=JSON_BODY,
    summary="A Freshdesk automation webhook",
    description="Basic authentication and the header X-Intake-Token. It only says which ticket to look at.",
)  # fmt: skip
async def receive_freshdesk(request: Request, connection_key: Key) -> Response:
    return _receipt(await _receive(request, connection_key, "freshdesk", rules.freshdesk_delivery))


@routes.post(
    "/salesforce/{connection_key}", response_model=Receipt, responses=REFUSALS, openapi_extra=JSON_BODY,
    summary="Salesforce change events, platform events and Apex callouts, as JSON",
    description="One event or a list of up to 1,000, signed by the Standard Webhooks rule.",
)  # fmt: skip
async def receive_salesforce_events(request: Request, connection_key: Key) -> Response:
    return _receipt(await _receive(request, connection_key, "salesforce", rules.salesforce_events_delivery))


@routes.post(
    "/salesforce/{connection_key}/{token}", response_class=Response,
    summary="A Salesforce Outbound Message (SOAP)",
    description="`token` is the connection's path token. Acknowledged when all notifications are stored.",
    responses=answers(NotFound, WrongAccount, PayloadTooLarge, Unauthenticated, Overloaded)
    | {200: {"content": {"text/xml": {}}}, 400: {"content": {"text/xml": {}}, "description": "A SOAP fault"}},
    openapi_extra={"requestBody": {"content": {"text/xml": {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def receive_outbound_message(request: Request, connection_key: Key, token: str) -> Response:
    try:
        await _receive(
            request, connection_key, "salesforce", rules.outbound_message, token=token, limit=MAX_SOAP_BYTES
        )
    except salesforce_soap.NotSoap as refused:
        service.REFUSED.labels("salesforce", "not-soap").inc()
        return _xml(salesforce_soap.fault("Client", str(refused)), 400)
    return _xml(salesforce_soap.ack(), 200)


@routes.post(
    "/generic/{connection_key}", response_model=Receipt,
    summary="A ticket document from any other source",
    description="Signed by the Standard Webhooks rule (webhook-id, webhook-timestamp, webhook-signature).",
    responses=REFUSALS | answers(ValidationFailed, UnsupportedMediaType),
    openapi_extra=DOCUMENT_BODY,
)  # fmt: skip
async def receive_document(request: Request, connection_key: Key) -> Response:
    return _receipt(await _receive(request, connection_key, "generic", rules.document_delivery))


async def _receive(
    request: Request, key: str, platform: str, verify: Verify, *, token: str = "", limit: int | None = None
) -> Outcome:
    posted = Posted(
        headers=request.headers,
        body=await read_body(request, limit=limit),
        now=clock.now(),
        freshness_s=request.app.state.settings.webhook_freshness_s,
        token=token,
    )
    return await inbox_of(request.app).receive(key, platform, posted, verify)


def _receipt(outcome: Outcome) -> Response:
    return JSONResponse({"outcome": outcome.value})


def _xml(body: bytes, status: int) -> Response:
    return Response(body, status, media_type="text/xml")
