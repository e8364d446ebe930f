"""Claiming audits: one audit, one specialist, whoever asks at the same time."""

from collections import Counter
from datetime import timedelta

from at_once import at_once
from quick_tickets import agent_of, solved, waiting_audits
from statements import counted
from world import World

CLAIM_NEXT = "/audit/audits/claim-next"


async def specialists(world: World, count: int) -> list[str]:
    return [await world.person("specialist", f"Specialist {n}") for n in range(count)]


async def all_at_once(world: World, path: str, people: list[str]) -> list[tuple[int, dict[str, str]]]:
    answers = await at_once(world, (world.client.post(path, headers=world.as_(who)) for who in people))
    return [(answer.status_code, answer.json()) for answer in answers]


async def test_i10_of_twenty_who_claim_one_audit_at_once_one_gets_it(world: World) -> None:
    # given one waiting audit and twenty specialists
    await waiting_audits(world, 1)
    audit = (await world.get("/audit/audits"))["items"][0]
    people = await specialists(world, 20)
    # when all claim it at the same time
    answers = await all_at_once(world, f"/audit/audits/{audit['id']}/claim", people)
    # then one has it, and the others are told so
    assert Counter(status for status, _ in answers) == {200: 1, 409: 19}
    assert {body["type"] for status, body in answers if status == 409} == {"/problems/audit-already-claimed"}
    winner = next(people[n] for n, (status, _) in enumerate(answers) if status == 200)
    now = await world.get(f"/audit/audits/{audit['id']}")
    assert (now["state"], now["specialist_id"]) == ("claimed", winner)


async def test_twenty_who_ask_for_the_next_of_twelve_audits_get_twelve_different_ones(world: World) -> None:
    # given twelve waiting audits and twenty specialists
    await waiting_audits(world, 12)
    people = await specialists(world, 20)
    # when all ask for the next one at the same time
    answers = await all_at_once(world, CLAIM_NEXT, people)
    # then twelve are handed out, none of them twice, and eight are told that none waits
    assert Counter(status for status, _ in answers) == {200: 12, 404: 8}
    assert len({body["id"] for status, body in answers if status == 200}) == 12
    assert {body["type"] for status, body in answers if status == 404} == {"/problems/nothing-to-claim"}
    assert (await world.get("/audit/audits?state=open"))["items"] == []


async def test_a_claim_that_was_made_cannot_be_made_again_even_by_the_same_person(world: World) -> None:
    # given an audit that its specialist has claimed
    await waiting_audits(world, 1)
    specialist = await world.person("specialist")
    audit = await world.post(CLAIM_NEXT, by=specialist, status=200)
    # when they claim it once more, then it is taken
    problem = await world.post(f"/audit/audits/{audit['id']}/claim", by=specialist, status=409)
    assert problem["type"] == "/problems/audit-already-claimed"


async def test_nobody_is_handed_their_own_work(world: World) -> None:
    # given an agent who has become a specialist, and two waiting audits of which one is of their work
    connection = await waiting_audits(world, 1)
    await world.tell(solved("of-another", after=timedelta(days=1), assignee="555"))
    agent = agent_of(connection)
    await world.patch(f"/people/people/{agent}", {"role": "specialist"})
    # when they claim until nothing is left
    claimed = await world.post(CLAIM_NEXT, by=agent, status=200)
    problem = await world.post(CLAIM_NEXT, by=agent, status=404)
    # then they got the other's, though their own had waited longer
    assert claimed["agent_id"] == agent_of(connection, "555")
    assert problem["type"] == "/problems/nothing-to-claim"


async def test_nobody_can_pick_their_own_work(world: World) -> None:
    # given an agent who has become a specialist, and a waiting audit of their work
    connection = await waiting_audits(world, 1)
    agent = agent_of(connection)
    await world.patch(f"/people/people/{agent}", {"role": "specialist"})
    audit = (await world.get("/audit/audits"))["items"][0]
    # when they claim it by its id, then it is refused and stays open
    problem = await world.post(f"/audit/audits/{audit['id']}/claim", by=agent, status=403)
    assert problem["type"] == "/problems/own-work"
    assert (await world.get(f"/audit/audits/{audit['id']}"))["state"] == "open"


async def test_the_audit_that_has_waited_longest_comes_first(world: World) -> None:
    # given tickets that were told in another order than they were solved in
    connection = await world.connection()
    await world.plan(connection["id"])
    hours = {"b": 2, "d": 4, "a": 1, "c": 3}
    await world.tell(*(solved(name, after=timedelta(hours=after)) for name, after in hours.items()))
    specialist = await world.person("specialist")
    # when a specialist takes one after the other
    taken = [await world.post(CLAIM_NEXT, by=specialist, status=200) for _ in hours]
    # then they come in the order in which they were solved
    assert [audit["evidence"]["ticket"]["external_id"] for audit in taken] == ["a", "b", "c", "d"]


async def test_claiming_the_next_audit_costs_the_same_however_long_the_queue_is(world: World) -> None:
    # given three waiting audits
    await waiting_audits(world, 3)
    specialist = await world.person("specialist")
    with counted(world.app.state.db) as short:
        await world.post(CLAIM_NEXT, by=specialist, status=200)
    # when there are thirty more
    await world.tell(*(solved(f"more-{n}", after=timedelta(days=1, minutes=n)) for n in range(30)))
    with counted(world.app.state.db) as long:
        await world.post(CLAIM_NEXT, by=specialist, status=200)
    # then a claim takes as many statements as before
    assert len(long) == len(short)
    assert len(short) <= 10, short.sent


async def test_an_agent_cannot_claim(world: World) -> None:
    # given a waiting audit of somebody's work
    connection = await waiting_audits(world, 1)
    # when the agent asks for work to review, then the role is not enough
    problem = await world.post(CLAIM_NEXT, by=agent_of(connection), status=403)
    assert problem["type"] == "/problems/forbidden"


async def test_an_audit_that_does_not_exist_cannot_be_claimed(world: World) -> None:
    # given a specialist; when they claim what is not there, then nothing is found
    specialist = await world.person("specialist")
    path = "/audit/audits/01890000-0000-7000-8000-000000000000/claim"
    assert (await world.post(path, by=specialist, status=404))["type"] == "/problems/not-found"
