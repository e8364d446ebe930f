"""Who is calling: a bearer token names a person, the directory says what they are.

Tokens carry an id and nothing that grants rights: role, vendor and whether the person is still
active come from the database at every request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from shared import clock
from shared.config import Settings
from shared.crypto import key_for
from shared.db import Session
from shared.errors import Forbidden, Unauthenticated
from shared.models.people import Role
from shared.permissions import PERMISSIONS

ISSUER, AUDIENCE, TOKEN_TYPE = "assay", "assay-api", "at+jwt"
LEEWAY_S = 60

bearer = HTTPBearer(auto_error=False, description="A token from `assay token`.")


LEADS = frozenset({Role.ADMIN, Role.LEAD})


@dataclass(frozen=True)
class Actor:
    """The person who is calling, as the directory knows them now."""

    id: UUID
    name: str
    role: Role
    vendor_id: UUID | None


class TokenKeys:
    """Signs and checks our own short-lived tokens (HS256, one algorithm, pinned)."""

    def __init__(self, settings: Settings) -> None:
        self._key = key_for(settings, "tokens")
        self._ttl = timedelta(seconds=settings.token_ttl_s)

    def issue(self, person_id: UUID) -> str:
        now = clock.now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(person_id),
            "iat": now,
            "exp": now + self._ttl,
        }
        return jwt.encode(claims, self._key, algorithm="HS256", headers={"typ": TOKEN_TYPE})

    def person_id(self, token: str) -> UUID:
        """Raises Unauthenticated; one answer for every kind of bad token."""
        try:
            if jwt.get_unverified_header(token).get("typ") != TOKEN_TYPE:
                raise Unauthenticated
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "strict_aud": True},
            )
            if claims["exp"] - claims["iat"] > self._ttl.total_seconds():
                raise Unauthenticated
            return UUID(claims["sub"])
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthenticated from None  # its JSON is the sender's: deep, endless or odd


def token_of(connection: HTTPConnection, credentials: HTTPAuthorizationCredentials | None) -> str:
    """Raises Unauthenticated (401) where there is not exactly one Authorization header."""
    if credentials is None or len(connection.headers.getlist("authorization")) != 1:
        raise Unauthenticated
    return credentials.credentials


async def enter(session: AsyncSession, keys: TokenKeys, token: str) -> Actor:
    """Looks up who is calling and, in the same statement, becomes them for the rest of the transaction:
    what it reads and writes from here on is what the database lets them.

    Raises Unauthenticated (401) for a bad token and for somebody who has left.
    """
    person_id = keys.person_id(token)
    found = (await session.execute(_ENTER, {"person_id": person_id})).one_or_none()
    if found is None:
        raise Unauthenticated
    actor = Actor(found.id, found.name, Role(found.role), found.vendor_id)
    session.info["actor"] = actor
    return actor


_ENTER = text(
    "SELECT id, name, role, vendor_id, set_config('assay.caller_id', id::text, true),"
    " set_config('assay.caller_vendor_id', coalesce(vendor_id::text, ''), true),"
    " set_config('role', 'assay_' || role, true) FROM find_person(:person_id)"
)


async def get_actor(
    connection: HTTPConnection,
    session: Session,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Actor:
    token = token_of(connection, credentials)
    return await enter(session, connection.app.state.token_keys, token)


Caller = Annotated[Actor, Depends(get_actor)]


def check(actor: Actor, action: str) -> None:
    """Raises Forbidden (403) where the actor's role may not do this."""
    if actor.role not in PERMISSIONS[action]:
        raise Forbidden(f"The role {actor.role} may not do {action}.")


def permit(action: str) -> Callable[[Actor], Actor]:
    """`actor: Annotated[Actor, Depends(permit("audits.claim"))]`: the caller, if their role may."""
    if action not in PERMISSIONS:
        raise ValueError(f"{action} is not in shared/permissions.py")

    def permitted(actor: Caller) -> Actor:
        check(actor, action)
        return actor

    permitted.action = action  # type: ignore[attr-defined]  # read by the permission tests
    return permitted
