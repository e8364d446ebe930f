"""A selection of fields as one SQL statement, whose only value is the answer's JSON. Pure: the schema says
what there is, `tables.py` where it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_directive_values,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues, get_argument_values

from services.gateway.compiled.tables import MANY, ROOTS, SOURCES, Edge, Root, Source
from services.gateway.paging import MAX_COUNTED, Order
from shared.paging import MAX_PAGE


class NotCompiled(Exception):
    """Something is asked for that only the resolvers can answer."""


@dataclass(frozen=True)
class Asked:
    """One root field of the statement."""

    name: str
    root: Root
    constants: Mapping[str, Any]
    variables: Mapping[str, str]
    """Argument → the variable that it is."""
    numbers: Mapping[str, int]
    """Of the arguments that are given: argument → the number of its parameter."""
    is_oldest_first: bool = False


@dataclass
class Statement:
    """`sql` has one row; its first column is the data. $1 is the mark that cursors carry: a row's id stands
    behind it."""

    sql: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def permissions(self) -> frozenset[str]:
        return frozenset(one.root.permission for one in self.asked)


def compile_operation(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: VariableValues,
) -> Statement:
    """Raises NotCompiled. Of the variables it matters which are null, and what those of @skip, @include and
    `order` say: with others like these, the statement is the same."""
    return _Compiling(schema, fragments, variables).whole(operation)


class _Compiling:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables
        self._aliases = 0
        self._numbers = 1

    def whole(self, operation: OperationDefinitionNode) -> Statement:
        made, parts = Statement(), []
        for key, nodes in self._collected([operation.selection_set]).items():
            name = nodes[0].name.value
            if name == "__typename":
                parts.append((key, _text("Query")))
                continue
            if name not in ROOTS:
                raise NotCompiled(name)
            asked = self._asked(nodes[0], name)
            make = self._page if asked.root.newest else self._found
            parts.append((key, make(asked, nodes, len(made.asked))))
            made.asked.append(asked)
        made.sql = f"SELECT {_object(parts)}::text, $1::text"
        return made

    def _asked(self, node: FieldNode, name: str) -> Asked:
        query = self._schema.query_type
        assert query is not None
        given = get_argument_values(query.fields[name], node, self._variables)
        order = given.pop("order", Order.NEWEST)
        names = [argument for argument, value in given.items() if value is not None]
        if left := set(names) - set(ROOTS[name].filters) - {"first", "after"}:
            raise NotCompiled(min(left))
        numbers = {argument: self._numbers + place for place, argument in enumerate(names, 1)}
        self._numbers += len(names)
        variables = {
            one.name.value: one.value.name.value
            for one in node.arguments or ()
            if isinstance(one.value, VariableNode) and one.name.value in names
        }
        constants = {argument: given[argument] for argument in names if argument not in variables}
        return Asked(name, ROOTS[name], constants, variables, numbers, order is Order.OLDEST)

    # ---- Root fields ------------------------------------------------------------------------------

    def _found(self, asked: Asked, nodes: list[FieldNode], _: int) -> str:
        it, source = self._alias(), SOURCES[asked.root.type]
        shown = self._row(asked.root.type, it, nodes)
        return f"(SELECT {shown} FROM {source.table} {it} WHERE {_where(asked, it)})"

    def _page(self, asked: Asked, nodes: list[FieldNode], place: int) -> str:
        """The rows of the page and one more, which says whether there is more."""
        it, root = self._alias(), asked.root
        table, mark = SOURCES[root.type].table, f"$1 || {_text(f':{place}:')}"
        parts, shown = [], {}
        for key, inner in self._collected(_selections(nodes)).items():
            match inner[0].name.value:
                case "__typename":
                    parts.append((key, _text(f"{root.type}Connection")))
                case "nodes":
                    shown[key] = self._row(root.type, it, inner)
                    parts.append((key, _listed(f'"{key}"')))
                case "edges":
                    shown[key] = self._edge(root.type, it, inner, mark)
                    parts.append((key, _listed(f'"{key}"')))
                case "pageInfo":
                    parts.append((key, self._page_info(asked, inner, mark)))
                case "totalCount":
                    all_rows = f"SELECT FROM {table} {it} WHERE {_where(asked, it)} LIMIT {MAX_COUNTED}"
                    parts.append((key, f"(SELECT count(*) FROM ({all_rows}) counted)"))
                case other:
                    raise NotCompiled(other)
        newest, first, where = root.newest, f"${asked.numbers['first']}::int", _where(asked, it)
        if after := asked.numbers.get("after"):
            ended = f"(SELECT one.{newest}, one.id FROM {table} one WHERE one.id = ${after}::uuid)"
            where += f" AND ({it}.{newest}, {it}.id) {'>' if asked.is_oldest_first else '<'} {ended}"
        way = "ASC" if asked.is_oldest_first else "DESC"
        order = f"{it}.{newest} {way}, {it}.id {way}"
        # The limit that is a number tells the planner that few rows are wanted, whatever $n will be.
        rows = f"SELECT * FROM {table} {it} WHERE {where} ORDER BY {order} LIMIT {MAX_PAGE + 1}"
        rows = f"SELECT * FROM ({rows}) {it} LIMIT {first} + 1"
        columns = [f'{sql} AS "{key}"' for key, sql in shown.items()]
        columns += [f"{it}.id", f"row_number() OVER (ORDER BY {order}) AS place"]
        inside = f"SELECT {', '.join(columns)} FROM ({rows}) {it}"
        # HAVING: one row, also where nothing of the rows is asked for.
        return f"(SELECT {_object(parts)} FROM ({inside}) page HAVING true)".replace("{first}", first)

    def _edge(self, type_name: str, it: str, nodes: list[FieldNode], mark: str) -> str:
        parts = []
        for key, inner in self._collected(_selections(nodes)).items():
            match inner[0].name.value:
                case "__typename":
                    parts.append((key, _text(f"{type_name}Edge")))
                case "cursor":
                    parts.append((key, f"{mark} || {it}.id"))
                case "node":
                    parts.append((key, self._row(type_name, it, inner)))
        return _object(parts)

    def _page_info(self, asked: Asked, nodes: list[FieldNode], mark: str) -> str:
        last = "(array_agg(page.id ORDER BY page.place DESC) FILTER (WHERE page.place <= {first}))[1]"
        parts = []
        for key, inner in self._collected(_selections(nodes)).items():
            match inner[0].name.value:
                case "__typename":
                    parts.append((key, _text("PageInfo")))
                case "endCursor":
                    parts.append((key, f"{mark} || {last}"))
                case "hasNextPage":
                    parts.append((key, "count(*) > {first}"))
        return _object(parts)

    # ---- Rows -----------------------------------------------------------------------------------------

    def _row(self, type_name: str, it: str, nodes: list[FieldNode]) -> str:
        source, known = SOURCES[type_name], self._schema.get_type(type_name)
        assert isinstance(known, GraphQLObjectType), "the tables name what the schema has"
        parts = []
        for key, inner in self._collected(_selections(nodes)).items():
            name = inner[0].name.value
            if name == "__typename":
                parts.append((key, _text(type_name)))
            elif edge := source.edges.get(name):
                parts.append((key, self._led_to(edge, it, inner)))
            elif is_leaf_type(get_named_type(known.fields[name].type)):
                parts.append((key, _leaf(source, name, it)))
            else:
                raise NotCompiled(name)
        return _object(parts)

    def _led_to(self, edge: Edge, me: str, nodes: list[FieldNode]) -> str:
        it = self._alias()
        shown = self._row(edge.type, it, nodes)
        table = edge.source or f"{SOURCES[edge.type].table} {{it}}"
        rows, where, order = (one.format(me=me, it=it) for one in (table, edge.on, edge.order))
        if not order:
            return f"(SELECT {shown} FROM {rows} WHERE {where})"
        # Taken up as they come: in the order of the rows inside, there being nothing else to bring them.
        first = f"SELECT {shown} AS shown FROM {rows} WHERE {where} ORDER BY {order} LIMIT {MANY}"
        return f"(SELECT coalesce(json_agg(many.shown), '[]') FROM ({first}) many)"

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    # ---- Selections -------------------------------------------------------------------------------------

    def _collected(self, chosen: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Answer's name → the fields that are merged under it, in the order of the document."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for one in chosen:
            self._collect(one, found, seen)
        return found

    def _collect(self, chosen: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]) -> None:
        for one in chosen.selections:
            if not self._is_included(one):
                continue
            if isinstance(one, FieldNode):
                found.setdefault((one.alias or one.name).value, []).append(one)
            elif isinstance(one, FragmentSpreadNode):
                name = one.name.value
                if name not in seen:
                    seen.add(name)
                    self._collect(self._fragments[name].selection_set, found, seen)
            else:  # in place; there are no interfaces, so that its type is this one
                self._collect(one.selection_set, found, seen)  # type: ignore[attr-defined]  # the third kind

    def _is_included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and (include is None or include["if"])


# ---- SQL ---------------------------------------------------------------------------------------------


def _selections(nodes: list[FieldNode]) -> list[SelectionSetNode]:
    return [one.selection_set for one in nodes if one.selection_set]


def _leaf(source: Source, name: str, it: str) -> str:
    sql = source.columns.get(name, "{it}." + re.sub(r"([A-Z])", lambda one: f"_{one[1].lower()}", name))
    if not sql:
        raise NotCompiled(name)
    return sql.format(it=it, me=it)


def _where(asked: Asked, it: str) -> str:
    conditions = (
        condition.format(it=it, value=f"${asked.numbers[name]}")
        for name, condition in asked.root.filters.items()
        if name in asked.numbers
    )
    return " AND ".join(["true", *conditions])


def _listed(column: str) -> str:
    return (
        f"coalesce(json_agg(page.{column} ORDER BY page.place) FILTER (WHERE page.place <= {{first}}), '[]')"
    )


def _object(parts: list[tuple[str, str]]) -> str:
    return f"json_build_object({', '.join(f'{_text(key)}, {sql}' for key, sql in parts)})"


def _text(word: str) -> str:
    """Names of the schema and of documents: letters, digits, underscores."""
    assert re.fullmatch(r"[:\w]+", word, re.ASCII), word
    return f"'{word}'::text"
