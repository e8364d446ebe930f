"""Statements about a ticket, in any order and any number of times, end as a plain model says."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.feedback.intake.normalised import (
    Change,
    NewMessage,
    Normalised,
    Settled,
    TicketFields,
    Version,
)
from services.feedback.intake.rules import (
    ERASED_WHEN_PURGED,
    Known,
    Span,
    is_settled,
    merge,
    pack,
    pack_settled,
    unpack,
    unpack_settled,
)

PROPERTY = hypothesis_settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "200")),
    deadline=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
    database=None,
)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


# ---- Statements ------------------------------------------------------------------------------------


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


MOMENTS = st.integers(-5, 5).map(at)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "created_at": MOMENTS, "updated_at": MOMENTS, "subject": st.sampled_from(("a", "b", None)),
    "requester_name": st.sampled_from(("Jo", "Al", None)), "custom_fields": st.sampled_from(({"a": 1}, None)),
    "status": st.sampled_from(("new", "open", "solved", None)), "tags": st.sampled_from((["a"], [], None)),
    "is_purged": st.booleans(), "is_deleted": st.booleans(),
}  # fmt: skip
MESSAGES = st.builds(
    NewMessage, external_id=st.just("1"), sent_at=MOMENTS, position=st.just(0), author_kind=st.just("agent"),
    author_key=st.none(), author_name=st.none(), is_public=st.just(True), body=st.just("x"),
)  # fmt: skip
CHANGES = st.builds(
    Change, key=st.just("1"), occurred_at=MOMENTS, position=st.just(0),
    field=st.sampled_from(("status", "assignee", "redacted", "made_private")), from_value=st.none(),
    to_value=st.just("x"), basis=st.sampled_from(("told", "history", "hint", "snapshot")),
)  # fmt: skip
SETTLED = st.builds(
    lambda field, since, until: Settled(field, None if since is None else at(since), at(until)),
    st.sampled_from(("status", "assignee")), st.none() | st.integers(-9, -6), st.integers(-5, 5),
)  # fmt: skip


@st.composite
def tellings(draw: st.DrawFn) -> list[Normalised]:
    """Each of a version of its own: two payloads never share a key, and each settles a field once."""
    told = []
    stretches: dict[tuple[str, datetime], Settled] = {}
    for number in range(draw(st.integers(1, 6))):
        settled = [
            stretches.setdefault((one.field, one.until), one) for one in draw(st.lists(SETTLED, max_size=2))
        ]
        told.append(
            Normalised(
                ticket_key="1",
                version=Version(draw(MOMENTS), draw(st.integers(0, 1)), f"key {number}"),
                state=cast(TicketFields, draw(st.fixed_dictionaries({}, optional=VALUES))),
                messages=tuple(draw(st.lists(MESSAGES, max_size=2))),
                changes=tuple(draw(st.lists(CHANGES, max_size=2))),
                settled=tuple(settled),
            )
        )
    return told


@st.composite
def told_twice(draw: st.DrawFn) -> tuple[list[Normalised], list[Normalised]]:
    """Statements, and the same ones in another order, some of them repeated."""
    told = draw(tellings())
    again = told + draw(st.lists(st.sampled_from(told), max_size=5))
    return told, draw(st.permutations(again))


# ---- The plain model ---------------------------------------------------------------------------------


@dataclass
class Model:
    """What is known when all was said, worked out from all of it at once."""

    values: dict[str, Any]
    versions: dict[str, Version]
    settled: dict[str, Span]
    has_redactions: bool


def model(told: list[Normalised]) -> Model:
    newest = sorted(told, key=lambda one: one.version)
    values = {name: value for one in newest for name, value in one.state.items()}
    versions = {name: one.version for one in newest for name in one.state}
    heard = [
        moment
        for one in told
        for moment in (
            one.version.at,
            *(message.sent_at for message in one.messages),
            *(change.occurred_at for change in one.changes),
        )
    ]
    values.setdefault("created_at", min(heard))
    values.setdefault("updated_at", max(heard))
    is_purged = any(one.state.get("is_purged") for one in told)
    if is_purged:
        values |= {"is_purged": True, **dict.fromkeys(ERASED_WHEN_PURGED)}
    stretches = sorted((s for one in told for s in one.settled), key=lambda one: one.until)
    words_back = {"redacted", "attachment_redacted", "message_deleted"}
    return Model(
        values,
        versions,
        {one.field: (one.since, one.until) for one in stretches},
        is_purged or any(change.field in words_back for one in told for change in one.changes),
    )


def merged(told: list[Normalised]) -> Known:
    known = Known()
    for one in told:
        merge(known, one)
    return known


def shown(known: Known | Model) -> Any:
    return known.values, known.versions, known.settled, known.has_redactions


# ---- Properties --------------------------------------------------------------------------------------


@PROPERTY
@given(told_twice())
def test_any_order_and_any_repeats_end_as_the_plain_model(
    both: tuple[list[Normalised], list[Normalised]],
) -> None:
    told, other_way = both
    assert shown(merged(other_way)) == shown(model(told))


@PROPERTY
@given(tellings())
def test_what_was_merged_already_changes_nothing(told: list[Normalised]) -> None:
    known = merged(told)
    assert [merge(known, one) for one in told] == [False] * len(told)


@PROPERTY
@given(tellings(), st.integers(0, 6))
def test_going_on_from_what_was_stored_ends_the_same(told: list[Normalised], so_far: int) -> None:
    # given a ticket that is stored in the middle, and read again
    first = merged(told[:so_far])
    stored = Known(
        values=dict(first.values),
        versions=unpack(pack(first.versions)),
        settled=unpack_settled(pack_settled(first.settled)),
        has_redactions=first.has_redactions,
        first_heard_at=first.values.get("created_at"),
        last_heard_at=first.values.get("updated_at"),
    )
    # when the rest is merged in
    for one in told[so_far:]:
        merge(stored, one)
    # then it is as if it had never been away
    assert shown(stored) == shown(model(told))


@PROPERTY
@given(tellings(), MOMENTS, st.data())
def test_what_is_purged_stays_purged_and_holds_no_words(
    told: list[Normalised], purged_at: datetime, data: st.DataObject
) -> None:
    # given a purge somewhere among the statements, older or newer than they are
    purge = Normalised("1", Version(purged_at, 0, "purge"), TicketFields(is_purged=True))
    place = data.draw(st.integers(0, len(told)))
    known = Known()
    for number, one in enumerate([*told[:place], purge, *told[place:]]):
        merge(known, one)
        # then from there on it is purged, and nothing of what people wrote is there
        if number >= place:
            assert known.values["is_purged"] is True
            assert known.has_redactions
            assert {known.values.get(name) for name in ERASED_WHEN_PURGED} == {None}


@PROPERTY
@given(tellings())
def test_a_creation_that_nobody_told_is_the_earliest_of_what_was_heard(told: list[Normalised]) -> None:
    # given statements of which none says when the ticket was created, and at last one that does
    silent = [
        Normalised(one.ticket_key, one.version, messages=one.messages, changes=one.changes) for one in told
    ]
    known = merged(silent)
    # then it is provisional, and as early as anything heard
    assert known.is_provisional
    moments = [one.version.at for one in silent]
    moments += [message.sent_at for one in silent for message in one.messages]
    moments += [change.occurred_at for one in silent for change in one.changes]
    assert known.values["created_at"] == min(moments)
    # and once told, even by an old statement, it is that
    merge(known, Normalised("1", Version(at(-60)), TicketFields(created_at=at(60))))
    assert (known.is_provisional, known.values["created_at"]) == (False, at(60))


VERSIONS = st.builds(
    Version,
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-(2**31), 2**31),
    st.text(max_size=5),
)


@PROPERTY
@given(st.dictionaries(st.text(max_size=5), VERSIONS))
def test_versions_are_packed_and_unpacked_without_loss_newest_first(versions: dict[str, Version]) -> None:
    packed = pack(versions)
    assert unpack(packed) == versions
    stamps = [Version(datetime.fromisoformat(one[0]), one[1], one[2]) for one in packed]
    assert stamps == sorted(set(stamps), reverse=True), "each stands there once"


@PROPERTY
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.tuples(
            st.none() | st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC))
        ),
    )
)  # fmt: skip
def test_settled_stretches_are_packed_and_unpacked_without_loss(settled: dict[str, Span]) -> None:
    assert unpack_settled(pack_settled(settled)) == settled


@PROPERTY
@given(CHANGES, st.dictionaries(st.just("status"), st.tuples(st.none() | MOMENTS, MOMENTS)))
def test_a_change_gives_way_inside_a_settled_stretch_only_and_never_out_of_a_history(
    change: Change, settled: dict[str, Span]
) -> None:
    # given a stretch open at its begin and closed at its end, or open for ever
    since, until = settled.get(change.field, (NOON, NOON))
    inside = change.occurred_at <= until and (since is None or since < change.occurred_at)
    # then only what is inside, and not certain itself, gives way
    assert is_settled(change, settled) is (inside and change.field in settled and change.basis != "history")


def test_the_later_of_two_stretches_of_a_field_stays() -> None:
    for order in ([(-9, 1), (None, 3)], [(None, 3), (-9, 1)]):
        known = Known()
        for since, until in order:
            stretch = Settled("status", None if since is None else at(since), at(until))
            merge(known, Normalised("1", Version(NOON), settled=(stretch,)))
        assert known.settled == {"status": (None, at(3))}
