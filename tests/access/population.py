"""Three competing vendors and a team of the company's own, with something of everything in each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import insert
from sqlmodel import SQLModel

from services.demo.story import CARD, HOURS
from shared.db import Database
from shared.models import appeals, audit, calibration, feedback, kpi, people, queue, trail
from shared.models.people import Role

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
YEARS = timedelta(days=3650)
FLOOR = {Role.TEAM_LEAD, Role.AGENT, Role.VENDOR_MANAGER}
Row = dict[str, Any]


def key(*names: object) -> UUID:
    return uuid5(NAMESPACE_OID, "/".join(map(str, names)))


@dataclass(frozen=True)
class Who:
    """A person who asks."""

    name: str
    role: Role
    vendor_id: UUID | None = None
    lead_id: UUID | None = None

    @property
    def id(self) -> UUID:
        return key("person", self.name)


@dataclass
class Population:
    people: dict[str, Who] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    """Everything that is in the database, by table."""

    def add(self, table: str, **row: Any) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def person(self, name: str, role: Role, vendor: UUID | None = None, lead: UUID | None = None) -> Who:
        who = self.people[name] = Who(name, role, vendor, lead)
        self.add(
            "person", id=who.id, name=f"canary-person-{name}", role=role, vendor_id=vendor, lead_id=lead,
            is_active=True, created_at=T0,
        )  # fmt: skip
        return who

    async def store(self, db: Database) -> None:
        async with db.engine.begin() as connection:  # past the trail
            for table in SQLModel.metadata.sorted_tables:
                if self.rows.get(table.name):
                    await connection.execute(insert(table), self.rows[table.name])


VENDORS = ("v1", "v2", "v3")


def populate() -> Population:
    everyone = Population()
    for vendor in VENDORS:
        everyone.add("vendor", id=key(vendor), key=vendor, name=f"canary-vendor-{vendor}", created_at=T0)
    office = {
        "admin": Role.ADMIN, "lead": Role.LEAD, "reviewer": Role.SPECIALIST, "resolver": Role.SPECIALIST,
        "idle": Role.SPECIALIST, "policy": Role.POLICY_OWNER, "trainer": Role.TRAINER,
        "analyst": Role.ANALYST,
    }  # fmt: skip
    for name, role in office.items():
        everyone.person(name, role)
    everyone.person("v1-admin", Role.ADMIN, key("v1"))
    everyone.person("v1-lead", Role.LEAD, key("v1"))
    everyone.person("v1-specialist", Role.SPECIALIST, key("v1"))
    for vendor in VENDORS:
        everyone.person(f"{vendor}-manager", Role.VENDOR_MANAGER, key(vendor))
    _furnish(everyone)
    teams = [(f"{vendor}-t{team}", key(vendor)) for vendor in VENDORS for team in (1, 2)]
    for team, vendor_id in [*teams, ("own-t1", None)]:
        lead = everyone.person(f"{team}-lead", Role.TEAM_LEAD, vendor_id)
        for number in (1, 2):
            agent = everyone.person(f"{team}-a{number}", Role.AGENT, vendor_id, lead.id)
            _work_of(everyone, agent)
    _calibrations(everyone)
    return everyone


GIVEN = [{"criterion": "greeting", "value": 1}, {"criterion": "solution", "value": 3},
         {"criterion": "privacy", "value": "NA"}]  # fmt: skip
CALIBRATIONS = ("draft", "open", "discussing", "closed", "cancelled")


def _calibrations(everyone: Population) -> None:
    """In every state: the resolver has rated all of it, the reviewer and a vendor's specialist nothing."""
    for state in CALIBRATIONS:
        calibration_id = key("calibration", state)
        revealed_at = T0 if state in ("discussing", "closed") else None
        everyone.add(
            "calibration", id=calibration_id, title=f"canary-calibration-{state}", standard="consensus",
            scorecard_version_id=key("card", 1), authors_may_rate=False, state=state, due_at=T0 + YEARS,
            created_by=key("person", "lead"), created_at=T0, revealed_at=revealed_at,
        )  # fmt: skip
        of = {"calibration_id": calibration_id}
        for rater in ("reviewer", "resolver", "v1-specialist"):
            everyone.add("calibration_rater", **of, person_id=key("person", rater), counts_late=False)
        ticket_id, sample_id = key("ticket", "v1-t1-a2", "audited"), key("sample", state)
        everyone.add(
            "calibration_sample", **of, id=sample_id, ticket_id=ticket_id, number=1,
            audit_id=key("audit", "v1-t1-a2", "open"),
        )  # fmt: skip
        everyone.add(
            "calibration_rating", **of, ticket_id=ticket_id, sample_id=sample_id, answers=GIVEN,
            rater_id=key("person", "resolver"), score=Decimal(80), score_exact=f"canary-score-{state}",
            auto_failed=False, rated_at=T0, is_late=False,
        )  # fmt: skip
        everyone.add(
            "state_change", subject="calibration", subject_id=calibration_id, number=1, from_state=None,
            to_state="draft", moved_by=key("person", "lead"), moved_at=T0,
        )  # fmt: skip
    of = {"ticket_id": key("ticket", "own-t1-a1", "audited"), "review_id": key("review", "own-t1-a1")}
    done = {"checked_at": T0, "answers": GIVEN}
    of_v1 = {"ticket_id": key("ticket", "v1-t1-a1", "audited"), "review_id": key("review", "v1-t1-a1")}
    for name, checker, more in (
        ("asked", "idle", of), ("done", "lead", of | done), ("v1", "v1-lead", of_v1 | done),
    ):  # fmt: skip
        everyone.add(
            "review_check", id=key("check", name), reviewer_id=key("person", "reviewer"),
            checker_id=key("person", checker), asked_at=T0, auto_failed=False,
            score_exact=f"canary-check-{name}", **{"checked_at": None, "answers": None} | more,
        )  # fmt: skip
    everyone.add("event", id=key("rated"), type="CalibrationRated", payload={}, created_at=T0)


def _furnish(everyone: Population) -> None:
    everyone.add("schedule", id=key("schedule"), key="hours", hours=HOURS, created_at=T0)
    everyone.add(
        "login", issuer="https://id", subject="s", person_id=key("person", "v1-t1-a1"), created_at=T0
    )
    for name, vendor_id in (("token", None), ("token of v1", key("v1"))):
        everyone.add(
            "service_token", id=key(name), name="canary-token-name", prefix=name, secret_hash=b"",
            scopes=[], vendor_id=vendor_id, owner_id=key("person", "admin"), created_at=T0, expires_at=T0,
        )  # fmt: skip
    everyone.add(
        "connection", id=key("connection"), key="zd", name="zd", platform="zendesk", account_id="1",
        is_test=False, revision=0, is_paused=False, settings={}, raw_kept_days=30,
        resolution_basis="history", created_at=T0, sealed_secret=None,
    )  # fmt: skip
    everyone.add("reporting_login", name="canary-login", person_id=key("person", "v1-t1-a1"), created_at=T0)
    everyone.add(
        "help_desk_agent", id=key("person", "v1-t1-a1"), connection_id=key("connection"),
        external_id="1", name="canary-agent-name", named_at=T0, vendor_seen_at=T0,
    )  # fmt: skip
    for name, vendor in (("v1", key("v1")), ("all", None)):
        everyone.add(
            "notice", id=key("notice", name), title=f"canary-notice-{name}", body="b", language="en",
            signals=["sentiment"], vendor_id=vendor, published_by=key("person", "lead"), published_at=T0,
        )  # fmt: skip
        everyone.add(
            "notice_reading", notice_id=key("notice", name), person_id=key("person", "v1-t1-a1"),
            acknowledged_at=T0,
        )  # fmt: skip
    everyone.add("scorecard", id=key("card"), key="card", name="card", created_at=T0)
    for number, state in ((1, "published"), (2, "draft")):
        everyone.add(
            "scorecard_version", id=key("card", number), scorecard_id=key("card"), number=number,
            state=state, card=CARD, published_at=T0 if state == "published" else None,
        )  # fmt: skip
    everyone.add(
        "sampling_plan", id=key("plan"), key="plan", scorecard_version_id=key("card", 1),
        connection_id=key("connection"), rate=Decimal("0.5"), seed="seed", is_active=True, created_at=T0,
    )  # fmt: skip
    everyone.add(
        "claim_policy", id=1, lease_hours=72, pair_limit=3, pair_days=30, vendors_audit_own=True,
        skill_tags=[], distress_weights={"hard": 5}, distress_a_day=10, changed_at=T0,
    )  # fmt: skip
    for name in ("reviewer", "v1-lead"):
        everyone.add(
            "specialist_profile", person_id=key("person", name), languages=[f"canary-language-{name}"],
            is_available=True,
        )  # fmt: skip
        everyone.add("distress_opt_out", person_id=key("person", name), since_at=T0)
    for name, vendor in (("all", None), ("v1", key("v1")), ("v2", key("v2")), ("waiting", None)):
        drawn = {
            "seed": "seed", "design": {"kind": "share", "share": 0.5}, "population": [], "samples": [],
            "rule": "sha256-64/1", "population_hash": "0",
        }  # fmt: skip
        everyone.add(
            "sampling_run", id=key("run", name), key=f"weekly-{name}", connection_id=key("connection"),
            scorecard_version_id=key("card", 1), vendor_id=vendor, from_at=T0 - timedelta(days=7), to_at=T0,
            filter={}, strata=[], design=drawn["design"], seed=f"canary-seed-{name}", carries_debt=False,
            debt=0, state="waiting" if name == "waiting" else "drawn", requested_by=key("person", "lead"),
            requested_at=T0, drawn_at=T0, population_size=0, population_hash="0", samples=0, planned={},
            drawn=None if name == "waiting" else drawn,
        )  # fmt: skip
    everyone.add(
        "inbox", id=key("inbox"), connection_id=key("connection"), source_key="k", headers={},
        body=b"canary-raw", body_sha256=b"x", received_at=T0, is_held=False,
    )  # fmt: skip
    everyone.add("refetch", connection_id=key("connection"), ticket_key="t", parts=[], wanted_at=T0)
    everyone.add(
        "pull", id=key("pull"), connection_id=key("connection"), kind="backfill", state="done", since_at=T0,
        until_at=T0, stage="tickets", step=0, failures=0, pages=0, rows=0, refused_rows=0,
        changed_tickets=0, created_at=T0, stepped_at=T0,
    )  # fmt: skip
    everyone.add("requester", id=key("requester"), connection_id=key("connection"), external_key="r")
    everyone.add(
        "original_text", ticket_id=key("ticket", "v1-t1-a1", "audited"), item_id=key("item"), field="body",
        requester_id=key("requester"), sealed=None,
    )  # fmt: skip
    everyone.add(
        "erasure_request", id=key("erasure"), requester_id=key("requester"), state="requested",
        reason="asked", requested_by=key("person", "lead"), requested_at=T0, scanned=0, proof={},
    )  # fmt: skip
    everyone.add(
        "legal_hold", id=key("hold"), requester_id=key("requester"), reason="a lawsuit",
        placed_by=key("person", "lead"), placed_at=T0,
    )  # fmt: skip
    everyone.add("retention", data_class="texts", keep_days=730, changed_at=T0)
    everyone.add(
        "event",
        id=key("event"),
        type="WebhookReceived",
        payload={"inbox_id": str(key("inbox"))},
        created_at=T0,
    )
    everyone.add(
        "delivery", id=key("delivery"), event_id=key("event"), handler="feedback.normalise_webhook",
        state="dead", attempts=8, due_at=T0,
    )  # fmt: skip


def _work_of(everyone: Population, agent: Who) -> None:
    """Two tickets: one with a reviewed audit and a decided appeal, an open and a claimed audit beside it;
    one that nobody audits."""
    reviewer, resolver = key("person", "reviewer"), key("person", "resolver")
    whose = {"agent_id": agent.id, "vendor_id": agent.vendor_id}
    for ticket in ("audited", "plain"):
        ticket_id = key("ticket", agent.name, ticket)
        tag = f"{agent.name}-{ticket}"
        everyone.add(
            "ticket", id=ticket_id, connection_id=key("connection"), external_id=tag, told=[], settled={},
            is_provisional=False, has_redactions=False, created_at=T0, updated_at=T0, status="solved",
            subject=f"canary-subject-{tag}", assignee_id=agent.id, vendor_id=agent.vendor_id,
            is_deleted=False, is_spam=False, is_purged=False,
        )  # fmt: skip
        everyone.add(
            "ticket_event", ticket_id=ticket_id, id=key("event", tag), occurred_at=T0, position=0,
            field="status", to_value=f"canary-event-{tag}", basis="told",
        )  # fmt: skip
        everyone.add(
            "message", ticket_id=ticket_id, id=key("message", tag), external_id="1", version_at=T0,
            version_number=0, version_key="", sent_at=T0, position=0, author_kind="requester",
            is_public=True, body=f"canary-body-{tag}", attachments=0, is_redacted=False,
        )  # fmt: skip
        everyone.add(
            "rating", ticket_id=ticket_id, id=key("rating", tag), version_at=T0, version_number=0,
            version_key="", score=Decimal(1), raw="good", is_offer=False, comment=f"canary-rating-{tag}",
            agent_id=agent.id, rated_at=T0,
        )  # fmt: skip
        everyone.add(
            "ticket_fact", ticket_id=ticket_id, connection_id=key("connection"), **whose, is_counted=True,
            created_at=T0, first_solved_at=T0, reopens=0, agent_replies=1, is_one_touch=True,
            csat_score=Decimal(1), rated_at=T0, clocks={}, group_name=f"canary-group-{tag}",
            requester_key="the same for all", topic="the same for all",
        )  # fmt: skip
    ticket_id = key("ticket", agent.name, "audited")
    for state in ("reviewed", "open", "claimed"):
        audit_id, tag = key("audit", agent.name, state), f"{agent.name}-{state}"
        of = {"ticket_id": ticket_id, "audit_id": audit_id}
        everyone.add(
            "audit", ticket_id=ticket_id, id=audit_id, plan_id=key("plan"), drawn_at=T0, state=state,
            scorecard_version_id=key("card", 1), probability=Decimal("0.5"), draw=f"canary-draw-{tag}",
            **whose,
        )  # fmt: skip
        everyone.add("evidence", **of, content={"words": f"canary-evidence-{tag}"})
        if state != "open":
            everyone.add("assignment", **of, specialist_id=reviewer, claimed_at=T0)
            ended = {"ended_at": T0, "ending": "reviewed"} if state == "reviewed" else {}
            everyone.add(
                "claim", **of, id=key("claim", tag), specialist_id=reviewer, claimed_at=T0, weight=0,
                agent_id=whose["agent_id"], **{"ended_at": None, "ending": None, "code": None} | ended,
            )  # fmt: skip
        if state == "open" and agent.name == "v2-t1-a1":  # somebody is to look at it, whoever it is
            everyone.add(
                "held_review", **of, author_id=reviewer, answers=[], highlights=[], submitted_at=T0,
                summary=f"canary-held-{tag}", needs_check=True, release_at=None, checked_by=None,
                checked_at=None, is_approved=None, reason=None,
            )  # fmt: skip
        if state == "claimed":
            everyone.add(
                "held_review", **of, author_id=reviewer, answers=[], highlights=[], submitted_at=T0,
                summary=f"canary-held-{tag}", needs_check=True, release_at=T0, checked_by=resolver,
                checked_at=T0, is_approved=True, reason=None,
            )  # fmt: skip
            everyone.add(
                "review_draft", **of, number=1, answers=[], highlights=[], saved_at=T0,
                summary=f"canary-draft-{tag}",
            )  # fmt: skip
            everyone.add(
                "state_change", subject="audit", subject_id=audit_id, number=1, from_state="open",
                to_state="claimed", moved_by=reviewer, moved_at=T0,
            )  # fmt: skip
    audit_id, review_id = key("audit", agent.name, "reviewed"), key("review", agent.name)
    appeal_id = key("appeal", agent.name)
    everyone.add(
        "review", ticket_id=ticket_id, id=review_id, audit_id=audit_id, number=1, answers=[], sections=[],
        scorecard_version_id=key("card", 1), score=Decimal(80), auto_failed=False, released_at=T0,
        summary=f"canary-summary-{agent.name}", is_imported=False, signed_id=review_id, is_void=False,
        highlights=[], reason=f"canary-reason-{agent.name}", **whose,
    )  # fmt: skip
    everyone.add("review_author", ticket_id=ticket_id, review_id=review_id, reviewer_id=reviewer)
    everyone.add(
        "appeal", ticket_id=ticket_id, id=appeal_id, review_id=review_id, filed_by=agent.id, reason="other",
        points=[{"text": f"canary-points-{agent.name}"}], state="decided", resolver_id=resolver,
        filed_at=T0, due_at=T0, **whose,
    )  # fmt: skip
    everyone.add(
        "ruling", ticket_id=ticket_id, appeal_id=appeal_id, outcome="upheld", ruled_by=resolver, ruled_at=T0,
        reason="review_correct", text=f"canary-ruling-{agent.name}", changes=[],
    )  # fmt: skip
    everyone.add(
        "state_change", subject="appeal", subject_id=appeal_id, number=1, from_state=None, to_state="open",
        moved_by=agent.id, moved_at=T0,
    )  # fmt: skip
    everyone.add(
        "trail_entry", id=key("entry", agent.name), entered_at=T0, actor_kind="person", actor_id=agent.id,
        action="appeals.file", changes=[], reads=[], purpose=f"canary-purpose-{agent.name}", mac=b"",
    )  # fmt: skip
    everyone.add("trail_waiting", entry_id=key("entry", agent.name))
    if not everyone.rows.get("trail_link"):
        everyone.add("trail_link", number=1, entry_id=key("entry", agent.name), hash=b"h")
    everyone.add(
        "idempotency_key", actor_id=agent.id, key="k", request_hash="h", status=200,
        answer={"of": f"canary-answer-{agent.name}"}, created_at=T0,
    )  # fmt: skip


ASKERS = (
    "admin", "lead", "reviewer", "resolver", "idle", "policy", "trainer", "analyst", "v1-admin", "v1-lead",
    "v1-specialist", "v1-manager", "v2-manager", "v1-t1-lead", "v1-t1-a1", "v2-t1-a1", "own-t1-lead",
    "own-t1-a1",
)  # fmt: skip
"""One of every role; of roles that vendors and teams have, enough to stand beside each other."""


def primary_key(table: str, row: Row) -> tuple[Any, ...]:
    columns: Sequence[Any] = SQLModel.metadata.tables[table].primary_key.columns.keys()
    return tuple(row[column] for column in columns)


MODELS = (
    appeals,
    audit,
    calibration,
    feedback,
    kpi,
    people,
    queue,
    trail,
)  # imported for the tables they define
