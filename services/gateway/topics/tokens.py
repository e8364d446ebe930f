"""GraphQL: tokens for programs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.people import Person, person
from services.gateway.topics.vendors import Vendor, vendor
from shared.auth import check
from shared.models.people import ServiceToken as TokenRow


@strawberry.type(description="A program's way in. What is stored of it opens nothing.")
class ServiceToken:
    id: UUID = field(description="Its key in Assay.")
    name: str = field(description="What it is for.")
    prefix: str = field(description="How it begins, after assay_st_.")
    scopes: list[str] = field(description="Actions as in `permissions`, or tickets.* for all of a noun.")
    vendor_id: UUID | None = field(description="Sees only this vendor's rows; null: sees all.")
    owner_id: UUID = field(description="Who made it.")
    created_at: datetime = field(description="When it was made.")
    expires_at: datetime = field(description="When it ends by itself.")
    last_used_at: datetime | None = field(description="To the minute; null: never.")
    revoked_at: datetime | None = field(
        description="Since when it is good for nothing; null: it was not revoked."
    )
    revoked_because: str | None = field(description="Why it was revoked.")
    replaced_by_id: UUID | None = field(description="The token that was made in its place.")

    @strawberry.field(description="The vendor whose rows it sees, if you may see it.")
    async def vendor(self, info: Ask) -> Vendor | None:
        return await vendor(info, self.vendor_id)

    @strawberry.field(description="Who made it, if you may see them.")
    async def owner(self, info: Ask) -> Person | None:
        return await person(info, self.owner_id)


@strawberry.type(description="A token that was just made. It is shown this once.")
class NewServiceToken(ServiceToken):
    token: str | None = field(
        description="What the program sends. Null where a repeated request is answered again."
    )


def _columns(row: TokenRow) -> dict[str, Any]:
    return row.model_dump(exclude={"secret_hash"})


def token_of(row: TokenRow) -> ServiceToken:
    return ServiceToken(**_columns(row))


ServiceTokenOrProblem = Annotated[
    ServiceToken | Problem,
    strawberry.union("ServiceTokenOrProblem", description="The token, or why nothing was done."),
]
NewServiceTokenOrProblem = Annotated[
    NewServiceToken | Problem,
    strawberry.union("NewServiceTokenOrProblem", description="The new token, or why there is none."),
]
Which = Annotated[UUID, argument(description="Which token.")]


@strawberry.type
class TokensQuery:
    @strawberry.field(description="Tokens of programs, the latest made first.")
    async def service_tokens(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[ServiceToken]:
        check(info.context.actor, "service_tokens.read")
        return await page(
            info.context, select(TokenRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(TokenRow.id), row_id=col(TokenRow.id), make=token_of,
        )  # fmt: skip


@strawberry.type
class TokensMutation:
    @strawberry.mutation(description="A token for a program: shown this once.")
    async def make_service_token(
        self, info: Ask, name: Annotated[str, argument(description="What it is for: warehouse export.")],
        scopes: Annotated[
            list[str], argument(description="Actions as in `permissions`, or tickets.* for all of a noun.")
        ],
        vendor_id: Annotated[UUID | None, argument(description="Sees only this vendor's rows.")] = None,
        days: Annotated[int, argument(description="Until it ends: 1 to 90.")] = 90,
    ) -> NewServiceTokenOrProblem:  # fmt: skip
        given = {"name": name, "scopes": scopes, "vendor_id": vendor_id, "days": days}
        return await _made(info, "/people/service-tokens", sent(given))

    @strawberry.mutation(description="A new token in its place; for a while both work.")
    async def rotate_service_token(
        self, info: Ask, token_id: Which,
        overlap_hours: Annotated[int, argument(description="How long the old one works on: 0 to 168.")] = 24,
    ) -> NewServiceTokenOrProblem:  # fmt: skip
        path = f"/people/service-tokens/{token_id}/rotate"
        return await _made(info, path, {"overlap_hours": overlap_hours})

    @strawberry.mutation(description="Good for nothing from now on.")
    async def revoke_service_token(
        self, info: Ask, token_id: Which,
        reason: Annotated[str, argument(description="Why; it stays with the token.")],
    ) -> ServiceTokenOrProblem:  # fmt: skip
        path = f"/people/service-tokens/{token_id}/revoke"
        done = await command(info.context, "people", path, {"reason": reason})
        return done if isinstance(done, Problem) else token_of(await _row(info, done))


async def _made(info: Ask, path: str, body: Any) -> NewServiceTokenOrProblem:
    done = await command(info.context, "people", path, body)
    if isinstance(done, Problem):
        return done
    return NewServiceToken(**_columns(await _row(info, done)), token=done["token"])


async def _row(info: Ask, done: dict[str, Any]) -> TokenRow:
    row = await info.context.one(TokenRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return row
