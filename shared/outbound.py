"""How we call the outside: over TLS, to allowed hosts, at addresses that were checked when connecting.

A name is resolved here, every address that it has is checked, and the connection goes to one of those: a name
that answers otherwise a moment later changes nothing. Redirects are not followed, answers end.
"""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from shared.addresses import Allowed, Ip

TIMEOUT = httpx.Timeout(20, connect=5)
LIMITS = httpx.Limits(max_connections=20)
Resolve = Callable[[str, int], Awaitable[list[Ip]]]
trust = functools.cache(httpx.create_ssl_context)
"""Whose certificates are believed: read once in a process, which takes 20 ms."""


class AddressBlocked(httpx.RequestError):
    """We do not go there. Nothing was sent."""


class AnswerTooLong(httpx.RequestError):
    """More than we read. The connection was closed."""


def client(allowed: Allowed, *, resolve: Resolve | None = None) -> httpx.AsyncClient:
    """A client that goes nowhere else. Reads no proxy from the environment: there it could go anywhere."""
    transport = _Transport(allowed, resolve or _resolve)
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False)


async def fetch(
    client: httpx.AsyncClient, method: str, url: str, *, max_bytes: int, seconds: float, **parts: Any
) -> tuple[httpx.Response, bytes]:
    """The answer and its body, however slowly it comes, within this time.

    Raises httpx.RequestError: AddressBlocked, AnswerTooLong, or what went wrong on the way.
    """
    try:
        async with asyncio.timeout(seconds), client.stream(method, url, **parts) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > max_bytes:
                    raise AnswerTooLong(f"more than {max_bytes:,} bytes")
            return response, bytes(body)
    except httpx.InvalidURL:
        raise AddressBlocked("no address at all") from None
    except TimeoutError:
        raise httpx.ReadTimeout(f"not whole after {seconds} s") from None


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        super().__init__(verify=trust(), limits=LIMITS, trust_env=False)
        self._allowed = allowed
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust(),
            max_connections=LIMITS.max_connections,
            keepalive_expiry=LIMITS.keepalive_expiry,
            network_backend=_Checked(allowed, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        port = f":{url.port}" if url.port else ""
        if url.userinfo or (why := self._allowed.fault_of(f"{url.scheme}://{url.host}{port}")):
            raise AddressBlocked("a name in the address" if url.userinfo else str(why), request=request)
        return await super().handle_async_request(request)


class _Checked(httpcore.AsyncNetworkBackend):
    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        self._allowed, self._resolve = allowed, resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # its signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses_of(host, port, timeout)
        for place, address in enumerate(addresses, 1):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise httpcore.ConnectError("the name has no address")

    async def _addresses_of(self, host: str, port: int, seconds: float | None) -> list[Ip]:
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except OSError:
            raise httpcore.ConnectError("the name is not known") from None
        if not all(map(self._allowed.takes, addresses)):
            raise AddressBlocked("blocked-address: the name leads inside")
        return addresses

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise AddressBlocked("blocked-address: no host at all")

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


async def _resolve(host: str, port: int) -> list[Ip]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
