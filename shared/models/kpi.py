"""Tables of the kpi service: the facts of each ticket, from which every number is summed."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from shared.models.base import TICKET, json_column, moment


class TicketFact(SQLModel, table=True):
    """One row a ticket: its durations in integer seconds and its outcomes, made from its event log.

    Always recomputed whole from the log, so replay and reorder end in the same row.
    """

    __tablename__ = "ticket_fact"
    __table_args__ = (
        Index("ix_ticket_fact_created_at", "created_at"),
        Index("ix_ticket_fact_first_solved_at", "connection_id", "first_solved_at"),
        Index("ix_ticket_fact_opened", "connection_id", "requester_key", "topic", "created_at"),
        Index("ix_ticket_fact_solved", "connection_id", "requester_key", "topic", "first_solved_at"),
        TICKET,
    )

    ticket_id: UUID = Field(primary_key=True)
    connection_id: UUID = Field(foreign_key="connection.id")
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    agent_id: UUID | None = None
    group_name: str | None = None
    channel: str | None = None
    language: str | None = None
    brand: str | None = None
    priority: str | None = None
    topic: str | None = None
    requester_key: str | None = None
    is_counted: bool
    """False: deleted or spam; in no figure."""

    created_at: datetime = moment()
    first_reply_at: datetime | None = moment(default=None)
    first_solved_at: datetime | None = moment(default=None)
    solved_at: datetime | None = moment(default=None)
    first_reopened_at: datetime | None = moment(default=None)
    rated_at: datetime | None = moment(default=None)

    first_reply_s: int | None = None
    first_reply_business_s: int | None = None
    first_resolution_s: int | None = None
    full_resolution_s: int | None = None
    full_resolution_business_s: int | None = None
    requester_wait_s: int | None = None
    agent_wait_s: int | None = None
    on_hold_s: int | None = None
    reopens: int
    agent_replies: int
    is_one_touch: bool
    csat_score: Decimal | None = None
    clocks: dict[str, Any] = json_column()
    """Clock → what started and what stopped it: {first_reply: {started_by, stopped_by}, …}"""
