"""A server in a process of its own, for a world's database."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from world import World

ROOT = Path(__file__).parents[2]


@contextlib.asynccontextmanager
async def server(world: World, **more: str) -> AsyncIterator[tuple[int, int]]:
    """A process of its own. Yields (port, its id)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = world.app.state.settings
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "ASSAY_SECRET_KEY": settings.secret_key.get_secret_value(),
        "ASSAY_LOG_FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", "serve", "all", "--port", str(port),
        env=environment | more, cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        writer.close()
        yield port, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
