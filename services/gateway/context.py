"""What the resolvers of one GraphQL request share: who asks, one snapshot to read from, the way to write."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import httpx
from graphql import DocumentNode, OperationType
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col
from starlette.requests import HTTPConnection
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext
from strawberry.types import Info

from shared.auth import Actor, enter, enter_reading
from shared.db import Database, Fetch
from shared.fair_shares import LET_IN, Standing
from shared.http import ServiceClients
from shared.paging import CursorCodec
from shared.trail import note_read

Row = TypeVar("Row", bound=SQLModel)


class Stopped(Exception):
    """The whole operation ends here, whatever else it has found. `code`: what the answer says. `retry_s`:
    in how many seconds it may be asked again."""

    def __init__(self, code: str, words: str, retry_s: int | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.retry_s = retry_s


class Context(BaseContext):
    """Reads run one after another in one read-only snapshot, with the caller's rights. A command ends it
    (`end_snapshot`): what is read after it is read anew."""

    request: HTTPConnection  # type: ignore[assignment]  # always there, and of either kind
    takes = frozenset({OperationType.QUERY, OperationType.MUTATION})
    """Operations of which kind are answered here."""

    def __init__(
        self,
        request: HTTPConnection,
        token: str,
        db: Database,
        clients: ServiceClients,
        operation_name: str | None,
    ) -> None:
        super().__init__()
        self.request = request
        self.actor: Actor  # known once the snapshot is open
        self.clients = clients
        self.operation_name = operation_name
        self._token = token
        self._db = db
        self._commands = 0
        self._in_database_s = request.app.state.settings.graphql_timeout_s + GRACE_S
        self.stopped: Stopped | None
        self.renew()
        self.document: DocumentNode | None = None
        """What was asked, once it was read."""
        self.cost: int | None = None
        """Points, once it was measured."""
        self.budget: Standing | None = None
        """What is left to the caller, once they are charged for it; None, too, where there is no limit."""
        self._snapshot = AsyncExitStack()
        self._session: AsyncSession | None = None
        self._is_over = False
        self._one_at_a_time = asyncio.Lock()
        self._reads: dict[str, list[UUID]] = {}
        self._loaders: dict[object, DataLoader[UUID, Any]] = {}

    def renew(self) -> None:
        """Time and size of the answer are counted from here."""
        # By the clock of the loop, which need not be asked for: that is a system call.
        self._time_is_up_at = time.monotonic() + self.request.app.state.settings.graphql_timeout_s
        self._things = 0
        self.stopped = None

    async def open_snapshot(self) -> AsyncSession:
        """Raises Unauthenticated (401)."""
        if self._is_over:
            self._stop("OVER", "The operation has been answered.")
        if self._session is None:
            session = await self._snapshot.enter_async_context(
                self._db.snapshot(timeout_s=self._in_database_s)
            )
            self.actor = await enter(session, self.request.app.state.verifier, self._token)
            self.request.scope[LET_IN] = True
            self._session = session
        return self._session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Fetch]:
        """For one statement in place of the snapshot, as the caller. Raises Unauthenticated (401)."""
        state = self.request.app.state
        async with state.readers.reading() as reader:
            self.actor = await enter_reading(reader, state.verifier, self._token)
            self.request.scope[LET_IN] = True
            yield reader.fetch

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """What takes longer is cancelled where it waits, in the database too. Raises Stopped (TIMEOUT)."""
        limit = asyncio.timeout_at(self._time_is_up_at)
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            self._stop("TIMEOUT", "The operation took too long. Ask for less at once.")

    def count(self, things: int) -> None:
        """What goes into the answer, however often the same row is shown. Raises Stopped (COST_LIMIT)."""
        self._things += things
        if self._things > MAX_THINGS:
            self._stop("COST_LIMIT", f"An answer holds {MAX_THINGS} things at most. Ask for smaller pages.")

    def charge(self, cost: int) -> None:
        """Once for each request, however it is answered: before anything is read for it.

        Raises Stopped (RATE_LIMITED).
        """
        self.cost, self.budget = cost, self._standing(cost)
        budget = self.budget
        if budget is not None and budget.wait_s:
            words = f"At most {budget.quota} points a minute: again in {budget.wait_s} s."
            self._stop("RATE_LIMITED", words, budget.wait_s)

    def _standing(self, cost: int) -> Standing | None:
        scope = self.request.scope
        if CHARGED not in scope:
            scope[CHARGED] = self.request.app.state.budgets.take(self.actor.id, cost)
        charged: Standing | None = scope[CHARGED]
        return charged

    def _stop(self, code: str, words: str, retry_s: int | None = None) -> NoReturn:
        self.stopped = self.stopped or Stopped(code, words, retry_s)
        raise self.stopped

    async def rows(self, statement: Select[Any]) -> Sequence[Any]:
        async with self.in_time(), self._one_at_a_time:
            session = await self.open_snapshot()
            found: Sequence[Any] = (await session.execute(statement)).scalars().all()
            return found

    def note_read(self, action: str, row_id: UUID) -> None:
        """What is shown is personal: `keep_trail` enters who read it."""
        self._reads.setdefault(action, []).append(row_id)

    async def keep_trail(self) -> None:
        """In a transaction of its own, before the answer leaves: the snapshot takes nothing in."""
        if not self._reads:
            return
        async with self.request.app.state.db.transaction() as session:
            await enter(session, self.request.app.state.verifier, self._token)
            session.info.update(action="graphql", route="POST /graphql")
            for action, ids in self._reads.items():
                note_read(session, action, ids, self.request.headers.get("x-purpose"))
        self._reads.clear()

    async def end_snapshot(self) -> None:
        async with self._one_at_a_time:
            self._session = None
            self._loaders.clear()
            await self._snapshot.aclose()

    async def close(self) -> None:
        """The answer is there. Where one field failed, the executor lets its neighbours run on behind it:
        nothing would give back a connection that they took."""
        self._is_over = True
        await self.end_snapshot()

    async def one(self, table: type[Row], row_id: UUID) -> Row | None:
        """The row of this id, if the caller sees it."""
        found = await self._by_id(table).load(row_id)
        self.count(found is not None)
        return found

    async def many(self, table: type[Row], key_name: str, order: Sequence[Any], owner: UUID) -> list[Row]:
        """The rows of this owner that the caller sees, in order: the first MANY."""
        found = await self._by_owner(table, key_name, order).load(owner)
        self.count(len(found))
        return found

    async def load(self, name: str, key: UUID, load: Callable[[list[UUID]], Any]) -> Any:
        """What `load` finds for this key: asked once, for all keys of one turn of the loop."""
        return await self._loader(name, load).load(key)

    def _by_id(self, table: type[Row]) -> DataLoader[UUID, Row | None]:
        """One statement for all that are asked for in one turn of the loop."""
        key_column = col(table.id)  # type: ignore[attr-defined]  # asked only of tables that have one

        async def load(keys: list[UUID]) -> list[Row | None]:
            by_id = {row.id: row for row in await self.rows(select(table).where(key_column.in_(keys)))}
            return [by_id.get(key) for key in keys]

        return self._loader(("one", table), load)

    def _by_owner(self, table: type[Row], key_name: str, order: Sequence[Any]) -> DataLoader[UUID, list[Row]]:
        key_column = col(getattr(table, key_name))

        async def load(keys: list[UUID]) -> list[list[Row]]:
            place = func.row_number().over(partition_by=key_column, order_by=order).label("place")
            placed = select(table, place).where(key_column.in_(keys)).subquery()
            first = select(aliased(table, placed)).where(placed.c.place <= MANY).order_by(placed.c.place)
            first = first.limit(MAX_THINGS + 1)  # more would not be shown: do not read it either
            grouped: dict[UUID, list[Row]] = {key: [] for key in keys}
            for row in await self.rows(first):
                grouped[getattr(row, key_name)].append(row)
            return [grouped[key] for key in keys]

        return self._loader(("many", table, key_name), load)

    def cursors(self, question: str) -> CursorCodec:
        return CursorCodec(self.request.app.state.cursor_key, question)

    async def call(
        self, service: str, method: str, path: str, body: Any = None, if_match: str | None = None
    ) -> httpx.Response:
        """The service that owns the rule decides; the caller's own token, purpose and request id go along."""
        headers = {
            "authorization": self.request.headers["authorization"],
            "x-request-id": self.request.scope["request_id"],
        }
        if purpose := self.request.headers.get("x-purpose"):
            headers["x-purpose"] = purpose
        if if_match is not None:
            headers["if-match"] = if_match
        if method == "POST" and (key := self.request.headers.get("idempotency-key")):
            headers["idempotency-key"] = self._key_of_next_command(key)
        async with self.in_time():
            return await self.clients.to(service).request(method, path, json=body, headers=headers)

    def _key_of_next_command(self, key: str) -> str:
        """The first mutation has the caller's key, those after it one derived from that: they run
        in the order of the document, so a repeat finds the same keys again."""
        self._commands += 1
        if self._commands == 1:
            return key
        return hashlib.sha256(f"{self._commands} {key}".encode()).hexdigest()

    def _loader(self, key: object, load: Callable[[list[UUID]], Any]) -> DataLoader[UUID, Any]:
        if key not in self._loaders:
            self._loaders[key] = DataLoader(load_fn=load)
        return self._loaders[key]


CHARGED = "assay.charged"
"""Where a request's scope says what was left to its caller."""
GRACE_S = 1
"""So much later the database gives up by itself: what is cancelled in time says so better."""
Ask = Info[Context, Any]
"""What a resolver is told about the request that it is part of."""
MANY = 200
"""How much of a nested list one owner shows; its REST address has the rest."""
MAX_THINGS = 10_000
"""How much one answer shows of everything together."""
