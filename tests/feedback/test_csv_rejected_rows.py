"""Rows of a CSV that cannot be read: each is named and left out, the rows around it stand."""

from pathlib import Path

import pytest
from csv_samples import MESSAGES, REVIEWS, SCORES, TALK, Read, only, reader, tickets

GOOD = "T1,m1,2024-01-05 12:00,ann,customer,no,Hello\n"


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    return reader(tmp_path)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        pytest.param(b",m2,2024-01-05 12:00,x,staff,no,t", "ticket", id="no ticket"),
        pytest.param(b"?,m2,2024-01-05 12:00,x,staff,no,t", "ticket", id="unknown ticket"),
        pytest.param(b"T\x07,m2,2024-01-05 12:00,x,staff,no,t", "ticket", id="control character"),
        pytest.param(b"T" * 256 + b",m2,2024-01-05 12:00,x,staff,no,t", "ticket", id="long name"),
        pytest.param(b"T1,,2024-01-05 12:00,x,staff,no,t", "message", id="no message id"),
        pytest.param(b"T2,m1,2024-01-05 12:00,x,staff,no,t", "message", id="other's message"),
        pytest.param(b"T1,m2,2024-02-30 12:00,x,staff,no,t", "at", id="impossible day"),
        pytest.param(b"T1,m2,2024-03-31 02:30,x,staff,no,t", "at", id="hour the zone skips"),
        pytest.param(b"T1,m2,0001-01-01 00:00,x,staff,no,t", "at", id="before all calendars"),
        pytest.param(b"T1,m2,soon,x,staff,no,t", "at", id="no time"),
        pytest.param(b"T1,m2,,x,staff,no,t", "at", id="empty time"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,guest,no,t", "role", id="unknown author kind"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,staff,no,a\x00b", "text", id="NUL"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,staff,no,gr\xfcn", "text", id="not UTF-8"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,staff,no", None, id="too few cells"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,staff,no,t,u", None, id="too many cells"),
        pytest.param(b'T1,m2,2024-01-05 12:00,x,staff,no,"a"b', None, id="broken quoting"),
        pytest.param(b"T1,m2,2024-01-05 12:00,x,staff,no," + b"t" * 140_000, None, id="endless"),
    ],
)
def test_an_unreadable_row_is_left_out_and_the_rows_around_it_stand(
    reading: Read, row: bytes, column: str | None
) -> None:
    last = b"T1,m3,2024-01-05 12:09,ann,customer,no,Bye\n"
    found = reading(MESSAGES, TALK.encode() + GOOD.encode() + row + b"\n" + last)
    assert [(one.line, one.column, one.file) for one in found.rejected] == [(3, column, "export.csv")]
    assert [message.body for message in only(found).messages] == ["Hello", "Bye"]
    assert found.rows == 3


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("T1,1.5,,2024-01-05 12:00,x,,1,1", "turn"),
        ("T1,-1,,2024-01-05 12:00,x,,1,1", "turn"),
        ("T1,٣,,2024-01-05 12:00,x,,1,1", "turn"),
        ("T1,,,2024-01-05 12:00,x,,1,1", "turn"),
        ("T1,1,,2024-01-05 12:00,x,,five,1", "A"),
        ("T1,1,,2024-01-05 12:00,x,,NaN,1", "A"),
        ("T1,1,,2024-01-05 12:00,x,,1e1,1", "A"),
        ("T1,1,,2024-01-05 12:00,x,,1,6", "B"),
        ("T1,1,,2024-01-05 12:00,x,,1,-1", "B"),
        ("T0,1,,2024-01-05 12:00,x,,1,1", "turn"),
    ],
)
def test_a_score_that_is_no_score_is_left_out(reading: Read, row: str, column: str) -> None:
    good = "T0,1,,2024-01-05 12:00,x,,1,1\n"
    found = reading(REVIEWS, SCORES + good + row + "\n")
    assert [(one.line, one.column) for one in found.rejected] == [(3, column)]
    assert [review.key for review in found.reviews] == ["T0:1"]
    assert list(tickets(found)) == ["T0"]


def test_a_message_with_an_unreadable_row_waits_as_a_whole(reading: Read) -> None:
    found = reading(
        MESSAGES,
        (TALK + GOOD + "T1,m2,2024-01-05 12:01,bob,staff,no,One\n").encode()
        + b"T1,m2,2024-01-05 12:01,bob,staff,no,\xff\n"
        + b"T1,m2,2024-01-05 12:01,bob,staff,no,Three\n",
    )
    assert [message.external_id for message in only(found).messages] == ["m1"]
    assert [(row.line, row.column) for row in found.rejected] == [(3, "message"), (4, "text")]


def test_rows_that_disagree_about_their_message_are_not_mixed(reading: Read) -> None:
    found = reading(MESSAGES, TALK + GOOD + "T1,m1,2024-01-05 12:00,ann,customer,yes,Psst\n")
    assert tickets(found) == {}
    assert [row.line for row in found.rejected] == [2, 3]


def test_no_reason_quotes_what_was_refused(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK
        + "T1,m1,jane@example.org,jane@example.org,staff,no,x\n"
        + "T1,m2,2024-01-05 12:00,x,jane@example.org,no,x\n"
        + 'T1,m3,2024-01-05 12:00,x,staff,no,"jane@example.org" x\n',
    )
    assert len(found.rejected) == 3
    assert not any("jane" in row.reason for row in found.rejected)


def test_lines_are_counted_as_an_editor_shows_them(reading: Read) -> None:
    found = reading(
        MESSAGES,
        TALK + 'T1,m1,2024-01-05 12:00,ann,customer,no,"two\nlines"\n\n' + "T1,m2,never,a,staff,no,t\n",
    )
    assert only(found).messages[0].body == "two\nlines"
    assert [row.line for row in found.rejected] == [5]
    assert found.rows == 2


def test_a_quote_that_never_ends_says_how_far_it_was_read(reading: Read) -> None:
    found = reading(MESSAGES, TALK + GOOD + 'T1,m2,2024-01-05 12:00,a,staff,no,"open\n' + GOOD)
    (row,) = found.rejected
    assert row.line == 3
    assert "line 4" in row.reason
