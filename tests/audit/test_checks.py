"""Second looks at released reviews, and how a specialist's judgement stands to that of others."""

from typing import Any

import pytest
from at_once import at_once
from sessions import Session, answers
from world import World


def slug(problem: dict[str, str]) -> str:
    return problem["type"].removeprefix("/problems/")


class Reviewed:
    """A review of Mara's: 67.5 %."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self) -> "Reviewed":
        connection = await self.world.connection()
        await self.world.plan(connection["id"])
        await self.world.solved_ticket()
        self.mara = await self.world.person("specialist", "Mara")
        self.expert = await self.world.person("specialist", "Eva")
        self.lead = await self.world.person("lead", "Lena")
        self.review = await self.world.reviewed(self.mara)
        return self

    async def ask(self, *, by: str = "", status: int = 201, **more: Any) -> Any:
        new = {"review_id": self.review["id"]} | more
        return await self.world.post("/audit/review-checks", new, by=by or self.lead, status=status)


@pytest.fixture
async def reviewed(world: World) -> Reviewed:
    return await Reviewed(world).of()


async def test_whoever_checks_does_not_see_what_was_given_before_they_have(reviewed: Reviewed) -> None:
    world = reviewed.world
    asked = await reviewed.ask(checker_id=reviewed.expert)
    path = f"/audit/review-checks/{asked['id']}"
    seen = await world.get(path, by=reviewed.expert)
    assert (seen["review_id"], seen["reviewer_id"], seen["deviations"]) == (None, None, [])
    assert seen["evidence"]["messages"][0]["body"] == "How does it work?"
    await world.get(path, by=reviewed.mara, status=404)
    # when it is checked
    new = {"answers": answers(greeting=1, solution=3, privacy="NA")}
    done = await world.post(f"{path}/answers", new, by=reviewed.expert, status=200)
    # then the reviewer and leads read how far they lie apart, criterion by criterion
    for by in (reviewed.mara, reviewed.lead):
        told = await world.get(path, by=by)
        assert told["deviations"] == done["deviations"]
        assert told["reviewer_id"] == reviewed.mara
    assert {one["criterion"]: one["difference"] for one in done["deviations"]} == {
        "greeting": -1.0, "solution": 1.0, "privacy": None,
    }  # fmt: skip
    assert done["score_difference"] == pytest.approx(67.5 - 100 * (2 + 5 * 0.5) / 7)


async def test_a_check_is_given_once_and_by_whom_it_was_asked_of(reviewed: Reviewed) -> None:
    world = reviewed.world
    asked = await reviewed.ask(checker_id=reviewed.expert)
    path = f"/audit/review-checks/{asked['id']}/answers"
    new = {"answers": answers()}
    assert slug(await world.post(path, new, by=reviewed.lead, status=403)) == "not-a-rater"
    await world.post(path, new, by=reviewed.mara, status=404)
    bad = {"answers": answers(solution=99)}
    told = await world.post(path, bad, by=reviewed.expert, status=422)
    assert (slug(told), told["errors"][0]["pointer"]) == ("answers-invalid", "/answers/1/value")
    await world.post(path, new, by=reviewed.expert, status=200)
    assert slug(await world.post(path, new, by=reviewed.expert, status=409)) == "check-done"


async def test_two_answers_at_once_are_one(reviewed: Reviewed) -> None:
    """The check's row is locked: whoever waits finds it done."""
    world = reviewed.world
    asked = await reviewed.ask(checker_id=reviewed.expert)
    path = f"/audit/review-checks/{asked['id']}/answers"
    told = await at_once(
        world,
        [
            world.client.post(path, json={"answers": answers(solution=n)}, headers=world.as_(reviewed.expert))
            for n in (1, 2, 3)
        ],
    )
    assert sorted(one.status_code for one in told) == [200, 409, 409]


async def test_what_cannot_be_checked_is_named(reviewed: Reviewed) -> None:
    world = reviewed.world
    agent = reviewed.review["agent_id"]
    assert slug(await reviewed.ask(checker_id=reviewed.mara, status=403)) == "own-work"
    assert slug(await reviewed.ask(checker_id=agent, status=403)) == "own-work"
    other = await world.person("agent", "Ada")
    assert slug(await reviewed.ask(checker_id=other, status=422)) == "rater-unfit"
    vendor = await world.vendor("another")
    theirs = await world.person("lead", "Vera", vendor_id=vendor)
    assert slug(await reviewed.ask(checker_id=theirs, status=422)) == "rater-unfit"
    assert slug(await reviewed.ask(by=theirs, status=403)) == "forbidden"
    await reviewed.ask(review_id=other, status=404)
    await reviewed.ask()
    assert slug(await reviewed.ask(status=409)) == "check-exists"


async def test_a_specialists_alignment_is_for_themselves_and_for_leads(reviewed: Reviewed) -> None:
    world = reviewed.world
    asked = await reviewed.ask(checker_id=reviewed.expert)
    await world.post(
        f"/audit/review-checks/{asked['id']}/answers", {"answers": answers(greeting=0)}, by=reviewed.expert,
        status=200,
    )  # fmt: skip
    path = f"/audit/specialists/{reviewed.mara}/alignment"
    mine = await world.get(path, by=reviewed.mara)
    assert mine == await world.get(path, by=reviewed.lead)
    assert (mine["reviews"], mine["score_mean"], mine["score_sd"]) == (1, 67.5, None)
    assert mine["review_seconds_median"] > 0
    assert (mine["appeals"], mine["decided"], mine["changed"]) == (0, 0, 0)
    assert mine["checks"] == {"n": 1, "mean_difference": 0, "mean_distance": 0, "same": 1.0}
    assert mine["calibration"]["n"] == 0
    assert slug(await world.get(path, by=reviewed.expert, status=403)) == "forbidden"
    await world.get(f"/audit/specialists/{reviewed.review['id']}/alignment", status=404)


async def test_alignment_counts_what_was_rated_against_the_expert(world: World) -> None:
    session = await Session.of(world, is_open=False)
    one, expert = session.raters
    await session.prepare(standard="expert", expert_id=expert)
    await session.post("open")
    await session.rate(0, solution=5)
    path = f"/audit/specialists/{one}/alignment"
    await session.rate(1, solution=3)
    # then it counts once the ratings are revealed
    assert (await world.get(path, by=one))["calibration"]["n"] == 0
    await world.worker.drain()
    told = (await world.get(path, by=one))["calibration"]
    assert (told["n"], told["mean_difference"]) == (1, 25)
    assert told["same"] == pytest.approx(2 / 3)
    theirs = await world.get(f"/audit/specialists/{expert}/alignment", by=expert)
    assert theirs["calibration"]["n"] == 0
