"""Every policy, composite key and guard of the database is taken out, and opened, one at a time: the probes
notice each of them. What nothing notices protects nothing, or nobody tries it.

Each mutant lives in a transaction that is rolled back; the probes inside it are the application's own.
"""

import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from population import ASKERS, T0, Population, Who, key
from sqlmodel import SQLModel

from shared.models.people import Role
from shared.row_security import POLICIES

SHARE = float(os.environ.get("ASSAY_MUTANTS_SHARE", "0.1"))
"""Of the mutants, how many are tried: all of them by `make prove`."""
CONSTANTS = {
    "person": "name = 'x'", "connection": "name = 'x'", "inbox": "is_held = false", "pull": "step = 1",
    "scorecard": "name = 'x'", "scorecard_version": "published_at = now()", "audit": "state = 'reviewed'",
    "review": "acknowledged_at = now()", "appeal": "state = 'withdrawn'", "delivery": "attempts = 0",
    "idempotency_key": "status = 201", "service_token": "revoked_because = 'x'",
    "erasure_request": "state = 'refused'", "legal_hold": "released_at = now()",
    "review_draft": "number = 2",
    "retention": "keep_days = 1", "calibration": "state = 'cancelled'",
    "calibration_rater": "counts_late = true", "calibration_sample": "agreed_score = 1",
    "calibration_rating": "auto_failed = true", "review_check": "auto_failed = true",
    "held_review": "reason = 'x'",
    "claim_policy": "lease_hours = 1", "specialist_profile": "is_available = false",
    "claim": "ended_at = now(), ending = 'lapsed', code = null", "assignment": "lease_ends_at = now()",
}  # fmt: skip
"""What an UPDATE sets to try it: without reading, so that its own policy alone decides."""
OF_OTHERS = {"review": "superseded_at = now()"}
"""What other roles set where one may not."""
WRITE_ONLY = {"trail_waiting"}
Outcome = tuple[Any, ...]


@dataclass(frozen=True)
class Mutant:
    name: str
    statement: str
    table: str
    roles: frozenset[str]


@asynccontextmanager
async def mutated(owner: Any, statement: str) -> AsyncIterator[None]:
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(statement)
        await owner.execute("SET LOCAL SESSION AUTHORIZATION assay_app")
        yield
    finally:
        await transaction.rollback()


async def tried(owner: Any, statement: str, *values: Any) -> Outcome:
    """What becomes of a statement, which is undone: refused, or so many rows, or an error of another kind
    (which means that the policies had let it pass)."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        return ("done", (await owner.execute(statement, *values)).split()[-1])
    except asyncpg.InsufficientPrivilegeError:
        return ("refused",)
    except asyncpg.ForeignKeyViolationError as error:
        return ("passed", error.constraint_name)
    except asyncpg.PostgresError as error:
        return ("passed", type(error).__name__)
    finally:
        await transaction.rollback()


async def outcomes(owner: Any, everyone: Population, who: Who, table: str) -> list[Outcome]:
    """All that this person can try with the table."""
    columns = SQLModel.metadata.tables[table].primary_key.columns.keys()
    await owner.execute(
        "SELECT set_config('assay.caller_id', $1, true), set_config('assay.caller_vendor_id', $2, true),"
        " set_config('role', $3, true)",
        str(who.id), str(who.vendor_id or ""), f"assay_{who.role}",
    )  # fmt: skip
    readable = table not in WRITE_ONLY
    rows = await owner.fetch(f"SELECT {', '.join(columns)} FROM {table}") if readable else ()
    found: list[Outcome] = [
        tuple(sorted(map(str, rows))),
        await tried(owner, f"DELETE FROM {table}"),
    ]
    for constants in (CONSTANTS, OF_OTHERS):
        if table in constants:
            found.append(await tried(owner, f"UPDATE {table} SET {constants[table]}"))
    for statement, values in inserts(everyone, who, table):
        found.append(await tried(owner, statement, *values))
    await owner.execute("SELECT set_config('assay.caller_id', '', true)")  # the role, and nobody in it
    if readable:
        found.append((await owner.fetchval(f"SELECT count(*) FROM {table}"),))
    for statement, values in inserts(everyone, who, table)[:1]:
        found.append(await tried(owner, statement, *values))
    await owner.execute("SELECT set_config('role', 'assay_app', true)")
    return found


BESIDE: dict[str, dict[str, Any]] = {
    "review": {"number": 9, "superseded_at": T0, "signed_id": key("new", "review")},
    "sampling_run": {"key": "another", "state": "waiting", "drawn": None},
    "claim_policy": {"id": 1},
    "held_review": {"checked_by": None, "checked_at": None, "is_approved": None},
}
"""What lets a copy stand beside its original, so that no unique key speaks before the others do."""
ACTORS = (
    "filed_by",
    "ruled_by",
    "placed_by",
    "published_by",
    "person_id",
    "requested_by",
    "specialist_id",
    "reviewer_id",
    "moved_by",
    "actor_id",
    "author_id",
)


def inserts(everyone: Population, who: Who, table: str) -> list[tuple[str, list[Any]]]:
    """Rows like those that are there, in my name and in another's; and with a vendor or agent changed."""
    rows = everyone.rows[table]
    chosen = [rows[0], rows[len(rows) // 2], rows[-1]]
    chosen += [row for row in rows if who.id in row.values()][:1]
    variants = []
    for row in chosen:
        fresh = dict(row) | ({"id": key("new", table)} if "id" in row else {})
        fresh |= BESIDE.get(table, {})
        actors = {name: who.id for name in ACTORS if name in row}
        variants += [fresh, fresh | actors]
        for column, other in (("vendor_id", key("v2")), ("agent_id", key("person", "v1-t1-a2"))):
            if column in row and row[column] != other:
                variants.append(fresh | actors | {column: other})
    return [insert_of(table, row) for row in variants]


def insert_of(table: str, row: dict[str, Any]) -> tuple[str, list[Any]]:
    import json

    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    values = [json.dumps(value) if isinstance(value, dict | list) else value for value in row.values()]
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", values


async def mutants_of(owner: Any) -> list[Mutant]:
    """Policies dropped and opened, row security off, composite keys dropped."""
    callers = {f"assay_{role}" for role in Role}
    found = []
    policies = await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public'")
    for one in policies:
        table, name, roles = one["tablename"], one["policyname"], frozenset(one["roles"])
        if not roles & callers:
            continue
        at = f"{name} ON {table}"
        found.append(Mutant(f"{at} dropped", f"DROP POLICY {at}", table, roles))
        if one["qual"] not in (None, "true"):
            check = " WITH CHECK (true)" if one["with_check"] else ""
            found.append(Mutant(f"{at} opened", f"ALTER POLICY {at} USING (true){check}", table, roles))
        elif one["with_check"]:
            found.append(Mutant(f"{at} opened", f"ALTER POLICY {at} WITH CHECK (true)", table, roles))
    for table in {policy.table for policy in POLICIES}:
        off = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        found.append(Mutant(f"{table} without row security", off, table, frozenset(callers)))
    keys = await owner.fetch(
        "SELECT conrelid::regclass::text AS on_table, conname FROM pg_constraint"
        " WHERE contype = 'f' AND conname LIKE '%\\_same\\_%' AND conparentid = 0"
    )
    for one in keys:
        drop = f"ALTER TABLE {one['on_table']} DROP CONSTRAINT {one['conname']}"
        found.append(Mutant(f"{one['conname']} dropped", drop, one["on_table"], frozenset(callers)))
    return sorted(found, key=lambda mutant: mutant.name)


def askers_of(everyone: Population, mutant: Mutant) -> Sequence[Who]:
    return [everyone.people[name] for name in ASKERS if f"assay_{everyone.people[name].role}" in mutant.roles]


def changes_nothing(mutant: Mutant, policies: dict[str, str]) -> bool:
    """Opened, where the condition is only that somebody asks through the application: everybody who has
    the role does."""
    condition = policies.get(mutant.name.removesuffix(" opened"), "")
    bare = (
        condition.replace("(", "")
        .replace(")", "")
        .replace(" AS caller_id", "")
        .replace(" AS through_app", "")
    )
    return mutant.name.endswith("opened") and set(bare.split(" AND ")) <= {
        " SELECT caller_id IS NOT NULL", "SELECT caller_id IS NOT NULL", "SELECT through_app",
        " SELECT through_app", " SELECT caller_id IS NOT NULL ",
    }  # fmt: skip


async def test_each_policy_and_each_composite_key_is_missed_when_it_is_gone(
    owner: Any, everyone: Population
) -> None:
    mutants = await mutants_of(owner)
    policies = {
        f"{one['policyname']} ON {one['tablename']}": one["qual"] or one["with_check"]
        for one in await owner.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public'")
    }
    mutants = [one for one in mutants if not changes_nothing(one, policies)]
    chosen = [one for one in mutants if random.Random(one.name).random() < SHARE]
    normal: dict[tuple[str, str], list[Outcome]] = {}
    async with mutated(owner, "SELECT 1"):
        for table in {one.table for one in chosen}:
            for name in ASKERS:
                normal[table, name] = await outcomes(owner, everyone, everyone.people[name], table)
    unnoticed = []
    for mutant in chosen:
        async with mutated(owner, mutant.statement):
            for who in askers_of(everyone, mutant):
                if await outcomes(owner, everyone, who, mutant.table) != normal[mutant.table, who.name]:
                    break
            else:
                unnoticed.append(mutant.name)
    assert len(mutants) > 150, "they are all there"
    assert unnoticed == [], unnoticed
