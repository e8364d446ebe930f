"""GraphQL: connections, each an account in a help desk. Secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.feedback.connections.schemas import ConnectionOut, HealthOut
from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent, told
from shared.auth import check
from shared.errors import NotFound
from shared.models.feedback import Connection as ConnectionRow
from shared.preconditions import tag_of


# Not called Connection: by Relay's rule that ending is for pages.
@strawberry.type(description="A connection: one account in one help desk, and how its words map to ours.")
class HelpDesk:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="Its short name, part of the webhook's address.")
    name: str = field(description="What it is called.")
    platform: str = field(description="zendesk, salesforce, freshdesk, generic or import")
    account_id: str | None = field(description="What names the account in what it sends.")
    is_test: bool = field(description="For trying out: its tickets are in no figure.")
    settings: JSON = field(description="How its words map to ours, by platform.")
    api: JSON | None = field(description="Where its REST API is; never the secret. Null: it is not asked.")
    schedule_id: UUID | None = field(description="Business hours of its tickets.")
    resolution_basis: str = field(description="history or stated: by what a ticket counts as resolved.")
    is_paused: bool = field(description="What comes is stored, and understood when it is resumed.")
    raw_kept_days: int = field(description="How long understood deliveries keep their bytes.")
    previous_secret_ends_at: datetime | None = field(description="While it runs, two secrets verify.")
    created_at: datetime = field(description="When it was connected.")

    @strawberry.field(
        description="Its state as a word, REST's ETag: `changeConnection` takes it as `ifMatch`."
    )
    def version(self) -> str:
        return tag_of(ConnectionOut.model_validate(self))


@strawberry.type(description="How a connection is doing. Times in whole seconds.")
class ConnectionHealth:
    is_paused: bool = field(description="Whether what comes is only stored.")
    last_received_at: datetime | None = field(description="When something came last; null: never.")
    received_24h: int = field(description="How much came in 24 hours.")
    waiting: int = field(description="Deliveries not understood yet.")
    oldest_waiting_s: int | None = field(description="Age of the oldest of them: the lag.")
    held: int = field(description="Wait for it to be resumed.")
    dead: int = field(description="Dead letters: somebody has to look at them.")
    dead_rate_24h: float | None = field(description="Dead letters out of what came in 24 hours; 0 … 1.")
    wanted: int = field(description="Tickets that wait to be asked for over REST.")
    last_pull_at: datetime | None = field(description="When its REST API was last read to the end.")
    reconciles_at: datetime | None = field(description="When what webhooks missed is looked for next.")


@strawberry.input(description="Where the help desk's REST API is, and as whom it is asked.")
class HelpDeskApiInput:
    base_url: str = field(description="https://example.zendesk.com")
    secret: str = field(
        description="Zendesk: an API token; Salesforce: the client secret; Freshdesk: the API key."
    )
    user: str | None = field(
        default=None,
        description="Zendesk: the e-mail address; Salesforce: the client id; Freshdesk: none.",
    )


def help_desk_of(row: ConnectionRow) -> HelpDesk:
    return HelpDesk(
        id=row.id, key=row.key, name=row.name, platform=row.platform, account_id=row.account_id,
        is_test=row.is_test, settings=cast(JSON, row.settings), api=cast(JSON, row.api),
        schedule_id=row.schedule_id, resolution_basis=row.resolution_basis, is_paused=row.is_paused,
        raw_kept_days=row.raw_kept_days, previous_secret_ends_at=row.previous_secret_ends_at,
        created_at=row.created_at,
    )  # fmt: skip


async def help_desk(info: Ask, connection_id: UUID) -> HelpDesk | None:
    row = await info.context.one(ConnectionRow, connection_id)
    return help_desk_of(row) if row else None


HelpDeskOrProblem = Annotated[
    HelpDesk | Problem,
    strawberry.union("HelpDeskOrProblem", description="The connection, or why nothing was done."),
]
Which = Annotated[UUID, argument(description="Which connection.")]
Settings = Annotated[
    JSON | None, argument(description="How its words map to ours: all of them, as REST takes them.")
]
ScheduleId = Annotated[UUID | None, argument(description="Business hours of its tickets.")]
Secret = Annotated[
    str | None,
    argument(description="What it signs with: a signing secret or a password. It is never shown again."),
]
PathToken = Annotated[str | None, argument(description="Salesforce: ends the outbound message's address.")]
User = Annotated[str | None, argument(description="Freshdesk: user of the webhook's Basic authentication.")]
Token = Annotated[str | None, argument(description="Freshdesk: what comes in the header X-Intake-Token.")]
KEPT = "How long understood deliveries keep their bytes: 1 to 3650."


@strawberry.type
class ConnectionsQuery:
    @strawberry.field(description="One connection; null where there is none.")
    async def connection(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> HelpDesk | None:
        check(info.context.actor, "connections.read")
        return await help_desk(info, id)

    @strawberry.field(description="Connections, the latest connected first.")
    async def connections(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[HelpDesk]:
        check(info.context.actor, "connections.read")
        return await page(
            info.context, select(ConnectionRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(ConnectionRow.id), row_id=col(ConnectionRow.id), make=help_desk_of,
        )  # fmt: skip

    @strawberry.field(description="How a connection is doing; null where there is none.")
    async def connection_health(self, info: Ask, connection_id: Which) -> ConnectionHealth | None:
        check(info.context.actor, "connections.read")
        try:
            found = await told(info.context, "feedback", f"/feedback/connections/{connection_id}/health", {})
        except NotFound:
            return None
        info.context.count(1)
        return ConnectionHealth(**vars(HealthOut.model_validate(found)))


@strawberry.type
class ConnectionsMutation:
    @strawberry.mutation(description="Connect a help-desk account. Each platform has proofs of its own.")
    async def connect_help_desk(
        self, info: Ask, name: Annotated[str, argument(description="What it is called.")],
        key: Annotated[str, argument(description="Its short name, part of the webhook's address: zd-main.")],
        platform: Annotated[str, argument(description="zendesk, salesforce, freshdesk or generic")],
        account_id: Annotated[
            str | None,
            argument(
                description="Zendesk: the account number; Salesforce: the organisation's id; Freshdesk: the "
                "account's domain. Checked in every message."
            ),
        ] = UNSET,
        secret: Secret = UNSET, path_token: PathToken = UNSET, user: User = UNSET, token: Token = UNSET,
        settings: Settings = UNSET, schedule_id: ScheduleId = UNSET,
        raw_kept_days: Annotated[int, argument(description=KEPT)] = 30,
        is_test: Annotated[
            bool, argument(description="For trying out: its tickets are in no figure.")
        ] = False,
        api: Annotated[
            HelpDeskApiInput | None, argument(description="Needed to pull; without it only webhooks count.")
        ] = None,
    ) -> HelpDeskOrProblem:  # fmt: skip
        given = {
            "key": key, "name": name, "platform": platform, "account_id": account_id, "secret": secret,
            "path_token": path_token, "user": user, "token": token, "settings": settings, "api": api,
            "schedule_id": schedule_id, "raw_kept_days": raw_kept_days, "is_test": is_test,
        }  # fmt: skip
        return await _done(info, await command(info.context, "feedback", PATH, sent(given)))

    @strawberry.mutation(
        description="Change a connection: only what is given is changed. New maps apply to what comes from "
        "now on, and to replays."
    )
    async def change_connection(
        self, info: Ask, connection_id: Which,
        name: Annotated[str | None, argument(description="What it is called.")] = UNSET,
        settings: Settings = UNSET,
        schedule_id: ScheduleId = UNSET,
        raw_kept_days: Annotated[int | None, argument(description=KEPT)] = UNSET,
        api: Annotated[
            HelpDeskApiInput | None, argument(description="Null: its REST API is asked no more.")
        ] = UNSET,
        if_match: Annotated[
            str | None, argument(description="Its `version` as you saw it; by now another: no change.")
        ] = None,
    ) -> HelpDeskOrProblem:  # fmt: skip
        given = {
            "name": name, "settings": settings, "schedule_id": schedule_id, "api": api,
            "raw_kept_days": raw_kept_days,
        }  # fmt: skip
        path = f"{PATH}/{connection_id}"
        done = await command(
            info.context, "feedback", path, sent(given), method="PATCH", if_match=if_match
        )  # fmt: skip
        return await _done(info, done)

    @strawberry.mutation(
        description="A new signing secret; the old one verifies beside it for a while. Only what is given "
        "is new, the others stay."
    )
    async def rotate_connection_secret(
        self, info: Ask, connection_id: Which, secret: Secret = UNSET, path_token: PathToken = UNSET,
        user: User = UNSET, token: Token = UNSET,
        overlap_hours: Annotated[
            int, argument(description="How long the old ones still verify: 0 to 168.")
        ] = 24,
    ) -> HelpDeskOrProblem:  # fmt: skip
        given = {
            "secret": secret, "path_token": path_token, "user": user, "token": token,
            "overlap_hours": overlap_hours,
        }  # fmt: skip
        path = f"{PATH}/{connection_id}/rotate-secret"
        return await _done(info, await command(info.context, "feedback", path, sent(given)))

    @strawberry.mutation(description="Store what comes, but understand none of it until resumed.")
    async def pause_connection(self, info: Ask, connection_id: Which) -> HelpDeskOrProblem:
        return await _done(info, await command(info.context, "feedback", f"{PATH}/{connection_id}/pause"))

    @strawberry.mutation(description="Go on, with what came meanwhile first.")
    async def resume_connection(self, info: Ask, connection_id: Which) -> HelpDeskOrProblem:
        return await _done(info, await command(info.context, "feedback", f"{PATH}/{connection_id}/resume"))


PATH = "/feedback/connections"


async def _done(info: Ask, done: dict[str, Any] | Problem) -> HelpDeskOrProblem:
    if isinstance(done, Problem):
        return done
    found = await help_desk(info, UUID(done["id"]))
    assert found is not None, "what was just written can be read"
    return found
