"""A connection to each kind of help desk: what it needs, what it never shows, and what it refuses."""

import base64
import json
from typing import Any

import pytest
from world import LONG_AGO, SECRET, World

from services.demo import zendesk
from services.feedback.connections.schemas import EXAMPLES
from shared.config import Settings

PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
SIGNING = "whsec_" + base64.b64encode(b"a signing key of 32 bytes, or so").decode()
BODIES: dict[str, dict[str, Any]] = {
    "zendesk": {"account_id": "20417733", "secret": SECRET},
    "salesforce": {"account_id": "00D5g00000K7hQzEAJ", "secret": SIGNING, "path_token": "a-path-token-0001"},
    "freshdesk": {
        "account_id": "desk.freshdesk.com", "user": "intake", "secret": "a password",
        "token": "a secret of the header",
    },
    "generic": {"secret": SIGNING},
}  # fmt: skip
HOSTS = {
    "zendesk": "https://a.zendesk.com", "salesforce": "https://a.my.salesforce.com",
    "freshdesk": "https://a.freshdesk.com",
}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"help_desk_hosts": ("desk.example.com",)})


def new(platform: str, **more: Any) -> dict[str, Any]:
    return {"key": "c", "name": "C", "platform": platform} | BODIES[platform] | more


async def pointers(world: World, body: dict[str, Any]) -> set[str]:
    answer = await world.post("/feedback/connections", body, status=422)
    return {fault["pointer"] for fault in answer["errors"]}


@pytest.mark.parametrize("kind", EXAMPLES)
async def test_the_examples_of_the_docs_are_taken(world: World, kind: str) -> None:
    await world.post("/feedback/connections", EXAMPLES[kind])
    shown = world.app.openapi()["paths"]["/feedback/connections"]["post"]["requestBody"]
    assert shown["content"]["application/json"]["examples"][kind] == {"value": EXAMPLES[kind]}


@pytest.mark.parametrize("platform", BODIES)
async def test_a_connection_shows_everything_but_its_secrets(world: World, platform: str) -> None:
    host = HOSTS.get(platform)
    api = {"base_url": host, "user": "someone", "secret": "an api secret"} if host else None
    made = await world.post("/feedback/connections", new(platform, api=api))
    shown = json.dumps([made, await world.get(f"/feedback/connections/{made['id']}")])
    for secret in ("secret", "path_token", "token", "user"):
        assert BODIES[platform].get(secret, "nothing like it") not in shown
    assert "an api secret" not in shown
    assert made["platform"] == platform


@pytest.mark.parametrize(
    ("platform", "missing", "pointer"),
    [("zendesk", "secret", "/secret"), ("zendesk", "account_id", "/account_id"),
     ("freshdesk", "token", "/token"), ("freshdesk", "user", "/user"), ("generic", "secret", "/secret")],
)  # fmt: skip
async def test_what_a_platform_needs_is_asked_for_by_name(
    world: World, platform: str, missing: str, pointer: str
) -> None:
    body = {name: value for name, value in new(platform).items() if name != missing}
    assert await pointers(world, body) == {pointer}


async def test_salesforce_needs_one_of_its_two_proofs(world: World) -> None:
    neither = new("salesforce", secret=None, path_token=None)
    assert await pointers(world, neither) == {"/secret"}
    await world.post("/feedback/connections", new("salesforce", secret=None))


@pytest.mark.parametrize("platform", ["salesforce", "generic"])
async def test_a_signing_key_has_its_form(world: World, platform: str) -> None:
    for wrong in ("no prefix, no base64", "whsec_AAAA", "whsec_****************************"):
        assert await pointers(world, new(platform, secret=wrong)) == {"/secret"}


async def test_the_secret_that_zendesk_publishes_is_for_test_connections_only(world: World) -> None:
    assert await pointers(world, new("zendesk", secret=PUBLIC)) == {"/secret"}
    made = await world.post("/feedback/connections", new("zendesk"))
    path = f"/feedback/connections/{made['id']}/rotate-secret"
    await world.post(path, {"secret": PUBLIC}, status=422)
    await world.post("/feedback/connections", new("zendesk", key="t", secret=PUBLIC, is_test=True))


async def test_what_a_test_connection_is_told_is_in_no_figure(world: World) -> None:
    # given a rated ticket in a test connection, and one in a live one
    await world.connection("zd-test", is_test=True)
    await world.connection("zd")
    for key in ("zd-test", "zd"):
        ticket = zendesk.DemoTicket("1", "A question", LONG_AGO)
        ticket.created()
        ticket.rate(zendesk.m(5), "GOOD")
        await world.tell(ticket, key=key)
    # then only the live one counts
    [value] = (await world.get("/kpi/metrics/csat"))["values"]
    assert value["n"] == 1


@pytest.mark.parametrize(
    "base_url",
    ["http://a.zendesk.com", "https://zendesk.com.example.org", "https://169.254.169.254",
     "https://localhost", "https://a.freshdesk.com", "https://azendesk.com"],
)  # fmt: skip
async def test_only_the_help_desk_itself_is_asked_with_a_secret_in_hand(world: World, base_url: str) -> None:
    api = {"base_url": base_url, "user": "a@b.c", "secret": "12345678"}
    assert await pointers(world, new("zendesk", api=api)) == {"/api/base_url"}


async def test_a_host_of_ones_own_can_be_named_in_the_settings(world: World) -> None:
    api = {"base_url": "https://desk.example.com", "user": "a@b.c", "secret": "12345678"}
    await world.post("/feedback/connections", new("zendesk", api=api))


@pytest.mark.parametrize("platform", ["zendesk", "freshdesk", "generic"])
async def test_a_secret_that_the_platform_does_not_know_is_refused(world: World, platform: str) -> None:
    made = await world.post("/feedback/connections", new(platform))
    path = f"/feedback/connections/{made['id']}/rotate-secret"
    await world.post(path, {"path_token": "a-path-token-0002"}, status=422)
    await world.post(path, {}, status=422)


async def test_of_several_secrets_one_can_be_changed_alone(world: World) -> None:
    made = await world.post("/feedback/connections", new("freshdesk"))
    path = f"/feedback/connections/{made['id']}/rotate-secret"
    await world.post(path, {"secret": "another password", "overlap_hours": 0}, status=200)

    async def asked(password: str) -> int:
        basic = base64.b64encode(f"intake:{password}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "x-intake-token": "a secret of the header"}
        body = json.dumps({"template": "fd_v1", "account": "desk.freshdesk.com", "ticket_id": "7"})
        answer = await world.client.post("/feedback/intake/freshdesk/c", content=body, headers=headers)
        return answer.status_code

    assert (await asked("a password"), await asked("another password")) == (401, 200)


async def test_settings_of_another_platform_are_refused_where_they_are_wrong(world: World) -> None:
    made = await world.post("/feedback/connections", new("freshdesk"))
    path = f"/feedback/connections/{made['id']}"
    answer = await world.patch(path, {"settings": {"triggers": {}, "status_map": {"2": "ajar"}}}, status=422)
    assert {fault["pointer"] for fault in answer["errors"]} == {
        "/settings/triggers",
        "/settings/status_map/2",
    }
