# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.4: callers who are not who they say, or may not do what they ask (A)."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from refusals import CANARY, ask, lasting_world, nothing_written, refused, without_instance
from world import LONG_AGO, World

from services.demo import zendesk
from services.local import ADMIN_ID
from shared.crypto import key_for
from shared.local_issuer import ISSUER, KID, LocalIssuer

QUERY = {"query": "{ viewer { id } }"}


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


def claims(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole = {
        "iss": ISSUER, "aud": "assay-api", "sub": str(ADMIN_ID),
        "iat": now, "exp": now + timedelta(minutes=5),
    } | more  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


def ours(world: World, *, header: Any = None, **more: Any) -> str:
    """Signed with our own key: only what it says is wrong."""
    key = Ed25519PrivateKey.from_private_bytes(key_for(world.app.state.settings, "local issuer"))
    said = {
        name: int(value.timestamp()) if isinstance(value, datetime) else value
        for name, value in claims(**more).items()
    }
    headers = {"typ": "at+jwt", "kid": KID} | (header or {})
    return jwt.PyJWS().encode(json.dumps(said).encode(), key, "EdDSA", headers=headers)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(algorithm: str) -> str:
    now = int(datetime.now(UTC).timestamp())
    said = claims(iat=now, exp=now + 60)
    return f"{part({'alg': algorithm, 'typ': 'at+jwt'})}.{part(said)}."


def soon(**more: Any) -> datetime:
    return datetime.now(UTC) + timedelta(**more)


TOKEN_HEADERS = {"typ": "at+jwt", "kid": KID}


def public_key_of(world: World) -> str:
    (key,) = LocalIssuer(world.app.state.settings).jwks()["keys"]
    return str(key["x"])


RSA_KEY = rsa.generate_private_key(65537, 2048)

TOKENS: list[Any] = [
    pytest.param(lambda w: "", id="A1-empty"),
    pytest.param(lambda w: CANARY, id="A1-no-token"),
    pytest.param(lambda w: f"{CANARY}.{CANARY}.{CANARY}", id="A1-three-parts"),
    pytest.param(lambda w: "..", id="A1-two-dots"),
    pytest.param(lambda w: ours(w)[:-1], id="A1-signature-cut"),
    pytest.param(lambda w: ours(w) + "A", id="A1-signature-longer"),
    pytest.param(lambda w: ours(w) + " x", id="A1-something-behind"),
    pytest.param(lambda w: "é" * 20, id="A1-not-ascii"),
    pytest.param(lambda w: f"{part(b'[' * 5000)}.{part({})}.x", id="A1-deep-header"),
    pytest.param(lambda w: f"{part(b'9' * 5000)}.{part({})}.x", id="A1-endless-number"),
    pytest.param(lambda w: f"{part(b'null')}.{part({})}.x", id="A1-header-is-null"),
    pytest.param(lambda w: unsigned("none"), id="A2-alg-none"),
    pytest.param(lambda w: unsigned("None"), id="A2-alg-none-in-capitals"),
    pytest.param(lambda w: unsigned("HS256"), id="A2-no-signature"),
    pytest.param(lambda w: jwt.encode(claims(), Ed25519PrivateKey.generate(), "EdDSA", headers=TOKEN_HEADERS), id="A2-other-key"),
    pytest.param(lambda w: jwt.encode(claims(), RSA_KEY, "RS256", headers=TOKEN_HEADERS), id="A2-other-algorithm"),
    pytest.param(lambda w: jwt.encode(claims(), public_key_of(w), "HS256", headers=TOKEN_HEADERS), id="A2-hs256-with-our-public-key"),
    pytest.param(lambda w: ours(w, header={"kid": "unknown"}), id="A3-unknown-kid"),
    pytest.param(lambda w: ours(w, header={"kid": "../../etc/passwd"}), id="A3-kid-is-a-path"),
    pytest.param(lambda w: f"{part({'alg': 'EdDSA', 'typ': 'at+jwt'})}.{ours(w).split('.', 1)[1]}", id="A3-no-kid"),
    pytest.param(lambda w: f"{part({'alg': 'EdDSA', 'typ': 'at+jwt', 'kid': 7})}.{ours(w).split('.', 1)[1]}", id="A3-kid-is-a-number"),
    pytest.param(lambda w: ours(w, header={"kid": "x" * 5000}), id="A3-endless-kid"),
    pytest.param(
        lambda w: jwt.encode(
            claims(), Ed25519PrivateKey.from_private_bytes(key_for(w.app.state.settings, "cursors")), "EdDSA", headers=TOKEN_HEADERS
        ),
        id="A2-key-of-another-purpose",
    ),
    pytest.param(lambda w: ours(w, iat=soon(hours=-2), exp=soon(hours=-1)), id="A4-expired"),
    pytest.param(lambda w: ours(w, iat=soon(minutes=5), exp=soon(minutes=10)), id="A4-issued-tomorrow"),
    pytest.param(lambda w: ours(w, nbf=soon(minutes=5)), id="A4-not-yet"),
    pytest.param(lambda w: ours(w, exp=None), id="A5-no-exp"),
    pytest.param(lambda w: ours(w, exp="never"), id="A5-exp-is-text"),
    pytest.param(lambda w: ours(w, exp=str(2**31)), id="A5-exp-is-a-number-as-text"),
    pytest.param(lambda w: ours(w, exp=float("inf")), id="A5-exp-is-endless"),
    pytest.param(lambda w: ours(w, exp=float("nan")), id="A5-exp-is-nan"),
    pytest.param(lambda w: ours(w, iat=None), id="A5-no-iat"),
    pytest.param(lambda w: ours(w, sub=None), id="A5-no-sub"),
    pytest.param(lambda w: ours(w, exp=datetime(9999, 12, 31, tzinfo=UTC)), id="A6-year-9999"),
    pytest.param(lambda w: ours(w, exp=soon(hours=13)), id="A6-longer-than-we-issue"),
    pytest.param(lambda w: ours(w, iss=ISSUER + ".example"), id="A7-iss-by-prefix"),
    pytest.param(lambda w: ours(w, iss=None), id="A7-no-iss"),
    pytest.param(lambda w: ours(w, iss=[ISSUER]), id="A7-iss-in-a-list"),
    pytest.param(lambda w: ours(w, aud="another"), id="A7-wrong-aud"),
    pytest.param(lambda w: ours(w, aud=None), id="A7-no-aud"),
    pytest.param(lambda w: ours(w, aud=["assay-api", "another"]), id="A8-aud-among-others"),
    pytest.param(lambda w: ours(w, header={"typ": "JWT"}), id="A9-id-token"),
    pytest.param(lambda w: ours(w, header={"typ": None}), id="A9-no-typ"),
    pytest.param(lambda w: ours(w, header={"crit": ["exp"], "exp": 1}), id="A10-crit"),
    pytest.param(lambda w: ours(w, header={"jku": "http://127.0.0.1:9/jwks"}), id="A10-jku"),
    pytest.param(lambda w: ours(w, header={"x5u": "http://127.0.0.1:9/x"}), id="A10-x5u"),
    pytest.param(lambda w: ours(w, header={"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}), id="A10-jwk"),
    pytest.param(lambda w: ours(w, nonce="n"), id="A9-nonce-of-an-id-token"),
    pytest.param(lambda w: ours(w, sub=str(uuid4())), id="A12-nobody"),
    pytest.param(lambda w: ours(w, sub=CANARY), id="A12-sub-is-no-id"),
    pytest.param(lambda w: ours(w, sub=str(ADMIN_ID) + "\x00"), id="A12-sub-with-nul"),
]  # fmt: skip


async def everywhere(world: World, headers: list[tuple[str, str]]) -> list[Any]:
    """The same caller at a read, a write and GraphQL."""
    json_headers = [*headers, ("content-type", "application/json")]
    vendor = b'{"key":"k","name":"n"}'
    return [
        await ask(world.app, "GET", b"/people/viewer", headers),
        await ask(world.app, "POST", b"/people/vendors", json_headers, [vendor]),
        await ask(world.app, "POST", b"/graphql", json_headers, [json.dumps(QUERY).encode()]),
    ]


async def assert_nobody(world: World, headers: list[tuple[str, str]]) -> None:
    nobody = await ask(world.app, "GET", b"/people/viewer")
    async with nothing_written(world):
        answers = await everywhere(world, headers)
    for answer in answers:
        refused(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert without_instance(answer) == without_instance(nobody)
        assert answer.headers.keys() == nobody.headers.keys()


@pytest.mark.parametrize("token", TOKENS)
async def test_a_bad_token_is_answered_like_none(world: World, token: Callable[[World], str]) -> None:
    await assert_nobody(world, [("authorization", f"Bearer {token(world)}")])


HEADERS: list[Any] = [
    pytest.param(lambda t: [], id="A1-none"),
    pytest.param(lambda t: [("authorization", "")], id="A1-empty"),
    pytest.param(lambda t: [("authorization", "Bearer")], id="A1-scheme-only"),
    pytest.param(lambda t: [("authorization", t)], id="A1-no-scheme"),
    pytest.param(lambda t: [("authorization", f"Basic {t}")], id="A1-basic"),
    pytest.param(lambda t: [("authorization", f"Bearer {t}")] * 2, id="A1-two-alike"),
    pytest.param(
        lambda t: [("authorization", f"Bearer {t}"), ("authorization", f"Bearer {CANARY}")],
        id="A1-two-good-first",
    ),
    pytest.param(
        lambda t: [("authorization", f"Bearer {CANARY}"), ("authorization", f"Bearer {t}")],
        id="A1-two-good-last",
    ),
    pytest.param(lambda t: [("authorization", f"Bearer {t}, Bearer {t}")], id="A1-two-in-one"),
    pytest.param(lambda t: [("cookie", f"token={t}"), ("x-api-key", t)], id="A1-elsewhere"),
]


@pytest.mark.parametrize("headers", HEADERS)
async def test_credentials_come_once_and_in_one_form(
    world: World, headers: Callable[[str], list[tuple[str, str]]]
) -> None:
    await assert_nobody(world, headers(ours(world)))


async def test_the_token_that_all_these_differ_from_is_good(world: World) -> None:
    answers = await everywhere(world, [("authorization", f"bearer {ours(world)}")])
    assert [answer.status_code for answer in answers] == [200, 201, 200]


async def test_a10_a_key_in_the_token_is_not_used(world: World) -> None:
    """What the header says about keys is not read, and nothing is fetched."""
    header = {"jwk": {"kty": "oct", "k": "eA"}, "jku": f"http://{CANARY}", "kid": "../../etc/passwd"}
    forged = jwt.encode(claims(), "x" * 32, "HS256", headers={"typ": "at+jwt"} | header)
    await assert_nobody(world, [("authorization", f"Bearer {forged}")])


async def test_a11_a_16_kb_token_is_refused_unread(world: World) -> None:
    headers = [("authorization", "Bearer " + CANARY * 2000)]
    for answer in await everywhere(world, headers):
        refused(answer, 431, "headers-too-large")


async def test_a12_who_has_left_is_nobody_at_once(world: World) -> None:
    person = await world.person("lead")
    headers = [*world.as_(person).items()]
    assert (await ask(world.app, "GET", b"/people/viewer", headers)).status_code == 200
    await world.patch(f"/people/people/{person}", {"is_active": False})
    await assert_nobody(world, headers)
    await world.patch(f"/people/people/{person}", {"is_active": True})
    assert (await ask(world.app, "GET", b"/people/viewer", headers)).status_code == 200


async def test_a13_a_role_in_the_token_grants_nothing(world: World) -> None:
    agent = await world.person("agent")
    token = ours(world, sub=agent, role="admin", scope="*", vendor_id=None)
    async with nothing_written(world):
        answer = await world.client.post(
            "/people/vendors",
            json={"key": CANARY, "name": CANARY},
            headers={"authorization": f"Bearer {token}"},
        )
    refused(answer, 403, "forbidden")


async def test_a17_what_is_another_vendors_looks_as_if_it_were_not_there(world: World) -> None:
    theirs = await world.vendor("theirs")
    manager = await world.person("vendor_manager", vendor_id=theirs)
    await world.connection("zd")
    ticket = zendesk.DemoTicket("31", CANARY, LONG_AGO)
    ticket.created()
    ticket.assign(timedelta(minutes=1))
    await world.tell(ticket)
    [seen] = (await world.get("/feedback/tickets"))["items"]
    for address in ("", "/messages", "/events", "/ratings"):
        path = f"/feedback/tickets/{seen['id']}{address}"
        assert (await world.client.get(path, headers=world.as_())).status_code == 200
        hidden = await world.client.get(path, headers=world.as_(manager))
        missing = await world.client.get(f"/feedback/tickets/{uuid4()}{address}", headers=world.as_(manager))
        refused(hidden, 404, "not-found")
        assert without_instance(hidden) == without_instance(missing)
    found = await world.get(f"/feedback/tickets?external_id=31&vendor_id={seen['vendor_id']}", by=manager)
    assert found == {"items": [], "next": None}


async def test_a18_what_may_be_seen_may_still_not_be_done(world: World) -> None:
    analyst = await world.person("analyst")
    async with nothing_written(world):
        answer = await world.client.post("/audit/audits/claim-next", headers=world.as_(analyst))
        refused(answer, 403, "forbidden")
        answer = await world.client.get("/feedback/connections", headers=world.as_(analyst))
        refused(answer, 403, "forbidden")
