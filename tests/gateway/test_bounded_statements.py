"""Every list of the schema, whatever comes to be in it: its page takes no statement more for each row."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from population import populate
from refusals import lasting_world
from statements import counted
from world import World

from services.gateway.schema import schema

QUERY = schema._schema.query_type
assert QUERY is not None
LISTS = {
    name: get_named_type(kind.fields["nodes"].type)
    for name, one in QUERY.fields.items()
    if isinstance(kind := get_named_type(one.type), GraphQLObjectType) and "pageInfo" in kind.fields
    if not any(is_required_argument(argument) for argument in one.args.values())
}
ALWAYS = 3
"""Who asks; the page; how many there are."""
RESOLVED = {"evidence", "acknowledgedAt"}
"""Fields without fields of their own that take a statement."""


@pytest.fixture(scope="module")
async def everyone(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as world:
        await populate().store(world.db)
        yield world


def led_to(kind: Any) -> dict[str, str]:
    """Field → what is asked of the things that it leads to. Of lists inside of lists there is no end."""
    found = {}
    for name, one in kind.fields.items():
        inner = get_named_type(one.type)
        if isinstance(inner, GraphQLObjectType):
            leaves = [key for key, leaf in inner.fields.items() if is_leaf_type(get_named_type(leaf.type))]
            found[name] = f"{name} {{ {' '.join(leaves)} }}"
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_takes_a_statement_for_each_field_and_none_for_each_row(
    everyone: World, name: str
) -> None:
    kind = LISTS[name]
    assert isinstance(kind, GraphQLObjectType)
    leaves = [key for key, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))]
    for field, asked in ({"": ""} | led_to(kind)).items():
        query = f"{{ {name}(first: 30) {{ totalCount nodes {{ {' '.join(leaves)} {asked} }} }} }}"
        with counted(everyone.app.state.reads) as statements:
            answer = await everyone.graphql(query)
        assert answer["data"], answer
        resolved = len(RESOLVED & set(query.split())) + bool(field)
        assert len(statements) <= ALWAYS + resolved, (field, statements.sent)


def test_the_lists_are_those_that_there_are() -> None:
    assert {"tickets", "audits", "reviews", "appeals", "people", "vendors", "trail"} <= LISTS.keys()
