"""What the connections room takes and gives. Secrets go in and never come out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.feedback.connections.settings import (
    ExternalId,
    FreshdeskSettings,
    GenericSettings,
    SalesforceSettings,
    ZendeskSettings,
)
from shared import standard_webhooks
from shared.schemas import UNSENT, Id, In, Key, Name, Out, When


def is_signing_key(value: str) -> bool:
    try:
        return value.startswith(standard_webhooks.PREFIX) and len(standard_webhooks.key_bytes(value)) >= 24
    except ValueError:
        return False


def _a_signing_key(value: str) -> str:
    if not is_signing_key(value):
        raise PydanticCustomError("wrong-form", "Must be whsec_ and the base64 of at least 24 bytes.")
    return value


Secret = Annotated[str, StringConstraints(min_length=16, max_length=500, pattern=r"^[ -~]+$")]
PathToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,200}$")]
SigningKey = Annotated[Secret, AfterValidator(_a_signing_key)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=200, pattern=r"^[ -~]+$")]
User = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-9;-~]+$")]
BaseUrl = Annotated[str, StringConstraints(max_length=200)]
Days = Annotated[int, Field(ge=1, le=3650)]


class ApiIn(In):
    """Where the help desk's REST API is, and as whom it is asked."""

    base_url: BaseUrl = Field(examples=["https://example.zendesk.com"])
    user: User | None = Field(
        default=None, description="Zendesk: the e-mail address; Salesforce: the client id; Freshdesk: none."
    )
    secret: Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^[ -~]+$")] = Field(
        description="Zendesk: an API token; Salesforce: the client secret; Freshdesk: the API key."
    )


class _New(In):
    key: Key = Field(examples=["zd-main"], description="Part of the webhook's address.")
    name: Name
    is_test: bool = Field(default=False, description="For trying out: its tickets are in no figure.")
    api: ApiIn | None = Field(default=None, description="Needed to pull; without it only webhooks count.")
    schedule_id: Id | None = Field(default=None, description="Business hours of its tickets.")
    raw_kept_days: Days = Field(default=30, description="How long understood deliveries keep their bytes.")

    def secrets(self) -> dict[str, str]:
        """What its sender proves itself by."""
        named = {name: getattr(self, name, None) for name in ("secret", "path_token", "user", "token")}
        return {name: value for name, value in named.items() if value is not None}


class ZendeskIn(_New):
    platform: Literal["zendesk"]
    account_id: ExternalId = Field(description="The account number, checked in every body.")
    secret: Secret = Field(description="The webhook's signing secret.")
    settings: ZendeskSettings = ZendeskSettings()


class SalesforceIn(_New):
    platform: Literal["salesforce"]
    account_id: Annotated[str, StringConstraints(pattern=r"^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$")] = Field(
        description="The organisation's id, checked in every message.", examples=["00D5g00000K7hQzEAJ"]
    )
    path_token: PathToken | None = Field(default=None, description="Ends the outbound message's address.")
    secret: SigningKey | None = Field(default=None, description="Signs change events and callouts.")
    settings: SalesforceSettings = SalesforceSettings()


class FreshdeskIn(_New):
    platform: Literal["freshdesk"]
    account_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{3,150}$")] = Field(
        description="The account's domain.", examples=["example.freshdesk.com"]
    )
    user: User = Field(description="User of the webhook's Basic authentication.")
    secret: Password = Field(description="Its password.")
    token: Secret = Field(description="What the webhook sends in the header X-Intake-Token.")
    settings: FreshdeskSettings = FreshdeskSettings()


class GenericIn(_New):
    platform: Literal["generic"]
    account_id: None = None
    secret: SigningKey = Field(description="Signs its ticket documents (Standard Webhooks).")
    settings: GenericSettings = GenericSettings()


ConnectionIn = Annotated[ZendeskIn | SalesforceIn | FreshdeskIn | GenericIn, Field(discriminator="platform")]


_KEY = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
EXAMPLES: dict[str, Any] = {
    "zendesk": {
        "key": "zd-main", "name": "Zendesk", "platform": "zendesk", "account_id": "20417733",
        "secret": "the webhook's signing secret",
        "settings": {
            "brands": {"360002417811": "Main"}, "language_tag_prefix": "lang_",
            "groups": {"360009911201": {"name": "EU Frontline"}},
        },
        "api": {
            "base_url": "https://example.zendesk.com", "user": "bot@example.com", "secret": "an API token",
        },
    },
    "salesforce": {
        "key": "sf-main", "name": "Service Cloud", "platform": "salesforce",
        "account_id": "00D5g00000K7hQzEAJ", "path_token": "an-unguessable-token-0001", "secret": _KEY,
        "settings": {
            "status_map": {"New": "new", "Working": "open", "Waiting": "pending", "Closed": "closed"},
            "queues": {"00G5g000004TtLmEAK": {"name": "EU Frontline"}},
            "language_field": "Case_Language__c",
        },
    },
    "freshdesk": {
        "key": "fd-main", "name": "Freshdesk", "platform": "freshdesk",
        "account_id": "example.freshdesk.com", "user": "intake", "secret": "a long password",
        "token": "the header X-Intake-Token",
        "api": {"base_url": "https://example.freshdesk.com", "secret": "the API key"},
    },
    "any other source": {"key": "crm", "name": "Our CRM", "platform": "generic", "secret": _KEY},
}  # fmt: skip
"""A connection of each kind, for the docs."""


class ConnectionPatch(In):
    """Only what is sent is changed. New maps apply to what comes from now on, and to replays."""

    name: Name = UNSENT
    settings: dict[str, Any] = Field(default=UNSENT, description="All of them, as when it was connected.")
    schedule_id: Id | None = None
    api: ApiIn | None = Field(default=None, description="null: its REST API is asked no more.")
    raw_kept_days: Days = UNSENT


class NewSecretIn(In):
    """Only what is sent is new; the others stay."""

    secret: Password | None = Field(default=None, description="The new signing secret or password.")
    path_token: PathToken | None = None
    user: User | None = None
    token: Secret | None = None
    overlap_hours: int = Field(default=24, ge=0, le=168, description="How long the old ones still verify.")


class HealthOut(Out):
    """How a connection is doing. Times in whole seconds."""

    is_paused: bool
    last_received_at: datetime | None
    received_24h: int
    waiting: int = Field(description="Deliveries not understood yet.")
    oldest_waiting_s: int | None = Field(description="Age of the oldest of them: the lag.")
    held: int = Field(description="Wait for it to be resumed.")
    dead: int = Field(description="Dead letters: somebody has to look at them.")
    dead_rate_24h: float | None = Field(description="Dead letters out of what came in 24 hours; 0 … 1.")
    wanted: int = Field(description="Tickets that wait to be asked for over REST.")
    last_pull_at: datetime | None = Field(description="When its REST API was last read to the end.")
    reconciles_at: datetime | None = Field(description="When what webhooks missed is looked for next.")


@dataclass(frozen=True)
class DeadLetterFilters:
    """Query parameters: of which dead letters."""

    reason: Annotated[str | None, StringConstraints(max_length=200)] = None
    """Part of the reason."""
    received_from: When | None = None
    received_to: When | None = None


class DeadLetterOut(Out):
    id: UUID = Field(description="The delivery's id: replay it by this.")
    source_key: str = Field(description="What the help desk calls the message.")
    received_at: datetime
    attempts: int
    reason: str | None


class DeadLetterShownOut(DeadLetterOut):
    headers: dict[str, Any]
    size: int = Field(description="Bytes.")
    shape: Any = Field(description="The message with its texts left out: what there is, and of which kind.")


class ReplayedOut(Out):
    replayed: int


class ConnectionOut(Out):
    id: UUID
    key: str
    name: str
    platform: str
    account_id: str | None
    is_test: bool
    settings: dict[str, object]
    api: dict[str, object] | None = Field(description="Where its REST API is; never the secret.")
    schedule_id: UUID | None
    resolution_basis: str
    is_paused: bool
    raw_kept_days: int
    previous_secret_ends_at: datetime | None = Field(description="While it runs, two secrets verify.")
    created_at: datetime
