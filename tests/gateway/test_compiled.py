# ruff: noqa: E501 (values a line)
"""What the compiled statement answers is what the resolvers answer, whatever is asked, by whom."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from population import ASKERS, Population, key, populate
from refusals import lasting_world
from world import World

from services.gateway.compiled.plans import Plans
from services.gateway.compiled.tables import ROOTS
from services.gateway.schema import schema

OPERATIONS = int(os.environ.get("ASSAY_COMPILED_OPERATIONS", "150"))
"""How many generated operations are compared; 5,000 by `make prove`."""
TYPES = schema._schema.type_map
QUERY = schema._schema.query_type
assert QUERY is not None


class Watched(Plans):
    """Counts what was answered by a statement."""

    compiled = 0
    off = False

    async def answer(self, *asked: Any) -> str | None:
        if self.off:
            return None
        text = await super().answer(*asked)
        self.compiled += text is not None
        return text


@dataclass
class Asking:
    world: World
    everyone: Population
    plans: Watched
    compared: int = 0
    sound: int = 0
    """Of those, answered without an error."""
    was_compiled: int = 0

    async def ask(self, who: str, query: str, variables: Any) -> Any:
        answer = await self.world.client.post(
            "/graphql", json={"query": query, "variables": variables},
            headers=self.world.as_(self.everyone.people[who].id),
        )  # fmt: skip
        document = answer.json()
        for error in document.get("errors", []):
            error.get("extensions", {}).pop("request_id", None)
        return answer.status_code, document

    async def both(self, who: str, query: str, variables: Any) -> tuple[Any, Any, bool]:
        """(by the resolvers, what comes when it was seen before, whether that was compiled)"""
        self.plans.off = True
        reference = await self.ask(who, query, variables)
        self.plans.off = False
        before = self.plans.compiled
        found = await self.ask(who, query, variables)
        self.compared += 1
        return reference, found, self.plans.compiled > before


@pytest.fixture(scope="module")
async def asking(postgres: str) -> AsyncIterator[Asking]:
    async with lasting_world(postgres) as world:
        everyone = populate()
        await everyone.store(world.db)
        plans = world.app.state.plans = Watched()
        yield Asking(world, everyone, plans)


# ---- Anything that can be asked -----------------------------------------------------------------------

VALUES: dict[str, list[Any]] = {
    "status": ["solved", "open", None], "state": ["open", "reviewed", "claimed", None], "current": [True, False, None], "overdue": [True, False, None],
    "scorecardVersionId": [str(key("card", 1)), str(key("card", 2)), None],
    "vendorId": [str(key("v1")), str(key("v2")), None], "connectionId": [str(key("connection")), None],
    "externalId": ["v1-t1-a1", None], "role": ["agent", "admin", "nothing", None],
    "agentId": [str(key("person", "v1-t1-a1")), str(key("person", "own-t1-a1")), None],
    "assigneeId": [str(key("person", "v1-t1-a1")), None], "createdTo": ["2026-01-01T00:00:00Z", None],
    "specialistId": [str(key("person", "specialist")), str(key("person", "lead")), None],
    "createdFrom": ["2025-01-01T00:00:00Z", "2026-02-01T00:00:00Z", None],
    "ticketId": [str(key("ticket", "v1-t1-a1", "audited")), None],
    "auditId": [str(key("audit", "v1-t1-a1", "reviewed")), None],
    "reviewId": [str(key("review", "v1-t1-a1")), None], "first": [1, 2, 7, 100], "after": [None, "AAAA"],
    "order": ["NEWEST", "OLDEST", "OLDEST"],
    "id": [
        str(key(table, agent, *more))
        for table, more in (("ticket", ("audited",)), ("review", ()), ("appeal", ()), ("person", ()), ("audit", ("reviewed",)), ("audit", ("open",)))
        for agent in ("v1-t1-a1", "v2-t1-a1", "own-t1-a1", "nobody")
    ],
}  # fmt: skip


class Writing:
    """Draws one operation from the schema: aliases, fragments, directives, variables, merged fields."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.variables: dict[str, tuple[str, Any]] = {}
        self.fragments: list[str] = []

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def operation(self) -> tuple[str, dict[str, Any]]:
        roots = self.draw(st.lists(st.sampled_from([*ROOTS, "__typename"]), min_size=1, max_size=2))
        body = " ".join(self.root(name, place) for place, name in enumerate(roots))
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        given = {
            name: value
            for name, (_, value) in self.variables.items()
            if self.one_of(True, True, value is not None)
        }
        query = f"query{f'({declared})' if declared else ''} {{ {body} }} {' '.join(self.fragments)}"
        return query, given

    def root(self, name: str, place: int) -> str:
        if name == "__typename":
            return name
        known = QUERY.fields[name]  # type: ignore[union-attr]  # asserted above
        arguments = []
        for argument, kind in known.args.items():
            if argument != "id" and self.one_of(True, False):
                continue
            value = self.one_of(*VALUES[argument])
            if self.one_of(True, False):
                variable = f"{argument}{place}"
                if argument in ("first",) and value is None:
                    continue
                self.variables[variable] = (str(kind.type), value)
                arguments.append(f"{argument}: ${variable}")
            elif value is not None or argument != "first":
                arguments.append(f"{argument}: {value if argument == 'order' else json.dumps(value)}")
        written = f"({', '.join(arguments)})" if arguments else ""
        return f"r{place}: {name}{written} {self.selection(get_named_type(known.type), 4)}"

    def selection(self, kind: Any, depth: int) -> str:
        assert isinstance(kind, GraphQLObjectType)
        fields = [
            name for name, one in kind.fields.items()
            if name != "messages" and (depth > 1 or is_leaf_type(get_named_type(one.type)))
        ] or ["__typename"]  # fmt: skip
        chosen = self.draw(st.lists(st.sampled_from([*fields, "__typename"]), min_size=1, max_size=5))
        parts = []
        for place, name in enumerate(chosen):
            part = self.field(kind, name, depth, place)
            match self.one_of("plain", "plain", "plain", "in place", "fragment", "skipped"):
                case "in place":
                    part = f"... on {kind.name} {{ {part} }}"
                case "fragment":
                    self.fragments.append(f"fragment f{len(self.fragments)} on {kind.name} {{ {part} }}")
                    part = f"...f{len(self.fragments) - 1}"
                case "skipped":
                    part = f"... {self.directive()} {{ {part} }} __typename"
            parts.append(part)
        return "{ " + " ".join(parts) + " }"

    def directive(self) -> str:
        name, value = self.one_of("skip", "include"), self.one_of(True, False)
        if self.one_of(True, False):
            self.variables[f"if{len(self.variables)}"] = ("Boolean!", value)
            return f"@{name}(if: ${list(self.variables)[-1]})"
        return f"@{name}(if: {json.dumps(value)})"

    def field(self, kind: GraphQLObjectType, name: str, depth: int, place: int) -> str:
        if name == "__typename":
            return name
        inner = get_named_type(kind.fields[name].type)
        alias = f"a{place}: " if self.one_of(True, False, False, False) and len(self.fragments) < 3 else ""
        return alias + name + ("" if is_leaf_type(inner) else " " + self.selection(inner, depth - 1))


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    return Writing(draw).operation()


@settings(
    max_examples=OPERATIONS, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
@given(asked=operations(), who=st.sampled_from(ASKERS))
async def test_what_is_compiled_is_what_the_resolvers_answer(
    asking: Asking, asked: tuple[str, dict[str, Any]], who: str
) -> None:
    query, variables = asked
    reference, found, is_compiled = await asking.both(who, query, variables)
    assert found == reference, f"{who}: {query} {variables}"
    asking.sound += "errors" not in reference[1]
    asking.was_compiled += is_compiled


def test_most_of_what_can_be_asked_is_compiled(asking: Asking) -> None:
    """Of the operations of the test before."""
    assert asking.sound >= OPERATIONS / 2
    assert asking.was_compiled >= 0.5 * asking.sound
