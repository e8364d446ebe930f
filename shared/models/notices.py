"""What workers are told before automated signals are used on them, and who has read it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, json_column, moment


class Signal(StrEnum):
    """What a machine makes of people's work. None of them decides anything: a named person does."""

    RISK_SAMPLING = "risk_sampling"
    AUTOMATED_SCORE = "automated_score"
    SENTIMENT = "sentiment"
    PERFORMANCE_ALERT = "performance_alert"


class Notice(SQLModel, table=True):
    """It is never changed: another one takes its place."""

    __table_args__ = (Index("ix_notice_published_at", "published_at"), REFERENCE)

    id: UUID = Field(primary_key=True)
    title: str
    body: str
    language: str
    signals: list[str] = json_column()
    """Which it is about."""
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    """For this vendor's people; for everybody where there is none."""
    published_by: UUID = Field(foreign_key="person.id")
    published_at: datetime = moment()


class NoticeReading(SQLModel, table=True):
    """Somebody has said that they have read it."""

    __tablename__ = "notice_reading"
    __table_args__ = (Index("ix_notice_reading_person_id", "person_id"), REFERENCE)

    notice_id: UUID = Field(primary_key=True, foreign_key="notice.id")
    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    acknowledged_at: datetime = moment()
