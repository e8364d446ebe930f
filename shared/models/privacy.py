"""Tables of the feedback service about people who ask for help: who they are, their words as sent, and what
keeps or removes either. What is readable in the other tables is redacted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from shared.models.base import LOCAL, REFERENCE, TICKET, json_column, moment, one_of

DATA_CLASSES = ("originals", "texts")


def sealed() -> Any:
    """Encrypted with a data key (AES-GCM); None: there is none."""
    return Field(default=None, sa_type=LargeBinary)


class Requester(SQLModel, table=True):
    """Who asks for help, behind a key of their own: without it nothing sealed can be read again.

    `id` is a keyed hash of (connection, external key): whoever has not the deployment's key cannot tell
    whose it is, and a person who was erased is known again when a help desk names them again.
    """

    __table_args__ = (
        Index("ix_requester_email_hash", "email_hash"),
        Index("ix_requester_connection", "connection_id", "external_key"),
        CheckConstraint("erased_at IS NULL OR sealed_key IS NULL", name="erased_for_good"),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    external_key: str | None = None
    """The help desk's id of the person; of an erased one a random word in its place, the same everywhere.
    None: nobody told; it stands for whoever asks in `ticket_id`."""
    ticket_id: UUID | None = None
    sealed_key: bytes | None = sealed()
    """The data key, sealed with the deployment's. None: erased."""
    sealed_name: bytes | None = sealed()
    name_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Keyed. Says whether a name is new, and decides between two of the same time."""
    name_told_at: datetime | None = moment(default=None)
    sealed_email: bytes | None = sealed()
    email_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Keyed: found by, never read."""
    email_told_at: datetime | None = moment(default=None)
    erased_at: datetime | None = moment(default=None)


class OriginalText(SQLModel, table=True):
    """Words as they were sent, sealed with the data key of the requester in whose ticket they stand."""

    __tablename__ = "original_text"
    __table_args__ = (
        ForeignKeyConstraint(["ticket_id"], ["ticket.id"]),
        one_of("field", "subject", "description", "custom_fields", "body", "comment", "extra"),
        Index("ix_original_text_requester", "requester_id"),
        TICKET | {"postgresql_partition_by": "HASH (ticket_id)"},
    )

    ticket_id: UUID = Field(primary_key=True)
    item_id: UUID = Field(primary_key=True)
    """The message or rating; the ticket itself for its own texts."""
    field: str = Field(primary_key=True)
    requester_id: UUID
    sealed: bytes | None = sealed()


class ErasureRequest(SQLModel, table=True):
    """Somebody's wish to be forgotten: asked for by one, approved by another, done by the worker."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        one_of("state", "requested", "approved", "done", "refused"),
        CheckConstraint(
            "(state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("state NOT IN ('approved', 'done') OR decided_by <> requested_by", name="four_eyes"),
        Index(
            "uq_erasure_request_open",
            "requester_id",
            unique=True,
            postgresql_where=text("state IN ('requested', 'approved')"),
        ),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    requester_id: UUID = Field(foreign_key="requester.id")
    state: str = "requested"
    reason: str
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = moment()
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = moment(default=None)
    began_at: datetime | None = moment(default=None)
    scanned_to: UUID | None = None
    """Raw deliveries are looked through in the order of their ids: how far that has come."""
    scanned: int = 0
    done_at: datetime | None = moment(default=None)
    proof: dict[str, Any] = json_column()
    """Place → how many rows of it were blanked or removed."""


class LegalHold(SQLModel, table=True):
    """What has to be kept, whatever else is asked for: of a requester, or of one ticket."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("(requester_id IS NULL) <> (ticket_id IS NULL)", name="of_one"),
        CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="released"),
        Index("ix_legal_hold_requester", "requester_id", postgresql_where=text("released_at IS NULL")),
        Index("ix_legal_hold_ticket", "ticket_id", postgresql_where=text("released_at IS NULL")),
        LOCAL,
    )

    id: UUID = Field(primary_key=True)
    requester_id: UUID | None = Field(default=None, foreign_key="requester.id")
    ticket_id: UUID | None = None
    reason: str
    placed_by: UUID = Field(foreign_key="person.id")
    placed_at: datetime = moment()
    released_by: UUID | None = Field(default=None, foreign_key="person.id")
    released_at: datetime | None = moment(default=None)


class Retention(SQLModel, table=True):
    """How long a class of data is kept after its ticket's last change. Without a row: the default."""

    __table_args__ = (one_of("data_class", *DATA_CLASSES), REFERENCE)

    data_class: str = Field(primary_key=True)
    keep_days: int
    changed_at: datetime = moment()
