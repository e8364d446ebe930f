"""Calibration sessions: prepared, rated blind, revealed, discussed, closed."""

import httpx
import pytest
from sessions import Session, answers, in_an_hour
from sqlalchemy import text
from world import World


def slug(problem: dict[str, str]) -> str:
    return problem["type"].removeprefix("/problems/")


async def test_a_session_is_rated_blind_revealed_discussed_and_closed(world: World) -> None:
    session = await Session.of(world)
    # when one has rated, nobody but they read it
    await session.rate(0)
    await world.worker.drain()
    assert await session.state() == "open"
    assert await session.get("/ratings", by=session.raters[1]) == []
    assert await session.get("/ratings") == []
    assert len(await session.get("/ratings", by=session.raters[0])) == 1
    for by in (session.lead, *session.raters):
        assert slug(await session.get("/agreement", by=by, status=409)) == "calibration-blind"
    # when the last one has, everybody does
    await session.rate(1, solution=2)
    await world.worker.drain()
    assert await session.state() == "discussing"
    for by in (session.lead, *session.raters):
        assert len(await session.get("/ratings", by=by)) == 2
    told = await session.get("/agreement", by=session.raters[0])
    assert (told["conversations"], told["raters"], told["late_ratings"]) == (1, 2, 0)
    # and what is agreed on stands beside it
    body = {"sample_id": session.samples[0], "answers": answers(solution=3)}
    agreed = await session.post("agreed", body)
    assert agreed["samples"][0]["agreed_by"] == session.lead
    bias = {one["rater_id"]: one for one in (await session.get("/agreement"))["bias"]}
    assert {one["against"] for one in bias.values()} == {"consensus"}
    assert bias[session.raters[0]]["mean"] > 0 > bias[session.raters[1]]["mean"]
    assert bias[session.raters[0]]["same"] == pytest.approx(2 / 3)
    assert (await session.post("close"))["state"] == "closed"


async def test_a_rater_sees_the_ticket_and_not_whose_work_it_is(world: World) -> None:
    session = await Session.of(world)
    (seen,) = (await session.get(by=session.raters[0]))["samples"]
    assert (seen["ticket_id"], seen["audit_id"]) == (None, None)
    assert seen["evidence"]["messages"][0]["body"] == "How does it work?"
    assert "external_id" not in seen["evidence"]["ticket"]
    (lead_sees,) = (await session.get())["samples"]
    assert lead_sees["audit_id"] == session.audits[0]["id"]
    assert [one["person_id"] for one in (await session.get(by=session.raters[0]))["raters"]] == [
        session.raters[0]
    ]


async def test_nobody_but_those_asked_sees_a_session_and_no_rater_a_draft(world: World) -> None:
    session = await Session.of(world, is_open=False)
    stranger = await world.person("specialist", "Stranger")
    await session.get(by=session.raters[0], status=404)
    await session.post("open")
    await session.get(by=session.raters[0])
    await session.get(by=stranger, status=404)
    body = {"sample_id": session.samples[0], "answers": answers()}
    await session.post("ratings", body, by=stranger, status=404)
    assert slug(await session.post("ratings", body, by=session.lead, status=403)) == "not-a-rater"


async def test_a_rating_is_replaced_before_the_deadline_and_final_after_it(world: World) -> None:
    session = await Session.of(world)
    await session.rate(0, solution=1)
    await session.rate(0, solution=3)
    (mine,) = await session.get("/ratings", by=session.raters[0])
    assert mine["answers"][1] == {"criterion": "solution", "value": 3}
    # when the deadline passes, with the worker or without it
    await session.pass_deadline()
    assert slug(await session.rate(0, status=409, solution=5)) == "rating-final"
    await world.worker.drain()
    assert slug(await session.rate(0, status=409, solution=5)) == "rating-final"
    (mine,) = await session.get("/ratings", by=session.raters[0])
    assert mine["answers"][1] == {"criterion": "solution", "value": 3}


async def test_whoever_comes_late_is_told_reads_nothing_before_and_counts_when_a_lead_says_so(
    world: World,
) -> None:
    session = await Session.of(world, raters=3)
    await session.rate(0)
    await session.rate(1)
    await session.pass_deadline()
    await world.worker.drain()
    assert await session.state() == "discussing"
    # then who has not rated reads nothing yet
    assert await session.get("/ratings", by=session.raters[2]) == []
    assert slug(await session.get("/agreement", by=session.raters[2], status=409)) == "calibration-blind"
    # and is told that they are late, once they have
    assert (await session.rate(2, solution=1))["is_late"] is True
    assert len(await session.get("/ratings", by=session.raters[2])) == 3
    told = await session.get("/agreement")
    assert (told["raters"], told["late_ratings"]) == (2, 1)
    await session.post("late", {"rater_id": session.raters[2], "counts": True})
    for by in (session.lead, *session.raters):
        told = await session.get("/agreement", by=by)
        assert (told["raters"], told["late_ratings"]) == (3, 0)
    await session.post("late", {"rater_id": session.lead, "counts": True}, status=404)


async def test_a_session_that_is_not_open_takes_no_ratings(world: World) -> None:
    session = await Session.of(world)
    assert slug(await session.post("agreed", {
        "sample_id": session.samples[0], "answers": answers()
    }, status=409)) == "calibration-not-open"  # fmt: skip
    await session.post("cancel", {"reason": "Another time."})
    assert slug(await session.rate(0, status=409)) == "calibration-not-open"
    assert await session.get("/ratings") == []
    assert slug(await session.post("open", status=409)) == "illegal-move"
    assert slug(await session.post("close", status=409)) == "illegal-move"


async def test_what_is_wrong_with_a_session_is_named(world: World) -> None:
    session = await Session.of(world, is_open=False)
    agent = await world.person("agent", "Ada")
    one, two = session.raters
    audit = session.audits[0]["id"]
    expected = [
        ({"rater_ids": [one]}, 422, "calibration-incomplete"),
        ({"rater_ids": [one, one]}, 422, "calibration-incomplete"),
        ({"audit_ids": []}, 422, "calibration-incomplete"),
        ({"audit_ids": [audit, audit]}, 422, "validation-failed"),
        ({"audit_ids": [one]}, 422, "validation-failed"),
        ({"rater_ids": [one, two, agent]}, 422, "rater-unfit"),
        ({"rater_ids": [one, two, audit]}, 422, "rater-unfit"),
        ({"expert_id": one}, 422, "validation-failed"),
        ({"standard": "expert"}, 422, "validation-failed"),
        ({"standard": "expert", "expert_id": session.lead}, 422, "validation-failed"),
        ({"due_at": "2026-01-01T00:00:00Z"}, 409, "deadline-passed"),
    ]
    for changed, status, name in expected:
        told = await world.post("/audit/calibrations", session.new(**changed), status=status)
        assert slug(told) == name, changed
    draft = await world.post("/audit/scorecards", {
        "key": "draft", "name": "d", "card": session.version["card"]
    })  # fmt: skip
    changed = session.new(scorecard_version_id=draft["id"])
    assert slug(await world.post("/audit/calibrations", changed, status=409)) == "scorecard-not-published"


async def test_who_reviewed_a_sample_rates_it_only_where_the_session_allows_it(world: World) -> None:
    session = await Session.of(world, is_open=False)
    author = session.raters[0]
    await world.reviewed(author)
    assert slug(await world.post("/audit/calibrations", session.new(), status=422)) == "rater-unfit"
    await world.post("/audit/calibrations", session.new(authors_may_rate=True))


async def test_nobody_opens_a_session_whose_deadline_has_passed(world: World) -> None:
    session = await Session.of(world, is_open=False)
    await session.pass_deadline()
    assert slug(await session.post("open", status=409)) == "deadline-passed"


async def test_a_vendors_lead_prepares_no_session(world: World) -> None:
    session = await Session.of(world)
    vendor = await world.vendor("another")
    theirs = await world.person("lead", "Vera", vendor_id=vendor)
    told = await world.post("/audit/calibrations", session.new(), by=theirs, status=403)
    assert slug(told) == "forbidden"


async def test_answers_that_do_not_fit_say_where(world: World) -> None:
    session = await Session.of(world)
    told = await session.rate(0, status=422, solution=99)
    assert slug(told) == "answers-invalid"
    assert told["errors"][0]["pointer"] == "/answers/1/value"
    body = {"sample_id": session.id, "answers": answers()}
    await session.post("ratings", body, by=session.raters[0], status=404)


async def test_raters_who_have_not_finished_are_reminded(world: World) -> None:
    session = await Session.of(world)
    await session.rate(0)
    async with world.db.transaction() as database:
        await database.execute(
            text("UPDATE delivery SET due_at = now() WHERE handler = 'audit.remind_raters'")
        )
    await world.worker.drain()
    async with world.db.transaction() as database:
        told = await database.scalars(text("SELECT payload FROM event WHERE type = 'RaterReminded'"))
        assert [one["rater_id"] for one in told] == [session.raters[1]]


async def test_ratings_are_no_reviews_and_change_no_agents_number(world: World) -> None:
    session = await Session.of(world)
    before = await world.get("/kpi/metrics/quality_score")
    await session.rate_all([[1, 4]])
    after = await world.get("/kpi/metrics/quality_score")
    assert (await world.get("/audit/reviews"))["items"] == []
    assert after["values"] == before["values"]


async def test_agreement_is_told_with_intervals_from_ten_conversations_on(world: World) -> None:
    session = await Session.of(world, samples=10)
    await session.rate_all([[n % 5 + 1, n % 5 + 1 if n % 3 else (n + 1) % 5 + 1] for n in range(10)])
    told = await session.get("/agreement")
    solution = next(one for one in told["criteria"] if one["criterion"] == "solution")
    measures = {one["measure"]: one for one in solution["measures"]}
    assert measures["percent_agreement"]["value"] == 0.6
    alpha = measures["alpha_ordinal"]
    assert alpha["low"] < alpha["value"] < alpha["high"]
    assert told["unclear"] == "solution"
    greeting = next(one for one in told["criteria"] if one["criterion"] == "greeting")
    same = next(one for one in greeting["measures"] if one["measure"] == "alpha_ordinal")
    assert same["value"] is None
    assert "all ratings are the same" in same["why"]
    # when it is asked for again, the intervals are the same
    assert await session.get("/agreement") == told
    trend = await world.get(f"/audit/calibration-trend/{session.version['scorecard_id']}")
    assert {(one["criterion"], one["conversations"]) for one in trend} == {
        (name, 10) for name in ("", "greeting", "solution", "privacy")
    }
    assert next(one for one in trend if one["criterion"] == "solution")["alpha"] == alpha["value"]


async def test_the_same_key_rates_once(world: World) -> None:
    session = await Session.of(world)
    body = {"sample_id": session.samples[0], "answers": answers()}
    path = f"/audit/calibrations/{session.id}/ratings"
    headers = world.as_(session.raters[0]) | {"idempotency-key": "one"}
    told: list[httpx.Response] = [await world.client.post(path, json=body, headers=headers) for _ in range(2)]
    assert told[0].json() == told[1].json()
    assert told[1].headers["idempotency-replayed"] == "true"
    assert in_an_hour() > told[0].json()["rated_at"]
