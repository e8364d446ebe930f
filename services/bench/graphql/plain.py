"""What a team builds first: Strawberry, a resolver a field, a data loader a relation."""

import asyncio
import json
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import strawberry
from fastapi import FastAPI
from starlette.requests import Request
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext, GraphQLRouter
from strawberry.scalars import JSON

from services.bench.graphql.by_hand import DASHBOARD
from services.bench.graphql.signing_in import build, reading


class Context(BaseContext):
    """Of one request: its transaction, and a loader for each relation."""

    def __init__(self, driver: Any) -> None:
        super().__init__()
        self._driver, self._one_at_a_time = driver, asyncio.Lock()
        self.tickets = self._one("SELECT * FROM ticket WHERE id = ANY($1)")
        self.people = self._one("SELECT * FROM person WHERE id = ANY($1)")
        self.reviews = self._many("audit_id", "SELECT * FROM review WHERE audit_id = ANY($1) ORDER BY number")
        self.appeals = self._many("review_id", "SELECT * FROM appeal WHERE review_id = ANY($1) ORDER BY id")

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        async with self._one_at_a_time:
            rows: list[Any] = await self._driver.fetch(statement, *values)
            return rows

    def _one(self, statement: str) -> DataLoader[UUID, Any]:
        async def load(keys: list[UUID]) -> list[Any]:
            found = {row["id"]: row for row in await self.fetch(statement, keys)}
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load)

    def _many(self, key_name: str, statement: str) -> DataLoader[UUID, list[Any]]:
        async def load(keys: list[UUID]) -> list[list[Any]]:
            found: dict[UUID, list[Any]] = {key: [] for key in keys}
            for row in await self.fetch(statement, keys):
                found[row[key_name]].append(row)
            return [found[key] for key in keys]

        return DataLoader(load_fn=load)


Ask = strawberry.Info[Context, None]


@strawberry.type
class Person:
    id: UUID
    name: str


@strawberry.type
class Appeal:
    id: UUID
    state: str
    reason: str
    filed_at: datetime


@strawberry.type
class Review:
    id: UUID
    number: int
    score: float | None
    passed: bool | None
    answers: JSON
    released_at: datetime

    @strawberry.field
    async def appeals(self, info: Ask) -> list[Appeal]:
        return [of(Appeal, row) for row in await info.context.appeals.load(self.id)]


@strawberry.type
class Ticket:
    id: UUID
    external_id: str
    subject: str | None
    status: str | None
    priority: str | None
    channel: str | None
    language: str | None
    group_name: str | None
    tags: JSON
    created_at: datetime
    updated_at: datetime
    assignee_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def assignee(self, info: Ask) -> Person | None:
        row = self.assignee_id and await info.context.people.load(self.assignee_id)
        return of(Person, row) if row else None


@strawberry.type
class Audit:
    id: UUID
    state: str
    drawn_at: datetime
    ticket_id: strawberry.Private[UUID]
    agent_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def ticket(self, info: Ask) -> Ticket | None:
        row = await info.context.tickets.load(self.ticket_id)
        return of(Ticket, row) if row else None

    @strawberry.field
    async def agent(self, info: Ask) -> Person | None:
        row = self.agent_id and await info.context.people.load(self.agent_id)
        return of(Person, row) if row else None

    @strawberry.field
    async def reviews(self, info: Ask) -> list[Review]:
        return [of(Review, row) for row in await info.context.reviews.load(self.id)]


T = TypeVar("T")


def of(kind: type[T], row: Any) -> T:
    """The type's fields, from the columns of the same names."""
    return kind(**{name: row[name] for name in kind.__annotations__})


@strawberry.type
class Audits:
    nodes: list[Audit]


@strawberry.type
class Tickets:
    nodes: list[Ticket]


@strawberry.type
class Value:
    metric: str
    group: str
    value: float | None
    n: int


@strawberry.type
class Query:
    @strawberry.field
    async def audit(self, info: Ask, id: UUID) -> Audit | None:
        rows = await info.context.fetch("SELECT * FROM audit WHERE id = $1", id)
        return of(Audit, rows[0]) if rows else None

    @strawberry.field
    async def audits(self, info: Ask, first: int, state: str) -> Audits:
        statement = "SELECT * FROM audit WHERE state = $1 ORDER BY drawn_at DESC, id DESC LIMIT $2"
        return Audits(nodes=[of(Audit, row) for row in await info.context.fetch(statement, state, first)])

    @strawberry.field
    async def tickets(self, info: Ask, first: int, status: str, vendor_id: UUID | None) -> Tickets:
        statement = (
            "SELECT * FROM ticket WHERE status = $1 AND vendor_id = $2"
            " ORDER BY created_at DESC, id DESC LIMIT $3"
        )
        rows = await info.context.fetch(statement, status, vendor_id, first)
        return Tickets(nodes=[of(Ticket, row) for row in rows])

    @strawberry.field
    async def metrics(self, info: Ask, keys: list[str], group_by: str) -> list[Value]:
        ((text,),) = await info.context.fetch(DASHBOARD)
        rows = json.loads(text)
        return [
            Value(metric=key, group=row["vendor"], value=row[key], n=row["n"])
            for key in keys
            for row in rows
            if key in row
        ]


async def context_of(request: Request) -> Any:
    async with reading(request) as driver:
        yield Context(driver)


def create() -> FastAPI:
    app = build()
    app.include_router(GraphQLRouter(strawberry.Schema(Query), context_getter=context_of), prefix="/graphql")
    return app
