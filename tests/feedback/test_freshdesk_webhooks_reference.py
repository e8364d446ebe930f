"""Freshdesk's webhooks, as the reference payloads say how they read."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from freshdesk_webhook_samples import (
    VENDOR,
)

from services.feedback.intake.normalised import Normalised
from services.feedback.intake.sources import freshdesk
from services.feedback.intake.sources.freshdesk import account_of, is_genuine

# ---- The reference payloads -------------------------------------------------------------------


def vendor_id(name: str | None) -> str | None:
    return str(uuid5(VENDOR, name)) if name else None


def connected(payloads: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The reference connection, and its maps as our settings."""
    connection = json.loads((payloads / "connections.json").read_text())["connections"]["fd-main"]
    groups = {
        key: {"name": one["name"], "vendor_id": vendor_id(one["vendor"])}
        for key, one in connection["groups"].items()
    }
    return connection, connection | {"groups": groups, "agents": connection["known_agents"]}


def facts(told: Normalised) -> dict[str, Any]:
    """A ticket as the reference names it."""
    names = {
        "brand_id": "brand_key", "group_id": "group_key", "group": "group_name", "assignee": "assignee_name",
        "assignee_id": "assignee_key", "organization_id": "organization_key", "requester": "requester_name",
        "description_text": "description", "first_response_at": "first_replied_at", "outbound": "is_outbound",
    }  # fmt: skip
    state: dict[str, Any] = {"id": told.ticket_key, **told.state}
    found = state | {theirs: state.get(ours) for theirs, ours in names.items()}
    found["vendor"] = str(state["vendor_id"]) if state.get("vendor_id") else None
    found["provisional"] = "created_at" not in state
    return found


def as_expected(expected: dict[str, Any]) -> dict[str, Any]:
    return expected | ({"vendor": vendor_id(expected["vendor"])} if "vendor" in expected else {})


WEBHOOKS = [
    "d01_wh_ticket_created", "d02_wh_status_changed", "d03_wh_agent_changed", "d04_wh_public_note_rtl",
    "d05_wh_recommended_template",
]  # fmt: skip


@pytest.mark.parametrize("name", WEBHOOKS)
def test_a_reference_webhook_says_what_the_reference_says(name: str, reference_dir: Path) -> None:
    # given a genuine delivery
    payloads = reference_dir / "payloads"
    connection, settings = connected(payloads)
    (request,) = json.loads((payloads / "freshdesk" / f"{name}.expect.json").read_text())["requests"]
    user, password = connection["basic"]
    assert is_genuine(
        request["headers"]["Authorization"],
        request["headers"]["X-Intake-Token"],
        user=user,
        password=password,
        expected_token=connection["token"],
    )
    body = (payloads / "freshdesk" / request["body_file"]).read_bytes()
    payload = json.loads(body)
    assert account_of(payload) == connection["domain"]
    # when it is read
    received_at = datetime.fromisoformat(request["received_at"])
    told = freshdesk.normalise(payload, settings, received_at=received_at, source_key="fd-wh:x")
    # then it tells the facts, and no more of their kind
    (ticket,) = told.tickets
    assert not ticket.warnings
    for event in request["expect"]["events"]:
        _told(event, ticket, received_at)
    counts = request["expect"]["counts"]
    assert len(ticket.changes) == counts.get("change", len(ticket.changes))
    assert (ticket.messages, ticket.ratings) == ((), ())


def _told(event: dict[str, Any], ticket: Normalised, received_at: datetime) -> None:
    match event["kind"]:
        case "ticket":
            expected = as_expected(event["ticket"])
            assert {name: facts(ticket)[name] for name in expected} == expected
        case "change":
            (change,) = ticket.changes
            assert ticket.ticket_key == event["ticket_id"]
            assert (change.field, change.from_value, change.to_value) == (
                event["field"],
                event["from"],
                event["to"],
            )
            assert (change.occurred_at, change.basis) == (received_at, "hint")
            detail = change.detail or {}
            assert {name: detail[name] for name in detail if name in event} == {
                name: event[name] for name in detail if name in event
            }
        case "refetch":
            parts = {"conversations": "messages"}
            assert ticket.ticket_key == event["ticket_id"]
            assert list(ticket.refetch) == [parts.get(one, one) for one in event["what"]]
