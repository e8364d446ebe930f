"""Tokens that could make us answer 5xx, and tokens that stood where they must not."""

import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from listening_provider import AUDIENCE, Provider, provider
from refusals import ask, lasting_world, nothing_written, refused, rows
from sqlalchemy import text
from world import World

from shared import service_tokens
from shared.config import Issuer
from shared.tokens import Verifier


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Provider]:
    async with provider() as made:
        yield made


@pytest.fixture(scope="module")
async def world(postgres: str, issuer: Provider) -> AsyncIterator[World]:
    taken = Issuer(issuer=issuer.url, audience=AUDIENCE, roles_claim="groups", roles={"qa": "lead"})
    async with lasting_world(postgres, oidc_issuers=(taken,)) as made:
        yield made


async def asked(world: World, token: str, path: str = "/feedback/tickets") -> Any:
    return await world.client.get(path, headers={"authorization": f"Bearer {token}"})


async def program(world: World) -> dict[str, Any]:
    body = {"name": "export", "scopes": ["tickets.read", "tickets.import"]}
    return dict(await world.post("/people/service-tokens", body))


# ---- Of an issuer -----------------------------------------------------------------------------------


async def test_a_subject_comes_in_over_sockets_by_discovery(world: World, issuer: Provider) -> None:
    person = await world.person("lead")
    await world.post(f"/people/people/{person}/logins", {"issuer": issuer.url, "subject": "mara"})
    answer = await asked(world, issuer.token("mara", groups=["qa"]), "/people/viewer")
    assert answer.json()["id"] == person


@pytest.mark.parametrize("subject", ["\ud800", "a\x00b", "", 7, ["mara"], {"sub": "mara"}, "x" * 256])
async def test_a_subject_that_no_table_holds_is_nobody(world: World, issuer: Provider, subject: Any) -> None:
    refused(await asked(world, issuer.token(subject, groups=["qa"])), 401, "unauthenticated")


@pytest.mark.parametrize("groups", [None, 7, {"qa": True}, [["qa"]], [None], "q a"])
async def test_a_claim_of_roles_of_another_kind_names_none(
    world: World, issuer: Provider, groups: Any
) -> None:
    person = await world.person("lead")
    subject = f"lead-{person}"
    await world.post(f"/people/people/{person}/logins", {"issuer": issuer.url, "subject": subject})
    refused(await asked(world, issuer.token(subject, groups=groups)), 403, "role-not-in-token")


async def test_a_role_that_is_none_of_ours_is_refused_at_the_start() -> None:
    odd = Issuer(issuer="https://id", audience="a", roles_claim="groups", roles={"qa": "boss"})
    async with httpx.AsyncClient() as client:
        with pytest.raises(ValueError, match="boss"):
            Verifier([(odd, client)])


# ---- Of programs ------------------------------------------------------------------------------------


def summed(body: str) -> str:
    """Anybody can make the checksum."""
    return f"{body}{zlib.crc32(body.encode()):08x}"


ODD = [
    summed(f"assay_st_\x00bcdefg_{'0' * 64}"), summed(f"assay_st_{'0' * 64}"), summed("assay_st_"),
    summed(f"assay_st_{'a' * 3000}_{'0' * 64}"), summed(f"assay_st_abcdefgh_{'0' * 63}"),
    summed(f"assay_st_ABCDEFGH_{'0' * 64}"), summed(f"assay_st_abcdefgh_{'0' * 64}\n"),
    f"assay_st_abcdefgh_{'0' * 72}", "assay_st_", "assay_st_\ud800",
]  # fmt: skip


@pytest.mark.parametrize("token", ODD, ids=range(len(ODD)))
def test_what_only_looks_like_a_service_token_is_none(token: str) -> None:
    assert service_tokens.parse(token) is None
    good = service_tokens.make()[1]
    assert service_tokens.find_in(f"{token} {good}!") == [good]


async def test_a_made_up_token_in_an_address_is_no_error_of_ours(world: World) -> None:
    headers = [*world.as_().items()]
    nul = summed(f"assay_st_%00bcdefg_{'0' * 64}".replace("%00", "\x00")).replace("\x00", "%00")
    answer = await ask(world.app, "GET", f"/people/viewer?x={nul}".encode(), headers)
    refused(answer, 422, "validation-failed")
    unknown = summed(f"assay_st_abcdefgh_{'0' * 64}")
    async with nothing_written(world):
        answer = await ask(world.app, "GET", f"/people/viewer?x={unknown}".encode(), headers)
    refused(answer, 401, "unauthenticated")


PLACES = [
    "GET /feedback/tickets?access_token={}", "GET /feedback/tickets?x=Bearer%20{}", "GET /people/viewer?{}",
    "GET /people/people/{}", "GET /nowhere?t={}", "GET /{}", "POST /graphql?token={}",
    "POST /graphql?token=%61ssay_st_{}", "GET /healthz?token={}", "GET /feedback/intake/zendesk/{}",
    "DELETE /people/viewer?token={}",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_a15_wherever_in_an_address_a_token_stood_it_is_good_for_nothing_more(
    world: World, place: str
) -> None:
    made = await program(world)
    token = made["token"]
    assert (await asked(world, token)).status_code == 200
    method, _, path = place.partition(" ")
    target = path.format(token.removeprefix("assay_st_") if "%61" in path else token)
    answer = await ask(world.app, method, target.encode(), [*world.as_().items()])
    refused(answer, 401, "unauthenticated", canary=token)
    refused(await asked(world, token), 401, "unauthenticated")
    tokens = (await world.get("/people/service-tokens"))["items"]
    assert [one["revoked_because"] for one in tokens if one["id"] == made["id"]] == [
        "It stood in an address."
    ]


async def test_a_leak_is_entered_in_the_trail(world: World) -> None:
    made = await program(world)
    for _ in range(2):  # once: the second time there is nothing to revoke
        await ask(world.app, "GET", f"/nowhere?t={made['token']}".encode())
    async with world.db.transaction() as session:
        await session.execute(text("SET LOCAL assay.migrating = 'on'"))
        entered = await session.execute(
            text("SELECT action, changes FROM trail_entry WHERE actor_id = :id"), {"id": made["id"]}
        )
    [(action, [change])] = entered.all()
    assert (action, change["ids"], change["change"]) == ("service_tokens.leaked", [made["id"]], "changed")


async def test_where_the_database_is_away_a_leaked_token_is_still_not_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await program(world)
    async with world.db.transaction() as session:
        await session.execute(text("ALTER FUNCTION revoke_leaked(text, bytea) RENAME TO away"))
    answer = await ask(world.app, "GET", f"/nowhere?t={made['token']}".encode())
    async with world.db.transaction() as session:
        await session.execute(text("ALTER FUNCTION away(text, bytea) RENAME TO revoke_leaked"))
    refused(answer, 503, "overloaded")


async def test_a_token_that_was_replaced_can_be_revoked_before_its_time(world: World) -> None:
    old = await program(world)
    new = await world.post(f"/people/service-tokens/{old['id']}/rotate", {"overlap_hours": 24})
    await world.post(f"/people/service-tokens/{old['id']}/revoke", {"reason": "it leaked"}, status=200)
    refused(await asked(world, old["token"]), 401, "unauthenticated")
    assert (await asked(world, new["token"])).status_code == 200
    await world.post(f"/people/service-tokens/{old['id']}/revoke", {"reason": "again"}, status=409)


async def test_whoever_uses_a_token_does_not_wait_for_another_who_does(world: World) -> None:
    """When it was used last is noted by one of them; the others pass by."""
    made = await program(world)
    name, digest = service_tokens.parse(made["token"]) or ("", b"")
    noting = text("SELECT id FROM find_service(:name, :digest)")
    async with world.app.state.db.transaction() as slow:
        await slow.execute(noting, {"name": name, "digest": digest})  # holds the row until it ends
        async with world.app.state.db.transaction() as session:
            await session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            assert await session.scalar(noting, {"name": name, "digest": digest})


async def test_no_table_holds_a_token(world: World) -> None:
    body = {"name": "export", "scopes": ["tickets.read"]}
    made = await world.post("/people/service-tokens", body, **{"idempotency-key": "once"})
    await world.post(f"/people/service-tokens/{made['id']}/rotate", {"overlap_hours": 1})
    await asked(world, made["token"])
    secret = made["token"].rpartition("_")[2]
    async with world.db.transaction() as session:
        await session.execute(text("SET LOCAL assay.migrating = 'on'"))
        for table in sorted(await rows(world)):
            found = await session.scalars(text(f'SELECT t::text FROM "{table}" t'))
            assert [row for row in found if secret[:64] in row] == [], table
