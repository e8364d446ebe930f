"""How large an operation is: what is measured equals what a naive walk through all fragments counts."""

import inspect
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.measure import ASKED_ELSEWHERE, EXPECTED, MAX_PAGE, MESSAGES, PAGE, Size, size_of
from services.gateway.schema import schema


def measured(text: str, **variables: Any) -> Size:
    document = parse(text)
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return size_of(document, operation, variables, schema._schema)


# ---- Against a naive walk -------------------------------------------------------------------------

NAMES = ("id", "viewer", "tickets", "nodes", "audits", "reviews", "x: id", "y: nodes")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Sound or not as to the schema; a fragment uses those after it only, so there are no circles."""

    def selection(depth: int, used: int) -> str:
        chosen = []
        for kind in draw(st.lists(st.sampled_from("fffsi"), min_size=1, max_size=3)):
            inside = selection(depth - 1, used) if depth else ""
            if kind == "s" and used < 4:
                chosen.append(f"...f{draw(st.integers(used, 3))}")
            elif kind == "i" and depth:
                chosen.append(f"... on Ticket {inside}")
            else:
                chosen.append(f"{draw(st.sampled_from(NAMES))} {inside}")
        return "{ " + " ".join(chosen) + " }"

    fragments = [f"fragment f{n} on Query {selection(1, n + 1)}" for n in range(4)]
    return " ".join([selection(2, 0), *fragments])


def naively(document: DocumentNode) -> tuple[int, int, int]:
    """(fields, aliases, depth), each fragment written out wherever it is used."""
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }

    def walk(chosen: Any) -> tuple[int, int, int]:
        fields = aliases = depth = 0
        for one in chosen.selections if chosen else ():
            if isinstance(one, FieldNode):
                inside = walk(one.selection_set)
                more = (1 + inside[0], bool(one.alias) + inside[1], inside[2] + bool(one.selection_set))
            elif isinstance(one, FragmentSpreadNode):
                more = walk(fragments[one.name.value].selection_set)
            else:
                assert isinstance(one, InlineFragmentNode)
                more = walk(one.selection_set)
            fields, aliases, depth = fields + more[0], aliases + more[1], max(depth, more[2])
        return fields, aliases, depth

    return walk(document.definitions[0].selection_set)  # type: ignore[attr-defined]  # the operation stands first


@given(documents())
def test_fields_aliases_and_depth_are_those_of_the_document_written_out(text: str) -> None:
    size = measured(text)
    assert (size.fields, size.aliases, size.depth) == naively(parse(text))


@given(st.integers(0, 300))
def test_doubling_costs_what_it_asks_and_no_time(times: int) -> None:
    fragments = (f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times))
    text = "{ ...f0 } " + " ".join(fragments) + f" fragment f{times} on Query {{ viewer {{ id }} }}"
    assert measured(text).fields == 2 * 2**times


# ---- What lists hold ---------------------------------------------------------------------------------


def test_a_page_holds_what_is_asked_for() -> None:
    assert measured("{ tickets(first: 7) { nodes { id } } }").things == 1 + 7


def test_a_page_holds_its_default_where_nothing_is_said() -> None:
    assert measured("{ tickets { nodes { id } } }").things == 1 + PAGE


def test_the_size_of_a_page_may_be_a_variable_or_its_default() -> None:
    query = "query($n: Int! = 9) { tickets(first: $n) { nodes { id } } }"
    assert measured(query).things == 1 + 9
    assert measured(query, n=50).things == 1 + 50


def test_a_page_that_will_be_refused_is_measured_as_the_largest() -> None:
    for first in ("100000", "9" * 400):
        assert measured(f"{{ tickets(first: {first}) {{ nodes {{ id }} }} }}").things == 1 + MAX_PAGE


def test_nested_lists_hold_what_is_expected_of_them() -> None:
    nested = "{ tickets(first: 10) { nodes { messages { body } audits { reviews { score } } } } }"
    assert measured(nested).things == 1 + 10 * (1 + MESSAGES + EXPECTED * (1 + EXPECTED))


def test_the_schema_is_asked_for_wherever_that_stands() -> None:
    assert measured("{ ...f } fragment f on Query { __schema { types { name } } }").introspects
    assert not measured("{ __typename viewer { __typename } }").introspects


def test_each_mutation_is_counted_with_its_fragments() -> None:
    size = measured("mutation { a: x ...f ...f } fragment f on Mutation { b: x c: x }")
    assert dict(size.names) == {"a": 1, "b": 2, "c": 2}


def test_what_another_service_answers_costs_as_a_question_to_it() -> None:
    query = schema._schema.query_type
    assert query is not None
    resolvers = {
        name: one.extensions["strawberry-definition"].base_resolver.wrapped_func
        for name, one in query.fields.items()
    }
    assert {name for name, one in resolvers.items() if "told(" in inspect.getsource(one)} == ASKED_ELSEWHERE
    many = " ".join(f"a{n}: retention {{ keepDays }}" for n in range(3))
    assert measured(f"{{ {many} signals {{ signal }} }}").metrics == 4
    assert measured("{ legalHolds { nodes { id } } }").metrics == 0
