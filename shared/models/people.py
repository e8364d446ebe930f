"""Tables of the people service: the directory every other row points at."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, json_column, moment, one_of


class Role(StrEnum):
    ADMIN = "admin"
    LEAD = "lead"
    SPECIALIST = "specialist"
    TEAM_LEAD = "team_lead"
    AGENT = "agent"
    VENDOR_MANAGER = "vendor_manager"
    POLICY_OWNER = "policy_owner"
    TRAINER = "trainer"
    ANALYST = "analyst"
    SERVICE = "service"
    """A program with a token of its own; no person has this role."""


class Vendor(SQLModel, table=True):
    """A company (BPO) whose agents answer tickets. In-house teams have no vendor."""

    __table_args__ = (UniqueConstraint("key"), REFERENCE)

    id: UUID = Field(primary_key=True)
    key: str
    name: str
    created_at: datetime = moment()


class Schedule(SQLModel, table=True):
    """Weekly business hours with holidays, in one zone: the shape of `shared.business_hours`."""

    __table_args__ = (UniqueConstraint("key"), REFERENCE)

    id: UUID = Field(primary_key=True)
    key: str
    hours: dict[str, Any] = json_column()
    created_at: datetime = moment()


class Person(SQLModel, table=True):
    """Anyone with a name in Assay. Agents seen in a help desk get a key derived from their account there."""

    __table_args__ = (
        one_of("role", *(role for role in Role if role is not Role.SERVICE)),
        REFERENCE,
    )

    id: UUID = Field(primary_key=True)
    name: str
    role: str
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    lead_id: UUID | None = Field(default=None, foreign_key="person.id")
    is_active: bool = True
    edited_at: datetime | None = moment(default=None)
    """Name or vendor were set by hand: help desks change them no more."""
    created_at: datetime = moment()


class ReportingLogin(SQLModel, table=True):
    """A database login for a reporting tool (Tableau, Power BI), and the person whose eyes it has."""

    __tablename__ = "reporting_login"
    __table_args__ = (REFERENCE,)

    name: str = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    created_at: datetime = moment()
