"""GraphQL: calibration sessions and second looks at reviews, as the audit service has them."""

import sys
from pathlib import Path
from typing import Any

from test_mutations import PROBLEM, mutate
from test_reads import data
from words import fields, told
from world import World

sys.path.append(str(Path(__file__).parents[1] / "audit"))

from sessions import Session, answers, in_an_hour

JSON = {"evidence", "agreed", "answers"}
DETAIL = """... on CalibrationDetail {
  id state isRevealed raters { personId countsLate } samples { id agreed agreedBy isRated auditId }
}"""
SESSION = "... on Calibration { id title state openedAt revealedAt closedAt }"
RATING = "... on CalibrationRating { sampleId raterId answers score isLate }"
PREPARE = f"""mutation P($version: UUID!, $audits: [UUID!]!, $raters: [UUID!]!, $due: DateTime!) {{
  prepareCalibration(title: "March", scorecardVersionId: $version, auditIds: $audits, raterIds: $raters,
    dueAt: $due) {{ __typename {SESSION} {PROBLEM} }}
}}"""
RATE = f"""mutation R($id: UUID!, $sample: UUID!, $answers: [CalibrationAnswer!]!) {{
  rateCalibrationSample(calibrationId: $id, sampleId: $sample, answers: $answers) {{
    __typename {RATING} {PROBLEM}
  }}
}}"""
AGREE = f"""mutation A($id: UUID!, $sample: UUID!, $answers: [CalibrationAnswer!]!) {{
  agreeOnCalibrationSample(calibrationId: $id, sampleId: $sample, answers: $answers) {{
    __typename {DETAIL} {PROBLEM}
  }}
}}"""
LATE = f"""mutation L($id: UUID!, $rater: UUID!) {{
  countLateRatings(calibrationId: $id, raterId: $rater, counts: true) {{ __typename {DETAIL} {PROBLEM} }}
}}"""
CANCEL = f"""mutation C($id: UUID!) {{
  cancelCalibration(calibrationId: $id, reason: "Another time.") {{ __typename {SESSION} {PROBLEM} }}
}}"""
CHECKED = """... on ReviewCheckDetail {
  id reviewId reviewerId checkerId checkedAt score scoreDifference evidence
  deviations { criterion reviewer checker difference }
}"""
ASK = f"""mutation K($review: UUID!, $checker: UUID) {{
  askForReviewCheck(reviewId: $review, checkerId: $checker) {{ __typename {CHECKED} {PROBLEM} }}
}}"""
ANSWER = f"""mutation W($id: UUID!, $answers: [CalibrationAnswer!]!) {{
  answerReviewCheck(checkId: $id, answers: $answers) {{ __typename {CHECKED} {PROBLEM} }}
}}"""


def moved(verb: str) -> str:
    return f"mutation M($id: UUID!) {{ {verb}(calibrationId: $id) {{ __typename {SESSION} {PROBLEM} }} }}"


def as_rest(document: Any) -> Any:
    return told(document, as_it_is=JSON)


def all_of(document: Any) -> str:
    return " ".join(
        name if name in JSON or not isinstance(value, dict | list) else f"{name} {{ {fields(value)} }}"
        for name, value in document.items()
    )


async def test_a_session_runs_from_preparation_to_its_end(world: World) -> None:
    session = await Session.of(world, is_open=False)
    one, two = session.raters
    made = await mutate(
        world, PREPARE, by=session.lead, version=session.version["id"], due=in_an_hour(),
        audits=[audit["id"] for audit in session.audits], raters=[one, two],
    )  # fmt: skip
    assert (made["state"], made["title"]) == ("draft", "March")
    session.id = made["id"]
    (sample,) = (await session.get())["samples"]
    opened = await mutate(world, moved("openCalibration"), by=session.lead, id=session.id)
    assert opened["state"] == "open"
    # when both have rated, one after the other
    of = {"id": session.id, "sample": sample["id"]}
    rated = await mutate(world, RATE, by=one, answers=answers(solution=5), **of)
    assert (rated["raterId"], rated["isLate"]) == (one, False)
    blind = await world.graphql(
        "query Q($id: UUID!) { calibrationAgreement(calibrationId: $id) { seed } }", by=one, id=session.id
    )
    assert "hidden until" in blind["errors"][0]["message"]
    await mutate(world, RATE, by=two, answers=answers(solution=3, privacy="NA"), **of)
    await world.worker.drain()
    agreed = await mutate(world, AGREE, by=session.lead, answers=answers(), **of)
    assert agreed["samples"][0]["agreedBy"] == session.lead
    late = await mutate(world, LATE, by=session.lead, id=session.id, rater=two)
    assert {rater["personId"]: rater["countsLate"] for rater in late["raters"]}[two] is True
    # then all that REST tells of it is told
    path = f"/audit/calibrations/{session.id}"
    for name, argument, rest in (
        ("calibration", "id", as_rest(await world.get(path, by=one))),
        ("calibrationAgreement", "calibrationId", as_rest(await world.get(f"{path}/agreement", by=one))),
    ):
        query = f"query Q($id: UUID!) {{ {name}({argument}: $id) {{ {_deep(rest)} }} }}"
        assert (await data(world, query, by=one, id=session.id))[name] == rest
    rest = as_rest(await world.get(f"{path}/ratings", by=one))
    query = f"query Q($id: UUID!) {{ calibrationRatings(calibrationId: $id) {{ {all_of(rest[0])} }} }}"
    assert (await data(world, query, by=one, id=session.id))["calibrationRatings"] == rest
    card = session.version["scorecard_id"]
    rest = as_rest(await world.get(f"/audit/calibration-trend/{card}", by=one))
    query = f"query Q($id: UUID!) {{ calibrationTrend(scorecardId: $id) {{ {all_of(rest[0])} }} }}"
    assert (await data(world, query, by=one, id=card))["calibrationTrend"] == rest
    closed = await mutate(world, moved("closeCalibration"), by=session.lead, id=session.id)
    assert closed["state"] == "closed"


def _deep(document: Any) -> str:
    """All of it to be asked for, whatever stands in lists."""
    found = []
    for name, value in document.items():
        inner = value[0] if isinstance(value, list) and value else value
        nested = isinstance(inner, dict) and name not in JSON
        found.append(f"{name} {{ {_deep(inner)} }}" if nested else name)
    return " ".join(found)


async def test_sessions_are_listed_as_rest_lists_them(world: World) -> None:
    session = await Session.of(world)
    for _ in range(2):
        await session.prepare()
    cancelled = await mutate(world, CANCEL, by=session.lead, id=session.id)
    assert cancelled["state"] == "cancelled"
    rest = as_rest((await world.get("/audit/calibrations"))["items"])
    query = f"{{ calibrations {{ totalCount nodes {{ {all_of(rest[0])} }} }} }}"
    assert (await data(world, query))["calibrations"] == {"totalCount": 3, "nodes": rest}
    some = '{ calibrations(state: "open") { nodes { id } } }'
    (only,) = (await data(world, some, by=session.raters[0]))["calibrations"]["nodes"]
    assert only["id"] == rest[-1]["id"]
    version = session.version["id"]
    of = "query V($id: UUID!) { calibrations(scorecardVersionId: $id) { totalCount } }"
    assert (await data(world, of, id=version))["calibrations"]["totalCount"] == 3
    assert (await data(world, of, id=session.id))["calibrations"]["totalCount"] == 0


async def test_second_looks_are_asked_for_given_and_summed(world: World) -> None:
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    mara, eva = [await world.person("specialist", name) for name in ("Mara", "Eva")]
    review = await world.reviewed(mara)
    asked = await mutate(world, ASK, review=review["id"], checker=eva)
    assert (asked["reviewerId"], asked["deviations"]) == (mara, [])
    # whoever checks sees the ticket, and not of whom
    listed = "{ reviewChecks { totalCount nodes { id reviewId reviewerId } } }"
    (blind,) = (await data(world, listed, by=eva))["reviewChecks"]["nodes"]
    assert blind == {"id": asked["id"], "reviewId": None, "reviewerId": None}
    one = f"query Q($id: UUID!) {{ reviewCheck(id: $id) {{ {CHECKED[CHECKED.index('{') + 1 : -1]} }} }}"
    seen = (await data(world, one, by=eva, id=asked["id"]))["reviewCheck"]
    assert (seen["reviewId"], seen["evidence"]["ticket"]["status"]) == (None, "solved")
    assert (await data(world, one, by=mara, id=asked["id"]))["reviewCheck"] is None
    # when it is given
    given = answers(greeting=0, solution=4, privacy="NA")
    done = await mutate(world, ANSWER, by=eva, id=asked["id"], answers=given)
    assert done["deviations"][2] == {
        "criterion": "privacy", "reviewer": 1, "checker": "NA", "difference": None,
    }  # fmt: skip
    rest = as_rest((await world.get("/audit/review-checks", by=mara))["items"])
    query = "query L($id: UUID) { reviewChecks(reviewerId: $id) { nodes { FIELDS } } }"
    query = query.replace("FIELDS", all_of(rest[0]))
    assert (await data(world, query, by=mara, id=mara))["reviewChecks"]["nodes"] == rest
    rest = as_rest(await world.get(f"/audit/specialists/{mara}/alignment", by=mara))
    query = f"query A($id: UUID!) {{ alignment(personId: $id) {{ {_deep(rest)} }} }}"
    assert (await data(world, query, by=mara, id=mara))["alignment"] == rest
    assert rest["checks"]["n"] == 1
