"""Short ways to ask the local help desks, as a puller would: clients with credentials, lists to their end."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

from help_desks import freshdesk, salesforce, zendesk
from help_desks.data import Desk

CURSOR = "/api/v2/incremental/tickets/cursor.json"
FD = ("fdApiKeyForTests1", "X")
ZD = ("intake@halcyon.test/token", "an api token for tests")


def client(app: ASGIApp, auth: tuple[str, str] | None = None, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://desk", auth=auth, headers=headers)


def zd(desk: Desk, **knobs: Any) -> httpx.AsyncClient:
    return client(zendesk.create_app(zendesk.Account(desk, **knobs)), ZD)


def fd(desk: Desk, **knobs: Any) -> httpx.AsyncClient:
    return client(freshdesk.create_app(freshdesk.Account(desk, **knobs)), FD)


@asynccontextmanager
async def sf(desk: Desk, **knobs: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client(salesforce.create_app(salesforce.Account(desk, **knobs))) as asking:
        asking.headers["authorization"] = f"Bearer {await token(asking)}"
        yield asking


async def token(asking: httpx.AsyncClient) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": "3MVG9-halcyon",
        "client_secret": "a client secret for tests",
    }
    return str((await asking.post("/services/oauth2/token", data=form)).json()["access_token"])


async def soql(asking: httpx.AsyncClient, query: str, *, every: bool = True, batch: int = 2000) -> list[Any]:
    """All rows of a query, page by page."""
    path = f"/services/data/v62.0/query{'All' if every else ''}"
    headers = {"sforce-query-options": f"batchSize={batch}"}
    answer = await asking.get(path, params={"q": query}, headers=headers)
    rows: list[Any] = []
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["records"]
        if page["done"]:
            assert page["totalSize"] == len(rows)
            return rows
        answer = await asking.get(page["nextRecordsUrl"])


async def export(asking: httpx.AsyncClient, *, per_page: int, between: Callable[[int], None]) -> list[Any]:
    """All rows of Zendesk's cursor export; `between` is called with the number of each page."""
    params: dict[str, Any] = {"start_time": 0, "per_page": per_page}
    rows: list[Any] = []
    for number in range(1000):
        page = (await asking.get(CURSOR, params=params)).json()
        rows += page["tickets"]
        if page["end_of_stream"]:
            return rows
        between(number)
        params = {"cursor": page["after_cursor"], "per_page": per_page}
    raise AssertionError("no end")


def nothing(_number: int) -> None:
    pass


LIST = "/api/v2/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at&order_type=asc"


async def follow(asking: httpx.AsyncClient, url: str) -> list[Any]:
    rows: list[Any] = []
    answer = await asking.get(url)
    while True:
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        if "next" not in answer.links:
            return rows
        answer = await asking.get(answer.links["next"]["url"])
