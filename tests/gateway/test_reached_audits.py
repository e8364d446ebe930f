"""GraphQL: scorecards and sampling plans, as the audit service has them."""

from typing import Any

from statements import counted
from test_mutations import PROBLEM, mutate
from test_reads import NOWHERE, data
from words import fields, told
from world import World

from services.demo.story import CARD

VERSION = """... on ScorecardVersion {
  id number state publishedAt scorecard { key name }
  card { mode passMark capAt100 appliesTo { vendorIds groups languages channels } sections {
    id title weight kind criteria {
      id title weight critical scale { kind min max options { value title worth autoFail } } naAllowed
      shownWhen { criterion values atLeast below } reasons { id title } reasonBelow commentBelow
      commentOnNa sop
    }
  } }
}"""
DRAFT = f"""mutation D($card: CardInput!) {{
  draftScorecard(key: "email", name: "E-mail", card: $card) {{ __typename {VERSION} {PROBLEM} }}
}}"""
AGAIN = f"""mutation A($id: UUID!, $card: CardInput!) {{
  draftScorecardVersion(scorecardId: $id, card: $card) {{ __typename {VERSION} {PROBLEM} }}
}}"""
PUBLISH = f"""mutation P($id: UUID!) {{
  publishScorecardVersion(versionId: $id) {{ __typename {VERSION} {PROBLEM} }}
}}"""


VERSIONS = """query V($id: UUID!, $after: String) {
  scorecardVersions(scorecardId: $id, first: 2, after: $after) {
    totalCount nodes { id scorecardId number state publishedAt } pageInfo { endCursor }
  }
}"""


async def test_a_scorecard_is_drafted_versioned_and_published(world: World) -> None:
    # given the demonstration's form, sent as GraphQL has it
    card = told(CARD)
    made = await mutate(world, DRAFT, card=card)
    assert (made["number"], made["state"], made["publishedAt"]) == (1, "draft", None)
    assert made["scorecard"] == {"key": "email", "name": "E-mail"}
    (one,) = (await world.get("/audit/scorecards"))["items"]
    # when another version is drafted and published, then it never changes
    stricter = card | {"passMark": 90.5, "mode": "points"}
    second = await mutate(world, AGAIN, id=one["id"], card=stricter)
    assert (second["number"], second["card"]["passMark"], second["card"]["mode"]) == (2, 90.5, "points")
    published = await mutate(world, PUBLISH, id=second["id"])
    assert (published["state"], published["publishedAt"] is not None) == ("published", True)
    assert (await mutate(world, PUBLISH, id=second["id"]))["type"] == "/problems/scorecard-published"
    # and what both were drafted with is what REST tells, criterion by criterion
    versions = (await world.get(f"/audit/scorecards/{one['id']}/versions"))["items"]
    rest = told([version["card"] for version in versions])
    assert rest == [second["card"], made["card"]]
    assert len(rest[1]["sections"][0]["criteria"]) == len(CARD["sections"][0]["criteria"])


RICH: dict[str, Any] = {
    "pass_mark": 80, "applies_to": {"vendor_ids": [], "groups": [], "languages": ["de"], "channels": []},
    "sections": [
        {"id": "s", "title": "S", "criteria": [
            {"id": "a", "title": "A", "scale": {"kind": "binary"}, "sop": "SOP-7"},
            {
                "id": "b", "title": "B", "na_allowed": False, "reason_below": 50, "comment_below": 25,
                "reasons": [{"id": "late", "title": "Late"}], "comment_on_na": True,
                "scale": {"kind": "choice", "options": [
                    {"value": 0, "title": "No", "worth": None, "auto_fail": True},
                    {"value": 1, "title": "So so", "worth": 12.5, "auto_fail": False},
                ]},
                "shown_when": {"criterion": "a", "values": [1], "at_least": None, "below": None},
            },
        ]},
    ],
}  # fmt: skip
CHANGE = f"""mutation C($id: UUID!, $card: CardInput!) {{
  changeScorecardDraft(versionId: $id, card: $card) {{ __typename {VERSION} {PROBLEM} }}
}}"""
IMPORT = f"""mutation I($card: CardInput!) {{
  importScorecard(key: "email", name: "E-mail", card: $card) {{ __typename {VERSION} {PROBLEM} }}
}}"""
TRY = f"""mutation T($id: UUID!, $answers: [AnswerInput!]!) {{
  tryScorecard(scorecardVersionId: $id, answers: $answers) {{
    ... on TriedScore {{ outcome score hidden failedCriteria earned atStake sections }} {PROBLEM}
  }}
}}"""


async def test_a_form_with_everything_in_it_comes_back_as_rest_tells_it(world: World) -> None:
    # given a draft that is changed to a form with choices, conditions and reasons
    made = await mutate(world, DRAFT, card=told(CARD))
    changed = await mutate(world, CHANGE, id=made["id"], card=told(RICH))
    rest = await world.get(f"/audit/scorecard-versions/{made['id']}")
    assert changed["card"] == told(rest["card"])
    # when it is tried out, compared and carried away
    answers = [
        {"criterion": "a", "value": 1},
        {"criterion": "b", "value": 1, "reason": "late", "comment": "x"},
    ]
    tried = await mutate(world, TRY, id=made["id"], answers=answers)
    assert (tried["outcome"], tried["score"], tried["hidden"]) == ("failed", 56.25, [])
    wrong = await mutate(world, TRY, id=made["id"], answers=[{"criterion": "a", "value": 1}])
    assert wrong["type"] == "/problems/answers-invalid"
    again = await mutate(world, IMPORT, card=told(rest["card"]))
    assert (again["number"], again["card"]) == (2, changed["card"])
    query = """query D($id: UUID!) {
      scorecardDiff(versionId: $id) { fromNumber isComparable changes { what id change field before after } }
      scorecardUsage(versionId: $id) { audits reviews firstReleasedAt }
    }"""
    seen = await data(world, query, id=again["id"])
    assert seen["scorecardDiff"] == {"fromNumber": 1, "isComparable": True, "changes": []}
    assert seen["scorecardUsage"] == {"audits": 0, "reviews": 0, "firstReleasedAt": None}


async def test_the_scorecards_of_a_ticket_are_those_of_rest(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    ticket = (await world.get("/feedback/tickets"))["items"][0]["id"]
    rest = await world.get(f"/audit/tickets/{ticket}/scorecards")
    query = "query S($id: UUID!) { scorecardsForTicket(ticketId: $id) { id number scorecard { key } } }"
    seen = (await data(world, query, id=ticket))["scorecardsForTicket"]
    assert [one["id"] for one in seen] == [one["id"] for one in rest]
    assert [one["scorecard"]["key"] for one in seen] == ["card-of-plan"]


async def test_a_form_that_cannot_score_is_the_owners_problem(world: World) -> None:
    upside_down = {"id": "c", "title": "C", "scale": {"min": 1, "max": 0}}
    card = {"sections": [{"id": "s", "title": "S", "criteria": [upside_down]}]}
    problem = await mutate(world, DRAFT, card=card)
    assert (problem["type"], problem["status"]) == ("/problems/scorecard-invalid", 422)
    agent = await world.person("agent")
    assert (await mutate(world, DRAFT, by=agent, card=told(CARD)))["type"] == "/problems/forbidden"


async def test_scorecards_and_versions_are_those_of_rest(world: World) -> None:
    # given three scorecards, one of them with three versions
    first = await world.scorecard("first")
    for key in ("second", "third"):
        await world.scorecard(key)
    for _ in range(2):
        await world.post(f"/audit/scorecards/{first['scorecard_id']}/versions", {"card": CARD})
    # then they are told to everybody as REST tells them
    agent = await world.person("agent")
    cards = told((await world.get("/audit/scorecards", by=agent))["items"])
    query = f"{{ scorecards {{ totalCount nodes {{ {fields(cards)} }} }} }}"
    assert (await data(world, query, by=agent))["scorecards"] == {"totalCount": 3, "nodes": cards}
    path = f"/audit/scorecards/{first['scorecard_id']}/versions"
    for who, many in ((agent, 1), (None, 3)):  # drafts are for those who make them
        versions = told((await world.get(path, by=who))["items"])
        page = (await data(world, VERSIONS, by=who, id=first["scorecard_id"]))["scorecardVersions"]
        ids = [one["id"] for one in versions]
        assert (page["totalCount"], [one["id"] for one in page["nodes"]]) == (many, ids[:2])
    after = page["pageInfo"]["endCursor"]
    last = (await data(world, VERSIONS, id=first["scorecard_id"], after=after))["scorecardVersions"]
    assert (last["totalCount"], [one["id"] for one in last["nodes"]]) == (3, ids[2:])
    (shown,) = last["nodes"]
    oldest = told((await world.get(path))["items"])[-1]
    assert {name: shown[name] for name in oldest if name != "card"} == {
        name: value for name, value in oldest.items() if name != "card"
    }
    assert (await data(world, VERSIONS, id=NOWHERE))["scorecardVersions"]["nodes"] == []


async def test_many_scorecards_take_as_many_statements_as_few(world: World) -> None:
    for number in range(6):
        await world.scorecard(f"card-{number}")
    query = """query S($first: Int!) {
      scorecards(first: $first) { nodes { key versions { number scorecard { key } } } }
    }"""
    found = {}
    for first in (2, 6):
        with counted(world.app.state.reads) as statements:
            nodes = (await data(world, query, first=first))["scorecards"]["nodes"]
        assert [one["versions"][0]["scorecard"]["key"] for one in nodes] == [one["key"] for one in nodes]
        found[first] = len(statements)
    assert found == {2: 5, 6: 5}, "how long it may take, who asks, the page, its versions, and whose they are"


# ---- Plans -------------------------------------------------------------------------------------------

PLAN = f"""mutation P($key: String!, $connection: UUID!, $version: UUID!, $rate: Float!) {{
  planSampling(
    key: $key, connectionId: $connection, scorecardVersionId: $version, rate: $rate, seed: "2026-W07"
  ) {{
    __typename ... on SamplingPlan {{ id rate scorecardVersion {{ number scorecard {{ key }} }} }} {PROBLEM}
  }}
}}"""


async def plan(world: World, key: str = "weekly", **more: Any) -> Any:
    return await mutate(world, PLAN, key=key, **more)


async def test_sampling_is_planned_and_listed_as_rest_lists_it(world: World) -> None:
    connection, version = await world.connection(), await world.scorecard()
    given = {"connection": connection["id"], "version": version["id"]}
    made = await plan(world, rate=0.25, **given)
    assert (made["rate"], made["scorecardVersion"]) == (0.25, {"number": 1, "scorecard": {"key": "card"}})
    rest = told((await world.get("/audit/plans"))["items"])
    query = f"{{ samplingPlans {{ totalCount nodes {{ {fields(rest)} }} }} }}"
    assert (await data(world, query))["samplingPlans"] == {"totalCount": 1, "nodes": rest}
    # and what the owner refuses is its problem
    assert [one["pointer"] for one in (await plan(world, rate=1.5, **given))["errors"]] == ["/rate"]
    assert (await plan(world, rate=1, **given))["status"] == 409, "that key is taken"
    draft = await world.post("/audit/scorecards", {"key": "d", "name": "D", "card": CARD})
    unfit = await plan(world, "other", rate=1, connection=connection["id"], version=draft["id"])
    assert unfit["type"] == "/problems/scorecard-not-published"


async def test_many_plans_take_as_many_statements_as_few(world: World) -> None:
    connection = await world.connection()
    for number in range(6):
        await world.plan(connection["id"], key=f"plan-{number}")
    query = """query S($first: Int!) {
      samplingPlans(first: $first) { nodes { key scorecardVersion { scorecard { key } } } }
    }"""
    found = {}
    for first in (2, 6):
        with counted(world.app.state.reads) as statements:
            nodes = (await data(world, query, first=first))["samplingPlans"]["nodes"]
        names = [one["scorecardVersion"]["scorecard"]["key"] for one in nodes]
        assert names == [f"card-of-{one['key']}" for one in nodes]
        found[first] = len(statements)
    assert found == {2: 5, 6: 5}, (
        "how long it may take, who asks, the page, their versions, and whose those are"
    )


async def test_a_ticket_is_picked_as_over_rest(world: World) -> None:
    version = await world.scorecard()
    await world.connection()
    await world.solved_ticket()
    ticket = (await world.get("/feedback/tickets"))["items"][0]["id"]
    pick = f"""mutation P($ticket: UUID!, $version: UUID!) {{
      pickAudit(ticketId: $ticket, scorecardVersionId: $version, reason: "To learn from.") {{
        ... on AuditPick {{ auditId ticketId }} {PROBLEM}
      }}
    }}"""
    picked = await mutate(world, pick, ticket=ticket, version=version["id"])
    await world.worker.drain()
    assert (await world.get(f"/audit/audits/{picked['auditId']}"))["ticket_id"] == ticket
    unknown = await mutate(world, pick, ticket=NOWHERE, version=version["id"])
    assert (unknown["status"], unknown["errors"][0]["pointer"]) == (422, "/ticket_id")


HAND_IN = f"""mutation H($audit: UUID!, $answers: [AnswerInput!]!) {{
  handInReview(auditId: $audit, answers: $answers, summary: "Good.") {{
    ... on HeldReview {{ auditId authorId needsCheck releaseAt isApproved }} {PROBLEM}
  }}
}}"""
LOOK = f"""mutation L($audit: UUID!) {{
  approveReview(auditId: $audit) {{ ... on HeldReview {{ isApproved checkedBy }} {PROBLEM} }}
}}"""
RETURN = f"""mutation R($audit: UUID!) {{
  returnReview(auditId: $audit, reason: "Once more.") {{
    ... on HeldReview {{ isApproved reason }} {PROBLEM}
  }}
}}"""
WAITING = """query W($audit: UUID!) {
  heldReviews(waits: true) { totalCount nodes { auditId submittedAt reason } }
  heldReview(auditId: $audit) { summary answers evidence }
}"""


async def test_a_review_is_handed_in_and_looked_at_as_over_rest(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    mara, rosa = [await world.person("specialist", name) for name in ("Mara", "Rosa")]
    mine = f"... on ClaimPolicy {{ checkShare }} {PROBLEM}"
    changed = await mutate(world, f"mutation P {{ changeClaimPolicy(checkShare: 1) {{ {mine} }} }}")
    assert changed == {"checkShare": 1.0}
    audit = (await world.post("/audit/audits/claim-next", by=mara, status=200))["id"]
    values = (("greeting", 0), ("solution", 4), ("privacy", 1))
    answers = [{"criterion": name, "value": value} for name, value in values]
    # when it is handed in, given back, handed in again and approved
    held = await mutate(world, HAND_IN, by=mara, audit=audit, answers=answers)
    assert (held["authorId"], held["needsCheck"], held["isApproved"]) == (mara, True, None)
    seen = await data(world, WAITING, by=rosa, audit=audit)
    assert [one["auditId"] for one in seen["heldReviews"]["nodes"]] == [audit]
    assert seen["heldReview"]["evidence"]["ticket"]["subject"] == "A question"
    assert (await mutate(world, LOOK, by=mara, audit=audit))["type"] == "/problems/check-barred"
    assert await mutate(world, RETURN, by=rosa, audit=audit) == {"isApproved": False, "reason": "Once more."}
    await world.worker.drain()
    await mutate(world, HAND_IN, by=mara, audit=audit, answers=answers)
    assert await mutate(world, LOOK, by=rosa, audit=audit) == {"isApproved": True, "checkedBy": rosa}
    await world.worker.drain()
    # then it is out
    assert (await data(world, WAITING, by=rosa, audit=audit))["heldReview"] is None
    assert (await world.get(f"/audit/audits/{audit}"))["state"] == "reviewed"


async def test_whose_a_review_is_and_who_was_told_is_said_as_over_rest(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    mara, theo = await world.person("specialist"), await world.person("team_lead")
    ada = await world.person("agent", "Ada")
    review = await world.reviewed(mara)
    await world.patch(f"/people/people/{review['agent_id']}", {"lead_id": theo})
    told = f"""mutation T($id: UUID!) {{
      acknowledgeReviewFor(reviewId: $id, proof: "On the phone.") {{
        ... on Review {{ acknowledgedBy acknowledgementProof }} {PROBLEM}
      }}
    }}"""
    said = {"acknowledgedBy": theo, "acknowledgementProof": "On the phone."}
    assert await mutate(world, told, by=theo, id=review["id"]) == said
    moved = f"""mutation M($id: UUID!, $agent: UUID!) {{
      reassignReview(reviewId: $id, agentId: $agent, reason: "Hers.") {{
        ... on Review {{ agentId score }} {PROBLEM}
      }}
    }}"""
    over = await mutate(world, moved, id=review["id"], agent=ada)
    assert over == {"agentId": ada, "score": review["score"]}
    assert (await mutate(world, moved, id=review["id"], agent=ada))["type"] == "/problems/review-superseded"
