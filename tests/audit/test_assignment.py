"""Who gets which sample: what a specialist may and can review, in which order, and for how long."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from quick_tickets import agent_of, solved
from world import World

from services.audit.assignment import service as assignment
from services.audit.reviews import queries as turns
from services.audit.reviews import service as reviews

CLAIM_NEXT = "/audit/audits/claim-next"
POLICY = "/audit/claim-policy"


class Queue:
    """Samples that wait, and a specialist who claims; nobody limits anything yet."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def of(self, *tickets: Any) -> "Queue":
        self.connection = await self.world.connection()
        await self.world.plan(self.connection["id"])
        await self.world.tell(*tickets)
        self.lead = await self.world.person("lead", "Lena")
        self.mara = await self.world.person("specialist", "Mara")
        return self

    async def claim(self, audit: Any = None, *, by: str = "", status: int = 200) -> Any:
        path = f"/audit/audits/{audit['id']}/claim" if audit else CLAIM_NEXT
        return await self.world.post(path, by=by or self.mara, status=status)

    async def act(self, verb: str, audit: Any, body: Any = None, *, by: str = "", status: int = 200) -> Any:
        path = f"/audit/audits/{audit['id']}/{verb}"
        return await self.world.post(path, body, by=by or self.mara, status=status)

    async def policy(self, **change: Any) -> Any:
        return await self.world.patch(POLICY, change, by=self.lead)

    async def profile(self, who: str = "", **profile: Any) -> Any:
        path = f"/audit/specialists/{who or self.mara}/profile"
        answer = await self.world.client.put(path, json=profile, headers=self.world.as_(self.lead))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def waiting(self) -> list[Any]:
        return list((await self.world.get("/audit/audits?state=open&limit=100"))["items"])

    async def of_ticket(self, number: str) -> Any:
        for one in (await self.world.get("/audit/audits?limit=100"))["items"]:
            seen = await self.world.get(f"/audit/audits/{one['id']}")
            if seen["evidence"]["ticket"]["external_id"] == number:
                return seen
        raise AssertionError(number)

    async def idle(self) -> None:
        """The worker's chore of every minute."""
        async with self.world.db.transaction() as session:
            await assignment.give_back_idle(session)


@pytest.fixture
async def queue(world: World) -> Queue:
    """Six samples, of three agents, German and English in turn; the oldest is due first."""
    languages, agents = ("de", "en"), ("100", "200", "300")
    return await Queue(world).of(
        *(
            solved(n, after=timedelta(minutes=n), language=languages[n % 2], assignee=agents[n % 3])
            for n in range(6)
        )
    )


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What time it is for whoever gives samples out; tokens go by the real one."""

    def by(**what: float) -> None:
        then = SimpleNamespace(now=lambda: datetime.now(UTC) + timedelta(**what))
        for room in (assignment, reviews, turns):
            monkeypatch.setattr(room, "clock", then)

    return by


def kind(problem: dict[str, Any]) -> str:
    return str(problem["type"]).removeprefix("/problems/")


# ---- What fits --------------------------------------------------------------------------------------


async def test_a_specialist_gets_the_languages_they_know_and_those_that_nobody_named(queue: Queue) -> None:
    await queue.profile(languages=["de"])
    got = [await queue.claim() for _ in range(3)]
    assert [one["evidence"]["ticket"]["external_id"] for one in got] == ["0", "2", "4"]
    # then nothing more fits, and it is said why
    problem = await queue.claim(status=404)
    assert (kind(problem), problem["detail"]) == ("nothing-to-claim", "3 wait, none fits: language (3).")
    assert problem["barred"]["language"] == 3
    # and one that does not fit cannot be picked either
    assert kind(await queue.claim(await queue.of_ticket("1"), status=409)) == "specialist-unfit"


async def test_a_dialect_is_its_language(world: World) -> None:
    queue = await Queue(world).of(solved("1", language="de-AT"))
    await queue.profile(languages=["de"])
    assert (await queue.claim())["state"] == "claimed"


async def test_what_needs_a_skill_goes_to_whoever_has_it(queue: Queue) -> None:
    await queue.policy(skill_tags=["topic_orders", "lang_de"])
    await queue.profile(skills=["topic_orders"])
    got = [await queue.claim() for _ in range(3)]
    assert [one["evidence"]["ticket"]["external_id"] for one in got] == ["1", "3", "5"]
    assert kind(await queue.claim(await queue.of_ticket("0"), status=409)) == "specialist-unfit"
    # and whose profile names no skills has all of them
    noah = await queue.world.person("specialist", "Noah")
    assert (await queue.claim(by=noah))["evidence"]["ticket"]["external_id"] == "0"


async def test_nobody_reviews_their_own_team(queue: Queue) -> None:
    # given one agent whom Mara leads, and one who has the same lead as she
    world, first, second = queue.world, agent_of(queue.connection, "100"), agent_of(queue.connection, "200")
    await world.patch(f"/people/people/{first}", {"lead_id": queue.mara})
    await world.patch(f"/people/people/{second}", {"lead_id": queue.lead})
    await world.patch(f"/people/people/{queue.mara}", {"lead_id": queue.lead})
    # then only the third one's work goes to her
    got = [await queue.claim() for _ in range(2)]
    assert {one["agent_id"] for one in got} == {agent_of(queue.connection, "300")}
    problem = await queue.claim(status=404)
    assert problem["barred"]["own-team"] == 4
    for number in ("0", "1"):
        assert kind(await queue.claim(await queue.of_ticket(number), status=403)) == "own-team"


async def test_whether_a_vendor_reviews_its_own_agents_is_for_the_company_to_say(queue: Queue) -> None:
    vendor = (await queue.waiting())[0]["vendor_id"]
    own = await queue.world.person("specialist", "Vera", vendor_id=vendor)
    assert (await queue.claim(by=own))["vendor_id"] == vendor
    await queue.policy(vendors_audit_own=False)
    problem = await queue.claim(by=own, status=404)
    assert problem["barred"]["own-vendor"] == 5
    assert kind(await queue.claim((await queue.waiting())[0], by=own, status=403)) == "own-team"


async def test_the_same_two_meet_so_often_and_no_more(queue: Queue, later: Any) -> None:
    await queue.policy(pair_limit=1, pair_days=30)
    got = [await queue.claim() for _ in range(3)]
    assert len({one["agent_id"] for one in got}) == 3
    assert (await queue.claim(status=404))["barred"]["pair-limit"] == 3
    assert kind(await queue.claim(await queue.of_ticket("3"), status=409)) == "pair-limit"
    # what was given back was no meeting
    await queue.act("skip", got[0], {"code": "technical"})
    assert (await queue.claim())["agent_id"] == got[0]["agent_id"]
    # and after the days of the limit they may meet again
    later(days=31)
    assert (await queue.claim())["state"] == "claimed"


# ---- How much ---------------------------------------------------------------------------------------


async def test_r36_somebody_has_as_many_open_as_their_profile_says(queue: Queue) -> None:
    await queue.profile(open_at_once=1)
    first = await queue.claim()
    for path in (None, (await queue.waiting())[0]):
        problem = await queue.claim(path, status=409)
        assert kind(problem) == "at-capacity"
        assert problem["detail"].startswith("1 are open, and 1 may be")
    await queue.act("release", first, {"reason": "No time."})
    assert (await queue.claim())["state"] == "claimed"


async def test_a_days_share_is_a_days_and_what_was_declined_is_not_held_against_it(
    queue: Queue, later: Any
) -> None:
    await queue.profile(claims_a_day=1)
    await queue.act("decline", await queue.claim())
    await queue.claim()
    assert kind(await queue.claim(status=409)) == "at-capacity"
    later(days=1)
    assert (await queue.claim())["state"] == "claimed"


async def test_who_is_not_available_gets_nothing_and_is_told_who_can_change_that(queue: Queue) -> None:
    await queue.profile(is_available=False)
    problem = await queue.claim(status=409)
    assert kind(problem) == "not-available"
    assert "a lead can change that" in problem["detail"]


async def test_on_leave_nothing_is_claimed_and_what_was_claimed_goes_to_others(
    queue: Queue, later: Any
) -> None:
    audit = await queue.claim()
    today = datetime.now(UTC).date()
    leave = {"first_day": (today + timedelta(days=2)).isoformat(), "last_day": "2099-12-31"}
    await queue.profile(leave=[leave])
    await queue.idle()
    assert (await queue.world.get(f"/audit/audits/{audit['id']}"))["state"] == "claimed"
    # when the leave has begun
    later(days=2)
    await queue.idle()
    # then others get it first, as it has waited longest
    assert "on leave until 2099-12-31" in (await queue.claim(status=409))["detail"]
    noah = await queue.world.person("specialist", "Noah")
    assert (await queue.claim(by=noah))["id"] == audit["id"]


# ---- What is hard to read ---------------------------------------------------------------------------


async def test_what_distresses_is_rationed_by_its_weight_by_day_and_by_week(queue: Queue, later: Any) -> None:
    await queue.policy(distress_weights={"lang_de": 3}, distress_a_day=3, distress_a_week=5)
    # given that one German ticket is what a day holds
    got = [await queue.claim() for _ in range(4)]
    assert [one["evidence"]["ticket"]["external_id"] for one in got] == ["0", "1", "3", "5"]
    problem = await queue.claim(status=404)
    assert problem["detail"] == "2 wait, none fits: distressing, and the budget is used up (2)."
    assert kind(await queue.claim(await queue.of_ticket("2"), status=409)) == "exposure-used"
    # what was given back was read all the same
    await queue.act("release", got[0], {"reason": "Too much."})
    assert (await queue.claim(status=404))["barred"]["exposure"] == 3
    # the next day the week's rest is too little, and after a week it is not
    later(days=1)
    assert (await queue.claim(status=404))["barred"]["exposure"] == 3
    later(days=7)
    assert (await queue.claim())["state"] == "claimed"


async def test_whoever_takes_nothing_distressing_says_so_alone_and_at_once(queue: Queue) -> None:
    await queue.policy(distress_weights={"lang_de": 1})
    headers = queue.world.as_(queue.mara)
    answer = await queue.world.client.put("/audit/my-distressing", json={"takes": False}, headers=headers)
    assert answer.json()["takes_distressing"] is False
    got = [await queue.claim() for _ in range(3)]
    assert [one["evidence"]["ticket"]["external_id"] for one in got] == ["1", "3", "5"]
    assert (await queue.claim(status=404))["barred"]["opted-out"] == 3
    # a lead who writes the profile anew does not take it back
    assert (await queue.profile(open_at_once=50))["takes_distressing"] is False
    # they alone do
    await queue.world.client.put("/audit/my-distressing", json={"takes": True}, headers=headers)
    assert (await queue.claim())["evidence"]["ticket"]["external_id"] == "0"


async def test_what_somebody_left_to_others_is_not_offered_to_them_again(queue: Queue) -> None:
    for verb, body in (("skip", {"code": "conflict_of_interest"}), ("decline", None)):
        audit = await queue.claim()
        given = await queue.act(verb, audit, body)
        assert (given["state"], given["specialist_id"]) == ("open", None)
        assert (await queue.claim())["id"] != audit["id"]
        assert kind(await queue.claim(audit, status=409)) == "passed-on"
        # and somebody else gets it
        noah = await queue.world.person("specialist", "Noah")
        assert (await queue.claim(by=noah))["id"] == audit["id"]


async def test_only_whoever_claimed_it_leaves_it_to_others_or_keeps_it(queue: Queue) -> None:
    audit, noah = await queue.claim(), await queue.world.person("specialist", "Noah")
    for verb, body in (("skip", {"code": "other"}), ("decline", None), ("keep", None)):
        assert kind(await queue.act(verb, audit, body, by=noah, status=403)) == "not-your-audit"


# ---- For how long -----------------------------------------------------------------------------------


async def test_a_claim_nobody_works_on_goes_back_and_working_on_it_keeps_it(queue: Queue, later: Any) -> None:
    await queue.policy(lease_hours=2)
    first, second, third = [await queue.claim() for _ in range(3)]
    later(hours=1)
    # when one is kept and one is written on
    lease = await queue.act("keep", second)
    draft = {"number": 0, "answers": [{"criterion": "greeting", "value": 1}]}
    answer = await queue.world.client.put(
        f"/audit/audits/{third['id']}/draft", json=draft, headers=queue.world.as_(queue.mara)
    )
    assert answer.status_code == 200, answer.text
    assert lease["lease_ends_at"] > second["lease_ends_at"]
    # then after two hours only the other one has gone back
    later(hours=2, seconds=5)
    await queue.idle()
    states = [(await queue.world.get(f"/audit/audits/{a['id']}"))["state"] for a in (first, second, third)]
    assert states == ["open", "claimed", "claimed"]
    assert kind(await queue.act("keep", first, status=409)) == "illegal-move"
    # and it is theirs to claim again
    assert (await queue.claim())["id"] == first["id"]


async def test_what_is_overdue_can_be_asked_for(queue: Queue, later: Any) -> None:
    path = "/audit/audits?overdue=true"
    all_of_them = (await queue.world.get(path, by=queue.lead))["items"]
    # solved in March, due a week later
    assert len(all_of_them) == 6
    review = {"answers": [{"criterion": c, "value": v} for c, v in (("greeting", 0), ("solution", 4),
                                                                     ("privacy", 1))]}  # fmt: skip
    audit = await queue.claim()
    await queue.act("reviews", audit, review, status=201)
    left = (await queue.world.get(path, by=queue.lead))["items"]
    assert audit["id"] not in {one["id"] for one in left}
    assert len(left) == 5


async def test_a_lead_sees_who_has_how_much_and_how_long_a_review_takes(queue: Queue) -> None:
    world = queue.world
    review = {"answers": [{"criterion": c, "value": v} for c, v in (("greeting", 0), ("solution", 4),
                                                                     ("privacy", 1))]}  # fmt: skip
    first, second, _ = [await queue.claim() for _ in range(3)]
    await queue.act("reviews", first, review, status=201)
    await queue.act("skip", second, {"code": "technical"})
    await queue.profile(open_at_once=5)
    (mara,) = [one for one in await world.get("/audit/workload", by=queue.lead) if one["name"] == "Mara"]
    assert (mara["open"], mara["overdue"], mara["reviewed"], mara["skipped"]) == (1, 1, 1, 1)
    assert (mara["claimed_today"], mara["open_at_once"], mara["is_available"]) == (3, 5, True)
    assert 0 < mara["median_s"] < 60
    told = await world.graphql("{ workload { personId open medianS } }", by=queue.lead)
    assert told["data"]["workload"][0] == {
        "personId": queue.mara, "open": 1, "medianS": pytest.approx(mara["median_s"]),
    }  # fmt: skip
    await world.get("/audit/workload", by=queue.mara, status=403)


# ---- Who says so ------------------------------------------------------------------------------------


async def test_a_specialist_reads_their_own_profile_and_a_lead_writes_it(queue: Queue) -> None:
    world, noah = queue.world, await queue.world.person("specialist", "Noah")
    await queue.profile(noah, languages=["de"], open_at_once=3)
    path = f"/audit/specialists/{noah}/profile"
    assert (await world.get(path, by=noah))["languages"] == ["de"]
    await world.get(path, by=queue.mara, status=403)
    answer = await world.client.put(path, json={}, headers=world.as_(noah))
    assert answer.status_code == 403
    # and somebody who reviews nothing has none
    problem = await world.get(f"/audit/specialists/{agent_of(queue.connection, '100')}/profile", status=422)
    assert kind(problem) == "not-a-specialist"


async def test_a_vendors_manager_has_no_say_in_the_policy(queue: Queue) -> None:
    vendor = (await queue.waiting())[0]["vendor_id"]
    for role in ("vendor_manager", "lead"):
        who = await queue.world.person(role, vendor_id=vendor)
        await queue.world.patch(POLICY, {"pair_limit": 1}, by=who, status=403)
    assert (await queue.world.get(POLICY, by=queue.mara))["pair_limit"] is None


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        ({"first_day": "2026-02-30", "last_day": "2026-03-01"}, "invalid-date"),
        ({"first_day": "2026-03-02", "last_day": "2026-03-01"}, "out-of-range"),
    ],
)
async def test_leave_that_is_no_stretch_of_days_is_refused(queue: Queue, leave: Any, code: str) -> None:
    answer = await queue.world.client.put(
        f"/audit/specialists/{queue.mara}/profile", json={"leave": [leave]},
        headers=queue.world.as_(queue.lead),
    )  # fmt: skip
    assert answer.status_code == 422
    assert [fault["code"] for fault in answer.json()["errors"]] == [code]
