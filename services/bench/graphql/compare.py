"""`assay bench graphql`: the same questions to our gateway and to what a team would put there instead, one
server process each, in turns on the same database. Ratios count; absolutes do not travel."""

import asyncio
import contextlib
import json
import re
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from services.bench import load, servers
from services.bench.graphql.data import Furnished, furnish
from services.bench.graphql.operations import OPERATIONS, Operation, graphql_body
from services.bench.servers import Setting
from shared.db import Database
from shared.local_issuer import LocalIssuer

OURS, PLAIN, BY_HAND, POSTGRAPHILE = "Assay", "Strawberry + dataloaders", "FastAPI + one SQL", "PostGraphile"
BELIEVING = "PostGraphile, believing"
REQUESTS_A_SECOND, VARIETY = 8000, 4000
"""No server here answers more; so many different ones, then they come again."""


@dataclass(frozen=True)
class Measure:
    """Medians of the rounds."""

    server: str
    operation: str
    connections: int
    requests_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Options:
    """`postgraphile`: a folder in which it is installed, perhaps with a node of its own."""

    seconds: float
    rounds: int
    tickets: int
    connections: Sequence[int]
    postgraphile: Path | None = None


async def run(options: Options) -> Sequence[Measure]:
    """Raises ValueError where servers answer different things to the same question, or nothing."""
    async with servers.database() as setting, contextlib.AsyncExitStack() as up:
        furnished = await furnish(setting, options.tickets)
        ports = {
            OURS: await up.enter_async_context(_ours(setting)),
            PLAIN: await up.enter_async_context(_python(setting, "plain")),
            BY_HAND: await up.enter_async_context(_python(setting, "by_hand")),
        }
        if options.postgraphile:
            folder, key = options.postgraphile, json.dumps(LocalIssuer(setting.settings).jwks()["keys"][0])
            ports[POSTGRAPHILE] = await up.enter_async_context(_postgraphile(setting, folder, key))
            ports[BELIEVING] = await up.enter_async_context(_postgraphile(setting, folder))
        asking = _Asking(setting, furnished, ports)
        measures: list[Measure] = []
        for operation in OPERATIONS:
            await asking.compare(operation)
            for connections in options.connections:
                measures += await _measure(asking, options, operation, connections)
        return measures


async def _measure(
    asking: "_Asking", options: Options, operation: Operation, connections: int
) -> Sequence[Measure]:
    """The servers take turns, so that what else the machine does meets all of them."""
    runs: dict[str, list[load.Measured]] = {server: [] for server in asking.servers(operation)}
    for _ in range(options.rounds):
        for server in runs:
            requests = asking.requests(server, operation, int(options.seconds * REQUESTS_A_SECOND))
            port = [asking.ports[server]]
            run = await load.send_all(requests, port, connections=connections, seconds=options.seconds)
            if run.acknowledged != sum(run.statuses.values()) or not run.acknowledged:
                raise ValueError(f"{server}, {operation.name}: {run.statuses}")
            runs[server].append(run)
    return [
        Measure(
            server, operation.name, connections,
            statistics.median(one.acknowledged / one.seconds for one in several),
            statistics.median(one.percentile_ms(0.5) for one in several),
            statistics.median(one.percentile_ms(0.99) for one in several),
        )
        for server, several in runs.items()
    ]  # fmt: skip


class _Asking:
    """Requests of many people, with other variables each: `ports` has where each server answers."""

    def __init__(self, setting: Setting, furnished: Furnished, ports: dict[str, int]) -> None:
        issuer = LocalIssuer(setting.settings)
        self.ports = ports
        self._furnished = furnished
        self._callers = [
            {"authorization": f"Bearer {issuer.issue(one)}", "x-caller-id": str(one)}
            for one in furnished.askers
        ]

    def servers(self, operation: Operation) -> list[str]:
        return [one for one in self.ports if one not in (POSTGRAPHILE, BELIEVING) or operation.postgraphile]

    def requests(self, server: str, operation: Operation, count: int) -> list[bytes]:
        chance = Random(count)
        made = [
            self._request(server, operation, caller, operation.variables(chance, self._furnished))
            for caller in self._callers
            for _ in range(min(count, VARIETY) // len(self._callers) + 1)
        ]
        chance.shuffle(made)
        return made * (count // len(made) + 1)

    def _request(
        self, server: str, operation: Operation, caller: dict[str, str], variables: dict[str, Any]
    ) -> bytes:
        if server == BY_HAND:
            return load.request(operation.by_hand.format(**variables), caller, b"", "GET")
        document = operation.postgraphile if server in (POSTGRAPHILE, BELIEVING) else operation.document
        headers = caller | {"content-type": "application/json", "accept": "application/json"}
        return load.request("/graphql", headers, graphql_body(document or "", variables))

    async def compare(self, operation: Operation) -> None:
        """Everybody has the same to show: as many things, and the same ids. Raises ValueError."""
        variables = operation.variables(Random(1), self._furnished)
        shown: dict[str, list[str]] = {}
        for server in self.servers(operation):
            for _ in range(3):  # what is asked again may be answered otherwise
                request = self._request(server, operation, self._callers[0], variables)
                shown[server] = _ids(await _ask_once(self.ports[server], request))
        if len({tuple(ids) for ids in shown.values()}) > 1:
            counts = {server: len(ids) for server, ids in shown.items()}
            raise ValueError(f"{operation.name}: not the same answers: {counts}")


def _ids(answer: bytes) -> list[str]:
    return sorted(re.findall(r'"id" ?: ?"([0-9a-f-]{36})"', answer.decode()))


async def _ask_once(port: int, request: bytes) -> bytes:
    """Raises ValueError where it fails."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", head)
        if length is None:
            raise ValueError(head)
        body = await reader.readexactly(int(length[1]))
        if not head.startswith("http/1.1 200") or b'"errors"' in body:
            raise ValueError(f"{head.splitlines()[0]} {body[:400].decode()}")
        return body
    finally:
        writer.close()


# ---- The servers ----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _ours(setting: Setting) -> AsyncIterator[int]:
    no_limits = {
        "ASSAY_RATE_LIMITS": json.dumps({"graphql": 0, "reads": 0, "writes": 0, "exports": 0}),
        "ASSAY_GRAPHQL_POINTS_A_MINUTE": "0",
        "ASSAY_CALLS_AT_ONCE": "0",
    }
    async with servers.serving(setting, 1, services="all", environment=no_limits) as (port,):
        yield port


@contextlib.asynccontextmanager
async def _python(setting: Setting, module: str) -> AsyncIterator[int]:
    command = ["-m", "uvicorn", f"services.bench.graphql.{module}:create", "--factory", "--no-access-log"]
    async with servers.running(setting, lambda port: [sys.executable, *command, "--port", str(port)]) as port:
        yield port


@contextlib.asynccontextmanager
async def _postgraphile(setting: Setting, folder: Path, *key: str) -> AsyncIterator[int]:
    """`key`: with which tokens are verified; without it whoever asks is believed."""
    url = Database.of(setting.settings, "app").engine.url.set(drivername="postgresql")
    dsn, size = url.render_as_string(hide_password=False), str(setting.settings.db_pool_size)
    node, script = folder / "node_modules" / ".bin" / "node", Path(__file__).with_name("postgraphile.cjs")
    program = str(node if node.exists() else "node")
    async with servers.running(
        setting, lambda port: [program, str(script), str(folder.resolve()), dsn, str(port), size, *key]
    ) as port:
        yield port
