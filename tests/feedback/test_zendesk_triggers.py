"""What the JSON of an account's own triggers says, read through the templates that its connection knows."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.intake.normalised import Normalised, NotUnderstood, Told
from services.feedback.intake.sources import zendesk_triggers as triggers

RECEIVED = datetime(2026, 3, 4, 14, tzinfo=UTC)
VENDOR = UUID("6f1b7a52-0c3e-4d0a-9a5c-5a1f0f6f3a11")
SETTINGS: dict[str, Any] = {
    "brands": {"2": "Nordlys Gear", "3": "Halcyon"},
    "groups": {
        "4": {"name": "EU Frontline", "vendor_id": str(VENDOR)},
        "5": {"name": "Twins", "vendor_id": None},
        "6": {"name": "Twins", "vendor_id": str(VENDOR)},
    },
    "language_tag_prefix": "lang_",
}
BODY: dict[str, Any] = {
    "template": "csat_v1",
    "ticket": {
        "id": "7", "title": "Late", "status": "On-hold", "priority": "Urgent", "via": "Web form",
        "brand": "Halcyon", "group": "EU Frontline", "assignee": {"name": "Lea"},
        "requester": {"name": "Max", "email": "max@example.com", "language": "Français"},
        "tags": "vip b", "updated_at": "2026-03-04T13:22:00Z",
        "satisfaction": {"current_rating": "Good", "current_comment": "", "reason": "No reason provided"},
    },
}  # fmt: skip


def body(**ticket: Any) -> dict[str, Any]:
    return BODY | {"ticket": BODY["ticket"] | ticket}


def read(payload: Any, settings: dict[str, Any] = SETTINGS) -> Told:
    return triggers.normalise(payload, settings, received_at=RECEIVED, source_key="k")


def one(payload: Any, settings: dict[str, Any] = SETTINGS) -> Normalised:
    [told] = read(payload, settings).tickets
    return told


def test_corpus_a_bad_rating_with_its_ticket(reference_dir: Path) -> None:
    told = one(json.loads((reference_dir / "payloads/zendesk/d06_trigger_csat.json").read_text()))
    assert told.ticket_key == "48177"
    expected = {
        "status": "solved", "priority": "low", "channel": "email", "brand": "Nordlys Gear", "brand_key": "2",
        "group_name": "EU Frontline", "group_key": "4", "vendor_id": VENDOR,
        "assignee_name": "Lea Marchetti", "language": "de", "tags": ["lang_de", "size_exchange"],
        "requester_name": "Jürgen Groß", "requester_email": "juergen@example.com",
        "subject": "Stiefel zu klein 🥾",
    }  # fmt: skip
    assert told.state.items() >= expected.items()
    assert "assignee_key" not in told.state
    assert told.version.at == datetime(2026, 3, 4, 13, 22, tzinfo=UTC)
    [rating] = told.ratings
    assert (rating.key, rating.raw, rating.score) == ("48177", "Bad", Decimal(0))
    assert rating.comment == "Nach drei Wochen immer noch keine Antwort.\n„Wir melden uns“ – nie passiert."
    assert rating.reason == "The issue took too long to resolve"
    assert told.warnings == ()


def test_words_as_people_read_them_become_ours() -> None:
    told = one(body())
    expected = {"status": "on_hold", "status_raw": "On-hold", "priority": "urgent", "channel": "web"}
    assert told.state.items() >= (expected | {"language": "fr", "tags": ["b", "vip"]}).items()
    assert [(r.score, r.comment, r.reason) for r in told.ratings] == [(Decimal(1), None, None)]


def test_words_of_another_language_are_kept_as_they_are() -> None:
    told = one(body(status="Gelöst", priority="Hoch", via="E-Mail"))
    assert (told.state["status"], told.state["status_raw"]) == (None, "Gelöst")
    assert (told.state["priority"], told.state["priority_raw"]) == (None, "Hoch")
    assert (told.state["channel"], told.state["channel_raw"]) == ("other", "E-Mail")
    assert len(told.warnings) == 2


def test_empty_text_is_none() -> None:
    empty = dict.fromkeys(("title", "status", "priority", "via", "brand", "group", "tags", "updated_at"), "")
    told = one(body(**empty, assignee={"name": ""}, satisfaction={"current_rating": ""}))
    expected = dict.fromkeys(
        ("subject", "priority", "channel", "brand", "brand_key", "group_key", "group_name", "vendor_id",
         "assignee_name", "assignee_key")
    )  # fmt: skip
    assert told.state.items() >= expected.items()
    assert told.state["tags"] == []
    assert "status" not in told.state
    assert (told.ratings, told.version.at, told.warnings) == ((), RECEIVED, ())


def test_what_the_body_leaves_out_is_not_told() -> None:
    told = one({"template": "csat_v1", "ticket": {"id": 7}})
    assert (told.ticket_key, told.state, told.ratings) == ("7", {"display_id": "7"}, ())


@pytest.mark.parametrize("name", ["Twins", "Nobody"])
def test_a_group_that_its_name_does_not_tell_for_certain_has_no_vendor(name: str) -> None:
    told = one(body(group=name))
    assert (told.state["group_name"], told.state["group_key"], told.state["vendor_id"]) == (name, None, None)
    assert len(told.warnings) == 1


@pytest.mark.parametrize(
    ("word", "ours"),
    [("English (United States)", "en"), ("de-CH", "de"), ("日本語", "ja"), ("Klingon", None), ("", None)],
)
def test_the_requesters_language(word: str, ours: str | None) -> None:
    told = one(body(requester={"language": word}))
    assert told.state["language"] == ours
    assert bool(told.warnings) is (word == "Klingon")


@pytest.mark.parametrize(
    ("word", "score", "is_offer"),
    [("Good, I'm satisfied", Decimal(1), False), ("Offered", None, True), ("Zufrieden", None, False)],
)
def test_a_rating_as_people_read_it(word: str, score: Decimal | None, is_offer: bool) -> None:
    [rating] = one(body(satisfaction={"current_rating": word})).ratings
    assert (rating.score, rating.is_offer) == (score, is_offer)


def test_a_rating_that_was_not_offered_is_none() -> None:
    assert one(body(satisfaction={"current_rating": "Unoffered"})).ratings == ()


def test_a_rating_gives_way_to_any_telling_of_zendesks_own_and_to_newer_triggers() -> None:
    older, newer = (
        one(body(updated_at=f"2026-03-04T13:{minute}:00Z")).ratings[0].version for minute in ("22", "23")
    )
    assert older < newer
    assert newer.at < datetime(2000, 1, 1, tzinfo=UTC)


def test_a_time_ahead_of_ours_does_not_hold_back_what_comes_later() -> None:
    assert one(body(updated_at="2037-01-01T00:00:00Z")).version.at == RECEIVED


def test_a_local_time_is_no_time() -> None:
    told = one(body(updated_at="4. März 2026 13:22"))
    assert told.version.at == RECEIVED
    assert told.warnings == ("updated_at is not a time.",)


def test_a_template_of_the_connections_own() -> None:
    settings = {"triggers": {"ours": {"ticket_id": ["nr"], "rating": ["a", "b"], "not a field": ["c"]}}}
    told = one({"template": "ours", "nr": "7", "a": {"b": "bad"}}, settings)
    assert told.ticket_key == "7"
    assert told.ratings[0].score == Decimal(0)


def test_a_test_whose_placeholders_are_not_filled_in_is_ignored() -> None:
    assert read(body(id="{{ticket.id}}")).ignored is not None


def test_other_placeholders_that_are_not_filled_in_are_none() -> None:
    assert one(body(title="{{ticket.titel}}")).state["subject"] is None


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        ({}, "/template"),
        ([], "/template"),
        (BODY | {"template": "unknown"}, "/template"),
        (BODY | {"template": ["csat_v1"]}, "/template"),
        (BODY | {"ticket": None}, "/ticket/id"),
        (body(id=""), "/ticket/id"),
        (body(id="9" * 41), "/ticket/id"),
        (body(id=True), "/ticket/id"),
    ],
)
def test_without_a_known_template_and_a_ticket_nothing_is_understood(payload: Any, pointer: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(payload)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (BODY, True),
        ({}, True),
        ({"type": 5}, True),
        ({"type": "zen:event-type:ticket.created"}, False),
        ({"type": "zen:event-type/user.created"}, False),
        ([], False),
        ("x", False),
        (None, False),
    ],
)
def test_what_has_no_event_envelope_is_a_trigger(payload: Any, expected: bool) -> None:
    assert triggers.is_trigger(payload) is expected


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (b'{"template":"csat_v1","ticket":{"id":"7","title":"5" nail"}}', "7"),
        (b'{"ticket_id": 48177,\n"title": "a\nb"}', "48177"),
        (b'{"title":"a", "ticket_id" : "1" , "note":"{"ticket_id": "2"}"}', "1"),
        ('{"ticket_id":"٣١"}'.encode(), None),
        (b'{"ticket_id":"' + b"9" * 21 + b'"}', None),
        (b'{"ticket_id":"1e3"}', None),
        (b'{"ticket_id":"../7"}', None),
        (b'{"requester_id":"7"}', None),
        (b"\xff\xfe{", None),
        (b"", None),
    ],
)
def test_the_ticket_of_a_broken_body(broken: bytes, found: str | None) -> None:
    assert triggers.salvage(broken) == found


@pytest.mark.parametrize("piece", [b"{ ", b",", b' "id"', b'{"id":', b'{"id"' + b" " * 50, b"1"])
def test_a_broken_body_is_looked_through_in_no_time(piece: bytes) -> None:
    assert triggers.salvage(piece * (1_000_000 // len(piece))) is None


# ---- Hostile values -------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["-1", "deleted", "SCRUBBED", "good", "ticket", "Create", "rule", "csat_v1", "{{"])
    | st.sampled_from(["2026-03-04T09:00:00Z", "9999-12-31T23:59:59-23:59", 10**29]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


def planted(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    whole = copy.deepcopy(payload)
    owner = whole
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return whole


def ends_well(payload: Any, settings: dict[str, Any] = SETTINGS) -> None:
    try:
        told = read(payload, settings)
    except NotUnderstood:
        return
    assert isinstance(told, Told)


@given(JSON)
def test_any_value_ends_well(value: Any) -> None:
    ends_well(value)
    ends_well({"template": "csat_v1", "ticket": value})


@given(st.sampled_from([*places(BODY)]), JSON)
def test_any_value_in_any_field_ends_well(path: tuple[Any, ...], value: Any) -> None:
    ends_well(planted(BODY, path, value))


@given(JSON, JSON)
def test_any_settings_end_well(template: Any, value: Any) -> None:
    ends_well(BODY, {"triggers": {"csat_v1": template}, "groups": value, "brands": value})
    ends_well(BODY, {"triggers": value, "language_tag_prefix": template})


@given(st.binary())
def test_any_bytes_can_be_looked_through(value: bytes) -> None:
    found = triggers.salvage(value)
    assert found is None or found.isascii()
