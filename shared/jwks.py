"""An issuer's public keys: found by discovery, kept, asked for again when a token names an unknown one.

While the issuer does not answer, the keys that are known go on serving.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import structlog

from shared import outbound

log = structlog.get_logger()

REFRESH_S = 60.0
"""A key that is not known makes us ask again at most this often: anybody can name one."""
RETRY_S = 1.0
"""An issuer that does not answer is asked at most this often."""
MAX_DOCUMENT_BYTES = 1_000_000
LONGEST_S = 5.0


class KeysUnavailable(Exception):
    """The issuer was never reached, so nothing that it signed can be checked now."""


class Keys:
    """`await find(kid)` → the key, or None where the issuer has no such key."""

    def __init__(
        self,
        issuer: str,
        client: httpx.AsyncClient,
        *,
        now: Callable[[], float] = time.monotonic,
        refresh_s: float = REFRESH_S,
    ) -> None:
        self._issuer, self._client, self._now, self._refresh_s = issuer, client, now, refresh_s
        self._known: dict[str, jwt.PyJWK] | None = None
        self._asked_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """Raises KeysUnavailable."""
        if self._known is None or (kid not in self._known and self._may_ask()):
            async with self._one_at_a_time:
                if self._known is None or kid not in self._known:
                    await self._ask()
        if self._known is None:
            raise KeysUnavailable(self._issuer)
        return self._known.get(kid)

    def _may_ask(self) -> bool:
        wait = RETRY_S if self._known is None else self._refresh_s
        return self._now() - self._asked_at >= wait

    async def _ask(self) -> None:
        if not self._may_ask():
            return
        self._asked_at = self._now()
        try:
            about = await self._document(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != self._issuer or not isinstance(about.get("jwks_uri"), str):
                raise ValueError("the discovery document is of another issuer, or names no keys")
            found = await self._document(about["jwks_uri"])
            self._known = {key.key_id: key for key in map(_usable, found["keys"]) if key and key.key_id}
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning(
                "the issuer's keys could not be read", issuer=self._issuer, error=type(error).__name__
            )

    async def _document(self, url: str) -> dict[str, Any]:
        answer, body = await outbound.fetch(
            self._client, "GET", url, max_bytes=MAX_DOCUMENT_BYTES, seconds=LONGEST_S, follow_redirects=False
        )
        if answer.status_code != 200:
            raise ValueError(f"answered {answer.status_code}")
        found: dict[str, Any] = httpx.Response(200, content=body).json()
        return found


def _usable(entry: dict[str, Any]) -> jwt.PyJWK | None:
    """None for what is not for signatures, or of a kind that we do not know."""
    if entry.get("use", "sig") != "sig":
        return None
    try:
        return jwt.PyJWK(entry)
    except jwt.PyJWTError:
        return None
