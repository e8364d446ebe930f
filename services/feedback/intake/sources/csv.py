"""CSV exports → our words: rows grouped into tickets and reviews, as a mapping says.

The rows of a ticket may lie anywhere in a file, so all tickets are collected before the first
is handed out. Files stream; what is kept is what will be stored, not the rows: the text of the
messages, and about 0.6 KB for each row of an incident log (35 MB for 59,354 rows).
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.feedback.intake.normalised import ImportedReview, Normalised
from services.feedback.intake.sources.csv_mapping import Mapping
from services.feedback.intake.sources.csv_rows import (
    Clock,
    Rejected,
    Row,
    RowUnreadable,
    Source,
    header_of,
    missing_columns,
)
from services.feedback.intake.sources.csv_tickets import (
    CollectedTicket,
    Comment,
    Head,
    Turn,
    Words,
)


class FilesDoNotFit(Exception):
    """The files given are not the files that the mapping describes."""


@dataclass(frozen=True)
class Totals:
    messages: int
    private_messages: int
    changes: int
    unscored_reviews: int


@dataclass(frozen=True)
class Reading:
    """All that the files say."""

    rows: int
    reviews: tuple[ImportedReview, ...]
    rejected: tuple[Rejected, ...]
    warnings: tuple[str, ...]
    tickets: tuple[CollectedTicket, ...]

    def batches(self, tickets: int = 200, rows: int = 2000) -> Iterator[list[Normalised]]:
        """The tickets in the order in which the files first name them. A batch ends at so many
        tickets, or earlier where those bring so many changes and messages."""
        batch: list[Normalised] = []
        weight = 0
        for ticket in self.tickets:
            if batch and (len(batch) == tickets or weight + ticket.weight > rows):
                yield batch
                batch, weight = [], 0
            batch.append(ticket.normalised())
            weight += ticket.weight
        if batch:
            yield batch

    def totals(self) -> Totals:
        comments = [one for ticket in self.tickets for one in ticket.comments.values()]
        return Totals(
            messages=len(comments),
            private_messages=sum(not comment.head.is_public for comment in comments),
            changes=sum(len(ticket.changes()) for ticket in self.tickets),
            unscored_reviews=sum(
                all(value is None for _, value in review.answers) for review in self.reviews
            ),
        )


def match_files(mapping: Mapping, paths: Sequence[Path]) -> dict[str, Path]:
    """Which file is which block of the mapping, told by the columns, not by the order.

    Raises FilesDoNotFit, FileUnreadable.
    """
    matched: dict[str, Path] = {}
    for path in paths:
        header = header_of(path, mapping.delimiter)
        lacking = {block.name: missing_columns(block, mapping, header) for block in mapping.blocks}
        fitting = [block for block in mapping.blocks if not lacking[block.name]]
        if not fitting:
            ways = "; ".join(
                f"as {name!r} it lacks {', '.join(columns)}" for name, columns in lacking.items()
            )
            raise FilesDoNotFit(f"{path.name} fits no file of the mapping: {ways}")
        free = [block for block in fitting if block.name not in matched]
        if not free:
            # Two files of one kind would each count a ticket's rows from one.
            name = fitting[0].name
            raise FilesDoNotFit(
                f"{path.name} and {matched[name].name} are both {name!r}: join them into one file"
            )
        closest = max(free, key=lambda block: len(block.needed_columns(mapping.rubric)))
        matched[closest.name] = path
    for block in mapping.blocks:
        if block.name not in matched:
            columns = ", ".join(block.needed_columns(mapping.rubric))
            raise FilesDoNotFit(f"no file was given for {block.name!r} (columns: {columns})")
    return matched


def read(
    mapping: Mapping, files: Table[str, Path], on_rows: Callable[[int], None] = lambda _: None
) -> Reading:
    """`files`: the path for each block, by its name. `on_rows` hears how many more were read.

    Raises FilesDoNotFit, FileUnreadable: a file that is damaged half-way is not used by half.
    """
    collector = _Collector(mapping)
    clock = Clock(mapping.times)
    sources = []
    for block in mapping.blocks:
        if block.name not in files:
            raise FilesDoNotFit(f"no file was given for {block.name!r}")
        source = Source(files[block.name], block, mapping, clock)
        source.each(partial(collector.take[block.grain], source), on_rows)
        collector.drop_incomplete_messages(source)
        sources.append(source)
    tickets = tuple(ticket for ticket in collector.tickets.values() if not ticket.is_empty)
    return Reading(
        rows=sum(source.rows_read for source in sources),
        reviews=tuple(collector.reviews.values()),
        rejected=tuple(
            rejected
            for source in sources
            for rejected in sorted(source.rejected, key=lambda rejected: rejected.line)
        ),
        warnings=(
            *(warning for source in sources for warning in source.warnings()),
            *(warning for ticket in tickets for warning in ticket.warnings),
        ),
        tickets=tickets,
    )


class _Collector:
    """Rows go in, in file order; each is read to its end before it changes anything."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self.tickets: dict[str, CollectedTicket] = {}
        self.reviews: dict[str, ImportedReview] = {}
        self._ticket_of_message: dict[str, str] = {}
        self._incomplete: list[tuple[CollectedTicket, str]] = []
        self.take = {
            "message": self._take_message,
            "ticket_update": self._take_update,
            "review": self._take_turn,
        }

    def drop_incomplete_messages(self, source: Source) -> None:
        """A message is stored once and for ever, so one with an unreadable row waits as a whole
        until that row is mended."""
        for ticket, key in self._incomplete:
            if comment := ticket.comments.pop(key, None):
                column = source.block.columns["message"]
                source.reject(
                    comment.first_line,
                    column,
                    "another row of this message cannot be read, so the message is left out",
                )
        self._incomplete.clear()

    def _take_message(self, source: Source, row: Row) -> None:
        ticket, key = self._ticket(row), row.needed("message")
        if self._ticket_of_message.setdefault(key, ticket.key) != ticket.key:
            raise row.unreadable("message", "a row above gave this message to another ticket")
        try:
            words, opened_at = _words(row), row.time("opened_at")
            head, line = self._head(source, row), row.text("body")
            comment = ticket.comments.get(key) or Comment(head, len(ticket.comments), row.line)
            if comment.head != head:
                raise row.unreadable(None, "not as the rows of its message above: author, time, …")
        except RowUnreadable:
            self._incomplete.append((ticket, key))
            raise
        ticket.comments[key] = comment
        comment.lines.append(line)
        ticket.words |= words
        ticket.opened_at = opened_at or ticket.opened_at

    def _head(self, source: Source, row: Row) -> Head:
        author = row.name("author")
        is_bot = author in self._mapping.bots
        return Head(
            sent_at=row.needed_time("at"),
            position=row.count("position"),
            author_kind="bot" if is_bot else str(row.decided("author_kind")),
            author_key=author,
            author_name=row.name("author_name"),
            # A word for "private" that nobody explained is never taken for "public".
            is_public=not ("private" in source.block.columns and row.decided("private")),
        )

    def _take_update(self, source: Source, row: Row) -> None:
        ticket = self._ticket(row)
        ticket.rows += 1
        words, opened_at = _words(row), row.time("opened_at")
        status, status_raw = row.word("status")
        if status_raw is not None:
            words |= {"status": status, "status_raw": status_raw}
        words |= _known(row, "group", "assignee")
        at, solved_at, actor = row.needed_time("at"), row.time("solved_at"), row.name("actor")
        ticket.update(words, at, solved_at, actor, f"{source.path.name}, line {row.line}")
        ticket.opened_at = opened_at or ticket.opened_at

    def _take_turn(self, source: Source, row: Row) -> None:
        ticket = self._ticket(row)
        words, opened_at = _words(row), row.time("opened_at")
        row.needed("turn")
        turn = Turn(
            number=row.count("turn") or 0,
            started_at=row.time("started"),
            ended_at=row.needed_time("at"),
            assignee=row.name("assignee"),
        )
        criteria = self._mapping.rubric.criteria if self._mapping.rubric else ()
        review = ImportedReview(
            ticket_key=ticket.key,
            key=f"{ticket.key}:{turn.number}",
            agent_key=turn.assignee,
            reviewed_at=turn.ended_at,
            answers=tuple((criterion.id, row.score(criterion)) for criterion in criteria),
            summary=row.text("notes").strip() or None,
        )
        if review.key in self.reviews:
            raise row.unreadable("turn", "a row above already scored this turn")
        self.reviews[review.key] = review
        ticket.turns.append(turn)
        ticket.words |= words
        ticket.opened_at = opened_at or ticket.opened_at

    def _ticket(self, row: Row) -> CollectedTicket:
        key = row.needed("ticket")
        if key not in self.tickets:
            self.tickets[key] = CollectedTicket(key)
        return self.tickets[key]


def _words(row: Row) -> Words:
    """What any row may say about its ticket. A field that the row does not know is left out, so
    that it never overwrites what an earlier row knew."""
    words = _known(row, "type", "language", "topic", "brand", "requester")
    if subject := row.text("subject").strip():
        words["subject"] = subject
    channel, channel_raw = row.word("channel")
    if channel_raw is not None:
        words |= {"channel": channel, "channel_raw": channel_raw}
    priority, priority_raw = row.word("priority")
    if priority_raw is not None:
        words["priority"] = priority
    return words


def _known(row: Row, *fields: str) -> Words:
    named = {field: row.name(field) for field in fields}
    return {field: word for field, word in named.items() if word is not None}
