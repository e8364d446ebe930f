"""Many rows in one statement, however many: one array a column instead of one parameter a value
(Postgres takes 32,767 parameters, and compiling a long VALUES list costs more than running it)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlmodel import SQLModel

ROWS = "assay_rows"
"""An option of such statements: the rows that they hold, for whoever looks at what is executed."""


def insert_many(table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> Insert:
    """INSERT … SELECT unnest(…), …; rows all have the same keys. Add ON CONFLICT and RETURNING."""
    columns = table.__table__.columns  # type: ignore[attr-defined]  # SQLModel does not declare it
    names = list(rows[0])
    arrays = [_unnested(name, columns[name].type, [row[name] for row in rows]) for name in names]
    return insert(table).from_select(names, select(*arrays)).execution_options(**{ROWS: rows})


def _unnested(name: str, kind: Any, values: list[Any]) -> Any:
    """JSON goes as text: a list of lists would be taken for an array of more dimensions."""
    if not isinstance(kind, JSONB):
        return func.unnest(bindparam(name, values, ARRAY(kind)))
    texts = [None if value is None else json.dumps(value) for value in values]
    return cast(func.unnest(bindparam(name, texts, ARRAY(Text()))), kind)
