"""GraphQL: dead letters, genuine messages of help desks that could not be understood."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import strawberry
from sqlalchemy import Select, Uuid, select
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Bundle
from sqlmodel import col
from strawberry import argument, field
from strawberry.scalars import JSON

from services.feedback.connections.schemas import DeadLetterShownOut
from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, plain, told
from shared.auth import check
from shared.errors import NotFound
from shared.models.feedback import InboxRow
from shared.models.queue import Delivery, EventRow


@strawberry.type(description="A genuine message that could not be understood, with the reason.")
class DeadLetter:
    id: UUID = field(description="The delivery's id: replay it by this.")
    source_key: str = field(description="What the help desk calls the message.")
    received_at: datetime = field(description="When it came.")
    attempts: int = field(description="How often it was tried.")
    reason: str | None = field(description="Why it could not be understood.")


@strawberry.type(description="What a dead letter looks like, without what people wrote.")
class DeadLetterShown(DeadLetter):
    headers: JSON = field(description="Of the request that it came by.")
    size: int = field(description="Bytes.")
    shape: JSON | None = field(
        description="The message with its texts left out: what there is, and of which kind."
    )


@strawberry.type(description="What is tried again.")
class Replayed:
    replayed: int = field(description="How many messages.")


def dead_letter_of(row: Any) -> DeadLetter:
    return DeadLetter(
        id=row.id, source_key=row.source_key, received_at=row.received_at, attempts=row.attempts,
        reason=row.last_error,
    )  # fmt: skip


ReplayedOrProblem = Annotated[
    Replayed | Problem,
    strawberry.union("ReplayedOrProblem", description="What is tried again, or why nothing is."),
]
Whose = Annotated[UUID, argument(description="Whose messages: the connection.")]
Which = Annotated[UUID, argument(description="Which message: the delivery's id.")]
Reason = Annotated[str | None, argument(description="Only those with this in their reason.")]
From = Annotated[datetime | None, argument(description="Received then or later.")]
To = Annotated[datetime | None, argument(description="Received before then.")]
NORMALISE = "feedback.normalise_webhook"
"""What dead letters were tried by: other handlers' deliveries are no messages."""


def _dead_letters(connection_id: UUID, filters: Mapping[str, Any]) -> Select[Any]:
    shown = Bundle[Any](
        "letter", col(Delivery.id), col(Delivery.attempts), col(Delivery.last_error),
        col(InboxRow.source_key), col(InboxRow.received_at),
    )  # fmt: skip
    inbox_id = as_type(col(EventRow.payload)["inbox_id"].astext, Uuid)
    statement = (
        select(shown)
        .select_from(Delivery)
        .join(EventRow, col(EventRow.id) == col(Delivery.event_id))
        .join(InboxRow, col(InboxRow.id) == inbox_id)
        .where(
            col(Delivery.handler) == NORMALISE,
            col(Delivery.state) == "dead",
            col(InboxRow.connection_id) == connection_id,
        )
    )
    if (reason := filters["reason"]) is not None:
        statement = statement.where(col(Delivery.last_error).icontains(reason, autoescape=True))
    if (received_from := filters["received_from"]) is not None:
        statement = statement.where(col(InboxRow.received_at) >= received_from)
    if (received_to := filters["received_to"]) is not None:
        statement = statement.where(col(InboxRow.received_at) < received_to)
    return statement


@strawberry.type
class DeadLettersQuery:
    @strawberry.field(description="A connection's dead letters, the latest first.")
    async def dead_letters(
        self, info: Ask, connection_id: Whose, first: First = 20,
        after: After = None, order: Ordered = Order.NEWEST,
        reason: Reason = None, received_from: From = None, received_to: To = None,
    ) -> Connection[DeadLetter]:  # fmt: skip
        check(info.context.actor, "dead_letters.read")
        filters = {"reason": reason, "received_from": received_from, "received_to": received_to}
        return await page(
            info.context, _dead_letters(connection_id, filters), name=info.field_name,
            filters=filters | {"connection_id": connection_id}, first=first, after=after, order=order,
            newest=col(Delivery.id), row_id=col(Delivery.id), make=dead_letter_of,
        )  # fmt: skip

    @strawberry.field(
        description="What one of them looks like, without what people wrote; null where there is none."
    )
    async def dead_letter(
        self, info: Ask, connection_id: Whose, delivery_id: Which
    ) -> DeadLetterShown | None:
        check(info.context.actor, "dead_letters.read")
        path = f"/feedback/connections/{connection_id}/dead-letters/{delivery_id}"
        try:
            found = await told(info.context, "feedback", path, {})
        except NotFound:
            return None
        info.context.count(1)
        return DeadLetterShown(**vars(DeadLetterShownOut.model_validate(found)))


@strawberry.type
class DeadLettersMutation:
    @strawberry.mutation(description="Try one dead letter again.")
    async def replay_dead_letter(
        self, info: Ask, connection_id: Whose, delivery_id: Which
    ) -> ReplayedOrProblem:
        path = f"/feedback/connections/{connection_id}/dead-letters/{delivery_id}/replay"
        return _replayed(await command(info.context, "feedback", path))

    @strawberry.mutation(
        description="Try all of a connection's dead letters, or those the filters name, again (after a mend "
        "of the connection's maps, say)."
    )
    async def replay_dead_letters(
        self, info: Ask, connection_id: Whose,
        reason: Reason = None, received_from: From = None, received_to: To = None,
    ) -> ReplayedOrProblem:  # fmt: skip
        filters = {"reason": reason, "received_from": received_from, "received_to": received_to}
        query = urlencode({name: plain(value) for name, value in filters.items() if value is not None})
        path = f"/feedback/connections/{connection_id}/dead-letters/replay?{query}"
        return _replayed(await command(info.context, "feedback", path))


def _replayed(done: dict[str, Any] | Problem) -> ReplayedOrProblem:
    return done if isinstance(done, Problem) else Replayed(replayed=done["replayed"])
