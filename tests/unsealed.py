"""Opens what is sealed, for tests that ask whether what came in is all there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel
from world import World

from services.feedback.intake.people import Asker, opened, requester_id
from services.feedback.intake.texts import opened as words_of
from shared.models.feedback import Message, Rating, Ticket
from shared.models.privacy import OriginalText, Requester


class Unsealed:
    """Everything that is sealed in a small database, opened."""

    def __init__(self, world: World) -> None:
        self._sealer = world.app.state.sealer
        self.people: dict[UUID, Asker] = {}
        self.texts: dict[tuple[UUID, UUID, str], Any] = {}

    async def read(self, world: World) -> "Unsealed":
        self.people = {row.id: opened(self._sealer, row) for row in await _rows(world, Requester)}
        for one in await _rows(world, OriginalText):
            key, place = self.people[one.requester_id].key, (one.ticket_id, one.item_id, one.field)
            assert key is not None
            self.texts[place] = words_of(one.sealed, key, *place)
        return self

    def asks_in(self, ticket: Ticket) -> Asker:
        """Who asks; with what is told of nobody in particular, where more is not known."""
        named = self._person(ticket, ticket.requester_key)
        beside = self._person(ticket, None)
        return Asker(
            named.id, named.external_key, named.key, named.name or beside.name, named.email or beside.email
        )

    def wrote(self, ticket: Ticket, message: Message) -> str | None:
        if message.author_kind != "requester":
            return message.author_name
        return self._person(ticket, message.author_key or ticket.requester_key).name

    def as_sent(self, row: Ticket | Message | Rating, field: str) -> Any:
        ticket_id = row.id if isinstance(row, Ticket) else row.ticket_id
        return self.texts.get((ticket_id, row.id, field))

    def _person(self, ticket: Ticket, key: str | None) -> Asker:
        found = requester_id(self._sealer, ticket.connection_id, key, ticket.external_id)
        return self.people.get(found, Asker(found, None, None))


async def unsealed(world: World) -> Unsealed:
    return await Unsealed(world).read(world)


async def _rows(world: World, kind: type[SQLModel]) -> Sequence[Any]:
    async with world.db.transaction() as session:
        return list(await session.scalars(select(kind)))
