"""GraphQL: what can be followed while it happens. Something new is one entry of data and one field."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import BigInteger, Text, cast, func, select
from sqlmodel import col
from strawberry import argument
from strawberry.types import Info

from services.gateway.live.following import Following, Kind
from services.gateway.live.positions import Position
from services.gateway.topics.appeals import Appeal, appeal_of
from services.gateway.topics.audits import Audit, audit_of
from services.gateway.topics.people import Ask
from services.gateway.topics.tickets import Ticket, TicketFacts, facts_of, find_ticket
from shared import clock, events
from shared.auth import check
from shared.models.appeals import Appeal as AppealRow
from shared.models.audit import Audit as AuditRow
from shared.models.kpi import TicketFact as FactRow

Follow = Info[Following, None]

AUDITS = Kind(events.AuditMoved, "audits.read", AuditRow, col(AuditRow.id))
APPEALS = Kind(events.AppealMoved, "appeals.read", AppealRow, col(AppealRow.id))
FACTS = Kind(events.TicketFactsMade, "metrics.read", FactRow, col(FactRow.ticket_id))

Since = Annotated[
    str | None, argument(description="A cursor: what happened after it is told first; null: from now on.")
]
_CURSOR = "Goes back as `after`: what happened since is told first."


@strawberry.type(description="An audit was claimed, given back or reviewed.")
class AuditMoved:
    cursor: str = strawberry.field(description=_CURSOR)
    audit: Audit = strawberry.field(description="As you see it now.")


@strawberry.type(description="An appeal was filed, taken, given back, decided or withdrawn.")
class AppealMoved:
    cursor: str = strawberry.field(description=_CURSOR)
    appeal: Appeal = strawberry.field(description="As you see it now.")


@strawberry.type(description="A ticket's facts were made anew: metrics may have changed.")
class TicketFactsChanged:
    cursor: str = strawberry.field(description=_CURSOR)
    ticket_id: UUID = strawberry.field(description="Whose facts.")
    facts: TicketFacts = strawberry.field(description="As they are now.")

    @strawberry.field(description="Null where you may see the facts alone.")
    async def ticket(self, info: Ask) -> Ticket | None:
        check(info.context.actor, "tickets.read")
        return await find_ticket(info, self.ticket_id)


@strawberry.type
class LiveQuery:
    @strawberry.field(
        description="Where things stand now: a subscription `after` it tells all that the rest of this query "
        "does not know yet. Of use for 24 hours."
    )
    async def live_cursor(self, info: Ask) -> str:
        check(info.context.actor, "viewer.read")
        settled = func.pg_snapshot_xmin(func.pg_current_snapshot())
        (xid,) = await info.context.rows(select(cast(cast(settled, Text), BigInteger)))
        cursors = info.context.request.app.state.live.cursors
        return str(cursors.write(info.context.actor.id, Position(xid), clock.now()))


@strawberry.type
class LiveSubscription:
    @strawberry.subscription(description="Audits of those you see: assigned, given back, reviewed.")
    async def audit_moved(self, info: Follow, after: Since = None) -> AsyncGenerator[AuditMoved, None]:
        check(info.context.actor, "audits.read")
        async with aclosing(info.context.follow(AUDITS, after)) as told:
            async for cursor, row in told:
                yield AuditMoved(cursor=cursor, audit=audit_of(row))

    @strawberry.subscription(description="Appeals of those you see.")
    async def appeal_moved(self, info: Follow, after: Since = None) -> AsyncGenerator[AppealMoved, None]:
        check(info.context.actor, "appeals.read")
        async with aclosing(info.context.follow(APPEALS, after)) as told:
            async for cursor, row in told:
                yield AppealMoved(cursor=cursor, appeal=appeal_of(row))

    @strawberry.subscription(description="Tickets from which numbers are summed that you see.")
    async def ticket_facts_changed(
        self, info: Follow, after: Since = None
    ) -> AsyncGenerator[TicketFactsChanged, None]:
        check(info.context.actor, "metrics.read")
        async with aclosing(info.context.follow(FACTS, after)) as told:
            async for cursor, row in told:
                yield TicketFactsChanged(cursor=cursor, ticket_id=row.ticket_id, facts=facts_of(row))
