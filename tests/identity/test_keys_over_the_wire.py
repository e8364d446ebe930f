"""An issuer's keys over real sockets: what hangs, drips or sends nonsense costs little, and it comes back."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from listening_provider import CONFIGURATION, JWKS, Provider, provider

from shared import jwks
from shared.jwks import Keys, KeysUnavailable


@pytest.fixture
async def issuer() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as made:
        yield made


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def settled(keys: Keys) -> None:
    """When what was asked beside a request has been answered."""
    if keys._asking:
        await keys._asking


async def test_many_who_wait_for_an_issuer_that_hangs_wait_once(
    issuer: Provider, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "ASK_S", 0.3)
    issuer.delay_s = 5
    keys = Keys(issuer.url, client)
    began = time.monotonic()
    found = await asyncio.gather(*(keys.find("first") for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in found} == {KeysUnavailable}
    assert time.monotonic() - began < 2
    assert issuer.count(CONFIGURATION) == 1
    with pytest.raises(KeysUnavailable):  # at once
        await keys.find("first")
    assert issuer.count(CONFIGURATION) == 1


async def test_an_issuer_that_drips_is_given_up(
    issuer: Provider, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time; the document as a whole does not."""
    monkeypatch.setattr(jwks, "ASK_S", 0.3)
    issuer.drip_s = 0.05
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        await Keys(issuer.url, client).find("first")
    assert time.monotonic() - began < 2


async def test_whoever_goes_away_ends_nobody_elses_wait(issuer: Provider, client: httpx.AsyncClient) -> None:
    issuer.delay_s = 0.1
    keys = Keys(issuer.url, client)
    first, second = (asyncio.create_task(keys.find("first")) for _ in range(2))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second is not None
    assert issuer.count(CONFIGURATION) == 1


async def test_known_keys_serve_at_once_while_the_issuer_hangs(
    issuer: Provider, client: httpx.AsyncClient
) -> None:
    clock = Clock()
    keys = Keys(issuer.url, client, now=clock)
    await keys.find("first")
    issuer.delay_s, clock.now = 5, 2 * jwks.MAX_AGE_S
    began = time.monotonic()
    for _ in range(50):
        assert await keys.find("first") is not None
    assert time.monotonic() - began < 0.5
    await keys.close()
    assert issuer.count(CONFIGURATION) <= 2


async def test_a_key_that_the_issuer_withdrew_ends_though_nobody_names_an_unknown_one(
    issuer: Provider, client: httpx.AsyncClient
) -> None:
    clock = Clock()
    keys = Keys(issuer.url, client, now=clock)
    assert await keys.find("first") is not None
    issuer.add_key("second")
    del issuer.keys["first"]
    clock.now = jwks.MAX_AGE_S + 1
    await keys.find("first")  # is the occasion to ask
    await settled(keys)
    assert await keys.find("first") is None
    assert await keys.find("second") is not None


async def test_a_new_key_that_came_during_an_outage_is_found_a_second_after_it(
    issuer: Provider, client: httpx.AsyncClient
) -> None:
    clock = Clock()
    keys = Keys(issuer.url, client, now=clock)
    await keys.find("first")
    issuer.add_key("second")
    issuer.status, clock.now = 500, jwks.REFRESH_S + 1
    for _ in range(20):
        with pytest.raises(KeysUnavailable):  # it may be a good one: come back
            await keys.find("second")
    assert issuer.count(CONFIGURATION) == 2
    assert await keys.find("first") is not None
    issuer.status, clock.now = 200, clock.now + jwks.RETRY_S
    assert await keys.find("second") is not None


NONSENSE: list[Callable[[Provider], object]] = [
    lambda one: one.about.update(jwks_uri="http://[bad"),
    lambda one: one.about.update(jwks_uri="http://a\nb"),
    lambda one: one.about.update(jwks_uri=7),
    lambda one: one.about.update(issuer=one.url + "/"),
    lambda one: one.raw.update({CONFIGURATION: b"[" * 100_000}),
    lambda one: one.raw.update({CONFIGURATION: b"[]"}),
    lambda one: one.raw.update({JWKS: b'{"keys":' + b"[" * 100_000}),
    lambda one: one.raw.update({JWKS: b'{"keys": 5}'}),
    lambda one: one.raw.update({JWKS: json.dumps(one.jwks()).encode() + b" " * jwks.MAX_DOCUMENT_BYTES}),
    lambda one: one.raw.update({JWKS: b"\xff\xfe"}),
    lambda one: setattr(one, "status", 302),
]


@pytest.mark.parametrize("spoil", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_an_issuer_that_does_not_answer(
    issuer: Provider, client: httpx.AsyncClient, spoil: Callable[[Provider], object]
) -> None:
    clock = Clock()
    keys = Keys(issuer.url, client, now=clock)
    spoil(issuer)
    with pytest.raises(KeysUnavailable):
        await keys.find("first")
    assert "/elsewhere" not in issuer.asked  # a redirect is not followed
    issuer.about.clear()
    issuer.raw.clear()
    issuer.status, clock.now = 200, jwks.RETRY_S
    assert await keys.find("first") is not None


@pytest.mark.parametrize(
    "entry",
    [
        5, None, {}, {"kty": "EC", "crv": "P-256", "x": "!!", "y": "", "kid": "z"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "kid": "z"},
        {"kty": "OKP", "crv": "Ed25519", "x": 7, "kid": "z"}, {"kty": "new", "kid": "z"},
        {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB", "kid": "z"},
    ],
)  # fmt: skip
async def test_one_entry_that_is_no_key_of_ours_leaves_the_others_good(
    issuer: Provider, client: httpx.AsyncClient, entry: object
) -> None:
    issuer.more_keys.append(entry)
    keys = Keys(issuer.url, client)
    assert await keys.find("first") is not None
    assert await keys.find("z") is None


async def test_keys_of_a_secure_issuer_are_not_read_in_the_open() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"issuer": "https://id", "jwks_uri": "http://id/keys"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(KeysUnavailable):
            await Keys("https://id", client).find("first")
    assert asked == [f"https://id{CONFIGURATION}"]
