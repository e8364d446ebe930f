"""Each of the hostile operations is refused for what it is, at once; and who asks for nothing of the kind
hardly notices."""

import asyncio
import contextlib
import gc
import http.client
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from attackers import Attacker
from hostile_set import ATTACKS, Attack
from population import populate
from refusals import ask, lasting_world, nothing_written
from servers import server
from world import World

SECONDS = float(os.environ.get("ASSAY_HOSTILE_SECONDS", "2"))
"""How long it is quiet, and how long there are attacks, each; 60 by `make prove`."""
ATTEMPTS = 3
"""What else the machine does only makes it look worse."""
MOST_CPU_S = 0.05
EACH_S = 0.1
"""Ten attacks a second: two callers' whole shares (`ASSAY_RATE_LIMITS`)."""
NORMAL = (
    "query Page($n: Int!) { tickets(first: $n) { nodes { id subject status"
    " audits { id state reviews { id score } } } } }"
)


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        await populate().store(made.db)
        yield made


@pytest.fixture(scope="module")
async def attacker(world: World) -> str:
    """Somebody with a good token."""
    return await world.person("agent")


def code_of(answer: Any) -> str:
    document = answer.json()
    if answer.headers["content-type"] == "application/problem+json":
        return str(document["type"]).removeprefix("/problems/")
    assert document["data"] is None
    assert all(error["extensions"]["request_id"] for error in document["errors"])
    return str(document["errors"][0]["extensions"]["code"])


# ---- One at a time -------------------------------------------------------------------------------------


def test_there_are_forty_and_more() -> None:
    assert len({one.name for one in ATTACKS}) == len(ATTACKS) >= 40


@pytest.mark.parametrize("attack", [pytest.param(one, id=f"G32-{one.name}") for one in ATTACKS])
async def test_it_is_refused_for_what_it_is_and_at_once(world: World, attacker: str, attack: Attack) -> None:
    headers = [*world.as_(attacker).items(), *([("content-type", attack.kind)] if attack.kind else [])]

    async def once(number: int) -> tuple[float, Any]:
        body = attack.sent(number)
        begun = time.process_time()
        answer = await ask(world.app, attack.method, attack.target.encode(), headers, [body])
        return time.process_time() - begun, answer

    async with nothing_written(world):
        _, answer = await once(0)  # warm: the first request of all asks for the issuer's keys
        gc.freeze()  # what the tests hold is not looked through for garbage at its expense
        took = [(await once(number))[0] for number in (1, 2, 3)]
    assert (answer.status_code, code_of(answer)) == (attack.status, attack.code), answer.text[:500]
    assert min(took) < MOST_CPU_S, took
    assert len(answer.content) < 20_000


# ---- Against a server ----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def attacked(port: int, token: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "attackers", str(port), token, str(EACH_S),
        cwd=Path(__file__).parent, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await process.stdout.readline()  # it has begun
        yield process
    finally:
        process.terminate()
        said = (await process.stdout.read()).decode().splitlines()
        await process.wait()
    last = json.loads([line for line in said if line.endswith("}")][-1])
    assert last["wrong"] == 0, last
    assert last["right"] > 0.5 * SECONDS / EACH_S, last


def a_normal_client(port: int, headers: dict[str, str], seconds: float) -> list[float]:
    """One page after the other, with a short pause: how long each took, in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"query": NORMAL, "variables": {"n": 20}})
    took, ends = [], time.perf_counter() + seconds
    while time.perf_counter() < ends:
        begun = time.perf_counter()
        connection.request("POST", "/graphql", body, headers | {"content-type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read())
        took.append(time.perf_counter() - begun)
        assert (answer.status, "errors" in document) == (200, False), document
        time.sleep(0.003)
    connection.close()
    return took


def p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


@pytest.mark.skipif(SECONDS < 10, reason="beside other tests on the same cores, waiting says nothing")
async def test_g32_who_asks_for_nothing_of_the_kind_hardly_notices(world: World, attacker: str) -> None:
    # given a server, and somebody who reads a page of tickets over and over
    headers, token = world.as_(), world.keys.issue(attacker)
    seen = []
    async with server(world) as (port, _):
        await asyncio.to_thread(a_normal_client, port, headers, 0.5)
        for _ in range(ATTEMPTS):
            # when it is quiet, and then somebody else sends one attack after the other
            quiet = await asyncio.to_thread(a_normal_client, port, headers, SECONDS)
            async with attacked(port, token):
                busy = await asyncio.to_thread(a_normal_client, port, headers, SECONDS)
            seen.append((p99(quiet), p99(busy), len(quiet), len(busy)))
            # then the slowest hundredth takes less than three times as long
            if seen[-1][1] < 3 * seen[-1][0]:
                return
    raise AssertionError(seen)


def cpu_s(pid: int) -> float:
    """What a process has used until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_g32_none_of_them_costs_the_server_much(world: World, attacker: str) -> None:
    times, dear = 5, {}
    async with server(world) as (port, pid):
        client = Attacker(port, world.keys.issue(attacker))
        for _ in range(20):
            client.send(ATTACKS[0])
        for attack in ATTACKS:
            before = cpu_s(pid)
            for _ in range(times):
                await asyncio.to_thread(client.send, attack)
            if (took := (cpu_s(pid) - before) / times) >= MOST_CPU_S:
                dear[attack.name] = took
        client.close()
    assert dear == {}
