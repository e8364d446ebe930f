"""How often, and how many at once, each caller may ask: no caller's haste is another's wait.

A caller is a token that was let in before, else the address that the connection came from: whoever makes
tokens up gets no share for each. Counted in this process's memory; several processes count apart.
"""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Literal

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Problem, RateLimited, TooManyAtOnce
from shared.problems_http import problem_response

Kind = Literal["reads", "writes", "graphql", "exports"]
WINDOW_S = 60
MAX_CALLERS = 50_000
"""Who was not seen for longest is forgotten, and starts anew with a whole share."""
ADDRESS_FACTOR = 5
"""An address may be many people behind one proxy: so many times the calls at once."""
INSIDE = ("inside", 0)
"""The peer of calls from one service to another in the same process: counted where they came in."""
LET_IN = "assay.let_in"
"""Where a request's scope says that its token was good."""
LET_GO = "assay.let_go"
"""Where a request's scope has what gives its share back, for answers that go on and on: those are counted by
whoever gives them."""
_UNLIMITED = {"/healthz", "/readyz", "/metrics"}
_EXPORT = "-export"
"""So end the addresses of exports."""


@dataclass(slots=True)
class Standing:
    """Where a caller stands after a call. `wait_s`: seconds until one is taken; 0: this one is."""

    quota: int
    left: int
    full_in_s: int
    wait_s: int


@dataclass(slots=True)
class Caller:
    """One caller's share: a bucket for each kind (what is left in it, since when), and those now inside."""

    turns: asyncio.Semaphore | None
    """Whose turn it is among this caller's own calls; None: all at once."""
    max_inside: int
    inside: int = 0
    buckets: dict[Kind, tuple[float, float]] = field(default_factory=dict)

    def leave(self) -> None:
        self.inside -= 1

    def take(self, kind: Kind, quota: int, now: float, amount: int = 1) -> Standing:
        """A token bucket: `quota` at once, and as many again a minute. What is more than a whole one takes a
        whole one."""
        left, since = self.buckets.get(kind, (float(quota), now))
        rate = quota / WINDOW_S
        left = min(float(quota), left + (now - since) * rate)
        needed = min(amount, quota)
        taken = left >= needed
        if taken:
            left -= needed
        self.buckets[kind] = (left, now)
        wait_s = 0 if taken else math.ceil((needed - left) / rate)
        return Standing(quota, int(left), math.ceil((quota - left) / rate), wait_s)


class FairShares:
    """Stands before the routes (pure ASGI). Refuses with RateLimited or TooManyAtOnce (429)."""

    def __init__(self, app: ASGIApp, owner: FastAPI, kinds: Mapping[str, Kind | None] = {}) -> None:
        """`kinds`: what begins an address → which kind it is, whatever the method; None: not counted."""
        self._app, self._kinds = app, kinds
        settings = owner.state.settings
        self._quotas: dict[Kind, int] = settings.rate_limits.model_dump()
        self._at_once: int = settings.calls_at_once
        # Half of the connections to the database: the other half is for the others.
        self._running = max(1, settings.db_pool_size // 2)
        self._callers: OrderedDict[bytes, Caller] = OrderedDict()
        self._now: Callable[[], float] = time.monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self._kind_of(scope) if scope["type"] in ("http", "websocket") else None
        if kind is None:
            await self._app(scope, receive, send)
            return
        token = _token_digest(scope)
        caller = self._callers.get(token) if token else None
        if token and caller:
            self._callers.move_to_end(token)
        else:
            caller = self._of_address(scope)
        standing = self._take(caller, kind)
        if problem := self._refusal(caller, standing):
            retry_s = max(1, standing.wait_s if standing else 1)
            headers = [*_headers(kind, standing), (b"retry-after", b"%d" % retry_s)]
            await problem_response(problem, scope.get("request_id"))(scope, receive, _with(headers, send))
            return
        await self._let_through(caller, scope, receive, _with(_headers(kind, standing), send))
        if token and scope.get(LET_IN) and token not in self._callers:
            self._remember(token, Caller(asyncio.Semaphore(self._running), self._at_once))

    async def _let_through(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as share:
            caller.inside += 1
            share.callback(caller.leave)
            if caller.turns is not None and self._at_once:
                await share.enter_async_context(caller.turns)
            scope[LET_GO] = share.aclose
            await self._app(scope, receive, send)

    def _kind_of(self, scope: Scope) -> Kind | None:
        path: str = scope["path"]
        if path in _UNLIMITED or scope.get("client") == INSIDE:
            return None
        for prefix, kind in self._kinds.items():
            if path.startswith(prefix):
                return kind
        if path.endswith(_EXPORT):
            return "exports"
        return "reads" if scope.get("method", "GET") in ("GET", "HEAD", "OPTIONS") else "writes"

    def _of_address(self, scope: Scope) -> Caller:
        key = _network(scope["client"][0] if scope.get("client") else "")
        if caller := self._callers.get(key):
            self._callers.move_to_end(key)
            return caller
        return self._remember(key, Caller(None, self._at_once * ADDRESS_FACTOR))

    def _remember(self, key: bytes, caller: Caller) -> Caller:
        self._callers[key] = caller
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        return caller

    def _take(self, caller: Caller, kind: Kind) -> Standing | None:
        """None: as often as they like."""
        quota = self._quotas[kind]
        return caller.take(kind, quota, self._now()) if quota else None

    def _refusal(self, caller: Caller, standing: Standing | None) -> Problem | None:
        if standing and standing.wait_s:
            return RateLimited(f"At most {standing.quota} a minute: again in {standing.wait_s} s.")
        if self._at_once and caller.inside >= caller.max_inside:
            return TooManyAtOnce(f"At most {caller.max_inside} at once.")
        return None


def _token_digest(scope: Scope) -> bytes | None:
    """The token itself is kept nowhere."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hashlib.sha256(value).digest()
    return None


def _network(host: str) -> bytes:
    """Who has one IPv6 address has 2^64 of them."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.encode()
    if isinstance(address, IPv6Address):
        return (address.ipv4_mapped or address).packed[:8]
    return address.packed


def _headers(kind: Kind, standing: Standing | None) -> list[tuple[bytes, bytes]]:
    """draft-ietf-httpapi-ratelimit-headers-10. Quota and window of the policy; r: left; t: seconds until
    nothing of it is used up any more."""
    if standing is None:
        return []
    policy = f'"{kind}";q={standing.quota};w={WINDOW_S}'
    now = f'"{kind}";r={standing.left};t={standing.full_in_s}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())]


def _with(headers: list[tuple[bytes, bytes]], send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *headers]
        await send(message)

    return send_on
