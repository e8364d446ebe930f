"""Reviews that are written and not released: a second person looks, or their time has not come."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from at_once import at_once
from databases import run_sql
from quick_tickets import agent_of, waiting_audits
from sqlalchemy import text
from world import World

from services.audit.releases import service as releases
from services.audit.reviews import service as reviews

ANSWERS = [{"criterion": c, "value": v} for c, v in (("greeting", 0), ("solution", 4), ("privacy", 1))]
HELD = "/audit/held-reviews"


class Desk:
    """Six samples, of which Mara writes and Rosa looks; every review is looked at first."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self, **policy: Any) -> "Desk":
        self.connection = await waiting_audits(self.world, 6)
        self.lead = await self.world.person("lead", "Lena")
        self.mara = await self.world.person("specialist", "Mara")
        self.rosa = await self.world.person("specialist", "Rosa")
        self.agent = agent_of(self.connection)
        await self.policy(**policy or {"check_share": 1})
        return self

    async def policy(self, **change: Any) -> None:
        await self.world.patch("/audit/claim-policy", change, by=self.lead)

    async def claimed(self) -> str:
        return str((await self.world.post("/audit/audits/claim-next", by=self.mara, status=200))["id"])

    async def submit(self, audit: str, *, status: int = 202, by: str = "", **more: Any) -> Any:
        body = {"answers": ANSWERS, "summary": "Good."} | more
        path = f"/audit/audits/{audit}/submission"
        told = await self.world.post(path, body, by=by or self.mara, status=status)
        await self.world.worker.drain()
        return told

    async def handed_in(self, **more: Any) -> str:
        audit = await self.claimed()
        await self.submit(audit, **more)
        return audit

    async def look(self, verb: str, audit: str, *, by: str = "", status: int = 200) -> Any:
        body = {"reason": "Read the last message again."} if verb == "return" else None
        told = await self.world.post(f"{HELD}/{audit}/{verb}", body, by=by or self.rosa, status=status)
        await self.world.worker.drain()
        return told

    async def state(self, audit: str) -> str:
        return str((await self.world.get(f"/audit/audits/{audit}"))["state"])

    async def reviews(self, audit: str, *, by: str = "") -> list[Any]:
        return list((await self.world.get(f"/audit/reviews?audit_id={audit}", by=by or self.lead))["items"])

    async def chore(self) -> None:
        async with self.world.db.transaction() as session:
            await releases.release_due(session)


@pytest.fixture
async def desk(world: World) -> Desk:
    return await Desk(world).of()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    def by(**what: float) -> None:
        then = SimpleNamespace(now=lambda: datetime.now(UTC) + timedelta(**what))
        for room in (releases, reviews):
            monkeypatch.setattr(room, "clock", then)

    return by


def kind(problem: dict[str, Any]) -> str:
    return str(problem["type"]).removeprefix("/problems/")


# ---- A second look ----------------------------------------------------------------------------------


async def test_nobody_hears_of_a_review_before_somebody_else_has_looked_at_it(desk: Desk) -> None:
    audit = await desk.handed_in()
    # given that it is handed in, neither its agent nor a lead finds a review
    assert (await desk.state(audit), await desk.reviews(audit)) == ("submitted", [])
    for nobody in (desk.agent, await desk.world.person("team_lead")):
        await desk.world.get(HELD, by=nobody, status=403)
        await desk.world.get(f"/audit/audits/{audit}", by=nobody, status=404)
    # when Rosa finds it, with what it is about, and approves
    (waiting,) = (await desk.world.get(f"{HELD}?waits=true", by=desk.rosa))["items"]
    whole = await desk.world.get(f"{HELD}/{waiting['audit_id']}", by=desk.rosa)
    assert whole["answers"][1]["value"] == 4
    assert whole["evidence"]["ticket"]["subject"] == "A question"
    await desk.look("approve", audit)
    # then it is out, and it is Mara's
    (review,) = await desk.reviews(audit)
    assert (review["reviewer_id"], review["summary"], review["score"]) == (desk.mara, "Good.", 67.5)
    assert (await desk.reviews(audit, by=desk.agent))[0]["id"] == review["id"]
    assert await desk.state(audit) == "reviewed"
    assert (await desk.world.get(HELD, by=desk.lead))["items"] == []


async def test_what_is_given_back_is_its_authors_draft_again_with_the_reason_told(desk: Desk) -> None:
    audit = await desk.handed_in()
    await desk.look("return", audit)
    seen = await desk.world.get(f"/audit/audits/{audit}", by=desk.mara)
    assert (seen["state"], seen["specialist_id"], seen["draft"]["summary"]) == ("claimed", desk.mara, "Good.")
    assert seen["lease_ends_at"] is not None
    async with desk.world.db.transaction() as session:
        told = "SELECT reason FROM state_change WHERE from_state = 'submitted'"
        assert (await session.execute(text(told))).scalar_one() == "Read the last message again."
    # and written again, it is looked at again
    await desk.submit(audit, summary="Better.")
    await desk.look("approve", audit)
    assert (await desk.reviews(audit))[0]["summary"] == "Better."


async def test_r38_its_author_takes_it_back_and_cannot_approve_it(desk: Desk) -> None:
    audit = await desk.handed_in()
    assert kind(await desk.look("approve", audit, by=desk.mara, status=403)) == "check-barred"
    await desk.look("return", audit, by=desk.mara)
    assert await desk.state(audit) == "claimed"


async def test_neither_the_agent_nor_their_lead_has_the_say(desk: Desk) -> None:
    audit = await desk.handed_in()
    await desk.world.patch(f"/people/people/{desk.agent}", {"lead_id": desk.lead})
    for verb in ("approve", "return"):
        problem = await desk.look(verb, audit, by=desk.lead, status=403)
        assert (kind(problem), problem["detail"]) == ("check-barred", "It is about your own team.")
    await desk.world.patch(f"/people/people/{desk.agent}", {"role": "specialist", "lead_id": None})
    assert kind(await desk.look("approve", audit, by=desk.agent, status=403)) == "check-barred"


async def test_a_look_is_given_once_whoever_else_looks_at_the_same_moment(desk: Desk) -> None:
    audit = await desk.handed_in()
    people = [desk.rosa, desk.lead, *[await desk.world.person("specialist") for _ in range(4)]]
    client = desk.world.client
    asked = [
        client.post(f"{HELD}/{audit}/{verb}", json={"reason": "x"} if verb == "return" else None,
                    headers=desk.world.as_(who))
        for who, verb in zip(people, ["approve", "return"] * 3, strict=True)
    ]  # fmt: skip
    answers = await at_once(desk.world, asked)
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert [answer.status_code for answer in answers].count(200) == 1
    assert {kind(one.json()) for one in answers if one.status_code == 409} <= {"already-checked"}


async def test_where_it_has_to_be_looked_at_it_cannot_be_released_at_once(desk: Desk) -> None:
    audit, path = await desk.claimed(), "/audit/audits/{}/reviews"
    problem = await desk.world.post(path.format(audit), {"answers": ANSWERS}, by=desk.mara, status=409)
    assert kind(problem) == "release-held"
    assert await desk.state(audit) == "claimed"
    # and where not, it can, as ever
    await desk.policy(check_share=0)
    await desk.world.post(path.format(audit), {"answers": ANSWERS}, by=desk.mara)
    assert await desk.state(audit) == "reviewed"


async def test_a_share_is_looked_at_and_the_others_come_out_at_once(desk: Desk) -> None:
    await desk.policy(check_share=0.5)
    states = {await desk.state(await desk.handed_in()) for _ in range(6)}
    assert states == {"submitted", "reviewed"}


async def test_what_is_wrong_with_it_is_told_when_it_is_handed_in(desk: Desk) -> None:
    audit = await desk.claimed()
    problem = await desk.submit(audit, status=422, answers=ANSWERS[:2])
    assert [one["code"] for one in problem["errors"]] == ["answer-missing"]
    assert kind(await desk.submit(audit, status=403, by=desk.rosa)) == "not-your-audit"
    await desk.submit(audit)
    assert kind(await desk.submit(audit, status=409)) == "illegal-move"


async def test_what_its_author_has_handed_in_and_left_behind_waits_for_others(desk: Desk) -> None:
    audit = await desk.handed_in()
    await desk.world.patch(f"/people/people/{desk.mara}", {"is_active": False})
    await desk.look("return", audit)
    assert await desk.state(audit) == "open"


# ---- Its time ---------------------------------------------------------------------------------------


async def test_a_review_comes_out_in_its_time_and_not_before(desk: Desk, later: Any) -> None:
    await desk.policy(check_share=0)
    at = datetime.now(UTC) + timedelta(hours=3)
    audit = await desk.handed_in(release_at=at.isoformat())
    await desk.chore()
    assert await desk.state(audit) == "submitted"
    assert kind(await desk.look("approve", audit, by=desk.lead, status=409)) == "nothing-to-check"
    later(hours=4)
    await desk.chore()
    (review,) = await desk.reviews(audit)
    assert review["released_at"] >= at.isoformat()[:19]


async def test_the_policy_says_how_long_every_review_waits(desk: Desk, later: Any) -> None:
    await desk.policy(check_share=0, release_after_hours=24)
    audit = await desk.handed_in()
    later(hours=23)
    await desk.chore()
    assert await desk.state(audit) == "submitted"
    later(hours=25)
    await desk.chore()
    assert await desk.state(audit) == "reviewed"


async def test_r38_a_moment_that_is_over_is_refused(desk: Desk) -> None:
    problem = await desk.submit(await desk.claimed(), status=422, release_at="2026-01-01T00:00:00Z")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/release_at", "in-the-past")]


async def test_two_workers_release_once_and_one_that_is_cut_off_in_the_middle_releases_nothing(
    desk: Desk, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.policy(check_share=0, release_after_hours=1)
    audits = [await desk.handed_in() for _ in range(3)]
    later(hours=2)
    # when a worker is cut off between writing a review and the end
    written = reviews._release

    async def cut_off(session: Any, *args: Any, **more: Any) -> Any:
        review = await written(session, *args, **more)
        pid = (await session.connection()).sync_connection.connection.driver_connection.get_server_pid()
        url = desk.world.app.state.settings.database_url
        await asyncio.to_thread(run_sql, url, f"SELECT pg_terminate_backend({pid})")
        return review

    monkeypatch.setattr(reviews, "_release", cut_off)
    with pytest.raises(Exception, match=r"(?i)terminat|closed|lost|operation"):
        await desk.chore()
    monkeypatch.setattr(reviews, "_release", written)
    assert {await desk.state(audit) for audit in audits} == {"submitted"}
    # and then four at once do it
    await asyncio.gather(*(desk.chore() for _ in range(4)))
    assert [len(await desk.reviews(audit)) for audit in audits] == [1, 1, 1]
