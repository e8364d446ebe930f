"""Reviews: scored once with the audit's own card, released, acknowledged, never changed."""

import copy
from typing import Any

import pytest
from at_once import at_once
from quick_tickets import agent_of, waiting_audits
from world import World

from services.demo.story import CARD

ANSWERS = {"greeting": 0, "solution": 4, "privacy": 1}
"""On the demonstration's card: (2·0 + 5·0.75 + 3·1)/10 = 67.5 %."""


def body(**values: Any) -> dict[str, Any]:
    given = ANSWERS | values
    return {"answers": [{"criterion": name, "value": value} for name, value in given.items()]}


async def claimed(world: World, specialist: str) -> str:
    audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    return str(audit["id"])


@pytest.fixture
async def specialist(world: World) -> str:
    return await world.person("specialist", "Mara Vogt")


# ---- Scores ---------------------------------------------------------------------------------


async def test_a_review_is_scored_with_its_audits_own_card_after_a_newer_one_is_published(
    world: World, specialist: str
) -> None:
    # given an audit that was drawn for version 1 of a card
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)
    drawn_for = (await world.get(f"/audit/audits/{audit}"))["scorecard_version_id"]
    # and a version 2, published since, in which only the greeting counts
    newer = copy.deepcopy(CARD)
    for criterion in newer["sections"][0]["criteria"]:  # type: ignore[index]  # the card is plain data
        criterion["weight"] = 1 if criterion["id"] == "greeting" else 0
    card = (await world.get("/audit/scorecards"))["items"][0]
    draft = await world.post(f"/audit/scorecards/{card['id']}/versions", {"card": newer})
    assert draft["number"] == 2
    await world.post(f"/audit/scorecard-versions/{draft['id']}/publish", status=200)
    # when the review is submitted
    review = await world.post(f"/audit/audits/{audit}/reviews", body(), by=specialist)
    # then version 1 scored it: 67.5 %, where version 2 would have given 0 %
    assert review["scorecard_version_id"] == drawn_for
    assert (review["score"], review["score_exact"]) == (67.5, "135/2")


async def test_a_score_that_has_no_end_is_kept_exactly(world: World, specialist: str) -> None:
    # given a card of three equal criteria
    criteria = [{"id": c, "title": c, "scale": {"min": 0, "max": 1}} for c in ("a", "b", "c")]
    version = await world.scorecard("thirds", {"sections": [{"id": "s", "title": "S", "criteria": criteria}]})
    connection = await world.connection()
    await world.post(
        "/audit/plans",
        {
            "key": "thirds", "connection_id": connection["id"], "rate": 1, "seed": "a seed",
            "scorecard_version_id": version["id"],
        },
    )  # fmt: skip
    await world.solved_ticket()
    audit = await claimed(world, specialist)
    # when one of them is met
    answers = {"answers": [{"criterion": c, "value": int(c == "a")} for c in ("a", "b", "c")]}
    review = await world.post(f"/audit/audits/{audit}/reviews", answers, by=specialist)
    # then the score is a third, to 12 decimals and as a fraction
    assert review["score"] == pytest.approx(33.333333333333, abs=1e-12)
    assert review["score_exact"] == "100/3"
    assert review["passed"] is None, "this card knows no pass mark"


async def test_a_tiny_weight_beside_a_huge_bonus_is_still_scored(world: World, specialist: str) -> None:
    # given a card on which a bonus outweighs the rest by forty digits
    scale = {"min": 0, "max": 1}
    sections = [
        {"id": "s", "title": "S", "criteria": [{"id": "a", "title": "A", "weight": 1e-30, "scale": scale}]},
        {
            "id": "b", "title": "B", "kind": "bonus",
            "criteria": [{"id": "extra", "title": "Extra", "weight": 900_000_000_000, "scale": scale}],
        },
    ]  # fmt: skip
    version = await world.scorecard("odd", {"sections": sections})
    connection = await world.connection()
    await world.post(
        "/audit/plans",
        {
            "key": "odd", "connection_id": connection["id"], "rate": 1, "seed": "a seed",
            "scorecard_version_id": version["id"],
        },
    )  # fmt: skip
    await world.solved_ticket()
    audit = await claimed(world, specialist)
    # when it is answered, then there is a score: 100 · (1e-30 + 9e11) / 1e-30 percent
    answers = {"answers": [{"criterion": c, "value": 1} for c in ("a", "extra")]}
    review = await world.post(f"/audit/audits/{audit}/reviews", answers, by=specialist)
    assert review["score"] == pytest.approx(9e43)


async def test_a_failed_critical_criterion_sets_the_review_to_zero(world: World, specialist: str) -> None:
    # given a claimed audit on a card where privacy is critical
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)
    # when privacy fails and all else is perfect
    answers = body(greeting=1, solution=5, privacy=0)
    review = await world.post(f"/audit/audits/{audit}/reviews", answers, by=specialist)
    # then the score is 0, and what it would have been stays known: (2 + 5 + 0)/10 = 70 %
    assert (review["score"], review["auto_failed"], review["passed"]) == (0, True, False)
    assert review["score_without_auto_fail"] == 70


async def test_a_review_in_which_nothing_applies_has_no_score_and_counts_nowhere(
    world: World, specialist: str
) -> None:
    # given a claimed audit
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)
    # when every criterion is not applicable
    answers = body(greeting="NA", solution="NA", privacy="NA")
    review = await world.post(f"/audit/audits/{audit}/reviews", answers, by=specialist)
    # then there is no score, rather than 0 or 100
    assert (review["score"], review["score_exact"], review["passed"]) == (None, None, None)
    # and the quality score names it as left out
    value = (await world.get("/kpi/metrics/quality_score"))["values"][0]
    assert (value["value"], value["n"], value["excluded"]) == (None, 0, {"not_scored": 1})
    assert value["estimate"] == {
        "value": None,
        "n": 0,
        "n_effective": None,
        "low": None,
        "high": None,
        "is_enough": False,
    }


# ---- Who, when, and with what -----------------------------------------------------------------


async def test_an_audit_that_nobody_has_claimed_cannot_be_reviewed(world: World, specialist: str) -> None:
    # given an open audit
    await waiting_audits(world, 1)
    audit = (await world.get("/audit/audits"))["items"][0]["id"]
    # when a review is submitted, then it is refused, naming what would be possible
    problem = await world.post(f"/audit/audits/{audit}/reviews", body(), by=specialist, status=409)
    assert problem["type"] == "/problems/illegal-move"
    assert (problem["state"], problem["possible"]) == ("open", ["claimed"])


async def test_only_the_specialist_who_claimed_an_audit_reviews_it(world: World, specialist: str) -> None:
    # given an audit that one specialist has claimed
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)
    # when another, even the administrator, submits the review, then it is refused
    other = await world.person("specialist", "Somebody else")
    for who in (other, None):
        problem = await world.post(f"/audit/audits/{audit}/reviews", body(), by=who, status=403)
        assert problem["type"] == "/problems/not-your-audit"


async def test_a_reviewed_audit_cannot_be_reviewed_again(world: World, specialist: str) -> None:
    # given a reviewed audit
    await waiting_audits(world, 1)
    review = await world.reviewed(specialist)
    # when its specialist submits another verdict, then the first one stands
    path = f"/audit/audits/{review['audit_id']}/reviews"
    problem = await world.post(path, body(greeting=1), by=specialist, status=409)
    assert problem["type"] == "/problems/illegal-move"
    assert (await world.get(f"/audit/reviews/{review['id']}"))["score"] == 67.5


async def test_of_two_submissions_at_once_one_becomes_the_review(world: World, specialist: str) -> None:
    # given a claimed audit
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)

    # when its specialist submits twice at the same time
    async def submit(greeting: int) -> tuple[int, str | None]:
        answer = await world.client.post(
            f"/audit/audits/{audit}/reviews", json=body(greeting=greeting), headers=world.as_(specialist)
        )
        return answer.status_code, answer.json().get("type")

    answers = await at_once(world, (submit(0), submit(1)))
    # then one of them is the review, and the other comes too late
    assert sorted(answers, key=str) == [(201, None), (409, "/problems/illegal-move")]
    assert len((await world.get(f"/audit/reviews?audit_id={audit}"))["items"]) == 1


async def test_answers_that_do_not_fit_the_card_are_pointed_at(world: World, specialist: str) -> None:
    # given a claimed audit, and answers of which one is missing, unknown, given twice or off its scale
    await waiting_audits(world, 1)
    audit = await claimed(world, specialist)
    misfits: dict[str, tuple[list[tuple[str, Any]], str]] = {
        "missing": ([("greeting", 1), ("solution", 4)], "/answers"),
        "unknown": ([*ANSWERS.items(), ("tone", 1)], "/answers/3/criterion"),
        "twice": ([*ANSWERS.items(), ("greeting", 1)], "/answers/3/criterion"),
        "above the scale": ([*(ANSWERS | {"solution": 5.01}).items()], "/answers/1/value"),
        "below the scale": ([*(ANSWERS | {"solution": 0}).items()], "/answers/1/value"),
        "none": ([], "/answers"),
    }
    for name, (answers, pointer) in misfits.items():
        # when they are submitted, then it is said which one
        given = {"answers": [{"criterion": criterion, "value": value} for criterion, value in answers]}
        problem = await world.post(f"/audit/audits/{audit}/reviews", given, by=specialist, status=422)
        assert problem["type"] == "/problems/answers-invalid"
        assert {fault["pointer"] for fault in problem["errors"]} == {pointer}, name
    # and the audit can still be reviewed
    await world.post(f"/audit/audits/{audit}/reviews", body(), by=specialist)


# ---- Acknowledging ----------------------------------------------------------------------------


async def test_an_agent_acknowledges_a_review_once(world: World, specialist: str) -> None:
    # given a released review
    connection = await waiting_audits(world, 1)
    review = await world.reviewed(specialist)
    path, agent = f"/audit/reviews/{review['id']}/acknowledge", agent_of(connection)
    # when the agent acknowledges it, twice
    first = await world.post(path, by=agent, status=200)
    again = await world.post(path, by=agent, status=200)
    # then the first time stays
    assert first["acknowledged_at"] is not None
    assert again["acknowledged_at"] == first["acknowledged_at"]


async def test_nobody_acknowledges_for_the_agent(world: World, specialist: str) -> None:
    # given a released review of an agent who has a lead
    connection = await waiting_audits(world, 1)
    review = await world.reviewed(specialist)
    lead, stranger = await world.person("team_lead"), await world.person("agent")
    await world.patch(f"/people/people/{agent_of(connection)}", {"lead_id": lead})
    path = f"/audit/reviews/{review['id']}/acknowledge"
    # when the lead, the reviewer or another agent acknowledges it
    # then the lead may see but not do it, the reviewer's role cannot, the stranger sees nothing
    for who, status in ((lead, 403), (specialist, 403), (stranger, 404)):
        await world.post(path, by=who, status=status)
    assert (await world.get(f"/audit/reviews/{review['id']}"))["acknowledged_at"] is None


# ---- Cards --------------------------------------------------------------------------------------


async def test_a_published_version_cannot_be_published_again(world: World) -> None:
    # given a published version
    version = await world.scorecard()
    # when it is published again, then nothing changes
    path = f"/audit/scorecard-versions/{version['id']}/publish"
    assert (await world.post(path, status=409))["type"] == "/problems/scorecard-published"
    kept = (await world.get(f"/audit/scorecards/{version['scorecard_id']}/versions"))["items"]
    assert [one["published_at"] for one in kept] == [version["published_at"]]


async def test_a_draft_cannot_be_planned_with(world: World) -> None:
    # given a draft and a connection
    draft = await world.post("/audit/scorecards", {"key": "draft", "name": "Draft", "card": CARD})
    connection = await world.connection()
    # when a plan names the draft, then it is refused
    plan = {
        "key": "plan", "connection_id": connection["id"], "rate": 0.5, "seed": "a seed",
        "scorecard_version_id": draft["id"],
    }  # fmt: skip
    problem = await world.post("/audit/plans", plan, status=409)
    assert problem["type"] == "/problems/scorecard-not-published"


async def test_versions_are_numbered_without_gaps_when_drafted_at_once(world: World) -> None:
    # given a scorecard
    version = await world.scorecard()
    # when five people draft a new version at the same time
    path = f"/audit/scorecards/{version['scorecard_id']}/versions"
    drafts = await at_once(world, (world.post(path, {"card": CARD}) for _ in range(5)))
    # then each has a number of its own
    assert sorted(draft["number"] for draft in drafts) == [2, 3, 4, 5, 6]
