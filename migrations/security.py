"""Database roles, grants, functions and row-level policies: made of what `shared/row_security.py` declares,
and brought in line with it after every upgrade, so that there is one place to read who sees what.

Nothing here touches a row. `sync` does nothing where nothing has changed.
"""

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import shared.models  # noqa: F401 (fills the metadata)
from shared.models.people import Role
from shared.row_security import HOOK, LOOKED_UP, ONLY_ADDED_TO, POLICIES, REPORTING_VIEWS, TOUCHED, Policy
from shared.row_security_functions import FUNCTIONS

LOGINS = ("assay_app", "assay_worker", "assay_hook")
LOOKUP = "assay_lookup"
"""Owns the few functions that look past the caller's policies, and may read nothing but what they need."""
CALLERS = tuple(f"assay_{role}" for role in Role)
ROLES = (*LOGINS, LOOKUP, *CALLERS)
MIGRATING = "(SELECT current_setting('assay.migrating', true)) = 'on'"


def sync(connection: Connection) -> None:
    wanted = list(_statements())
    mark = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    if connection.scalar(_MARK) == mark:
        return
    _make_roles(connection)
    remove(connection)
    for statement in wanted:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON FUNCTION caller_id() IS '{mark}'")


def remove(connection: Connection) -> None:
    """Back to tables without any of it; the roles stay, for other databases may use them."""
    connection.exec_driver_sql("DROP SCHEMA IF EXISTS reporting CASCADE")
    for table, policy in connection.execute(_POLICIES).all():
        connection.exec_driver_sql(f'DROP POLICY "{policy}" ON "{table}"')
    for (table,) in connection.execute(_GUARDED).all():
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        connection.exec_driver_sql(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
    known = set(connection.scalars(_ROLES, {"names": list(ROLES)}))
    for role in known:
        connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    for (signature,) in connection.execute(
        _FUNCTIONS, {"names": [one.partition("(")[0] for one in FUNCTIONS]}
    ):
        connection.exec_driver_sql(f"DROP FUNCTION {signature}")


def _make_roles(connection: Connection) -> None:
    known = set(connection.scalars(_ROLES, {"names": list(ROLES)}))
    for role in ROLES:
        if role in known:
            continue
        can = "LOGIN" if role in LOGINS else "NOLOGIN"
        connection.exec_driver_sql(f"CREATE ROLE {role} {can} NOINHERIT NOBYPASSRLS NOCREATEDB NOCREATEROLE")
        if role in CALLERS:
            connection.exec_driver_sql(f"GRANT {role} TO assay_app")
    connection.exec_driver_sql(f"GRANT {LOOKUP} TO CURRENT_USER")


def _statements() -> Iterator[str]:
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT CREATE ON SCHEMA public TO {LOOKUP}"
    for signature, (body, is_looking_past) in FUNCTIONS.items():
        yield body
        yield f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC"
        yield f"GRANT EXECUTE ON FUNCTION {signature} TO {', '.join(ROLES)}"
        if is_looking_past:
            yield f"ALTER FUNCTION {signature} OWNER TO {LOOKUP}"
    yield f"REVOKE CREATE ON SCHEMA public FROM {LOOKUP}"
    for table in sorted(SQLModel.metadata.tables):
        yield from _guarded(table)
    for policy in POLICIES:
        yield from _policies(policy)
    for table, verbs in HOOK.items():
        for verb, columns in verbs.items():
            condition = "WITH CHECK (true)" if verb == "INSERT" else "USING (true)"
            yield f"GRANT {verb}{_columns(columns)} ON {table} TO assay_hook"
            yield f"CREATE POLICY hook_{verb.lower()} ON {table} FOR {verb} TO assay_hook {condition}"
    for table, columns in LOOKED_UP.items():
        yield f"GRANT SELECT{_columns(columns)} ON {table} TO {LOOKUP}"
        yield f"CREATE POLICY looked_up ON {table} FOR SELECT TO {LOOKUP} USING (true)"
    for table, columns in TOUCHED.items():
        yield f"GRANT UPDATE{_columns(columns)} ON {table} TO {LOOKUP}"
        yield f"CREATE POLICY touched ON {table} FOR UPDATE TO {LOOKUP} USING (true)"
    yield "CREATE SCHEMA reporting"
    yield f"GRANT USAGE ON SCHEMA reporting TO {', '.join(CALLERS)}"
    for view, body in REPORTING_VIEWS.items():
        yield f"CREATE VIEW reporting.{view} WITH (security_invoker = true) AS {body}"
        yield f"GRANT SELECT ON reporting.{view} TO {', '.join(CALLERS)}"


def _guarded(table: str) -> Iterator[str]:
    """Row security on the table and its partitions, the worker's way in, and the migrator's."""
    yield (
        f"DO $$ DECLARE one regclass; BEGIN FOR one IN SELECT '{table}'::regclass"
        f" UNION ALL SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{table}'::regclass LOOP"
        " EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', one);"
        " END LOOP; END $$"
    )
    verbs = "SELECT, INSERT" if table in ONLY_ADDED_TO else "SELECT, INSERT, UPDATE, DELETE"
    yield f"GRANT {verbs} ON {table} TO assay_worker"
    if words := ONLY_ADDED_TO.get(table):
        yield f"GRANT UPDATE{_columns(words)} ON {table} TO assay_worker"
    yield f"CREATE POLICY worker ON {table} TO assay_worker USING (true) WITH CHECK (true)"
    yield f"CREATE POLICY migrator ON {table} TO CURRENT_USER USING ({MIGRATING}) WITH CHECK ({MIGRATING})"


def _policies(policy: Policy) -> Iterator[str]:
    for condition, roles in policy.conditions().items():
        names = [f"assay_{role}" for role in roles]
        # What is hidden reads as if there were nothing: no rows, and no error that says there might be.
        granted = ("assay_app", *CALLERS) if policy.verb == "SELECT" else names
        yield f"GRANT {policy.verb}{_columns(policy.columns)} ON {policy.table} TO {', '.join(granted)}"
        clause = f"{'WITH CHECK' if policy.verb == 'INSERT' else 'USING'} ({condition})"
        if policy.result:
            clause += f" WITH CHECK ({condition} AND {policy.result})"
        name = f"{policy.verb.lower()}_{'_'.join(roles)}"[:63]
        yield f"CREATE POLICY {name} ON {policy.table} FOR {policy.verb} TO {', '.join(names)} {clause}"


def _columns(columns: tuple[str, ...]) -> str:
    return f" ({', '.join(columns)})" if columns else ""


_MARK = text("SELECT obj_description(to_regprocedure('public.caller_id()')::oid, 'pg_proc')")
_POLICIES = text("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'")
_GUARDED = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND (relrowsecurity OR relforcerowsecurity)"
)
# Also those of versions before, whatever they took: what looks past the policies must not outlive them.
_FUNCTIONS = text(
    "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    f" AND (proname = ANY(:names) OR proowner::regrole::text = '{LOOKUP}')"
)
_ROLES = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
