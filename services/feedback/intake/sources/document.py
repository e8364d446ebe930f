"""The ticket document: how a source that is none of the help desks tells us about a ticket, one at a
time (signed) or as lines of a bulk delivery. Every part is optional but the ticket's id and the time
at which all of it was true."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from shared.schemas import In

When = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9999, 1, 1, tzinfo=UTC)),
]
"""Read by the parser itself, not by code of ours: there may be many thousands a second."""
Key = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Word = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
AuthorKind = Literal["requester", "agent", "bot", "system"]


class AgentDoc(In):
    id: Key
    name: Word | None = None


class MessageDoc(In):
    id: Key = Field(description="The same message always has the same id; it may come again, changed.")
    sent_at: When
    author_kind: AuthorKind
    author: AgentDoc | None = None
    is_public: bool = True
    body: Text
    edited_at: When | None = None
    is_redacted: bool = Field(default=False, description="Its words were taken back, for good.")


class ChangeDoc(In):
    id: Key
    at: When
    field: Literal["status", "assignee", "group", "priority"]
    old: Word | None = None
    new: Word | None = None
    actor: Key | None = None


class RatingDoc(In):
    id: Key
    rated_at: When
    score: float | None = Field(default=None, ge=0, le=1, description="0 worst … 1 best.")
    raw: Word | None = None
    comment: Text | None = None
    agent: Key | None = None


class TicketDoc(In):
    """What is left out is not told and stays as it is; null says that there is none."""

    id: Key
    display_id: Key | None = None
    created_at: When | None = None
    solved_at: When | None = None
    subject: Word | None = None
    description: Text | None = None
    status: Status | None = None
    priority: Priority | None = None
    type: Word | None = None
    channel: Word | None = None
    language: Annotated[str, StringConstraints(max_length=35)] | None = None
    topic: Word | None = None
    brand: Word | None = None
    group: Key | None = Field(default=None, description="A key of the connection's `groups`.")
    assignee: AgentDoc | None = None
    requester: Key | None = None
    organization: Key | None = None
    tags: list[Word] | None = Field(default=None, max_length=200)
    custom_fields: dict[Word, JsonValue] | None = Field(default=None, max_length=200)
    is_deleted: bool = False


class TicketDocument(In):
    """One ticket, as it was at `at`. Documents may come in any order and more than once: of each field
    the newest telling stays."""

    id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")] | None = Field(
        default=None, description="Names this document; a repeat adds nothing. Default: its content."
    )
    at: When
    ticket: TicketDoc
    messages: list[MessageDoc] = Field(default_factory=list, max_length=1000)
    changes: list[ChangeDoc] = Field(default_factory=list, max_length=1000)
    ratings: list[RatingDoc] = Field(default_factory=list, max_length=100)
