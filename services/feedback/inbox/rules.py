"""Is it genuine, what is it called, and which tenant does it speak of? Pure, over the raw bytes.

Whatever is wrong is one Problem; of refused deliveries nothing is kept. What a delivery says is
found out later (`intake`).
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from services.feedback.errors import SignatureInvalid, WrongAccount
from services.feedback.intake.sources import (
    freshdesk,
    generic,
    salesforce,
    salesforce_events,
    salesforce_soap,
    zendesk,
    zendesk_triggers,
)
from services.feedback.intake.sources.document import TicketDocument
from services.feedback.intake.sources.understand import MAX_JSON_DEPTH, salvaged
from shared import standard_webhooks, strict
from shared.errors import MalformedJson, NotFound

FRESHDESK_REPEATS = timedelta(hours=2)
"""Freshdesk sends a failed webhook again for 95 minutes, byte for byte; later equal bytes are news."""


@dataclass(frozen=True)
class Gate:
    """What is known of a connection when something arrives for it."""

    id: UUID
    platform: str
    account_id: str | None
    revision: int
    secrets: tuple[Mapping[str, str], ...]
    """The newest first; the one before it verifies until `previous_ends_at`."""
    previous_ends_at: datetime | None

    def valid_secrets(self, now: datetime) -> tuple[Mapping[str, str], ...]:
        overlaps = self.previous_ends_at is not None and now < self.previous_ends_at
        return self.secrets if overlaps else self.secrets[:1]


@dataclass(frozen=True)
class Posted:
    """A request as it came in."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime
    freshness_s: int
    token: str = ""


@dataclass(frozen=True)
class Piece:
    """What is stored once: a delivery, or one notification of a delivery that holds several."""

    source_key: str
    body: bytes
    other_body: Literal["quarantine", "ignore"] = "quarantine"
    """What another body under the same key is: a collision that somebody must see, or the same again."""
    repeats_for: timedelta | None = None
    """How long equal bytes are a repeat; None: for ever."""
    sha256: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.body).digest())


def zendesk_delivery(gate: Gate, posted: Posted) -> list[Piece]:
    """The signature is over timestamp and body. Raises SignatureInvalid, MalformedJson, WrongAccount."""

    def fits(secrets: Mapping[str, str]) -> bool:
        return zendesk.is_genuine(
            secrets["secret"], posted.headers, posted.body, now=posted.now, freshness_s=posted.freshness_s
        )

    if not _any(gate, posted, fits):
        raise SignatureInvalid
    try:
        payload = _parsed(posted.body)
    except MalformedJson:
        if salvaged("zendesk", posted.body) is None:
            raise
        return [Piece(_trigger_key(posted), posted.body, "ignore")]
    if (account := zendesk.account_of(payload)) is not None and account != gate.account_id:
        raise WrongAccount
    if zendesk_triggers.is_trigger(payload) and "template" in payload:
        return [Piece(_trigger_key(posted), posted.body, "ignore")]
    return [Piece(zendesk.source_key(payload) or _content_key(posted.body), posted.body)]


def _trigger_key(posted: Posted) -> str:
    """A trigger's body has no id; the invocation's is not signed, but stands in a signed call."""
    webhook = posted.headers.get("x-zendesk-webhook-id", "")
    invocation = posted.headers.get("x-zendesk-webhook-invocation-id", "")
    return f"zd-trg:{webhook}:{invocation}"[:200] if invocation else _content_key(posted.body)


def outbound_message(gate: Gate, posted: Posted) -> list[Piece]:
    """Salesforce does not sign these: an unguessable address, and the organisation inside the message.
    Raises NotFound, NotSoap, WrongAccount. One piece a notification, without the session's id."""
    if not _any(gate, posted, lambda s: _same(s.get("path_token"), posted.token)):
        raise NotFound
    message = salesforce_soap.parse(posted.body)
    if not salesforce.same_org(message.org_id or "", gate.account_id or ""):
        raise WrongAccount
    org = salesforce.org18(message.org_id or "") or ""
    return [
        Piece(salesforce_soap.source_key(org, one), salesforce_soap.as_json(one), "ignore")
        for one in message.notifications
    ]


def salesforce_events_delivery(gate: Gate, posted: Posted) -> list[Piece]:
    """Change events, platform events and Apex callouts, signed by the Standard Webhooks rule.
    Raises SignatureInvalid, MalformedJson, WrongAccount."""
    _check_signature(gate, posted)
    payload = _parsed(posted.body)
    events = salesforce_events.split(payload)
    for event in events:
        org = salesforce_events.org_of(event)
        if org is not None and not salesforce.same_org(org, gate.account_id or ""):
            raise WrongAccount
    org18 = salesforce.org18(gate.account_id or "") or ""
    keys = [salesforce_events.source_key(event, org18) for event in events]
    if len(events) == 1:
        return [Piece(keys[0] or f"sf-apex:{org18}:{posted.headers[standard_webhooks.ID]}", posted.body)]
    return [
        Piece(key or _content_key(body), body) for key, body in zip(keys, map(_as_json, events), strict=True)
    ]


def freshdesk_delivery(gate: Gate, posted: Posted) -> list[Piece]:
    """User, password and a secret header; nothing is signed, so it only says "look at ticket N".
    Raises SignatureInvalid, WrongAccount; MalformedJson where no ticket's id can be read."""
    authorization, token = posted.headers.get("authorization", ""), posted.headers.get("x-intake-token", "")
    if not _any(
        gate,
        posted,
        lambda s: freshdesk.is_genuine(
            authorization, token, user=s["user"], password=s["secret"], expected_token=s["token"]
        ),
    ):
        raise SignatureInvalid
    try:
        payload = _parsed(posted.body)
    except MalformedJson:
        if salvaged("freshdesk", posted.body) is None:
            raise
        payload = None
    account = freshdesk.account_of(payload)
    if account is not None and account != (gate.account_id or "").lower():
        raise WrongAccount
    key = f"fd-wh:{gate.account_id}:{hashlib.sha256(posted.body).hexdigest()}"
    return [Piece(key, posted.body, "ignore", FRESHDESK_REPEATS)]


def document_delivery(gate: Gate, posted: Posted) -> list[Piece]:
    """A ticket document, signed by the Standard Webhooks rule. Raises SignatureInvalid, MalformedJson;
    pydantic's ValidationError, because who writes these can mend them."""
    _check_signature(gate, posted)
    strict.loads(posted.body)  # refuses what the model lets pass: repeated keys, NUL, depth
    document = TicketDocument.model_validate_json(posted.body)
    return [Piece(generic.source_key(document, posted.body), posted.body)]


# ---- Helpers ----------------------------------------------------------------------------------


def _any(gate: Gate, posted: Posted, fits: Callable[[Mapping[str, str]], bool]) -> bool:
    """Every valid secret is tried, so that the time taken does not tell which one it was."""
    tried = [fits(secrets) for secrets in gate.valid_secrets(posted.now)]
    return any(tried)


def _check_signature(gate: Gate, posted: Posted) -> None:
    now_s = posted.now.timestamp()

    def fits(secrets: Mapping[str, str]) -> bool:
        return "secret" in secrets and standard_webhooks.is_genuine(
            secrets["secret"], posted.headers, posted.body, now_s=now_s, freshness_s=posted.freshness_s
        )

    if not _any(gate, posted, fits):
        raise SignatureInvalid


def _same(expected: str | None, given: str) -> bool:
    return expected is not None and hmac.compare_digest(expected.encode(), given.encode())


def _parsed(body: bytes) -> Any:
    """Broken JSON is refused: the same bytes would come again. JSON that holds what we cannot
    store (NUL, half a surrogate pair) is genuine: it is kept, and cleaned where it is read."""
    return strict.loads(body, max_depth=MAX_JSON_DEPTH, storable=False)


def _as_json(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _content_key(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
