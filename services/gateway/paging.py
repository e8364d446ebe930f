"""Relay connections: edges, nodes and where to go on. Cursors are signed, pages bounded."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from sqlalchemy import Select, func, select

from services.gateway.context import Ask, Context
from shared.errors import Fault, ValidationFailed
from shared.paging import MAX_PAGE, beyond, in_order

T = TypeVar("T")
MAX_COUNTED = 10_000
"""A list that is longer is not counted to its end."""
First = Annotated[int, strawberry.argument(description=f"How many the page holds: 1 to {MAX_PAGE}.")]


@strawberry.enum(description="Which of a list come first.")
class Order(Enum):
    NEWEST = "newest"
    OLDEST = "oldest"


After = Annotated[str | None, strawberry.argument(description="`endCursor` of the page before.")]
Ordered = Annotated[Order, strawberry.argument(description="Which come first.")]


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


OLDEST_FIRST = {"order": Order.OLDEST.value}
"""What a cursor fits, besides the filters."""


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
    order: Order,
    newest: Any,
    row_id: Any,
    make: Any,
) -> Connection[Any]:
    """`filters`: argument → value, as the statement has them. Raises ValidationFailed for a
    page size outside 1 … 100 or a foreign cursor."""
    if not 1 <= first <= MAX_PAGE:
        fault = Fault("/first", "out-of-range", f"A page holds 1 to {MAX_PAGE} items.")
        raise ValidationFailed(faults=[fault])
    given = {key: value for key, value in filters.items() if value is not None}
    oldest_first = order is Order.OLDEST
    codec = context.cursors(question_of(context, name, given | OLDEST_FIRST if oldest_first else given))
    all_rows = statement.with_only_columns(row_id)
    if after is not None:
        ended = select(newest, row_id).where(row_id == codec.read(after)).scalar_subquery()
        statement = statement.where(beyond((newest, row_id), ended, oldest_first=oldest_first))
    statement = statement.order_by(*in_order((newest, row_id), oldest_first=oldest_first))
    rows = await context.rows(statement.limit(first + 1))
    shown = rows[:first]
    context.count(len(shown))
    edges = [Edge(cursor=codec.write(getattr(row, row_id.key)), node=make(row)) for row in shown]
    return Connection(
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(end_cursor=edges[-1].cursor if edges else None, has_next_page=len(rows) > first),
        all_rows=all_rows,
    )
