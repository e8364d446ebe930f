"""GraphQL: the caller and the directory."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask as Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.vendors import Vendor, vendor
from services.people.directory.schemas import PersonOut
from shared.auth import allowed_actions, check
from shared.models.people import Person as PersonRow
from shared.permissions import PERMISSIONS
from shared.preconditions import tag_of

if TYPE_CHECKING:
    from services.gateway.topics.logins import Login


@strawberry.type(description="Anyone with a name in Assay.")
class Person:
    id: UUID = field(description="Their key in Assay.")
    name: str = field(description="What they are called.")
    role: str = field(description="What they do here; `permissions` says what that lets them do.")
    vendor_id: UUID | None = field(description="Whom they work for; null: for the company itself.")
    lead_id: UUID | None = field(description="Who leads this person's team.")
    is_active: bool = field(description="Whether they can come in.")
    created_at: datetime = field(description="When they became known.")

    @strawberry.field(description="Their state as a word, REST's ETag: `changePerson` takes it as `ifMatch`.")
    def version(self) -> str:
        return tag_of(PersonOut.model_validate(self))

    @strawberry.field(description="Whom they work for, if you may see that.")
    async def vendor(self, info: Ask) -> Vendor | None:
        return await vendor(info, self.vendor_id)

    @strawberry.field(description="Who leads this person's team, if you may see them.")
    async def lead(self, info: Ask) -> "Person | None":
        return await person(info, self.lead_id)

    @strawberry.field(
        description="By which subjects of identity providers they come in. Null where your role may not "
        "read it."
    )
    async def logins(
        self, info: Ask
    ) -> list[Annotated["Login", strawberry.lazy("services.gateway.topics.logins")]] | None:
        from services.gateway.topics import logins

        check(info.context.actor, "logins.read")
        return await logins.logins_of(info, self.id)


@strawberry.type(description="Who is asking, and what their role may do.")
class Viewer:
    id: UUID = field(description="Their key in Assay; of a program, that of its token.")
    name: str = field(description="What they are called.")
    role: str = field(description="What they do here.")
    vendor_id: UUID | None = field(description="Whom they work for; null: for the company itself.")
    allowed_actions: list[str] = field(
        description="What they may do, as far as their token leaves it to them."
    )


@strawberry.type(description="One action: which roles may do it, and to which rows.")
class Permission:
    action: str = field(description="As in allowedActions, and in the scopes of tokens: tickets.read.")
    roles: JSON = field(
        description="Role to relation: all, vendor, team, own or mine. What lies outside is as if not there."
    )


def person_of(row: PersonRow) -> Person:
    return Person(
        id=row.id, name=row.name, role=row.role, vendor_id=row.vendor_id, lead_id=row.lead_id,
        is_active=row.is_active, created_at=row.created_at,
    )  # fmt: skip


async def person(info: Ask, person_id: UUID | None) -> Person | None:
    row = await info.context.one(PersonRow, person_id) if person_id else None
    return person_of(row) if row else None


PersonOrProblem = Annotated[
    Person | Problem, strawberry.union("PersonOrProblem", description="The person, or why nothing was done.")
]


@strawberry.type
class PeopleQuery:
    @strawberry.field(description="Who am I, and what may I do?")
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

    @strawberry.field(description="Who may do what, to whose.")
    def permissions(self, info: Ask) -> list[Permission]:
        check(info.context.actor, "permissions.read")
        return [
            Permission(action=action, roles=cast(JSON, dict(grants)))
            for action, grants in sorted(PERMISSIONS.items())
        ]

    @strawberry.field(description="One person; null where there is none, or none that you may see.")
    async def person(
        self, info: Ask, id: Annotated[UUID, argument(description="Their key in Assay.")]
    ) -> Person | None:
        check(info.context.actor, "people.read")
        return await person(info, id)

    @strawberry.field(description="People, the latest added first.")
    async def people(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        role: Annotated[str | None, argument(description="Only those of this role.")] = None,
        vendor_id: Annotated[UUID | None, argument(description="Only those who work for it.")] = None,
    ) -> Connection[Person]:  # fmt: skip
        check(info.context.actor, "people.read")
        statement = select(PersonRow)
        filters = {"role": role, "vendor_id": vendor_id}
        for name, value in filters.items():
            if value is not None:
                statement = statement.where(getattr(PersonRow, name) == value)
        return await page(
            info.context, statement, name=info.field_name, filters=filters, first=first,
            after=after, order=order,
            newest=col(PersonRow.id), row_id=col(PersonRow.id), make=person_of,
        )  # fmt: skip


Name = Annotated[str, argument(description="What they are called: Mara Vogt.")]
Role = Annotated[str, argument(description="What they do here; `permissions` names the roles.")]
VendorId = Annotated[UUID | None, argument(description="Whom they work for; null: for the company itself.")]
LeadId = Annotated[UUID | None, argument(description="Who leads this person's team.")]


@strawberry.type
class PeopleMutation:
    @strawberry.mutation(description="Add a person.")
    async def add_person(
        self, info: Ask, name: Name, role: Role, vendor_id: VendorId = None, lead_id: LeadId = None
    ) -> PersonOrProblem:
        given = {"name": name, "role": role, "vendor_id": vendor_id, "lead_id": lead_id}
        return await _done(info, await command(info.context, "people", "/people/people", sent(given)))

    @strawberry.mutation(description="Change a person: only what is given is changed.")
    async def change_person(
        self, info: Ask, person_id: Annotated[UUID, argument(description="Whom to change.")],
        name: Annotated[str | None, argument(description="What they are called.")] = UNSET,
        role: Annotated[str | None, argument(description="What they do here.")] = UNSET,
        vendor_id: VendorId = UNSET, lead_id: LeadId = UNSET,
        is_active: Annotated[bool | None, argument(description="Whether they can come in.")] = UNSET,
        if_match: Annotated[
            str | None, argument(description="Their `version` as you saw it; by now another: no change.")
        ] = None,
    ) -> PersonOrProblem:  # fmt: skip
        given = {
            "name": name, "role": role, "vendor_id": vendor_id, "lead_id": lead_id, "is_active": is_active,
        }  # fmt: skip
        path = f"/people/people/{person_id}"
        done = await command(
            info.context, "people", path, sent(given), method="PATCH", if_match=if_match
        )  # fmt: skip
        return await _done(info, done)


async def _done(info: Ask, done: dict[str, Any] | Problem) -> PersonOrProblem:
    if isinstance(done, Problem):
        return done
    found = await person(info, UUID(done["id"]))
    assert found is not None, "what was just written can be read"
    return found
