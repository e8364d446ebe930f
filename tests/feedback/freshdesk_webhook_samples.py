"""Freshdesk's automation webhooks in small, and short ways to read them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from services.feedback.intake.normalised import Normalised, Told
from services.feedback.intake.sources import freshdesk

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
VENDOR = UUID("0a3cb6b0-4a3f-4f5e-9d56-0d6ad9b9b5a1")
SETTINGS: dict[str, Any] = {
    "status_map": {"2": "open", "3": "pending", "4": "solved", "5": "closed", "8": "on_hold"},
    "status_names": {"Offen": "2", "Gelöst": "4", "Beim Kurier": "8", "Neu": "9"},
    "groups": {"71": {"name": "North", "vendor_id": str(VENDOR)}, "72": {"name": "South", "vendor_id": None}},
    "products": {"81": "Tents"},
    "agents": {"91": "Ida", "92": "Jo", "93": "Jo"},
}
CREDENTIALS = {"user": "intake", "password": "fd-Basic-Pa55!", "expected_token": "fdtok_1234567890"}
BASIC = "Basic aW50YWtlOmZkLUJhc2ljLVBhNTUh"
PLATFORM = ("freshdesk", "automation_webhook")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(payload: Any, settings: dict[str, Any] = SETTINGS) -> Told:
    return freshdesk.normalise(payload, settings, received_at=NOON, source_key="fd-wh:1")


def simple(**fields: Any) -> Normalised:
    (told,) = read({"freshdesk_webhook": {"ticket_id": "31", **fields}}).tickets
    return told


def template(event: str) -> Normalised:
    (told,) = read({"template": "fd_v1", "ticket_id": "31", "triggered_event": event}).tickets
    return told
