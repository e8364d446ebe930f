"""Who is calling: a bearer token names a person or a program, the directory says what they are.

Tokens carry an id and nothing that grants rights: role, vendor and whether somebody is still active come
from the database at every request. What a token says can only leave them less.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from shared import local_issuer, service_tokens
from shared.db import Session
from shared.errors import Forbidden, InsufficientScope, RoleNotInToken, Unauthenticated
from shared.fair_shares import LET_IN
from shared.models.people import Role
from shared.permissions import PERMISSIONS
from shared.readers import Reader
from shared.tokens import Identity, Verifier

PURPOSE = "Why personal data is read. The trail keeps it for good, so that it names no address and no number."
Purpose = Annotated[str | None, Header(max_length=500, pattern=r"^[^@]*$", description=PURPOSE)]
bearer = HTTPBearer(
    auto_error=False, description="An access token of your identity provider, or a service token"
)

LEADS = frozenset({Role.ADMIN, Role.LEAD})


@dataclass(frozen=True)
class Actor:
    """Who is calling, as the directory knows them now."""

    id: UUID
    name: str
    role: Role
    vendor_id: UUID | None
    scopes: frozenset[str] | None = None
    """The actions that their token leaves to them; None: all that their role may do."""


def token_of(connection: HTTPConnection, credentials: HTTPAuthorizationCredentials | None) -> str:
    """Raises Unauthenticated (401) where there is not exactly one Authorization header."""
    if credentials is None or len(connection.headers.getlist("authorization")) != 1:
        raise Unauthenticated
    return credentials.credentials


async def enter(session: AsyncSession, verifier: Verifier, token: str) -> Actor:
    """Looks up who is calling and, in the same statement, becomes them for the rest of the transaction:
    what it reads and writes from here on is what the database lets them.

    Raises Unauthenticated (401) for a bad token and for somebody who has left, RoleNotInToken (403).
    """
    if token.startswith(service_tokens.MARK):
        actor = await _enter_service(session, token)
    else:
        actor = await _enter_person(session, verifier, token)
    session.info["actor"] = actor
    return actor


async def enter_reading(reader: Reader, verifier: Verifier, token: str) -> Actor:
    """As `enter`, for `Readers.reading`."""
    become, fetch = _BECOME_READING[reader.is_direct], reader.fetch
    if token.startswith(service_tokens.MARK):
        name, digest = _parsed(token)
        found = await fetch(f"{become}find_service($1, $2)", name, digest)
        return _service(next(iter(found), None))
    identity = await verifier.verify(token)
    found = await fetch(f"{become}find_person($1, $2, $3)", *_subject(identity).values())
    return _person(next(iter(found), None), identity)


async def _enter_person(session: AsyncSession, verifier: Verifier, token: str) -> Actor:
    identity = await verifier.verify(token)
    found = await session.execute(_ENTER_PERSON, _subject(identity))
    return _person(found.mappings().one_or_none(), identity)


def _subject(identity: Identity) -> dict[str, Any]:
    is_ours = identity.issuer == local_issuer.ISSUER  # then the subject is the person's id
    return {
        "person_id": _id_of(identity.subject) if is_ours else None,
        "issuer": identity.issuer,
        "subject": identity.subject,
    }


def _person(found: Any, identity: Identity) -> Actor:
    if found is None:
        raise Unauthenticated
    role = Role(found["role"])
    if identity.roles is not None and role not in identity.roles:
        raise RoleNotInToken(f"You are {role} here, and your token does not say so.")
    return Actor(found["id"], found["name"], role, found["vendor_id"], identity.scopes)


def _id_of(subject: str) -> UUID:
    try:
        return UUID(subject)
    except ValueError:
        raise Unauthenticated from None


async def _enter_service(session: AsyncSession, token: str) -> Actor:
    name, digest = _parsed(token)
    found = await session.execute(_ENTER_SERVICE, {"prefix": name, "hash": digest})
    return _service(found.mappings().one_or_none())


def _parsed(token: str) -> tuple[str, bytes]:
    parsed = service_tokens.parse(token)
    if parsed is None:
        raise Unauthenticated
    return parsed


def _service(found: Any) -> Actor:
    if found is None:
        raise Unauthenticated
    scopes = frozenset(found["scopes"])
    return Actor(found["id"], found["name"], Role.SERVICE, found["vendor_id"], scopes)


_BECOME = (
    "SELECT *, set_config('assay.caller_id', id::text, true),"
    " set_config('assay.caller_vendor_id', coalesce(vendor_id::text, ''), true),"
    " set_config('role', 'assay_' || role, true) FROM "
)
_BECOME_READING = {True: _BECOME.replace(", true)", ", false)"), False: _BECOME}
"""By whether the connection is to remember it, or the transaction."""
_ENTER_PERSON = text(_BECOME + "find_person(:person_id, :issuer, :subject)")
_ENTER_SERVICE = text(_BECOME + "find_service(:prefix, :hash)")


async def get_actor(
    connection: HTTPConnection,
    session: Session,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    x_purpose: Purpose = None,
) -> Actor:
    token = token_of(connection, credentials)
    if x_purpose:
        session.info["purpose"] = x_purpose
    session.info["route"] = f"{connection.scope['method']} {connection.scope['route'].path}"
    actor = await enter(session, connection.app.state.verifier, token)
    connection.scope[LET_IN] = True
    return actor


Caller = Annotated[Actor, Depends(get_actor)]


def allowed_actions(actor: Actor) -> list[str]:
    """What their role may do, as far as their token leaves it to them."""
    return sorted(
        action for action in PERMISSIONS if actor.role in PERMISSIONS[action] and _left(actor, action)
    )


def _left(actor: Actor, action: str) -> bool:
    noun = action.partition(".")[0]
    return actor.scopes is None or bool(actor.scopes & {action, f"{noun}.*"})


def check(actor: Actor, action: str) -> None:
    """Raises Forbidden (403) where the actor's role may not do this, InsufficientScope (403) where their
    token leaves it out."""
    if actor.role not in PERMISSIONS[action]:
        raise Forbidden(f"The role {actor.role} may not do {action}.")
    if not _left(actor, action):
        raise InsufficientScope(f"The token has no scope {action}.")


def permit(action: str) -> Callable[[Actor, AsyncSession], Actor]:
    """`actor: Annotated[Actor, Depends(permit("audits.claim"))]`: the caller, if their role may."""
    if action not in PERMISSIONS:
        raise ValueError(f"{action} is not in shared/permissions.py")

    def permitted(actor: Caller, session: Session) -> Actor:
        check(actor, action)
        session.info["action"] = action  # as the trail calls what happens now
        return actor

    permitted.action = action  # type: ignore[attr-defined]  # read by the permission tests
    return permitted
