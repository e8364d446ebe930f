"""The probes of guards in calibration, in second looks at reviews and in sampling runs: who asks for what,
and what has to come of it."""

from typing import Any
from uuid import UUID

from guard_work_probes import Probe
from population import GIVEN, key

AGENT, REVIEWER = key("person", "own-t1-a1"), key("person", "reviewer")


def prepares(who: str, expects: str, *, version: int = 1, due_at: str = "2036-01-01T00:00:00Z") -> Probe:
    new = {
        "title": "T", "scorecard_version_id": str(key("card", version)), "due_at": due_at,
        "audit_ids": [str(key("audit", "v1-t1-a1", "open"))],
        "rater_ids": [str(key("person", name)) for name in ("resolver", "idle")],
    }  # fmt: skip
    return Probe(who, "POST /audit/calibrations", expects, new)


def leads(verb: str, name: str, expects: str) -> Probe:
    body: Any = None
    if verb == "agreed":
        body = {"sample_id": str(key("sample", name)), "answers": GIVEN}
    if verb == "cancel":
        body = {"reason": "Another time."}
    return Probe("lead", f"POST /audit/calibrations/{key('calibration', name)}/{verb}", expects, body)


def rates(who: str, name: str, expects: str) -> Probe:
    body = {"sample_id": str(key("sample", name)), "answers": GIVEN}
    return Probe(who, f"POST /audit/calibrations/{key('calibration', name)}/ratings", expects, body)


def _seen(told: Any) -> list[tuple[bool, bool]]:
    return [(one["audit_id"] is not None, one["is_rated"]) for one in told["samples"]]


def sees(who: str, whose_work: bool, is_rated: bool, name: str = "open") -> Probe:
    expects = f"200 read evidence.read {[(whose_work, is_rated)]}"
    return Probe(who, f"GET /audit/calibrations/{key('calibration', name)}", expects, shown=_seen)


def computes(name: str, expects: str) -> Probe:
    return Probe("lead", f"GET /audit/calibrations/{key('calibration', name)}/agreement", expects)


def draws(who: str, expects: str, *, of: str = "new", version: int = 1, path: str = "") -> Probe:
    until = "2026-03-02T09:00:00Z" if of == "all" else "2026-03-03T09:00:00Z"
    new: dict[str, Any] = {
        "connection_id": str(key("connection")), "seed": "s", "design": {"kind": "share", "share": 0.5},
        "from_at": "2026-02-23T09:00:00Z", "to_at": until,
    }  # fmt: skip
    named = {"key": f"weekly-{of}", "scorecard_version_id": str(key("card", version))}
    return Probe(who, f"POST /audit/sampling-runs{path}", expects, new if path else new | named)


def inputs(name: str, expects: str) -> Probe:
    return Probe("lead", f"GET /audit/sampling-runs/{key('run', name)}/inputs", expects)


def asks(who: str, review: UUID, expects: str, checker: UUID | None = None) -> Probe:
    new = {"review_id": str(review), "checker_id": str(checker) if checker else None}
    return Probe(who, "POST /audit/review-checks", expects, new)


def answers(who: str, name: str, expects: str) -> Probe:
    return Probe(who, f"POST /audit/review-checks/{key('check', name)}/answers", expects, {"answers": GIVEN})


def looks(who: str, expects: str) -> Probe:
    path = f"GET /audit/review-checks/{key('check', 'asked')}"
    return Probe(who, path, expects, shown=lambda told: told["review_id"] is not None)


def profile(who: str, of: str, expects: str) -> Probe:
    return Probe(who, f"GET /audit/specialists/{key('person', of)}/alignment", expects)


DETAIL = [
    sees("resolver", False, True),
    sees("reviewer", False, False),
    sees("reviewer", True, False, "closed"),
    sees("lead", True, False),
]
LOOKING = [looks("idle", "200 read evidence.read False"), looks("lead", "200 read evidence.read True")]
CALIBRATION = {
    "calibration.service:prepare": [
        prepares("lead", "201"),
        prepares("v1-lead", "403 forbidden"),
        prepares("lead", "409 scorecard-not-published", version=2),
        prepares("lead", "409 deadline-passed", due_at="2026-01-01T00:00:00Z"),
    ],
    "calibration.service:open_calibration": [
        leads("open", "draft", "200"),
        leads("open", "open", "409 illegal-move"),
        leads("open", "overdue", "409 deadline-passed"),
    ],
    "calibration.service:rate": [
        rates("resolver", "open", "201"),
        rates("reviewer", "discussing", "201"),
        rates("lead", "open", "403 not-a-rater"),
        rates("resolver", "late", "409 rating-final"),
        rates("reviewer", "cancelled", "409 calibration-not-open"),
    ],
    "calibration.service:_discussed": [
        leads("agreed", "discussing", "200 read evidence.read"),
        leads("agreed", "open", "409 calibration-not-open"),
    ],
    "calibration.service:close": [
        leads("close", "discussing", "200"), leads("close", "closed", "409 illegal-move"),
    ],
    "calibration.service:cancel": [
        leads("cancel", "open", "200"), leads("cancel", "closed", "409 illegal-move"),
    ],
    "calibration.service:shown": DETAIL,
    "calibration.queries:find_evidence": DETAIL,
    "calibration.service:agreement": [
        computes("closed", "200"), computes("open", "409 calibration-blind"),
    ],
    "runs.service:_within_company": [
        draws("lead", "200", path="/outlook"), draws("v1-lead", "403 forbidden", path="/outlook"),
    ],
    "runs.service:ask": [
        draws("lead", "202"),
        draws("lead", "409 sampling-run-exists", of="all"),
        draws("lead", "409 scorecard-not-published", version=2),
    ],
    "runs.service:inputs": [inputs("all", "200"), inputs("waiting", "409 not-drawn")],
    "checks.queries:find_evidence": LOOKING,
    "checks.service:in_short": LOOKING,
    "checks.service:ask": [
        asks("lead", key("review", "v1-t1-a1"), "201 read evidence.read"),
        asks("v1-lead", key("review", "v1-t1-a1"), "403 forbidden"),
        asks("lead", key("review of", "replaced"), "409 review-superseded"),
        asks("lead", key("review", "own-t1-a1"), "409 check-exists"),
        asks("lead", key("review", "own-t1-a1"), "403 own-work", REVIEWER),
        asks("lead", key("review", "own-t1-a1"), "403 own-work", AGENT),
    ],
    "checks.service:submit": [
        answers("idle", "asked", "200"),
        answers("lead", "asked", "403 not-a-rater"),
        answers("lead", "done", "409 check-done"),
    ],
    "checks.service:alignment": [
        profile("reviewer", "reviewer", "200"),
        profile("reviewer", "idle", "403 forbidden"),
        profile("lead", "reviewer", "200"),
    ],
}  # fmt: skip
