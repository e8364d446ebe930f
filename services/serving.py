"""Processes: serve apps with uvicorn, run the worker, stop both in order on Ctrl-C."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI

from services.wire import MAX_MESSAGE_BYTES, Socket, protocol
from shared.config import Settings
from shared.worker import Worker

GRACE_S = 20
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, on the faster event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class _Server(uvicorn.Server):
    """uvicorn, leaving signals to us: what runs beside it has to stop in order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is there now stays: it need not be looked through for garbage again and again
        gc.set_threshold(20_000)  # a request makes hundreds of things and hardly a cycle
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PortTaken(RuntimeError):
    """Somebody else listens there."""


def listen(host: str, port: int, *, fallback: bool = False) -> socket.socket:
    """A bound socket. With `fallback`, another free port where this one is taken.

    Raises PortTaken where there is no fallback.
    """
    # The protocol is named because the event loop sets TCP_NODELAY only where it is: without, each
    # answer on a kept-open connection waits 40 ms for the other side's acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if not fallback:
            raise PortTaken(
                f"{host}:{port} cannot be listened on ({error.strerror}): name another --port."
            ) from None
        return listen(host, 0)
    return bound


def _allow_many_sockets() -> None:
    """As many as the machine allows: a crowd of slow clients is waited out, and others still get in."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def run_until_signal(
    *,
    app: FastAPI | None = None,
    listener: socket.socket | None = None,
    worker: Worker | None = None,
    once_up: Callable[[], Coroutine[None, None, None]] | None = None,
) -> None:
    """Serves and works until SIGINT or SIGTERM; then no new requests, what runs is finished.

    `once_up` runs beside, as soon as the server answers; an error in it stops everything.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        if worker is not None:
            await stack.enter_async_context(_working(worker, stopping))
        if app is not None and listener is not None:
            await stack.enter_async_context(serving(app, listener, stopping))
        if once_up is not None:
            await _unless(stopping, once_up())
        await stopping.wait()


async def _unless(stopping: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Does the work, or gives it up when told to stop. Its errors are raised."""
    doing, told = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait({doing, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not doing.done():
        doing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await doing


@contextlib.asynccontextmanager
async def _working(worker: Worker, stopping: asyncio.Event) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    task.add_done_callback(lambda _: stopping.set())
    try:
        yield
    finally:
        worker.stop()
        await task


@contextlib.asynccontextmanager
async def serving(app: FastAPI, listener: socket.socket, stopping: asyncio.Event) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    _allow_many_sockets()
    server = _Server(
        uvicorn.Config(
            app,
            access_log=False,
            http=protocol(header_timeout_s=settings.header_timeout_s, body_timeout_s=settings.body_timeout_s),
            ws=Socket,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # what is small on the way can be large here
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            server_header=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    task.add_done_callback(lambda _: stopping.set())
    task.add_done_callback(lambda _: server.answers.set())  # also when it cannot start
    await server.answers.wait()
    try:
        yield
    finally:
        for tell in app.state.before_the_end:
            await tell()
        server.should_exit = True
        await task
