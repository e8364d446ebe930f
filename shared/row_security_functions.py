"""The functions that policies and sign-in call, as SQL: signature → (definition, whether it looks past the
caller's policies). Those that do tell as little as they can, and belong to a role that can read no more.
"""

from collections.abc import Mapping

from shared.permissions import PERMISSIONS
from shared.row_security_rows import Rows, belongs

_WHO = "LANGUAGE sql STABLE PARALLEL SAFE"
_PAST = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"

_FACTS = Rows(agent="f.agent_id", vendor="f.vendor_id")
_SEES_FACT = " ".join(
    f"WHEN 'assay_{role}' THEN {belongs(relation, _FACTS)}"
    for role, relation in PERMISSIONS["metrics.read"].items()
)

FUNCTIONS: Mapping[str, tuple[str, bool]] = {
    "through_app()": (
        f"CREATE FUNCTION through_app() RETURNS boolean {_WHO} AS $$ SELECT session_user = 'assay_app' $$",
        False,
    ),
    "reporting_person()": (
        "CREATE FUNCTION reporting_person(OUT id uuid, OUT vendor_id uuid, OUT role text) RETURNS record"
        f" {_PAST} AS $$"
        " SELECT person.id, person.vendor_id, 'assay_' || person.role FROM reporting_login"
        " JOIN person ON person.id = reporting_login.person_id"
        " WHERE reporting_login.name = session_user AND person.is_active"
        " AND pg_has_role(session_user, 'assay_' || person.role, 'member') $$",
        True,
    ),
    "caller_id()": (
        f"CREATE FUNCTION caller_id() RETURNS uuid {_WHO} AS $$"
        " SELECT CASE WHEN session_user = 'assay_app'"
        " THEN nullif(current_setting('assay.caller_id', true), '')::uuid"
        " ELSE (SELECT id FROM public.reporting_person()) END $$",
        False,
    ),
    "caller_vendor_id()": (
        f"CREATE FUNCTION caller_vendor_id() RETURNS uuid {_WHO} AS $$"
        " SELECT CASE WHEN session_user = 'assay_app'"
        " THEN nullif(current_setting('assay.caller_vendor_id', true), '')::uuid"
        " ELSE (SELECT vendor_id FROM public.reporting_person()) END $$",
        False,
    ),
    "caller_role()": (
        f"CREATE FUNCTION caller_role() RETURNS text {_WHO} AS $$"
        " SELECT CASE WHEN session_user = 'assay_app' THEN current_setting('role')"
        " ELSE (SELECT role FROM public.reporting_person()) END $$",
        False,
    ),
    "find_person(uuid, text, text)": (
        # By their id, or by (issuer, subject).
        "CREATE FUNCTION find_person(uuid, text, text, OUT id uuid, OUT name text, OUT role text,"
        f" OUT vendor_id uuid) RETURNS SETOF record {_PAST} ROWS 1 AS $$"
        " SELECT id, name, role, vendor_id FROM person WHERE is_active AND person.id ="
        " coalesce($1, (SELECT person_id FROM login WHERE issuer = $2 AND subject = $3)) $$",
        True,
    ),
    "find_service(text, bytea)": (
        "CREATE FUNCTION find_service(text, bytea, OUT id uuid, OUT name text, OUT role text,"
        " OUT vendor_id uuid, OUT scopes jsonb) RETURNS SETOF record LANGUAGE plpgsql VOLATILE"
        " SECURITY DEFINER SET search_path = public, pg_temp ROWS 1 AS $$"
        " #variable_conflict use_column\n"
        " BEGIN IF current_setting('transaction_read_only') = 'off' THEN"
        # Whoever finds the row taken passes by: it is being noted, and nobody waits for another's request.
        " UPDATE service_token t SET last_used_at = now() WHERE t.id = (SELECT n.id FROM service_token n"
        " WHERE n.prefix = $1 AND n.secret_hash = $2 AND n.revoked_at IS NULL AND n.expires_at > now()"
        " AND (n.last_used_at IS NULL OR n.last_used_at < now() - interval '1 minute')"
        " FOR NO KEY UPDATE SKIP LOCKED); END IF;"
        " RETURN QUERY SELECT t.id, t.name::text, 'service'::text, t.vendor_id, t.scopes FROM service_token t"
        " WHERE t.prefix = $1 AND t.secret_hash = $2 AND t.revoked_at IS NULL AND t.expires_at > now();"
        " END $$",
        True,
    ),
    "revoke_leaked(text, bytea)": (
        "CREATE FUNCTION revoke_leaked(text, bytea) RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER"
        " SET search_path = public, pg_temp AS $$"
        " UPDATE service_token SET revoked_at = now(), revoked_because = 'It stood in an address.'"
        " WHERE prefix = $1 AND secret_hash = $2 AND revoked_at IS NULL $$",
        True,
    ),
    "contacts_of(uuid, timestamptz, timestamptz, timestamptz, timestamptz)": (
        # Whether the same requester wrote about the same topic in another ticket, whoever answered that
        # one: of tickets whose facts the caller may see. (solved from, to, created from, to)
        "CREATE FUNCTION contacts_of(uuid, timestamptz, timestamptz, timestamptz, timestamptz)"
        f" RETURNS boolean {_PAST} AS $$"
        " SELECT EXISTS (SELECT FROM ticket_fact f JOIN ticket_fact o"
        " ON o.requester_key = f.requester_key AND o.connection_id = f.connection_id AND o.topic = f.topic"
        " AND o.is_counted AND o.ticket_id <> f.ticket_id WHERE f.ticket_id = $1"
        f" AND CASE public.caller_role() {_SEES_FACT} END"
        " AND ((o.first_solved_at >= $2 AND o.first_solved_at < $3)"
        " OR (o.created_at > $4 AND o.created_at <= $5))) $$",
        True,
    ),
    "is_rater(uuid)": (
        f"CREATE FUNCTION is_rater(uuid) RETURNS boolean {_PAST} AS $$"
        " SELECT EXISTS (SELECT FROM calibration_rater r"
        " WHERE r.calibration_id = $1 AND r.person_id = public.caller_id()) $$",
        True,
    ),
    "ratings_shown(uuid)": (
        # Whether what others gave is for the caller to read: once the calibration is closed, and while it
        # is discussed, for whoever has nothing left to rate.
        f"CREATE FUNCTION ratings_shown(uuid) RETURNS boolean {_PAST} AS $$"
        " SELECT EXISTS (SELECT FROM calibration c WHERE c.id = $1 AND (c.state = 'closed'"
        " OR (c.state = 'discussing' AND NOT EXISTS (SELECT FROM calibration_rater r"
        " JOIN calibration_sample s ON s.calibration_id = r.calibration_id WHERE r.calibration_id = $1"
        " AND r.person_id = public.caller_id() AND NOT EXISTS (SELECT FROM calibration_rating g"
        " WHERE g.calibration_id = $1 AND g.sample_id = s.id AND g.rater_id = r.person_id))))) $$",
        True,
    ),
    "live_since(bigint, uuid, integer)": (
        # Events that are followed live, after (transaction, id), at most so many; with each of them, and
        # where there is none: the transaction before which all have ended, and whether more comes after it.
        # Ids of things and nothing else: whose they are is asked of each reader's own policies.
        "CREATE FUNCTION live_since(bigint, uuid, integer, OUT settled bigint, OUT is_more_to_come boolean,"
        f" OUT xid bigint, OUT id uuid, OUT type text, OUT payload text) RETURNS SETOF record {_PAST} AS $$"
        " SELECT known.settled, EXISTS (SELECT FROM event WHERE live_xid >= known.settled"
        " AND live_xid < known.begun), e.live_xid, e.id, e.type, e.payload::text"
        " FROM (SELECT pg_snapshot_xmin(now)::text::bigint AS settled, pg_snapshot_xmax(now)::text::bigint"
        " AS begun FROM pg_current_snapshot() AS now) AS known"
        " LEFT JOIN LATERAL (SELECT * FROM (SELECT live_xid, id, type, payload FROM event"
        " WHERE live_xid IS NOT NULL AND (live_xid, id) > ($1, $2) AND live_xid < known.settled"
        " ORDER BY live_xid, id LIMIT $3) AS page) AS e ON true"
        " WHERE public.through_app() ORDER BY e.live_xid, e.id $$",
        True,
    ),
}
