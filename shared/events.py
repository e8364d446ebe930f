"""All that happens between services, on one screen: past tense, ids not objects.

An event is a row written in the transaction that made it true (`outbox.publish`); each
subscriber named here gets it as a delivery of its own, at least once.
"""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Event:
    """Base of all events. Fields are UUIDs, tuples of UUIDs or short text."""


@dataclass(frozen=True)
class WebhookReceived(Event):
    inbox_id: UUID


@dataclass(frozen=True)
class BulkReceived(Event):
    """Lines of one bulk delivery, understood together; those that cannot be, one by one."""

    inbox_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class TicketsWanted(Event):
    """Something only pointed at tickets of this connection: they wait to be asked for over REST."""

    connection_id: UUID


@dataclass(frozen=True)
class ConnectionBehind(Event):
    """Changes were lost on the way here; `since` is an ISO time."""

    connection_id: UUID
    since: str


@dataclass(frozen=True)
class PullStepDue(Event):
    """A reading over REST goes on with its next page. `step` says which step this is, so that each is
    done once."""

    pull_id: UUID
    step: str


@dataclass(frozen=True)
class WordsTakenBack(Event):
    """Something said in these tickets was redacted or erased: whoever keeps a copy drops it."""

    ticket_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class RequesterNamed(Event):
    """What people wrote about these audits and appeals names somebody who is erased: whoever keeps it blanks
    the words. What was decided stays."""

    audit_ids: tuple[UUID, ...]
    appeal_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class RequestersChanged(Event):
    """These people are known by another name or address, or these tickets are somebody else's: texts that
    are stored are to be redacted anew."""

    requester_ids: tuple[UUID, ...]
    ticket_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ErasureApproved(Event):
    erasure_id: UUID


@dataclass(frozen=True)
class AgentSeen(Event):
    """A help desk named a staff account that is new, or told a newer name or vendor of it."""

    person_id: UUID


@dataclass(frozen=True)
class PersonLeft(Event):
    """Somebody was deactivated; what they had taken is free again."""

    person_id: UUID


@dataclass(frozen=True)
class TicketsChanged(Event):
    ticket_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ReviewReleased(Event):
    review_id: UUID


@dataclass(frozen=True)
class ReviewVoided(Event):
    """The last version of a review says that there is no verdict any more."""

    review_id: UUID


@dataclass(frozen=True)
class AppealFiled(Event):
    appeal_id: UUID


@dataclass(frozen=True)
class AppealDecided(Event):
    appeal_id: UUID


@dataclass(frozen=True)
class AuditMoved(Event):
    """Claimed, given back, reviewed; or its review was revised or made void."""

    audit_id: UUID


@dataclass(frozen=True)
class AppealMoved(Event):
    """Filed, taken, given back, decided or withdrawn."""

    appeal_id: UUID


@dataclass(frozen=True)
class TicketFactsMade(Event):
    """From which every number is summed: made anew."""

    ticket_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class CalibrationMoved(Event):
    """Opened, revealed, closed or cancelled."""

    calibration_id: UUID


@dataclass(frozen=True)
class CalibrationRated(Event):
    """Somebody gave a rating: it may have been the last one. Who it was is not told."""

    calibration_id: UUID


@dataclass(frozen=True)
class SamplingRunAsked(Event):
    """A sample of a period that is over is to be drawn."""

    run_id: UUID


@dataclass(frozen=True)
class AuditPicked(Event):
    """Somebody wants this agent's work on this ticket reviewed."""

    audit_id: UUID
    ticket_id: UUID
    scorecard_version_id: UUID
    agent_id: UUID
    picked_by: UUID
    reason: str


@dataclass(frozen=True)
class HeldReviewMoved(Event):
    """A review was handed in, or somebody looked at one that waits."""

    audit_id: UUID


@dataclass(frozen=True)
class CalibrationDue(Event):
    """Its deadline has come."""

    calibration_id: UUID


@dataclass(frozen=True)
class CalibrationReminderDue(Event):
    """Its deadline comes near."""

    calibration_id: UUID


@dataclass(frozen=True)
class RaterReminded(Event):
    """This rater has not rated everything, and the deadline comes near."""

    calibration_id: UUID
    rater_id: UUID


@dataclass(frozen=True)
class ReviewChecked(Event):
    """A second look at a released review is done."""

    check_id: UUID


SUBSCRIBERS: dict[type[Event], tuple[str, ...]] = {
    WebhookReceived: ("feedback.normalise_webhook",),
    BulkReceived: ("feedback.normalise_bulk",),
    TicketsWanted: ("feedback.refetch_tickets",),
    ConnectionBehind: ("feedback.catch_up",),
    PullStepDue: ("feedback.pull_step",),
    WordsTakenBack: ("audit.blank_evidence",),
    RequesterNamed: ("audit.blank_words", "appeals.blank_words"),
    RequestersChanged: ("feedback.redact_anew",),
    ErasureApproved: ("feedback.erase_requester",),
    AgentSeen: ("people.register_agent",),
    PersonLeft: ("audit.release_claims", "appeals.release_taken"),
    TicketsChanged: ("kpi.recompute_facts", "audit.draw_samples"),
    ReviewReleased: (),
    ReviewVoided: (),
    AppealFiled: (),
    AppealDecided: ("audit.supersede_review",),
    AuditMoved: (),
    AppealMoved: (),
    TicketFactsMade: (),
    SamplingRunAsked: ("audit.draw_run",),
    AuditPicked: ("audit.put_up_pick",),
    HeldReviewMoved: ("audit.settle_held",),
    CalibrationMoved: (),
    CalibrationRated: ("audit.reveal_ratings",),
    CalibrationDue: ("audit.reveal_at_deadline",),
    CalibrationReminderDue: ("audit.remind_raters",),
    RaterReminded: (),
    ReviewChecked: (),
}
"""Who hears what: "<service>.<verb>", found in that service's handlers.py."""

LIVE: frozenset[type[Event]] = frozenset({AuditMoved, AppealMoved, TicketFactsMade})
"""What people may follow while it happens. Their first field says of what: an id, or several."""

BY_NAME = {kind.__name__: kind for kind in SUBSCRIBERS}
