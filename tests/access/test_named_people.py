"""No automated decision: whatever is decided about people, the database takes with a person behind it who has
a name, or not at all. Proved with plain SQL, as the tables' owner: past our code and past all policies."""

import asyncio
import json
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import import_module
from typing import Any

import asyncpg
import pytest
from population import Population, key
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

import migrations
import services
import shared.models  # noqa: F401 (fills the metadata)
from shared.config import Settings
from shared.db import Database
from shared.models.people import Role
from shared.models.queue import BY_NOBODY
from shared.states import Machine

NOW = datetime(2026, 3, 3).astimezone().isoformat()
Row = dict[str, Any]

DECIDES: Mapping[str, Row] = {
    "assignment.specialist_id": {},
    "review_author.reviewer_id": {},
    "appeal.filed_by": {},
    "appeal.resolver_id": {"state": "decided"},
    "ruling.ruled_by": {},
    "state_change.moved_by": {"to_state": "decided"},
    "erasure_request.requested_by": {},
    "erasure_request.decided_by": {"state": "approved", "decided_at": NOW},
    "legal_hold.placed_by": {},
    "legal_hold.released_by": {"released_at": NOW},
    "notice.published_by": {},
    "calibration.created_by": {},
    "sampling_run.requested_by": {},
    "calibration_sample.agreed_by": {"agreed": []},
    "calibration_rating.rater_id": {},
    "held_review.author_id": {"checked_by": None, "checked_at": None, "is_approved": None},
    "review.acknowledged_by": {"acknowledgement_proof": "On the phone."},
    "held_review.checked_by": {"checked_at": NOW, "is_approved": True},
    "review_check.reviewer_id": {},
    "review_check.checker_id": {},
}
"""Column of whoever decided → the rest of a row in which it has been decided."""
DECIDES_NOTHING = {
    "person.lead_id": "who leads whom",
    "login.person_id": "who somebody is",
    "reporting_login.person_id": "who somebody is",
    "service_token.owner_id": "who answers for a program, which decides nothing about people",
    "notice_reading.person_id": "what somebody has read",
    "claim.specialist_id": "whose turn it was: the worker ends turns too",
    "specialist_profile.person_id": "who it is about",
    "distress_opt_out.person_id": "who it is about, and says it alone",
    "calibration.expert_id": "whose ratings the others are held against",
    "calibration_rater.person_id": "who is asked to rate",
}
SOMEBODY, PROGRAM, NOBODY = key("person", "resolver"), key("token"), None
REFUSED = (asyncpg.NotNullViolationError, asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)


@asynccontextmanager
async def undone(owner: Any) -> AsyncIterator[None]:
    """Within: as far as it is taken at the end of a transaction; then it is as if it had not been."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        yield
        await owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    finally:
        await transaction.rollback()


async def put_in(owner: Any, table: str, changes: Row) -> None:
    """One of the table's rows is taken out, and comes in again with these changes."""
    row = f"SELECT ctid FROM {table} LIMIT 1"
    status = await owner.execute(
        f"WITH gone AS (DELETE FROM {table} WHERE ctid = ({row}) RETURNING {table} AS old)"
        f" INSERT INTO {table} SELECT new.* FROM gone, jsonb_populate_record(old, $1) AS new",
        json.dumps(changes, default=str),
    )
    assert status == "INSERT 0 1"


async def change(owner: Any, table: str, changes: Row) -> None:
    told = ", ".join(f"{name} = new.{name}" for name in changes)
    status = await owner.execute(
        f"UPDATE {table} SET {told} FROM jsonb_populate_record(NULL::{table}, $1) AS new"
        f" WHERE {table}.ctid = (SELECT ctid FROM {table} LIMIT 1)",
        json.dumps(changes, default=str),
    )
    assert status == "UPDATE 1"


WAYS = {"put in": put_in, "changed": change}


def test_every_column_that_names_a_person_decides_or_is_argued_away() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if any(one.target_fullname == "person.id" for one in column.foreign_keys)
    }
    assert named == DECIDES.keys() | DECIDES_NOTHING.keys()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("column", DECIDES)
async def test_a_decision_is_taken_from_a_person_and_from_nobody_else(
    owner: Any, everyone: Population, column: str, way: str
) -> None:
    table, name = column.split(".")
    # then a row with a person in it is taken
    async with undone(owner):
        await WAYS[way](owner, table, DECIDES[column] | {name: SOMEBODY})
    # and the same row without one, or with a program in their place, is not
    for who in (NOBODY, PROGRAM):
        with pytest.raises(REFUSED):
            async with undone(owner):
                await WAYS[way](owner, table, DECIDES[column] | {name: who})


@pytest.mark.parametrize("way", WAYS)
async def test_no_program_is_a_person(owner: Any, everyone: Population, way: str) -> None:
    async with undone(owner):
        await change(owner, "person", {"role": Role.ANALYST})
    with pytest.raises(asyncpg.CheckViolationError, match="ck_person_role"):
        async with undone(owner):
            await WAYS[way](owner, "person", {"role": Role.SERVICE})


# ---- Verdicts: who gave them stands apart --------------------------------------------------------------


async def a_review(owner: Any, **changes: Any) -> str:
    """The SQL of a second version of a review's verdict, without its author."""
    row = await owner.fetchrow("SELECT * FROM review LIMIT 1")
    old = {name: row[name] for name in ("ticket_id", "id")}
    new = {"id": key("a new review"), "number": 2, "superseded_at": NOW} | changes
    await owner.execute(
        "INSERT INTO review SELECT new.* FROM review, jsonb_populate_record(review, $1) AS new"
        " WHERE review.id = $2",
        json.dumps(new, default=str), old["id"],
    )  # fmt: skip
    return str(old["ticket_id"])


async def sign(owner: Any, ticket_id: str, review_id: Any) -> None:
    await owner.execute("INSERT INTO review_author VALUES ($1, $2, $3)", ticket_id, review_id, SOMEBODY)


async def test_a_verdict_is_taken_with_its_author_only(owner: Any, everyone: Population) -> None:
    new = key("a new review")
    # then it is taken when both are there by the end, the verdict first
    async with undone(owner):
        await sign(owner, await a_review(owner, signed_id=new), new)
    # and not without its author
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_review_signed"):
        async with undone(owner):
            await a_review(owner, signed_id=new)


@pytest.mark.parametrize("signed", [None, key("review", "v1-t1-a1")], ids=["by nobody", "as another one"])
async def test_a_verdict_has_to_say_that_it_is_signed(owner: Any, everyone: Population, signed: Any) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ck_review_signed"):
        async with undone(owner):
            await a_review(owner, signed_id=signed)


async def test_an_author_cannot_be_taken_away_from_a_verdict(owner: Any, everyone: Population) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_review_signed"):
        async with undone(owner):
            await owner.execute("DELETE FROM review_author")


async def test_what_was_decided_elsewhere_says_so_and_counts_for_nothing_here(
    owner: Any, everyone: Population
) -> None:
    imported = {"is_imported": True, "signed_id": None, "probability": None, "appeal_id": None}
    async with undone(owner):
        await a_review(owner, **imported)
    for pretence in (
        {"probability": 0.5}, {"appeal_id": key("appeal", "v1-t1-a1")}, {"signed_id": key("a new review")},
    ):  # fmt: skip
        with pytest.raises(asyncpg.CheckViolationError, match="ck_review_signed"):
            async with undone(owner):
                await a_review(owner, **imported | pretence)


async def test_verdicts_that_are_there_already_are_told_apart(
    settings: Settings, db: Database, owner: Any, everyone: Population
) -> None:
    # given reviews of before: with an author, and without one from an export
    await a_review(owner, is_imported=True, signed_id=None, probability=None)
    told = "SELECT id, is_imported, signed_id FROM review ORDER BY id"
    before = await owner.fetch(told)
    assert {row["is_imported"] for row in before} == {True, False}
    await db.close()
    await asyncio.to_thread(migrations.downgrade, settings.database_url, "0011", settings=settings)
    # when the schema moves on, then each is told as what it is
    await asyncio.to_thread(migrations.upgrade, settings.database_url, settings=settings)
    assert await owner.fetch(told) == before


async def test_a_drawn_verdict_of_nobody_stops_the_migration(
    settings: Settings, db: Database, owner: Any, everyone: Population
) -> None:
    await db.close()
    await asyncio.to_thread(migrations.downgrade, settings.database_url, "0011", settings=settings)
    await owner.execute("UPDATE review SET probability = 0.5; DELETE FROM review_author")
    with pytest.raises(IntegrityError, match="ck_review_signed"):
        await asyncio.to_thread(migrations.upgrade, settings.database_url, settings=settings)


# ---- Moves ---------------------------------------------------------------------------------------------


def machines() -> dict[str, Machine]:
    """Every one that the product has, by its subject."""
    modules = [one.name for one in pkgutil.walk_packages(services.__path__, "services.")]
    return {
        one.subject: one
        for name in modules
        if not name.endswith("__main__")
        for one in vars(import_module(name)).values()
        if isinstance(one, Machine)
    }


async def test_nobody_moves_anything_by_a_decision(owner: Any, everyone: Population) -> None:
    """Every move of every machine, and the first one into each state, without a person: taken are those that
    decide nothing."""
    taken, tried = set(), 0
    for subject, moves in ((one.subject, one.moves) for one in machines().values()):
        states = {*moves, *(to for ways in moves.values() for to in ways)}
        pairs = {(old, new) for old in (None, *states) for new in states}
        for old, new in pairs:
            tried += 1
            try:
                async with undone(owner):
                    await owner.execute(
                        "INSERT INTO state_change VALUES ($1, $2, 99, $3, $4, NULL, now(), NULL)",
                        subject, key("something"), old, new,
                    )  # fmt: skip
                taken.add((subject, old, new))
            except asyncpg.CheckViolationError:
                continue
    assert tried > 40
    assert taken == set(BY_NOBODY)


async def test_an_erasure_is_approved_by_another_than_asked_for_it(owner: Any, everyone: Population) -> None:
    asked = await owner.fetchval("SELECT requested_by FROM erasure_request")
    decided = {"decided_by": asked, "decided_at": NOW}
    for state in ("approved", "done"):
        with pytest.raises(asyncpg.CheckViolationError, match="ck_erasure_request_four_eyes"):
            async with undone(owner):
                await change(owner, "erasure_request", decided | {"state": state})
    async with undone(owner):
        await change(owner, "erasure_request", decided | {"state": "refused"})


async def test_an_appeal_is_not_decided_without_a_resolver(owner: Any, everyone: Population) -> None:
    for state in ("in_review", "decided"):
        with pytest.raises(asyncpg.CheckViolationError, match="ck_appeal_resolver"):
            async with undone(owner):
                await change(owner, "appeal", {"state": state, "resolver_id": None})
