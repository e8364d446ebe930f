"""From a token to what may be done: logins, roles and scopes that a token leaves, tokens for programs."""

import asyncio
from typing import Any

import pytest
from provider import ISSUER, Provider, verifier_of
from typer.testing import CliRunner
from world import World

from services.cli import app as cli
from services.run import create_app
from shared import local_issuer
from shared.config import Issuer, Settings, settings_from_environment
from shared.local_issuer import NotForProduction


async def ask(
    world: World, token: str, method: str = "GET", path: str = "/people/viewer", **more: Any
) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    return await world.client.request(method, path, headers=headers, **more)


@pytest.fixture
async def outside(world: World, provider: Provider) -> World:
    """A world that takes the provider's tokens."""
    world.app.state.verifier = verifier_of(
        provider, roles_claim="groups", roles={"qa": "specialist", "leads": "lead"}, scope_claim="scope"
    )
    return world


@pytest.fixture
async def mara(world: World) -> str:
    """A specialist who comes in as mara@id."""
    person = await world.person("specialist", "Mara")
    await world.post(f"/people/people/{person}/logins", {"issuer": ISSUER, "subject": "mara@id"})
    return person


async def test_a_subject_comes_in_as_the_person_they_were_tied_to(
    mara: str, outside: World, provider: Provider
) -> None:
    assert (await ask(outside, provider.token(groups=["qa"]))).json()["id"] == mara
    assert (await ask(outside, provider.token(groups=["qa"], sub="stranger"))).status_code == 401


async def test_a13_a_raised_role_in_the_token_raises_nothing(
    mara: str, outside: World, provider: Provider
) -> None:
    answer = await ask(outside, provider.token(groups=["leads"]))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-not-in-token")
    both = await ask(outside, provider.token(groups=["leads", "qa"]))
    assert both.json()["role"] == "specialist"


async def test_a16_scopes_leave_less_and_never_more(mara: str, outside: World, provider: Provider) -> None:
    token = provider.token(groups=["qa"], scope="tickets.read audits.* people.create")
    assert (await ask(outside, token, path="/feedback/tickets")).status_code == 200
    assert (await ask(outside, token, path="/audit/audits")).status_code == 200
    refused = await ask(outside, token, path="/appeals")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
    everything = provider.token(groups=["qa"], scope="viewer.read tickets.read")
    assert (await ask(outside, everything)).json()["allowed_actions"] == ["tickets.read", "viewer.read"]
    person = {"name": "x", "role": "agent"}
    assert (await ask(outside, token, "POST", "/people/people", json=person)).status_code == 403


async def test_a_login_that_was_taken_away_opens_nothing(world: World, mara: str, provider: Provider) -> None:
    query = {"issuer": ISSUER, "subject": "mara@id"}
    gone = await world.client.delete(f"/people/people/{mara}/logins", params=query, headers=world.as_())
    assert gone.status_code == 204
    world.app.state.verifier = verifier_of(provider)
    assert (await ask(world, provider.token())).status_code == 401


async def test_a_subject_is_one_person(world: World, mara: str) -> None:
    other = await world.person("agent")
    body = {"issuer": ISSUER, "subject": "mara@id"}
    await world.post(f"/people/people/{other}/logins", body, status=409)
    assert [one["subject"] for one in await world.get(f"/people/people/{mara}/logins")] == ["mara@id"]


# ---- Tokens for programs ----------------------------------------------------------------------------


async def made(world: World, **more: Any) -> dict[str, Any]:
    return dict(
        await world.post("/people/service-tokens", {"name": "export", "scopes": ["tickets.read"]} | more)
    )


async def test_a_program_reads_what_its_scopes_name_and_is_noted(world: World) -> None:
    token = await made(world)
    assert (await ask(world, token["token"], path="/feedback/tickets")).status_code == 200
    refused = await ask(world, token["token"], path="/audit/audits")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
    (listed,) = (await world.get("/people/service-tokens"))["items"]
    assert listed["last_used_at"] is not None
    assert "token" not in listed


async def test_a_program_of_a_vendor_sees_that_vendors_rows(world: World) -> None:
    vendor, other = await world.vendor("one"), await world.vendor("two")
    await world.connection("zd", vendor_id=vendor)
    await world.solved_ticket()
    for whose, count in ((vendor, 1), (other, 0), (None, 1)):
        token = (await made(world, vendor_id=whose))["token"]
        assert len((await ask(world, token, path="/feedback/tickets")).json()["items"]) == count


async def test_a_program_asks_graphql_too(world: World) -> None:
    token = (await made(world))["token"]
    query = {"query": "{ tickets { nodes { id } } }"}
    answer = await ask(world, token, "POST", "/graphql", json=query)
    assert answer.json()["data"] == {"tickets": {"nodes": []}}


@pytest.mark.parametrize("scope", ["appeals.rule", "people.create", "*", "tickets", "nothing.read"])
async def test_no_program_gets_what_only_people_may(world: World, scope: str) -> None:
    answer = await world.post("/people/service-tokens", {"name": "x", "scopes": [scope]}, status=422)
    assert answer["errors"][0]["pointer"] == "/scopes/0"


async def test_a14_every_token_that_is_not_good_is_answered_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = (await made(world))["token"]
    revoked = await made(world)
    await world.post(f"/people/service-tokens/{revoked['id']}/revoke", {"reason": "x"}, status=200)
    expired = await made(world, days=1)
    other_secret = good[:-72] + "0" * 64 + good[-8:]
    answers = [await ask(world, token) for token in (revoked["token"], other_secret, good[:-1], "assay_st_")]
    async with world.db.transaction() as session:
        from sqlalchemy import text

        await session.execute(
            text("UPDATE service_token SET expires_at = now() WHERE id = :id"), {"id": expired["id"]}
        )
    answers.append(await ask(world, expired["token"]))
    bodies = {one.text.replace(one.headers["x-request-id"], "") for one in answers}
    assert {one.status_code for one in answers} == {401}
    assert len(bodies) == 1
    assert (await ask(world, good, path="/feedback/tickets")).status_code == 200


async def test_both_tokens_work_while_one_takes_the_others_place(world: World) -> None:
    old = await made(world)
    new = await world.post(f"/people/service-tokens/{old['id']}/rotate", {"overlap_hours": 1})
    for token in (old["token"], new["token"]):
        assert (await ask(world, token, path="/feedback/tickets")).status_code == 200
    gone = await world.post(f"/people/service-tokens/{new['id']}/rotate", {"overlap_hours": 0})
    assert (await ask(world, new["token"])).status_code == 401
    assert (await ask(world, gone["token"], path="/feedback/tickets")).status_code == 200
    await world.post(f"/people/service-tokens/{old['id']}/rotate", {"overlap_hours": 1}, status=409)


async def test_a15_a_token_that_stood_in_an_address_is_good_for_nothing_more(world: World) -> None:
    token = (await made(world))["token"]
    answer = await world.client.get("/feedback/tickets", params={"access_token": token})
    assert answer.status_code == 401
    assert (await ask(world, token, path="/feedback/tickets")).status_code == 401
    (listed,) = (await world.get("/people/service-tokens"))["items"]
    assert listed["revoked_because"] == "It stood in an address."


async def test_what_is_shown_once_is_not_kept_for_a_repeat(world: World) -> None:
    body = {"name": "x", "scopes": ["tickets.read"]}
    first = await world.post("/people/service-tokens", body, **{"idempotency-key": "k"})
    again = await world.post("/people/service-tokens", body, **{"idempotency-key": "k"})
    assert first["token"].startswith("assay_st_")
    assert again == first | {"token": None}


async def test_when_a_token_was_used_is_written_once_a_minute(world: World) -> None:
    token = (await made(world))["token"]
    await asyncio.gather(*(ask(world, token, path="/feedback/tickets") for _ in range(10)))
    first = (await world.get("/people/service-tokens"))["items"][0]["last_used_at"]
    await ask(world, token, path="/feedback/tickets")
    assert (await world.get("/people/service-tokens"))["items"][0]["last_used_at"] == first


# ---- Production -------------------------------------------------------------------------------------


def test_in_production_nothing_starts_on_our_own_tokens(settings: Settings) -> None:
    with pytest.raises(NotForProduction, match="ASSAY_OIDC_ISSUERS"):
        create_app(settings.model_copy(update={"environment": "production"}))


@pytest.mark.parametrize("url", ["http://id.example.com", local_issuer.ISSUER])
def test_in_production_no_keys_are_read_in_the_open(settings: Settings, url: str) -> None:
    """Nor may an issuer take the name of our own, whose subjects are people's ids."""
    issuers = (Issuer(issuer=ISSUER, audience="assay"), Issuer(issuer=url, audience="assay"))
    more = {"environment": "production", "oidc_issuers": issuers}
    with pytest.raises(NotForProduction, match="not https"):
        create_app(settings.model_copy(update=more))


async def test_in_production_our_own_tokens_open_nothing(settings: Settings, world: World) -> None:
    issuers = (Issuer(issuer=ISSUER, audience="assay"),)
    production = settings.model_copy(update={"environment": "production", "oidc_issuers": issuers})
    app = create_app(production)
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://assay") as client:
        assert (await client.get("/people/viewer", headers=world.as_())).status_code == 401
        assert (await client.get("/identity/jwks")).status_code == 404
    for close in app.state.at_the_end:
        await close()


def test_the_command_says_why_it_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("ASSAY_SECRET_KEY", settings.secret_key.get_secret_value())
    monkeypatch.setenv("ASSAY_ENVIRONMENT", "production")
    settings_from_environment.cache_clear()
    for words in (["serve"], ["up"], ["token"]):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 2, done.output
        assert "ASSAY_OIDC_ISSUERS" in done.output
    settings_from_environment.cache_clear()
