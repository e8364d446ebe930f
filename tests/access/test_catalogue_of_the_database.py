"""What the database says of itself: nothing is left open, nobody owns what they should not."""

from typing import Any

import asyncpg
import pytest
from acting import plain
from population import Population

from shared.db import url_of
from shared.models.people import Role

CALLERS = [f"assay_{role}" for role in Role]
OURS = [*CALLERS, "assay_app", "assay_worker", "assay_hook", "assay_lookup"]


async def test_every_table_and_partition_forces_its_policies(owner: Any) -> None:
    open_tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert open_tables == []


async def test_every_table_has_a_policy(owner: Any) -> None:
    bare = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname <> 'alembic_version'"
        " AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)"
    )
    assert bare == []


async def test_a_table_without_policies_shows_itself(owner: Any) -> None:
    await owner.execute("CREATE TABLE twin (id int)")
    with pytest.raises(AssertionError, match="twin"):
        await test_every_table_has_a_policy(owner)
    with pytest.raises(AssertionError, match="twin"):
        await test_every_table_and_partition_forces_its_policies(owner)


async def test_our_roles_own_nothing_and_bypass_nothing(owner: Any) -> None:
    powers = await owner.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY($1)"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
        OURS,
    )
    owned = await owner.fetch("SELECT relname FROM pg_class WHERE relowner::regrole::text = ANY($1)", OURS)
    assert (powers, owned) == ([], [])


async def test_the_application_becomes_callers_and_nobody_else(owner: Any) -> None:
    members = await owner.fetch(
        "SELECT roleid::regrole::text AS role, member::regrole::text AS member FROM pg_auth_members"
        " WHERE member::regrole::text = ANY($1)",
        OURS,
    )
    assert {(one["role"], one["member"]) for one in members} == {(role, "assay_app") for role in CALLERS}


async def test_nothing_is_granted_to_everybody(owner: Any) -> None:
    granted = await owner.fetch(
        "SELECT table_schema, table_name FROM information_schema.role_table_grants"
        " WHERE grantee = 'PUBLIC' AND table_schema IN ('public', 'reporting')"
    )
    callable_by_all = await owner.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )
    assert (granted, callable_by_all) == ([], [])


async def test_views_ask_with_the_rights_of_whoever_asks(owner: Any) -> None:
    views = await owner.fetch(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE relkind = 'v' AND nspname IN ('public', 'reporting')"
    )
    lending = await owner.fetch(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'v'"
        " AND nspname IN ('public', 'reporting')"
        " AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)"
    )
    assert len(views) >= 7
    assert lending == []


async def test_nothing_is_materialised(owner: Any) -> None:
    assert await owner.fetch("SELECT relname FROM pg_class WHERE relkind = 'm'") == []


async def test_what_looks_past_the_policies_belongs_to_a_role_that_reads_little(owner: Any) -> None:
    rows = await owner.fetch(
        "SELECT proname, proowner::regrole::text AS owner, proconfig FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {row["owner"] for row in rows} == {"assay_lookup"}
    assert all("search_path=public, pg_temp" in row["proconfig"] for row in rows)
    assert {row["proname"] for row in rows} == {
        "find_person", "find_service", "revoke_leaked", "reporting_person", "contacts_of",
        "live_since", "is_rater", "ratings_shown",
    }  # fmt: skip


async def test_what_happens_is_told_to_our_own_processes_alone(owner: Any) -> None:
    """Not to reporting tools, which connect by themselves: by `session_user`, whatever they become."""
    rows = await owner.fetch("SELECT * FROM live_since(0, '00000000-0000-0000-0000-000000000000', 10)")
    assert rows == []


async def test_an_owner_who_is_no_superuser_sees_nothing_by_accident(
    owner: Any, everyone: Population
) -> None:
    """Row security is forced: also of whoever made the tables, unless a migration says that it migrates."""
    async with owner.transaction():
        await owner.execute("CREATE ROLE twin_owner NOLOGIN")
        await owner.execute("ALTER TABLE ticket OWNER TO twin_owner")
        await owner.execute("SET LOCAL ROLE twin_owner")
        assert await owner.fetchval("SELECT count(*) FROM ticket") == 0
        await owner.execute("RESET ROLE")
        await owner.execute("ALTER TABLE ticket OWNER TO assay")
        await owner.execute("DROP ROLE twin_owner")


@pytest.mark.parametrize("statement", [
    "SELECT body FROM inbox", "SELECT headers FROM inbox", "SELECT * FROM ticket",
    "SELECT payload FROM event", "SELECT * FROM person", "DELETE FROM inbox",
    "UPDATE connection SET is_paused = true",
])  # fmt: skip
async def test_the_doors_for_webhooks_read_nothing_back(settings: Any, everyone: Any, statement: str) -> None:
    hook = await asyncpg.connect(plain(url_of(settings, "hook")))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await hook.execute(statement)
    finally:
        await hook.close()


@pytest.mark.parametrize("statement", [
    "UPDATE state_change SET to_state = 'x'", "DELETE FROM state_change", "DELETE FROM ruling",
    "UPDATE ruling SET outcome = 'upheld'",
    "UPDATE review_author SET reviewer_id = reviewer_id", "DELETE FROM review_author",
])  # fmt: skip
async def test_what_is_only_added_to_is_changed_by_nobody_not_even_the_worker(
    settings: Any, everyone: Any, statement: str
) -> None:
    worker = await asyncpg.connect(plain(url_of(settings, "worker")))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await worker.execute(statement)
    finally:
        await worker.close()
