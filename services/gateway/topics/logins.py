"""GraphQL: by which subjects of identity providers people come in."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import strawberry
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.problems import Problem, command
from services.gateway.topics.people import PersonOrProblem, person
from shared.models.people import Login as LoginRow


@strawberry.type(description="Which person an identity provider's subject is.")
class Login:
    issuer: str = field(description="The identity provider.")
    subject: str = field(description="`sub` of their tokens.")
    person_id: UUID = field(description="Whose it is.")
    created_at: datetime = field(description="Since when.")


async def logins_of(info: Ask, person_id: UUID) -> list[Login]:
    order = [col(LoginRow.issuer), col(LoginRow.subject)]
    rows = await info.context.many(LoginRow, "person_id", order, person_id)
    return [login_of(row) for row in rows]


def login_of(row: LoginRow) -> Login:
    return Login(
        issuer=row.issuer, subject=row.subject, person_id=row.person_id, created_at=row.created_at
    )  # fmt: skip


LoginOrProblem = Annotated[
    Login | Problem, strawberry.union("LoginOrProblem", description="The login, or why there is none.")
]
Whose = Annotated[UUID, argument(description="Whose login it is.")]
Issuer = Annotated[str, argument(description="The identity provider: https://id.example.com.")]
Subject = Annotated[str, argument(description="`sub` of their tokens.")]


@strawberry.type
class LoginsMutation:
    @strawberry.mutation(description="This subject is this person.")
    async def add_login(
        self, info: Ask, person_id: Whose, issuer: Issuer, subject: Subject
    ) -> LoginOrProblem:
        body = {"issuer": issuer, "subject": subject}
        done = await command(info.context, "people", f"/people/people/{person_id}/logins", body)
        if isinstance(done, Problem):
            return done
        at = datetime.fromisoformat(done["created_at"])
        return Login(issuer=done["issuer"], subject=done["subject"], person_id=person_id, created_at=at)

    @strawberry.mutation(description="This subject is nobody any more. The answer is whose it was.")
    async def remove_login(
        self, info: Ask, person_id: Whose, issuer: Issuer, subject: Subject
    ) -> PersonOrProblem:
        query = urlencode({"issuer": issuer, "subject": subject})
        path = f"/people/people/{person_id}/logins?{query}"
        done = await command(info.context, "people", path, method="DELETE")
        if isinstance(done, Problem):
            return done
        found = await person(info, person_id)
        assert found is not None, "who had a login is somebody"
        return found
