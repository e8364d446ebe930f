"""Tables of the feedback service: connections, the inbox, tickets with their events, messages and ratings."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, REFERENCE, TICKET, json_column, moment, one_of, raw_bytes

STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")
AUTHOR_KINDS = ("requester", "agent", "bot", "system")


class Connection(SQLModel, table=True):
    """One account in one help desk. Its secret is sealed; its settings say how its words map to ours."""

    __table_args__ = (
        UniqueConstraint("key"),
        one_of("platform", "zendesk", "import"),
        one_of("resolution_basis", "history", "stated"),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    key: str
    name: str
    platform: str
    account_id: str | None = None
    sealed_secret: str | None = None
    previous_sealed_secret: str | None = None
    """Verifies beside the new one until `previous_secret_ends_at`, so that rotation loses nothing."""
    previous_secret_ends_at: datetime | None = moment(default=None)
    is_paused: bool = False
    """Deliveries are stored and held; nothing is normalised until it is resumed."""
    settings: dict[str, Any] = json_column()
    schedule_id: UUID | None = Field(default=None, foreign_key="schedule.id")
    resolution_basis: str = "history"
    created_at: datetime = moment()


class InboxRow(SQLModel, table=True):
    """A webhook as it came, byte for byte. Written before it is answered, read by the worker."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_received", "connection_id", "received_at"),
        Index("ix_inbox_held", "connection_id", "id", postgresql_where=text("is_held")),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    source_key: str
    headers: dict[str, Any] = json_column()
    body: bytes = raw_bytes()
    received_at: datetime = moment()
    is_held: bool = False
    """Its turn came while the connection was paused; waits for it to be resumed."""


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
    """The newest known state of a ticket. `version_at, version_number, version_key` say what is newer."""

    __table_args__ = (
        one_of("status", *STATUSES),
        Index("ix_ticket_created_at_id", "created_at", "id"),
        {"info": {"distribution": "ticket", "ticket_column": "id"}},
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    external_id: str
    version_at: datetime = moment()
    version_number: int
    version_key: str
    created_at: datetime = moment()
    updated_at: datetime = moment()
    solved_at: datetime | None = moment(default=None)
    """What the help desk itself states; used where the connection's resolution basis is `stated`."""
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
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    assignee_id: UUID | None = None
    requester_key: str | None = None
    tags: list[str] | None = json_column(default=None)
    is_deleted: bool = False


class TicketEvent(SQLModel, table=True):
    """One change in a ticket's life, as the help desk tells it. A set, ordered by (occurred_at, position)."""

    __tablename__ = "ticket_event"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
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


class Message(SQLModel, table=True):
    """One comment: public or private, by requester, agent, bot or system."""

    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("author_kind", *AUTHOR_KINDS),
        TICKET | {"postgresql_partition_by": "HASH (ticket_id)"},
    )

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    external_id: str
    sent_at: datetime = moment()
    position: int
    author_kind: str
    author_key: str | None = None
    author_name: str | None = None
    is_public: bool
    body: str


class Rating(SQLModel, table=True):
    """A requester's answer to a satisfaction survey (CSAT). The newest version of each answer."""

    __table_args__ = (ForeignKeyConstraint(["ticket_id"], ["ticket.id"]), TICKET)

    ticket_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    version_at: datetime = moment()
    score: Decimal | None = None
    """0 (bad) … 1 (good); None: offered, not answered."""
    raw: str
    comment: str | None = None
    agent_id: UUID | None = None
    rated_at: datetime = moment()
