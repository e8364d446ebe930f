"""What differs between two texts of the schema, and whether it breaks those who built on the first. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
)

Kind = Literal["breaks", "may break", "was announced", "is new"]


@dataclass(frozen=True, order=True)
class Change:
    """`was announced`: what is gone was deprecated in the first text."""

    kind: Kind
    words: str


def changes(old: str, new: str) -> Sequence[Change]:
    """From the worst on. Both are SDL; raises GraphQLError where one is not."""
    before, after = build_schema(old), build_schema(new)
    announced = {f"{name} was removed." for name in _deprecated(before)}
    found = [
        Change("was announced" if _without_kind(one.description) in announced else "breaks", one.description)
        for one in find_breaking_changes(before, after)
    ]
    found += [Change("may break", one.description) for one in find_dangerous_changes(before, after)]
    told = {_without_kind(one.words) for one in found}
    added = set(_coordinates(after)) - set(_coordinates(before))
    names = sorted(name for name in added if _owner(name) not in added)
    found += [Change("is new", words) for name in names if (words := f"{name} was added.") not in told]
    order: Sequence[Kind] = ("breaks", "may break", "was announced", "is new")
    return sorted(found, key=lambda one: (order.index(one.kind), one.words))


def _without_kind(words: str) -> str:
    """The library says "Field Query.audits was removed."."""
    return re.sub(r"^(An optional argument|Argument|Field|Enum value|Type) ", "", words)


def _owner(name: str) -> str:
    """Of `Query.audits(first:)`: `Query.audits`; of that: `Query`."""
    return name.partition("(")[0] if "(" in name else name.rpartition(".")[0]


def _coordinates(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        yield name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, definition in kind.fields.items():
                yield f"{name}.{field}"
                for argument in getattr(definition, "args", ()):
                    yield f"{name}.{field}({argument}:)"
        elif isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{value}" for value in kind.values)


def _deprecated(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, one in kind.values.items() if one.deprecation_reason)
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            continue
        for field, definition in kind.fields.items():
            if definition.deprecation_reason:
                yield f"{name}.{field}"
            for argument, one in getattr(definition, "args", {}).items():
                if one.deprecation_reason:
                    yield f"{name}.{field}({argument}:)"
