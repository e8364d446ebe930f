"""What people write and what proves who they are is in no log line, metric, refusal or dead letter (P26).

A server and a worker run as processes of their own, so that everything they print is seen, whoever prints it.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from doors import DOORS, GENERIC_SECRET, PASSWORD, PATH_TOKEN, TOKEN, furnish
from fastapi import FastAPI
from test_every_field import EXAMPLES
from world import LONG_AGO, SECRET, World

from services.demo import zendesk
from services.serving import listen
from shared.db import password_of

ROOT = Path(__file__).parents[2]
EVERY_FIELD = bool(os.environ.get("ASSAY_LEAKS_EVERY_FIELD"))
MARK = "cnry"
"""Part of every canary. Short enough for the shortest names."""


@dataclass
class Seen:
    """All that got out: what the processes printed, what refusals said, what is kept about failures."""

    printed: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    metrics: str = ""
    kept: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def places(self) -> Iterator[tuple[str, str]]:
        yield from self.printed.items()
        yield "metrics", self.metrics
        yield from (("a refusal", one) for one in self.refusals)
        yield from (("a delivery's last_error", one) for one in self.kept)

    def lines(self) -> list[dict[str, Any]]:
        every = [line for text in self.printed.values() for line in text.splitlines()]
        assert [line for line in every if not line.startswith(("{", "all: http://127.0.0.1:"))] == []
        return [json.loads(line) for line in every if line.startswith("{")]

    async def note(self, answer: httpx.Response) -> None:
        await answer.aread()
        self.statuses.append(answer.status_code)
        if answer.status_code >= 400:
            self.refusals.append(repr(answer.headers) + answer.text)


@contextlib.contextmanager
def running(app: FastAPI, folder: Path, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A server, and a worker beside it; what they print goes into the folder."""
    settings = app.state.settings
    environment = os.environ | {
        "DATABASE_URL": settings.database_url, "ASSAY_LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1",
        "ASSAY_SECRET_KEY": settings.secret_key.get_secret_value(), "ASSAY_WORKER_MAX_ATTEMPTS": "2",
        "ASSAY_WORKER_BACKOFF_S": "0.01", "ASSAY_WORKER_POLL_S": "0.05",
    }  # fmt: skip
    verbs = {"server": ["serve", "all", "--port", str(port)], "worker": ["worker"]}
    children = []
    with contextlib.ExitStack() as files:
        for name, verb in verbs.items():
            to = files.enter_context((folder / name).open("w"))
            command = [sys.executable, "-m", "services", *verb]
            children.append(subprocess.Popen(command, env=environment, cwd=ROOT, stdout=to, stderr=to))
        try:
            yield children
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)


async def until_ready(url: str, children: list[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + 60
    async with httpx.AsyncClient() as client:
        while time.monotonic() < end:
            assert all(child.poll() is None for child in children), "a process has ended"
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.2)
    raise AssertionError("not ready within a minute")


# ---- What is done ----------------------------------------------------------------------------------


def marked(value: Any, path: str = "") -> Any:
    """The body with a canary in place of every text."""
    if isinstance(value, dict):
        return {key: marked(child, f"{path}{key[:3]}") for key, child in value.items()}
    if isinstance(value, list):
        return [marked(child, path) for child in value]
    return f"{MARK}-{path}-{uuid4().hex[:4]}" if isinstance(value, str) else value


def one_at_a_time(value: Any) -> Iterator[Any]:
    """The body as often as it has texts, each time with one canary: more of it is understood."""
    if isinstance(value, str):
        yield marked(value)
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from (value | {key: instead} for instead in one_at_a_time(child))
    elif isinstance(value, list):
        for place, child in enumerate(value):
            for instead in one_at_a_time(child):
                yield [*value[:place], instead, *value[place + 1 :]]


async def ask_in_every_way(world: World, seen: Seen, headers: dict[str, str]) -> None:
    for (method, template), body in EXAMPLES.items():
        path = "/".join(str(uuid4()) if part.startswith("{") else part for part in template.split("/"))
        bodies = [marked(body), body | {"unexpected": MARK}, *(one_at_a_time(body) if EVERY_FIELD else ())]
        for sent in bodies:
            await seen.note(await world.client.request(method, path, json=sent, headers=headers))
        cut = f'{{"{MARK}": "{MARK}'.encode()
        kind = {"content-type": "application/json"}
        await seen.note(await world.client.request(method, path, content=cut, headers=headers | kind))
        key = {"idempotency-key": f"{MARK}-{uuid4()}"}
        for n in range(2):
            again = marked(body) | ({"x": n} if n else {})
            await seen.note(await world.client.request(method, path, json=again, headers=headers | key))
    for path, right in {
        "/people/vendors": {"key": f"v{uuid4().hex}", "name": f"{MARK} & Co"},
        "/people/people": {"name": f"{MARK} Smith", "role": "lead"},
    }.items():
        await seen.note(await world.client.post(path, json=right, headers=headers))
    for path in (
        f"/{MARK}", f"/people/{MARK}", f"/people/vendors?{MARK}={MARK}", f"/people/vendors?after={MARK}",
        f"/kpi/metrics/{MARK}", f"/feedback/tickets?external_id={MARK}", f"/feedback/tickets/{MARK}",
        f"/people/vendors?limit=%zz{MARK}", f"/people/vendors?access_token={MARK}",
        f"/static-offline-docs/{MARK}",
    ):  # fmt: skip
        await seen.note(await world.client.get(path, headers=headers))
    for odd in (
        {"authorization": f"Bearer {MARK}"}, {"authorization": f"Basic {MARK}"}, {"accept": MARK},
        {"authorization": f"Bearer assay_st_{MARK}_{'0' * 72}"}, {"origin": f"https://{MARK}.test"},
        {"cookie": f"session={MARK}"}, {"x-forwarded-for": MARK}, {"user-agent": MARK}, {"referer": MARK},
        {"x-request-id": f"{MARK} not plain"},
    ):  # fmt: skip
        await seen.note(await world.client.get("/people/vendors", headers=headers | odd))
    for query in (f"{{ {MARK} }}", f'{{ ticket(id: "{MARK}") {{ id }} }}', f"{{ a(b: {MARK}", f"# {MARK}"):
        await seen.note(await world.client.post("/graphql", json={"query": query}, headers=headers))


def tickets() -> Iterator[tuple[str, bytes]]:
    """(what it is, a delivery of Zendesk's) with canaries in every text somebody wrote; new each time."""
    once = uuid4().hex[:8]
    ticket = zendesk.DemoTicket(f"{MARK}{once}", f"{MARK} subject", LONG_AGO)
    ticket.created()
    ticket.comment(timedelta(0), f"My card is {MARK}, mail {MARK}@example.com", by="requester")
    ticket.assign(timedelta(minutes=1))
    ticket.comment(timedelta(minutes=9), f"Dear {MARK}", by="agent")
    ticket.move(timedelta(minutes=10), "SOLVED")
    ticket.rate(timedelta(minutes=20), "good", f"{MARK} was great")
    yield from (("genuine", body) for body in ticket.bodies)
    for number, body in enumerate(ticket.bodies):
        for name in ("detail", "event", "type", "time", "subject", "account_id"):
            broken = json.loads(body) | {"id": f"{MARK}-{once}-{number}-{name}", name: f"{MARK} {name}"}
            yield "strange", json.dumps(broken).encode()
    yield "cut off", f'{{"{MARK}": "{MARK}'.encode()
    yield "no JSON", MARK.encode() * 10


async def deliver(world: World, seen: Seen, *, key: str = "zendesk") -> None:
    for _, body in tickets():
        headers = zendesk.signed(SECRET, body)
        await seen.note(
            await world.client.post(f"/feedback/intake/zendesk/{key}", content=body, headers=headers)
        )
    body = MARK.encode()
    wrong = zendesk.signed(f"{MARK} a wrong secret", body)
    for door, headers in {
        "zendesk/zendesk": wrong,
        f"zendesk/{MARK}": wrong,
        "generic/generic": {"webhook-signature": f"v1,{MARK}"},
        "freshdesk/freshdesk": {"x-intake-token": MARK, "authorization": f"Basic {MARK}"},
        f"salesforce/soap/{MARK}": {"content-type": "text/xml"},
        f"salesforce/soap/{PATH_TOKEN}": {"content-type": "text/xml"},
    }.items():  # fmt: skip
        await seen.note(await world.client.post(f"/feedback/intake/{door}", content=body, headers=headers))


async def until_quiet(owner: Any) -> None:
    """Nothing waits for the worker any more."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if not await owner.fetchval("SELECT count(*) FROM delivery WHERE state = 'pending'"):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("deliveries are still waiting")


BREAKS = (
    ("ticket", "subject"), ("message", "body"), ("people", "name"), ("vendor", "name"),
    ("requester", "sealed_name"), ("inbox", "body"),
)  # fmt: skip
"""Columns that are taken away for a while: statements fail with all that was filled into them."""


@contextlib.asynccontextmanager
async def broken(owner: Any) -> AsyncIterator[None]:
    known = {
        (row["table_name"], row["column_name"])
        for row in await owner.fetch("SELECT table_name, column_name FROM information_schema.columns")
    }
    there = [one for one in BREAKS if one in known]
    assert len(there) >= 3
    for table, column in there:
        await owner.execute(f'ALTER TABLE "{table}" RENAME COLUMN {column} TO taken_away')
    try:
        yield
    finally:
        for table, column in there:
            await owner.execute(f'ALTER TABLE "{table}" RENAME COLUMN taken_away TO {column}')


COMPLAINS = """
CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'there is no room for %', NEW::text; END $$
"""


@contextlib.asynccontextmanager
async def complaining(owner: Any) -> AsyncIterator[None]:
    """The database quotes whole rows in its errors, as it does of its own accord for broken constraints."""
    await owner.execute(COMPLAINS)
    for table in ("ticket", "message", "vendor", "person"):
        when = "BEFORE INSERT OR UPDATE" if table in ("ticket", "message") else "BEFORE INSERT"
        await owner.execute(
            f"CREATE TRIGGER complains {when} ON {table} FOR EACH ROW EXECUTE FUNCTION complain()"
        )
    try:
        yield
    finally:
        await owner.execute("DROP FUNCTION complain() CASCADE")


# ---- What is seen ----------------------------------------------------------------------------------


@pytest.fixture
async def seen(world: World, tmp_path: Path) -> Seen:
    """A run over sockets in which as much as possible goes wrong, with canaries everywhere."""
    settings, found = world.app.state.settings, Seen()
    owner = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    await world.client.aclose()
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with running(world.app, tmp_path, port) as children:
        url = f"http://127.0.0.1:{port}"
        await until_ready(url, children)
        world.client = httpx.AsyncClient(base_url=url, timeout=30)
        for door in DOORS:
            await furnish(world, door)
        api = {
            "base_url": "https://a.zendesk.com",
            "user": f"{MARK}@example.com",
            "secret": f"{MARK}-api-secret",
        }
        await world.connection("pulls", api=api)
        headers = world.as_()
        await deliver(world, found)
        await ask_in_every_way(world, found, headers)
        await until_quiet(owner)
        for going_wrong in (broken, complaining):
            async with going_wrong(owner):
                await deliver(world, found)
                await ask_in_every_way(world, found, headers)
                await until_quiet(owner)
        found.metrics = (await world.client.get("/metrics")).text
    for table in ("delivery", "pull"):
        rows = await owner.fetch(f"SELECT last_error FROM {table} WHERE last_error IS NOT NULL")
        found.kept += [row["last_error"] for row in rows]
    await owner.close()
    found.printed = {name: (tmp_path / name).read_text() for name in ("server", "worker")}
    return found


async def test_p26_nothing_that_was_written_or_proves_anything_gets_out(world: World, seen: Seen) -> None:
    # given a run in which things really went wrong, and were logged
    lines = seen.lines()
    assert seen.statuses.count(500) > 5
    assert {400, 401, 403, 404, 413, 422} & set(seen.statuses) >= {400, 401, 404, 422}
    assert sum("exception" in line for line in lines) > 5
    assert any(line["event"] == "delivery is dead" for line in lines)
    assert len(seen.kept) > 5
    # then what was written is nowhere, and neither is what proves who somebody is
    settings = world.app.state.settings
    secrets = {
        MARK, SECRET, GENERIC_SECRET, PASSWORD, PATH_TOKEN, TOKEN,
        settings.secret_key.get_secret_value(), world.as_()["authorization"].rpartition(".")[0],
        *(password_of(settings, login) for login in ("app", "worker", "hook")),
    }  # fmt: skip
    leaks = [
        f"{place}: …{text[max(0, text.find(secret) - 150) : text.find(secret) + 60]}…"
        for place, text in seen.places()
        for secret in secrets
        if secret in text
    ]
    assert leaks == [], "\n".join(leaks)
