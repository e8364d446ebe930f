"""The short way for known reads answers what the ordinary route does, and refuses nothing by itself."""

import json
from typing import Any

import httpx
import pytest
from world import World

from services.gateway import routes

QUERY = "query Vendors($n: Int!) { tickets(first: $n) { nodes { id } } }"
OWN = "application/graphql-response+json"
BODY = {"query": QUERY, "variables": {"n": 1}, "operationName": "Vendors"}


async def asked(world: World, body: Any = BODY, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = world.as_() | {"content-type": "application/json"} | headers
    return await world.client.post("/graphql", content=content, headers=given)


@pytest.fixture
async def ordinary(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the ordinary route is asked, from here on; the query is known already."""
    assert (await asked(world)).json() == {"data": {"tickets": {"nodes": []}}}
    seen: list[str] = []
    execute = routes.service.execute

    async def noted(request: Any, token: str, given: Any) -> Any:
        seen.append(given.query)
        return await execute(request, token, given)

    monkeypatch.setattr(routes.service, "execute", noted)
    return seen


@pytest.mark.parametrize("accept", ["*/*", "application/json", OWN, f"{OWN}, application/json;q=0.9"])
async def test_a_known_read_goes_the_short_way_and_looks_the_same(
    world: World, ordinary: list[str], accept: str
) -> None:
    # when it is asked plainly, and with a header that makes it go the ordinary way
    short = await asked(world, accept=accept)
    assert ordinary == []
    long = await asked(world, accept=accept, **{"idempotency-key": "k"})
    assert len(ordinary) == 1
    # then nobody can tell, but by the id of the request
    assert (short.status_code, short.content) == (long.status_code, long.content)
    for answer in (short, long):
        del answer.headers["x-request-id"]
    assert short.headers == long.headers


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": ""}, 401, "unauthenticated"),
        ({"authorization": "Bearer nonsense"}, 401, "unauthenticated"),
        ({"accept": "text/html"}, 406, "not-acceptable"),
        ({"content-type": "text/plain"}, 415, "unsupported-media-type"),
        ({"content-encoding": "gzip"}, 415, "unsupported-media-type"),
        ({"idempotency-key": "\x7f" * 300}, 400, "idempotency-key-invalid"),
    ],
)
async def test_what_is_wrong_with_the_headers_is_said_as_ever(
    world: World, ordinary: list[str], change: dict[str, str], status: int, code: str
) -> None:
    answer = await asked(world, **change)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith(code)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{", b'{"query": 5}', b'{"query": ["a"]}', b'{"query": {"a": 1}}', b"\xff",
        json.dumps(BODY | {"more": 1}).encode(),
        json.dumps(BODY | {"variables": [1]}).encode(),
        json.dumps(BODY | {"operationName": 5}).encode(),
        json.dumps(BODY | {"operationName": ["Vendors"]}).encode(),
        b'{"query": "a", "query": "b"}',
        json.dumps(BODY | {"variables": {"n": "\x00"}}).encode(),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_the_body_is_said_as_ever(
    world: World, ordinary: list[str], body: bytes
) -> None:
    answer = await asked(world, body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "variables", [{"n": 0}, {"n": "a"}, {}, None, {"n": None}, {"n": 2**40}, {"n": 1, "m": 1}]
)
async def test_what_is_wrong_with_the_variables_is_said_by_the_resolvers(
    world: World, ordinary: list[str], variables: Any
) -> None:
    answer = await asked(world, BODY | {"variables": variables})
    again = await asked(world, BODY | {"variables": variables}, **{"idempotency-key": "k"})
    assert answer.status_code == again.status_code == 200
    assert answer.json().get("data") == again.json().get("data")


async def test_parameters_in_the_address_are_refused_as_ever(world: World, ordinary: list[str]) -> None:
    answer = await world.client.post("/graphql?a=1", json=BODY, headers=world.as_())
    assert answer.status_code == 422


async def test_a_body_in_many_parts_is_read_whole(world: World, ordinary: list[str]) -> None:
    async def parts(whole: bytes) -> Any:
        for start in range(0, len(whole), 9):
            yield whole[start : start + 9]

    for body, ways in ((BODY, 0), (BODY | {"variables": {"n": 1, "m": "x" * 70_000}}, 1)):
        whole = json.dumps(body).encode()
        length = {"content-type": "application/json", "content-length": str(len(whole))}
        answer = await world.client.post("/graphql", content=parts(whole), headers=world.as_() | length)
        assert answer.json() == {"data": {"tickets": {"nodes": []}}}
        assert len(ordinary) == ways  # what is long goes the ordinary way, whole
