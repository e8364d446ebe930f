"""The same story with every service, the gateway and the worker as processes of their own."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from test_story import SERVICES, assert_told

from services.demo.story import Story
from services.local import ADMIN_ID
from shared.config import Settings
from shared.local_issuer import LocalIssuer

ROOT = Path(__file__).parents[2]


async def test_the_story_is_the_same_with_every_service_in_its_own_process(settings: Settings) -> None:
    # given a migrated database and one process for each service, the gateway and the worker
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in SERVICES}
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "ASSAY_SECRET_KEY": settings.secret_key.get_secret_value(),
        "ASSAY_SERVICE_URLS": json.dumps(urls),
        "ASSAY_DB_POOL_SIZE": "3",
    }
    with processes(urls, environment) as children:
        async with httpx.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(until_ready(client, url, children) for url in urls.values()))
            # when the story is played over sockets
            keys = LocalIssuer(settings)
            story = Story(client, urls, lambda person: keys.issue(person or ADMIN_ID), lambda _: None)
            told = await story.play()
            # then it ends in the same numbers
            assert_told(told)
            # and a service that is down makes its commands a typed problem, while reads stay alive
            children["appeals"].terminate()
            children["appeals"].wait(20)
            answer = await client.post(
                f"{urls['gateway']}/graphql",
                json={"query": DOWN, "variables": {"id": told.appeal["id"]}},
                headers={"authorization": f"Bearer {keys.issue(ADMIN_ID)}"},
            )
            document = answer.json()["data"]
            assert document["takeAppeal"]["type"] == "/problems/overloaded"
            reads = await client.post(
                f"{urls['gateway']}/graphql",
                json={"query": "query($t: UUID!) { ticket(id: $t) { reviews { appeals { state } } } }",
                      "variables": {"t": told.ticket_id}},
                headers={"authorization": f"Bearer {keys.issue(ADMIN_ID)}"},
            )  # fmt: skip
            assert reads.json()["data"]["ticket"]["reviews"][0]["appeals"] == [{"state": "decided"}]


DOWN = """
mutation($id: UUID!) { takeAppeal(appealId: $id) { ... on Problem { type } ... on Appeal { id } } }
"""


@contextlib.contextmanager
def processes(
    urls: dict[str, str], environment: dict[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Started in order, ended in order; only our own children, by their handles."""
    verbs = {name: ["serve", name, "--port", url.rsplit(":", 1)[1]] for name, url in urls.items()}
    run([*COMMAND, "migrate"], environment)
    children = {
        name: subprocess.Popen([*COMMAND, *verb], env=environment, cwd=ROOT)
        for name, verb in (verbs | {"worker": ["worker"]}).items()
    }
    try:
        yield children
    finally:
        for child in children.values():
            child.terminate()
        codes = {name: child.wait(30) for name, child in children.items()}
    assert set(codes.values()) == {0}, f"every process ends cleanly when asked to: {codes}"


COMMAND = [sys.executable, "-m", "services"]


def run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


async def until_ready(
    client: httpx.AsyncClient, url: str, children: dict[str, subprocess.Popen[bytes]]
) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert all(child.poll() is None for child in children.values()), "a process has ended"
        with contextlib.suppress(httpx.TransportError):
            if (await client.get(f"{url}/readyz")).status_code == 200:
                return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{url} was not ready within a minute")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
