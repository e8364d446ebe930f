"""What the probes of guards ask about, beside the population: appeals, audits, erasures and tokens in every
state, and people who have a part in what they ask for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from population import GIVEN, T0, Population, Row, key
from sqlalchemy import insert
from sqlmodel import SQLModel

from shared import service_tokens
from shared.db import Database
from shared.models.people import Role

NOW = datetime.now(UTC)
YESTERDAY = NOW - timedelta(days=1)
LONG_SUBJECT = "x" * 256
ANSWERS = [{"criterion": name, "value": v} for name, v in (("greeting", 0), ("solution", 4), ("privacy", 1))]
POINTS = [{"criterion": "greeting", "proposed_value": 1, "text": "I did greet."}]
REPEATED = b'{"key": "repeated", "name": "Repeated"}'
"""The body of a request whose answer is kept under an idempotency key."""
CASES: dict[str, dict[str, Any]] = {
    "fresh": {},
    "late": {"released_at": NOW - timedelta(days=15)},
    "replaced": {"superseded_at": YESTERDAY},
    "void": {"number": 2, "is_void": True, "reason": "The wrong ticket."},
    "being-replaced": {"state": "decided", "resolver": "resolver", "outcome": "overturned"},
    "open": {"state": "open"},
    "by-lead": {"state": "open", "filed_by": "own-t1-lead"},
    "taken": {"state": "in_review", "resolver": "resolver"},
    "became-a-party": {"state": "in_review", "resolver": "reviewer"},
    "taken-and-replaced": {"state": "in_review", "resolver": "resolver", "superseded_at": YESTERDAY},
    "of-the-resolver": {"agent": "moonlighter", "state": "open", "filed_by": "own-t1-lead"},
    "filed-by-the-resolver": {"state": "open", "filed_by": "moonlighter"},
    "led-by-the-resolver": {"agent": "led", "state": "open"},
    "of-another-lead": {"agent": "second-lead"},
    "of-the-team-lead": {"agent": "own-t1-lead"},
    "of-the-vendor": {"agent": "v1-t1-a1", "state": "open"},
}
"""Reviews with what is special about them; with `state`: that of an appeal against it."""
TOKENS: dict[str, dict[str, Any]] = {
    "program": {"scopes": ["tickets.read"]},
    "program-of-a-noun": {"scopes": ["tickets.*"]},
    "program-without-scopes": {},
    "revoked-program": {"scopes": ["tickets.read"], "revoked_at": YESTERDAY},
    "expired-program": {"scopes": ["tickets.read"], "expires_at": YESTERDAY},
    "replaced-program": {"replaced_by_id": key("token of", "program")},
}


class Furnished:
    """Rows in the order in which they are stored, each by itself; and the tokens' texts."""

    def __init__(self, everyone: Population) -> None:
        self.everyone = everyone
        self.texts: dict[str, str] = {}
        self._rows: list[tuple[str, Row]] = []
        self._people()
        for name, special in CASES.items():
            self._case(name, **special)
        for name, special in TOKENS.items():
            self._token(name, **special)
        self._own_work()
        self._specialists()
        self._calibrations()
        self._privacy()
        self._feedback()
        self._add(
            "idempotency_key", actor_id=key("person", "lead"), key="repeated", status=201,
            request_hash=sha256(b"POST /people/vendors\n" + REPEATED).hexdigest(),
            answer={"id": str(key("v1"))}, created_at=NOW,
        )  # fmt: skip

    async def store(self, db: Database) -> None:
        async with db.engine.begin() as connection:  # past the trail
            for table, row in self._rows:
                await connection.execute(insert(SQLModel.metadata.tables[table]), [row])

    def _add(self, table: str, **row: Any) -> None:
        self._rows.append((table, row))

    def _people(self) -> None:
        """Among others: a specialist who was an agent, an agent whom a specialist leads, one who left."""
        people: dict[str, dict[str, Any]] = {
            "moonlighter": {"role": Role.SPECIALIST}, "mara": {"role": Role.SPECIALIST},
            "led": {"role": Role.AGENT, "lead_id": key("person", "resolver")},
            "second-admin": {"role": Role.ADMIN},
            "second-lead": {"role": Role.LEAD}, "leaver": {"role": Role.ADMIN, "is_active": False},
        }  # fmt: skip
        for name, more in people.items():
            row = {"id": key("person", name), "name": name, "is_active": True, "created_at": T0} | more
            self._add("person", **row)
        for subject in ("mara@id", LONG_SUBJECT):
            self._add(
                "login", issuer="https://id.example.com/realms/quality", subject=subject,
                person_id=key("person", "mara"), created_at=T0,
            )  # fmt: skip

    def _case(
        self,
        name: str,
        *,
        agent: str = "own-t1-a1",
        state: str = "",
        filed_by: str = "",
        resolver: str = "",
        outcome: str = "",
        **review: Any,
    ) -> None:
        who = self.everyone.people.get(agent)
        of_agent = who.name if who and who.role is Role.AGENT else "own-t1-a1"
        of: Row = {
            "ticket_id": key("ticket", of_agent, "audited"),
            "agent_id": key("person", agent), "vendor_id": who.vendor_id if who else None,
        }  # fmt: skip
        review_id, appeal_id = key("review of", name), key("appeal of", name)
        self._audit(name, of, "reviewed")
        values: Row = {
            "id": review_id, "audit_id": key("audit of", name), "number": 1, "answers": ANSWERS,
            "sections": [], "scorecard_version_id": key("card", 1), "score": Decimal(80),
            "auto_failed": False, "released_at": YESTERDAY,
        }  # fmt: skip
        self._add("review", **of | values | review | {"signed_id": review_id})
        reviewer = key("person", "reviewer")
        self._add("review_author", ticket_id=of["ticket_id"], review_id=review_id, reviewer_id=reviewer)
        if not state:
            return
        self._add(
            "appeal", **of, id=appeal_id, review_id=review_id, filed_by=key("person", filed_by or agent),
            reason="other", points=POINTS, state=state, filed_at=YESTERDAY, due_at=NOW + timedelta(days=5),
            resolver_id=key("person", resolver) if resolver else None,
        )  # fmt: skip
        if outcome:
            self._add(
                "ruling", ticket_id=of["ticket_id"], appeal_id=appeal_id, outcome=outcome, text="x",
                ruled_by=key("person", resolver), ruled_at=NOW, reason="reviewer_error", changes=[],
            )  # fmt: skip

    def _audit(self, name: str, of: Row, state: str, drawn_at: datetime = T0) -> None:
        self._add(
            "audit", **of, id=key("audit of", name), plan_id=key("plan"), drawn_at=drawn_at, state=state,
            scorecard_version_id=key("card", 1), probability=Decimal("0.5"), draw=name,
        )  # fmt: skip

    def _own_work(self) -> None:
        """The audit that has waited longest is of a specialist's own work."""
        own: Row = {
            "ticket_id": key("ticket", "own-t1-a1", "audited"), "agent_id": key("person", "moonlighter"),
            "vendor_id": None,
        }  # fmt: skip
        self._audit("the moonlighter", own, "open", T0 - timedelta(days=1))

    def _specialists(self) -> None:
        """Some of whom may have no more, or not this: a German ticket that is hard to read."""
        profiles: dict[str, dict[str, Any]] = {
            "away": {"is_available": False}, "busy": {"open_at_once": 0}, "decliner": {"claims_a_day": 1},
            "foreign": {"languages": ["fr"]}, "met": {}, "worn": {}, "spared": {},
        }  # fmt: skip
        for name, profile in profiles.items():
            person_id = key("person", name)
            row = {"name": name, "role": Role.SPECIALIST, "is_active": True, "created_at": T0}
            self._add("person", id=person_id, **row)
            self._add("specialist_profile", **{"person_id": person_id, "is_available": True} | profile)
        self._add("distress_opt_out", person_id=key("person", "spared"), since_at=T0)
        met: list[tuple[str, str, int]] = [("met", "reviewed", 0)] * 3
        turns = [*met, ("decliner", "declined", 0), ("worn", "lapsed", 8), ("worn", "declined", 0)]
        ticket_id = key("ticket", "own-t1-a1", "audited")
        for number, (name, ending, weight) in enumerate(turns):
            self._add(
                "claim", ticket_id=ticket_id, id=key("turn", number), audit_id=key("audit of", "fresh"),
                specialist_id=key("person", name), agent_id=key("person", "own-t1-a1"), weight=weight,
                claimed_at=NOW, ended_at=NOW, ending=ending,
            )  # fmt: skip
        told = next(row for row in self.everyone.rows["ticket"] if row["id"] == ticket_id)
        hard = {"id": key("ticket", "hard"), "external_id": "hard", "language": "de", "tags": ["hard"]}
        self._add("ticket", **told | hard)
        of: Row = {"ticket_id": hard["id"], "agent_id": key("person", "own-t1-a2"), "vendor_id": None}
        self._audit("hard", of, "open", NOW)
        led: Row = {"ticket_id": ticket_id, "agent_id": key("person", "led"), "vendor_id": None}
        self._audit("led", led, "open", NOW)
        self._held(led)

    def _held(self, led: Row) -> None:
        """Reviews that wait for a look, or only for their time; one that somebody has looked at."""
        ticket = {"ticket_id": led["ticket_id"], "vendor_id": None}
        own: Row = ticket | {"agent_id": key("person", "own-t1-a1")}
        looked = {"checked_by": key("person", "idle"), "checked_at": NOW, "is_approved": True}
        special: dict[str, tuple[Row, dict[str, Any]]] = {
            "held": (own, {}),
            "held-of-led": (led, {}),
            "held-of-the-moonlighter": (ticket | {"agent_id": key("person", "moonlighter")}, {}),
            "timed": (own, {"needs_check": False, "author_id": key("person", "idle")}),
            "looked-at": (own, looked),
        }
        for name, (of, more) in special.items():
            self._audit(name, of, "submitted")
            row = {
                "ticket_id": of["ticket_id"], "audit_id": key("audit of", name), "needs_check": True,
                "author_id": key("person", "reviewer"), "answers": ANSWERS, "highlights": [],
                "submitted_at": NOW, "release_at": NOW + timedelta(days=1),
            }  # fmt: skip
            self._add("held_review", **row | more)

    def _calibrations(self) -> None:
        """Overdue before it was opened; and open, though the worker has not come since its deadline."""
        of = {
            "scorecard_version_id": key("card", 1), "standard": "consensus", "authors_may_rate": False,
            "created_by": key("person", "lead"), "created_at": T0, "due_at": YESTERDAY,
        }  # fmt: skip
        for name, state in (("overdue", "draft"), ("late", "open")):
            session = {"calibration_id": key("calibration", name)}
            self._add("calibration", id=key("calibration", name), title=name, state=state, **of)
            rater = key("person", "resolver")
            self._add("calibration_rater", **session, person_id=rater, counts_late=False)
            ticket = {"ticket_id": key("ticket", "own-t1-a1", "audited")}
            audit_id, sample = key("audit", "own-t1-a1", "open"), key("sample", name)
            self._add("calibration_sample", **session, **ticket, id=sample, audit_id=audit_id, number=1)
            self._add(
                "calibration_rating", **session, **ticket, sample_id=sample, rater_id=rater, answers=GIVEN,
                auto_failed=False, rated_at=T0, is_late=False,
            )  # fmt: skip

    def _token(self, name: str, **more: Any) -> None:
        prefix, text = service_tokens.make()
        self.texts[name] = text
        row = {
            "id": key("token of", name), "name": name, "prefix": prefix, "scopes": [],
            "secret_hash": service_tokens.hash_of(text), "owner_id": key("person", "admin"),
            "created_at": T0, "expires_at": NOW + timedelta(days=1),
        }  # fmt: skip
        self._add("service_token", **row | more)

    def _privacy(self) -> None:
        def requester(name: str, **more: Any) -> UUID:
            of = {"connection_id": key("connection"), "external_key": name}
            self._add("requester", id=key("requester", name), **of | more)
            return key("requester", name)

        requester("erased", erased_at=YESTERDAY)
        requester("living")
        decided = {"decided_by": key("person", "admin"), "decided_at": NOW}
        for name, state, more in (("asked", "requested", {}), ("refused", "refused", decided)):
            self._add(
                "erasure_request", id=key("erasure", name), requester_id=requester(name), state=state,
                reason="asked", requested_by=key("person", "lead"), requested_at=T0, scanned=0, proof={},
                **more,
            )  # fmt: skip

    def _feedback(self) -> None:
        connection_id = key("connection", "api")
        self._add(
            "connection", id=connection_id, key="api", name="api", platform="zendesk", account_id="1",
            is_test=False, revision=0, is_paused=False, settings={}, raw_kept_days=30, created_at=T0,
            resolution_basis="history", api={"base_url": "https://a.zendesk.com", "user": "a@b.c"},
        )  # fmt: skip
        self._add(
            "pull", id=key("pull", "running"), connection_id=connection_id, kind="backfill",
            state="running", since_at=T0, until_at=T0, stage="tickets", step=0, failures=0, pages=0, rows=0,
            refused_rows=0, changed_tickets=0, created_at=T0, stepped_at=T0,
        )  # fmt: skip
