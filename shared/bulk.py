"""Many rows in one statement, however many: one array a column instead of one parameter a value
(Postgres takes 32,767 parameters, and compiling a long VALUES list costs more than running it)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, bindparam, func, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlmodel import SQLModel


def insert_many(table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> Insert:
    """INSERT … SELECT unnest(…), …; rows all have the same keys. Add ON CONFLICT and RETURNING."""
    columns = table.__table__.columns  # type: ignore[attr-defined]  # SQLModel does not declare it
    names = list(rows[0])
    arrays = [
        func.unnest(bindparam(name, [row[name] for row in rows], ARRAY(columns[name].type))) for name in names
    ]
    return insert(table).from_select(names, select(*arrays))
