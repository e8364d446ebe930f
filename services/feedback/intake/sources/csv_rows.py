"""The rows of one CSV file, and what a single cell says. A row that cannot be read becomes a
`Rejected`; the rows around it stand. A cell's content is never quoted: it may be personal data.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO

from services.feedback.intake.sources.csv_mapping import Block, Criterion, Mapping, Times

MAX_NAME = 255
"""Ids and words longer than this are no ids and words: an index would refuse them."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_COUNT = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_GZIP = b"\x1f\x8b"


class FileUnreadable(Exception):
    """A file of which nothing can be imported: not there, damaged, or not this mapping's."""


@dataclass(frozen=True)
class Rejected:
    """A row that was left out. `line`: where it starts in the file, the header being line 1;
    `column`: its cell that cannot be read, or None where the whole row is the matter."""

    line: int
    column: str | None
    reason: str
    file: str = ""


class RowUnreadable(Exception):
    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class Clock:
    """Reads times as the mapping writes them. The same text is common, so answers are kept."""

    _KEPT = 100_000

    def __init__(self, times: Times) -> None:
        self._times = times
        self._known: dict[str, datetime | None] = {}

    def read(self, text: str) -> datetime | None:
        """In UTC, or None where this is no time (or one that the zone skips)."""
        if text not in self._known:
            if len(self._known) >= self._KEPT:
                self._known.clear()
            self._known[text] = self._parse(text)
        return self._known[text]

    def _parse(self, text: str) -> datetime | None:
        how, zone = self._times.format, self._times.zone
        try:
            time = datetime.strptime(text, how) if how else datetime.fromisoformat(text)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
            # The hour that a clock repeats in autumn is read as its first occurrence.
            moment = time.replace(tzinfo=zone).astimezone(UTC)
            skipped = moment.astimezone(zone).replace(tzinfo=None) != time
        except (ValueError, OverflowError):
            return None
        return None if skipped else moment


@dataclass
class Unmapped:
    """Words of one column that the mapping does not know: how many cells, and the first line."""

    cells: int
    first_line: int


class Row:
    """One data row of a block's file, read by the names of our fields."""

    __slots__ = ("_cells", "_source", "line")

    def __init__(self, cells: list[str], line: int, source: "Source") -> None:
        self._cells, self.line, self._source = cells, line, source

    def text(self, field: str) -> str:
        """Prose, as it is. Empty where the mapping names no such column."""
        return self._cell(self._source.block.columns.get(field))

    def name(self, field: str) -> str | None:
        """An id or a word; None where it is empty, marked as unknown, or not mapped."""
        cell = self.text(field).strip()
        if not cell or cell in self._source.mapping.missing:
            return None
        if len(cell) > MAX_NAME:
            raise self.unreadable(field, f"longer than {MAX_NAME} characters")
        if _CONTROL.search(cell):
            raise self.unreadable(field, "a control character in a name")
        return cell

    def needed(self, field: str) -> str:
        name = self.name(field)
        if name is None:
            raise self.unreadable(field, "nothing is there, and a row cannot do without it")
        return name

    def time(self, field: str) -> datetime | None:
        name = self.name(field)
        if name is None:
            return None
        time = self._source.clock.read(name)
        if time is None:
            raise self.unreadable(field, "not a time as the mapping describes it")
        return time

    def needed_time(self, field: str) -> datetime:
        self.needed(field)
        time = self.time(field)
        assert time is not None
        return time

    def count(self, field: str) -> int | None:
        name = self.name(field)
        if name is None:
            return None
        if not _COUNT.fullmatch(name):
            raise self.unreadable(field, "not a whole number from 0 to 999999999")
        return int(name)

    def word(self, field: str) -> tuple[str | None, str | None]:
        """(in our words, as it is). A word that the mapping does not know is never guessed:
        ours is None, and the source counts it."""
        raw = self.name(field)
        if raw is None:
            return None, None
        ours = self._source.block.values[field].get(raw)
        if ours is None:
            self._source.count_unmapped(field, self.line)
        return (str(ours) if ours is not None else None), raw

    def decided(self, field: str) -> str | bool:
        """A word without which the row would mean something else: unknown, the row is left out."""
        ours = self._source.block.values[field].get(self.needed(field))
        if ours is None:
            raise self.unreadable(field, "a word that the mapping does not know")
        return ours

    def score(self, criterion: Criterion) -> Decimal | None:
        """None: not scored (N/A)."""
        rubric = self._source.mapping.rubric
        cell = self._cell(criterion.column).strip()
        if not cell or cell in self._source.mapping.missing:
            return None
        if rubric and cell in rubric.not_scored:
            return None
        if not _NUMBER.fullmatch(cell):
            raise RowUnreadable(criterion.column, "not a number")
        score = Decimal(cell)
        if rubric and any(_NUMBER.fullmatch(mark) and Decimal(mark) == score for mark in rubric.not_scored):
            return None  # "0.0" where the mapping says "0"
        if not criterion.minimum <= score <= criterion.maximum:
            raise RowUnreadable(
                criterion.column,
                f"outside the scale of {criterion.minimum} to {criterion.maximum}",
            )
        return score

    def unreadable(self, field: str | None, reason: str) -> RowUnreadable:
        column = self._source.block.columns.get(field) if field else None
        return RowUnreadable(column, reason)

    def _cell(self, column: str | None) -> str:
        if column is None:
            return ""
        cell = self._cells[self._source.index[column]]
        if "\x00" in cell:
            raise RowUnreadable(column, "a NUL character, which no text can hold")
        if not cell.isascii() and _UNDECODABLE.search(cell):
            raise RowUnreadable(column, "bytes that are not UTF-8")
        return cell


class Source:
    """One file, read as one block of the mapping says."""

    def __init__(self, path: Path, block: Block, mapping: Mapping, clock: Clock) -> None:
        self.path, self.block, self.mapping, self.clock = path, block, mapping, clock
        self.index: dict[str, int] = {}
        self.rows_read = 0
        self.rejected: list[Rejected] = []
        self._unmapped: dict[str, Unmapped] = {}

    def each(self, take: Callable[[Row], None], on_rows: Callable[[int], None]) -> None:
        """Hands every readable row to `take`; what either refuses is rejected. Streams.

        Raises FileUnreadable.
        """
        with _opened(self.path) as file:
            reader = csv.reader(file, delimiter=self.mapping.delimiter, strict=True)
            header = _header(reader, self.path)
            if missing := missing_columns(self.block, self.mapping, header):
                raise FileUnreadable(f"{self.path.name} lacks the columns {', '.join(missing)}")
            self.index = {name: position for position, name in enumerate(header)}
            for name in self.block.needed_columns(self.mapping.rubric):
                if header.count(name) > 1:
                    raise FileUnreadable(f"{self.path.name} has the column {name} more than once")
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                    if not cells:  # an empty line
                        continue
                    self.rows_read += 1
                    if len(cells) != len(header):
                        reason = f"{len(header)} cells are expected, {len(cells)} are there"
                        raise RowUnreadable(None, reason)
                    take(Row(cells, line, self))
                except StopIteration:
                    return
                except csv.Error as error:
                    self.rows_read += 1
                    self.reject(line, None, _broken(error, line, reader.line_num))
                except RowUnreadable as error:
                    self.reject(line, error.column, error.reason)
                if self.rows_read % 1000 == 0:
                    on_rows(1000)

    def count_unmapped(self, field: str, line: int) -> None:
        self._unmapped.setdefault(field, Unmapped(0, line)).cells += 1

    def warnings(self) -> Iterator[str]:
        for field, unmapped in self._unmapped.items():
            yield (
                f"{self.path.name}: {unmapped.cells} cells of {self.block.columns[field]} hold a "
                f"word that the mapping does not know; {field} is left unknown there "
                f"(first in line {unmapped.first_line})"
            )

    def reject(self, line: int, column: str | None, reason: str) -> None:
        self.rejected.append(Rejected(line, column, reason, self.path.name))


def header_of(path: Path, delimiter: str) -> list[str]:
    """Raises FileUnreadable."""
    with _opened(path) as file:
        return _header(csv.reader(file, delimiter=delimiter, strict=True), path)


def missing_columns(block: Block, mapping: Mapping, header: list[str]) -> list[str]:
    return [name for name in block.needed_columns(mapping.rubric) if name not in header]


def _header(reader: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise FileUnreadable(f"{path.name} is empty") from None
    except csv.Error:
        raise FileUnreadable(f"{path.name}: the header is not CSV") from None
    if any("\x00" in name or _UNDECODABLE.search(name) for name in header):
        raise FileUnreadable(f"{path.name}: the header is not UTF-8 text")
    return header


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """Plain or gzip (told by its first bytes). Bytes that are not UTF-8 become lone surrogates,
    so that they spoil their own cell only."""
    try:
        with path.open("rb") as probe:
            packed = probe.read(2) == _GZIP
        opener = gzip.open if packed else open
        with opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        # Half a file would be half a ticket: its end could not be told from the ticket's.
        reason = getattr(error, "strerror", None) or "the compressed data is damaged"
        raise FileUnreadable(f"{path.name} cannot be read: {reason}") from None


def _broken(error: csv.Error, first: int, last: int) -> str:
    what = (
        f"a cell is longer than {csv.field_size_limit():,} characters"
        if "field limit" in str(error)
        else "the quoting is broken"
    )
    return what if last <= first else f"{what} (read up to line {last})"
