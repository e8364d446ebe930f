"""A Freshdesk account in small: settings, rows, and short ways to read them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from services.feedback.intake.normalised import (
    Normalised,
)
from services.feedback.intake.sources import freshdesk_rest

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
VENDOR = UUID("0a3cb6b0-4a3f-4f5e-9d56-0d6ad9b9b5a1")
SETTINGS: dict[str, Any] = {
    "status_map": {"2": "open", "3": "pending", "4": "solved", "5": "closed", "8": "on_hold"},
    "sources": {"101": "kiosk"},
    "groups": {"71": {"name": "North", "vendor_id": str(VENDOR)}},
    "products": {"81": "Tents"},
    "agents": {"91": "Ida"},
    "surveys": {"51": [-103, 100, 103], "52": [103, -103]},
    "language_field": "cf_language",
    "topic_field": "cf_topic",
}
STATS: dict[str, Any] = {
    "agent_responded_at": None, "requester_responded_at": None, "first_responded_at": "2026-03-04T09:40:00Z",
    "status_updated_at": "2026-03-04T11:00:00Z", "reopened_at": None, "pending_since": None,
    "resolved_at": "2026-03-04T11:00:00Z", "closed_at": None,
}  # fmt: skip
TICKET: dict[str, Any] = {
    "id": 31, "subject": "x", "status": 4, "priority": 3, "source": 2, "type": "Question", "spam": False,
    "group_id": 71, "responder_id": 91, "product_id": 81, "requester_id": 61, "company_id": None,
    "custom_fields": {"cf_language": "Deutsch", "cf_topic": "Size", "cf_none": None}, "tags": ["b", "a"],
    "created_at": "2026-03-04T09:00:00Z", "updated_at": "2026-03-04T11:30:00Z", "is_escalated": True,
    "due_by": "2026-03-06T09:00:00Z", "fr_escalated": True, "stats": STATS,
}  # fmt: skip
CONVERSATION: dict[str, Any] = {
    "id": 41, "ticket_id": 31, "body": "<p>a<br>b</p>", "body_text": "a b", "incoming": False,
    "private": False, "user_id": 91, "source": 0, "category": 3, "automation_id": None,
    "auto_response": False, "created_at": "2026-03-04T09:30:00Z", "updated_at": "2026-03-04T09:30:00Z",
    "last_edited_at": None, "attachments": [],
}  # fmt: skip
RATING: dict[str, Any] = {
    "id": 301, "ticket_id": 31, "survey_id": 51, "agent_id": 91, "group_id": 71, "feedback": "fine",
    "created_at": "2026-03-04T10:00:00Z", "updated_at": "2026-03-04T10:00:00Z",
    "ratings": {"default_question": 103},
}  # fmt: skip
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("9999-12-31T23:59:59-23:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 4, hour, minute, tzinfo=UTC)


def ticket(**fields: Any) -> Normalised:
    return freshdesk_rest.read_ticket(TICKET | fields, SETTINGS, read_at=NOON)


def stats(**fields: Any) -> Normalised:
    return ticket(stats=STATS | fields)


def conversations(*rows: Any, is_complete: bool = True, known: frozenset[str] = frozenset()) -> Normalised:
    return freshdesk_rest.read_conversations(
        "31", list(rows), SETTINGS, read_at=NOON, is_complete=is_complete, known=known
    )


def moves(told: Normalised, field: str = "status") -> list[tuple[str | None, datetime]]:
    return [(one.to_value, one.occurred_at) for one in told.changes if one.field == field]
