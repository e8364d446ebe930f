"""Serve an app on a free local port: `async with serving(app) as url`, or from another process

    python -m help_desks.serving zendesk --tickets 50000 --port 0 --mischief 429=0.02,cut=0.01

which prints the port on its first line and runs until it is ended.
"""

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from help_desks import freshdesk, salesforce, zendesk
from help_desks.data import make_tickets
from help_desks.limits import RateLimit
from help_desks.mischief import Mischief


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # Ctrl-C belongs to whoever runs the tests


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()  # so that whoever is told the port can connect at once
    return listening


def _config(app: ASGIApp) -> uvicorn.Config:
    # No logging: a cut connection is an exception, and meant.
    return uvicorn.Config(app, log_config=None, log_level=60, lifespan="off", timeout_graceful_shutdown=2)


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """The base URL of the app, served by the running loop; ended when the block ends."""
    listening = _bound(port)
    server = _Server(_config(app))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if task.done():
                task.result()
                raise RuntimeError("the server ended before it started")
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listening.close()


def app_of(platform: str, tickets: int, seed: int, limit: RateLimit | None = None) -> ASGIApp:
    """An app with the accounts' default credentials."""
    desk = make_tickets(tickets, seed)
    if platform == "zendesk":
        return zendesk.create_app(zendesk.Account(desk, limit=limit))
    if platform == "salesforce":
        return salesforce.create_app(salesforce.Account(desk, limit=limit))
    return freshdesk.create_app(freshdesk.Account(desk, limit=limit))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="help_desks.serving")
    parser.add_argument("platform", choices=("zendesk", "salesforce", "freshdesk"))
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limit", metavar="CALLS/SECONDS", help="such as 700/60")
    parser.add_argument("--mischief", metavar="KIND=RATE,…", default="")
    parser.add_argument("--retry-after", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    asked = _arguments()
    calls, _, seconds = (asked.limit or "").partition("/")
    limit = RateLimit(int(calls), float(seconds or 60)) if calls else None
    app = app_of(asked.platform, asked.tickets, asked.seed, limit)
    rates = {
        kind: float(rate) for kind, _, rate in (p.partition("=") for p in asked.mischief.split(",") if p)
    }
    app = Mischief(app, seed=asked.seed, rates=rates, retry_after=asked.retry_after)
    listening = _bound(asked.port)
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(_config(app)).run(sockets=[listening])


if __name__ == "__main__":
    main()
