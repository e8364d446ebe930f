"""Rulings: by somebody without a part in it, consistent, once; and what they do to the review."""

from collections import Counter
from typing import Any

import pytest
from appeal_cases import GREETING, SOLUTION, Case, a_reviewed_ticket, ruling
from at_once import at_once
from sqlalchemy import text
from world import World


@pytest.fixture
async def case(world: World) -> Case:
    return await a_reviewed_ticket(world)


async def assert_barred(case: Case, appeal: Any, person: str, reason: str) -> None:
    """They can neither take it nor, had they taken it before, rule on it."""
    problem = await case.take(appeal, by=person, status=403)
    assert (problem["type"], problem["detail"]) == ("/problems/four-eyes", reason)


# ---- Who may not --------------------------------------------------------------------------------


async def test_a19_the_reviewer_does_not_rule(case: Case) -> None:
    appeal = await case.file()
    await assert_barred(case, appeal, case.reviewer, "You made this review, or an earlier version of it.")


async def test_the_agent_does_not_rule_even_after_becoming_a_specialist(case: Case) -> None:
    appeal = await case.file()
    await case.change(case.agent, role="specialist")
    await assert_barred(case, appeal, case.agent, "It is your own appeal or your own work.")


async def test_whoever_filed_does_not_rule_even_in_another_role(case: Case) -> None:
    # given a team lead who filed, and has since changed sides: a specialist who leads nobody
    lead = await case.world.person("team_lead")
    await case.change(case.agent, lead_id=lead)
    appeal = await case.file(by=lead)
    await case.change(lead, role="specialist")
    await case.change(case.agent, lead_id=None)
    # when they take the appeal, then it is still theirs
    await assert_barred(case, appeal, lead, "It is your own appeal or your own work.")


async def test_a19_the_agents_lead_does_not_rule(case: Case) -> None:
    await case.change(case.agent, lead_id=case.resolver)
    await assert_barred(case, await case.file(), case.resolver, "You lead this agent.")


async def test_a19_people_of_the_agents_vendor_do_not_rule(case: Case) -> None:
    # given specialists of the agent's vendor, of another vendor, and of none
    same = await case.world.person("specialist", vendor_id=case.review["vendor_id"])
    elsewhere = await case.world.person("specialist", vendor_id=await case.world.vendor("elsewhere"))
    ours = await case.world.person("specialist")
    appeal = await case.file()
    # then the first is barred, the second does not even see it, and the third may
    await assert_barred(case, appeal, same, "You work for this agent's vendor.")
    assert (await case.take(appeal, by=elsewhere, status=404))["type"] == "/problems/not-found"
    await case.take(appeal, by=ours)


async def test_whoever_becomes_a_party_after_taking_an_appeal_does_not_rule(case: Case) -> None:
    # given a resolver who took an appeal, and then became the agent's lead
    appeal = await case.taken()
    await case.change(case.agent, lead_id=case.resolver)
    # when they rule, then it is too late for that
    problem = await case.rule(appeal, "upheld", status=403)
    assert (problem["type"], problem["detail"]) == ("/problems/four-eyes", "You lead this agent.")


async def test_only_the_one_who_took_an_appeal_rules_on_it(case: Case) -> None:
    appeal = await case.taken()
    other = await case.world.person("lead")
    problem = await case.rule(appeal, "upheld", by=other, status=403)
    assert problem["detail"] == "Another resolver has taken this appeal."


async def test_other_roles_neither_take_nor_rule(case: Case) -> None:
    appeal = await case.file()
    for role in ("agent", "team_lead", "vendor_manager", "analyst"):
        somebody = await case.world.person(role, vendor_id=case.review["vendor_id"])
        taken = await case.take(appeal, by=somebody, status=403)
        ruled = await case.rule(appeal, "upheld", by=somebody, status=403)
        assert taken["type"] == ruled["type"] == "/problems/forbidden", role


# ---- What fits together ---------------------------------------------------------------------------


CONTRADICTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("overturned", {"greeting": 1, "privacy": 0}, "only criteria that were appealed"),
    ("overturned", {"greeting": 0, "solution": 5}, "must differ from the one it replaces"),
    ("upheld", {"greeting": 1}, "keeps its answers"),
    ("overturned", {"greeting": 1}, "every appealed answer changes"),
    ("overturned", {}, "every appealed answer changes"),
    ("partially_overturned", {}, "some appealed answers change, not all"),
    ("partially_overturned", {"greeting": 1, "solution": 5}, "some appealed answers change, not all"),
]
"""Outcome, changes, and what is wrong with them, where greeting (0) and solution (4) were appealed."""


async def test_a_ruling_whose_parts_do_not_fit_together_is_refused(case: Case) -> None:
    # given an appeal of the greeting and the solution
    appeal = await case.taken()
    for outcome, changes, says in CONTRADICTIONS:
        # when outcome and changes contradict each other, then it is said how
        problem = await case.rule(appeal, outcome, status=422, **changes)
        assert problem["type"] == "/problems/ruling-inconsistent"
        assert says in problem["detail"], (outcome, changes)
    # and nothing is decided
    assert (await case.world.get(f"/appeals/{appeal['id']}"))["state"] == "in_review"


async def test_changes_that_are_off_the_card_are_pointed_at(case: Case) -> None:
    appeal = await case.taken()
    for changes, code in (({"tone": 1}, "unknown-criterion"), ({"solution": 9}, "out-of-range")):
        problem = await case.rule(appeal, "overturned", status=422, **changes)
        assert problem["type"] == "/problems/points-invalid"
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/changes/0", code)]


# ---- In which state -----------------------------------------------------------------------------


async def test_an_appeal_that_nobody_has_taken_is_not_ruled_on(case: Case) -> None:
    problem = await case.rule(await case.file(), "upheld", status=409)
    assert (problem["type"], problem["state"]) == ("/problems/illegal-move", "open")


async def test_a_withdrawn_appeal_is_not_ruled_on(case: Case) -> None:
    appeal = await case.taken()
    await case.withdraw(appeal)
    problem = await case.rule(appeal, "upheld", status=409)
    assert (problem["type"], problem["state"]) == ("/problems/illegal-move", "withdrawn")


async def test_i9_of_ten_rulings_at_once_one_counts(case: Case) -> None:
    # given a taken appeal
    appeal = await case.taken(GREETING)
    # when its resolver rules ten times at once, this way and that
    rulings = [ruling("overturned", greeting=1) if n % 2 else ruling("upheld") for n in range(10)]
    post, headers = case.world.client.post, case.world.as_(case.resolver)
    path = f"/appeals/{appeal['id']}/ruling"
    answers = await at_once(case.world, (post(path, json=one, headers=headers) for one in rulings))
    # then one of them is the ruling, and at most one new version comes of it
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    refused = {a.json()["type"] for a in answers if a.status_code == 409}
    assert refused == {"/problems/appeal-already-decided"}
    decided = next(answer.json() for answer in answers if answer.status_code == 200)["ruling"]
    await case.world.worker.drain()
    assert len(await case.versions()) == (2 if decided["outcome"] == "overturned" else 1)


async def test_nothing_can_be_appealed_while_a_ruling_replaces_it(case: Case) -> None:
    # given an overturned review whose new version has not been written yet
    appeal = await case.taken(GREETING)
    await case.rule(appeal, "overturned", greeting=1)
    # when the agent appeals the old version, before and after the new one is there
    early = await case.file(SOLUTION, status=409)
    await case.world.worker.drain()
    late = await case.file(SOLUTION, status=409)
    # then it is refused: its ruling would be lost
    assert early["type"] == late["type"] == "/problems/review-not-current"


async def test_an_appeal_filed_during_the_ruling_on_another_is_never_lost(case: Case) -> None:
    # given a taken appeal
    appeal = await case.taken(GREETING)
    # when the ruling that overturns it and more appeals come at the same time
    post, client = case.world.as_(case.agent), case.world.client
    new = {"review_id": case.review["id"], "reason": "other", "points": [SOLUTION]}
    decided, *filed = await at_once(
        case.world,
        [
            case.rule(appeal, "overturned", greeting=1),
            *(client.post("/appeals", json=new, headers=post) for _ in range(6)),
        ],
    )
    # then none of them is taken in: the first is live until it is decided, the review old from then on
    assert decided["state"] == "decided"
    assert {answer.status_code for answer in filed} == {409}


async def test_an_upheld_review_can_be_appealed_again_within_the_window(case: Case) -> None:
    await case.rule(await case.taken(), "upheld")
    assert (await case.file(SOLUTION))["state"] == "open"


async def test_i12_a_replaced_review_is_not_ruled_on(case: Case) -> None:
    # given a taken appeal whose review was replaced meanwhile (by hand: no address of ours does it)
    appeal = await case.taken()
    async with case.world.db.transaction() as session:
        await session.execute(text("UPDATE review SET superseded_at = now()"))
    # when it is ruled on, then there is nothing to rule on, and it can still be taken back
    problem = await case.rule(appeal, "upheld", status=409)
    assert problem["type"] == "/problems/review-not-current"
    await case.withdraw(appeal)


# ---- What it does ---------------------------------------------------------------------------------


async def test_an_upheld_review_stays_as_it_is(case: Case) -> None:
    # given an appeal that is upheld
    decided = await case.rule(await case.taken(), "upheld")
    await case.world.worker.drain()
    # then the ruling is there, and the review is the same
    assert decided["ruling"]["outcome"] == "upheld"
    (version,) = await case.versions()
    assert (version["score"], version["superseded_at"]) == (67.5, None)


async def test_a_partially_overturned_review_changes_only_what_was_changed(case: Case) -> None:
    # given an appeal of greeting and solution; when only the greeting is changed
    decided = await case.rule(await case.taken(), "partially_overturned", greeting=1)
    await case.world.worker.drain()
    # then version 2 has (2·1 + 5·0.75 + 3·1)/10 = 87.5 %, by the ruler, and version 1 is as it was
    first, second = await case.versions()
    assert (first["score"], first["superseded_at"]) == (67.5, decided["ruling"]["ruled_at"])
    assert {answer["criterion"]: answer["value"] for answer in first["answers"]}["greeting"] == 0
    assert (second["score"], second["reviewer_id"]) == (87.5, case.resolver)
    assert (second["supersedes_id"], second["appeal_id"]) == (first["id"], decided["id"])
    assert {answer["criterion"]: answer["value"] for answer in second["answers"]} == {
        "greeting": 1, "solution": 4, "privacy": 1,
    }  # fmt: skip


async def test_the_second_version_can_be_appealed_and_is_ruled_on_by_a_third_person(case: Case) -> None:
    # given a review whose greeting was corrected by a ruling
    await case.rule(await case.taken(GREETING), "overturned", greeting=1)
    await case.world.worker.drain()
    second = (await case.versions())[1]
    # when the agent appeals the solution of version 2
    appeal = await case.file(SOLUTION, review=second["id"])
    # then neither the first reviewer nor the one who ruled decides again
    for decider in (case.reviewer, case.resolver):
        reason = "You made this review, or an earlier version of it."
        await assert_barred(case, appeal, decider, reason)
    # but somebody else does: version 3 has 100 %
    third = await case.world.person("specialist")
    await case.take(appeal, by=third)
    await case.rule(appeal, "overturned", by=third, solution=5)
    await case.world.worker.drain()
    assert [version["score"] for version in await case.versions()] == [67.5, 87.5, 100]


async def test_the_old_version_of_a_review_cannot_be_acknowledged(case: Case) -> None:
    await case.rule(await case.taken(GREETING), "overturned", greeting=1)
    await case.world.worker.drain()
    path = f"/audit/reviews/{case.review['id']}/acknowledge"
    problem = await case.world.post(path, by=case.agent, status=409)
    assert problem["type"] == "/problems/review-superseded"
