"""With the application's login and plain SQL, everyone reads exactly the rows that the matrix gives them,
and writes none beyond. Compared row by row with an oracle that knows nothing of policies."""

import contextlib
from typing import Any

import asyncpg
import pytest
from acting import acting
from oracle import Oracle
from population import ASKERS, Population, Who, key, primary_key
from sqlmodel import SQLModel

from shared.models.people import Role
from shared.row_security import POLICIES

READABLE = sorted({policy.table for policy in POLICIES if policy.verb == "SELECT"})


async def seen(connection: Any, table: str) -> set[tuple[Any, ...]]:
    columns = ", ".join(SQLModel.metadata.tables[table].primary_key.columns.keys())
    return {tuple(row) for row in await connection.fetch(f"SELECT {columns} FROM {table}")}


async def wrong_reads(connection: Any, oracle: Oracle, who: Who, tables: list[str]) -> list[str]:
    """What this person sees and should not, or should and does not."""
    found = []
    async with acting(connection, who):
        for table in tables:
            sees = await seen(connection, table)
            may = {primary_key(table, row) for row in oracle.visible(who, table)}
            if sees != may:
                found.append(f"{who.name}: {table}: {len(sees - may)} too many, {len(may - sees)} too few")
    return found


@pytest.mark.parametrize("name", ASKERS)
async def test_everyone_reads_exactly_the_rows_that_are_theirs_to_read(
    raw: Any, everyone: Population, oracle: Oracle, name: str
) -> None:
    assert await wrong_reads(raw, oracle, everyone.people[name], READABLE) == []


async def test_every_table_with_policies_has_rows_to_try_them_on(everyone: Population) -> None:
    assert {table for table in READABLE if not everyone.rows.get(table)} == set()


async def test_without_a_caller_there_are_no_rows(raw: Any, everyone: Population) -> None:
    async with acting(raw, None):
        assert {table: len(await seen(raw, table)) for table in READABLE} == dict.fromkeys(READABLE, 0)


@pytest.mark.parametrize("role", Role)
async def test_a_role_without_a_person_sees_nothing(raw: Any, everyone: Population, role: Role) -> None:
    """Somebody who is nobody must not pass for one who works for no vendor."""
    async with acting(raw, None):
        await raw.execute(f"SET LOCAL ROLE assay_{role}")
        assert {table: len(await seen(raw, table)) for table in READABLE} == dict.fromkeys(READABLE, 0)


async def test_who_one_was_is_forgotten_when_the_transaction_ends(raw: Any, everyone: Population) -> None:
    async with acting(raw, everyone.people["admin"]):
        assert await raw.fetchval("SELECT count(*) FROM ticket") > 0
    assert await raw.fetchval("SELECT current_user") == "assay_app"
    assert await raw.fetchval("SELECT count(*) FROM ticket") == 0


# ---- Writing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKERS)
async def test_nobody_changes_or_removes_what_is_not_theirs(
    raw: Any, everyone: Population, oracle: Oracle, name: str
) -> None:
    """Every row of every table, every verb: refused outright, or no row is touched that cannot be seen."""
    who = everyone.people[name]
    found = []
    for table in READABLE:
        column = SQLModel.metadata.tables[table].primary_key.columns.keys()[-1]
        may = len(oracle.visible(who, table))
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
            async with acting(raw, who):
                try:
                    touched = int((await raw.execute(statement)).split()[-1])
                except asyncpg.InsufficientPrivilegeError:
                    continue
                except asyncpg.ForeignKeyViolationError:
                    touched = 0
                if touched > may:
                    found.append(f"{name}: {statement} touched {touched} rows, sees {may}")
    assert found == []


def foreign(everyone: Population, table: str, agent: str) -> dict[str, Any]:
    rows = everyone.rows[table]
    return next(row for row in rows if everyone.people[agent].id in row.values())


WRITES = [
    # (who, statement, values of a row of somebody else's)
    ("v1-t1-a1", "UPDATE review SET acknowledged_at = now() WHERE id = $1", key("review", "v1-t1-a2")),
    ("v1-t1-lead", "UPDATE review SET acknowledged_at = now() WHERE id = $1", key("review", "v1-t1-a1")),
    ("reviewer", "UPDATE review SET acknowledged_at = now() WHERE id = $1", key("review", "v1-t1-a1")),
    ("v1-specialist", "UPDATE audit SET state = 'claimed' WHERE id = $1", key("audit", "v2-t1-a1", "open")),
    ("v1-t1-a1", "UPDATE appeal SET state = 'withdrawn' WHERE id = $1", key("appeal", "v1-t1-a2")),
    ("v1-t1-lead", "UPDATE appeal SET state = 'withdrawn' WHERE id = $1", key("appeal", "v1-t2-a1")),
    ("v1-specialist", "UPDATE appeal SET state = 'open' WHERE id = $1", key("appeal", "v2-t1-a1")),
    ("v1-lead", "UPDATE person SET role = 'agent' WHERE id = $1", key("person", "v2-t1-a1")),
    ("v1-lead", "UPDATE person SET vendor_id = NULL WHERE id = $1", key("person", "v1-t1-a1")),
    ("v1-t1-a1", "UPDATE person SET role = 'admin' WHERE id = $1", key("person", "v1-t1-a1")),
    ("analyst", "UPDATE audit SET state = 'claimed' WHERE id = $1", key("audit", "v2-t1-a1", "open")),
    ("resolver", "DELETE FROM assignment WHERE audit_id = $1", key("audit", "v1-t1-a1", "claimed")),
    ("v1-lead", "DELETE FROM assignment WHERE audit_id = $1", key("audit", "v2-t1-a1", "claimed")),
    ("reviewer", "UPDATE ruling SET outcome = 'overturned' WHERE appeal_id = $1", key("appeal", "v1-t1-a1")),
    ("admin", "UPDATE ruling SET outcome = 'overturned' WHERE appeal_id = $1", key("appeal", "v1-t1-a1")),
    ("reviewer", "UPDATE review SET superseded_at = NULL WHERE id = $1", key("review", "v1-t1-a1")),
    ("v1-t1-a1", "UPDATE review SET superseded_at = now() WHERE id = $1", key("review", "v1-t1-a1")),
    ("v1-lead", "UPDATE review SET superseded_at = now() WHERE id = $1", key("review", "v2-t1-a1")),
    ("admin", "UPDATE review SET is_void = true WHERE id = $1", key("review", "v1-t1-a1")),
    ("admin", "UPDATE review SET score = 100 WHERE id = $1", key("review", "v1-t1-a1")),
    ("admin", "DELETE FROM review WHERE id = $1", key("review", "v1-t1-a1")),
    ("admin", "UPDATE state_change SET reason = 'x' WHERE subject_id = $1", key("appeal", "v1-t1-a1")),
    ("admin", "DELETE FROM state_change WHERE subject_id = $1", key("appeal", "v1-t1-a1")),
    ("lead", "UPDATE idempotency_key SET status = 201 WHERE actor_id = $1", key("person", "v1-t1-a1")),
]


@pytest.mark.parametrize(("name", "statement", "of"), WRITES, ids=lambda value: str(value)[:60])
async def test_a_write_beyond_ones_rows_is_refused_or_finds_nothing(
    raw: Any, everyone: Population, name: str, statement: str, of: Any
) -> None:
    async with acting(raw, everyone.people[name]):
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            assert (await raw.execute(statement, of)).split()[-1] == "0"


def _copy(everyone: Population, table: str, agent: str, **changed: Any) -> tuple[str, list[Any]]:
    """An INSERT of a row like this agent's, changed."""
    row = foreign(everyone, table, agent) | changed
    if "signed_id" in row:  # by whoever writes it
        row["signed_id"] = row["id"]
    types = SQLModel.metadata.tables[table].columns
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    casts = [_value(types[name], value) for name, value in row.items()]
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", casts


def _value(column: Any, value: Any) -> Any:
    import json

    return json.dumps(value) if isinstance(value, dict | list) else value


INSERTS = [
    # By somebody who may see both: only the composite keys say that the two do not belong together.
    ("reviewer", "review", "v2-t1-a1", {"id": key("new"), "vendor_id": key("v1"),
     "audit_id": key("audit", "v2-t1-a1", "claimed")}),
    ("reviewer", "review", "v2-t1-a1", {"id": key("new"), "agent_id": key("person", "v2-t1-a2"),
     "audit_id": key("audit", "v2-t1-a1", "claimed")}),
    ("v1-t1-lead", "appeal", "v1-t1-a1", {"id": key("new"), "filed_by": key("person", "v1-t1-lead"),
     "vendor_id": key("v2")}),
    ("v1-t1-lead", "appeal", "v1-t1-a1", {"id": key("new"), "filed_by": key("person", "v1-t1-lead"),
     "agent_id": key("person", "v1-t1-a2")}),
    # Mine by name, of another vendor's.
    ("v1-specialist", "review", "v2-t1-a1", {"id": key("new"), "vendor_id": key("v1"), "number": 2}),
    ("v1-specialist", "review", "v2-t1-a1", {"id": key("new"), "number": 2}),
    ("v1-t1-a1", "appeal", "v2-t1-a1", {"id": key("new"), "agent_id": key("person", "v1-t1-a1"),
     "vendor_id": key("v1"), "filed_by": key("person", "v1-t1-a1"), "state": "open"}),
    ("v1-t1-a1", "appeal", "v1-t1-a2", {"id": key("new"), "agent_id": key("person", "v1-t1-a1"),
     "filed_by": key("person", "v1-t1-a1"), "state": "open"}),
    ("v1-t1-a1", "appeal", "v1-t1-a2", {"id": key("new"), "filed_by": key("person", "v1-t1-a1")}),
    ("v1-t1-a1", "appeal", "v1-t1-a1", {"id": key("new"), "filed_by": key("person", "v1-t1-lead")}),
    ("reviewer", "assignment", "reviewer", {"audit_id": key("audit", "v1-t1-a1", "open"),
     "specialist_id": key("person", "resolver")}),
    ("v1-specialist", "assignment", "reviewer", {"ticket_id": key("ticket", "v2-t1-a1", "audited"),
     "audit_id": key("audit", "v2-t1-a1", "open"), "specialist_id": key("person", "v1-specialist")}),
    ("reviewer", "ruling", "resolver", {"appeal_id": key("appeal", "v1-t1-a1"),
     "ruled_by": key("person", "resolver")}),
    ("v1-lead", "person", "v2-t1-a1", {"id": key("new")}),
    ("v1-lead", "person", "admin", {"id": key("new")}),
    ("analyst", "person", "v1-t1-a1", {"id": key("new")}),
    ("lead", "idempotency_key", "v1-t1-a1", {"key": "other"}),
    ("lead", "state_change", "v1-t1-a1", {"number": 9}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "table", "of", "changed"), INSERTS, ids=lambda value: str(value)[:40])
async def test_a_row_that_would_be_somebody_elses_is_not_taken_in(
    raw: Any, everyone: Population, name: str, table: str, of: str, changed: dict[str, Any]
) -> None:
    statement, values = _copy(everyone, table, of, **changed)
    async with acting(raw, everyone.people[name]):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError)):
            await raw.execute(statement, *values)


async def test_a_foreign_key_does_not_tell_whether_another_vendors_row_is_there(
    raw: Any, everyone: Population
) -> None:
    """The same error for a row that is another's as for one that is nobody's."""
    who = everyone.people["v1-specialist"]
    errors = []
    for audit_id in (key("audit", "v2-t1-a1", "reviewed"), key("no such audit")):
        mine = {"id": key("new"), "vendor_id": key("v1"), "audit_id": audit_id, "number": 7}
        statement, values = _copy(everyone, "review", "v2-t1-a1", **mine)
        async with acting(raw, who):
            with pytest.raises(asyncpg.PostgresError) as refused:
                await raw.execute(statement, *values)
            errors.append(type(refused.value))
    assert errors[0] is errors[1]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE assay_worker", "SET ROLE assay", "SET SESSION AUTHORIZATION assay",
        "ALTER TABLE ticket DISABLE ROW LEVEL SECURITY", "DROP POLICY worker ON ticket",
        "SELECT * FROM message_0", "CREATE TABLE mine ()", "SELECT * FROM pg_authid",
        "UPDATE pg_policy SET polqual = NULL", "GRANT assay_worker TO assay_app",
        "SELECT contacts_of(NULL, NULL, NULL, NULL, NULL), pg_read_file('/etc/hostname')",
    ],
)  # fmt: skip
async def test_there_is_no_way_around(raw: Any, everyone: Population, statement: str) -> None:
    async with acting(raw, everyone.people["analyst"]):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.execute(statement)


async def test_row_security_cannot_be_switched_off(raw: Any, everyone: Population) -> None:
    async with acting(raw, everyone.people["v1-t1-a1"]):
        await raw.execute("SET LOCAL row_security = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.fetch("SELECT * FROM ticket")


async def test_whether_a_foreign_requester_came_back_is_not_told(raw: Any, everyone: Population) -> None:
    """The function that looks past the policies answers for tickets that one sees, and for no other."""
    ask = "SELECT contacts_of($1, '-infinity', 'infinity', '-infinity', 'infinity')"
    await raw.execute("SELECT 1")
    async with acting(raw, everyone.people["v1-t1-a1"]):
        assert await raw.fetchval(ask, key("ticket", "v1-t1-a1", "plain")) is True
        assert await raw.fetchval(ask, key("ticket", "v1-t1-a2", "plain")) is False
        assert await raw.fetchval(ask, key("ticket", "nobody's")) is False
