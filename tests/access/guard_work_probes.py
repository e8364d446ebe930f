"""The probes of guards where the work is done: appeals, audits, what help desks send. Who asks for what, and
what has to come of it.

An answer is written as its status, which problem it is, and what the trail says was read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guard_population import ANSWERS, POINTS
from population import key

NOTHING = None


@dataclass(frozen=True)
class Probe:
    who: str
    """Somebody of the population, or a caller of `guard_callers.py`."""
    call: str
    expects: str
    body: Any = NOTHING
    past: bool = False
    """With row security out of the way: what would the service answer alone?"""
    shown: Callable[[Any], Any] | None = None
    """What of the answer is part of what is expected."""


# ---- Appeals ----------------------------------------------------------------------------------------


def appeal(name: str) -> UUID:
    """Of a case; of an agent of the population: decided."""
    return key("appeal", name) if "-a" in name and name[-1].isdigit() else key("appeal of", name)


def files(who: str, case: str, expects: str, *, past: bool = False) -> Probe:
    new = {"review_id": str(key("review of", case)), "reason": "other", "points": POINTS}
    return Probe(who, "POST /appeals", expects, new, past)


def takes(who: str, name: str, expects: str) -> Probe:
    return Probe(who, f"POST /appeals/{appeal(name)}/take", expects)


def gives_back(who: str, name: str, expects: str) -> Probe:
    return Probe(who, f"POST /appeals/{appeal(name)}/release", expects, {"reason": "No time."})


def rules(who: str, name: str, expects: str) -> Probe:
    upheld = {"outcome": "upheld", "reason": "exception", "text": "x", "changes": []}
    return Probe(who, f"POST /appeals/{appeal(name)}/ruling", expects, upheld)


def withdraws(who: str, name: str, expects: str, *, past: bool = False) -> Probe:
    return Probe(who, f"POST /appeals/{appeal(name)}/withdraw", expects, {"reason": "Settled."}, past)


FILING = [
    files("own-t1-a1", "fresh", "201"),
    files("own-t1-lead", "fresh", "201"),
    files("own-t1-a2", "fresh", "404 not-found"),
    files("own-t1-a2", "fresh", "403 not-yours", past=True),
    files("v1-t1-lead", "fresh", "403 not-yours", past=True),
    files("own-t1-a1", "late", "409 appeal-window-closed"),
    files("own-t1-a1", "replaced", "409 review-not-current"),
    files("own-t1-a1", "void", "409 review-not-current"),
    files("own-t1-a1", "being-replaced", "409 review-not-current"),
    files("own-t1-a1", "open", "409 appeal-exists"),
]
FOUR_EYES = [
    takes("resolver", "open", "200"),
    takes("resolver", "of-the-vendor", "200"),
    takes("reviewer", "open", "403 four-eyes"),
    takes("moonlighter", "of-the-resolver", "403 four-eyes"),
    takes("moonlighter", "filed-by-the-resolver", "403 four-eyes"),
    takes("resolver", "led-by-the-resolver", "403 four-eyes"),
    takes("v1-specialist", "of-the-vendor", "403 four-eyes"),
    rules("reviewer", "became-a-party", "403 four-eyes"),
]
APPEALS = {
    "rules:may_file": FILING,
    "rules:bar_to_ruling": FOUR_EYES,
    "service:_refuse_party": FOUR_EYES,
    "service:file_appeal": FILING,
    "service:take_appeal": [takes("resolver", "own-t1-a1", "409 illegal-move")],
    "service:release_appeal": [
        gives_back("resolver", "taken", "200"),
        gives_back("lead", "taken", "200"),
        gives_back("idle", "taken", "403 not-yours"),
        gives_back("resolver", "open", "409 illegal-move"),
    ],
    "service:rule_on_appeal": [
        rules("resolver", "taken", "200"),
        rules("idle", "taken", "403 four-eyes"),
        rules("resolver", "own-t1-a1", "409 appeal-already-decided"),
        rules("resolver", "open", "409 illegal-move"),
        rules("resolver", "taken-and-replaced", "409 review-not-current"),
    ],
    "service:withdraw_appeal": [
        withdraws("own-t1-a1", "open", "200"),
        withdraws("own-t1-a1", "by-lead", "200"),
        withdraws("own-t1-lead", "by-lead", "200"),
        withdraws("own-t1-lead", "open", "403 not-yours"),
        withdraws("own-t1-a2", "open", "404 not-found"),
        withdraws("own-t1-a2", "open", "403 not-yours", past=True),
        withdraws("own-t1-a1", "own-t1-a1", "409 illegal-move"),
    ],
}

# ---- Audits -----------------------------------------------------------------------------------------


def audit(state: str) -> UUID:
    return key("audit", "own-t1-a1", state)


def claims(who: str, audit_id: UUID, expects: str) -> Probe:
    return Probe(who, f"POST /audit/audits/{audit_id}/claim", expects)


def releases(who: str, state: str, expects: str) -> Probe:
    return Probe(who, f"POST /audit/audits/{audit(state)}/release", expects, {"reason": "No time."})


def reviews(who: str, state: str, expects: str) -> Probe:
    return Probe(who, f"POST /audit/audits/{audit(state)}/reviews", expects, {"answers": ANSWERS})


def saves(who: str, state: str, number: int, expects: str) -> Probe:
    return Probe(who, f"PUT /audit/audits/{audit(state)}/draft", expects, {"answers": [], "number": number})


def acknowledges(who: str, case: str, expects: str) -> Probe:
    return Probe(who, f"POST /audit/reviews/{key('review of', case)}/acknowledge", expects)


def revises(who: str, case: str, expects: str) -> Probe:
    new = {"answers": ANSWERS, "reason": "Read again."}
    return Probe(who, f"POST /audit/reviews/{key('review of', case)}/revise", expects, new)


def voids(who: str, case: str, expects: str) -> Probe:
    why = {"reason": "The wrong ticket."}
    return Probe(who, f"POST /audit/reviews/{key('review of', case)}/void", expects, why)


def tells(who: str, case: str, expects: str) -> Probe:
    path = f"POST /audit/reviews/{key('review of', case)}/acknowledge-for"
    return Probe(who, path, expects, {"proof": "On the phone."})


def reassigns(who: str, case: str, expects: str, agent: str = "own-t1-a2") -> Probe:
    new = {"agent_id": str(key("person", agent)), "reason": "The other one wrote it."}
    return Probe(who, f"POST /audit/reviews/{key('review of', case)}/reassign", expects, new)


def plans(version: int, expects: str) -> Probe:
    new = {
        "key": "new", "connection_id": str(key("connection")), "rate": 0.5, "seed": "s",
        "scorecard_version_id": str(key("card", version)),
    }  # fmt: skip
    return Probe("lead", "POST /audit/plans", expects, new)


def changes_form(who: str, version: int, expects: str) -> Probe:
    criterion = {"id": "a", "title": "A", "scale": {"kind": "binary"}}
    card = {"sections": [{"id": "s", "title": "S", "criteria": [criterion]}]}
    return Probe(who, f"PUT /audit/scorecard-versions/{key('card', version)}", expects, {"card": card})


def publishes(version: int, expects: str) -> Probe:
    return Probe("lead", f"POST /audit/scorecard-versions/{key('card', version)}/publish", expects)


OWN_WORK = [
    claims("idle", audit("open"), "200 read evidence.read"),
    claims("idle", audit("claimed"), "409 audit-already-claimed"),
    claims("moonlighter", key("audit of", "the moonlighter"), "403 own-work"),
    Probe("moonlighter", "POST /audit/audits/claim-next", "200 read evidence.read"),
]
AUDIT = {
    "reviews.rules:may_review": [
        voids("lead", "fresh", "201"),
        voids("second-lead", "of-another-lead", "403 own-work"),
    ],
    "reviews.queries:find_evidence": [
        Probe("reviewer", f"GET /audit/audits/{audit('claimed')}", "200 read evidence.read"),
        Probe("idle", f"GET /audit/audits/{audit('claimed')}", "200"),
    ],
    "reviews.service:_check_number": [
        saves("reviewer", "claimed", 1, "200"),
        saves("reviewer", "claimed", 0, "409 draft-moved"),
    ],
    "reviews.service:lock_mine": [
        saves("idle", "claimed", 1, "403 not-your-audit"),
        reviews("reviewer", "claimed", "201"),
        reviews("idle", "claimed", "403 not-your-audit"),
        reviews("idle", "open", "409 illegal-move"),
    ],
    "reviews.service:acknowledge_review": [
        acknowledges("own-t1-a1", "fresh", "200"),
        acknowledges("own-t1-lead", "fresh", "403 forbidden"),
        acknowledges("own-t1-a1", "replaced", "409 review-superseded"),
    ],
    "reviews.service:acknowledge_for": [
        tells("own-t1-lead", "fresh", "200"),
        tells("own-t1-lead", "replaced", "409 review-superseded"),
        tells("own-t1-lead", "of-the-team-lead", "403 forbidden"),
    ],
    "reviews.service:reassign_review": [
        reassigns("lead", "fresh", "201"),
        reassigns("lead", "fresh", "403 own-work", agent="lead"),
    ],
    "reviews.service:revise_review": [
        revises("reviewer", "fresh", "201"),
        revises("lead", "fresh", "201"),
        revises("idle", "fresh", "403 not-your-review"),
    ],
    "reviews.service:_lock_standing": [
        voids("lead", "fresh", "201"),
        voids("lead", "replaced", "409 review-superseded"),
        voids("lead", "void", "409 illegal-move"),
        voids("lead", "open", "409 review-appealed"),
        voids("lead", "being-replaced", "409 review-appealed"),
        voids("lead", "of-another-lead", "201"),
        voids("second-lead", "of-another-lead", "403 own-work"),
    ],
    "sampling.service:plan_sampling": [plans(1, "201"), plans(2, "409 scorecard-not-published")],
    "scorecards.service:change_draft": [
        changes_form("lead", 2, "200"),
        changes_form("lead", 1, "409 scorecard-published"),
        changes_form("lead:stale", 2, "412 precondition-failed"),
    ],
    "scorecards.service:publish": [publishes(2, "200"), publishes(1, "409 scorecard-published")],
}

# ---- Feedback ---------------------------------------------------------------------------------------

WHY = {"purpose": "A complaint"}
TICKET = key("ticket", "v1-t1-a1", "audited")


def decides(who: str, name: str, verb: str, expects: str) -> Probe:
    erasure = key("erasure", name) if name else key("erasure")
    return Probe(
        who,
        f"POST /feedback/erasures/{erasure}/{verb}",
        expects,
        {"reason": "x"} if verb == "refuse" else NOTHING,
    )


def opens(name: str, verb: str, expects: str) -> Probe:
    return Probe("lead", f"POST /feedback/requesters/{key('requester', name)}/{verb}", expects, WHY)


def asks_to_forget(name: str, expects: str) -> Probe:
    call = f"POST /feedback/requesters/{key('requester', name)}/erase"
    return Probe("lead", call, expects, {"reason": "They asked for it."})


def reads_back(connection: UUID, expects: str) -> Probe:
    stretch = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}
    return Probe("admin", f"POST /feedback/connections/{connection}/backfills", expects, stretch)


OPENINGS = {
    "open_identity": opens("living", "identity", "200 read requesters.open"),
    "export_access": opens("living", "access-export", "200 read requesters.export"),
    "open_original": Probe(
        "lead", f"POST /feedback/tickets/{TICKET}/original", "200 read originals.open", WHY
    ),
    "find_requesters": Probe(
        "lead", "POST /feedback/requesters/find", "200 read requesters.find",
        WHY | {"ticket_id": str(TICKET)},
    ),
}  # fmt: skip
PRIVACY = {name: [probe] for name, probe in OPENINGS.items()} | {
    "note_opened": list(OPENINGS.values()),
    "_living": [
        opens("erased", "identity", "409 requester-erased"),
        opens("erased", "access-export", "409 requester-erased"),
        asks_to_forget("living", "201"),
        asks_to_forget("erased", "409 requester-erased"),
        asks_to_forget("asked", "409 erasure-under-way"),
    ],
    "approve_erasure": [
        decides("admin", "asked", "approve", "200"),
        decides("lead", "asked", "approve", "409 second-person-needed"),
        decides("admin", "", "approve", "409 legal-hold"),
        decides("admin", "refused", "approve", "409 illegal-move"),
    ],
    "refuse_erasure": [
        decides("lead", "asked", "refuse", "200"),
        decides("lead", "refused", "refuse", "409 illegal-move"),
    ],
}
FEEDBACK = {f"privacy.service:{name}": probes for name, probes in PRIVACY.items()} | {
    "tickets.queries:list_messages": [
        Probe("lead", f"GET /feedback/tickets/{TICKET}/messages", "200 read messages.read")
    ],
    "tickets.queries:list_ratings": [
        Probe("lead", f"GET /feedback/tickets/{TICKET}/ratings", "200 read ratings.read")
    ],
    "pull.service:_start": [reads_back(key("connection"), "409 no-api")],
    "pull.service:start_backfill": [reads_back(key("connection", "api"), "409 pull-running")],
    "pull.service:cancel": [Probe("admin", f"POST /feedback/pulls/{key('pull')}/cancel", "409 pull-over")],
    "bulk.service:find_connection": [
        Probe("admin", f"POST /feedback/connections/{key('connection')}/bulk", "409 not-generic")
    ],
    "connections.service:change_connection": [
        Probe(
            "admin:stale", f"PATCH /feedback/connections/{key('connection')}", "412 precondition-failed",
            {"name": "x"},
        )
    ],
    "connections.service:rotate_secret": [
        Probe(
            "admin", f"POST /feedback/connections/{key('connection')}/rotate-secret", "409 no-secret",
            {"secret": "another secret, long enough", "overlap_hours": 1},
        )
    ],
}  # fmt: skip

# ---- Deliveries --------------------------------------------------------------------------------------


def delivers(how: str, door: str, expects: str) -> Probe:
    return Probe(f"door:{how}", door, expects)


def door(name: str, forged: str = "401 signature-invalid") -> Sequence[Probe]:
    return [
        delivers("genuine", name, "200"),
        delivers("forged", name, forged),
        delivers("of-another", name, "403 wrong-account"),
    ]


ELSEWHERE = [
    delivers("elsewhere", "zendesk", "404 not-found"),
    delivers("to-nobody", "zendesk", "404 not-found"),
]
DOORS = {
    "zendesk_delivery": door("zendesk"),
    "freshdesk_delivery": door("freshdesk"),
    "salesforce_events_delivery": door("salesforce"),
    "outbound_message": door("soap", "404 not-found"),
    "_check_signature": [
        delivers("genuine", "generic", "200"),
        delivers("forged", "generic", "401 signature-invalid"),
        delivers("forged", "salesforce", "401 signature-invalid"),
    ],
}
FEEDBACK |= {f"inbox.rules:{name}": probes for name, probes in DOORS.items()}
FEEDBACK |= {"inbox.service:Inbox._take": ELSEWHERE, "inbox.service:Inbox._open": ELSEWHERE}
