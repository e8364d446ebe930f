"""Lists are cursor pages in a stable order: never unbounded, never an offset."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Caller
from shared.errors import Fault, ValidationFailed
from shared.schemas import Out, WholeNumber

T = TypeVar("T")
MAX_PAGE = 100
Order = Literal["newest", "oldest"]


class Page(Out, Generic[T]):
    """One page. `next` goes back as `after`; null: this was the last."""

    items: list[T]
    next: str | None


class Paging:
    """`limit` and `after` of a request. A cursor fits only the filters, and the caller, it came from."""

    is_oldest_first = False

    def __init__(
        self,
        request: Request,
        actor: Caller,
        limit: Annotated[WholeNumber, Query(ge=1, le=MAX_PAGE)] = 50,
        after: Annotated[str | None, Query(max_length=500, description="`next` of the page before")] = None,
    ) -> None:
        filters = sorted((k, v) for k, v in request.query_params.items() if k not in ("limit", "after"))
        self.limit = limit
        question = f"{actor.id} {request.url.path}?{json.dumps(filters)}"
        self._codec = CursorCodec(request.app.state.cursor_key, question)
        self.after = self._codec.read(after) if after is not None else None

    def cursor(self, row_id: UUID) -> str:
        return self._codec.write(row_id)


def _either_way(
    paging: Annotated[Paging, Depends()],
    order: Annotated[Order, Query(description="Which come first")] = "newest",
) -> Paging:
    paging.is_oldest_first = order == "oldest"
    return paging


OneWay = Annotated[Paging, Depends()]
Pages = Annotated[Paging, Depends(_either_way)]


class CursorCodec:
    """The last row's id, signed together with the question it answers."""

    def __init__(self, key: bytes, question: str) -> None:
        self._key, self._question = key, question.encode()

    def write(self, row_id: UUID) -> str:
        return urlsafe_b64encode(row_id.bytes + self._sign(row_id)).decode().rstrip("=")

    def read(self, cursor: str) -> UUID:
        """Raises ValidationFailed (422) for a forged cursor or one of another question."""
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            row_id = UUID(bytes=raw[:16])
        except ValueError:
            raise _invalid_cursor() from None
        if not hmac.compare_digest(raw[16:], self._sign(row_id)):
            raise _invalid_cursor()
        return row_id

    def _sign(self, row_id: UUID) -> bytes:
        return hmac.digest(self._key, row_id.bytes + self._question, hashlib.sha256)[:12]


def _invalid_cursor() -> ValidationFailed:
    return ValidationFailed(
        "Start again without `after`.",
        faults=[Fault("/after", "invalid-cursor", "Not a cursor of this list and these filters.")],
    )


async def page_of(
    session: AsyncSession,
    statement: Select[Any],
    paging: Paging,
    *,
    row_id: Any,
    newest: Any = None,
    whole_rows: bool = False,
) -> dict[str, Any]:
    """Newest first, or oldest: by `newest` (a time column) and id, or by id alone (UUIDv7 ids are in order).

    `whole_rows`: the statement selects several columns, not one table's objects.
    One statement: where the last page ended is looked up from the cursor's id inside it.
    """
    order = (row_id,) if newest is None else (newest, row_id)
    if paging.after is not None:
        ended = select(*order).where(row_id == paging.after).scalar_subquery()
        statement = statement.where(beyond(order, ended, oldest_first=paging.is_oldest_first))
    statement = statement.order_by(*in_order(order, oldest_first=paging.is_oldest_first))
    statement = statement.limit(paging.limit + 1)
    found = await session.execute(statement)
    rows: Sequence[Any] = found.all() if whole_rows else found.scalars().all()
    items = rows[: paging.limit]
    return {
        "items": list(items),
        "next": paging.cursor(items[-1].id) if len(rows) > paging.limit else None,
    }


def in_order(columns: Sequence[Any], *, oldest_first: bool) -> list[Any]:
    return [column.asc() if oldest_first else column.desc() for column in columns]


def beyond(columns: Sequence[Any], ended: Any, *, oldest_first: bool) -> Any:
    """What comes behind the row whose columns are `ended`."""
    row = tuple_(*columns) if len(columns) > 1 else columns[0]
    return row > ended if oldest_first else row < ended
