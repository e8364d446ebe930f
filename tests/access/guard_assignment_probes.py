"""The probes of guards in who gets which sample: who asks for what, and what has to come of it."""

from typing import Any
from uuid import UUID

from guard_population import ANSWERS
from guard_work_probes import OWN_WORK, Probe, audit, claims, releases
from population import key

HARD = key("audit of", "hard")
TAKEN = "200 read evidence.read"


def leaves(who: str, verb: str, state: str, expects: str) -> Probe:
    body: Any = {"code": "technical"} if verb == "skip" else None
    return Probe(who, f"POST /audit/audits/{audit(state)}/{verb}", expects, body)


def changes_policy(who: str, expects: str) -> Probe:
    return Probe(who, "PATCH /audit/claim-policy", expects, {"pair_limit": 9})


def reads_profile(who: str, whose: str, expects: str) -> Probe:
    return Probe(who, f"GET /audit/specialists/{_person(whose)}/profile", expects)


def picks(version: int, expects: str) -> Probe:
    new = {
        "ticket_id": str(key("ticket", "own-t1-a1", "audited")), "reason": "To learn from.",
        "scorecard_version_id": str(key("card", version)),
    }  # fmt: skip
    return Probe("idle", "POST /audit/audits", expects, new)


def _person(name: str) -> UUID:
    return key("person", name)


READY = [
    claims("away", audit("open"), "409 not-available"),
    claims("busy", audit("open"), "409 at-capacity"),
    claims("idle", audit("open"), TAKEN),
]
FITS = [
    claims("idle", HARD, "200"),
    claims("met", audit("open"), "409 pair-limit"),
    claims("met", HARD, "200"),
    claims("resolver", key("audit of", "led"), "403 own-team"),
    claims("idle", key("audit of", "led"), "200"),
    claims("foreign", HARD, "409 specialist-unfit"),
    claims("worn", HARD, "409 exposure-used"),
    claims("spared", HARD, "409 passed-on"),
]


def looks(who: str, verb: str, name: str, expects: str) -> Probe:
    body: Any = {"reason": "Read it again."} if verb == "return" else None
    return Probe(who, f"POST /audit/held-reviews/{key('audit of', name)}/{verb}", expects, body)


def hands_in(who: str, state: str, expects: str) -> Probe:
    return Probe(who, f"POST /audit/audits/{audit(state)}/submission", expects, {"answers": ANSWERS})


BARRED = [
    looks("idle", "approve", "held", "200"),
    looks("reviewer", "approve", "held", "403 check-barred"),
    looks("resolver", "approve", "held-of-led", "403 check-barred"),
    looks("moonlighter", "approve", "held-of-the-moonlighter", "403 check-barred"),
]
ASSIGNMENT = {
    "releases.rules:bar_to_check": BARRED,
    "releases.service:approve": [*BARRED, looks("idle", "approve", "timed", "409 nothing-to-check")],
    "releases.service:give_back": [
        looks("idle", "return", "held", "200"),
        looks("reviewer", "return", "held", "200"),
        looks("resolver", "return", "held-of-led", "403 check-barred"),
    ],
    "releases.service:_lock_unchecked": [looks("idle", "approve", "looked-at", "409 already-checked")],
    "picks.service:pick": [picks(1, "202"), picks(2, "409 scorecard-not-published")],
    "assignment.queries:get_standing": [claims("decliner", audit("open"), TAKEN)],
    "assignment.service:claim_audit": [*OWN_WORK, *FITS],
    "assignment.service:_ready": READY,
    "assignment.service:release_audit": [
        releases("reviewer", "claimed", "200"),
        releases("lead", "claimed", "200"),
        releases("idle", "claimed", "403 not-your-audit"),
        releases("lead", "open", "409 illegal-move"),
    ],
    "assignment.service:change_policy": [
        changes_policy("lead", "200"),
        changes_policy("v1-lead", "403 forbidden"),
    ],
    "assignment.service:get_profile": [
        reads_profile("idle", "idle", "200"),
        reads_profile("lead", "idle", "200"),
        reads_profile("idle", "reviewer", "403 forbidden"),
    ],
}
