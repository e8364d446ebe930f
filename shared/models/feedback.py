"""Tables of the feedback service: connections, the inbox, pulls, tickets with their events, messages and
ratings."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, REFERENCE, TICKET, json_column, moment, one_of, raw_bytes

PLATFORMS = ("zendesk", "salesforce", "freshdesk", "generic", "import")
STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
AUTHOR_KINDS = ("requester", "agent", "bot", "system")


class Connection(SQLModel, table=True):
    """One account in one help desk. Its secrets are sealed; its settings say how its words map to ours."""

    __table_args__ = (
        UniqueConstraint("key"),
        one_of("platform", *PLATFORMS),
        one_of("resolution_basis", "history", "stated"),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    key: str
    name: str
    platform: str
    account_id: str | None = None
    """What names the account in what it sends: account number, organisation id or domain."""
    is_test: bool = False
    """For trying out: may use the help desk's public test secret, and is in no figure and no sample."""
    sealed_secret: str | None = None
    previous_sealed_secret: str | None = None
    """Verifies beside the new one until `previous_secret_ends_at`, so that rotation loses nothing."""
    previous_secret_ends_at: datetime | None = moment(default=None)
    revision: int = 0
    """Grows when a secret changes, so that no delivery is taken in on the word of an old one."""
    is_paused: bool = False
    """Deliveries are stored and held; nothing is normalised until it is resumed."""
    settings: dict[str, Any] = json_column()
    api: dict[str, Any] | None = json_column(default=None)
    """Where and as whom its REST API is asked; None: it is not."""
    sealed_api_secret: str | None = None
    reconciles_at: datetime | None = moment(default=None)
    """When what the webhooks missed is looked for next."""
    raw_kept_days: int = 30
    """How long a delivery's bytes are kept once it is understood; what it said stays."""
    schedule_id: UUID | None = Field(default=None, foreign_key="schedule.id")
    resolution_basis: str = "history"
    created_at: datetime = moment()


class InboxRow(SQLModel, table=True):
    """A delivery as it came, byte for byte. Written before it is answered, read by the worker."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_received", "connection_id", "received_at"),
        Index("ix_inbox_held", "connection_id", "id", postgresql_where=text("is_held")),
        Index(
            "ix_inbox_ticket", "connection_id", "ticket_key", postgresql_where=text("ticket_key IS NOT NULL")
        ),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    source_key: str
    headers: dict[str, Any] = json_column()
    body: bytes = raw_bytes()
    body_sha256: bytes = raw_bytes()
    """Tells a repeat from another message under the same key, also when the bytes are gone."""
    received_at: datetime = moment()
    is_held: bool = False
    """Its turn came while the connection was paused; waits for it to be resumed."""
    ticket_key: str | None = None
    """The ticket it is about, once it was understood."""
    understood_at: datetime | None = moment(default=None)
    body_removed_at: datetime | None = moment(default=None)
    """Its time is over, or what it says was redacted in the help desk."""


class Refetch(SQLModel, table=True):
    """A ticket that is to be asked for over REST, because something only pointed at it."""

    __table_args__ = (Index("ix_refetch_wanted", "connection_id", "wanted_at"), LOCAL)

    connection_id: UUID = Field(primary_key=True, foreign_key="connection.id")
    ticket_key: str = Field(primary_key=True)
    parts: list[str] = json_column()
    wanted_at: datetime = moment()


class Pull(SQLModel, table=True):
    """One reading of a help desk over its REST API: a backfill of a stretch of time, or a look for
    what webhooks missed. Goes on where it stopped."""

    __table_args__ = (
        one_of("kind", "backfill", "reconciliation"),
        one_of("state", "running", "done", "failed", "cancelled"),
        Index("ix_pull_connection", "connection_id", "id"),
        Index(
            "uq_pull_running", "connection_id", "kind", unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        LOCAL,
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    kind: str
    state: str = "running"
    since_at: datetime = moment()
    until_at: datetime = moment()
    stage: str
    """What is being read now: tickets, messages, history, ratings, …"""
    cursor: dict[str, Any] | None = json_column(default=None)
    """Where in this stage; None: at its beginning."""
    step: int = 0
    failures: int = 0
    """One after the other; back to 0 with the next page that could be read."""
    pages: int = 0
    rows: int = 0
    refused_rows: int = 0
    changed_tickets: int = 0
    last_error: str | None = None
    created_at: datetime = moment()
    stepped_at: datetime = moment()
    finished_at: datetime | None = moment(default=None)


class HelpDeskAgent(SQLModel, table=True):
    """A staff account seen in a help desk. `id` is also the person's id."""

    __tablename__ = "help_desk_agent"
    __table_args__ = (UniqueConstraint("connection_id", "external_id"), REFERENCE)

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    external_id: str
    name: str | None = None
    named_at: datetime | None = moment(default=None)
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    vendor_seen_at: datetime | None = moment(default=None)
    """Source times: the newest sighting decides, whatever order they come in."""


class Ticket(SQLModel, table=True):
    """The newest known state of a ticket: each field as it was told last, whatever order things came in."""

    __table_args__ = (
        one_of("status", *STATUSES),
        Index("ix_ticket_created_at_id", "created_at", "id"),
        Index("ix_ticket_vendor_id_created_at_id", "vendor_id", "created_at", "id"),
        Index("ix_ticket_requester", "connection_id", "requester_key"),
        Index("ix_ticket_originals", "created_at", postgresql_where=text("originals_removed_at IS NULL")),
        Index("ix_ticket_texts", "created_at", postgresql_where=text("texts_removed_at IS NULL")),
        Index("ix_ticket_redaction_version", "redaction_version"),
        {"info": {"distribution": "ticket", "ticket_column": "id"}},
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    external_id: str
    told: list[Any] = json_column()
    """When each field was told last: [[time, number, key, [fields]], …], newest first."""
    settled: dict[str, Any] = json_column()
    """Field → [since, until]: between them its history is known for certain."""
    is_provisional: bool = False
    """Nobody has told yet when it was created: `created_at` is when it was first heard of."""
    has_redactions: bool = False
    """Something said in it was redacted: no raw delivery about it is kept once understood."""
    created_at: datetime = moment()
    updated_at: datetime = moment()
    display_id: str | None = None
    solved_at: datetime | None = moment(default=None)
    """What the help desk itself states; used where the connection's resolution basis is `stated`."""
    closed_at: datetime | None = moment(default=None)
    first_replied_at: datetime | None = moment(default=None)
    subject: str | None = None
    description: str | None = None
    status: str | None = None
    status_raw: str | None = None
    priority: str | None = None
    priority_raw: str | None = None
    type: str | None = None
    channel: str | None = None
    channel_raw: str | None = None
    language: str | None = None
    topic: str | None = None
    brand_key: str | None = None
    brand: str | None = None
    group_key: str | None = None
    group_name: str | None = None
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    assignee_key: str | None = None
    assignee_id: UUID | None = None
    assignee_name: str | None = None
    requester_key: str | None = None
    organization_key: str | None = None
    tags: list[str] | None = json_column(default=None)
    custom_fields: dict[str, Any] | None = json_column(default=None)
    is_public: bool | None = None
    is_escalated: bool | None = None
    is_outbound: bool | None = None
    """We wrote first: in no response time."""
    is_deleted: bool = False
    is_spam: bool = False
    is_purged: bool = False
    """Gone for good in the help desk: its texts and people are erased."""
    is_erased: bool = False
    """Somebody in it asked to be forgotten: no word of it is kept, nor of what comes later."""
    redaction_version: int = 0
    """By which rules, at least, all its texts are redacted; 0: stored before there were any."""
    originals_removed_at: datetime | None = moment(default=None)
    texts_removed_at: datetime | None = moment(default=None)
    """Their time was over; what is told later is kept anew."""
    merged_into_key: str | None = None
    stated_metrics: dict[str, Any] | None = json_column(default=None)


class TicketEvent(SQLModel, table=True):
    """One change in a ticket's life, as the help desk tells it. A set, ordered by (occurred_at, position)."""

    __tablename__ = "ticket_event"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("basis", "told", "history", "hint", "snapshot"),
        TICKET | {"postgresql_partition_by": "HASH (ticket_id)"},
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    occurred_at: datetime = moment()
    position: int
    field: str
    from_value: str | None = None
    to_value: str | None = None
    actor_key: str | None = None
    basis: str = "told"
    """How sure it is: from a complete history, by an event of its own, heard of, or seen in a snapshot."""
    detail: dict[str, Any] | None = json_column(default=None)


class Message(SQLModel, table=True):
    """One comment: public or private, by requester, agent, bot or system."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("author_kind", *AUTHOR_KINDS),
        Index("ix_message_author", "author_key", postgresql_where=text("author_kind = 'requester'")),
        TICKET | {"postgresql_partition_by": "HASH (ticket_id)"},
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    external_id: str
    version_at: datetime = moment()
    version_number: int = 0
    version_key: str = ""
    sent_at: datetime = moment()
    position: int
    author_kind: str
    author_key: str | None = None
    author_name: str | None = None
    """Of staff; a requester's name is sealed (`Requester`)."""
    is_public: bool
    body: str
    """Redacted, as all texts here; what was sent is sealed (`OriginalText`)."""
    channel: str | None = None
    attachments: int = 0
    edited_at: datetime | None = moment(default=None)
    is_redacted: bool = False
    """Its words are gone for good: the help desk took them back, or their author is erased."""


class Rating(SQLModel, table=True):
    """A requester's answer to a satisfaction survey (CSAT). The newest version of each answer."""

    __table_args__ = (ForeignKeyConstraint(["ticket_id"], ["ticket.id"]), TICKET)

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    external_id: str | None = None
    version_at: datetime = moment()
    version_number: int = 0
    version_key: str = ""
    score: Decimal | None = None
    """0 (bad) … 1 (good); None: offered and not answered, or not on the scale."""
    raw: str
    is_offer: bool = False
    comment: str | None = None
    reason: str | None = None
    agent_id: UUID | None = None
    group_key: str | None = None
    extra: dict[str, Any] | None = json_column(default=None)
    """Answers to further questions of the same survey."""
    rated_at: datetime = moment()
