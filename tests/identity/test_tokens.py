"""Access tokens of an OpenID Connect issuer: what is taken, what is not, and how its keys are kept."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from provider import ISSUER, Provider, verifier_of

from shared import tokens
from shared.errors import Overloaded, Unauthenticated
from shared.models.people import Role
from shared.tokens import LEEWAY_S, Verifier


async def test_a_good_token_names_its_subject(provider: Provider, verifier: Verifier) -> None:
    identity = await verifier.verify(provider.token())
    assert (identity.issuer, identity.subject) == (ISSUER, "mara@id")
    assert (identity.roles, identity.scopes) == (None, None)


def later(**more: Any) -> datetime:
    return datetime.now(UTC) + timedelta(**more)


BAD = [
    pytest.param({"iss": ISSUER + "/"}, id="A7-iss-with-a-slash"),
    pytest.param({"iss": "https://id.example.com"}, id="A7-iss-by-prefix"),
    pytest.param({"aud": "another"}, id="A7-other-audience"),
    pytest.param({"aud": None}, id="A7-no-audience"),
    pytest.param({"aud": ["assay", "another"]}, id="A8-several-audiences-and-no-azp"),
    pytest.param({"aud": ["assay", "another"], "azp": "stranger"}, id="A8-azp-of-a-stranger"),
    pytest.param({"exp": None}, id="A5-no-exp"),
    pytest.param({"exp": datetime(9999, 1, 1, tzinfo=UTC)}, id="A6-year-9999"),
    pytest.param({"exp": later(hours=-1), "iat": later(hours=-2)}, id="A4-expired"),
    pytest.param({"iat": later(hours=3), "exp": later(hours=4)}, id="A4-issued-later"),
    pytest.param({"nbf": later(hours=3)}, id="A4-not-yet"),
    pytest.param({"sub": None}, id="A5-no-sub"),
    pytest.param({"sub": "x" * 256}, id="A5-long-sub"),
    pytest.param({"nonce": "n"}, id="A9-id-token"),
    pytest.param({"at_hash": "n"}, id="A9-id-token-with-a-hash"),
]


@pytest.mark.parametrize("claims", BAD)
async def test_a_token_that_says_something_else_is_refused(
    provider: Provider, verifier: Verifier, claims: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(provider.token(**claims))


async def test_clocks_may_differ_by_a_minute(provider: Provider, verifier: Verifier) -> None:
    await verifier.verify(provider.token(iat=later(seconds=40)))
    await verifier.verify(provider.token(iat=later(minutes=-5), exp=later(seconds=-40)))


async def test_a8_a_token_for_several_is_taken_from_our_own_client(provider: Provider) -> None:
    verifier = verifier_of(provider, clients=("front-end",))
    assert await verifier.verify(provider.token(aud=["assay", "x"], azp="front-end"))
    assert await verifier.verify(provider.token(client_id="front-end"))
    with pytest.raises(Unauthenticated):
        await verifier.verify(provider.token())


async def test_a2_the_public_key_is_no_shared_secret(provider: Provider, verifier: Verifier) -> None:
    public = str(provider._public("first")["n"])
    headers = {"typ": "at+jwt", "kid": "first"}
    claims = {"iss": ISSUER, "aud": "assay", "sub": "x", "iat": later(), "exp": later(minutes=1)}
    for algorithm, key in (("HS256", public), ("none", None)):
        forged = jwt.encode(claims, key, algorithm, headers=headers)
        with pytest.raises(Unauthenticated):
            await verifier.verify(forged)


async def test_another_key_under_a_known_name_is_refused(provider: Provider, verifier: Verifier) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    with pytest.raises(Unauthenticated):
        await verifier.verify(provider.token(kid="first", key=stranger))


# ---- Keys -------------------------------------------------------------------------------------------


async def test_keys_are_asked_for_once(provider: Provider, verifier: Verifier) -> None:
    for _ in range(20):
        await verifier.verify(provider.token())
    assert len(provider.asked) == 2  # discovery and keys


async def test_a_rotated_key_is_found_without_a_restart(provider: Provider, verifier: Verifier) -> None:
    old = provider.token()
    await verifier.verify(old)
    provider.rotate("second")
    provider.now += 61
    assert await verifier.verify(provider.token())
    # and the retired one is good for nothing
    with pytest.raises(Unauthenticated):
        await verifier.verify(old)


async def test_a_token_that_was_good_before_is_not_good_by_another_key_of_the_same_name(
    provider: Provider, verifier: Verifier
) -> None:
    # given a token whose verifying is remembered
    old = provider.token()
    assert await verifier.verify(old) == await verifier.verify(old)
    # when its issuer signs with another key under the same name, and we have heard of it
    provider.rotate("first")
    provider.now += 61
    with pytest.raises(Unauthenticated):
        await verifier.verify(provider.token(kid="unknown", key=rsa.generate_private_key(65537, 2048)))
    # then it is good no more
    with pytest.raises(Unauthenticated):
        await verifier.verify(old)


async def test_a4_a_token_that_was_good_before_ends_when_it_says(
    provider: Provider, verifier: Verifier
) -> None:
    # given a token in the last two seconds of the minute by which clocks may differ
    token = provider.token(iat=later(minutes=-5), exp=later(seconds=2 - LEEWAY_S))
    assert await verifier.verify(token)
    # when they are over, then it is refused, though it was verified before
    await asyncio.sleep(2.2)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


async def test_only_so_many_tokens_are_remembered_and_none_that_was_refused(
    provider: Provider, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAX_VERIFIED", 3)
    for number in range(5):
        await verifier.verify(provider.token(jti=str(number)))
    with pytest.raises(Unauthenticated):
        await verifier.verify(provider.token(aud="another"))
    assert len(verifier._verified) == 3


async def test_a3_whoever_names_unknown_keys_makes_us_ask_once_a_minute_at_most(
    provider: Provider, verifier: Verifier
) -> None:
    await verifier.verify(provider.token())
    stranger = rsa.generate_private_key(65537, 2048)
    for number in range(30):
        with pytest.raises(Unauthenticated):
            await verifier.verify(provider.token(kid=f"unknown-{number}", key=stranger))
    assert len(provider.asked) == 2
    provider.now += 61
    for number in range(30):
        with pytest.raises(Unauthenticated):
            await verifier.verify(provider.token(kid=f"unknown-{number}", key=stranger))
    assert len(provider.asked) == 4


@pytest.mark.parametrize("mood", ["down", "redirects", "endless", "html"])
async def test_while_the_issuer_is_not_itself_known_keys_go_on_serving(
    provider: Provider, verifier: Verifier, mood: str
) -> None:
    await verifier.verify(provider.token())
    provider.mood = mood
    provider.now += 3600
    with pytest.raises(Overloaded):  # a name that is not known, and may be a good one: come back
        await verifier.verify(provider.token(kid="new", key=rsa.generate_private_key(65537, 2048)))
    assert await verifier.verify(provider.token())


@pytest.mark.parametrize("mood", ["down", "redirects", "endless", "html"])
async def test_an_issuer_that_was_never_reached_is_asked_once_a_second_and_the_caller_may_come_back(
    provider: Provider, verifier: Verifier, mood: str
) -> None:
    provider.mood = mood
    for _ in range(10):
        with pytest.raises(Overloaded):
            await verifier.verify(provider.token())
    assert len(provider.asked) == 1
    provider.mood = "well"
    provider.now += 1.1
    assert await verifier.verify(provider.token())


async def test_a_discovery_document_of_another_issuer_is_not_believed(
    provider: Provider, verifier: Verifier
) -> None:
    provider.discovery["issuer"] = "https://evil.example.com"
    with pytest.raises(Overloaded):
        await verifier.verify(provider.token())


# ---- Roles and scopes -------------------------------------------------------------------------------


async def test_roles_and_scopes_are_read_where_the_settings_say(provider: Provider) -> None:
    verifier = verifier_of(
        provider, roles_claim="realm_access.roles", roles={"qa-lead": "lead", "qa": "specialist"},
        scope_claim="scope",
    )  # fmt: skip
    token = provider.token(realm_access={"roles": ["qa-lead", "unknown", 7]}, scope="tickets.read audits.*")
    identity = await verifier.verify(token)
    assert identity.roles == {Role.LEAD}
    assert identity.scopes == {"tickets.read", "audits.*"}
    nothing = await verifier.verify(provider.token())
    assert (nothing.roles, nothing.scopes) == (frozenset(), None)
