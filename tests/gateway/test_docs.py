"""The operations in docs/graphql.md are run, from its beginning to its end, and answered as it shows."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, OperationType, parse, validate
from world import World

from services.gateway.schema import schema

DOCS = Path(__file__).parents[2] / "docs" / "graphql.md"
BLOCK = re.compile(r"```(graphql|json)\n(.*?)```", re.S)
OF_THE_MOMENT = re.compile(r"[0-9a-f-]{36}|AbC|\d+")
"""Ids and cursors: another one each time."""


def examples() -> list[tuple[str, Any]]:
    """(operation, the answer that is shown, if one is)"""
    blocks = [*BLOCK.findall(DOCS.read_text()), ("", "")]
    return [
        (text, json.loads(next_text) if next_kind == "json" else None)
        for (kind, text), (next_kind, next_text) in pairwise(blocks)
        if kind == "graphql"
    ]


def is_like(shown: Any, answer: Any) -> bool:
    """The same names and words; of a list its first thing; ids, cursors and costs may be others."""
    if isinstance(shown, dict):
        return isinstance(answer, dict) and all(
            name in answer and is_like(value, answer[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(answer, list) and bool(answer) and is_like(shown[0], answer[0])
    if isinstance(shown, str) and OF_THE_MOMENT.fullmatch(shown):
        return isinstance(answer, str) and bool(answer)
    return bool(shown == answer)


def kind_of(text: str) -> OperationType:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation.operation


async def test_every_operation_is_run_and_answered_as_shown(world: World) -> None:
    # given three tickets, one of them reviewed and one waiting for its turn
    connection = await world.connection()
    specialist = await world.person("specialist")
    await world.plan(connection["id"])
    for number in ("1", "2"):
        await world.solved_ticket(number)
    await world.reviewed(specialist)
    found = examples()
    assert len(found) >= 7
    # a third one, of which nobody waits to be told
    await world.post("/audit/audits/claim-next", by=specialist, status=200)
    await world.solved_ticket("3")
    for text, shown in found:
        if kind_of(text) is OperationType.SUBSCRIPTION:
            assert validate(schema._schema, parse(text)) == []
            continue
        # when each is asked, in the order of the page
        answer = await world.graphql(text)
        # then it is answered as shown, or at least not refused
        assert is_like(shown, answer) if shown else "errors" not in answer, (text, answer)


def test_what_is_shown_is_compared() -> None:
    assert is_like({"a": ["AbC"], "b": 1}, {"a": ["x", "y"], "b": 1, "c": 2})
    for wrong in ({"a": [], "b": 1}, {"a": ["x"], "b": 2}, {"b": 1}, {"a": [None], "b": 1}):
        assert not is_like({"a": ["AbC"], "b": 1}, wrong)
