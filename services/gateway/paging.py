"""Relay connections: edges, nodes and where to go on. Cursors are signed, pages bounded."""

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from sqlalchemy import Select, func, select, tuple_

from services.gateway.context import Ask, Context
from shared.errors import Fault, ValidationFailed
from shared.paging import MAX_PAGE

T = TypeVar("T")
MAX_COUNTED = 10_000
"""A list that is longer is not counted to its end."""
First = Annotated[int, strawberry.argument(description=f"How many the page holds: 1 to {MAX_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="`endCursor` of the page before.")]


@strawberry.type(description="Where a page ends, and whether there is more.")
class PageInfo:
    end_cursor: str | None = strawberry.field(description="Goes back as `after`; null: the page is empty.")
    has_next_page: bool = strawberry.field(description="Whether anything comes after this page.")


@strawberry.type(description="One item with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="As `after` it asks for what comes behind this item.")
    node: T = strawberry.field(description="The item itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items without their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page ends, and whether there is more.")
    all_rows: strawberry.Private[Select[Any]]

    @strawberry.field(
        description=f"How many there are on all pages together, of those that you may see: up to "
        f"{MAX_COUNTED:,}, which means so many or more. Counted only where it is asked for."
    )
    async def total_count(self, info: Ask) -> int:
        first = self.all_rows.limit(MAX_COUNTED).subquery()
        (number,) = await info.context.rows(select(func.count()).select_from(first))
        return int(number)


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
    all_rows = statement.with_only_columns(row_id)
    if after is not None:
        ended = select(newest, row_id).where(row_id == codec.read(after)).scalar_subquery()
        statement = statement.where(tuple_(newest, row_id) < ended)
    rows = await context.rows(statement.order_by(newest.desc(), row_id.desc()).limit(first + 1))
    shown = rows[:first]
    context.count(len(shown))
    edges = [Edge(cursor=codec.write(getattr(row, row_id.key)), node=make(row)) for row in shown]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(end_cursor=edges[-1].cursor if edges else None, has_next_page=len(rows) > first),
        all_rows=all_rows,
    )
