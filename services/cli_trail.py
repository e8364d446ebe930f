"""`assay trail`: is the audit trail whole? And a copy of it for others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console

from services.local import ready
from shared import trail_chain
from shared.config import settings_from_environment
from shared.db import Database
from shared.lines import line_of
from shared.trail_chain import Fault, Head, Keys, Link

app = typer.Typer(help="The audit trail: verify it, note its head, copy it.", no_args_is_help=True)
out = Console()
T = TypeVar("T")
Kept = Annotated[str | None, typer.Option(help="A head noted earlier, as `assay trail head` said it.")]


@app.command()
def verify(head: Kept = None) -> None:
    """Recompute every link; say where the first one is that does not hold."""
    kept = _head(head)
    _tell(*_asked(lambda session, keys: trail_chain.verify(session, keys, kept)))


@app.command()
def head() -> None:
    """The chain's end, to be kept elsewhere: with it, a chain that was cut off or made anew is noticed."""
    typer.echo(str(_asked(lambda session, _: trail_chain.get_head(session))))


@app.command()
def export(file: Annotated[Path, typer.Argument(help="NDJSON: a link a line, with its entry.")]) -> None:
    """Write the chain to a file, which `verify-file` checks."""

    async def write(session: Any, _: Keys) -> int:
        count = 0
        with file.open("wb") as target:
            async for link in trail_chain.links(session):
                target.write(line_of(trail_chain.told(link)))
                count += 1
        return count

    out.print(f"{_asked(write)} links written to {file}.")


@app.command()
def verify_file(file: Path, head: Kept = None) -> None:
    """The same for an exported file."""

    async def lines() -> AsyncIterator[Link]:
        with file.open("rb") as source:  # nothing else runs in this command
            for line in source:
                link = orjson.loads(line)
                yield link["number"], bytes.fromhex(link["hash"]), link["entry"]

    kept = _head(head)
    _tell(*_asked(lambda _, keys: trail_chain.verify_links(lines(), keys, kept)))


def _head(text: str | None) -> Head | None:
    try:
        return Head.parse(text) if text else None
    except ValueError:
        raise typer.BadParameter("A head looks like 17:9f86d0….", param_hint="--head") from None


def _tell(fault: Fault | None, held: Head) -> None:
    if fault is not None:
        out.print(f"The trail does not hold. {fault}\nUp to link {held.number} all is as it was written.")
        raise typer.Exit(1)
    out.print(f"The trail holds: {held.number} links. Head: {held}", soft_wrap=True)


def _asked(work: Callable[[Any, Keys], Awaitable[T]]) -> T:
    settings = ready(settings_from_environment())

    async def run() -> T:
        db = Database.of(settings, "worker")
        async with db.snapshot() as session:
            result = await work(session, Keys.of(settings))
        await db.close()
        return result

    return asyncio.run(run())
