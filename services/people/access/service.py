"""Verbs of the access room: whose logins are whose, and tokens for programs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.people.access import queries
from services.people.access.schemas import LoginIn, RevocationIn, RotationIn, ServiceTokenIn
from services.people.errors import TokenEnded, UnknownScope
from shared import clock, service_tokens
from shared.auth import Actor
from shared.errors import Fault, ValidationFailed
from shared.ids import new_id
from shared.models.people import Login, Role, ServiceToken
from shared.permissions import PERMISSIONS


async def add_login(session: AsyncSession, person_id: UUID, new: LoginIn) -> Login:
    """Raises NotFound (404); a subject that is somebody's already is a Conflict (409)."""
    await queries.get_person_id(session, person_id)
    login = Login(issuer=new.issuer, subject=new.subject, person_id=person_id, created_at=clock.now())
    session.add(login)
    await session.flush()
    return login


async def make_service_token(session: AsyncSession, actor: Actor, new: ServiceTokenIn) -> dict[str, Any]:
    """Raises UnknownScope, ValidationFailed (422)."""
    may = {action for action, grants in PERMISSIONS.items() if Role.SERVICE in grants}
    known = may | {f"{action.partition('.')[0]}.*" for action in may}
    faults = [
        Fault(f"/scopes/{index}", "unknown-scope", f"A program may have: {', '.join(sorted(may))}.")
        for index, scope in enumerate(new.scopes)
        if scope not in known
    ]
    if faults:
        raise UnknownScope(faults=faults[:20])
    if new.vendor_id is not None and not await queries.has_vendor(session, new.vendor_id):
        fault = Fault("/vendor_id", "unknown-id", "There is no such vendor.")
        raise ValidationFailed(faults=[fault])
    return await _make(session, actor, new.name, new.scopes, new.vendor_id, timedelta(days=new.days))


async def rotate_service_token(
    session: AsyncSession, actor: Actor, token_id: UUID, asked: RotationIn
) -> dict[str, Any]:
    """A new token in the old one's place; for a while both work. Raises TokenEnded (409)."""
    old = await _lock_living(session, token_id)
    if old.replaced_by_id is not None:
        raise TokenEnded
    life = old.expires_at - old.created_at
    made = await _make(session, actor, old.name, old.scopes, old.vendor_id, life)
    old.replaced_by_id = made["id"]
    old.expires_at = min(old.expires_at, clock.now() + timedelta(hours=asked.overlap_hours))
    await session.flush()
    return made


async def revoke_service_token(session: AsyncSession, token_id: UUID, asked: RevocationIn) -> ServiceToken:
    """Good for nothing from the next request on. Raises TokenEnded (409)."""
    token = await _lock_living(session, token_id)  # one that was replaced may work on for a while
    token.revoked_at, token.revoked_because = clock.now(), asked.reason
    await session.flush()
    return token


async def _lock_living(session: AsyncSession, token_id: UUID) -> ServiceToken:
    token = await queries.lock_service_token(session, token_id)
    if token.revoked_at is not None or token.expires_at <= clock.now():
        raise TokenEnded
    return token


async def _make(
    session: AsyncSession,
    actor: Actor,
    name: str,
    scopes: list[str],
    vendor_id: UUID | None,
    life: timedelta,
) -> dict[str, Any]:
    prefix, text = service_tokens.make()
    now = clock.now()
    token = ServiceToken(
        id=new_id(),
        name=name,
        prefix=prefix,
        secret_hash=service_tokens.hash_of(text),
        scopes=sorted(set(scopes)),
        vendor_id=vendor_id,
        owner_id=actor.id,
        created_at=now,
        expires_at=now + life,
    )
    session.add(token)
    await session.flush()
    return token.model_dump(exclude={"secret_hash"}) | {"token": text}
