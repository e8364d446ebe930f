"""GraphQL: the caller and the directory."""

from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from services.gateway.context import Context
from shared.auth import allowed_actions, check
from shared.models.people import Person as PersonRow

Ask = Info[Context, Any]


@strawberry.type(description="Anyone with a name in Assay.")
class Person:
    id: UUID
    name: str
    role: str
    vendor_id: UUID | None


@strawberry.type(description="Who is asking, and what their role may do.")
class Viewer:
    id: UUID
    name: str
    role: str
    vendor_id: UUID | None
    allowed_actions: list[str]


async def person(info: Ask, person_id: UUID | None) -> Person | None:
    row = await info.context.one(PersonRow, person_id) if person_id else None
    if row is None:
        return None
    return Person(id=row.id, name=row.name, role=row.role, vendor_id=row.vendor_id)


@strawberry.type
class PeopleQuery:
    @strawberry.field(description="Who am I?")
    def viewer(self, info: Ask) -> Viewer:
        check(info.context.actor, "viewer.read")
        actor = info.context.actor
        return Viewer(
            id=actor.id,
            name=actor.name,
            role=actor.role,
            vendor_id=actor.vendor_id,
            allowed_actions=allowed_actions(actor),
        )
