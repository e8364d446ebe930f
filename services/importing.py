"""Brings CSV exports in, across services: tickets to feedback, reviews to audit.

It stands beside the composition root because no service may call another. It holds no rule:
what a file means is said in `intake/sources/csv`, how it is stored by the services' own verbs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from services.audit.reviews.importing import import_reviews
from services.audit.scorecards.service import ensure_published
from services.feedback.connections.service import ensure_import_connection
from services.feedback.intake.service import apply
from services.feedback.intake.sources import csv
from services.feedback.intake.sources.csv import Reading
from services.feedback.intake.sources.csv_mapping import Mapping
from services.feedback.intake.sources.csv_rows import Rejected
from shared.crypto import Sealer
from shared.db import Database
from shared.errors import Conflict
from shared.models.feedback import Connection

REVIEWS_AT_ONCE = 200


@dataclass(frozen=True)
class ImportProgress:
    """`done` of `total`; how many rows there are nobody knows before the last one is read."""

    step: Literal["rows", "tickets", "reviews"]
    done: int
    total: int | None


@dataclass(frozen=True)
class ImportReport:
    """What the files held, and what of it was new here."""

    is_dry_run: bool
    rows: int
    tickets: int
    messages: int
    private_messages: int
    changes: int
    reviews: int
    unscored_reviews: int
    changed_tickets: int
    """Tickets about which something new was learned."""
    added_reviews: int
    rejected: tuple[Rejected, ...]
    warnings: tuple[str, ...]


Progress = Callable[[ImportProgress], None]


async def run_import(
    db: Database,
    sealer: Sealer,
    mapping: Mapping,
    files: dict[str, Path],
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    """`files`: the path for each file block of the mapping, by its name.

    One transaction a batch: an import that was cut off is simply run again, and nothing counts
    twice. Raises FilesDoNotFit and FileUnreadable before anything is written, Conflict where the
    connection's key belongs to a help desk.
    """
    if dry_run:
        return rehearse_import(mapping, files, progress=progress)
    reading = _read(mapping, files, progress)
    if not reading.tickets:
        return _report(reading, is_dry_run=False)
    connection = await _ensure_connection(db, mapping)
    changed: set[UUID] = set()
    done = 0
    for batch in reading.batches():
        async with db.transaction("tickets.import", is_command=True) as session:
            changed |= await apply(session, sealer, connection, batch)
        done += len(batch)
        progress(ImportProgress("tickets", done, len(reading.tickets)))
    added = await _import_reviews(db, connection, mapping, reading, progress)
    warnings = []
    if connection.resolution_basis != mapping.connection.resolution_basis:
        warnings.append(
            f"the connection {connection.key} was here already, and its resolution basis stays "
            f"{connection.resolution_basis}"
        )
    return _report(
        reading,
        is_dry_run=False,
        changed_tickets=len(changed),
        added_reviews=added,
        warnings=warnings,
    )


def rehearse_import(mapping: Mapping, files: dict[str, Path], *, progress: Progress) -> ImportReport:
    """Reads and reports everything; needs no database. Raises FilesDoNotFit, FileUnreadable."""
    return _report(_read(mapping, files, progress), is_dry_run=True)


def _read(mapping: Mapping, files: dict[str, Path], progress: Progress) -> Reading:
    done = 0

    def on_rows(more: int) -> None:
        nonlocal done
        done += more
        progress(ImportProgress("rows", done, None))

    reading = csv.read(mapping, files, on_rows)
    progress(ImportProgress("rows", reading.rows, reading.rows))
    return reading


async def _ensure_connection(db: Database, mapping: Mapping) -> Connection:
    wanted = mapping.connection
    async with db.transaction("tickets.import", is_command=True) as session:
        connection = await ensure_import_connection(
            session, key=wanted.key, name=wanted.name, resolution_basis=wanted.resolution_basis
        )
    if connection.platform != "import":
        raise Conflict(f"The connection {wanted.key} is a help desk's: give the import its own key.")
    return connection


async def _import_reviews(
    db: Database, connection: Connection, mapping: Mapping, reading: Reading, progress: Progress
) -> int:
    if mapping.rubric is None or not reading.reviews:
        return 0
    rubric, reviews = mapping.rubric, reading.reviews
    async with db.transaction("tickets.import", is_command=True) as session:
        version = await ensure_published(session, key=rubric.key, name=rubric.name, card=rubric.card())
    added = 0
    for start in range(0, len(reviews), REVIEWS_AT_ONCE):
        batch = list(reviews[start : start + REVIEWS_AT_ONCE])
        async with db.transaction("tickets.import", is_command=True) as session:
            added += await import_reviews(session, connection, version, batch)
        progress(ImportProgress("reviews", start + len(batch), len(reviews)))
    return added


def _report(
    reading: Reading,
    *,
    is_dry_run: bool,
    changed_tickets: int = 0,
    added_reviews: int = 0,
    warnings: list[str] | None = None,
) -> ImportReport:
    found = reading.totals()
    return ImportReport(
        is_dry_run=is_dry_run,
        rows=reading.rows,
        tickets=len(reading.tickets),
        messages=found.messages,
        private_messages=found.private_messages,
        changes=found.changes,
        reviews=len(reading.reviews),
        unscored_reviews=found.unscored_reviews,
        changed_tickets=changed_tickets,
        added_reviews=added_reviews,
        rejected=reading.rejected,
        warnings=(*reading.warnings, *(warnings or ())),
    )
