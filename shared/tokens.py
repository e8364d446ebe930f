"""Bearer tokens: who issued them, to whom, and what they leave to them. OpenID Connect issuers by
configuration; our own (`local_issuer.py`) goes the same way.

A token grants nothing that the directory does not: role, vendor and whether the person is still here are read
from the database at every request. It can only leave less.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import jwt

from shared import strict
from shared.config import Issuer
from shared.errors import Overloaded, Unauthenticated
from shared.jwks import Keys, KeysUnavailable
from shared.models.people import Role

LEEWAY_S = 60
MAX_KID = 200
MAX_VERIFIED = 10_000
"""Tokens whose verifying is remembered: a signature takes longer to check than most questions to answer."""
_NEVER = {"jku", "jwk", "x5u", "x5c", "crit"}
"""Headers by which a token would bring its own key, or rules that we do not know."""
_OF_ID_TOKENS = {"nonce", "at_hash", "c_hash"}


@dataclass(frozen=True)
class Identity:
    """Whom a token names. `roles`, `scopes`: what it leaves to them; None: it says nothing about that."""

    issuer: str
    subject: str
    roles: frozenset[Role] | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class _Verified:
    """A token that was good, and what has to be so still for it to be good."""

    identity: Identity
    ends_at: float
    keys: Keys
    kid: str
    key: jwt.PyJWK


class Verifier:
    """`await verify(token)` → Identity. One answer for every kind of bad token. Making one raises ValueError
    for a role in the settings that is none of ours."""

    def __init__(
        self,
        issuers: Sequence[tuple[Issuer, httpx.AsyncClient]],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self._issuers = {one.issuer: (one, Keys(one.issuer, client)) for one, client in issuers}
        for one, _ in issuers:
            _our_roles(one)
        self._clients = {client for _, client in issuers}

    async def close(self) -> None:
        for _, keys in self._issuers.values():
            await keys.close()
        for client in self._clients:
            await client.aclose()

    async def verify(self, token: str) -> Identity:
        """Raises Unauthenticated (401), Overloaded (503) while its issuer does not answer and the
        key that it names is not known."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()  # the token is kept nowhere
        if (seen := self._verified.get(digest)) and await self._is_still_good(seen):
            return seen.identity
        try:
            header = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False})
            issuer, keys = self._issuers[said["iss"]]
            kid, algorithm = header["kid"], header["alg"]
            if _NEVER & header.keys() or not isinstance(kid, str) or len(kid) > MAX_KID:
                raise Unauthenticated
            if algorithm not in issuer.algorithms or header.get("typ") not in issuer.token_types:
                raise Unauthenticated
            key = await keys.find(kid)
            if key is None or key.algorithm_name != algorithm:
                raise Unauthenticated
            claims = _claims(issuer, token, key)
            verified = _Verified(_identity(issuer, claims), claims["exp"] + LEEWAY_S, keys, kid, key)
        except KeysUnavailable:
            raise Overloaded("The issuer of your token does not answer.") from None
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthenticated from None  # its JSON is the sender's: deep, endless or odd
        self._verified[digest] = verified
        if len(self._verified) > MAX_VERIFIED:
            self._verified.popitem(last=False)
        return verified.identity

    async def _is_still_good(self, seen: _Verified) -> bool:
        """Its time is not over, and its issuer still has the very key that it was signed with."""
        if self._now() >= seen.ends_at:
            return False
        try:
            return await seen.keys.find(seen.kid) is seen.key
        except KeysUnavailable:
            return False


def _claims(issuer: Issuer, token: str, key: jwt.PyJWK) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=issuer.audience,
        issuer=issuer.issuer,
        leeway=LEEWAY_S,
        options={"require": ["exp", "iat", "sub", "aud", "iss"]},
    )
    if claims["exp"] - claims["iat"] > issuer.max_life_s or _OF_ID_TOKENS & claims.keys():
        raise Unauthenticated
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    client = claims.get("azp", claims.get("client_id"))
    if (others or issuer.clients) and client not in issuer.clients:
        raise Unauthenticated
    if len(claims["sub"]) > 255 or strict.text_fault(claims["sub"]):
        raise Unauthenticated
    return claims


def _identity(issuer: Issuer, claims: Mapping[str, Any]) -> Identity:
    roles = scopes = None
    if issuer.roles_claim:
        named = _words(_at(claims, issuer.roles_claim))
        ours = _our_roles(issuer)
        roles = frozenset(ours[one] for one in named if one in ours)
    if issuer.scope_claim and (said := _at(claims, issuer.scope_claim)) is not None:
        scopes = frozenset(_words(said))
    return Identity(issuer.issuer, claims["sub"], roles, scopes)


def _our_roles(issuer: Issuer) -> dict[str, Role]:
    return {word: Role(name) for word, name in issuer.roles.items()}


def _at(claims: Any, path: str) -> Any:
    """`realm_access.roles` → the value there, or None."""
    for name in path.split("."):
        claims = claims.get(name) if isinstance(claims, dict) else None
    return claims


def _words(value: Any) -> list[str]:
    listed = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, str)]
