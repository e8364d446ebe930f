"""How one service calls another: httpx, in the same process or over the network, alike."""

from collections.abc import Mapping

import httpx
from starlette.types import ASGIApp

from shared.fair_shares import INSIDE

TIMEOUT = httpx.Timeout(10.0, connect=2.0)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


class ServiceClients:
    """A client for each service: by its URL where one is given, else through the local app."""

    def __init__(self, urls: Mapping[str, str], local: ASGIApp | None) -> None:
        self._urls, self._local = urls, local
        self._clients: dict[str, httpx.AsyncClient] = {}

    def to(self, service: str) -> httpx.AsyncClient:
        """Raises RuntimeError where the service neither runs here nor has a URL."""
        if service not in self._clients:
            self._clients[service] = self._open(service)
        return self._clients[service]

    def _open(self, service: str) -> httpx.AsyncClient:
        if url := self._urls.get(service):
            return httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=LIMITS)
        if self._local is None:
            raise RuntimeError(f"ASSAY_SERVICE_URLS has no entry for {service}.")
        transport = httpx.ASGITransport(app=self._local, raise_app_exceptions=False, client=INSIDE)
        return httpx.AsyncClient(base_url=f"http://{service}", transport=transport, timeout=TIMEOUT)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
