"""`assay privacy`: what has to be done about erased people when a backup is restored."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:  # the other verbs of `assay` need not wait for what only this one uses
    from shared.config import Settings

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    privacy = typer.Typer(help="Who is erased: keep the list beside backups, apply it to restored ones.")
    app.add_typer(privacy, name="privacy")
    privacy.command("export-erasures")(export_erasures)
    privacy.command("reapply")(reapply)


def export_erasures(
    file: Annotated[Path, typer.Argument(help="Is written anew: a line of JSON for each erased person.")],
) -> None:
    """Write down who is erased, by keyed hashes and random words: nobody can be told from it."""
    from services.local import ready
    from shared.config import settings_from_environment

    told = asyncio.run(_export(ready(settings_from_environment())))
    draft = file.with_suffix(file.suffix + ".part")
    draft.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
    draft.replace(file)
    out.print(f"{len(told)} erased people are in {file}.")


async def _export(settings: "Settings") -> list[dict[str, object]]:
    from services.feedback.privacy.erasing import export_erasures
    from shared.db import Database

    db = Database.of(settings, "worker")
    try:
        async with db.transaction() as session:
            return await export_erasures(session)
    finally:
        await db.close()


def reapply(
    file: Annotated[Path, typer.Argument(help="What `assay privacy export-erasures` wrote.", exists=True)],
) -> None:
    """Erase them again in a database that was restored from a backup. Safe to repeat."""
    from services.local import ready
    from shared.config import settings_from_environment

    try:
        told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    except ValueError:
        raise typer.BadParameter("This is no list of erased people.") from None
    again = asyncio.run(_reapply(ready(settings_from_environment()), told))
    out.print(f"{len(told)} people are on the list; {again} of them were not erased here, and are now.")


async def _reapply(settings: "Settings", told: list[dict[str, object]]) -> int:
    """One transaction a person."""
    from services.feedback.privacy.erasing import reapply
    from shared.crypto import Sealer
    from shared.db import Database

    db, sealer, again = Database.of(settings, "worker"), Sealer(settings), 0
    try:
        for one in told:
            async with db.transaction() as session:
                again += bool(await reapply(session, sealer, one))
    finally:
        await db.close()
    return again
