"""An issuer's public keys: found by discovery, kept, asked for again when a token names one that is not known
and now and then, so that a key that the issuer withdrew ends here too.

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
MAX_AGE_S = 600.0
"""Keys older than this are asked for again, beside the requests that use them."""
RETRY_S = 1.0
"""An issuer that does not answer is left alone for so long."""
ASK_S = 3.0
"""Both documents have to be here by then, however slowly they come."""
MAX_DOCUMENT_BYTES = 1_000_000


class KeysUnavailable(Exception):
    """The issuer does not answer, and the key is none of those that are known: it may be a good one."""


class Keys:
    """`await find(kid)` → the key, or None where the issuer has no such key."""

    def __init__(
        self, issuer: str, client: httpx.AsyncClient, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer, self._client, self._now = issuer, client, now
        self._known: dict[str, jwt.PyJWK] = {}
        self._is_down = True  # until it was reached
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """Raises KeysUnavailable."""
        if kid in self._known:
            if self._rested(MAX_AGE_S):
                self._ask()
            return self._known[kid]
        if self._asking or self._rested(REFRESH_S):
            await asyncio.shield(self._ask())  # others wait for it too: whoever goes away ends only their own
        if kid not in self._known and self._is_down:
            raise KeysUnavailable(self._issuer)
        return self._known.get(kid)

    async def close(self) -> None:
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _rested(self, wait_s: float) -> bool:
        return self._now() - self._asked_at >= (RETRY_S if self._is_down else wait_s)

    def _ask(self) -> asyncio.Task[None]:
        """One question at a time, for however many wait."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._refresh())
        return self._asking

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(ASK_S):
                self._known = await self._read()
            self._is_down = False
        except _UNREADABLE as error:
            self._is_down = True
            log.warning("an issuer's keys could not be read", issuer=self._issuer, error=type(error).__name__)
        finally:
            self._asked_at, self._asking = self._now(), None

    async def _read(self) -> dict[str, jwt.PyJWK]:
        about = await self._document(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if about["issuer"] != self._issuer:
            raise ValueError("the discovery document is of another issuer")
        where = about["jwks_uri"]
        if self._issuer.startswith("https:") and not where.startswith("https:"):
            raise ValueError("the keys lie in the open")
        found = await self._document(where)
        return {key.key_id: key for key in map(_usable, found["keys"]) if key and key.key_id}

    async def _document(self, url: str) -> dict[str, Any]:
        answer, body = await outbound.fetch(
            self._client, "GET", url, max_bytes=MAX_DOCUMENT_BYTES, seconds=ASK_S, follow_redirects=False
        )
        if answer.status_code != 200:
            raise ValueError(f"answered {answer.status_code}")
        found: dict[str, Any] = httpx.Response(200, content=body).json()
        return found


_UNREADABLE = (
    httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, LookupError, TypeError, AttributeError,
    RecursionError,
)  # fmt: skip
"""All that an issuer's answer, or its silence, can lead to."""


def _usable(entry: Any) -> jwt.PyJWK | None:
    """None for what is not for signatures, of a kind that we do not know, or no key: the others are good."""
    try:
        return jwt.PyJWK(entry) if entry.get("use", "sig") == "sig" else None
    except (jwt.PyJWTError, ValueError, LookupError, TypeError, AttributeError):
        return None
