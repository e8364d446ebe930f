"""Which rows a person may see, from the matrix alone and in plain Python. Written down once more on purpose:
it shares no line with what makes the policies.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from population import FLOOR, Population, Row, Who

from shared.permissions import PERMISSIONS, Relation


class Oracle:
    def __init__(self, everyone: Population) -> None:
        self._all = everyone
        self._by: dict[str, dict[UUID, list[Row]]] = {}

    def visible(self, who: Who, table: str) -> list[Row]:
        """The rows of the table that this person may see."""
        rule: Callable[[Who, Row], bool] = getattr(self, f"_{table}")
        return [row for row in self._all.rows[table] if rule(who, row)]

    def team_of(self, who: Who) -> set[UUID]:
        return {one.id for one in self._all.people.values() if who.id in (one.lead_id, one.id)}

    def _related(self, who: Who, action: str, agent: UUID | None, vendor: UUID | None) -> bool:
        relation = PERMISSIONS[action].get(who.role)
        if relation is Relation.ALL:
            return who.vendor_id is None or vendor == who.vendor_id
        if relation is Relation.VENDOR:
            return vendor is not None and vendor == who.vendor_id
        if relation is Relation.TEAM:
            return agent in self.team_of(who)
        return relation is Relation.OWN and agent == who.id

    def _find(self, table: str, column: str, value: UUID) -> list[Row]:
        return [row for row in self._all.rows[table] if row[column] == value]

    def _may(self, who: Who, action: str) -> bool:
        return who.role in PERMISSIONS[action]

    # people
    def _vendor(self, who: Who, row: Row) -> bool:
        return self._related(who, "vendors.read", None, row["id"])

    def _schedule(self, who: Who, _: Row) -> bool:
        return self._may(who, "people.create")

    def _person(self, who: Who, row: Row) -> bool:
        return self._related(who, "people.read", row["id"], row["vendor_id"])

    # feedback
    def _connection(self, who: Who, _: Row) -> bool:
        return self._may(who, "connections.read")

    def _held(self, who: Who, row: Row) -> bool:
        """What is held about a person: their own, or for leads."""
        relation = PERMISSIONS["people.export"].get(who.role)
        if relation is None:
            return False
        if relation is Relation.MINE:
            return bool(row["person_id"] == who.id)
        return who.vendor_id is None or any(
            self._person(who, one) for one in self._find("person", "id", row["person_id"])
        )

    _login = _reporting_login = _notice_reading = _held

    def _help_desk_agent(self, who: Who, row: Row) -> bool:
        return self._held(who, {"person_id": row["id"]})

    def _notice(self, who: Who, row: Row) -> bool:
        is_theirs = row["vendor_id"] in (None, who.vendor_id)
        seen = is_theirs or (who.vendor_id is None and who.role not in FLOOR)
        return self._may(who, "notices.read") and seen

    def _trail_link(self, who: Who, _: Row) -> bool:
        return self._may(who, "trail.export") and who.vendor_id is None

    def _service_token(self, who: Who, row: Row) -> bool:
        return self._related(who, "service_tokens.read", None, row["vendor_id"])

    _pull = _refetch = _inbox = _delivery = _connection

    def _event(self, who: Who, row: Row) -> bool:
        """Who has rated, and when, is nobody's to know."""
        hidden = row["type"] in ("CalibrationRated", "RaterReminded")
        return self._may(who, "dead_letters.read") and not hidden

    def _requester(self, who: Who, _: Row) -> bool:
        """Of those who work for the company itself."""
        return self._may(who, "requesters.find") and who.vendor_id is None

    _original_text = _erasure_request = _legal_hold = _requester

    def _retention(self, who: Who, _: Row) -> bool:
        return self._may(who, "retention.read")

    def _ticket(self, who: Who, row: Row) -> bool:
        return self._related(who, "tickets.read", row["assignee_id"], row["vendor_id"])

    def _of_ticket(self, who: Who, row: Row) -> bool:
        return any(self._ticket(who, one) for one in self._find("ticket", "id", row["ticket_id"]))

    _ticket_event = _rating = _of_ticket

    def _ticket_fact(self, who: Who, row: Row) -> bool:
        return self._related(who, "metrics.read", row["agent_id"], row["vendor_id"])

    def _words(self, who: Who, action: str, row: Row, audits: Iterable[Row]) -> bool:
        relation = PERMISSIONS[action].get(who.role)
        if relation is None:
            return False
        if relation is Relation.ALL and who.vendor_id is None:
            return True
        if relation is Relation.MINE:
            mine = [
                one
                for one in self._find("assignment", "ticket_id", row["ticket_id"])
                if one["specialist_id"] == who.id and row.get("audit_id") in (None, one["audit_id"])
            ]
            ruled = [
                one
                for one in self._find("appeal", "ticket_id", row["ticket_id"])
                if one["resolver_id"] == who.id and self._appeal(who, one)
            ]
            return bool(mine and any(self._audit(who, one) for one in audits)) or bool(ruled)
        return any(self._audit(who, one) for one in audits)

    def _message(self, who: Who, row: Row) -> bool:
        return self._words(who, "messages.read", row, self._find("audit", "ticket_id", row["ticket_id"]))

    # audit
    def _scorecard(self, who: Who, _: Row) -> bool:
        return True

    def _scorecard_version(self, who: Who, row: Row) -> bool:
        return row["state"] == "published" or who.role not in FLOOR

    def _sampling_plan(self, who: Who, _: Row) -> bool:
        return self._may(who, "plans.read")

    def _claim_policy(self, who: Who, _: Row) -> bool:
        return self._may(who, "claim_policy.read")

    def _specialist_profile(self, who: Who, row: Row) -> bool:
        if PERMISSIONS["specialist_profiles.read"].get(who.role) is Relation.MINE:
            return bool(row["person_id"] == who.id)
        people = self._find("person", "id", row["person_id"])
        seen = who.vendor_id is None or any(self._person(who, one) for one in people)
        return self._may(who, "specialist_profiles.read") and seen

    _distress_opt_out = _specialist_profile

    def _claim(self, who: Who, row: Row) -> bool:
        if PERMISSIONS["specialist_profiles.read"].get(who.role) is Relation.MINE:
            return bool(row["specialist_id"] == who.id)
        audits = self._find("audit", "id", row["audit_id"])
        return self._may(who, "specialist_profiles.read") and any(self._audit(who, one) for one in audits)

    def _sampling_run(self, who: Who, row: Row) -> bool:
        return self._related(who, "sampling_runs.read", None, row["vendor_id"])

    def _audit(self, who: Who, row: Row) -> bool:
        seen = self._related(who, "audits.read", row["agent_id"], row["vendor_id"])
        return seen and (row["state"] == "reviewed" or who.role not in FLOOR)

    def _assignment(self, who: Who, row: Row) -> bool:
        audits = self._find("audit", "id", row["audit_id"])
        return self._may(who, "reviewers.read") and any(self._audit(who, one) for one in audits)

    def _review_draft(self, who: Who, row: Row) -> bool:
        claims = self._find("assignment", "audit_id", row["audit_id"])
        mine = any(one["specialist_id"] == who.id for one in claims)
        return self._may(who, "reviews.submit") and mine

    def _held_review(self, who: Who, row: Row) -> bool:
        seen = any(self._audit(who, one) for one in self._find("audit", "id", row["audit_id"]))
        if PERMISSIONS["held_reviews.read"].get(who.role) is not Relation.MINE:
            return self._may(who, "held_reviews.read") and seen
        return seen and (who.id in {row["author_id"], row["checked_by"]} or self._waits(row))

    def _waits(self, row: Row) -> bool:
        return bool(row["needs_check"] and row["checked_at"] is None)

    def _evidence(self, who: Who, row: Row) -> bool:
        if PERMISSIONS["evidence.read"].get(who.role) is Relation.MINE and self._to_judge(who, row):
            return True
        return self._words(who, "evidence.read", row, self._find("audit", "id", row["audit_id"]))

    def _review(self, who: Who, row: Row) -> bool:
        return self._related(who, "reviews.read", row["agent_id"], row["vendor_id"])

    def _review_author(self, who: Who, row: Row) -> bool:
        reviews = self._find("review", "id", row["review_id"])
        return self._may(who, "reviewers.read") and any(self._review(who, one) for one in reviews)

    # calibration
    def _leads(self, who: Who, action: str) -> bool:
        return PERMISSIONS[action].get(who.role) is Relation.ALL and who.vendor_id is None

    def _rates(self, who: Who, calibration_id: UUID) -> bool:
        raters = self._find("calibration_rater", "calibration_id", calibration_id)
        return any(one["person_id"] == who.id for one in raters)

    def _revealed(self, who: Who, calibration_id: UUID) -> bool:
        """Once it is closed; while it is discussed, to whoever has nothing left to rate."""
        (session,) = self._find("calibration", "id", calibration_id)
        samples = {one["id"] for one in self._find("calibration_sample", "calibration_id", calibration_id)}
        ratings = self._find("calibration_rating", "calibration_id", calibration_id)
        mine = {one["sample_id"] for one in ratings if one["rater_id"] == who.id}
        left = samples - mine if self._rates(who, calibration_id) else set()
        return session["state"] == "closed" or (session["state"] == "discussing" and not left)

    def _calibration(self, who: Who, row: Row) -> bool:
        if not self._may(who, "calibrations.read"):
            return False
        is_theirs = row["state"] != "draft" and self._rates(who, row["id"])
        return self._leads(who, "calibrations.read") or is_theirs

    def _of_calibration(self, who: Who, row: Row) -> bool:
        return any(
            self._calibration(who, one) for one in self._find("calibration", "id", row["calibration_id"])
        )

    _calibration_sample = _of_calibration

    def _calibration_rater(self, who: Who, row: Row) -> bool:
        if not self._may(who, "calibrations.read") or self._leads(who, "calibrations.read"):
            return self._may(who, "calibrations.read")
        session = row["calibration_id"]
        return row["person_id"] == who.id or (self._rates(who, session) and self._revealed(who, session))

    def _calibration_rating(self, who: Who, row: Row) -> bool:
        shown = row["rater_id"] == who.id or self._revealed(who, row["calibration_id"])
        return shown and self._of_calibration(who, row)

    def _review_check(self, who: Who, row: Row) -> bool:
        if not self._may(who, "checks.read") or self._leads(who, "checks.read"):
            return self._may(who, "checks.read")
        is_mine = PERMISSIONS["checks.read"][who.role] is Relation.MINE and row["reviewer_id"] == who.id
        return row["checker_id"] == who.id or (is_mine and row["checked_at"] is not None)

    def _to_judge(self, who: Who, row: Row) -> bool:
        """Evidence of what they are asked to rate or to check."""
        samples = self._find("calibration_sample", "audit_id", row["audit_id"])
        for one in samples:
            (session,) = self._find("calibration", "id", one["calibration_id"])
            if session["state"] in ("open", "discussing") and self._rates(who, session["id"]):
                return True
        held = self._find("held_review", "audit_id", row["audit_id"])
        if any(self._waits(one) and self._held_review(who, one) for one in held):
            return True
        reviews = {one["id"] for one in self._find("review", "audit_id", row["audit_id"])}
        checks = self._find("review_check", "checker_id", who.id)
        return any(one["review_id"] in reviews and one["checked_at"] is None for one in checks)

    # appeals
    def _appeal(self, who: Who, row: Row) -> bool:
        return self._related(who, "appeals.read", row["agent_id"], row["vendor_id"])

    def _ruling(self, who: Who, row: Row) -> bool:
        return any(self._appeal(who, one) for one in self._find("appeal", "id", row["appeal_id"]))

    # shared
    def _state_change(self, who: Who, row: Row) -> bool:
        if row["subject"] == "appeal":
            appeals = self._find("appeal", "id", row["subject_id"])
            return (self._may(who, "audits.claim") or self._may(who, "appeals.file")) and any(
                self._appeal(who, one) for one in appeals
            )
        if row["subject"] == "calibration":
            sessions = self._find("calibration", "id", row["subject_id"])
            return self._may(who, "audits.claim") and any(self._calibration(who, one) for one in sessions)
        audits = self._find("audit", "id", row["subject_id"])
        return self._may(who, "audits.claim") and any(self._audit(who, one) for one in audits)

    def _trail_entry(self, who: Who, row: Row) -> bool:
        if PERMISSIONS["trail.read"][who.role] is Relation.MINE:
            return bool(row["actor_id"] == who.id)
        people = self._find("person", "id", row["actor_id"])
        return who.vendor_id is None or any(self._person(who, one) for one in people)

    def _trail_waiting(self, who: Who, row: Row) -> bool:
        return False

    def _idempotency_key(self, who: Who, row: Row) -> bool:
        return bool(row["actor_id"] == who.id)
