"""GraphQL mutations: the thing that was made, or the owner's problem as data."""

from typing import Any

import pytest
from appeal_cases import Case, a_reviewed_ticket
from quick_tickets import agent_of, waiting_audits
from world import World

PROBLEM = "... on Problem { type status title detail errors { pointer code } extras }"
CLAIM_NEXT = f"""mutation {{ claimNextAudit {{
  __typename ... on Audit {{ id state specialist {{ name }} ticket {{ externalId }} }} {PROBLEM}
}} }}"""
CLAIM = f"""mutation C($id: UUID!) {{ claimAudit(auditId: $id) {{
  __typename ... on Audit {{ id }} {PROBLEM}
}} }}"""
SUBMIT = f"""mutation S($id: UUID!, $answers: [AnswerInput!]!) {{
  submitReview(auditId: $id, answers: $answers) {{
    __typename ... on Review {{ id number score passed agent {{ id }} reviewer {{ name }} }} {PROBLEM}
  }}
}}"""
RULE = f"""mutation R($id: UUID!, $outcome: String!, $changes: [ChangeInput!]!) {{
  ruleOnAppeal(
    appealId: $id, outcome: $outcome, reason: "reviewer_error", text: "Read again.", changes: $changes
  ) {{
    __typename ... on Appeal {{ state ruling {{ outcome ruledBy {{ name }} changes }} }} {PROBLEM}
  }}
}}"""
ANSWERS = [
    {"criterion": "greeting", "value": 0},
    {"criterion": "solution", "value": 4},
    {"criterion": "privacy", "value": 1},
]


async def mutate(world: World, mutation: str, by: str | None = None, **variables: Any) -> Any:
    answer = await world.graphql(mutation, by=by, **variables)
    assert "errors" not in answer, answer["errors"]
    (done,) = answer["data"].values()
    return done


@pytest.fixture
async def case(world: World) -> Case:
    return await a_reviewed_ticket(world)


async def test_a_claimed_audit_comes_back_with_all_that_hangs_on_it(world: World) -> None:
    # given a waiting audit; when a specialist claims the next one
    await waiting_audits(world, 1)
    specialist = await world.person("specialist", "Mara Vogt")
    audit = await mutate(world, CLAIM_NEXT, by=specialist)
    # then it is theirs, and can be read further at once
    assert (audit["__typename"], audit["state"]) == ("Audit", "claimed")
    assert audit["specialist"] == {"name": "Mara Vogt"}
    assert audit["ticket"] == {"externalId": "0"}


async def test_a_second_claim_is_answered_with_the_owners_problem(world: World) -> None:
    # given a claimed audit; when somebody else claims it
    await waiting_audits(world, 1)
    audit = await mutate(world, CLAIM_NEXT)
    problem = await mutate(world, CLAIM, by=await world.person("specialist"), id=audit["id"])
    # then the answer is the problem that REST gives
    assert (problem["__typename"], problem["status"]) == ("Problem", 409)
    assert (problem["type"], problem["errors"]) == ("/problems/audit-already-claimed", [])
    # and when nothing is left, that is a problem too
    assert (await mutate(world, CLAIM_NEXT))["type"] == "/problems/nothing-to-claim"


async def test_a_review_comes_back_with_its_score(world: World) -> None:
    # given a claimed audit; when its review is submitted
    connection = await waiting_audits(world, 1)
    specialist = await world.person("specialist", "Mara Vogt")
    audit = await mutate(world, CLAIM_NEXT, by=specialist)
    review = await mutate(world, SUBMIT, by=specialist, id=audit["id"], answers=ANSWERS)
    # then it is scored: (2·0 + 5·0.75 + 3·1)/10
    assert (review["__typename"], review["number"], review["score"]) == ("Review", 1, 67.5)
    assert (review["agent"]["id"], review["reviewer"]["name"]) == (agent_of(connection), "Mara Vogt")


async def test_answers_that_do_not_fit_are_pointed_at(world: World) -> None:
    # given a claimed audit; when an answer is missing
    await waiting_audits(world, 1)
    audit = await mutate(world, CLAIM_NEXT)
    problem = await mutate(world, SUBMIT, id=audit["id"], answers=ANSWERS[:2])
    # then the problem says which
    assert problem["type"] == "/problems/answers-invalid"
    assert problem["errors"] == [{"pointer": "/answers", "code": "answer-missing"}]


async def test_what_a_role_may_not_do_is_a_problem_too(case: Case) -> None:
    problem = await mutate(case.world, CLAIM_NEXT, by=case.agent)
    assert (problem["type"], problem["status"]) == ("/problems/forbidden", 403)


async def test_a_ruling_that_contradicts_itself_is_refused_and_a_sound_one_comes_back(case: Case) -> None:
    # given a taken appeal of the greeting
    appeal = await case.taken({"criterion": "greeting", "proposed_value": 1, "text": "I did."})
    change = [{"criterion": "greeting", "value": 1}]
    # when it is upheld and changed at once, then that is a problem
    arguments: dict[str, Any] = {"by": case.resolver, "id": appeal["id"], "changes": change}
    problem = await mutate(case.world, RULE, outcome="upheld", **arguments)
    assert (problem["type"], problem["status"]) == ("/problems/ruling-inconsistent", 422)
    assert "keeps its answers" in problem["detail"]
    # when it is overturned, then the ruling is there to be read
    decided = await mutate(case.world, RULE, outcome="overturned", **arguments)
    assert decided["state"] == "decided"
    assert decided["ruling"] == {
        "outcome": "overturned", "ruledBy": {"name": "The resolver"}, "changes": change,
    }  # fmt: skip
    # and once more, it is decided already
    again = await mutate(case.world, RULE, outcome="overturned", **arguments)
    assert again["type"] == "/problems/appeal-already-decided"


async def test_an_agent_files_and_takes_back_an_appeal_and_acknowledges(case: Case) -> None:
    # given a released review; when its agent appeals
    file = f"""mutation F($id: UUID!, $points: [PointInput!]!) {{
      fileAppeal(reviewId: $id, reason: "other", points: $points) {{
        __typename ... on Appeal {{ id state filedBy {{ id }} ruling {{ outcome }} }} {PROBLEM}
      }}
    }}"""
    points = [{"criterion": "greeting", "proposedValue": "NA", "text": "There was nobody to greet."}]
    appeal = await mutate(case.world, file, by=case.agent, id=case.review["id"], points=points)
    # then it is open, and theirs
    assert (appeal["state"], appeal["filedBy"], appeal["ruling"]) == ("open", {"id": case.agent}, None)
    # when they take it back twice, then the second time there is nothing to take back
    withdraw = f"""mutation W($id: UUID!) {{ withdrawAppeal(appealId: $id, reason: "Settled.") {{
      __typename ... on Appeal {{ state }} {PROBLEM}
    }} }}"""
    assert (await mutate(case.world, withdraw, by=case.agent, id=appeal["id"]))["state"] == "withdrawn"
    problem = await mutate(case.world, withdraw, by=case.agent, id=appeal["id"])
    assert problem["extras"] == {"state": "withdrawn", "possible": []}
    # and when they acknowledge the review, then it says when
    acknowledge = f"""mutation A($id: UUID!) {{ acknowledgeReview(reviewId: $id) {{
      __typename ... on Review {{ acknowledgedAt }} {PROBLEM}
    }} }}"""
    review = await mutate(case.world, acknowledge, by=case.agent, id=case.review["id"])
    assert review["acknowledgedAt"] is not None


async def test_two_mutations_of_one_request_see_each_others_work(world: World) -> None:
    # given two waiting audits; when two are claimed in one request
    await waiting_audits(world, 2)
    query = "mutation { a: claimNextAudit { ... on Audit { id } } b: claimNextAudit { ... on Audit { id } } }"
    done = (await world.graphql(query))["data"]
    # then they are two
    assert done["a"]["id"] != done["b"]["id"]


async def test_a_review_is_given_anew_and_made_void(case: Case) -> None:
    # given a review; when who gave it gives it anew
    revise = f"""mutation R($id: UUID!, $answers: [AnswerInput!]!) {{
      reviseReview(reviewId: $id, answers: $answers, reason: "Read again.") {{
        __typename ... on Review {{ id number score reason isVoid highlights }} {PROBLEM}
      }}
    }}"""
    given: dict[str, Any] = {"by": case.reviewer, "answers": [ANSWERS[0] | {"value": 1}, *ANSWERS[1:]]}
    second = await mutate(case.world, revise, id=case.review["id"], **given)
    told = {"number": 2, "score": 87.5, "reason": "Read again.", "isVoid": False, "highlights": []}
    assert {name: second[name] for name in told} == told
    # and a lead makes that void, then it is, and nothing follows
    void = f"""mutation V($id: UUID!) {{ voidReview(reviewId: $id, reason: "The wrong ticket.") {{
      __typename ... on Review {{ id isVoid reason supersedesId }} {PROBLEM}
    }} }}"""
    gone = await mutate(case.world, void, by=case.resolver, id=second["id"])
    assert (gone["isVoid"], gone["reason"], gone["supersedesId"]) == (True, "The wrong ticket.", second["id"])
    problem = await mutate(case.world, revise, id=gone["id"], **given)
    assert (problem["type"], problem["extras"]) == (
        "/problems/illegal-move", {"state": "void", "possible": []}
    )  # fmt: skip


async def test_a_draft_is_saved_and_read(world: World) -> None:
    # given a claimed audit; when its specialist saves what is written so far
    await waiting_audits(world, 1)
    specialist = await world.person("specialist")
    audit = (await mutate(world, CLAIM_NEXT, by=specialist))["id"]
    save = f"""mutation D($id: UUID!, $number: Int!, $answers: [AnswerInput!]!) {{
      saveReviewDraft(auditId: $id, number: $number, answers: $answers, summary: "So far") {{
        __typename ... on ReviewDraft {{ auditId number answers summary highlights savedAt }} {PROBLEM}
      }}
    }}"""
    given: dict[str, Any] = {"by": specialist, "id": audit, "answers": ANSWERS[:1]}
    kept = await mutate(world, save, number=0, **given)
    assert (kept["number"], kept["auditId"], kept["summary"]) == (1, audit, "So far")
    # then they read it again, a lead does not, and the same number once more is too late
    query = "query A($id: UUID!) { audit(id: $id) { draft { number answers savedAt } } }"
    for _ in range(2):  # the second one might be compiled
        mine = (await world.graphql(query, by=specialist, id=audit))["data"]["audit"]["draft"]
        assert mine == {name: kept[name] for name in ("number", "answers", "savedAt")}
        assert (await world.graphql(query, id=audit))["data"]["audit"] == {"draft": None}
    problem = await mutate(world, save, number=0, **given)
    assert (problem["type"], problem["extras"]) == ("/problems/draft-moved", {"number": 1})
