"""A reader of as much SOQL as a puller needs: one object, WHERE with AND, OR, NOT, IN, ORDER BY, LIMIT."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from help_desks.limits import epoch

_TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|>=|<=|!=|<>|[(),=<>]|[\w.:+-]+)")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\S+")
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b), "<>": lambda a, b: bool(a != b),
    ">": lambda a, b: bool(a > b), ">=": lambda a, b: bool(a >= b),
    "<": lambda a, b: bool(a < b), "<=": lambda a, b: bool(a <= b),
}  # fmt: skip
Get = Callable[[str], Any]


class BadQuery(Exception):
    def __init__(self, detail: str, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(detail)
        self.detail, self.code = detail, code


@dataclass(frozen=True)
class Node:
    """`op` is and, or, not (with parts), in (value is a frozenset), or a comparison."""

    op: str
    parts: tuple["Node", ...] = ()
    field: str = ""
    value: Any = None

    def holds(self, get: Get) -> bool:
        if self.op == "and":
            return all(part.holds(get) for part in self.parts)
        if self.op == "or":
            return any(part.holds(get) for part in self.parts)
        if self.op == "not":
            return not self.parts[0].holds(get)
        told = get(self.field)
        if self.op == "in":
            return told in self.value
        if self.op not in {"=", "!=", "<>"} and (told is None or self.value is None):
            return False
        try:
            return _OPS[self.op](told, self.value)
        except TypeError:
            raise BadQuery(f"value of filter criterion for field '{self.field}' is of another type") from None

    def least(self, field: str) -> int | None:
        """The smallest value the field can have where this holds; None when it does not say."""
        told = [part.least(field) for part in self.parts]
        known = [value for value in told if value is not None]
        if self.op == "and":
            return max(known, default=None)
        if self.op == "or":
            return min(known) if len(known) == len(told) else None
        named = self.field == field and self.op in {"=", ">", ">="} and isinstance(self.value, int)
        return self.value if named else None

    def only(self, field: str) -> frozenset[str] | None:
        """The values an AND of this allows the field."""
        if self.op == "and":
            return next((told for part in self.parts if (told := part.only(field)) is not None), None)
        if self.field != field or self.op not in {"=", "in"}:
            return None
        return self.value if self.op == "in" else frozenset({self.value})

    def fields(self) -> set[str]:
        return {self.field} - {""} | {name for part in self.parts for name in part.fields()}


@dataclass(frozen=True)
class Query:
    sobject: str
    fields: tuple[str, ...]  # empty: count()
    where: Node | None
    order: tuple[tuple[str, bool], ...]  # field, descending
    limit: int | None


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise BadQuery(f"unexpected token at position {position}")
            self.tokens.append(match[1])
            position = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise BadQuery("unexpected end of query")
        self.at += 1
        return token

    def is_(self, *words: str) -> bool:
        """Take these words (any case) if they come next."""
        found = [token.upper() for token in self.tokens[self.at : self.at + len(words)]]
        if found != list(words):
            return False
        self.at += len(words)
        return True

    def must(self, word: str) -> None:
        if not self.is_(word):
            raise BadQuery(f"expecting '{word}'")

    def condition(self, deep: int = 0) -> Node:
        parts = [self.part(deep)]
        for word in ("AND", "OR"):
            while self.is_(word):
                parts.append(self.part(deep))
            if len(parts) > 1:
                if self.peek().upper() in {"AND", "OR"}:
                    raise BadQuery("AND and OR need parentheses")
                return Node(word.lower(), tuple(parts))
        return parts[0]

    def part(self, deep: int) -> Node:
        if deep > 20:
            raise BadQuery("too deep")
        if self.is_("NOT"):
            return Node("not", (self.part(deep + 1),))
        if self.is_("("):
            inner = self.condition(deep + 1)
            self.must(")")
            return inner
        field = self.next()
        if self.is_("NOT", "IN"):
            return Node("not", (Node("in", field=field, value=self.values()),))
        if self.is_("IN"):
            return Node("in", field=field, value=self.values())
        op = self.next()
        if op not in _OPS:
            raise BadQuery(f"unexpected token: '{op}'")
        return Node(op, field=field, value=_literal(self.next()))

    def values(self) -> frozenset[Any]:
        self.must("(")
        found = [_literal(self.next())]
        while self.is_(","):
            found.append(_literal(self.next()))
        self.must(")")
        return frozenset(found)

    def names(self) -> tuple[str, ...]:
        found = [self.next()]
        while self.is_(","):
            found.append(self.next())
        return tuple(found)

    def ordering(self) -> tuple[tuple[str, bool], ...]:
        found = []
        while True:
            name = self.next()
            down = self.is_("DESC")
            if not down:
                self.is_("ASC")
            found.append((name, down))
            if not self.is_(","):
                return tuple(found)


def _literal(token: str) -> Any:
    """Text, true, false, null, a number, or epoch seconds for a time."""
    if token.startswith("'"):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    lower = token.lower()
    if lower in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[lower]
    if _DATE.fullmatch(token):
        at = epoch(token)
        if at is not None and re.search(r"(Z|[+-]\d\d:?\d\d)$", token):
            return at
    elif re.fullmatch(r"-?\d{1,15}(\.\d+)?", token):
        return float(token) if "." in token else int(token)
    raise BadQuery(f"unexpected token: '{token}'")


def read(text: str) -> Query:
    reader = _Reader(text)
    reader.must("SELECT")
    fields: Sequence[str] = ()
    if not reader.is_("COUNT", "(", ")"):
        fields = reader.names()
    reader.must("FROM")
    sobject = reader.next()
    where = reader.condition() if reader.is_("WHERE") else None
    order = reader.ordering() if reader.is_("ORDER", "BY") else ()
    limit = None
    if reader.is_("LIMIT"):
        limit = _literal(reader.next())
        if type(limit) is not int or limit < 0:
            raise BadQuery("LIMIT must be a whole number")
    if reader.peek():
        raise BadQuery(f"unexpected token: '{reader.peek()}'")
    return Query(sobject, tuple(fields), where, order, limit)
