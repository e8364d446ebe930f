"""What the pull room takes and gives."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.schemas import In, Out, When


class BackfillIn(In):
    """Tickets that changed in this stretch of time, with all that was ever said in them."""

    since: When
    until: When | None = Field(default=None, description="Default: now.")


class PullOut(Out):
    """A reading of a help desk over its REST API, and how far it has come."""

    id: UUID
    connection_id: UUID
    kind: str
    state: str
    since_at: datetime
    until_at: datetime
    stage: str = Field(description="What is being read now.")
    pages: int
    rows: int
    refused_rows: int = Field(description="Rows that could not be understood; the log says why.")
    changed_tickets: int = Field(description="Tickets about which something new was learned, by page.")
    last_error: str | None = Field(description="Why it waits, or why it failed.")
    created_at: datetime
    stepped_at: datetime
    finished_at: datetime | None
