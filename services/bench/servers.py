"""What a benchmark runs against: a durable Postgres of its own, and server processes beside it."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.local import prepare_database
from shared.config import Settings
from shared.embedded_postgres import EmbeddedPostgres


@dataclass(frozen=True)
class Setting:
    settings: Settings
    folder: Path
    pgbench: Path


@contextlib.asynccontextmanager
async def database() -> AsyncIterator[Setting]:
    """A new, migrated database that waits for the disk as a real one does; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    os.chmod(folder, 0o755)  # Postgres runs as another user where we are root
    server = EmbeddedPostgres(folder)
    try:
        url = await asyncio.to_thread(server.start)
        key = secrets.token_urlsafe(32)
        settings = Settings.model_validate({"database_url": url, "secret_key": key})
        await asyncio.to_thread(prepare_database, settings)
        yield Setting(settings, folder, server.program("pgbench"))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def serving(
    setting: Setting, count: int, *, services: str = "feedback", environment: Mapping[str, str] = {}
) -> AsyncIterator[list[int]]:
    """So many processes that serve these services. Yields their ports."""
    async with contextlib.AsyncExitStack() as up:
        yield [
            await up.enter_async_context(running(setting, ours(services), environment=environment))
            for _ in range(count)
        ]


def ours(services: str) -> Callable[[int], Sequence[str]]:
    """Port → the command that serves these services there."""
    return lambda port: [sys.executable, "-m", "services", "serve", services, "--port", str(port)]


@contextlib.asynccontextmanager
async def running(
    setting: Setting, command: Callable[[int], Sequence[str]], *, environment: Mapping[str, str] = {}
) -> AsyncIterator[int]:
    """One process, by the command for its port, until this ends. Yields the port once it answers there."""
    port = _free_port()
    process = await start(setting, port, command(port), environment)
    try:
        await answers(port)
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def start(
    setting: Setting, port: int, command: Sequence[str], more: Mapping[str, str] = {}
) -> asyncio.subprocess.Process:
    environment = {
        **os.environ,
        "DATABASE_URL": setting.settings.database_url,
        "ASSAY_SECRET_KEY": setting.settings.secret_key.get_secret_value(),
        "ASSAY_LOG_FORMAT": "json",
        **more,
    }
    with (setting.folder / f"server-{port}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)


async def answers(port: int, *, within_s: float = 30) -> None:
    """Returns when the server there does. Raises TimeoutError."""
    ends = time.monotonic() + within_s
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            if time.monotonic() > ends:
                raise TimeoutError(f"Nothing answers on port {port}.") from None
            await asyncio.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
