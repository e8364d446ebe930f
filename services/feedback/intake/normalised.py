"""The one model that every source ends in: what a payload says, in our words. Pure data.

Sources (`sources/*.py`) make these; `service.apply` stores them. `None` in a ticket's field
means "the source does not say"; positions order what shares an instant.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID


class NotUnderstood(Exception):
    """A genuine payload whose content cannot be read: kept, and dead-lettered with this reason.

    `pointer` says where (JSON pointer); the value itself is never quoted.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer, self.detail = pointer, detail


@dataclass(frozen=True)
class AgentSighting:
    """A staff account the payload names; a vendor only where the account answers for it."""

    external_id: str
    name: str | None
    vendor_id: UUID | None


@dataclass(frozen=True)
class TicketState:
    """The ticket as the source sees it at `version` (source time, position within it)."""

    version_at: datetime
    version_number: int
    """Position among what happened at that instant; what still ties, `version_key` decides."""
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None = None
    subject: str | None = None
    status: str | None = None
    status_raw: str | None = None
    priority: str | None = None
    type: str | None = None
    channel: str | None = None
    channel_raw: str | None = None
    language: str | None = None
    topic: str | None = None
    brand: str | None = None
    group_key: str | None = None
    group_name: str | None = None
    vendor_id: UUID | None = None
    assignee_key: str | None = None
    requester_key: str | None = None
    tags: tuple[str, ...] | None = None
    is_deleted: bool = False
    version_key: str = ""


@dataclass(frozen=True)
class Change:
    """One change of one field. `key` names it within the connection, so a repeat adds nothing."""

    key: str
    occurred_at: datetime
    position: int
    field: str
    """status, assignee, group or priority; created: by whom (to_value requester or agent)"""
    from_value: str | None
    to_value: str | None
    actor_key: str | None = None


@dataclass(frozen=True)
class NewMessage:
    external_id: str
    sent_at: datetime
    position: int
    author_kind: str
    """requester, agent, bot or system"""
    author_key: str | None
    author_name: str | None
    is_public: bool
    body: str


@dataclass(frozen=True)
class NewRating:
    """`key` names the answer; a newer `version_at` replaces an older one."""

    key: str
    version_at: datetime
    score: Decimal | None
    raw: str
    comment: str | None
    agent_key: str | None
    rated_at: datetime


@dataclass(frozen=True)
class Normalised:
    """All that one payload says about one ticket."""

    ticket_key: str
    """The ticket's id in the help desk."""
    ticket: TicketState
    changes: tuple[Change, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    ratings: tuple[NewRating, ...] = ()
    agents: tuple[AgentSighting, ...] = ()
    warnings: tuple[str, ...] = field(default=())


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
