"""What Zendesk's event webhooks say, in our words."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_zendesk_triggers import JSON, places, planted

from services.feedback.intake.normalised import Normalised, NotUnderstood, Told, Version
from services.feedback.intake.sources import zendesk

RECEIVED = datetime(2026, 3, 4, 12, tzinfo=UTC)
VENDOR = UUID("6f1b7a52-0c3e-4d0a-9a5c-5a1f0f6f3a11")
SETTINGS: dict[str, Any] = {
    "brands": {"360002417811": "Halcyon", "360002417852": "Nordlys Gear", "360002417893": "Sahara Trail"},
    "groups": {
        "360009911201": {"name": "EU Frontline", "vendor_id": str(VENDOR)},
        "360009911240": {"name": "MENA Frontline", "vendor_id": str(VENDOR)},
        "360009911277": {"name": "Escalations", "vendor_id": None},
    },
    "bots": ["900"],
    "language_tag_prefix": "lang_",
    "topic_tag_prefix": "topic_",
}
DETAIL: dict[str, Any] = {
    "actor_id": "20", "assignee_id": "20", "brand_id": "360002417811",
    "created_at": "2026-03-04T09:00:00Z", "description": "Where is it?", "group_id": "360009911201",
    "id": "7", "is_public": True, "organization_id": "0", "priority": "HIGH", "requester_id": "10",
    "status": "OPEN", "subject": "Late", "submitter_id": "10", "tags": ["vip", "lang_fr"],
    "type": "QUESTION", "updated_at": "2026-03-04T10:00:00Z", "via": {"channel": "mail"},
}  # fmt: skip
COMMENT = {
    "id": "55",
    "body": "Hello",
    "is_public": True,
    "author": {"id": "20", "is_staff": True, "name": "Lea"},
}


def event(kind: str, said: dict[str, Any] | None = None, **detail: Any) -> dict[str, Any]:
    return {
        "account_id": 1, "id": "e-1", "time": "2026-03-04T10:00:00.123456789Z",
        "type": f"zen:event-type:{kind}", "subject": "zen:ticket:7", "zendesk_event_version": "2022-11-06",
        "detail": DETAIL | detail,
        "event": {"meta": {"sequence": {"id": "1", "position": 2}}} | (said or {}),
    }  # fmt: skip


def read(payload: Any, settings: dict[str, Any] = SETTINGS) -> Told:
    return zendesk.normalise(payload, settings, received_at=RECEIVED, source_key="e-1")


def one(payload: Any) -> Normalised:
    [told] = read(payload).tickets
    return told


# ---- The corpus -----------------------------------------------------------------------------------


def of_corpus(folder: Path, name: str) -> Normalised:
    return one(json.loads((folder / f"payloads/zendesk/{name}.json").read_text()))


def test_corpus_a_created_ticket_is_told_whole(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d01_ticket_created")
    assert told.ticket_key == "48213"
    born = datetime(2026, 3, 4, 9, 2, 11, tzinfo=UTC)
    assert told.state == {
        "display_id": "48213", "status": "new", "status_raw": "NEW", "is_deleted": False,
        "priority": None, "priority_raw": None, "type": None, "channel": "web", "channel_raw": "web",
        "language": "fr", "topic": None, "brand_key": "360002417852", "brand": "Nordlys Gear",
        "group_key": "360009911201", "group_name": "EU Frontline", "vendor_id": VENDOR,
        "assignee_key": None, "assignee_name": None, "requester_key": "7310455120377",
        "organization_key": None, "subject": "Où est mon colis ? 📦 commande #NG-20931",
        "tags": ["lang_fr", "web_form"], "created_at": born, "updated_at": born, "is_public": True,
    }  # fmt: skip
    assert told.version == Version(datetime(2026, 3, 4, 9, 2, 11, 672717, tzinfo=UTC), 1, "e-1")
    assert [(c.field, c.from_value, c.to_value) for c in told.changes] == [
        ("status", None, "new"),
        ("created", None, "requester"),
    ]
    assert (told.messages, told.ratings, told.warnings) == ((), (), ())


def test_corpus_a_change_of_status(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d02_status_changed")
    [change] = told.changes
    assert (change.field, change.from_value, change.to_value) == ("status", "open", "solved")
    assert change.occurred_at == datetime(2026, 3, 4, 11, 47, 30, 105316, tzinfo=UTC)
    assert (change.actor_key, change.basis, change.position) == ("7310448812054", "told", 2)
    expected = {"status": "solved", "priority": "high", "type": "problem", "tags": ["address", "vip"]}
    assert told.state.items() >= (expected | {"assignee_key": "7310448812054"}).items()
    assert (told.messages, told.ratings) == ((), ())


def test_corpus_an_arabic_reply_of_an_agent(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d03_comment_added_public_rtl")
    [message] = told.messages
    assert (message.external_id, message.author_kind) == ("58789194475545", "agent")
    assert message.author_key == "7310448812133"
    assert (message.author_name, message.is_public, message.channel) == ("عمر السيد", True, "messaging")
    assert message.body == (
        "مرحبًا ليلى،\n\nتم إرسال البديل اليوم برقم تتبع AE-77120 🚚. سيصلك خلال يومين.\n\nمع التحية،\nعمر"
    )
    assert message.sent_at == datetime(2026, 3, 4, 12, 0, 44, 304701, tzinfo=UTC)
    expected = {"status": "pending", "priority": "urgent", "language": "ar", "brand": "Sahara Trail"}
    expected |= {"group_name": "MENA Frontline", "channel": "messaging", "channel_raw": "native_messaging"}
    assert told.state.items() >= expected.items()
    assert told.state["vendor_id"] == VENDOR


def test_corpus_an_assignment_in_a_group_without_a_vendor(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d04_agent_assignment_changed")
    [change] = told.changes
    assert (change.field, change.from_value, change.to_value) == ("assignee", None, "7310448812133")
    assert change.occurred_at == datetime(2026, 3, 4, 9, 31, 2, 1000, tzinfo=UTC)
    assert change.actor_key == "7310448812054"
    expected = {"assignee_key": "7310448812133", "group_name": "Escalations", "vendor_id": None}
    expected |= {"channel": "api", "channel_raw": "web_service", "organization_key": "360071224508"}
    assert told.state.items() >= expected.items()


def test_corpus_a_good_rating_credits_the_assignee_of_that_time(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d05_csat_received")
    [rating] = told.ratings
    assert (rating.key, rating.raw, rating.score, rating.is_offer) == ("48213", "GOOD", Decimal(1), False)
    assert rating.comment == "Lea was brilliant 💛 — sorted in 5 minutes"
    assert (rating.agent_key, rating.group_key) == ("7310448812054", "360009911201")
    assert rating.rated_at == rating.version.at == datetime(2026, 3, 5, 8, 15, 9, 900000, tzinfo=UTC)
    assert told.messages == ()


def test_corpus_a_message_of_messaging_asks_for_its_ticket(reference_dir: Path) -> None:
    told = of_corpus(reference_dir, "d10_messaging_message_added")
    [message] = told.messages
    assert (told.ticket_key, told.state, told.refetch) == ("48231", {}, ("ticket",))
    assert (message.external_id, message.author_kind) == ("67ab5f55155becd183e284cb", "requester")
    assert (message.is_public, message.body, message.channel) == (True, "still waiting… 😤😤", "messaging")
    assert message.sent_at == datetime(2026, 3, 4, 14, 32, 5, 200000, tzinfo=UTC)


# ---- Types of events ------------------------------------------------------------------------------


@pytest.mark.parametrize(("submitter", "by"), [("10", "requester"), (None, "requester"), ("20", "agent")])
def test_creation_tells_who_opened_the_ticket_and_the_first_assignee(submitter: Any, by: str) -> None:
    told = one(event("ticket.created", submitter_id=submitter))
    assert [(c.key, c.field, c.to_value) for c in told.changes] == [
        ("e-1", "status", "open"),
        ("e-1:created", "created", by),
        ("e-1:assignee", "assignee", "20"),
    ]
    assert {c.occurred_at for c in told.changes} == {datetime(2026, 3, 4, 9, tzinfo=UTC)}
    assert [(a.external_id, a.vendor_id) for a in told.agents] == [("20", VENDOR)]


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("group_assignment_changed", {"current": "2", "previous": "1"}, ("group", "1", "2")),
        ("priority_changed", {"current": "URGENT", "previous": None}, ("priority", None, "urgent")),
        ("agent_assignment_changed", {"current": None, "previous": "20"}, ("assignee", "20", None)),
        ("status_changed", {"current": "ON_FIRE", "previous": "HOLD"}, ("status", "on_hold", None)),
    ],
)
def test_a_change_of_a_field_we_follow(
    kind: str, said: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    [change] = one(event(f"ticket.{kind}", said)).changes
    assert (change.field, change.from_value, change.to_value) == expected


@pytest.mark.parametrize(
    ("kind", "field", "detail"),
    [
        ("comment_redacted", "redacted", None),
        ("comment_made_private", "made_private", None),
        ("attachment_redacted_from_comment", "attachment_redacted", {"attachment_id": "9"}),
    ],
)
def test_words_that_are_taken_back_name_their_comment(kind: str, field: str, detail: Any) -> None:
    comment: dict[str, Any] = {"id": 55} | ({"attachment": {"id": 9}} if detail else {})
    [change] = one(event(f"ticket.{kind}", {"comment": comment})).changes
    assert (change.field, change.to_value, change.detail, change.actor_key) == (field, "55", detail, "20")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("soft_deleted", {"is_deleted": True}),
        ("undeleted", {"is_deleted": False, "is_spam": False}),
        ("marked_as_spam", {"is_deleted": True, "is_spam": True}),
    ],
)
def test_lifecycle_events(kind: str, expected: dict[str, Any]) -> None:
    assert one(event(f"ticket.{kind}")).state.items() >= expected.items()
    deleted = one(event(f"ticket.{kind}", status="DELETED")).state
    assert deleted.items() >= expected.items()
    assert "status" not in deleted


def test_of_a_ticket_that_is_gone_for_good_only_its_id_is_told() -> None:
    told = one(
        event("ticket.permanently_deleted", subject="SCRUBBED", status="SCRUBBED", assignee_id="9" * 99)
    )
    assert told.state == {"display_id": "7", "is_deleted": True, "is_purged": True}
    assert told.agents == ()


@pytest.mark.parametrize("said", [{"target_ticket_id": 8}, {"target_ticket": {"id": "8"}}])
def test_a_merge_names_the_ticket_it_went_into(said: dict[str, Any]) -> None:
    told = one(event("ticket.merged", said, status="CLOSED"))
    assert (told.state["merged_into_key"], told.refetch) == ("8", ())


def test_a_merge_that_does_not_say_into_which_asks_for_the_history() -> None:
    told = one(event("ticket.merged"))
    assert "merged_into_key" not in told.state
    assert told.refetch == ("ticket", "history")


@pytest.mark.parametrize("separator", [":", "/"])
@pytest.mark.parametrize("kind", ["attachment_linked_to_comment", "sla_policy_changed", "not_heard_of"])
def test_any_other_event_of_a_ticket_still_tells_its_state(kind: str, separator: str) -> None:
    payload = event("x") | {"type": f"zen:event-type{separator}ticket.{kind}"}
    told = one(payload)
    assert told.state["status"] == "open"
    assert (told.changes, told.messages, told.ratings) == ((), (), ())


@pytest.mark.parametrize(
    "kind", ["user.created", "agent.state_changed", "article.published", "messaging_ticket.x"]
)
def test_events_of_other_things_are_ignored(kind: str) -> None:
    told = read({"type": f"zen:event-type:{kind}"})
    assert told.ignored is not None
    assert told.tickets == ()


@pytest.mark.parametrize(
    "score", [{}, {"satisfaction_score": "GOOD"}, {"satisfaction_score": {"score": None}}]
)
def test_a_rating_that_cannot_be_read_is_asked_for(score: dict[str, Any]) -> None:
    told = one(event("ticket.csat_received", score))
    assert (told.ratings, told.refetch) == ((), ("ticket", "history"))


def test_an_offer_is_no_answer_and_no_reason_is_none() -> None:
    score = {"score": "OFFERED", "reason": "No reason provided"}
    [rating] = one(event("ticket.csat_received", {"satisfaction_score": score})).ratings
    assert (rating.score, rating.is_offer, rating.reason) == (None, True, None)


# ---- Who said it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("author", "kind"),
    [
        ({"id": "20", "is_staff": True}, "agent"),
        ({"id": "10", "is_staff": True}, "requester"),
        ({"id": "11", "is_staff": False}, "requester"),
        ({"id": "900", "is_staff": True}, "bot"),
        ({"id": "-1", "is_staff": True}, "system"),
        (None, "requester"),
    ],
)
def test_the_author_of_a_comment(author: Any, kind: str) -> None:
    told = one(event("ticket.comment_added", {"comment": COMMENT | {"author": author}}, assignee_id=None))
    assert told.messages[0].author_kind == kind
    assert bool(told.agents) is (kind == "agent")


@pytest.mark.parametrize(
    ("actor", "kind"),
    [("end_user", "requester"), ("agent", "agent"), ("system", "bot"), ("ghost", "system"), (None, "system")],
)
def test_the_author_of_a_message_in_messaging(actor: Any, kind: str) -> None:
    said = {"actor": {"id": "a1", "type": actor, "name": "N"}, "message": {"id": "m1", "body": "b"}}
    told = one(event("messaging_ticket.message_added", said) | {"detail": {"id": "7"}})
    assert told.messages[0].author_kind == kind
    assert told.agents == ()


# ---- The state ------------------------------------------------------------------------------------


def test_what_a_skinny_detail_leaves_out_is_not_told() -> None:
    told = one(event("ticket.created") | {"detail": {"id": 7}})
    assert (told.ticket_key, told.state, told.changes) == ("7", {"display_id": "7"}, ())


def test_tags_that_are_null_are_not_told_but_none_are() -> None:
    assert "tags" not in one(event("ticket.tags_changed", tags=None)).state
    assert one(event("ticket.tags_changed", tags=[])).state["tags"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("created_at", "yesterday"), ("created_at", "0001-01-01T00:00:00+23:59"), ("is_public", "perhaps"),
     ("updated_at", "2026-02-30T00:00:00Z")],
)  # fmt: skip
def test_an_odd_value_loses_its_field_and_not_the_record(field: str, value: Any) -> None:
    told = one(event("ticket.x", **{field: value}))
    assert field not in told.state
    assert len(told.warnings) == 1
    assert told.state["status"] == "open"


@pytest.mark.parametrize("field", ["status", "priority"])
def test_an_unknown_word_is_none_and_kept_as_it_was(field: str) -> None:
    told = one(event("ticket.x", **{field: "ON_FIRE"}))
    assert told.state.items() >= {field: None, f"{field}_raw": "ON_FIRE"}.items()
    assert told.warnings


@pytest.mark.parametrize(
    ("word", "ours"),
    [("mail", "email"), ("whatsapp", "messaging"), ("voice", "phone"), ("pigeon", "other"), (None, None)],
)
def test_channels(word: str | None, ours: str | None) -> None:
    state = one(event("ticket.x", via={"channel": word})).state
    assert (state["channel"], state["channel_raw"]) == (ours, word)


def test_the_description_is_not_told_for_it_is_the_first_comment() -> None:
    assert "description" not in one(event("ticket.created")).state


def test_an_unknown_group_keeps_its_id_alone() -> None:
    state = one(event("ticket.x", group_id="1", brand_id="2")).state
    assert (state["group_key"], state["group_name"], state["vendor_id"]) == ("1", None, None)
    assert (state["brand_key"], state["brand"]) == ("2", None)


# ---- What is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "pointer"),
    [
        (None, "/type"),
        (event("ticket.x") | {"detail": None}, "/detail"),
        (event("ticket.x") | {"event": []}, "/event"),
        (event("ticket.x", id="9" * 41), "/detail/id"),
        (event("ticket.x") | {"time": "2026-03-04T09:00:00"}, "/time"),
        (event("ticket.comment_added"), "/event/comment"),
        (event("ticket.comment_added", {"comment": COMMENT | {"id": None}}), "/event/comment/id"),
        (event("ticket.comment_added", {"comment": COMMENT | {"is_public": 1}}), "/event/comment/is_public"),
        (event("ticket.comment_redacted", {"comment": {}}), "/event/comment/id"),
        (event("ticket.status_changed"), "/event/current"),
    ],
)  # fmt: skip
def test_without_what_it_is_about_an_event_is_not_understood(payload: Any, pointer: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(payload)
    assert refused.value.pointer == pointer


# ---- Hostile values -------------------------------------------------------------------------------

KINDS = [
    "ticket.created", "ticket.status_changed", "ticket.agent_assignment_changed", "ticket.priority_changed",
    "ticket.comment_added", "ticket.comment_redacted", "ticket.attachment_redacted_from_comment",
    "ticket.csat_received", "ticket.merged", "ticket.undeleted", "ticket.permanently_deleted", "ticket.x",
    "messaging_ticket.message_added",
]  # fmt: skip
SAID = {
    "current": "OPEN", "previous": "NEW", "comment": COMMENT | {"attachment": {"id": "1"}},
    "satisfaction_score": {"score": "GOOD", "comment": "c"}, "target_ticket": {"id": "1"},
    "actor": {"id": "1", "type": "agent", "name": "n"}, "message": {"id": "1", "body": "b"},
}  # fmt: skip


def ends_well(payload: Any) -> None:
    try:
        told = read(payload)
    except NotUnderstood:
        return
    assert isinstance(told, Told)


@given(JSON)
def test_any_value_ends_well(value: Any) -> None:
    ends_well(value)


@given(st.sampled_from(KINDS), st.sampled_from([*places(event("ticket.x", SAID))]), JSON)
def test_any_value_in_any_field_ends_well(kind: str, path: tuple[Any, ...], value: Any) -> None:
    ends_well(planted(event(kind, SAID), path, value))
