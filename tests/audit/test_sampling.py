"""Sampling: a draw that anyone can repeat, once a ticket, with evidence that is frozen at the claim."""

import hashlib
import json
import os
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from quick_tickets import agent_of, quick, solved, ticket_of
from sqlalchemy import select
from sqlmodel import col
from world import LONG_AGO, World

from services.audit.sampling.rules import draw, is_drawn
from services.demo.zendesk import DemoTicket
from shared.models.queue import Delivery

PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "40")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
RATES = st.decimals(min_value="0.000001", max_value=1, places=6)


async def audits_of(world: World, ticket_id: str) -> list[dict[str, Any]]:
    return list((await world.get(f"/audit/audits?ticket_id={ticket_id}"))["items"])


async def evidence_of(world: World, ticket_id: str) -> dict[str, Any]:
    (audit,) = await audits_of(world, ticket_id)
    return dict((await world.get(f"/audit/audits/{audit['id']}"))["evidence"])


async def undone(world: World) -> list[str]:
    """Handlers whose deliveries wait or have failed."""
    async with world.db.transaction() as session:
        statement = select(col(Delivery.handler)).where(col(Delivery.state) != "done")
        return list((await session.scalars(statement)).all())


# ---- The draw -----------------------------------------------------------------------------------


def test_the_first_vector_is_drawn_as_published() -> None:
    assert f"{draw('2026-W07|qa-weekly', 'T-1001'):016x}" == "bfca9c2ba05b9a34"


def test_every_vector_of_the_reference_is_drawn_as_published(reference_dir: Path) -> None:
    # given the published draws
    suite = json.loads((reference_dir / "vectors" / "sampling.json").read_text())
    vectors = [vector for vector in suite["vectors"] if vector["fn"] == "hash_sample"]
    assert vectors
    for vector in vectors:
        asked, expected = vector["input"], vector["expected"]
        # when each ticket is drawn
        drawn = {ticket: draw(asked["seed"], ticket) for ticket in asked["ticket_ids"]}
        # then the numbers, and who is selected by them, are the published ones
        assert {ticket: f"{u:016x}" for ticket, u in drawn.items()} == expected["u64_hex"]
        rate = Decimal(str(asked["rate"]))
        selected = [ticket for ticket, u in drawn.items() if is_drawn(u, rate)]
        assert selected == expected["selected_bernoulli"]


@PROPERTY
@given(st.text(min_size=1, max_size=30), RATES, RATES)
def test_raising_the_rate_only_adds_tickets(seed: str, one: Decimal, other: Decimal) -> None:
    # given any seed and two rates, when the same tickets are drawn at both
    low, high = sorted((one, other))
    numbers = [draw(seed, n) for n in range(50)]
    at_low = {n for n, u in enumerate(numbers) if is_drawn(u, low)}
    at_high = {n for n, u in enumerate(numbers) if is_drawn(u, high)}
    # then whoever is drawn at the lower is drawn at the higher
    assert at_low <= at_high


@PROPERTY
@given(st.uuids(), st.decimals(min_value="0.01", max_value="0.99", places=2))
def test_the_share_that_is_drawn_comes_close_to_the_rate(seed: UUID, rate: Decimal) -> None:
    # given any seed, when 2,000 tickets are drawn
    count = sum(is_drawn(draw(str(seed), n), rate) for n in range(2000))
    # then the share is the rate, within five standard deviations (one in 1.7 million is not)
    spread = (float(rate) * (1 - float(rate)) / 2000) ** 0.5
    assert abs(count / 2000 - float(rate)) < 5 * spread


def test_the_rate_of_one_draws_everything_and_the_rate_ends_where_it_says() -> None:
    # given the largest and the middle number
    largest, middle = 2**64 - 1, 2**63
    # then one takes all, a half takes what is below the middle
    assert is_drawn(largest, Decimal(1))
    assert is_drawn(middle - 1, Decimal("0.5"))
    assert not is_drawn(middle, Decimal("0.5"))


# ---- What is drawn ------------------------------------------------------------------------------


async def test_what_is_drawn_can_be_repeated_from_the_seed(world: World) -> None:
    # given a plan that draws a third
    connection = await world.connection()
    await world.plan(connection["id"], rate=0.3)
    # when twenty tickets are solved
    await world.tell(*(solved(n) for n in range(20)))
    # then exactly those are audited whose number, from SHA-256, is below 0.3 · 2^64
    number = {
        ticket: hashlib.sha256(f"a seed:{ticket}".encode()).hexdigest()[:16]
        for ticket in (ticket_of(connection, n) for n in range(20))
    }
    audits = (await world.get("/audit/audits?limit=100"))["items"]
    expected = {t: u for t, u in number.items() if int(u, 16) < 0.3 * 2**64}
    assert {audit["ticket_id"]: audit["draw"] for audit in audits} == expected
    assert {audit["probability"] for audit in audits} == {0.3}
    assert 0 < len(audits) < 20


async def test_a_ticket_is_drawn_once_however_often_it_changes(world: World) -> None:
    # given a plan
    connection = await world.connection()
    await world.plan(connection["id"])
    # when a ticket is solved, reopened and solved again, and all of it is told three times over
    ticket = solved("1")
    for hour in range(1, 7):
        ticket.move(timedelta(hours=hour), "OPEN" if hour % 2 else "SOLVED")
    ticket.rate(timedelta(hours=8), "GOOD")
    for _ in range(3):
        random.Random(4).shuffle(ticket.bodies)
        await world.tell(ticket)
    # then there is one audit, waiting since the first solve
    (audit,) = await audits_of(world, ticket_of(connection, "1"))
    assert audit["drawn_at"] == LONG_AGO.isoformat().replace("+00:00", "Z")


async def test_each_plan_draws_for_itself(world: World) -> None:
    # given two plans for one connection
    connection = await world.connection()
    plans = {(await world.plan(connection["id"], key=key))["id"] for key in ("one", "two")}
    # when a ticket is solved, then it is audited for both
    await world.tell(solved("1"))
    assert {audit["plan_id"] for audit in await audits_of(world, ticket_of(connection, "1"))} == plans


async def test_a_ticket_that_was_never_solved_is_not_drawn(world: World) -> None:
    # given a plan that takes every ticket
    connection = await world.connection()
    await world.plan(connection["id"])
    # when a ticket is open, pending and on hold
    ticket = quick("1", "OPEN", at=LONG_AGO)
    ticket.move(timedelta(hours=1), "PENDING")
    ticket.move(timedelta(hours=2), "HOLD")
    await world.tell(ticket)
    # then it is not audited, until it is solved
    assert await audits_of(world, ticket_of(connection, "1")) == []
    ticket.bodies.clear()
    ticket.move(timedelta(hours=3), "SOLVED")
    await world.tell(ticket)
    assert len(await audits_of(world, ticket_of(connection, "1"))) == 1


async def test_a_ticket_that_nobody_worked_on_is_not_drawn(world: World) -> None:
    # given a plan that takes every ticket
    connection = await world.connection()
    await world.plan(connection["id"])
    # when a ticket is solved without an assignee, then there is nobody to review
    await world.tell(solved("1", assignee=None))
    assert await audits_of(world, ticket_of(connection, "1")) == []


async def test_a_deleted_ticket_is_not_drawn(world: World) -> None:
    # given a plan that takes every ticket
    connection = await world.connection()
    await world.plan(connection["id"])
    # when a ticket is solved and deleted before anyone looked, then it is not audited
    ticket = solved("1")
    ticket.move(timedelta(hours=1), "DELETED")
    await world.tell(DemoTicket("1", "", LONG_AGO, bodies=ticket.bodies[::-1]))
    assert await audits_of(world, ticket_of(connection, "1")) == []


async def test_tickets_of_a_connection_without_a_plan_are_not_drawn(world: World) -> None:
    # given two connections, of which one has a plan
    planned = await world.connection("zd")
    other = await world.connection("zd-two")
    await world.plan(planned["id"])
    # when the other's ticket is solved, then it is not audited
    await world.tell(solved("1"), key="zd-two")
    assert await audits_of(world, ticket_of(other, "1")) == []


# ---- The evidence -------------------------------------------------------------------------------


async def test_the_evidence_follows_the_ticket_until_the_audit_is_claimed(world: World) -> None:
    # given a waiting audit of a ticket with one comment
    connection = await world.connection()
    await world.plan(connection["id"])
    ticket = solved("1")
    ticket.comment(timedelta(minutes=1), "Like this.", by="agent")
    await world.tell(ticket)
    # when another comment comes, and the ticket goes to somebody else
    ticket.bodies.clear()
    ticket.assignee = "555"
    ticket.comment(timedelta(minutes=2), "Thank you!", by="requester")
    await world.tell(ticket)
    # then the evidence has both, and the audit is about the one who has the ticket now
    seen = await evidence_of(world, ticket_of(connection, "1"))
    assert [message["body"] for message in seen["messages"]] == ["Like this.", "Thank you!"]
    (audit,) = await audits_of(world, ticket_of(connection, "1"))
    assert audit["agent_id"] == agent_of(connection, "555")


async def test_the_evidence_is_frozen_when_the_audit_is_claimed(world: World) -> None:
    # given a claimed audit
    connection = await world.connection()
    await world.plan(connection["id"])
    ticket = solved("1")
    ticket.comment(timedelta(minutes=1), "Like this.", by="agent")
    await world.tell(ticket)
    specialist = await world.person("specialist")
    await world.post("/audit/audits/claim-next", by=specialist, status=200)
    before = await evidence_of(world, ticket_of(connection, "1"))
    # when the ticket goes on, to somebody else, and is deleted at last
    ticket.bodies.clear()
    ticket.assignee = "555"
    ticket.comment(timedelta(minutes=2), "Thank you!", by="requester")
    await world.tell(ticket)
    assert await undone(world) == [], "all that was told is understood"
    ticket.move(timedelta(minutes=3), "DELETED")
    await world.tell(ticket)
    # then the specialist sees what was there when they took it, and reviews the same person's work
    assert await evidence_of(world, ticket_of(connection, "1")) == before
    (audit,) = await audits_of(world, ticket_of(connection, "1"))
    assert (audit["state"], audit["agent_id"]) == ("claimed", agent_of(connection))


async def test_the_evidence_names_nobody(world: World) -> None:
    # given a waiting audit of a ticket with comments of a requester and an agent
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket("1")
    # then authors are named by their role only
    seen = await evidence_of(world, ticket_of(connection, "1"))
    assert [message["author_kind"] for message in seen["messages"]] == ["requester", "agent"]
    assert "Élodie" not in str(seen)
    assert "Lea Brandt" not in str(seen)
