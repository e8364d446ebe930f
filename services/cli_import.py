"""`assay import`: CSV files in, by a mapping; what could not be read is listed, the rest is in."""

import asyncio
import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

if TYPE_CHECKING:  # the other verbs of `assay` need not wait for what only this one uses
    from services.feedback.intake.sources.csv_mapping import Mapping
    from services.feedback.intake.sources.csv_rows import Rejected
    from services.importing import ImportProgress, ImportReport
    from shared.config import Settings

SHOWN = 10
"""Rejected rows and warnings listed on the screen; `--rejects` writes them all."""


def register(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    mapping: Annotated[
        str, typer.Argument(help="A shipped mapping (helpdesk_qa, incident_log) or a TOML file.")
    ],
    files: Annotated[
        list[Path],
        typer.Argument(help="The CSV files (plain or .gz); told apart by their columns."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and report everything, write nothing.")
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rows that were left out to this CSV file.")
    ] = None,
) -> None:
    """Import tickets, messages and reviews from CSV files. Safe to repeat."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.feedback.intake.sources.csv import FilesDoNotFit
    from services.feedback.intake.sources.csv_mapping import MappingInvalid
    from services.feedback.intake.sources.csv_rows import FileUnreadable
    from services.local import NotRunning
    from shared.errors import Problem

    out, err = Console(), Console(stderr=True)
    try:
        report = _run(mapping, files, dry_run=dry_run, console=err)
    except MappingInvalid as error:
        raise _failure(err, f"The mapping {mapping} cannot be used: {error}") from None
    except (FilesDoNotFit, FileUnreadable) as error:
        raise _failure(err, f"Nothing was imported: {error}.") from None
    except NotRunning as error:
        raise _failure(err, f"{error} (`--dry-run` needs no database.)") from None
    except Problem as error:
        raise _failure(err, f"{error.title()}. {error.detail}") from None
    except (SQLAlchemyError, OSError) as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        raise _failure(
            err,
            f"The database failed ({cause}). What was written until then stays; run the import "
            "again, nothing counts twice.",
        ) from None
    _show(out, report)
    if rejects is not None:
        _write_rejects(err, rejects, report.rejected)
    if not report.tickets:
        raise _failure(err, "Nothing could be imported: no row could be read.")


def _run(mapping_name: str, files: list[Path], *, dry_run: bool, console: Console) -> "ImportReport":
    from services.feedback.intake.sources.csv import match_files
    from services.feedback.intake.sources.csv_mapping import Mapping, find_mapping
    from services.importing import rehearse_import
    from services.local import ready
    from shared.config import settings_from_environment

    mapping = Mapping.load(find_mapping(mapping_name))
    matched = match_files(mapping, files)
    settings = None if dry_run else ready(settings_from_environment())
    with _Bars(console) as bars:
        if settings is None:
            return rehearse_import(mapping, matched, progress=bars.show)
        return asyncio.run(_import(settings, mapping, matched, bars))


async def _import(
    settings: "Settings", mapping: "Mapping", files: dict[str, Path], bars: "_Bars"
) -> "ImportReport":
    from services.importing import run_import
    from shared.crypto import Sealer
    from shared.db import Database

    db = Database.of(settings, "worker")
    try:
        return await run_import(db, Sealer(settings), mapping, files, dry_run=False, progress=bars.show)
    finally:
        await db.close()


class _Bars(Progress):
    """One bar for each step of the import, as it begins."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), console=console
        )
        self._steps: dict[str, TaskID] = {}

    def show(self, at: "ImportProgress") -> None:
        if at.step not in self._steps:
            self._steps[at.step] = self.add_task(at.step, total=at.total)
        self.update(self._steps[at.step], completed=at.done, total=at.total)


def _show(console: Console, report: "ImportReport") -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(justify="right")
    table.add_column()
    for number, words in _lines(report):
        table.add_row(f"{number:,}", words)
    console.print(table)
    left_out = [f"left out: {_place(row)}: {row.reason}" for row in report.rejected]
    notes = [f"note: {warning}" for warning in report.warnings]
    for lines, more in ((left_out, "rows left out (--rejects PATH lists all)"), (notes, "notes")):
        for line in lines[:SHOWN]:
            _say(console, line)
        if len(lines) > SHOWN:
            _say(console, f"… and {len(lines) - SHOWN:,} more {more}")
    if report.is_dry_run:
        _say(console, "A dry run: nothing was written.")
    elif report.changed_tickets:
        _say(console, "The worker computes the figures from here (`assay up` runs one).")


def _lines(report: "ImportReport") -> Iterable[tuple[int, str]]:
    yield report.rows, "rows read"
    yield len(report.rejected), "rows left out"
    yield report.tickets, "tickets"
    yield report.messages, f"messages, of them {report.private_messages:,} private"
    yield report.changes, "changes"
    yield report.reviews, f"reviews, of them {report.unscored_reviews:,} without a score"
    if not report.is_dry_run:
        yield report.changed_tickets, "tickets that are new or changed"
        yield report.added_reviews, "reviews that are new"


def _place(row: "Rejected") -> str:
    column = f", column {row.column}" if row.column else ""
    return f"{row.file}, line {row.line}{column}"


def _write_rejects(console: Console, path: Path, rejected: Iterable["Rejected"]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "column", "reason", "file"))
            writer.writerows((row.line, row.column or "", row.reason, row.file) for row in rejected)
    except OSError as error:
        _say(console, f"The rows left out could not be written to {path}: {error.strerror}.")


def _say(console: Console, text: str) -> None:
    """What files and mappings are called is no markup."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _failure(console: Console, message: str) -> typer.Exit:
    console.print(message, markup=False, highlight=False, style="red", soft_wrap=True)
    return typer.Exit(1)
