# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.6: what one GraphQL operation may ask for, and what becomes of one that asks for more."""

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
from appeal_cases import Case, a_reviewed_ticket
from refusals import ask, lasting_world, nothing_written
from statements import counted
from world import World

from services.gateway.limits import MAX_COST, MAX_MUTATIONS, MAX_TOKENS

JSON = ("content-type", "application/json")
ITS_OWN = "application/graphql-response+json"
TICKETS = "{ tickets(first: %s) { nodes { id } } }"
WITHDRAW = (
    'm%d: withdrawAppeal(appealId: "01a00000-0000-7000-8000-000000000000", reason: "No.") { __typename }'
)


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


@pytest.fixture(scope="module")
async def case(world: World) -> Case:
    return await a_reviewed_ticket(world)


async def post(
    world: World, query: str, *more: tuple[str, str], by: str | None = None, **variables: Any
) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return await ask(world.app, "POST", b"/graphql", [*world.as_(by).items(), JSON, *more], [body])


def code_of(answer: Any) -> str:
    """The code of the one error of an operation that has no data."""
    document = answer.json()
    assert document["data"] is None
    (error,) = document["errors"]
    return str(error["extensions"]["code"])


# ---- Before anything runs --------------------------------------------------------------------------


def doubled(times: int) -> str:
    """2**times lists of tickets in a few hundred bytes."""
    fragments = (f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times))
    return (
        "{ ...f0 } " + " ".join(fragments) + f" fragment f{times} on Query {{ tickets {{ nodes {{ id }} }} }}"
    )


INSIDE = "(first: 100) { nodes { messages { body } audits { reviews { appeals { id } } } } }"
PAGES = "{ a: tickets" + INSIDE + " b: tickets" + INSIDE + " }"
METRICS = "query($k: [String!]!) { metrics(keys: $k) { value } }"
DEAR: list[Any] = [
    pytest.param(doubled(9), {}, id="G12-fragments-doubled-9-times"),
    pytest.param(doubled(30), {}, id="G12-fragments-doubled-30-times"),
    pytest.param(PAGES, {}, id="G15-pages-in-pages"),
    pytest.param(PAGES.replace("100", "$n").replace("{", "query($n: Int!) {", 1), {"n": 100}, id="G15-a-page-by-variable"),
    pytest.param(PAGES.replace("100", "$n").replace("{", "query($n: Int = 100) {", 1), {}, id="G15-a-page-by-default"),
    pytest.param(METRICS, {"k": ["csat"] * 200}, id="G15-many-metrics"),
    pytest.param("{ viewer { " + "id " * 500 + "} }", {}, id="G11-one-field-500-times"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables"), DEAR)
async def test_what_costs_too_much_is_refused_before_it_runs(
    world: World, query: str, variables: dict[str, Any]
) -> None:
    begun = monotonic()
    with counted(world.app.state.db) as statements:
        answer = await post(world, query, **variables)
    # then it says so, having asked who calls and nothing else, in no time, in a few bytes
    assert code_of(answer) == "COST_LIMIT"
    assert not [one for one in statements.sent if "FROM ticket" in one or "FROM message" in one]
    assert monotonic() - begun < 2
    assert len(answer.content) < 1000


@pytest.mark.parametrize("kept", ["nodes { id }", "nodes { id audits { id } }", "pageInfo { endCursor }"])
async def test_g15_what_costs_enough_is_answered(world: World, kept: str) -> None:
    answer = await post(world, TICKETS.replace("nodes { id }", kept) % 100)
    assert "errors" not in answer.json()


async def test_g12_a_fragment_may_be_used_twice(world: World) -> None:
    answer = await post(world, doubled(3))
    assert "errors" not in answer.json()


@pytest.mark.parametrize("number", [MAX_MUTATIONS + 1, 15])
async def test_g23_mutations_come_few_at_a_time(world: World, number: int) -> None:
    many = "mutation { " + " ".join(WITHDRAW % n for n in range(number)) + " }"
    async with nothing_written(world):
        assert code_of(await post(world, many)) == "MUTATION_LIMIT"


async def test_g23_mutations_in_fragments_count(world: World) -> None:
    one = WITHDRAW.replace("m%d: ", "")
    halves = "mutation { ...a ...b } " + " ".join(
        f"fragment {name} on Mutation {{ {' '.join(f'{name}{n}: {one}' for n in range(3))} }}"
        for name in "ab"
    )
    async with nothing_written(world):
        assert code_of(await post(world, halves)) == "MUTATION_LIMIT"


async def test_g23_five_mutations_run(world: World) -> None:
    answer = await post(world, "mutation { " + " ".join(WITHDRAW % n for n in range(MAX_MUTATIONS)) + " }")
    assert len(answer.json()["data"]) == MAX_MUTATIONS


SCHEMA = [
    pytest.param("{ __schema { types { name } } }", id="G8-schema"),
    pytest.param('{ __type(name: "Ticket") { name } }', id="G8-type"),
    pytest.param('{ a: __type(name: "Ticket") { name } }', id="G8-by-alias"),
    pytest.param("{ ...f } fragment f on Query { __schema { types { name } } }", id="G8-in-a-fragment"),
    pytest.param("{ ... @include(if: true) { __schema { types { name } } } }", id="G8-in-place"),
]


@pytest.mark.parametrize("query", SCHEMA)
@pytest.mark.parametrize("role", ["lead", "specialist", "agent", "team_lead", "analyst"])
async def test_the_schema_is_told_to_administrators_only(world: World, query: str, role: str) -> None:
    somebody = await world.person(role)
    assert code_of(await post(world, query, by=somebody)) == "INTROSPECTION_DISABLED"
    assert "errors" not in (await post(world, query)).json()


async def test_g8_the_name_of_a_type_is_told_to_everybody(world: World) -> None:
    agent = await world.person("agent")
    answer = await post(world, "{ __typename viewer { __typename } }", by=agent)
    assert answer.json()["data"] == {"__typename": "Query", "viewer": {"__typename": "Viewer"}}


# ---- While it runs ---------------------------------------------------------------------------------


async def test_g26_what_takes_too_long_is_stopped_in_the_database_too(postgres: str) -> None:
    # given tickets that somebody holds locked, and an operation that may take half a second
    async with lasting_world(postgres, graphql_timeout_s=0.5) as world, world.db.engine.connect() as held:
        await held.exec_driver_sql("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        # when it is asked for
        begun = monotonic()
        answer = await post(world, TICKETS % 10)
        # then its caller is told after that half second
        assert code_of(answer) == "TIMEOUT"
        assert 0.4 < monotonic() - begun < 5
        # and nobody waits for the lock any more
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        for _ in range(50):
            if (await held.exec_driver_sql(waiting)).scalar() == 0:
                break
            await asyncio.sleep(0.1)
        assert (await held.exec_driver_sql(waiting)).scalar() == 0
        await held.rollback()
        # and the next one is answered
        assert "errors" not in (await post(world, TICKETS % 10)).json()


async def test_g15_an_answer_that_grows_too_large_is_no_half_answer(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a ticket with its messages and its audit, and an answer that may hold two things (not 10,000)
    monkeypatch.setattr("services.gateway.context.MAX_THINGS", 2)
    # when all of it is asked for, then there is no data, and one error
    everything = "{ tickets { nodes { messages { body } audits { id reviews { score } } } } }"
    assert code_of(await post(world, everything)) == "COST_LIMIT"
    # and what is just small enough is there
    answer = await post(world, "{ tickets { nodes { audits { id } } } }")
    ((audit,),) = (one["audits"] for one in answer.json()["data"]["tickets"]["nodes"])
    assert audit["id"]


async def test_g28_of_many_errors_the_first_fifty_are_told(world: World) -> None:
    answer = await post(world, "{ viewer { " + " ".join(f"nope{n}" for n in range(60)) + " } }")
    assert len(answer.json()["errors"]) == 50


# ---- What the limits say, and to whom --------------------------------------------------------------


NOT_RUN = [
    pytest.param("{ viewer { id ", "GRAPHQL_PARSE_FAILED", id="G6-parse"),
    pytest.param("{ viewer { nme } }", "GRAPHQL_VALIDATION_FAILED", id="G6-validation"),
    pytest.param(doubled(9), "COST_LIMIT", id="G6-cost"),
    pytest.param("{ " + "__typename " * (MAX_TOKENS + 1) + "}", "TOKEN_LIMIT", id="G6-tokens"),
]


@pytest.mark.parametrize(("query", "code"), NOT_RUN)
async def test_who_asks_for_graphql_by_name_gets_400_where_nothing_was_run(
    world: World, query: str, code: str
) -> None:
    plainly = await post(world, query)
    by_name = await post(world, query, ("accept", ITS_OWN))
    assert (plainly.status_code, plainly.headers["content-type"]) == (200, "application/json")
    assert (by_name.status_code, by_name.headers["content-type"]) == (400, ITS_OWN)
    assert code_of(plainly) == code_of(by_name) == code


async def test_g6_who_asks_for_graphql_by_name_gets_200_where_something_was(world: World) -> None:
    made = await post(world, "{ viewer { id } metrics(keys: []) { value } }", ("accept", ITS_OWN))
    assert (made.status_code, made.headers["content-type"]) == (200, ITS_OWN)


@pytest.mark.parametrize("kind", ["text/html", "text/csv", "image/png"])
async def test_r21_other_kinds_of_answer_are_not_acceptable(world: World, kind: str) -> None:
    answer = await post(world, "{ viewer { id } }", ("accept", kind))
    assert answer.status_code == 406


async def test_the_words_of_a_limit_say_the_limit(world: World) -> None:
    (error,) = (await post(world, doubled(9))).json()["errors"]
    assert str(MAX_COST) in error["message"]
    assert "smaller pages" in error["message"]


async def test_g27_two_vendors_that_load_the_same_id_at_once_see_each_their_own(
    world: World, case: Case
) -> None:
    # given a ticket of one agent, and another agent of another vendor
    stranger = await world.person("agent", vendor_id=await world.vendor("another"))
    answer = await post(world, TICKETS % 1, by=case.agent)
    (own,) = answer.json()["data"]["tickets"]["nodes"]
    ask_for = f'{{ ticket(id: "{own["id"]}") {{ id }} }}'
    # when both ask for it in the same moment, many times
    answers = await asyncio.gather(
        *(post(world, ask_for, by=by) for _ in range(10) for by in (case.agent, stranger))
    )
    # then only its agent sees it
    assert [one.json()["data"]["ticket"] for one in answers] == [own, None] * 10


WORDS = [
    pytest.param("{ ticket(id: $id) { id messages { body } } }", id="G21-plainly"),
    pytest.param("{ ticket(id: $id) { id a: messages { body } } }", id="G21-by-alias"),
    pytest.param(
        "{ ticket(id: $id) { id ...f } } fragment f on Ticket { messages { body } }", id="G21-in-a-fragment"
    ),
    pytest.param(
        "{ ticket(id: $id) { id ... @include(if: true) { messages { body } } } }", id="G21-included"
    ),
    pytest.param("{ ticket(id: $id) { id audits { ticket { messages { body } } } } }", id="G21-by-a-detour"),
]


@pytest.mark.parametrize("query", WORDS)
async def test_a_field_above_the_role_is_null_and_forbidden_at_its_path(
    world: World, case: Case, query: str
) -> None:
    # given an analyst, who sees tickets and not what was written in them
    analyst = await world.person("analyst")
    answer = await post(world, TICKETS % 1, by=analyst)
    (ticket,) = answer.json()["data"]["tickets"]["nodes"]
    # when they ask for it
    document = (await post(world, "query($id: UUID!) " + query, by=analyst, id=ticket["id"])).json()
    # then the rest of the answer is there
    assert document["data"]["ticket"]["id"] == ticket["id"]
    (error,) = document["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["path"][-1] in ("messages", "a")
    place = document["data"]
    for step in error["path"]:
        place = place[step]
    assert place is None
