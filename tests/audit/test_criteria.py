"""How each criterion of a scorecard is rated, and how often all of them are rated alike."""

import sys
from pathlib import Path
from typing import Any

import pytest
from quick_tickets import agent_of, waiting_audits
from sessions import answers
from statements import counted
from world import World

sys.path.append(str(Path(__file__).parents[1] / "gateway"))

from words import told as in_its_words

ALIKE = {"greeting": 1, "solution": 5, "privacy": 1}
QUERY = """query Q($card: UUID!, $agent: UUID, $imported: Boolean) {
  criterionReport(scorecardId: $card, agentId: $agent, isImported: $imported) {
    reviews comparable sameOnAll sameOnAllShare
    criteria { criterion section title n notApplicable meanScore meanValue full none values { value n } }
  }
}"""


class Rated:
    """Four reviews of one scorecard."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self) -> "Rated":
        self.connection = await waiting_audits(self.world, 5)
        self.specialist = await self.world.person("specialist")
        self.lead = await self.world.person("lead")
        given = [
            ALIKE, ALIKE, {"solution": 3}, {"greeting": "NA", "solution": "NA", "privacy": 1},
        ]  # fmt: skip
        self.reviews = [await self.world.reviewed(self.specialist, **one) for one in given]
        (self.card,) = (await self.world.get("/audit/scorecards"))["items"]
        self.path = f"/audit/scorecards/{self.card['id']}/criteria"
        return self

    async def told(self, query: str = "", by: str = "") -> Any:
        return await self.world.get(f"{self.path}?{query}", by=by or self.lead)


@pytest.fixture
async def rated(world: World) -> Rated:
    return await Rated(world).of()


async def test_each_criterion_is_counted_by_what_was_given(rated: Rated) -> None:
    told = await rated.told()
    greeting, solution, privacy = told["criteria"]
    assert (greeting["criterion"], greeting["title"], greeting["section"]) == (
        "greeting", "Greets by name", "handling",
    )  # fmt: skip
    assert (greeting["n"], greeting["not_applicable"], greeting["full"], greeting["none"]) == (3, 1, 2, 1)
    assert greeting["values"] == [{"value": 0, "n": 1}, {"value": 1, "n": 2}, {"value": "NA", "n": 1}]
    assert (solution["mean_value"], solution["mean_score"]) == (
        pytest.approx(13 / 3), pytest.approx(250 / 3),
    )  # fmt: skip
    assert (privacy["n"], privacy["full"], privacy["mean_score"]) == (4, 4, 100)
    # and alike are those that gave everything the same score; one criterion alone says nothing of it
    assert (told["reviews"], told["comparable"], told["same_on_all"]) == (4, 3, 2)
    assert told["same_on_all_share"] == pytest.approx(2 / 3)


async def test_only_what_stands_is_counted(rated: Rated) -> None:
    # when one review is revised, and another is void
    reason = {"reason": "Read again."}
    revised, void = rated.reviews[0]["id"], rated.reviews[1]["id"]
    new = reason | {"answers": answers(greeting=0, solution=5, privacy=1)}
    await rated.world.post(f"/audit/reviews/{revised}/revise", new, by=rated.specialist)
    await rated.world.post(f"/audit/reviews/{void}/void", reason, by=rated.lead)
    told = await rated.told()
    assert (told["reviews"], told["comparable"], told["same_on_all"]) == (3, 2, 0)


async def test_everyone_reads_the_report_of_the_reviews_that_they_may_see(rated: Rated) -> None:
    world = rated.world
    agent = agent_of(rated.connection)
    stranger = await world.person("agent", "Ada")
    assert (await rated.told(by=agent))["reviews"] == 4
    nothing = await rated.told(by=stranger)
    assert (nothing["reviews"], nothing["same_on_all_share"]) == (0, None)
    of_criteria = [(one["n"], one["mean_score"], one["values"]) for one in nothing["criteria"]]
    assert of_criteria == [(0, None, [])] * 3


async def test_it_is_narrowed_by_whose_work_by_version_and_by_when(rated: Rated) -> None:
    agent, moment = agent_of(rated.connection), rated.reviews[1]["released_at"]
    version = rated.reviews[0]["scorecard_version_id"]
    for query, reviews in {
        f"agent_id={agent}": 4, f"agent_id={rated.lead}": 0, f"scorecard_version_id={version}": 4,
        f"scorecard_version_id={rated.lead}": 0, f"from_at={moment}": 3, f"to_at={moment}": 1,
        "is_imported=true": 0, "is_imported=false": 4,
    }.items():  # fmt: skip
        assert (await rated.told(query))["reviews"] == reviews, query
    await rated.world.get(f"/audit/scorecards/{rated.lead}/criteria", by=rated.lead, status=404)


async def test_graphql_tells_the_same(rated: Rated) -> None:
    asked = {"card": rated.card["id"], "imported": False}
    answer = await rated.world.graphql(QUERY, by=rated.lead, **asked)
    expected = in_its_words(await rated.told("is_imported=false"))
    del expected["scorecardId"]
    assert answer["data"]["criterionReport"] == expected


async def test_it_takes_as_many_statements_however_many_reviews_there_are(rated: Rated) -> None:
    with counted(rated.world.app.state.db) as few:
        await rated.told()
    await rated.world.reviewed(rated.specialist, **ALIKE)
    with counted(rated.world.app.state.db) as more:
        assert (await rated.told())["reviews"] == 5
    assert len(more) == len(few) <= 7, few.sent
