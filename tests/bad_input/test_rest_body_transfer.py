"""RELIABILITY.md §2.1: how a body comes (R16 to R21, R32): its kind, its length, its pace."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from refusals import CANARY, ask, lasting_world, nothing_written, refused
from world import World

JSON = {"content-type": "application/json"}
VENDORS = "/people/vendors"


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres, body_timeout_s=0.3) as made:
        yield made


def vendor(**more: Any) -> bytes:
    return json.dumps({"key": "brightdesk", "name": "Brightdesk"} | more).encode()


KINDS = [
    pytest.param({"content-type": "text/plain"}, id="R20-text"),
    pytest.param({"content-type": "application/xml"}, id="R20-xml"),
    pytest.param({"content-type": "application/jsonx"}, id="R20-nearly-json"),
    pytest.param({}, id="R20-no-content-type"),
    pytest.param({"content-type": "application/x-www-form-urlencoded"}, id="R20-form"),
    pytest.param({"content-type": "multipart/form-data; boundary=b"}, id="R32-multipart"),
    pytest.param(JSON | {"content-encoding": "gzip"}, id="R19-gzip"),
    pytest.param(JSON | {"content-encoding": "identity, br"}, id="R19-identity-and-br"),
]


@pytest.mark.parametrize("headers", KINDS)
async def test_only_plain_json_is_understood(world: World, headers: dict[str, str]) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 10_000
    async with nothing_written(world):
        answer = await world.client.post(
            VENDORS, content=body + CANARY.encode(), headers=world.as_() | headers
        )
    refused(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "accept",
    [
        pytest.param("text/csv", id="R21-csv"),
        pytest.param(f"text/html, image/{CANARY}", id="R21-html"),
    ],
)
async def test_what_is_not_offered_is_not_acceptable(world: World, accept: str) -> None:
    async with nothing_written(world):
        for method in ("GET", "POST"):
            answer = await world.client.request(
                method, VENDORS, content=vendor(), headers=world.as_() | JSON | {"accept": accept}
            )
            refused(answer, 406, "not-acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*;q=0.5", "text/html, application/json", "Application/JSON", ""]
)
async def test_json_is_acceptable_in_all_its_spellings(world: World, accept: str) -> None:
    answer = await world.client.get(VENDORS, headers=world.as_() | {"accept": accept})
    assert answer.status_code == 200


def endless() -> Iterator[bytes]:
    while True:
        yield CANARY.encode() * 1000


async def test_r16_20_mb_are_refused_unread(world: World) -> None:
    headers = [*world.as_().items(), *JSON.items(), ("content-length", str(20 * 2**20))]
    async with nothing_written(world):
        answer = await ask(world.app, "POST", VENDORS.encode(), headers, endless())
    refused(answer, 413, "payload-too-large")
    assert answer.chunks_read == 0
    assert answer.headers["connection"] == "close"


async def test_r17_a_chunked_body_is_refused_where_it_crosses_the_limit(world: World) -> None:
    headers = [*world.as_().items(), *JSON.items(), ("transfer-encoding", "chunked")]
    async with nothing_written(world):
        answer = await ask(world.app, "POST", VENDORS.encode(), headers, endless())
    refused(answer, 413, "payload-too-large")
    limit, chunk = world.app.state.settings.max_body_bytes, len(CANARY) * 1000
    assert answer.chunks_read == limit // chunk + 1


async def test_r17_with_a_key_and_no_body_expected_the_limit_holds_too(world: World) -> None:
    specialist = await world.person("specialist")
    headers = [*world.as_(specialist).items(), ("idempotency-key", "k")]
    async with nothing_written(world):
        answer = await ask(world.app, "POST", b"/audit/audits/claim-next", headers, endless())
    refused(answer, 413, "payload-too-large")


async def test_r18_a_body_that_does_not_come_is_not_waited_for(world: World) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = world.as_() | JSON | {"content-length": "100"}
    scope = {
        "type": "http", "method": "POST", "path": VENDORS, "raw_path": VENDORS.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    started = time.perf_counter()
    await world.app(scope, receive, send)
    assert time.perf_counter() - started < 3
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["type"] == "/problems/request-timeout"


@pytest.mark.parametrize(
    "length",
    [
        pytest.param("0", id="R18-says-nothing-comes"),
        pytest.param("1", id="R18-says-less"),
        pytest.param("-5", id="R18-negative"),
        pytest.param("abc", id="R18-not-a-number"),
        pytest.param("1_0", id="R18-underscore"),
        pytest.param("²", id="R18-superscript"),
        pytest.param("", id="R18-empty"),
    ],
)
async def test_what_counts_is_what_comes(world: World, length: str) -> None:
    """A server refuses most of these itself; whatever passes is never a 5xx."""
    headers = [*world.as_().items(), *JSON.items(), ("content-length", length)]
    body = vendor(key=f"key-{uuid4()}")
    answer = await ask(world.app, "POST", VENDORS.encode(), headers, [body])
    assert answer.status_code == 201, answer.text
    async with nothing_written(world):
        answer = await ask(world.app, "POST", VENDORS.encode(), headers, endless())
    refused(answer, 413, "payload-too-large")


async def test_r18_a_length_of_5000_digits_is_too_large(world: World) -> None:
    headers = [*world.as_().items(), *JSON.items(), ("content-length", "9" * 5000)]
    answer = await ask(world.app, "POST", VENDORS.encode(), headers, [vendor()])
    refused(answer, 413, "payload-too-large")
