"""A released verdict is given anew or made void, with a reason; whatever was said before stays readable."""

from typing import Any

import pytest
from appeal_cases import Case, a_reviewed_ticket
from at_once import at_once
from statements import counted
from world import World

BETTER = {"greeting": 1, "solution": 4, "privacy": 1}
"""(2·1 + 5·0.75 + 3·1)/10 = 87.5 %; the first version said 67.5 %."""


def answers(**values: Any) -> list[dict[str, Any]]:
    return [{"criterion": name, "value": value} for name, value in (BETTER | values).items()]


@pytest.fixture
async def case(world: World) -> Case:
    return await a_reviewed_ticket(world)


async def revise(case: Case, *, by: str = "", status: int = 201, review: str = "", **more: Any) -> Any:
    body = {"answers": answers(), "reason": "I had overlooked the greeting."} | more
    path = f"/audit/reviews/{review or case.review['id']}/revise"
    return await case.world.post(path, body, by=by or case.reviewer, status=status)


async def void(case: Case, *, by: str | None = None, status: int = 201, review: str = "") -> Any:
    path = f"/audit/reviews/{review or case.review['id']}/void"
    return await case.world.post(path, {"reason": "The wrong ticket."}, by=by, status=status)


async def quality(case: Case) -> Any:
    return (await case.world.get("/kpi/metrics/quality_score"))["values"][0]


# ---- Anew ---------------------------------------------------------------------------------------------


async def test_a_revised_review_is_a_new_version_and_the_old_one_stays(case: Case) -> None:
    # given a review of 67.5 %; when who gave it gives it anew, with a reason
    second = await revise(case)
    # then that counts, and says why and by whom
    assert (second["number"], second["score"], second["supersedes_id"]) == (2, 87.5, case.review["id"])
    assert (second["reason"], second["reviewer_id"]) == ("I had overlooked the greeting.", case.reviewer)
    # and the first one says what it said
    first, newest = await case.versions()
    assert (first["score"], first["answers"]) == (67.5, case.review["answers"])
    assert first["superseded_at"] == newest["released_at"]
    assert newest["superseded_at"] is None
    # and the quality score follows
    assert ((await quality(case))["value"], (await quality(case))["n"]) == (87.5, 1)
    # and its agent reads the reason, but not whose it is
    read = await case.world.get(f"/audit/reviews/{second['id']}", by=case.agent)
    assert (read["reason"], read["reviewer_id"]) == ("I had overlooked the greeting.", None)


async def test_r39_a_revision_without_a_reason_is_pointed_at(case: Case) -> None:
    path = f"/audit/reviews/{case.review['id']}/revise"
    for body in ({"answers": answers()}, {"answers": answers(), "reason": " "}):
        problem = await case.world.post(path, body, by=case.reviewer, status=422)
        assert [fault["pointer"] for fault in problem["errors"]] == ["/reason"]
    assert len(await case.versions()) == 1


async def test_only_its_author_or_a_lead_gives_a_verdict_anew(case: Case) -> None:
    # given a review of one specialist; when another gives it anew, then it is not theirs
    other = await case.world.person("specialist")
    assert (await revise(case, by=other, status=403))["type"] == "/problems/not-your-review"
    # when a lead does, then it is; and who gave the first version may go on from theirs
    lead = await case.world.person("lead")
    second = await revise(case, by=lead)
    third = await revise(case, review=second["id"], answers=answers(solution=5))
    assert (third["number"], third["score"]) == (3, 100)


async def test_a_version_that_was_replaced_is_not_revised_nor_made_void(case: Case) -> None:
    await revise(case)
    for problem in (await revise(case, status=409), await void(case, status=409)):
        assert problem["type"] == "/problems/review-superseded"


async def test_while_there_is_an_appeal_its_ruling_decides(case: Case) -> None:
    # given an appeal that somebody has taken
    appeal = await case.taken()
    # when the review is revised or made void, then that has to wait
    for problem in (await revise(case, status=409), await void(case, status=409)):
        assert problem["type"] == "/problems/review-appealed"
    # given a ruling that changes answers, whose version is not here yet
    await case.rule(appeal, "overturned", greeting=1, solution=5)
    assert (await void(case, status=409))["type"] == "/problems/review-appealed"
    # when it is here, then that one can be revised
    await case.world.worker.drain()
    newest = (await case.versions())[-1]
    assert (newest["number"], newest["appeal_id"]) == (2, appeal["id"])
    lead = await case.world.person("lead")
    assert (await revise(case, by=lead, review=newest["id"]))["number"] == 3


async def test_a_revised_review_can_be_appealed_against(case: Case) -> None:
    second = await revise(case)
    await case.file(status=409)
    await case.file(review=second["id"])


# ---- Void ---------------------------------------------------------------------------------------------


async def test_a_void_review_counts_nowhere_and_says_why(case: Case) -> None:
    # given a review that counts; when a lead makes it void
    assert (await quality(case))["n"] == 1
    gone = await void(case)
    # then it counts nowhere, not even as one that was left out
    assert ((await quality(case))["n"], (await quality(case))["excluded"]) == (0, {})
    assert (await quality(case))["estimate"]["n"] == 0
    rate = (await case.world.get("/kpi/metrics/auto_fail_rate"))["values"][0]
    assert rate["n"] == 0
    # and its agent reads what was said, and why it says nothing any more
    assert (gone["is_void"], gone["score"], gone["number"]) == (True, 67.5, 2)
    read = await case.world.get(f"/audit/reviews/{gone['id']}", by=case.agent)
    assert (read["is_void"], read["reason"]) == (True, "The wrong ticket.")


async def test_nothing_follows_a_void_review(case: Case) -> None:
    gone = await void(case)
    for problem in (
        await void(case, review=gone["id"], status=409),
        await revise(case, review=gone["id"], status=409),
    ):
        assert problem["type"] == "/problems/illegal-move"
        assert (problem["state"], problem["possible"]) == ("void", [])
    problem = await case.file(review=gone["id"], status=409)
    assert problem["type"] == "/problems/review-not-current"


async def test_a_specialist_does_not_make_a_review_void(case: Case) -> None:
    await void(case, by=case.reviewer, status=403)


# ---- At once ------------------------------------------------------------------------------------------


async def test_of_several_changes_at_once_one_wins(case: Case) -> None:
    # given a review; when it is revised three times and made void twice, all together
    lead = await case.world.person("lead")

    async def ask(path: str, body: Any) -> tuple[int, str | None]:
        answer = await case.world.client.post(
            f"/audit/reviews/{case.review['id']}/{path}", json=body, headers=case.world.as_(lead)
        )
        return answer.status_code, answer.json().get("type")

    why = {"reason": "At once."}
    revisions = [ask("revise", why | {"answers": answers()}) for _ in range(3)]
    found = await at_once(case.world, [*revisions, *(ask("void", why) for _ in range(2))])
    # then one of them came first, and the others are told so
    assert sorted(found) == [(201, None)] + [(409, "/problems/review-superseded")] * 4
    versions = await case.versions()
    assert [(one["number"], one["superseded_at"] is None) for one in versions] == [(1, False), (2, True)]


async def test_of_an_appeal_and_a_revision_at_once_one_wins(case: Case) -> None:
    # given a review; when its agent appeals while its author gives it anew, again and again
    async def ask(path: str, body: Any, who: str) -> int:
        answer = await case.world.client.post(path, json=body, headers=case.world.as_(who))
        return answer.status_code

    review = case.review["id"]
    point = {"criterion": "greeting", "proposed_value": 1, "text": "I did."}
    appeal = {"review_id": review, "reason": "other", "points": [point]}
    revision = {"answers": answers(), "reason": "At once."}
    found = await at_once(
        case.world,
        [
            ask(f"/audit/reviews/{review}/revise", revision, case.reviewer),
            ask("/appeals", appeal, case.agent),
        ],
    )
    # then one is made and one refused: no live appeal stands against a version that was replaced
    assert sorted(found) == [201, 409]
    filed = (await case.world.get(f"/appeals?review_id={review}"))["items"]
    assert len(filed) + len(await case.versions()) == 2


async def test_a_revision_takes_as_many_statements_however_many_versions_there_are(case: Case) -> None:
    review, counts = case.review["id"], []
    for _ in range(4):
        with counted(case.world.app.state.db) as seen:
            review = (await revise(case, review=review))["id"]
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
