"""What is read is redacted, what was sent is sealed; opening, forgetting, holding and keeping have rules."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from doors import furnish
from sqlalchemy import select, text
from statements import counted
from unsealed import unsealed
from world import LONG_AGO, World

from services.feedback.connections.queries import find_connection
from services.feedback.intake.normalised import (
    Change,
    NewMessage,
    NewRating,
    Normalised,
    TicketFields,
    Version,
)
from services.feedback.intake.service import apply
from services.feedback.privacy import redacting, retention
from shared import clock
from shared.ids import ticket_id
from shared.models.privacy import OriginalText
from shared.models.queue import IdempotencyKey

NAME, EMAIL, KEY = "Élodie Martin", "elodie@example.com", "7310455120377"
PURPOSE = {"purpose": "A complaint about this ticket"}
WORDS = f"The parcel for {NAME} is late, write to {EMAIL}."


async def take(world: World, *told: Normalised) -> None:
    """As a reading over REST stores it, and what follows."""
    async with world.db.transaction() as session:
        connection = await find_connection(session, "generic")
        assert connection is not None
        await apply(session, world.app.state.sealer, connection, told)
    await world.worker.drain()


def at(minutes: float) -> Version:
    return Version(LONG_AGO + timedelta(minutes=minutes), 0, str(minutes))


def named(
    ticket: str = "1", name: str | None = NAME, email: str | None = EMAIL, when: float = 1
) -> Normalised:
    state = TicketFields(requester_key=KEY, requester_name=name, requester_email=email)
    return Normalised(ticket, at(when), state)


def message(key: str = "m1", body: str = WORDS, **more: Any) -> NewMessage:
    fields: dict[str, Any] = {
        "external_id": key, "sent_at": LONG_AGO, "position": 0, "author_kind": "requester",
        "author_key": KEY, "author_name": None, "is_public": True, "body": body,
    }  # fmt: skip
    return NewMessage(**(fields | more))


def asked(ticket: str = "1", when: float = 2) -> Normalised:
    """A ticket with a text of every kind, that names who wrote it."""
    rating = NewRating(
        key="r", version=at(when), score=None, raw="good", comment=WORDS, agent_key=None,
        rated_at=LONG_AGO, extra={"why": WORDS, "n": 1},
    )  # fmt: skip
    state = TicketFields(
        requester_key=KEY, subject=WORDS, description=WORDS, custom_fields={"a": [WORDS], "n": 5},
        created_at=LONG_AGO,
    )  # fmt: skip
    return Normalised(ticket, at(when), state, messages=(message(f"m{ticket}"),), ratings=(rating,))


async def readable(world: World) -> str:
    """All that is stored of tickets, as text."""
    tables = ("ticket", "message", "rating", "ticket_event", "requester", "original_text", "ticket_fact")
    async with world.db.transaction() as session:
        rows = [await session.scalars(text(f"SELECT t::text FROM {table} t")) for table in tables]
        return "\n".join(line for some in rows for line in some)


async def rows(world: World) -> dict[str, Any]:
    """What is read, and what is sealed: without the sealed bytes, which are never the same twice."""
    sealed = await unsealed(world)
    async with world.db.transaction() as session:
        found: dict[str, Any] = {
            table: [
                dict(row)
                for row in (await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))).mappings()
            ]
            for table in ("ticket", "message", "rating")
        }
    people = {one.id: (one.external_key, one.name, one.email) for one in sealed.people.values()}
    return found | {"people": people, "texts": sealed.texts}


async def requester(world: World, **by: Any) -> str:
    found = await world.post("/feedback/requesters/find", PURPOSE | (by or {"email": EMAIL}), status=200)
    [one] = found["requesters"]
    return str(one["id"])


@pytest.fixture
async def generic(world: World) -> dict[str, Any]:
    return await furnish(world, "generic")


def ticket_of(connection: dict[str, Any], key: str = "1") -> str:
    return str(ticket_id(UUID(connection["id"]), key))


# ---- Sealed and redacted -------------------------------------------------------------------------


async def test_names_and_addresses_are_in_no_column_and_come_out_with_the_key(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, named(), asked())
    stored = await readable(world)
    assert [word for word in (NAME, "Martin", EMAIL) if word in stored] == []
    assert "[email]" in stored
    sealed = await unsealed(world)
    assert sorted(set(map(str, sealed.texts.values()))) == sorted(
        {WORDS, str({"a": [WORDS], "n": 5}), str({"why": WORDS, "n": 1})}
    )


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_whatever_comes_first_the_same_is_read_and_the_same_is_sealed(
    world: World, generic: dict[str, Any], order: Sequence[int]
) -> None:
    # given words, two names of who wrote them, and the ticket going to somebody else
    told = [
        asked(),
        named(name="Old Name", email=None, when=0.5),
        named(when=3),
        Normalised("1", at(4), TicketFields(requester_key="other", requester_name="Bo Olsen", language="fr")),
    ]
    # when they come in this order, and all of them once more
    for number in order:
        await take(world, told[number])
    single = await rows(world)
    await take(world, *(told[number] for number in order))
    for number in order:
        await take(world, told[number])
    # then nothing depends on it
    assert await rows(world) == single
    assert sorted(single["people"].values()) == [(KEY, NAME, EMAIL), ("other", "Bo Olsen", None)]
    [ticket] = single["ticket"]
    assert EMAIL not in ticket["subject"]
    [body] = {row["body"] for row in single["message"]}
    assert body == "The parcel for [name] is late, write to [email]."
    owners = {row.requester_id for row in await _originals(world) if row.field != "body"}
    other = {one for one, person in single["people"].items() if person[0] == "other"}
    assert owners == other


async def _originals(world: World) -> list[Any]:
    async with world.db.transaction() as session:
        return list(await session.scalars(select(OriginalText)))


async def test_of_two_names_of_one_instant_the_same_one_stays_whatever_came_first(
    world: World, generic: dict[str, Any]
) -> None:
    # given two people of whom the same two names are told, in one order and in the other
    names = ("Ada Young", "Bea Old")
    for key, order in (("one", names), ("two", names[::-1])):
        for name in order:
            state = TicketFields(requester_key=key, requester_name=name)
            await take(world, Normalised(key, at(1), state))
    # then both are called the same
    assert len({person.name for person in (await unsealed(world)).people.values()}) == 1


async def test_a_name_that_is_learned_later_is_taken_out_of_what_is_stored(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, asked())
    assert NAME in await readable(world)
    await take(world, named(when=5))
    assert NAME not in await readable(world)


async def test_a_batch_takes_the_same_number_of_statements_however_many_tickets(
    world: World, generic: dict[str, Any]
) -> None:
    numbers = []
    for count, start in ((2, 0), (60, 100)):
        batch = [asked(str(start + number)) for number in range(count)]
        async with world.db.transaction() as session:
            connection = await find_connection(session, "generic")
            assert connection is not None
            with counted(world.db) as statements:
                await apply(session, world.app.state.sealer, connection, batch)
            numbers.append(len(statements))
    assert numbers[1] <= numbers[0]


async def test_what_the_help_desk_takes_back_is_not_kept_sealed_either(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, asked())
    change = Change("gone", LONG_AGO, 0, "redacted", None, "m1", basis="history")
    await take(world, Normalised("1", at(9), TicketFields(), changes=(change,)))
    assert "body" not in {field for _, _, field in (await unsealed(world)).texts}
    await take(world, Normalised("1", at(10), TicketFields(is_purged=True, is_deleted=True)))
    assert (await unsealed(world)).texts == {}


OLDER = (
    "UPDATE ticket SET redaction_version = 0, subject = :words, description = :words, "
    "custom_fields = jsonb_build_object('a', jsonb_build_array(:words), 'n', 5)",
    "UPDATE message SET body = :words",
    "UPDATE rating SET comment = :words, extra = jsonb_build_object('why', :words, 'n', 1)",
)


async def test_what_was_stored_before_there_were_rules_is_sealed_and_redacted_by_the_worker(
    world: World, generic: dict[str, Any]
) -> None:
    # given rows as an older version stored them
    await take(world, named(), asked())
    before = await rows(world)
    async with world.db.transaction() as session:
        await session.execute(text("DELETE FROM original_text"))
        for statement in OLDER:
            await session.execute(text(statement.replace(":words", f"'{WORDS}'::text")))
    # when the chore comes by
    async with world.db.transaction() as session:
        assert await redacting.start_outdated(session) == 0
    await world.worker.drain()
    # then they are as if they had just come in
    assert await rows(world) == before


# ---- Opening -------------------------------------------------------------------------------------


async def test_originals_and_identity_open_with_a_purpose_and_no_answer_is_kept(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, named(), asked())
    lead, path = await world.person("lead"), f"/feedback/tickets/{ticket_of(generic)}/original"
    await world.post(path, {"purpose": "short"}, by=lead, status=422)
    key = {"idempotency-key": "once"}
    for _ in range(2):
        original = await world.post(path, PURPOSE, by=lead, status=200, **key)
    assert (original["subject"], original["messages"][0]["body"]) == (WORDS, WORDS)
    assert original["ratings"][0]["extra"] == {"why": WORDS, "n": 1}
    who = await world.post(f"/feedback/requesters/{original['requester_id']}/identity", PURPOSE, status=200)
    assert (who["name"], who["email"], who["external_key"]) == (NAME, EMAIL, KEY)
    async with world.db.transaction() as session:
        assert [row.answer for row in await session.scalars(select(IdempotencyKey))] == [{}]
    # and what everybody reads is redacted
    told = await world.get(f"/feedback/tickets/{ticket_of(generic)}/messages")
    assert (told[0]["body"], told[0]["author_name"]) == (
        "The parcel for [name] is late, write to [email].",
        None,
    )


async def test_a_person_is_given_everything_that_is_held_about_them(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, named(), asked("1"), asked("2"))
    found = await requester(world, email=EMAIL.upper())
    assert found == await requester(world, ticket_id=ticket_of(generic, "2"))
    held = await world.post(f"/feedback/requesters/{found}/access-export", PURPOSE, status=200)
    assert (held["requester"]["name"], len(held["tickets"])) == (NAME, 2)
    assert [one["as_sent"]["description"] for one in held["tickets"]] == [WORDS, WORDS]
    assert len(held["tickets"][0]["messages"]) == 1


@pytest.mark.parametrize("by", [{}, {"external_key": KEY}, {"email": EMAIL, "ticket_id": str(UUID(int=1))}])
async def test_one_way_to_look_for_somebody_is_named(world: World, by: dict[str, str]) -> None:
    await world.post("/feedback/requesters/find", PURPOSE | by, status=422)


# ---- Forgetting ----------------------------------------------------------------------------------


async def test_an_erasure_needs_two_people_and_is_decided_once(world: World, generic: dict[str, Any]) -> None:
    await take(world, named(), asked())
    person, lead = await requester(world), await world.person("lead")
    new = {"reason": "They asked to be forgotten"}
    erasure = await world.post(f"/feedback/requesters/{person}/erase", new, by=lead)
    again = await world.post(f"/feedback/requesters/{person}/erase", new, status=409)
    assert again["type"].endswith("erasure-under-way")
    path = f"/feedback/erasures/{erasure['id']}"
    alone = await world.post(f"{path}/approve", by=lead, status=409)
    assert alone["type"].endswith("second-person-needed")
    await world.post(f"{path}/refuse", {"reason": "not them"}, status=200)
    assert (await world.post(f"{path}/approve", status=409))["type"].endswith("illegal-move")
    assert NAME in str((await unsealed(world)).people)
    # and what was refused can be asked for again
    await world.post(f"/feedback/requesters/{person}/erase", new, by=lead)


@pytest.mark.parametrize("of_ticket", [True, False])
async def test_what_is_held_is_neither_erased_nor_removed_before_it_is_released(
    world: World, generic: dict[str, Any], monkeypatch: pytest.MonkeyPatch, of_ticket: bool
) -> None:
    # given a hold
    await take(world, named(), asked())
    person = await requester(world)
    named_ = {"ticket_id": ticket_of(generic)} if of_ticket else {"requester_id": person}
    hold = await world.post("/feedback/legal-holds", named_ | {"reason": "A lawsuit is coming"})
    # then an erasure is not approved
    new = {"reason": "They asked to be forgotten"}
    erasure = await world.post(f"/feedback/requesters/{person}/erase", new, by=await world.person("lead"))
    path = f"/feedback/erasures/{erasure['id']}/approve"
    problem = await world.post(path, status=409)
    assert (problem["type"], problem["holds"]) == ("/problems/legal-hold", [hold["id"]])
    # and nothing goes because of its age
    assert await removed(world, monkeypatch, days=5000) == (0, 0)
    # when it is released, then both may be
    await world.post(f"/feedback/legal-holds/{hold['id']}/release", status=200)
    assert await removed(world, monkeypatch, days=200) == (1, 0)
    await world.post(path, status=200)


async def test_a_hold_that_is_placed_after_the_approval_still_stops_it(
    world: World, generic: dict[str, Any]
) -> None:
    await take(world, named(), asked())
    person = await requester(world)
    new = {"reason": "They asked to be forgotten"}
    erasure = await world.post(f"/feedback/requesters/{person}/erase", new, by=await world.person("lead"))
    await world.post(f"/feedback/erasures/{erasure['id']}/approve", status=200)
    await world.post("/feedback/legal-holds", {"requester_id": person, "reason": "A lawsuit is coming"})
    await world.worker.drain()
    assert (await world.get(f"/feedback/erasures/{erasure['id']}"))["state"] == "approved"
    assert NAME in str((await unsealed(world)).people)


# ---- Keeping -------------------------------------------------------------------------------------


async def removed(world: World, monkeypatch: pytest.MonkeyPatch, *, days: int) -> tuple[int, int]:
    """(tickets that lost what was sent, tickets that lost all words), so many days after the last change."""
    now = LONG_AGO + timedelta(days=days)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        async with world.db.transaction() as session:
            originals = await retention.remove_originals(session)
        async with world.db.transaction() as session:
            return originals, await retention.remove_texts(session)


async def test_words_go_when_their_time_is_over_and_figures_stay(
    world: World, generic: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(world, named(), asked())
    before = await world.get("/kpi/metrics/csat")
    # when half a year is over, then what was sent is gone and the rest is not
    assert await removed(world, monkeypatch, days=179) == (0, 0)
    assert await removed(world, monkeypatch, days=181) == (1, 0)
    assert (await unsealed(world)).texts == {}
    assert "[email]" in await readable(world)
    # when two years are over, then so are all words, once
    assert await removed(world, monkeypatch, days=731) == (0, 1)
    assert await removed(world, monkeypatch, days=731) == (0, 0)
    await world.worker.drain()
    assert "[email]" not in await readable(world)
    assert (await world.get("/kpi/metrics/csat"))["values"] == before["values"]
    # and what the help desk tells afterwards is kept anew
    await take(world, Normalised("1", at(99), TicketFields(subject="A new subject")))
    assert (await world.get("/feedback/tickets"))["items"][0]["subject"] == "A new subject"


async def test_how_long_is_said_by_the_administrator(
    world: World, generic: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(world, asked())
    await world.patch("/feedback/retention", {"data_class": "texts", "keep_days": 10})
    told = {one["data_class"]: one["keep_days"] for one in await world.get("/feedback/retention")}
    assert told == {"originals": 180, "texts": 10}
    assert await removed(world, monkeypatch, days=11) == (0, 1)
