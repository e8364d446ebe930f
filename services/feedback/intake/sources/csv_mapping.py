"""What a CSV means: a mapping, read from TOML, says which column is which of our fields.

Only the declaration and its validation live here; rows are read in `csv_rows`, tickets are
made in `csv`. The vocabulary is shown by the shipped mappings (`intake/mappings/*.toml`).
"""

import re
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

Grain = Literal["message", "ticket_update", "review"]

SHIPPED = Path(__file__).parents[1] / "mappings"

_ABOUT_THE_TICKET = frozenset(
    {
        "opened_at",
        "subject",
        "type",
        "channel",
        "language",
        "topic",
        "brand",
        "priority",
        "requester",
    }
)
_REQUIRED: dict[str, frozenset[str]] = {
    "message": frozenset({"ticket", "message", "at", "author_kind", "body"}),
    "ticket_update": frozenset({"ticket", "at"}),
    "review": frozenset({"ticket", "turn", "at"}),
}
_OPTIONAL: dict[str, frozenset[str]] = {
    "message": frozenset({"author", "author_name", "private", "position"}),
    "ticket_update": frozenset({"status", "group", "assignee", "actor", "solved_at"}),
    "review": frozenset({"started", "assignee", "notes"}),
}
_WORDS: dict[str, tuple[str | bool, ...]] = {
    "status": ("new", "open", "pending", "on_hold", "solved", "closed"),
    "priority": ("low", "normal", "high", "urgent"),
    "channel": ("email", "web", "api", "messaging", "chat", "phone", "other"),
    "author_kind": ("requester", "agent", "bot", "system"),
    "private": (True, False),
}
"""Fields whose words are ours: their columns need a table from the file's words to these."""

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class MappingInvalid(ValueError):
    """A mapping that cannot be used. `path`: the key within the TOML file; `detail`: what is
    expected there."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path, self.detail = path, detail


@dataclass(frozen=True)
class ImportConnection:
    """The connection that the imported tickets belong to."""

    key: str
    name: str
    resolution_basis: str


@dataclass(frozen=True)
class Times:
    """How times are written. `format` None: ISO 8601. The zone holds where a time names none."""

    format: str | None
    zone: ZoneInfo


@dataclass(frozen=True)
class Block:
    """One CSV file: what a row is, which column is which field, and its words in ours."""

    name: str
    grain: Grain
    columns: Table[str, str]
    values: Table[str, Table[str, str | bool]]

    def needed_columns(self, rubric: "Rubric | None") -> tuple[str, ...]:
        of_rubric = rubric.columns if rubric and self.grain == "review" else ()
        return tuple(dict.fromkeys((*self.columns.values(), *of_rubric)))


@dataclass(frozen=True)
class Criterion:
    id: str
    title: str
    column: str
    minimum: Decimal
    maximum: Decimal
    weight: Decimal


@dataclass(frozen=True)
class Rubric:
    """The scorecard that the imported reviews were scored with."""

    key: str
    name: str
    criteria: tuple[Criterion, ...]
    not_scored: frozenset[str]
    """Cells that mean "not applicable", besides the empty one."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(criterion.column for criterion in self.criteria)

    def card(self) -> dict[str, Any]:
        """The scorecard as the audit service takes it: one section, no pass mark."""
        criteria = [
            {
                "id": criterion.id,
                "title": criterion.title,
                "weight": _json(criterion.weight),
                "scale": {"min": _json(criterion.minimum), "max": _json(criterion.maximum)},
                "critical": None,
            }
            for criterion in self.criteria
        ]
        section = {"id": self.key, "title": self.name, "weight": 1, "kind": "standard"}
        return {
            "mode": "weighted",
            "sections": [section | {"criteria": criteria}],
            "pass_mark": None,
            "cap_at_100": False,
        }


@dataclass(frozen=True)
class Mapping:
    connection: ImportConnection
    times: Times
    delimiter: str
    missing: frozenset[str]
    """Cells that say "not known", besides the empty one."""
    bots: frozenset[str]
    """Authors whose every message is automatic, whatever the file says of them."""
    blocks: tuple[Block, ...]
    rubric: Rubric | None

    @classmethod
    def load(cls, path: Path) -> "Mapping":
        """Raises MappingInvalid."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise MappingInvalid("", f"the mapping cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise MappingInvalid("", "the mapping is not UTF-8 text") from None

    @classmethod
    def parse(cls, text: str) -> "Mapping":
        """Raises MappingInvalid."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MappingInvalid("", f"the mapping is not TOML ({error})") from None
        top = _Reader(raw, "")
        cells = top.reader("cells", optional=True)
        bots = top.reader("bots", optional=True)
        blocks = tuple(_block(block) for block in top.readers("file"))
        scorecard = _rubric(top.reader("scorecard")) if "scorecard" in raw else None
        mapping = cls(
            connection=_connection(top.reader("connection")),
            times=_times(top.reader("time")),
            delimiter=cells.text("delimiter", default=","),
            missing=cells.texts("missing"),
            bots=bots.texts("authors"),
            blocks=blocks,
            rubric=scorecard,
        )
        for reader in (cells, bots, top):
            reader.refuse_the_rest()
        _refuse_contradictions(mapping)
        return mapping


def find_mapping(name: str) -> Path:
    """A shipped mapping by its name, else the path itself. Raises MappingInvalid."""
    path = Path(name)
    if path.is_file():
        return path
    names = sorted(shipped.stem for shipped in SHIPPED.glob("*.toml"))
    if name in names:
        return SHIPPED / f"{name}.toml"
    raise MappingInvalid(
        "", f"there is neither a file nor a shipped mapping {name} (shipped: {', '.join(names)})"
    )


def _connection(table: "_Reader") -> ImportConnection:
    connection = ImportConnection(
        key=table.key("key"),
        name=table.text("name"),
        resolution_basis=table.choice("resolution_basis", ("history", "stated")),
    )
    table.refuse_the_rest()
    return connection


def _times(table: "_Reader") -> Times:
    how = table.text("format")
    if how != "iso" and "%" not in how:
        raise MappingInvalid(table.at("format"), '"iso" or a pattern like "%d/%m/%Y %H:%M" expected')
    zone = table.text("zone")
    table.refuse_the_rest()
    try:
        return Times(None if how == "iso" else how, ZoneInfo(zone))
    except (ValueError, OSError, KeyError):
        raise MappingInvalid(
            table.at("zone"), 'the name of a time zone is expected, like "UTC" or "Europe/Berlin"'
        ) from None


def _block(table: "_Reader") -> Block:
    name = table.text("name")
    grain = table.choice("grain", tuple(_REQUIRED))
    allowed = _REQUIRED[grain] | _OPTIONAL[grain] | _ABOUT_THE_TICKET
    columns = table.reader("columns")
    for field in columns.raw:
        if field not in allowed:
            raise MappingInvalid(
                columns.at(field), f"no field of a {grain}; known: {', '.join(sorted(allowed))}"
            )
    mapped = {field: columns.text(field) for field in columns.raw}
    for field in sorted(_REQUIRED[grain] - mapped.keys()):
        raise MappingInvalid(columns.at(field), f"each {grain} needs it: name its column")
    values = table.reader("values", optional=True)
    words = {field: _words(values.reader(field), ours) for field, ours in _WORDS.items() if field in mapped}
    values.refuse_the_rest()
    table.refuse_the_rest()
    return Block(name, cast(Grain, grain), mapped, words)


def _words(table: "_Reader", ours: tuple[str | bool, ...]) -> dict[str, str | bool]:
    for theirs, word in table.raw.items():
        if not any(type(word) is type(known) and word == known for known in ours):
            shown = ", ".join(str(known).lower() for known in ours)
            raise MappingInvalid(table.at(theirs), f"one of {shown} is expected")
    return cast(dict[str, str | bool], dict(table.raw))


def _rubric(table: "_Reader") -> Rubric:
    rubric = Rubric(
        key=table.key("key"),
        name=table.text("name"),
        criteria=tuple(_criterion(criterion) for criterion in table.readers("criterion")),
        not_scored=table.texts("not_scored"),
    )
    table.refuse_the_rest()
    return rubric


def _criterion(table: "_Reader") -> Criterion:
    criterion = Criterion(
        id=table.key("id"),
        title=table.text("title"),
        column=table.text("column"),
        minimum=table.number("min"),
        maximum=table.number("max"),
        weight=table.number("weight"),
    )
    table.refuse_the_rest()
    if criterion.minimum >= criterion.maximum:
        raise MappingInvalid(table.at("max"), "more than min is expected")
    if criterion.weight <= 0:
        raise MappingInvalid(table.at("weight"), "more than 0 is expected")
    return criterion


def _refuse_contradictions(mapping: Mapping) -> None:
    names = [block.name for block in mapping.blocks]
    if len(set(names)) != len(names):
        raise MappingInvalid("file.name", "each file block needs a name of its own")
    has_reviews = any(block.grain == "review" for block in mapping.blocks)
    if has_reviews != (mapping.rubric is not None):
        raise MappingInvalid("scorecard", 'expected exactly where a file has the grain "review"')
    if mapping.rubric:
        ids = [criterion.id for criterion in mapping.rubric.criteria]
        if len(set(ids)) != len(ids):
            raise MappingInvalid("scorecard.criterion.id", "each criterion needs an id of its own")
    if len(mapping.delimiter) != 1:
        raise MappingInvalid("cells.delimiter", "a single character is expected")


def _json(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


class _Reader:
    """A TOML table with its place in the file, and the keys of it that were not asked for yet."""

    def __init__(self, raw: Table[str, Any], place: str) -> None:
        self.raw, self._place, self._unread = raw, place, set(raw)

    def at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str) or not value:
            raise MappingInvalid(self.at(key), "a text is expected")
        return value

    def key(self, key: str) -> str:
        """A name that will be part of addresses."""
        value = self._take(key, None)
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            raise MappingInvalid(self.at(key), "up to 63 lower-case letters, digits, - and _ are expected")
        return value

    def texts(self, key: str) -> frozenset[str]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise MappingInvalid(self.at(key), "a list of texts is expected")
        return frozenset(value)

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._take(key, None)
        if value not in choices:
            raise MappingInvalid(self.at(key), f"one of {', '.join(choices)} is expected")
        return cast(str, value)

    def number(self, key: str) -> Decimal:
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MappingInvalid(self.at(key), "a number is expected")
        number = Decimal(repr(value))
        if not number.is_finite():
            raise MappingInvalid(self.at(key), "a finite number is expected")
        return number

    def reader(self, key: str, *, optional: bool = False) -> "_Reader":
        value = self._take(key, {} if optional else None)
        if not isinstance(value, dict):
            raise MappingInvalid(self.at(key), "a table is expected")
        return _Reader(value, self.at(key))

    def readers(self, key: str) -> list["_Reader"]:
        value = self._take(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            raise MappingInvalid(self.at(key), f"at least one block [[{self.at(key)}]] is expected")
        return [_Reader(item, f"{self.at(key)}[{i}]") for i, item in enumerate(value, start=1)]

    def refuse_the_rest(self) -> None:
        for key in sorted(self._unread):
            raise MappingInvalid(self.at(key), "no such key is known here")

    def _take(self, key: str, default: object) -> Any:
        self._unread.discard(key)
        return self.raw.get(key, default)
