# ruff: noqa: E501 (one case a line)
"""What an operation costs is told, and taken from its caller's points of the minute before anything is read."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from refusals import lasting_world
from world import World

from services.gateway.limits import _SOUND, MAX_COST, MAX_DIRECTIVES, Budgets
from shared.ids import new_id

PAGE = "{ tickets(first: 100) { nodes { id } } }"
COST = 3 + 100 // 10
"""Three fields, a hundred objects."""
ITS_OWN = "application/graphql-response+json"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def world(postgres: str) -> AsyncIterator[World]:
    """Whose callers have 30 points a minute."""
    async with lasting_world(postgres, graphql_points_a_minute=30) as made:
        yield made


@pytest.fixture
def clock(world: World) -> Clock:
    """Stands still."""
    made = world.app.state.budgets._now = Clock()
    return made


async def ask(world: World, query: str = PAGE, by: str | None = None, **headers: str) -> Any:
    return await world.client.post("/graphql", json={"query": query}, headers=world.as_(by) | headers)


def cost_of(answer: Any) -> Any:
    return answer.json()["extensions"]["cost"]


async def test_the_cost_is_told_by_the_resolvers_and_by_the_statement_alike(
    world: World, clock: Clock
) -> None:
    first, second = await ask(world), await ask(world)
    assert cost_of(first) == {"asked": COST, "limit": MAX_COST, "left": 30 - COST}
    assert cost_of(second) == {"asked": COST, "limit": MAX_COST, "left": 30 - 2 * COST}
    assert first.json()["data"] == second.json()["data"]


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("kind", ["application/json", ITS_OWN])
async def test_g30_what_is_left_does_not_suffice(
    world: World, clock: Clock, seen_before: bool, kind: str
) -> None:
    # given a caller who has used up what two pages cost, and has 4 points left
    query = PAGE if seen_before else PAGE.replace("id", "subject")
    for _ in range(2):
        assert "errors" not in (await ask(world)).json()
    # when they ask once more
    async with world.db.engine.connect() as held:
        await held.exec_driver_sql("LOCK TABLE ticket IN ACCESS EXCLUSIVE MODE")
        refused = await ask(world, query, accept=kind)
        await held.rollback()
    # then they are told when, as by every limit of how often; no ticket was read, which nobody could then
    assert refused.status_code == 429
    assert refused.headers["content-type"] == kind
    retry_s = -(-(COST - 4) * 60 // 30)
    assert refused.headers["retry-after"] == str(retry_s)
    (error,) = refused.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["retry_after_s"]) == ("RATE_LIMITED", retry_s)
    assert error["extensions"]["request_id"] == refused.headers["x-request-id"]
    assert refused.json()["data"] is None
    assert cost_of(refused)["left"] == 4
    # and that much later they are answered
    clock.now += retry_s
    assert "errors" not in (await ask(world, query)).json()


async def test_g30_a_mutation_is_refused_before_its_owner_is_asked(world: World, clock: Clock) -> None:
    for _ in range(2):
        await ask(world)
    many = " ".join(f"m{n}: claimNextAudit {{ __typename }}" for n in range(3))
    assert (await ask(world, f"mutation {{ {many} }}")).status_code == 429


async def test_each_caller_has_a_budget_of_their_own_whatever_token_they_come_with(
    world: World, clock: Clock
) -> None:
    ann, ben = await world.person("lead", "Ann"), await world.person("lead", "Ben")
    for _ in range(2):
        assert (await ask(world, by=ann)).status_code == 200
    clock.now += 1.5  # so that Ann's next token is another one
    assert (await ask(world, by=ann)).status_code == 429
    assert (await ask(world, by=ben)).status_code == 200


async def test_what_was_refused_costs_nothing(world: World, clock: Clock) -> None:
    for query in ("{ viewer { id ", "{ " + "__typename " * 900 + "}", "{ __typename " + "@a " * 50 + "}"):
        assert "errors" in (await ask(world, query)).json()
    assert cost_of(await ask(world))["left"] == 30 - COST


async def test_what_the_statement_leaves_to_the_resolvers_is_charged_once(world: World, clock: Clock) -> None:
    # given a document that has a statement, asked with a cursor that is none
    page = "query($after: String) { tickets(first: 50, after: $after) { nodes { id } } }"
    first = await world.client.post("/graphql", json={"query": page}, headers=world.as_())
    body = {"query": page, "variables": {"after": "AAAA"}}
    second = await world.client.post("/graphql", json=body, headers=world.as_())
    # then the resolvers say so, for the price of one
    assert second.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert cost_of(second)["left"] == cost_of(first)["left"] - cost_of(first)["asked"]


async def test_what_costs_more_than_a_minute_has_takes_a_whole_minute(world: World, clock: Clock) -> None:
    dear = "{ tickets(first: 100) { nodes { messages { id } } } }"
    answer = await ask(world, dear)
    assert answer.status_code == 200
    assert cost_of(answer)["asked"] > 30
    assert cost_of(answer)["left"] == 0


async def test_only_sound_documents_are_kept_read(world: World) -> None:
    """Else whoever sends harm decides what the memory holds."""
    for query in (TYPO, "{ viewer { ", "{ " + "__typename " * 900 + "}"):
        assert "errors" in (await ask(world, query)).json()
        assert query not in _SOUND
    await ask(world)
    assert PAGE in _SOUND


async def test_without_a_limit_nothing_is_left_to_tell(postgres: str) -> None:
    async with lasting_world(postgres, graphql_points_a_minute=0) as world:
        assert cost_of(await ask(world)) == {"asked": COST, "limit": MAX_COST, "left": None}


async def test_what_is_too_dear_is_told_too(world: World) -> None:
    answer = await ask(world, "{ " + "__typename " * 900 + "}")
    assert cost_of(answer) == {"asked": 900, "limit": MAX_COST, "left": None}


def test_who_was_not_seen_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.gateway.limits.MAX_CALLERS", 2)
    budgets, callers = Budgets(10), [new_id() for _ in range(3)]
    budgets._now = Clock()
    for caller in callers:
        budgets.take(caller, 4)
    assert len(budgets._callers) == 2
    left = [standing.left for caller in reversed(callers) if (standing := budgets.take(caller, 4))]
    assert left == [2, 2, 6]


# ---- Directives --------------------------------------------------------------------------------------------

ON = "@include(if: true)"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        pytest.param("{ viewer { id " + "__typename % " * 21 + "} }", 21, id="G31-on-fields"),
        pytest.param("{ " + "... % { viewer { id } } " * 21 + "}", 21, id="G31-in-place"),
        pytest.param("{ " + "...f % " * 11 + "} fragment f on Query { viewer { id @skip(if: false) } }", 22, id="G31-in-a-fragment"),
        pytest.param("query " + "@a " * 21 + "{ viewer { id } }", 21, id="G31-on-the-operation"),
        pytest.param("query($a: Int " + "@a " * 21 + ") { viewer { id } }", 21, id="G31-on-a-variable"),
        pytest.param("{ ...f } fragment f on Query " + "@a " * 21 + "{ viewer { id } }", 21, id="G31-on-a-fragment"),
    ],
)  # fmt: skip
async def test_directives_are_counted_wherever_they_stand(world: World, query: str, number: int) -> None:
    assert number > MAX_DIRECTIVES
    (error,) = (await ask(world, query.replace("%", ON))).json()["errors"]
    assert error["extensions"]["code"] == "DIRECTIVE_LIMIT"


async def test_g31_twenty_directives_are_taken(world: World) -> None:
    answer = await ask(world, "{ viewer { id " + f"__typename {ON} " * MAX_DIRECTIVES + "} }")
    assert "errors" not in answer.json()


# ---- Who is told the schema --------------------------------------------------------------------------------

SCHEMA, TYPO = "{ __schema { queryType { name } } }", "{ viewer { nme } }"


@pytest.mark.parametrize(
    ("told", "suggests", "to_admins", "to_agents"),
    [("admins", False, True, False), ("everyone", True, True, True), ("nobody", True, False, False),
     ("admins", True, True, False)],
)  # fmt: skip
async def test_g8_the_schema_and_the_nearest_names_are_told_as_the_settings_say(
    postgres: str, told: str, suggests: bool, to_admins: bool, to_agents: bool
) -> None:
    settings = {"graphql_introspection": told, "graphql_suggestions": suggests}
    async with lasting_world(postgres, **settings) as world:
        agent = await world.person("agent")
        for who, may in ((None, to_admins), (agent, to_agents), (None, to_admins)):
            document = (await ask(world, SCHEMA, who)).json()
            assert ("errors" not in document) is may
            if not may:
                assert document["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
            (error,) = (await ask(world, TYPO, who)).json()["errors"]
            assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert ("Did you mean" in error["message"]) is (may and suggests)
