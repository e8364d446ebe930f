"""What every table shares: names of constraints, kinds of columns, and where its rows live.

Tables do not validate (SQLModel's by design): requests have their own schemas, and what must
always hold is a constraint in the database.
"""

from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

TICKET = {"info": {"distribution": "ticket"}}
"""Rows that belong to a ticket: `ticket_id` is in every key, so they can be spread over nodes by it."""
REFERENCE = {"info": {"distribution": "reference"}}
"""Small, the same everywhere."""
LOCAL = {"info": {"distribution": "local"}}
"""Stays on one node: queues and registers."""


def moment(**kwargs: Any) -> Any:
    """A `timestamptz` column (named …_at)."""
    return Field(sa_type=DateTime(timezone=True), **kwargs)


def json_column(**kwargs: Any) -> Any:
    return Field(sa_type=JSONB(none_as_null=True), **kwargs)


def raw_bytes() -> Any:
    return Field(sa_type=LargeBinary)


def one_of(column: str, *values: str) -> CheckConstraint:
    """An enum, stored as text."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def of_same(parent: str, key: str, column: str, *, table: str) -> ForeignKeyConstraint:
    """The row that `key` names in `parent` (both belong to tickets) has the same value in this column."""
    return ForeignKeyConstraint(
        ["ticket_id", key, column],
        [f"{parent}.ticket_id", f"{parent}.id", f"{parent}.{column}"],
        name=f"fk_{table}_{parent}_same_{column}",
    )
