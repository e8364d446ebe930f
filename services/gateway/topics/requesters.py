"""GraphQL: who asks for help. Whatever names them is told by commands: it is noted who asked and why."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry import UNSET, argument, field
from strawberry.scalars import JSON

from services.feedback.privacy.schemas import AccessExportOut, IdentityOut, RequesterOut
from services.gateway.context import Ask
from services.gateway.problems import Problem, command, sent
from services.gateway.topics.originals import Purpose


@strawberry.type(description="Who asks for help, without a name.")
class Requester:
    id: UUID = field(description="Their key in Assay.")
    connection_id: UUID = field(description="The connection that they come in by.")
    tickets: int = field(description="How many tickets they wrote in.")
    is_erased: bool = field(description="Whether they were forgotten.")


@strawberry.type(description="Who may be meant.")
class FoundRequesters:
    requesters: list[Requester] = field(description="Of a ticket: whoever asks in it first.")


@strawberry.type(description="Name and address of a requester.")
class RequesterIdentity:
    id: UUID = field(description="Their key in Assay.")
    connection_id: UUID = field(description="The connection that they come in by.")
    external_key: str | None = field(description="The help desk's id of them.")
    name: str | None = field(description="What they are called, as far as anybody told.")
    email: str | None = field(description="Their e-mail address, as far as anybody told.")


@strawberry.type(description="Everything that is held about a requester.")
class AccessExport:
    requester: RequesterIdentity = field(description="Who they are.")
    exported_at: datetime = field(description="When it was put together.")
    tickets: JSON = field(description="What they wrote in, with all that is held of it.")
    holds: list[UUID] = field(description="Legal holds that keep it.")


FoundOrProblem = Annotated[
    FoundRequesters | Problem,
    strawberry.union("FoundOrProblem", description="Who was found, or why nobody was looked for."),
]
IdentityOrProblem = Annotated[
    RequesterIdentity | Problem,
    strawberry.union("IdentityOrProblem", description="Who it is, or why that is not told."),
]
AccessExportOrProblem = Annotated[
    AccessExport | Problem,
    strawberry.union("AccessExportOrProblem", description="What is held, or why that is not told."),
]
Who = Annotated[UUID, argument(description="Which requester.")]


def _identity_of(out: IdentityOut) -> RequesterIdentity:
    return RequesterIdentity(**vars(out))


def _requester_of(told: Any) -> Requester:
    return Requester(**vars(RequesterOut.model_validate(told)))


@strawberry.type
class RequestersMutation:
    @strawberry.mutation(
        description="Who is behind an address, a help desk's id, or a ticket; noted with your name. By one "
        "of the three."
    )
    async def find_requesters(
        self, info: Ask, purpose: Purpose,
        email: Annotated[str | None, argument(description="Their e-mail address.")] = UNSET,
        connection_id: Annotated[UUID | None, argument(description="With `externalKey`.")] = UNSET,
        external_key: Annotated[str | None, argument(description="The help desk's id of them.")] = UNSET,
        ticket_id: Annotated[UUID | None, argument(description="What they wrote in.")] = UNSET,
    ) -> FoundOrProblem:  # fmt: skip
        given = {
            "purpose": purpose, "email": email, "connection_id": connection_id,
            "external_key": external_key, "ticket_id": ticket_id,
        }  # fmt: skip
        done = await command(info.context, "feedback", f"{PATH}/find", sent(given))
        if isinstance(done, Problem):
            return done
        info.context.count(len(done["requesters"]))
        return FoundRequesters(requesters=[_requester_of(one) for one in done["requesters"]])

    @strawberry.mutation(description="Name and address of a requester; noted with your name.")
    async def open_requester_identity(
        self, info: Ask, requester_id: Who, purpose: Purpose
    ) -> IdentityOrProblem:
        path = f"{PATH}/{requester_id}/identity"
        done = await command(info.context, "feedback", path, {"purpose": purpose})
        return done if isinstance(done, Problem) else _identity_of(IdentityOut.model_validate(done))

    @strawberry.mutation(description="Everything that is held about a requester; noted with your name.")
    async def export_requester(self, info: Ask, requester_id: Who, purpose: Purpose) -> AccessExportOrProblem:
        path = f"{PATH}/{requester_id}/access-export"
        done = await command(info.context, "feedback", path, {"purpose": purpose})
        if isinstance(done, Problem):
            return done
        out = AccessExportOut.model_validate(done)
        return AccessExport(
            requester=_identity_of(out.requester), exported_at=out.exported_at,
            tickets=cast(JSON, out.tickets), holds=out.holds,
        )  # fmt: skip


PATH = "/feedback/requesters"
