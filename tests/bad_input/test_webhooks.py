# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.5 and INTAKE.md §1: deliveries that are refused (W)."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deliveries import ADDRESS, body_of, deliver, event
from refusals import CANARY, ask, lasting_world, nothing_written, refused
from world import SECRET, World

from services.demo import zendesk
from services.feedback.intake.sources.zendesk import SIGNATURE, TIMESTAMP, sign

OTHER_SECRET = "another webhook secret for tests"
LIMIT = 1_048_576


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        await made.connection("zd")
        await made.connection("other", secret=OTHER_SECRET)
        yield made


async def refusals(world: World, reason: str) -> float:
    """The counter that an operator sees."""
    metrics = (await world.client.get("/metrics")).text
    name = f'assay_webhooks_refused_total{{platform="zendesk",reason="{reason}"}} '
    return sum(float(line.removeprefix(name)) for line in metrics.splitlines() if name in line)


# ---- Not genuine ----------------------------------------------------------------------------------


def stamp(**ago: Any) -> str:
    return (datetime.now(UTC) + timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def headers_for(body: bytes, time: str, *, secret: str = SECRET) -> dict[str, str]:
    return {TIMESTAMP: time, SIGNATURE: sign(secret, time, body)}


def without(name: str, body: bytes) -> dict[str, str]:
    return {key: value for key, value in zendesk.signed(SECRET, body).items() if key != name}


def wrongly(how: str, body: bytes) -> dict[str, str]:
    """The mistakes that signing code is known to make (INTAKE.md §1.2, Z4 to Z7)."""
    time, key = stamp(), SECRET.encode()
    message = {"body first": body + time.encode(), "with a dot": time.encode() + b"." + body}.get(
        how, time.encode() + body
    )
    if how == "key hashed":
        key = hashlib.sha256(key).digest()
    digest = hmac.digest(key, message, hashlib.sha256)
    shown = digest.hex() if how == "hex" else base64.b64encode(digest).decode()
    return {TIMESTAMP: time, SIGNATURE: shown}


NOT_GENUINE: list[Any] = [
    pytest.param(lambda b: {}, id="W2-nothing"),
    pytest.param(lambda b: without(SIGNATURE, b), id="W2-no-signature"),
    pytest.param(lambda b: without(TIMESTAMP, b), id="W2-no-timestamp"),
    pytest.param(lambda b: headers_for(b, stamp()) | {SIGNATURE: ""}, id="W2-empty-signature"),
    pytest.param(lambda b: headers_for(b, stamp()) | {SIGNATURE: CANARY}, id="W2-garbage"),
    pytest.param(lambda b: headers_for(b, stamp()) | {SIGNATURE: "\u00e9" * 44}, id="W2-not-ascii"),
    pytest.param(lambda b: headers_for(b, stamp(), secret=CANARY), id="W2-wrong-secret"),
    pytest.param(lambda b: headers_for(b, stamp(), secret=OTHER_SECRET), id="W6-another-connections-secret"),
    pytest.param(lambda b: headers_for(b, stamp(), secret=""), id="W2-empty-secret"),
    pytest.param(lambda b: headers_for(b + b"\n", stamp()), id="W2-a-newline-more"),
    pytest.param(lambda b: headers_for(body_of(json.loads(b), indent=3), stamp()), id="W2-reserialised"),
    pytest.param(lambda b: headers_for(body_of(json.loads(b), ensure_ascii=False, separators=(",", ":")), stamp()), id="W2-reserialised-tightly"),
    pytest.param(lambda b: headers_for(b, stamp()) | {TIMESTAMP: stamp(seconds=1)}, id="W2-other-timestamp-than-signed"),
    pytest.param(lambda b: wrongly("body first", b), id="W2-body-before-timestamp"),
    pytest.param(lambda b: wrongly("with a dot", b), id="W2-dot-between"),
    pytest.param(lambda b: wrongly("hex", b), id="W2-hex"),
    pytest.param(lambda b: wrongly("key hashed", b), id="W2-other-key"),
    pytest.param(lambda b: headers_for(b, stamp(seconds=-302)), id="W3-stale"),
    pytest.param(lambda b: headers_for(b, stamp(hours=-1)), id="W27-replayed-an-hour-later"),
    pytest.param(lambda b: headers_for(b, stamp(seconds=302)), id="W3-future"),
    pytest.param(lambda b: headers_for(b, "9999-12-31T23:59:59-23:59"), id="W3-end-of-time"),
    pytest.param(lambda b: headers_for(b, "0001-01-01T00:00:00+23:59"), id="W3-before-time"),
    pytest.param(lambda b: headers_for(b, CANARY), id="W4-not-a-time"),
    pytest.param(lambda b: headers_for(b, ""), id="W4-empty"),
    pytest.param(lambda b: headers_for(b, stamp()[:-1]), id="W4-no-zone"),
    pytest.param(lambda b: headers_for(b, str(int(datetime.now(UTC).timestamp()))), id="W4-epoch"),
]  # fmt: skip


@pytest.mark.parametrize("headers", NOT_GENUINE)
async def test_w2_what_is_not_genuine_is_not_read(world: World, headers: Any) -> None:
    body, before = body_of(event()), await refusals(world, "signature-invalid")
    async with nothing_written(world):
        answer = await deliver(world, body, headers(body))
        broken = await deliver(world, b"{" + body, headers(body))
    document = refused(answer, 401, "signature-invalid")
    assert document.keys() == {"type", "title", "status", "instance"}  # one text for all failures
    assert broken.status_code == 401
    assert await refusals(world, "signature-invalid") == before + 2


@pytest.mark.parametrize("seconds", [-295, 295])
async def test_w3_a_little_early_or_late_is_fresh(world: World, seconds: int) -> None:
    body = body_of(event())
    assert (await deliver(world, body, headers_for(body, stamp(seconds=seconds)))).status_code == 200


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(CANARY, id="W7-unknown"),
        pytest.param("x" * 500, id="W7-long"),
        pytest.param("ZD", id="W7-wrong-case"),
        pytest.param("zd%00", id="W7-nul"),
        pytest.param("..%2Fzd", id="W7-dots"),
    ],
)
async def test_w7_unknown_connections_are_not_found(world: World, key: str) -> None:
    body = body_of(event())
    async with nothing_written(world):
        answer = await ask(
            world.app, "POST", f"/feedback/intake/zendesk/{key}".encode(),
            [*zendesk.signed(SECRET, body).items()], [body],
        )  # fmt: skip
    refused(answer, 404, "not-found")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_w16_other_methods(world: World, method: str) -> None:
    body = body_of(event())
    async with nothing_written(world):
        answer = await world.client.request(
            method, ADDRESS, content=body, headers=zendesk.signed(SECRET, body)
        )
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


# ---- Genuine, and refused: the same bytes would come again ------------------------------------------

ACCOUNTS = [
    pytest.param({"account_id": 999}, id="W20-another-account"),
    pytest.param({"account_id": str(zendesk.ACCOUNT) + "0"}, id="W20-nearly"),
    pytest.param({"account_id": None}, id="W20-null"),
    pytest.param({"account_id": True}, id="W20-true"),
    pytest.param({"account_id": [int(zendesk.ACCOUNT)]}, id="W20-in-a-list"),
]


@pytest.mark.parametrize("more", ACCOUNTS)
async def test_another_accounts_event_is_forbidden(world: World, more: dict[str, Any]) -> None:
    before = await refusals(world, "wrong-account")
    async with nothing_written(world):
        answer = await deliver(world, body_of(event(**more)))
    refused(answer, 403, "wrong-account")
    assert await refusals(world, "wrong-account") == before + 1


def spliced(extra: str) -> bytes:
    """An event with this piece of JSON in front."""
    return f"{{{extra},{json.dumps(event())[1:]}".encode()


MALFORMED = [
    pytest.param(b"", id="W13-empty"),
    pytest.param(body_of(event())[:-1], id="W13-cut-off"),
    pytest.param(body_of(event()).replace(CANARY.encode(), b'say "hi"'), id="W13-unescaped-quote"),
    pytest.param(b"<ticket>" + CANARY.encode() + b"</ticket>", id="W16-xml"),
    pytest.param(spliced(f'"a":NaN,"b":"{CANARY}"'), id="R6-nan"),
    pytest.param(spliced('"a":-Infinity'), id="R6-infinity"),
    pytest.param(spliced('"a":1,"a":2'), id="R5-repeated-key"),
    pytest.param(body_of(event()) + b"{}", id="R1-second-document"),
    pytest.param(spliced('"a":' + "[" * 65 + "]" * 65), id="R13-nesting-65"),
    pytest.param(b"[" * 60_000, id="R14-nesting-60000"),
    pytest.param(spliced('"a":' + "9" * 5000), id="R9-5000-digits"),
    pytest.param(body_of(event()).replace(CANARY.encode(), b"\xff\xfe"), id="R3-not-utf8"),
    pytest.param(body_of(event()).decode().encode("utf-16"), id="R4-utf16"),
]


@pytest.mark.parametrize("body", MALFORMED)
async def test_what_is_not_json_is_refused(world: World, body: bytes) -> None:
    before = await refusals(world, "malformed-json")
    async with nothing_written(world):
        answer = await deliver(world, body)
    refused(answer, 400, "malformed-json")
    assert await refusals(world, "malformed-json") == before + 1


async def test_w15_what_is_too_large_is_not_read_to_the_end(world: World) -> None:
    body, before = b" " * (LIMIT + 1), await refusals(world, "payload-too-large")
    signed = [*zendesk.signed(SECRET, body).items()]
    async with nothing_written(world):
        whole = await deliver(world, body)
        chunks = (b" " * 65_536 for _ in range(1000))
        chunked = await ask(world.app, "POST", ADDRESS.encode(), signed, chunks)
    refused(whole, 413, "payload-too-large")
    refused(chunked, 413, "payload-too-large")
    assert chunked.chunks_read == LIMIT // 65_536 + 1
    assert await refusals(world, "payload-too-large") == before + 2


async def test_w15_one_mb_is_not_too_large(world: World) -> None:
    body = body_of(event())
    answer = await deliver(world, body + b" " * (LIMIT - len(body)))
    assert answer.status_code == 200


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyError])
async def test_w24_what_we_did_not_foresee_is_a_503_that_help_desks_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise error(CANARY)

    class Silent:
        def exception(self, *_: Any, **__: Any) -> None: ...

    monkeypatch.setattr("services.feedback.inbox.service.Inbox.receive", fail)
    monkeypatch.setattr("services.feedback.inbox.routes.log", Silent())
    async with nothing_written(world):
        answer = await deliver(world, body_of(event()))
    refused(answer, 503, "overloaded")
    assert int(answer.headers["retry-after"]) < 60
