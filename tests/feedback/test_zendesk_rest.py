"""What rows of Zendesk's REST API say, in our words."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_zendesk_events import SETTINGS, VENDOR
from test_zendesk_triggers import JSON, places, planted

from services.feedback.intake.normalised import Change, Normalised, Told
from services.feedback.intake.sources import zendesk_rest as rest

READ = datetime(2026, 3, 5, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


def page(folder: Path, name: str, rows: str) -> list[Any]:
    found: list[Any] = json.loads((folder / f"payloads/zendesk/{name}.json").read_text())[rows]
    return found


def good(read: tuple[Told, list[str]]) -> dict[str, Normalised]:
    told, refused = read
    assert refused == []
    return {one.ticket_key: one for one in told.tickets}


# ---- Tickets --------------------------------------------------------------------------------------

TICKET: dict[str, Any] = {
    "id": 7, "created_at": "2026-03-01T07:00:00Z", "updated_at": "2026-03-04T10:00:00Z", "status": "hold",
    "priority": "low", "type": "task", "subject": "S", "via": {"channel": "api"}, "brand_id": 360002417811,
    "group_id": 360009911201, "assignee_id": 20, "requester_id": 9007199254740993, "organization_id": 0,
    "tags": ["lang_fi", "a"], "custom_fields": [{"id": 1, "value": "x"}, {"id": 2, "value": None}],
    "satisfaction_rating": {"score": "good", "id": 5, "comment": "c", "reason": "r"}, "is_public": True,
    "generated_timestamp": 1772618400,
}  # fmt: skip


def test_corpus_a_page_of_the_incremental_export(reference_dir: Path) -> None:
    rows = page(reference_dir, "d07_incremental_cursor_page", "tickets")
    told = good(rest.read_tickets(rows, SETTINGS, read_at=READ))
    assert list(told) == ["48001", "48002", "48003", "48004"]
    assert told["48001"].version.at == datetime.fromtimestamp(1772618400, UTC)
    expected: dict[str, Any] = {
        "status": "closed", "brand": "Nordlys Gear", "channel": "email", "assignee_key": "7310448812054",
        "custom_fields": {"360045118872": "NG-19002"}, "is_deleted": False,
    }  # fmt: skip
    assert told["48001"].state.items() >= expected.items()
    [rating] = told["48001"].ratings
    assert (rating.key, rating.raw, rating.score, rating.comment) == ("48001", "good", Decimal(1), "👍")
    assert (rating.external_id, rating.reason, rating.agent_key) == ("36002210155", None, None)
    expected = {"status": "closed", "assignee_key": "7310440000999", "brand": "Halcyon"}
    assert told["48002"].state.items() >= expected.items()
    assert "merged_into_key" not in told["48002"].state
    assert (told["48002"].refetch, told["48002"].ratings) == (("history",), ())
    assert told["48003"].state == {
        "display_id": "48003", "is_deleted": True,
        "created_at": at("03-01T07:00:00"), "updated_at": at("03-02T10:00:00"),
    }  # fmt: skip
    expected = {"status": "new", "channel": "phone", "channel_raw": "voice", "priority": "urgent"}
    expected |= {"group_key": None, "vendor_id": None, "brand": "Halcyon"}
    assert told["48004"].state.items() >= expected.items()
    [offer] = told["48004"].ratings
    assert (offer.is_offer, offer.score) == (True, None)


def test_a_row_is_told_in_our_words() -> None:
    told = good(rest.read_tickets([TICKET], SETTINGS, read_at=READ))["7"]
    assert told.state == {
        "display_id": "7", "created_at": at("03-01T07:00:00"), "updated_at": at("03-04T10:00:00"),
        "subject": "S", "type": "task", "status": "on_hold", "status_raw": "hold", "is_deleted": False,
        "priority": "low", "priority_raw": "low", "is_public": True, "channel": "api", "channel_raw": "api",
        "assignee_key": "20", "assignee_name": None, "requester_key": "9007199254740993",
        "organization_key": None, "brand_key": "360002417811", "brand": "Halcyon",
        "group_key": "360009911201", "group_name": "EU Frontline", "vendor_id": VENDOR,
        "tags": ["a", "lang_fi"], "language": "fi", "topic": None, "custom_fields": {"1": "x"},
    }  # fmt: skip
    assert [(one.external_id, one.vendor_id) for one in told.agents] == [("20", VENDOR)]


def test_a_rating_inside_a_ticket_gives_way_to_any_other_telling_and_to_newer_rows() -> None:
    rows = [TICKET, TICKET | {"id": 8, "generated_timestamp": 1772618401}]
    told = good(rest.read_tickets(rows, SETTINGS, read_at=READ))
    older, newer = told["7"].ratings[0].version, told["8"].ratings[0].version
    assert older.at == newer.at == at("03-01T07:00:00")
    assert older < newer


def test_a_broken_row_loses_nothing_but_itself() -> None:
    rows = [None, TICKET | {"id": None}, TICKET | {"id": "9" * 41}, TICKET]
    told, refused = rest.read_tickets(rows, SETTINGS, read_at=READ)
    assert [one.ticket_key for one in told.tickets] == ["7"]
    assert [reason.partition(":")[0] for reason in refused] == ["/0", "/1/id", "/2/id"]


def test_an_odd_time_loses_its_field_and_not_the_row() -> None:
    row = TICKET | {"created_at": "soon", "generated_timestamp": "later"}
    told = good(rest.read_tickets([row], SETTINGS, read_at=READ))["7"]
    assert "created_at" not in told.state
    assert len(told.warnings) == 2
    assert told.version.at == at("03-04T10:00:00")


def test_a_scrubbed_ticket_is_gone_for_good() -> None:
    row = TICKET | {"status": "scrubbed", "subject": "SCRUBBED"}
    told = good(rest.read_tickets([row], SETTINGS, read_at=READ))["7"]
    assert set(told.state) == {"display_id", "created_at", "updated_at", "is_deleted", "is_purged"}
    assert told.ratings == ()


def test_deleted_tickets() -> None:
    rows = [{"id": 7, "subject": "S", "deleted_at": "2026-03-04T10:00:00Z"}, {"id": 8, "deleted_at": None}]
    told, refused = rest.read_deleted(rows)
    [one] = told.tickets
    assert (one.ticket_key, one.state) == ("7", {"display_id": "7", "is_deleted": True})
    assert one.version.at == at("03-04T10:00:00.999999")
    assert len(refused) == 1


# ---- Audits ---------------------------------------------------------------------------------------


def audits_of(rows: list[Any], **more: Any) -> Normalised:
    given_: dict[str, Any] = {"staff": None, "requester_key": None, "read_at": READ} | more
    return rest.read_audits("7", rows, SETTINGS, **given_)


def audit(number: int, *events: Any, author: Any = 20, minute: int = 0, via: str = "web") -> dict[str, Any]:
    return {
        "id": number, "ticket_id": 7, "created_at": f"2026-03-01T08:{minute:02}:00Z", "author_id": author,
        "via": {"channel": via}, "events": list(events),
    }  # fmt: skip


def create(number: int, field: str, value: Any) -> dict[str, Any]:
    return {"id": number, "type": "Create", "field_name": field, "value": value}


def change(number: int, field: str, old: Any, new: Any, **more: Any) -> dict[str, Any]:
    said = {"id": number, "type": "Change", "field_name": field, "previous_value": old, "value": new}
    return said | more


def comment(number: int, author: Any, *, public: bool = True, **more: Any) -> dict[str, Any]:
    said = {"id": number, "type": "Comment", "author_id": author, "body": "b", "public": public}
    return said | {"attachments": []} | more


BORN = audit(1, comment(11, 10), create(12, "requester_id", "10"), create(13, "status", "new"), author=10)


def facts(changes: tuple[Change, ...]) -> list[tuple[str, str | None, str | None]]:
    return [(one.field, one.from_value, one.to_value) for one in changes]


def test_corpus_the_audits_of_a_ticket(reference_dir: Path) -> None:
    rows = page(reference_dir, "d08_ticket_audits", "audits")
    told = rest.read_audits("48001", rows, SETTINGS, staff=None, requester_key=None, read_at=READ)
    first, note = told.messages
    assert (first.external_id, first.author_kind, first.is_public) == ("6130852545306", "requester", True)
    assert (first.body, first.attachments) == ("The pole snapped on night one.", 1)
    assert (first.sent_at, first.channel) == (at("03-01T07:00:00"), "email")
    assert (note.external_id, note.author_kind, note.is_public) == ("6130876540570", "agent", False)
    changes = [(one.field, one.from_value, one.to_value, one.occurred_at) for one in told.changes]
    closed = at("03-04T10:00:00")
    assert changes == [
        ("created", None, "requester", at("03-01T07:00:00")),
        ("status", None, "new", at("03-01T07:00:00")),
        ("assignee", None, "7310448812054", at("03-01T08:12:40")),
        ("status", "new", "open", at("03-01T08:12:40")),
        ("status", "open", "solved", at("03-03T16:00:01")),
        ("redacted", None, "6130876540570", closed),
        ("attachment_redacted", None, "6130852545306", closed),
        ("made_private", None, "6130852545306", closed),
        ("status", "solved", "closed", closed),
    ]
    assert {one.basis for one in told.changes} == {"history"}
    assert told.changes[6].detail == {"attachment_id": "498483"}
    assert (told.changes[-1].key, told.changes[-1].actor_key) == ("audit:6130876541304", None)
    [rating] = told.ratings
    assert (rating.key, rating.raw, rating.score, rating.comment) == ("48001", "good", Decimal(1), "👍")
    assert (rating.agent_key, rating.rated_at) == ("7310448812054", at("03-03T18:44:19"))
    assert {one.field for one in told.settled} == {"status", "assignee", "group", "priority", "created"}
    assert {(one.since, one.until) for one in told.settled} == {(None, at("03-04T10:00:00.999999"))}
    assert told.state == {"created_at": at("03-01T07:00:00")}
    assert told.warnings == ()


def test_reading_the_same_log_twice_says_the_same() -> None:
    rows = [BORN, audit(2, change(21, "status", "new", "open"), minute=5)]
    assert audits_of(rows) == audits_of(copy.deepcopy(rows), read_at=datetime(2027, 1, 1, tzinfo=UTC))


def test_the_first_values_are_changes_from_nothing() -> None:
    values = [("assignee_id", "20"), ("group_id", 4), ("priority", "high"), ("tags", ["a"]), ("status", None)]
    rows = [audit(1, *(create(n, field, value) for n, (field, value) in enumerate(values, 11)), author=10)]
    told = audits_of(rows, requester_key="10")
    assert facts(told.changes) == [
        ("created", None, "requester"), ("assignee", None, "20"),
        ("group", None, "4"), ("priority", None, "high"),
    ]  # fmt: skip


@pytest.mark.parametrize(("author", "by"), [(10, ["requester"]), (20, ["agent"]), (-1, [])])
def test_who_opened_a_ticket_is_told_where_it_was_somebody(author: int, by: list[str]) -> None:
    told = audits_of([audit(1, create(12, "requester_id", "10"), author=author)])
    assert [one.to_value for one in told.changes if one.field == "created"] == by
    assert ("created" in {one.field for one in told.settled}) is bool(by)


@pytest.mark.parametrize(
    ("author", "staff", "users", "kind"),
    [(10, None, None, "requester"), (20, None, None, "agent"), (20, {"20"}, None, "agent"),
     (10, {"10", "20"}, None, "requester"), (30, {"20"}, None, "agent"),
     (30, {"20"}, {"10": None, "20": "Lea"}, "agent"), (30, {"20"}, {"30": "Max"}, "requester"),
     (900, {"900"}, None, "bot"), (-1, None, None, "system")],
)  # fmt: skip
def test_the_author_of_a_comment(author: Any, staff: Any, users: Any, kind: str) -> None:
    told = audits_of([BORN, audit(2, comment(21, author), minute=1)], staff=staff, users=users)
    message = told.messages[1]
    assert message.author_kind == kind
    assert message.author_name == (users or {}).get(str(author))
    assert (message.author_key in {one.external_id for one in told.agents}) is (kind == "agent")


def test_who_was_the_requester_once_does_not_become_an_agent() -> None:
    later = audit(2, change(21, "requester_id", "10", "11"), comment(22, 10), comment(23, 11))
    assert [one.author_kind for one in audits_of([BORN, later]).messages] == ["requester"] * 3


@pytest.mark.parametrize("inside", [False, True], ids=["the audit", "one event"])
def test_what_a_rule_did_was_done_by_nobody(inside: bool) -> None:
    by_rule = {"via": {"channel": "rule"}} if inside else {}
    events = [change(21, "status", "new", "open", **by_rule), comment(22, 20, **by_rule)]
    told = audits_of([BORN, audit(2, *events, via="web" if inside else "rule", minute=1)])
    assert told.changes[-1].actor_key is None
    assert told.messages[-1].author_kind == "system"


def test_what_the_log_says_of_a_message_replaces_what_its_event_said() -> None:
    [message], [again] = audits_of([BORN]).messages, audits_of([BORN], staff={"20"}).messages
    assert message.version == (at("03-01T08:00:00.999999"), 0, "")
    assert again.version == (at("03-01T08:00:00.999999"), 1, "")


def test_positions_keep_the_order_of_the_log_and_what_is_made_public_is_no_change() -> None:
    public = {"id": 20, "type": "CommentPrivacyChange", "comment_id": 11, "public": True}
    steps = change(21, "status", "new", "open"), change(22, "status", "open", "solved")
    told = audits_of([BORN, audit(2, public, *steps)])
    assert [(one.field, one.position) for one in told.changes[1:]] == [("status", n) for n in (2, 4, 5)]


@pytest.mark.parametrize(
    "broken",
    [None, audit(2) | {"id": None}, audit(2) | {"created_at": "x"}, audit(2) | {"ticket_id": 8},
     audit(2) | {"events": None}, audit(2, "x"), audit(2, change(21, "assignee_id", None, "9" * 41)),
     audit(2, {"id": 21, "type": "CommentRedactionEvent"})],
    ids=str,
)  # fmt: skip
def test_a_log_with_a_hole_is_not_held_for_complete(broken: Any) -> None:
    told = audits_of([BORN, broken, audit(3, change(31, "status", "new", "open"), minute=9)])
    assert facts(told.changes)[-1] == ("status", "new", "open")
    assert told.settled == ()
    assert len(told.warnings) == 1


def test_a_log_without_its_beginning_is_not_held_for_complete() -> None:
    told = audits_of([audit(2, change(21, "status", "new", "open"))])
    assert (told.settled, told.state) == ((), {})
    nothing = audits_of([])
    assert (nothing.version.at, nothing.settled, nothing.state) == (READ, (), {})


# ---- Ratings, SLA, metrics ------------------------------------------------------------------------


def test_corpus_a_page_of_ratings(reference_dir: Path) -> None:
    rows = page(reference_dir, "d11_satisfaction_ratings", "satisfaction_ratings")
    told = good(rest.read_ratings(rows, SETTINGS))
    ratings = {key: one.ratings[0] for key, one in told.items()}
    assert len(ratings) == 4
    first = ratings["48001"]
    assert (first.key, first.external_id, first.raw) == ("48001", "36002210155", "good")
    assert (first.score, first.rated_at) == (Decimal(1), at("03-05T08:15:09"))
    assert (first.comment, first.reason, first.agent_key) == ("👍", None, "7310448812054")
    bad = ratings["48177"]
    assert (bad.external_id, bad.score) == ("36002210156", Decimal(0))
    assert bad.reason == "The issue took too long to resolve"
    assert bad.version.at == at("03-05T09:00:00.999999")
    assert (ratings["48213"].is_offer, ratings["48213"].score) == (True, None)
    last = ratings["48002"]
    assert (last.score, last.agent_key, last.group_key, last.comment) == (Decimal(1), None, None, None)


def test_corpus_a_page_of_metric_events(reference_dir: Path) -> None:
    rows = page(reference_dir, "d09_ticket_metric_events", "ticket_metric_events")
    told, refused = rest.read_metric_events(rows)
    assert refused == []
    found = [(one.ticket_key, *one.changes) for one in told.tickets]
    assert [(key, c.key, c.field, c.to_value, c.occurred_at) for key, c in found] == [
        ("48001", "tme:6925131321617", "sla:reply_time", "applied", at("03-01T07:00:00")),
        ("48001", "tme:6925131321701", "sla:reply_time", "fulfilled", at("03-01T09:30:00")),
        ("48004", "tme:6925138360847", "sla:reply_time", "breached", at("03-04T09:59:59")),
    ]
    promise = {"target_min": 240, "business_hours": True, "policy": "EU standard"}
    applied = told.tickets[0].changes[0]
    assert (applied.detail, applied.basis) == (promise, "history")


@pytest.mark.parametrize("odd", [{"metric": "a b"}, {"time": "x"}, {"id": None}, {"ticket_id": []}])
def test_a_metric_event_without_what_it_is_about_is_refused(odd: dict[str, Any]) -> None:
    told, refused = rest.read_metric_events([METRIC_EVENT | odd, METRIC_EVENT])
    assert (len(told.tickets), len(refused)) == (1, 1)


def test_corpus_a_page_of_metrics(reference_dir: Path) -> None:
    told = good(rest.read_metrics(page(reference_dir, "d12_ticket_metrics", "ticket_metrics")))
    assert told["48001"].state["stated_metrics"] == {
        "reopens": 0, "replies": 3, "first_reply_min": 150, "first_reply_business_min": 30,
        "full_resolution_min": 3420, "on_hold_min": 0, "first_solved_at": "2026-03-03T16:00:01Z",
        "assigned_at": "2026-03-01T08:12:40Z",
    }  # fmt: skip
    expected = {"first_reply_min": None, "first_reply_business_min": None, "full_resolution_min": None}
    expected |= {"first_solved_at": None, "on_hold_min": 0}
    assert (told["48004"].state["stated_metrics"] or {}).items() >= expected.items()


def test_metrics_with_keys_missing_and_negative_figures() -> None:
    row = {"ticket_id": 7, "updated_at": "2026-03-04T10:00:00Z", "replies": -1}
    told = good(rest.read_metrics([row]))["7"]
    assert {*(told.state["stated_metrics"] or {"a": "figure"}).values()} == {None}


# ---- Hostile values -------------------------------------------------------------------------------

METRICS = {
    "ticket_id": 7, "updated_at": "2026-03-04T10:00:00Z", "created_at": "2026-03-04T10:00:00Z", "replies": 1,
    "reply_time_in_minutes": {"calendar": 1, "business": 1}, "solved_at": "2026-03-04T10:00:00Z",
}  # fmt: skip
METRIC_EVENT = {
    "id": 1, "ticket_id": 7, "metric": "reply_time", "type": "apply_sla", "time": "2026-03-01T07:00:00Z",
    "deleted": False, "sla": {"target": 1, "business_hours": True, "policy": {"title": "p"}},
}  # fmt: skip
RATING = {
    "id": 1, "ticket_id": 7, "score": "good", "updated_at": "2026-03-05T08:15:09Z", "comment": "c",
    "created_at": "2026-03-05T08:15:09Z", "assignee_id": 20, "group_id": 4, "reason": "r",
}  # fmt: skip
WHOLE = audit(
    1, create(12, "requester_id", "10"), change(13, "status", "new", "open"), comment(14, 20),
    {"id": 15, "type": "SatisfactionRating", "score": "good", "assignee_id": 20, "body": "c"},
    {"id": 16, "type": "AttachmentRedactionEvent", "comment_id": 14, "attachment_id": 1},
    {"id": 17, "type": "CommentPrivacyChange", "comment_id": 14, "public": False},
)  # fmt: skip
READERS: dict[str, tuple[dict[str, Any], Any]] = {
    "tickets": (TICKET, lambda rows: rest.read_tickets(rows, SETTINGS, read_at=READ)),
    "ratings": (RATING, lambda rows: rest.read_ratings(rows, SETTINGS)),
    "metric events": (METRIC_EVENT, rest.read_metric_events),
    "metrics": (METRICS, rest.read_metrics),
    "deleted": ({"id": 7, "deleted_at": "2026-03-04T10:00:00Z"}, rest.read_deleted),
    "audits": (WHOLE, audits_of),
}


@pytest.mark.parametrize("name", READERS)
@given(value=JSON)
def test_any_rows_end_well(name: str, value: Any) -> None:
    READERS[name][1](value)
    READERS[name][1]([value])


PLACES = [(name, path) for name, (row, _) in READERS.items() for path in places(row)]


@given(st.sampled_from(PLACES), JSON)
def test_any_value_in_any_field_ends_well_and_harms_no_neighbour(
    place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    name, path = place
    row, read = READERS[name]
    said = read([planted(row, path, value), row])
    if name != "audits":
        told, refused = said
        assert told.tickets[-1].ticket_key == "7"
        assert 1 <= len(told.tickets) + len(refused) <= 2
