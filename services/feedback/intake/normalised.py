"""The one model that every source ends in: what a payload says, in our words. Pure data.

Sources (`sources/*.py`) make these; `service.apply` stores them. Whatever order statements come
in, the rows end the same: each field of a ticket keeps its newest telling, histories are sets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict
from uuid import UUID


class NotUnderstood(Exception):
    """A genuine payload whose content cannot be read: kept, and dead-lettered with this reason.

    `pointer` says where (JSON pointer); the value itself is never quoted.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer, self.detail = pointer, detail


class Version(NamedTuple):
    """When something was said. Compared whole: what shares an instant is told apart by `number`,
    and what still ties by `key`, the same way every time."""

    at: datetime
    number: int = 0
    key: str = ""


@dataclass(frozen=True)
class AgentSighting:
    """A staff account the payload names; a vendor only where the account answers for it."""

    external_id: str
    name: str | None
    vendor_id: UUID | None = None


class TicketFields(TypedDict, total=False):
    """What is told of a ticket's state. A field that is left out is not told: it stays as known.

    None says "there is none". Enums are in our words; `…_raw` is the help desk's own.
    """

    display_id: str | None
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    """Stated by the help desk, like the next two; our own clocks come from the history."""
    closed_at: datetime | None
    first_replied_at: datetime | None
    subject: str | None
    description: str | None
    """The requester's first words, where the help desk does not keep them as a message."""
    status: str | None
    status_raw: str | None
    priority: str | None
    priority_raw: str | None
    type: str | None
    channel: str | None
    channel_raw: str | None
    language: str | None
    topic: str | None
    brand_key: str | None
    brand: str | None
    group_key: str | None
    group_name: str | None
    vendor_id: UUID | None
    assignee_key: str | None
    assignee_name: str | None
    requester_key: str | None
    requester_name: str | None
    requester_email: str | None
    organization_key: str | None
    tags: list[str] | None
    custom_fields: dict[str, Any] | None
    is_public: bool
    is_escalated: bool
    is_outbound: bool
    """We wrote first: in no response time."""
    is_deleted: bool
    is_spam: bool
    is_purged: bool
    """Gone for good in the help desk: texts and people are erased here too."""
    is_erased: bool
    """Told by no source: whoever asks in it was erased here."""
    merged_into_key: str | None
    stated_metrics: dict[str, Any] | None
    """The help desk's own figures, to compare with ours."""


Basis = Literal["told", "history", "hint", "snapshot"]


@dataclass(frozen=True)
class Change:
    """One change of one field. `key` names it within the connection, so a repeat adds nothing.

    `basis` says how sure it is. "history": from a complete log, always kept. "told": by an event
    of its own; "hint": its time is when we heard of it; "snapshot": the value a snapshot showed,
    without what was before. Those three give way to a `Settled` stretch.
    """

    key: str
    occurred_at: datetime
    position: int
    field: str
    """status, assignee, group, priority; created: by whom (to_value requester or agent);
    sla:<metric>: to_value applied, fulfilled or breached; redacted, attachment_redacted,
    made_private, message_deleted: to_value is the message's external id"""
    from_value: str | None
    to_value: str | None
    actor_key: str | None = None
    basis: Basis = "told"
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Settled:
    """Of this field every change after `since` (None: ever) up to `until` is known for certain."""

    field: str
    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class NewMessage:
    """`version` decides between two tellings of one message: the newest replaces the others."""

    external_id: str
    sent_at: datetime
    position: int
    author_kind: str
    """requester, agent, bot or system"""
    author_key: str | None
    author_name: str | None
    is_public: bool
    body: str
    version: Version | None = None
    """None: as `sent_at`."""
    channel: str | None = None
    attachments: int = 0
    edited_at: datetime | None = None
    is_gone: bool = False
    """Told by no source: its author was erased here."""


@dataclass(frozen=True)
class NewRating:
    """`key` names the answer; a newer `version` replaces an older one."""

    key: str
    version: Version
    score: Decimal | None
    """0 (worst) … 1 (best); None: offered and not answered, or not on the scale."""
    raw: str
    comment: str | None
    agent_key: str | None
    rated_at: datetime
    is_offer: bool = False
    reason: str | None = None
    group_key: str | None = None
    external_id: str | None = None
    extra: Mapping[str, Any] | None = None
    """Answers to further questions of the same survey, as sent."""


Part = Literal["ticket", "messages", "comments", "history", "ratings"]


@dataclass(frozen=True)
class Normalised:
    """All that one payload says about one ticket."""

    ticket_key: str
    """The ticket's id in the help desk."""
    version: Version
    """When this was said, whatever it says."""
    state: TicketFields = field(default_factory=lambda: TicketFields())
    changes: tuple[Change, ...] = ()
    settled: tuple[Settled, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    ratings: tuple[NewRating, ...] = ()
    agents: tuple[AgentSighting, ...] = ()
    refetch: tuple[Part, ...] = ()
    """What the payload only points at: to be asked for over REST."""
    warnings: tuple[str, ...] = ()
    is_confidential: bool = False
    """Told by no source: what was delivered is not kept once it is understood."""


@dataclass(frozen=True)
class Told:
    """Everything one payload says."""

    tickets: tuple[Normalised, ...] = ()
    resync_since: datetime | None = None
    """Changes were lost on the way: everything since then has to be read again over REST."""
    ignored: str | None = None
    """Why it says nothing about a ticket (kept, and not an error)."""
    settings: Mapping[str, Any] | None = None
    """What the account's own configuration says: to be merged into the connection's settings."""


NOTHING = Told()


@dataclass(frozen=True)
class ImportedReview:
    """A review that was made elsewhere, as an export tells it: one agent's turn on one ticket."""

    ticket_key: str
    key: str
    """Names the review within the connection, so a second import adds nothing."""
    agent_key: str | None
    reviewed_at: datetime
    answers: tuple[tuple[str, Decimal | None], ...]
    """(criterion id, value); None: not scored (N/A)."""
    summary: str | None = None
