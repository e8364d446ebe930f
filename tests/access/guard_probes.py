"""The probes of guards in the people service, of who asks, and of GraphQL; and the list of all: which
function holds guards, and what is asked when one of them is gone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from guard_assignment_probes import ASSIGNMENT
from guard_calibration_probes import CALIBRATION
from guard_population import REPEATED
from guard_work_probes import APPEALS, AUDIT, FEEDBACK, TICKET, Probe, takes
from population import key

# ---- People -----------------------------------------------------------------------------------------


def adds(who: str, role: str, expects: str) -> Probe:
    return Probe(who, "POST /people/people", expects, {"name": "Somebody", "role": role})


def changes(who: str, whom: str, expects: str, **fields: Any) -> Probe:
    return Probe(who, f"PATCH /people/people/{key('person', whom)}", expects, fields)


def exports(who: str, whom: str, expects: str) -> Probe:
    return Probe(who, f"GET /people/people/{key('person', whom)}/export", expects)


def makes_token(scope: str, expects: str) -> Probe:
    return Probe("admin", "POST /people/service-tokens", expects, {"name": "x", "scopes": [scope]})


def ends(name: str, verb: str, expects: str) -> Probe:
    body: Any = {"overlap_hours": 1} if verb == "rotate" else {"reason": "x"}
    return Probe("admin", f"POST /people/service-tokens/{key('token of', name)}/{verb}", expects, body)


PEOPLE = {
    "directory.service:add_person": [
        adds("lead", "agent", "201"),
        adds("admin", "admin", "201"),
        adds("lead", "admin", "403 admins-only"),
    ],
    "directory.service:change_person": [
        changes("lead", "own-t1-a1", "200", role="specialist"),
        changes("lead", "lead", "200", name="Another Name"),
        changes("lead:stale", "lead", "412 precondition-failed", name="Another Name"),
        changes("lead", "lead", "403 own-role-unchangeable", role="specialist"),
        changes("lead", "lead", "403 own-role-unchangeable", is_active=False),
        changes("lead", "lead", "403 own-role-unchangeable", vendor_id=None),
        changes("admin", "admin", "403 own-role-unchangeable", role="agent"),
        changes("admin", "second-admin", "200", name="Another Name"),
        changes("admin", "second-admin", "200", is_active=False),
        changes("lead", "second-admin", "403 admins-only", is_active=False),
        changes("lead", "own-t1-a1", "403 admins-only", role="admin"),
    ],
    "exports.service:write_export": [
        exports("own-t1-a1", "own-t1-a1", "200 read people.export"),
        exports("lead", "own-t1-a1", "200 read people.export"),
        exports("v1-t1-lead", "v1-t1-a1", "403 forbidden"),
    ],
    "exports.service:write_trail": [Probe("lead", "GET /people/trail/export", "200 read trail.export")],
    "directory.service:_check": [
        adds("lead", "agent", "201"),
        adds("lead", "vendor_manager", "422 role-needs-vendor"),
    ],
    "access.service:make_service_token": [
        makes_token("tickets.read", "201"),
        makes_token("appeals.rule", "422 unknown-scope"),
    ],
    "access.service:rotate_service_token": [
        ends("program", "rotate", "201"),
        ends("replaced-program", "rotate", "409 token-ended"),
    ],
    "access.service:_lock_living": [
        ends("program", "revoke", "200"),
        ends("revoked-program", "revoke", "409 token-ended"),
        ends("expired-program", "rotate", "409 token-ended"),
    ],
}

# ---- Who asks ---------------------------------------------------------------------------------------

MAY_TRAINER = {
    "appeals.read", "audits.read", "metrics.read", "notices.acknowledge", "notices.read", "people.export",
    "people.read", "permissions.read", "reviews.read", "scorecards.read", "tickets.read",
    "trail.read", "vendors.read", "viewer.read",
}  # fmt: skip
TICKETS = "GET /feedback/tickets"


def viewer(who: str, expects: str) -> Probe:
    return Probe(who, "GET /people/viewer", expects)


REFUSED_TOKENS = (
    "nobody", "basic", "twice", "stranger", "leaver", "odd-program", "forged-program",
    "revoked-program", "expired-program",
    "provider:jku", "provider:long-kid", "provider:unknown-kid", "provider:ec", "provider:id-token-type",
    "provider:forever", "provider:nonce", "provider:for-others", "provider:long-subject",
    "provider:nul-subject", "provider:another-kid", "provider:known-elsewhere",
)  # fmt: skip
UNKNOWN = [viewer(who, "401 unauthenticated") for who in REFUSED_TOKENS]
SCOPED = [
    Probe("program", TICKETS, "200"),
    Probe("program-of-a-noun", TICKETS, "200"),
    Probe("program-without-scopes", TICKETS, "403 insufficient-scope"),
    Probe("program", "GET /audit/audits", "403 insufficient-scope"),
    Probe("provider:scoped", TICKETS, "200"),
    Probe("provider:scoped", "GET /audit/audits", "403 insufficient-scope"),
    Probe("trainer", TICKETS, "200"),
    Probe("trainer", "GET /audit/plans", "403 forbidden"),
    Probe("program", "GET /people/people", "403 forbidden"),
]
SHARED = {
    "auth:token_of": UNKNOWN,
    "auth:_parsed": UNKNOWN,
    "auth:_service": UNKNOWN,
    "auth:_person": [
        *UNKNOWN,
        viewer("provider:mara", "200"),
        viewer("provider:raised", "403 role-not-in-token"),
    ],
    "auth:check": SCOPED,
    "auth:_left": SCOPED,
    "auth:allowed_actions": [
        Probe(
            "trainer", "GET /people/viewer", "200 True",
            shown=lambda told: set(told["allowed_actions"]) == MAY_TRAINER,
        )
    ],
    "tokens:Verifier.verify": UNKNOWN,
    "tokens:_claims": UNKNOWN,
    "states:Machine.check": [takes("resolver", "own-t1-a1", "409 illegal-move")],
    "idempotency:Once._once": [
        Probe("lead:repeated", "POST /people/vendors", "201 read answers.replayed", REPEATED)
    ],
    "leaked_tokens:_revoke": [
        Probe("nobody:leaks", TICKETS, "401 unauthenticated changed service_token"),
    ],
}  # fmt: skip

# ---- GraphQL ----------------------------------------------------------------------------------------


def asks(who: str, query: str, expects: str) -> Probe:
    return Probe(who, "POST /graphql", expects, {"query": query})


def field(query: str) -> Sequence[Probe]:
    """Everybody has the right to ask; a token may leave it out."""
    return [asks("program-without-scopes", query, "200 INSUFFICIENT_SCOPE"), asks("lead", query, "200")]


def humans(query: str) -> Sequence[Probe]:
    """Every person has the right to ask, and no program."""
    return [asks("program-without-scopes", query, "200 FORBIDDEN"), asks("lead", query, "200")]


def leads(query: str) -> Sequence[Probe]:
    return [asks("trainer", query, "200 FORBIDDEN"), asks("lead", query, "200")]


def administrators(query: str) -> Sequence[Probe]:
    return [asks("lead", query, "200 FORBIDDEN"), asks("admin", query, "200")]


OF_ONE = f'(id: "{key("nothing has this id")}") {{ id }} }}'
LOGINS = f'{{ person(id: "{key("person", "own-t1-a1")}") {{ logins {{ subject }} }} }}'
READINGS = f'{{ noticeReadings(noticeId: "{key("nothing has this id")}") {{ totalCount }} }}'
MESSAGES = f'{{ ticket(id: "{TICKET}") {{ messages {{ body }} }} }}'
INTROSPECTION = "{ __schema { queryType { name } } }"
EVIDENCE = f'{{ audit(id: "{key("audit", "own-t1-a1", "reviewed")}") {{ evidence }} }}'
NOWHERE = f'connectionId: "{key("nothing has this id")}"'
LETTER = f'deliveryId: "{key("nothing has this id")}"'
VERSIONS = f'scorecardVersions(scorecardId: "{key("nothing has this id")}")'
RATINGS = f'{{ ticket(id: "{TICKET}") {{ ratings {{ comment }} }} }}'
CLOSED = f'calibrationId: "{key("calibration", "closed")}"'


def shows_check(who: str, is_named: bool) -> Probe:
    """Of the second look that is asked for: whose review it is."""
    query = f'{{ reviewChecks(checkerId: "{key("person", "idle")}") {{ nodes {{ reviewId }} }} }}'
    seen = "data", "reviewChecks", "nodes"

    def shown(told: Any) -> bool:
        for part in seen:
            told = told[part]
        return told[0]["reviewId"] is not None

    return Probe(who, "POST /graphql", f"200 {is_named}", {"query": query}, shown=shown)


READING = [asks("lead", MESSAGES, "200 read messages.read"), asks("trainer", MESSAGES, "200 FORBIDDEN")]
GATEWAY = {
    "context:Context.keep_trail": READING,
    "service:_resolve": READING,
    "compiled.plans:Plans.answer": [
        *field("{ tickets { nodes { id } } }"),
        *field("{ tickets { nodes { id } } }"),  # by now it is known
    ],
    "topics.tickets:Ticket.messages": READING,
    "limits:_may_introspect": [
        asks("admin", INTROSPECTION, "200"),
        asks("lead", INTROSPECTION, "200 INTROSPECTION_DISABLED"),
    ],
    "topics.appeals:AppealsQuery.appeal": field(f"{{ appeal{OF_ONE}"),
    "topics.appeals:AppealsQuery.appeals": field("{ appeals { nodes { id } } }"),
    "topics.assignment:AssignmentQuery.workload": leads("{ workload { open } }"),
    "topics.assignment:AssignmentQuery.claim_policy": leads("{ claimPolicy { leaseHours } }"),
    "topics.assignment:AssignmentQuery.specialist_profile": leads(
        f'{{ specialistProfile(personId: "{key("person", "reviewer")}") {{ openAtOnce }} }}'
    ),
    "topics.audits:Audit.evidence": [asks("lead", EVIDENCE, "200 read evidence.read")],
    "topics.audits:AuditsQuery.audit": field(f"{{ audit{OF_ONE}"),
    "topics.audits:AuditsQuery.audits": field("{ audits { nodes { id } } }"),
    "topics.audits:AuditsQuery.review": field(f"{{ review{OF_ONE}"),
    "topics.audits:AuditsQuery.reviews": field("{ reviews { nodes { id } } }"),
    "topics.metric_catalogue:CatalogueQuery.metric_catalogue": field("{ metricCatalogue { key } }"),
    "topics.metric_catalogue:CatalogueQuery.metric_tickets": field(
        '{ metricTickets(key: "csat") { nodes { at } } }'
    ),
    "topics.connections:ConnectionsQuery.connection": leads(f"{{ connection{OF_ONE}"),
    "topics.connections:ConnectionsQuery.connection_health": leads(
        f"{{ connectionHealth({NOWHERE}) {{ dead }} }}"
    ),
    "topics.connections:ConnectionsQuery.connections": leads("{ connections { totalCount } }"),
    "topics.dead_letters:DeadLettersQuery.dead_letter": leads(
        f"{{ deadLetter({NOWHERE}, {LETTER}) {{ size }} }}"
    ),
    "topics.dead_letters:DeadLettersQuery.dead_letters": leads(
        f"{{ deadLetters({NOWHERE}) {{ totalCount }} }}"
    ),
    "topics.erasures:ErasuresQuery.erasure": leads(f"{{ erasure{OF_ONE}"),
    "topics.erasures:ErasuresQuery.erasures": leads("{ erasures { totalCount } }"),
    "topics.forms:FormsQuery.scorecard_diff": field(
        f'{{ scorecardDiff(versionId: "{key("card", 1)}") {{ toNumber }} }}'
    ),
    "topics.forms:FormsQuery.scorecard_usage": field(
        f'{{ scorecardUsage(versionId: "{key("card", 1)}") {{ audits }} }}'
    ),
    "topics.forms:FormsQuery.scorecards_for_ticket": field(
        f'{{ scorecardsForTicket(ticketId: "{TICKET}") {{ id }} }}'
    ),
    "topics.releases:ReleasesQuery.held_reviews": leads("{ heldReviews { totalCount } }"),
    "topics.releases:ReleasesQuery.held_review": leads(
        f'{{ heldReview(auditId: "{key("nothing has this id")}") {{ reason }} }}'
    ),
    "topics.holds:HoldsQuery.legal_holds": leads("{ legalHolds { totalCount } }"),
    "topics.live:LiveQuery.live_cursor": field("{ liveCursor }"),
    "topics.metrics:MetricsQuery.metrics": field('{ metrics(keys: ["csat"]) { value } }'),
    "topics.notices:NoticesQuery.notice": humans(f"{{ notice{OF_ONE}"),
    "topics.notices:NoticesQuery.notice_readings": humans(READINGS),
    "topics.notices:NoticesQuery.notices": humans("{ notices { totalCount } }"),
    "topics.notices:NoticesQuery.signals": humans("{ signals { signal } }"),
    "topics.people:PeopleQuery.people": humans("{ people { totalCount } }"),
    "topics.people:PeopleQuery.permissions": field("{ permissions { action } }"),
    "topics.people:PeopleQuery.person": humans(f"{{ person{OF_ONE}"),
    "topics.people:PeopleQuery.viewer": field("{ viewer { id } }"),
    "topics.people:Person.logins": administrators(LOGINS),
    "topics.plans:PlansQuery.sampling_plans": leads("{ samplingPlans { totalCount } }"),
    "topics.pulls:PullsQuery.pull": leads(f"{{ pull{OF_ONE}"),
    "topics.pulls:PullsQuery.pulls": leads(f"{{ pulls({NOWHERE}) {{ totalCount }} }}"),
    "topics.ratings:ratings_of_ticket": [asks("lead", RATINGS, "200 read ratings.read")],
    "topics.retention:RetentionQuery.retention": leads("{ retention { keepDays } }"),
    "topics.scorecards:ScorecardsQuery.scorecard_versions": field(f"{{ {VERSIONS} {{ totalCount }} }}"),
    "topics.scorecards:ScorecardsQuery.scorecards": field("{ scorecards { totalCount } }"),
    "topics.calibrations:CalibrationsQuery.calibration": leads(f"{{ calibration{OF_ONE}"),
    "topics.calibrations:CalibrationsQuery.calibrations": leads("{ calibrations { totalCount } }"),
    "topics.calibrations:CalibrationsQuery.calibration_agreement": leads(
        f"{{ calibrationAgreement({CLOSED}) {{ seed }} }}"
    ),
    "topics.calibrations:CalibrationsQuery.calibration_ratings": leads(
        f"{{ calibrationRatings({CLOSED}) {{ score }} }}"
    ),
    "topics.calibrations:CalibrationsQuery.calibration_trend": leads(
        f'{{ calibrationTrend(scorecardId: "{key("card")}") {{ alpha }} }}'
    ),
    "topics.checks:check_of": [shows_check("idle", False), shows_check("lead", True)],
    "topics.checks:ChecksQuery.alignment": leads(
        f'{{ alignment(personId: "{key("person", "reviewer")}") {{ reviews }} }}'
    ),
    "topics.checks:ChecksQuery.review_check": leads(f"{{ reviewCheck{OF_ONE}"),
    "topics.checks:ChecksQuery.review_checks": leads("{ reviewChecks { totalCount } }"),
    "topics.criteria:CriteriaQuery.criterion_report": field(
        f'{{ criterionReport(scorecardId: "{key("card")}") {{ reviews }} }}'
    ),
    "topics.runs:RunsQuery.sampling_run": leads(f"{{ samplingRun{OF_ONE}"),
    "topics.runs:RunsQuery.sampling_runs": leads("{ samplingRuns { totalCount } }"),
    "topics.runs:RunsQuery.sampling_run_verification": leads(
        f'{{ samplingRunVerification(id: "{key("run", "all")}") {{ samples }} }}'
    ),
    "topics.tickets:TicketsQuery.ticket": field(f"{{ ticket{OF_ONE}"),
    "topics.tickets:TicketsQuery.tickets": field("{ tickets { nodes { id } } }"),
    "topics.tokens:TokensQuery.service_tokens": administrators("{ serviceTokens { totalCount } }"),
    "topics.trail:TrailQuery.trail": field("{ trail { nodes { id } } }"),
    "topics.vendors:VendorsQuery.vendors": humans("{ vendors { totalCount } }"),
}

PROBES: Mapping[str, Sequence[Probe]] = {
    f"{prefix}.{place}": probes
    for prefix, places in (
        ("services.appeals", APPEALS), ("services.audit", AUDIT | ASSIGNMENT | CALIBRATION),
        ("services.feedback", FEEDBACK),
        ("services.people", PEOPLE), ("services.gateway", GATEWAY), ("shared", SHARED),
    )
    for place, probes in places.items()
}  # fmt: skip
"""The function that holds a guard → what is asked when one of its guards is gone."""
