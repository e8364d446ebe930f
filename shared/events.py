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
class AppealFiled(Event):
    appeal_id: UUID


@dataclass(frozen=True)
class AppealDecided(Event):
    appeal_id: UUID


SUBSCRIBERS: dict[type[Event], tuple[str, ...]] = {
    WebhookReceived: ("feedback.normalise_webhook",),
    AgentSeen: ("people.register_agent",),
    PersonLeft: ("audit.release_claims", "appeals.release_taken"),
    TicketsChanged: ("kpi.recompute_facts", "audit.draw_samples"),
    ReviewReleased: (),
    AppealFiled: (),
    AppealDecided: ("audit.supersede_review",),
}
"""Who hears what: "<service>.<verb>", found in that service's handlers.py."""

BY_NAME = {kind.__name__: kind for kind in SUBSCRIBERS}
