"""Freshdesk's REST answers, as the reference payloads say how they read."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from freshdesk_samples import (
    VENDOR,
)

from services.feedback.intake.normalised import (
    Normalised,
    Settled,
)
from services.feedback.intake.sources import freshdesk_rest, freshdesk_words

# ---- The reference payloads -------------------------------------------------------------------


def vendor_id(name: str | None) -> str | None:
    return str(uuid5(VENDOR, name)) if name else None


def reference(folder: Path, name: str) -> tuple[Any, dict[str, Any], datetime, dict[str, Any]]:
    """A case: its rows, its connection's maps as our settings, when it was read, what is expected."""
    payloads = folder / "payloads"
    connection = json.loads((payloads / "connections.json").read_text())["connections"]["fd-main"]
    groups = {
        key: {"name": one["name"], "vendor_id": vendor_id(one["vendor"])}
        for key, one in connection["groups"].items()
    }
    settings = connection | {"groups": groups, "agents": connection["known_agents"]}
    (request,) = json.loads((payloads / "freshdesk" / f"{name}.expect.json").read_text())["requests"]
    body = json.loads((payloads / "freshdesk" / request["body_file"]).read_text())
    return body, settings, datetime.fromisoformat(request["received_at"]), request["expect"]


def facts(told: Normalised) -> dict[str, Any]:
    """A ticket as the reference names it."""
    names = {
        "brand_id": "brand_key", "group_id": "group_key", "group": "group_name", "assignee": "assignee_name",
        "assignee_id": "assignee_key", "organization_id": "organization_key", "outbound": "is_outbound",
        "description_text": "description", "first_response_at": "first_replied_at",
    }  # fmt: skip
    state: dict[str, Any] = {"id": told.ticket_key, **told.state}
    found = state | {theirs: state.get(ours) for theirs, ours in names.items()}
    found["vendor"] = str(state["vendor_id"]) if state.get("vendor_id") else None
    found["provisional"] = "created_at" not in state
    found["reopened_at"] = (state.get("stated_metrics") or {}).get("reopened_at")
    return found


def same(name: str, ours: Any, expected: Any) -> bool:
    if name == "vendor":
        return bool(ours == vendor_id(expected))
    if name.endswith("_at") and expected is not None:
        return bool(datetime.fromisoformat(str(ours)) == datetime.fromisoformat(expected))
    return bool(ours == expected)


def agrees(ours: dict[str, Any], expected: dict[str, Any]) -> None:
    wrong = {
        name: (ours[name], value) for name, value in expected.items() if not same(name, ours[name], value)
    }
    assert not wrong


@pytest.mark.parametrize("name", ["d06_rest_ticket_show", "d07_rest_ticket_list"])
def test_reference_tickets_say_what_the_reference_says(name: str, reference_dir: Path) -> None:
    body, settings, read_at, expected = reference(reference_dir, name)
    told, faults = freshdesk_rest.read_tickets(
        body if isinstance(body, list) else [body], settings, read_at=read_at
    )
    assert faults == []
    assert len(told.tickets) == expected["counts"]["ticket"]
    by_key = {one.ticket_key: one for one in told.tickets}
    for event in expected["events"]:
        one = by_key[event["ticket"]["id"]]
        agrees(facts(one), event["ticket"])
        assert one.warnings == ()


def test_reference_conversations_say_what_the_reference_says(reference_dir: Path) -> None:
    rows, settings, read_at, expected = reference(reference_dir, "d08_rest_conversations")
    told = freshdesk_rest.read_conversations("20877", rows, settings, read_at=read_at, is_complete=True)
    by_key = {one.external_id: one for one in told.messages}
    assert len(by_key) == len(told.messages) == expected["counts"]["message"]
    kinds = {"requester": "customer"}
    for event in expected["events"]:
        one = by_key[event["message"]["id"]]
        direction = "inbound" if one.author_kind == "requester" else "outbound"
        agrees(
            {
                "id": one.external_id, "ticket_id": told.ticket_key, "public": one.is_public,
                "text": one.body,
                "author_kind": kinds.get(one.author_kind, one.author_kind), "author_id": one.author_key,
                "direction": direction if one.is_public else "internal", "attachments": one.attachments,
                "edited_at": one.edited_at, "automated": one.author_kind == "system",
            },
            event["message"],
        )  # fmt: skip
    assert not set(by_key) & {event["message"]["id"] for event in expected["must_not_emit"]}
    assert not [text for text in expected["must_not_retain"] if text in repr(told)]
    assert (told.ratings, told.warnings, told.changes) == ((), (), ())


def test_reference_ratings_say_what_the_reference_says(reference_dir: Path) -> None:
    rows, settings, _, expected = reference(reference_dir, "d09_rest_satisfaction_ratings")
    config, _, _, _ = reference(reference_dir, "d10_rest_surveys_and_fields")
    learned = freshdesk_rest.read_config(config["surveys"], config["ticket_fields"]).settings or {}
    for known in (settings, {**settings, **learned}):
        told, faults = freshdesk_rest.read_ratings(rows, known)
        assert faults == []
        by_key = {one.ratings[0].key: one for one in told.tickets}
        assert len(by_key) == expected["counts"]["csat"]
        for event in expected["events"]:
            one = by_key[event["csat"]["id"]]
            (rating,) = one.ratings
            wanted = {k: v for k, v in event["csat"].items() if k not in ("score", "sentiment")}
            agrees(
                {
                    "id": rating.key, "ticket_id": one.ticket_key, "raw": rating.raw, "state": "received",
                    "comment": rating.comment, "agent_id": rating.agent_key, "group_id": rating.group_key,
                    "responded_at": rating.rated_at, "extra": rating.extra,
                },
                wanted,
            )  # fmt: skip
            assert float(rating.score or 0) == pytest.approx(event["csat"]["score"], abs=0.001)
            assert (rating.is_offer, one.messages) == (False, ())


def test_the_reference_configuration_gives_its_words_and_scales(reference_dir: Path) -> None:
    config, _, _, expected = reference(reference_dir, "d10_rest_surveys_and_fields")
    told = freshdesk_rest.read_config(config["surveys"], config["ticket_fields"])
    settings = told.settings or {}
    assert (told.tickets, told.ignored) == ((), None)
    assert settings["status_names"] == expected["config"]["status_names"]
    assert settings["priority_names"] == {"Low": "1", "Medium": "2", "High": "3", "Urgent": "4"}
    assert settings["source_names"]["Outbound Email"] == "10"
    for survey_id, scale in expected["config"]["survey_scales"].items():
        assert {str(one) for one in settings["surveys"][survey_id]} == set(scale)
        for raw, score in scale.items():
            found = freshdesk_words.score(raw, survey_id, settings)
            assert float(found or 0) == pytest.approx(score, abs=0.001)


def test_the_canonical_record_settles_what_webhooks_only_hinted_at(reference_dir: Path) -> None:
    body, settings, read_at, _ = reference(reference_dir, "d06_rest_ticket_show")
    told = freshdesk_rest.read_ticket(body, settings, read_at=read_at)
    (solved,) = (one for one in told.changes if one.field == "status")
    assert (solved.to_value, solved.basis) == ("solved", "history")
    assert told.settled == (Settled("status", solved.occurred_at, read_at),)
    assert solved.occurred_at < solved.occurred_at + timedelta(seconds=2) < read_at
