"""Who reads and writes which rows, table by table: what the database enforces on every statement.

Roles and relations come from `permissions.py`; here stands how each table's rows belong to people.
`migrations/policies.py` makes policies and grants of it, and of nothing else. A table that is not named
here can be reached by the worker alone.
"""

from collections.abc import Mapping, Sequence

from shared import row_security_assignment as assignment
from shared import row_security_calibration as calibration
from shared import row_security_releases as releases
from shared.models.people import Role
from shared.permissions import PERMISSIONS as MAY
from shared.permissions import Grants, Relation
from shared.row_security_rows import COMPANY, ME, MY_VENDOR, Policy, Rows, Verb

EVERYBODY: Grants = dict.fromkeys(Role, Relation.ALL)
_LEADS = MAY["people.create"]
_FLOOR = MAY["appeals.file"]
_QUALITY = MAY["audits.claim"]


def _of_person(table: str, column: str = "person_id") -> str:
    return f"EXISTS (SELECT FROM person WHERE person.id = {table}.{column})"


def _of_ticket(table: str) -> str:
    return f"EXISTS (SELECT FROM ticket WHERE ticket.id = {table}.ticket_id)"


def _of_audit(table: str) -> str:
    key = f"audit.ticket_id = {table}.ticket_id AND audit.id = {table}.audit_id"
    return f"EXISTS (SELECT FROM audit WHERE {key})"


def _on_my_desk(table: str, *, audit: bool) -> str:
    """A ticket that I audit, or whose appeal I am to rule on."""
    one = f" AND assignment.audit_id = {table}.audit_id" if audit else ""
    return (
        f"EXISTS (SELECT FROM assignment WHERE assignment.ticket_id = {table}.ticket_id{one}"
        f" AND assignment.specialist_id = {ME}) OR EXISTS (SELECT FROM appeal"
        f" WHERE appeal.ticket_id = {table}.ticket_id AND appeal.resolver_id = {ME})"
    )


_RELEASED = "state = 'reviewed'"
"""Who is being watched is not known before the review is released."""
WORK = Rows(agent="agent_id", vendor="vendor_id")
"""Rows about somebody's work, with the vendor they worked for then."""
_PUBLISHED = "state = 'published'"
_MY_CLAIM = (
    "EXISTS (SELECT FROM assignment WHERE assignment.ticket_id = review_draft.ticket_id"
    f" AND assignment.audit_id = review_draft.audit_id AND assignment.specialist_id = {ME})"
)
_DRAFTS: Grants = dict.fromkeys(MAY["reviews.submit"], Relation.MINE)
_DRAFTED: Mapping[Verb, tuple[str, ...]] = {
    "SELECT": (), "INSERT": (), "DELETE": (),
    "UPDATE": ("number", "answers", "summary", "highlights", "saved_at"),
}  # fmt: skip

POLICIES: Sequence[Policy] = (
    # ---- people
    Policy("vendor", "SELECT", MAY["vendors.read"], Rows(vendor="id"), reporting=True),
    Policy("vendor", "INSERT", MAY["vendors.create"]),
    Policy("schedule", "SELECT", _LEADS),
    Policy("schedule", "INSERT", MAY["schedules.create"]),
    Policy(
        "person", "SELECT", MAY["people.read"],
        Rows(agent="id", vendor="vendor_id", team=f"lead_id = {ME} OR id = {ME}"), reporting=True,
    ),
    Policy("person", "INSERT", MAY["people.create"], Rows(vendor="vendor_id")),
    Policy("person", "UPDATE", MAY["people.update"], Rows(vendor="vendor_id")),
    Policy(
        "notice", "SELECT", MAY["notices.read"],
        Rows(via=f"vendor_id IS NULL OR vendor_id = {MY_VENDOR}"),
        for_role=dict.fromkeys(_FLOOR, f"(vendor_id IS NULL OR vendor_id = {MY_VENDOR})"),
    ),
    Policy("notice", "INSERT", MAY["notices.create"], Rows(vendor="vendor_id"), also=f"published_by = {ME}"),
    Policy(
        "notice_reading", "SELECT", MAY["people.export"],
        Rows(via=_of_person("notice_reading"), mine=f"person_id = {ME}"),
    ),
    Policy(
        "notice_reading", "INSERT", MAY["notices.acknowledge"], Rows(mine=f"person_id = {ME}"),
        also="EXISTS (SELECT FROM notice WHERE notice.id = notice_id)",
    ),
    Policy("login", "SELECT", MAY["people.export"], Rows(via=_of_person("login"), mine=f"person_id = {ME}")),
    Policy(
        "reporting_login", "SELECT", MAY["people.export"],
        Rows(via=_of_person("reporting_login"), mine=f"person_id = {ME}"),
    ),
    Policy(
        "help_desk_agent", "SELECT", MAY["people.export"],
        Rows(via=_of_person("help_desk_agent", "id"), mine=f"id = {ME}"),
    ),
    Policy("login", "INSERT", MAY["logins.update"]),
    Policy("login", "DELETE", MAY["logins.update"]),
    Policy("service_token", "SELECT", MAY["service_tokens.read"], Rows(vendor="vendor_id")),
    Policy("service_token", "INSERT", MAY["service_tokens.create"], Rows(vendor="vendor_id")),
    Policy(
        "service_token", "UPDATE", MAY["service_tokens.create"], Rows(vendor="vendor_id"),
        columns=("expires_at", "revoked_at", "revoked_because", "replaced_by_id"),
    ),
    # ---- feedback
    Policy("connection", "SELECT", MAY["connections.read"]),
    Policy("connection", "INSERT", MAY["connections.create"]),
    Policy("connection", "UPDATE", MAY["connections.update"]),
    Policy("inbox", "SELECT", MAY["dead_letters.read"]),
    Policy("inbox", "UPDATE", MAY["connections.update"], columns=("is_held",)),
    Policy("refetch", "SELECT", MAY["connections.read"]),
    Policy("pull", "SELECT", MAY["connections.read"]),
    Policy("pull", "INSERT", MAY["pulls.start"]),
    Policy("pull", "UPDATE", MAY["pulls.start"]),
    Policy(
        "ticket", "SELECT", MAY["tickets.read"], Rows(agent="assignee_id", vendor="vendor_id"),
        reporting=True,
    ),
    Policy(
        "ticket_event", "SELECT", MAY["tickets.read"], Rows(via=_of_ticket("ticket_event")), reporting=True
    ),
    Policy(
        "message", "SELECT", MAY["messages.read"],
        Rows(
            via="EXISTS (SELECT FROM audit WHERE audit.ticket_id = message.ticket_id)",
            mine=_on_my_desk("message", audit=False),
        ),
    ),
    Policy("rating", "SELECT", MAY["tickets.read"], Rows(via=_of_ticket("rating")), reporting=True),
    # Whoever works for a vendor opens nothing, and forgets nobody.
    Policy("requester", "SELECT", MAY["requesters.find"], also=COMPANY),
    Policy("original_text", "SELECT", MAY["originals.open"], also=COMPANY),
    Policy("erasure_request", "SELECT", MAY["erasures.read"], also=COMPANY),
    Policy(
        "erasure_request", "INSERT", MAY["requesters.erase"], also=f"{COMPANY} AND requested_by = {ME}"
    ),
    Policy(
        "erasure_request", "UPDATE", MAY["requesters.erase"], also=COMPANY,
        columns=("state", "decided_by", "decided_at"),
    ),
    Policy("legal_hold", "SELECT", MAY["legal_holds.read"], also=COMPANY),
    Policy("legal_hold", "INSERT", MAY["legal_holds.create"], also=f"{COMPANY} AND placed_by = {ME}"),
    Policy(
        "legal_hold", "UPDATE", MAY["legal_holds.update"], also=COMPANY,
        columns=("released_by", "released_at"),
    ),
    Policy("retention", "SELECT", MAY["retention.read"]),
    Policy("retention", "INSERT", MAY["retention.update"]),
    Policy("retention", "UPDATE", MAY["retention.update"], columns=("keep_days", "changed_at")),
    Policy("ticket_fact", "SELECT", MAY["metrics.read"], WORK, reporting=True),
    # ---- audit
    Policy("scorecard", "SELECT", MAY["scorecards.read"], reporting=True),
    Policy("scorecard", "INSERT", MAY["scorecards.create"]),
    Policy("scorecard", "UPDATE", MAY["scorecards.create"]),
    Policy(
        "scorecard_version", "SELECT", MAY["scorecards.read"], reporting=True,
        for_role=dict.fromkeys((*_FLOOR, Role.VENDOR_MANAGER), _PUBLISHED),
    ),
    Policy("scorecard_version", "INSERT", MAY["scorecards.create"]),
    Policy(
        "scorecard_version", "UPDATE", MAY["scorecards.publish"], columns=("card", "state", "published_at"),
    ),
    Policy("sampling_plan", "SELECT", MAY["plans.read"], reporting=True),
    Policy("sampling_plan", "INSERT", MAY["plans.create"]),
    # A draw over several vendors' tickets is none of theirs to see.
    Policy("sampling_run", "SELECT", MAY["sampling_runs.read"], Rows(vendor="vendor_id")),
    Policy(
        "sampling_run", "INSERT", MAY["sampling_runs.create"],
        also=f"{COMPANY} AND requested_by = {ME} AND state = 'waiting'",
    ),
    Policy(
        "audit", "SELECT", MAY["audits.read"], WORK, reporting=True,
        for_role=dict.fromkeys((*_FLOOR, Role.VENDOR_MANAGER), _RELEASED),
    ),
    Policy("audit", "INSERT", MAY["reviews.reassign"], WORK, also="state = 'reviewed'"),
    Policy("audit", "UPDATE", MAY["audits.claim"], WORK, columns=("state",)),
    Policy("assignment", "SELECT", MAY["reviewers.read"], Rows(via=_of_audit("assignment"))),
    Policy(
        "assignment", "INSERT", MAY["audits.claim"], Rows(via=_of_audit("assignment")),
        also=f"specialist_id = {ME}",
    ),
    Policy(
        "assignment", "DELETE", {**_LEADS, Role.SPECIALIST: Relation.MINE},
        Rows(via=_of_audit("assignment"), mine=f"specialist_id = {ME}"),
    ),
    *(
        Policy("review_draft", verb, _DRAFTS, Rows(mine=_MY_CLAIM), columns=columns)
        for verb, columns in _DRAFTED.items()
    ),
    Policy(
        "evidence", "SELECT", MAY["evidence.read"],
        Rows(
            via=_of_audit("evidence"),
            mine=f"{_on_my_desk('evidence', audit=True)} OR {calibration.FOR_MY_RATING}"
            f" OR {releases.FOR_MY_LOOK}",
        ),
    ),
    Policy("evidence", "INSERT", MAY["reviews.reassign"], Rows(via=_of_audit("evidence"))),
    Policy("review", "SELECT", MAY["reviews.read"], WORK, reporting=True),
    # Asked before the unique keys are, so that those do not tell what is there.
    Policy("review", "INSERT", MAY["reviews.submit"], WORK, also=_of_audit("review")),
    # Whoever appeals or rules holds the review's lock. Only the agent says that they have read it, or their
    # lead in their own name; of the others nobody changes more than that a newer version is here.
    Policy(
        "review", "UPDATE", MAY["reviews.acknowledge"], WORK,
        result=f"(agent_id = {ME} AND acknowledged_by IS NULL OR acknowledged_by = {ME})",
        columns=("acknowledged_at", "acknowledged_by", "acknowledgement_proof"),
    ),
    Policy(
        "review", "UPDATE", MAY["reviews.revise"], WORK,
        result="superseded_at IS NOT NULL", columns=("superseded_at",),
    ),
    Policy(
        "review_author", "SELECT", MAY["reviewers.read"],
        Rows(via="EXISTS (SELECT FROM review WHERE review.ticket_id = review_author.ticket_id"
                 " AND review.id = review_author.review_id)"),
    ),
    Policy("review_author", "INSERT", MAY["reviews.submit"], also=f"reviewer_id = {ME}"),
    *assignment.policies(MAY),
    *releases.policies(MAY),
    # ---- calibration
    *calibration.policies(MAY),
    # ---- appeals
    Policy("appeal", "SELECT", MAY["appeals.read"], WORK, reporting=True),
    Policy(
        "appeal", "INSERT", MAY["appeals.file"], WORK,
        also=f"filed_by = {ME} AND EXISTS (SELECT FROM review WHERE review.ticket_id = appeal.ticket_id"
             " AND review.id = appeal.review_id)",
    ),
    Policy(
        "appeal", "UPDATE", {**MAY["appeals.withdraw"], **MAY["appeals.take"]}, WORK,
        columns=("state", "resolver_id"),
    ),
    Policy(
        "ruling", "SELECT", MAY["appeals.read"],
        Rows(via="EXISTS (SELECT FROM appeal WHERE appeal.id = ruling.appeal_id)"), reporting=True,
    ),
    Policy(
        "ruling", "INSERT", MAY["appeals.rule"],
        Rows(via="EXISTS (SELECT FROM appeal WHERE appeal.id = ruling.appeal_id)"),
        also=f"ruled_by = {ME}",
    ),
    # ---- shared
    Policy(
        "state_change", "SELECT", {**_QUALITY, **_FLOOR},
        Rows(
            via="(subject = 'audit' AND EXISTS (SELECT FROM audit WHERE audit.id = subject_id))"
                " OR (subject = 'appeal' AND EXISTS (SELECT FROM appeal WHERE appeal.id = subject_id))"
                " OR subject = 'calibration'",
        ),
        also="(subject <> 'calibration' OR EXISTS (SELECT FROM calibration WHERE calibration.id ="
             " subject_id))",
        # Who claimed an audit is who reviewed it.
        for_role=dict.fromkeys(_FLOOR, "subject = 'appeal'"),
    ),
    Policy("state_change", "INSERT", EVERYBODY, also=f"moved_by = {ME}"),
    Policy(
        "trail_entry", "SELECT", MAY["trail.read"],
        Rows(via="actor_id IN (SELECT person.id FROM person)", mine=f"actor_id = {ME}"),
    ),
    Policy("trail_entry", "INSERT", EVERYBODY, also=f"actor_id = {ME}"),
    Policy("trail_link", "SELECT", MAY["trail.export"], also=COMPANY),
    Policy("trail_waiting", "INSERT", EVERYBODY),
    # Who has rated, and when, is not told before the reveal.
    Policy(
        "event", "SELECT", MAY["dead_letters.read"], also="type NOT IN ('CalibrationRated', 'RaterReminded')"
    ),
    Policy("event", "INSERT", EVERYBODY),
    Policy("delivery", "SELECT", MAY["dead_letters.read"]),
    Policy("delivery", "INSERT", EVERYBODY),
    Policy("delivery", "UPDATE", MAY["dead_letters.replay"], columns=("state", "attempts", "due_at")),
    Policy("idempotency_key", "SELECT", EVERYBODY, also=f"actor_id = {ME}"),
    Policy("idempotency_key", "INSERT", EVERYBODY, also=f"actor_id = {ME}"),
    Policy(
        "idempotency_key", "UPDATE", EVERYBODY, also=f"actor_id = {ME}", columns=("status", "answer")
    ),
)  # fmt: skip


def readable_by(role: Role) -> frozenset[str]:
    """The tables of which somebody in this role may see some rows, or might."""
    return frozenset(one.table for one in POLICIES if one.verb == "SELECT" and role in one.grants)


ONLY_ADDED_TO: Mapping[str, tuple[str, ...]] = {
    "notice": (), "notice_reading": (), "review_author": (), "state_change": ("reason",), "ruling": ("text",),
    "trail_entry": (), "trail_link": (),
}  # fmt: skip
"""Nobody changes or removes a row of these, the worker included: but for words in these columns, when they
named somebody who is erased."""

HOOK: Mapping[str, Mapping[Verb, tuple[str, ...]]] = {
    "connection": {"SELECT": ()},
    "inbox": {
        "INSERT": (),
        "SELECT": ("id", "connection_id", "source_key", "body_sha256", "received_at"),
    },
    "event": {"INSERT": (), "SELECT": ("id",)},
    "delivery": {"INSERT": ()},
}
"""What the doors for webhooks may do: table → verb → columns (none named: all). They store what comes,
and read none of it back."""

LOOKED_UP: Mapping[str, tuple[str, ...]] = {
    "person": ("id", "name", "role", "vendor_id", "lead_id", "is_active"),
    "reporting_login": (),
    "login": (),
    "service_token": (),
    "ticket_fact": (
        "ticket_id", "connection_id", "vendor_id", "agent_id", "requester_key", "topic", "is_counted",
        "created_at", "first_solved_at",
    ),
    "event": ("id", "type", "payload", "live_xid"),
    "calibration": ("id", "state"),
    "calibration_rater": ("calibration_id", "person_id"),
    "calibration_sample": ("id", "calibration_id"),
    "calibration_rating": ("calibration_id", "sample_id", "rater_id"),
}  # fmt: skip
"""What the functions that look past the caller's policies may read."""

TOUCHED: Mapping[str, tuple[str, ...]] = {
    "service_token": ("last_used_at", "revoked_at", "revoked_because"),
}
"""What they may change."""

REPORTING_VIEWS: Mapping[str, str] = {
    "ticket": """
        SELECT id, connection_id, external_id, display_id, created_at, updated_at, solved_at, closed_at,
            status, priority, type, channel, language, topic, brand, group_name, vendor_id, assignee_id,
            tags, is_escalated, is_deleted FROM ticket""",
    "ticket_fact": """
        SELECT ticket_id, connection_id, vendor_id, agent_id, group_name, channel, language, brand,
            priority, topic, is_counted, created_at, first_reply_at, first_solved_at, solved_at, rated_at,
            first_reply_s, first_reply_business_s, first_resolution_s, full_resolution_s,
            full_resolution_business_s, requester_wait_s, agent_wait_s, on_hold_s, reopens, agent_replies,
            is_one_touch, csat_score FROM ticket_fact""",
    "audit": """
        SELECT id, ticket_id, plan_id, scorecard_version_id, probability, drawn_at, agent_id, vendor_id,
            state FROM audit""",
    "review": """
        SELECT id, audit_id, ticket_id, number, scorecard_version_id, agent_id, vendor_id, probability,
            score, score_without_auto_fail, auto_failed, passed, released_at, acknowledged_at,
            superseded_at, appeal_id, is_void FROM review""",
    "appeal": """
        SELECT appeal.id, review_id, appeal.ticket_id, agent_id, vendor_id, appeal.reason, state, filed_at,
            due_at, ruling.outcome, ruling.ruled_at
        FROM appeal LEFT JOIN ruling ON ruling.appeal_id = appeal.id""",
    "person": "SELECT id, name, role, vendor_id, lead_id, is_active FROM person",
    "vendor": "SELECT id, key, name FROM vendor",
}
"""What reporting tools see: views that ask with the rights of whoever asks. No words that people wrote."""
