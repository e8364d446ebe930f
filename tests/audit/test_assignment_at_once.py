"""Many specialists on one queue at once: nothing is two people's, nothing is lost, no rule is broken.

Proved with specialists who all claim, review, skip, decline, release and forget at the same time over
connections of their own, while leases lapse under them and connections are cut in the middle of a
transaction; every turn is then read again by a plain program (`shift_read.py`).
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from at_once import at_once
from quick_tickets import waiting_audits
from shift import ANSWERS, Shift
from shift_read import Told, faults
from sqlalchemy import event, text
from statements import counted
from world import World

from services.audit.assignment import service
from services.run import create_app
from shared.config import Settings
from shared.models.assignment import Claim

SPECIALISTS = int(os.environ.get("ASSAY_SHIFT_SPECIALISTS", "6"))
SAMPLES = int(os.environ.get("ASSAY_SHIFT_SAMPLES", "60"))
CLAIM_NEXT = "/audit/audits/claim-next"


@pytest.fixture
async def shift(settings: Settings) -> AsyncIterator[Shift]:
    many = settings.model_copy(update={"db_pool_size": SPECIALISTS})
    async with World(create_app(many)) as world:
        made = Shift(world, specialists=SPECIALISTS, samples=SAMPLES)
        await made.begin()
        yield made


async def test_of_many_samples_none_is_had_twice_none_is_lost_and_no_rule_is_broken(shift: Shift) -> None:
    # given specialists of every make, and more samples than some of them may have
    # when all of them work at once, until nobody gets anything any more
    await shift.work()
    # then every turn was right, and whatever waits is for nobody who is here
    told = await Told.of(shift.world.db)
    assert faults(told) == []
    states = Counter(audit.state for audit in told.audits)
    assert states["reviewed"] + states["open"] == len(told.audits) == SAMPLES
    assert states["reviewed"] > SAMPLES / 2, states
    endings = Counter(turn.ending for turns in told.by_audit.values() for turn in turns)
    if SAMPLES >= 1000:
        assert {"reviewed", "skipped", "declined", "released", "lapsed"} <= {*endings}, endings
        assert shift.cut > 0
    print(f"{SPECIALISTS} specialists, {SAMPLES} samples: {dict(states)}, {dict(endings)}, {shift.cut} cut")


async def test_the_reading_finds_what_it_is_there_to_find(world: World) -> None:
    """Each fault is made by hand, past all rules; else the test above could not fail."""
    shift = Shift(world, specialists=4, samples=16)
    await shift.begin()
    await shift.work()
    told = await Told.of(shift.world.db)
    busy = max(told.by_specialist.values(), key=len)
    one = next(turn for turn in busy if turn.ending == "reviewed")
    other = next(
        turn
        for turns in told.by_specialist.values()
        for turn in turns
        if turn.specialist_id != one.specialist_id
    )
    ways: dict[str, dict[str, Any]] = {
        "was two people's at once": {"audit_id": one.audit_id, "specialist_id": other.specialist_id},
        "with (2, 1) turns and reviews": {"audit_id": one.audit_id},
        "was offered": {},
        "their own": {"agent_id": one.specialist_id},
    }
    for said, change in ways.items():
        told = await Told.of(shift.world.db)
        turn = Claim(**one.model_dump() | change)
        if said == "was offered":
            told.by_specialist[one.specialist_id].insert(
                0, Claim(**one.model_dump() | {"ending": "declined"})
            )
        told.by_audit[turn.audit_id].append(turn)
        told.by_specialist[turn.specialist_id].append(turn)
        assert any(said in fault for fault in faults(told)), said


async def test_a_submission_that_meets_the_end_of_its_lease_is_either_kept_or_refused_whole(
    world: World,
) -> None:
    # given claims whose lease is over at this moment
    await waiting_audits(world, 12)
    mara = await world.person("specialist", "Mara")
    audits = [await world.post(CLAIM_NEXT, by=mara, status=200) for _ in range(12)]
    async with world.db.transaction() as session:
        await session.execute(text("UPDATE assignment SET lease_ends_at = now()"))

    async def give_back() -> None:
        for _ in range(6):
            async with world.db.transaction() as session:
                await service.give_back_idle(session)

    # when they are submitted while the worker gives back what lapsed
    headers, body = world.as_(mara), {"answers": ANSWERS}
    paths = [f"/audit/audits/{audit['id']}/reviews" for audit in audits]
    background = asyncio.create_task(give_back())
    answers = await at_once(world, [world.client.post(path, json=body, headers=headers) for path in paths])
    await background
    # then each is reviewed, or waits for others; and its only turn says which
    for audit, answer in zip(audits, answers, strict=True):
        assert answer.status_code in {201, 403, 409}, answer.text
        state = (await world.get(f"/audit/audits/{audit['id']}"))["state"]
        assert state == ("reviewed" if answer.status_code == 201 else "open")
    told = await Told.of(world.db)
    for audit in told.audits:
        (turn,) = told.by_audit[audit.id]
        assert (turn.ending, told.reviews[audit.id]) == (
            ("reviewed", 1) if audit.state == "reviewed" else ("lapsed", 0)
        )


async def test_two_windows_of_one_person_do_not_both_get_the_last_free_place(world: World) -> None:
    # given room for one, and ten windows
    await waiting_audits(world, 10)
    mara, lead = await world.person("specialist"), await world.person("lead")
    path = f"/audit/specialists/{mara}/profile"
    await world.client.put(path, json={"open_at_once": 1}, headers=world.as_(lead))
    # when all ask at once
    headers = world.as_(mara)
    answers = await at_once(world, [world.client.post(CLAIM_NEXT, headers=headers) for _ in range(10)])
    # then one gets something
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}


async def test_a_claim_costs_the_same_however_much_was_claimed_and_finds_its_sample_by_an_index(
    settings: Settings,
) -> None:
    async with World(create_app(settings)) as world:
        shift = Shift(world, specialists=4, samples=3000)
        await shift.begin()
        seen: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            if "SKIP LOCKED" in statement:
                seen.append((statement, parameters))

        event.listen(world.app.state.db.engine.sync_engine, "before_cursor_execute", note)
        # when somebody claims for the first time, and after twenty more
        sizes = []
        for rounds in (1, 20, 1):
            for _ in range(rounds):
                with counted(world.app.state.db) as statements:
                    audit = await world.post(CLAIM_NEXT, by=shift.specialists[0], status=200)
                sizes.append(len(statements))
                path = f"/audit/audits/{audit['id']}/reviews"
                await world.post(path, {"answers": ANSWERS}, by=shift.specialists[0])
        # then each claim took as many statements
        assert {*sizes} == {sizes[0]}
        assert sizes[0] <= 10
        # and the next sample is found in the order in which they are due
        async with world.db.engine.connect() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN {seen[-1][0]}", seen[-1][1])
            plan = "\n".join(row[0] for row in rows)
        assert "ix_audit_waiting" in plan
        assert "Seq Scan on audit" not in plan
        assert "Sort Key: audit" not in plan, plan
