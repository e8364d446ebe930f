"""Asking a help desk's REST API: as whom, how long to wait, and what each refusal means.

What it answers is only ever read as JSON, redirects are not followed, and a link in an answer is
never gone to: addresses are made here, from the connection's own base URL.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from services.feedback.connections.rules import HOSTS
from services.feedback.pull.plan import Answer, Ask
from shared import clock, outbound, strict
from shared.addresses import Allowed
from shared.config import Settings
from shared.errors import Problem

LONGEST_ANSWER_S = 60.0
MAX_BYTES = 64 * 1024 * 1024
LONGEST_WAIT_S = 3600.0
DEFAULT_WAIT_S = 5.0
SALESFORCE_TOKEN_PATH = "/services/oauth2/token"  # an address


class NotNow(Exception):
    """It did not answer, or said that it is busy: ask again after `seconds`, if it said so."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class Refused(Exception):
    """It answered that we may not ask this, or what it answered is no answer: asking again is useless."""


@dataclass(frozen=True)
class Account:
    """Whose API is asked, and as whom."""

    connection_id: str
    platform: str
    base_url: str
    user: str | None
    secret: str


class Client:
    """One process's client: its connections are reused, and the tokens it was given."""

    def __init__(self, settings: Settings) -> None:
        suffixes = [suffix for some in HOSTS.values() for suffix in some]
        self._allowed = Allowed.of(settings, suffixes, settings.help_desk_hosts)
        self._http: httpx.AsyncClient | None = None
        self._tokens: dict[str, str] = {}

    async def ask(self, account: Account, ask: Ask) -> Answer:
        """Raises NotNow, Refused."""
        answer = await self._get(account, ask)
        if answer.status == 401 and account.platform == "salesforce":
            self._tokens.pop(account.connection_id, None)  # it had run out
            answer = await self._get(account, ask)
        if answer.status in (200, *ask.ends):
            return answer
        raise Refused(_said_no(answer.status))

    async def _get(self, account: Account, ask: Ask) -> Answer:
        read_at = clock.now()
        address = account.base_url + quote(ask.path, safe="/.-_~")
        headers = {"authorization": await self._authorization(account), "accept": "application/json"}
        response, body = await self._send("GET", address, params=dict(ask.params), headers=headers)
        wait = _wait_asked_for(response.headers, read_at)
        if response.status_code == 429 or (response.status_code == 403 and b"REQUEST_LIMIT_EXCEEDED" in body):
            raise NotNow("too many requests", wait or DEFAULT_WAIT_S)
        if response.status_code >= 500 or response.status_code in (408, 409, 423, 425):
            raise NotNow(f"status {response.status_code}", wait)
        parsed = _json(body) if response.status_code == 200 else None
        links = frozenset(name for name in response.links if name)
        return Answer(response.status_code, parsed, links, read_at)

    async def _authorization(self, account: Account) -> str:
        if account.platform == "zendesk" and account.user is None:
            return f"Bearer {account.secret}"
        if account.platform == "zendesk":
            return _basic(f"{account.user}/token", account.secret)
        if account.platform == "freshdesk":
            return _basic(account.secret, "X")
        return f"Bearer {await self._token(account)}"

    async def _token(self, account: Account) -> str:
        """Salesforce: the client credentials flow. One token serves until it is refused."""
        if token := self._tokens.get(account.connection_id):
            return token
        asked = {
            "grant_type": "client_credentials", "client_id": account.user or "",
            "client_secret": account.secret,
        }  # fmt: skip
        response, body = await self._send("POST", account.base_url + SALESFORCE_TOKEN_PATH, data=asked)
        if response.status_code >= 500 or response.status_code == 429:
            raise NotNow(f"no token: status {response.status_code}")
        if response.status_code != 200:
            raise Refused(_said_no(response.status_code))
        found = _json(body)
        token = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str):
            raise Refused("The answer of the token address holds no token.")
        self._tokens[account.connection_id] = token
        return token

    async def _send(self, method: str, address: str, **parts: Any) -> tuple[httpx.Response, bytes]:
        if self._http is None:
            self._http = outbound.client(self._allowed)
        try:
            return await outbound.fetch(
                self._http, method, address, max_bytes=MAX_BYTES, seconds=LONGEST_ANSWER_S, **parts
            )
        except outbound.AddressBlocked as blocked:
            raise Refused(f"We do not go to its address: {blocked}") from None
        except outbound.AnswerTooLong:
            raise Refused("The answer is larger than we read.") from None
        except httpx.RequestError as error:
            raise NotNow(f"no answer: {type(error).__name__}") from None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _json(body: bytes) -> Any:
    """A body that is cut short is no answer, and comes whole the next time."""
    try:
        return strict.cleaned(json.loads(body))
    except (ValueError, RecursionError, Problem):
        raise NotNow("the answer is no JSON") from None


def _said_no(status: int) -> str:
    words = {401: "It does not know who we are", 403: "We may not ask this", 404: "There is no such address"}
    return f"{words.get(status, 'It refused')} (status {status}): check the connection's api."


def _wait_asked_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After, in seconds or as a date; bounded both ways."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(told) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.05), LONGEST_WAIT_S) if seconds == seconds else None
