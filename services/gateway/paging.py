"""Relay connections: edges, nodes and where to go on. Cursors are signed, pages bounded."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import strawberry
from sqlalchemy import Select, select, tuple_

from services.gateway.context import Context
from shared.errors import Fault, ValidationFailed
from shared.paging import MAX_PAGE

T = TypeVar("T")


@strawberry.type(description="Where a page ends, and whether there is more.")
class PageInfo:
    end_cursor: str | None
    has_next_page: bool


@strawberry.type(description="One item with its cursor.")
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def question_of(context: Context, name: str, filters: Mapping[str, Any]) -> str:
    """What a cursor fits: this caller's list, with these filters (argument → value)."""
    told = sorted((key.replace("_", "").lower(), str(value)) for key, value in filters.items())
    return f"{context.actor.id}|{name}|{told}"


async def page(
    context: Context,
    statement: Select[Any],
    *,
    name: str,
    filters: Mapping[str, Any],
    first: int,
    after: str | None,
    newest: Any,
    row_id: Any,
    make: Any,
) -> Connection[Any]:
    """Newest first. `filters`: argument → value, as the statement has them. Raises ValidationFailed for a
    page size outside 1 … 100 or a foreign cursor."""
    if not 1 <= first <= MAX_PAGE:
        fault = Fault("/first", "out-of-range", f"A page holds 1 to {MAX_PAGE} items.")
        raise ValidationFailed(faults=[fault])
    given = {key: value for key, value in filters.items() if value is not None}
    codec = context.cursors(question_of(context, name, given))
    if after is not None:
        ended = select(newest, row_id).where(row_id == codec.read(after)).scalar_subquery()
        statement = statement.where(tuple_(newest, row_id) < ended)
    rows = await context.rows(statement.order_by(newest.desc(), row_id.desc()).limit(first + 1))
    shown = rows[:first]
    context.count(len(shown))
    edges = [Edge(cursor=codec.write(row.id), node=make(row)) for row in shown]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(end_cursor=edges[-1].cursor if edges else None, has_next_page=len(rows) > first),
    )
