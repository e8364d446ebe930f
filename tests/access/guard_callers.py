"""Whoever asks in the probes of guards: people, programs, tokens of a provider, deliveries; and a database
that answers everything and keeps nothing, so that each probe finds the same."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from doors import ORG, PATH_TOKEN, body_for, genuine
from fastapi import FastAPI
from guard_population import LONG_SUBJECT, Furnished
from guard_work_probes import Probe
from population import key
from provider import ISSUER, Provider
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.demo import zendesk
from services.feedback.intake.sources.zendesk import SIGNATURE
from shared import auth, service_tokens, standard_webhooks
from shared.config import Issuer
from shared.db import Database, url_of
from shared.tokens import Verifier


class _Undone(Exception):
    """Instead of a commit."""


def _undo(session: Any) -> None:
    if not session.in_nested_transaction():
        raise _Undone


class Asking(Database):
    """Gives every answer, and undoes what it wrote."""

    told: list[str]

    @asynccontextmanager
    async def transaction(
        self, action: str | None = None, *, is_command: bool = False
    ) -> AsyncIterator[AsyncSession]:
        with suppress(_Undone):
            async with super().transaction(action, is_command=is_command) as session:
                event.listen(session.sync_session, "before_commit", _undo)
                yield session
                note = session.info
                self.told += [f"read {one['action']}" for one in note.get("reads", [])]
                if action is not None:
                    self.told += [
                        f"changed {change['table']}" for change, _ in note.get("changes", {}).values()
                    ]


class Callers:
    """`await ask(probe)` → the answer, in words."""

    def __init__(self, app: FastAPI, furnished: Furnished) -> None:
        self.app, self._furnished = app, furnished
        settings = app.state.settings
        urls = {False: url_of(settings, "app"), True: settings.database_url}
        self._databases = {past: Asking(url, pool_size=2) for past, url in urls.items()}
        self.provider = _provider()
        local = app.state.token_keys.configuration()
        within = httpx.AsyncClient(transport=httpx.ASGITransport(app))
        ours = Issuer.model_validate(
            {
                "issuer": ISSUER, "audience": "assay", "algorithms": ("RS256",), "roles_claim": "groups",
                "roles": {"qa": "specialist", "leads": "lead"}, "scope_claim": "scope",
            }
        )  # fmt: skip
        self._issuers = [(local, within), (ours, self.provider.client())]
        self.forget()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://assay")

    async def close(self) -> None:
        await self.client.aclose()
        for database in self._databases.values():
            await database.close()

    def keep_nothing(self, *, past: bool = False) -> Asking:
        """From here on, what is asked is undone."""
        database = self.app.state.db = self._databases[past]
        database.told = []
        return database

    def forget(self) -> None:
        """Which tokens were found good: without one of its guards, a bad one may have been."""
        self.app.state.verifier = Verifier(self._issuers)

    async def ask(self, probe: Probe) -> str:
        database = self.keep_nothing(past=probe.past)
        with _past_policies() if probe.past else nullcontext():
            answer = await self.send(probe)
        words = [str(answer.status_code), *_kind_of(answer), *sorted(set(database.told))]
        if probe.shown:
            words.append(str(probe.shown(answer.json())))
        return " ".join(words)

    async def send(self, probe: Probe) -> httpx.Response:
        if probe.who.startswith("door:"):
            return await self._deliver(probe.who.removeprefix("door:"), probe.call)
        method, path = probe.call.split()
        headers = self.headers(probe.who)
        if probe.who == "nobody:leaks":
            path += f"?access_token={self._furnished.texts['program']}"
        if probe.body is None:
            return await self.client.request(method, path, headers=headers)
        content = probe.body if isinstance(probe.body, bytes) else json.dumps(probe.body)
        headers.append(("content-type", "application/json"))
        return await self.client.request(method, path, content=content, headers=headers)

    def headers(self, who: str) -> list[tuple[str, str]]:
        name, _, special = who.partition(":")
        if name == "nobody":
            return []
        if name == "basic":
            return [("authorization", "Basic YTpi")]
        token = self._token(name, special)
        headers = [("authorization", f"Bearer {token}")]
        if name == "twice":
            headers *= 2
        if special == "stale":
            headers.append(("if-match", '"as it was"'))
        if special == "repeated":
            headers.append(("idempotency-key", "repeated"))
        return headers

    def _token(self, name: str, special: str) -> str:
        if name == "provider":
            return self._of_provider(special)
        if name == "odd-program":
            return "assay_st_x"
        if name == "forged-program":
            guessed = self._furnished.texts["program"][:-72] + "0" * 64
            return guessed + service_tokens._checksum(guessed)
        if name in self._furnished.texts:
            return self._furnished.texts[name]
        person = uuid4() if name == "stranger" else key("person", "lead" if name == "twice" else name)
        return str(self.app.state.token_keys.issue(person))

    def _of_provider(self, special: str) -> str:
        """Of Mara, a specialist, if there is nothing wrong with it."""
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "iss": ISSUER, "aud": "assay", "sub": "mara@id", "iat": now, "groups": ["qa"],
            "exp": now + timedelta(minutes=5),
        }  # fmt: skip
        headers = {"typ": "at+jwt", "kid": "first"}
        match special:
            case "raised":
                claims["groups"] = ["leads"]
            case "scoped":
                claims["scope"] = "tickets.read"
            case "jku":
                headers["jku"] = "https://evil.example.com/keys"
            case "long-kid":
                headers["kid"] = _LONG_KID
            case "unknown-kid":
                headers["kid"] = "unknown"
            case "another-kid" | "ec":
                headers["kid"] = "curve"
            case "id-token-type":
                headers["typ"] = "JWT"
            case "forever":
                claims["exp"] = now + timedelta(days=300)
            case "nonce":
                claims["nonce"] = "n"
            case "for-others":
                claims["aud"] = ["assay", "another"]
            case "long-subject":
                claims["sub"] = LONG_SUBJECT
            case "known-elsewhere":
                claims["sub"] = "s"
            case "nul-subject":
                claims["sub"] = "mara@id\x00"
        signing = "first" if special in ("another-kid", "unknown-kid") else headers["kid"]
        algorithm = "ES256" if signing == "curve" else "RS256"
        return jwt.encode(claims, self.provider.keys[signing], algorithm, headers=headers)

    async def _deliver(self, how: str, door: str) -> httpx.Response:
        body = body_for(door, "1")
        if how == "of-another":
            for name in (zendesk.ACCOUNT, ORG):
                body = body.replace(name.encode(), name[:-4].encode() + b"9999")
            body = body.replace(b'{"ticket_id"', b'{"account": "another.example.com", "ticket_id"')
        delivery = genuine(door, "1", body=body)
        path, headers = delivery.path, dict(delivery.headers)
        if how == "forged":
            headers = {name: _FORGED.get(name, value) for name, value in headers.items()}
            path = path.replace(PATH_TOKEN, "guessed")
        if how == "elsewhere":
            path = path.replace(f"{door}/", "generic/" if door != "generic" else "zendesk/", 1)
        if how == "to-nobody":
            path = path.replace(f"/{door}", "/nobody")
        return await self.client.post(f"/feedback/intake/{path}", content=body, headers=headers)


_LONG_KID = "k" * 201
_FORGED = {SIGNATURE: "Zm9yZ2Vk", standard_webhooks.SIGNATURE: "v1,Zm9yZ2Vk", "authorization": "Basic YTpi"}


def _provider() -> Provider:
    """It has a key with a long name, and one of a kind that we do not take."""
    made = Provider()
    made.keys[_LONG_KID] = rsa.generate_private_key(65537, 2048)
    made.keys["curve"] = ec.generate_private_key(ec.SECP256R1())
    return made


def _kind_of(answer: httpx.Response) -> list[str]:
    kind = answer.headers.get("content-type", "")
    if not answer.content or "json" not in kind or "ndjson" in kind:
        return []
    told = answer.json()
    if "problem" in kind:
        return [told["type"].removeprefix("/problems/")]
    if isinstance(told, dict) and "data" in told and told.get("errors"):
        return [told["errors"][0]["extensions"]["code"]]
    return []


@contextmanager
def _past_policies() -> Iterator[None]:
    """Callers keep the owner's role: what answers then is the service alone."""
    before = auth._ENTER_PERSON
    become = ", set_config('role', 'assay_' || role, true)"
    assert become in before.text
    auth._ENTER_PERSON = text(before.text.replace(become, ""))
    try:
        yield
    finally:
        auth._ENTER_PERSON = before
