"""What a mapping must say, and which files fit it."""

import gzip
from pathlib import Path

import pytest
from csv_samples import CONNECTION, MESSAGES, REVIEWS, TALK, UPDATES, Read, reader, tickets

from services.feedback.intake.sources.csv import FilesDoNotFit, match_files
from services.feedback.intake.sources.csv_mapping import Mapping, MappingInvalid, find_mapping
from services.feedback.intake.sources.csv_rows import FileUnreadable

GOOD = "T1,m1,2024-01-05 12:00,ann,customer,no,Hello\n"


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    return reader(tmp_path)


# ---- Files ------------------------------------------------------------------------------------


def test_gzip_and_a_byte_order_mark_are_read_like_plain_text(reading: Read) -> None:
    content = b"\xef\xbb\xbf" + (TALK + GOOD).encode()
    assert tickets(reading(MESSAGES, content)) == tickets(reading(MESSAGES, gzip.compress(content)))


def test_a_damaged_file_is_not_used_by_half(reading: Read) -> None:
    packed = gzip.compress((TALK + GOOD * 2000).encode())
    with pytest.raises(FileUnreadable, match="damaged"):
        reading(MESSAGES, packed[:-20])


@pytest.mark.parametrize("content", [b"", "ticket,message".encode("utf-16")])
def test_a_file_without_a_readable_header_is_refused(reading: Read, content: bytes) -> None:
    with pytest.raises((FileUnreadable, FilesDoNotFit)):
        reading(MESSAGES, content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"nothing\.csv"):
        match_files(Mapping.parse(MESSAGES), [tmp_path / "nothing.csv"])


def test_a_column_that_is_there_twice_is_refused(reading: Read) -> None:
    with pytest.raises(FileUnreadable, match="text more than once"):
        reading(MESSAGES, TALK.rstrip() + ",text\n")


def test_a_file_that_fits_nothing_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("ticket,message,at,author,role\n")
    with pytest.raises(FilesDoNotFit, match=r"other\.csv .*'talk' it lacks private, text"):
        match_files(Mapping.parse(MESSAGES), [path])


def test_two_files_of_one_kind_are_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(TALK)
    with pytest.raises(FilesDoNotFit, match=r"b\.csv and a\.csv are both 'talk'"):
        match_files(Mapping.parse(MESSAGES), [tmp_path / "a.csv", tmp_path / "b.csv"])


def test_files_are_told_apart_by_their_columns_in_any_order(tmp_path: Path) -> None:
    mapping = Mapping.load(find_mapping("helpdesk_qa"))
    talk, scores = (tmp_path / "talk.csv"), (tmp_path / "scores.csv")
    by_name = {block.name: block for block in mapping.blocks}
    talk.write_text(",".join(by_name["utterances"].needed_columns(mapping.rubric)))
    scores.write_text(",".join(by_name["scored"].needed_columns(mapping.rubric)))
    assert match_files(mapping, [scores, talk]) == {"utterances": talk, "scored": scores}
    with pytest.raises(FilesDoNotFit, match="no file was given for 'utterances'"):
        match_files(mapping, [scores])


def test_batches_end_at_their_size_in_tickets_and_in_rows(reading: Read) -> None:
    rows = [f"T{n},m{n},2024-01-05 12:00,ann,customer,no,x\n" for n in range(5)]
    found = reading(MESSAGES, TALK + "".join(rows))
    assert [len(batch) for batch in found.batches(tickets=2)] == [2, 2, 1]
    assert [len(batch) for batch in found.batches(rows=6)] == [3, 2]
    assert [len(batch) for batch in found.batches(rows=1)] == [1] * 5


# ---- Mappings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "old", "new", "path"),
    [
        (MESSAGES, '[connection]\nkey = "desk"', "[connection]", "connection.key"),
        (MESSAGES, 'key = "desk"', 'key = "Our desk"', "connection.key"),
        (MESSAGES, '"history"', '"guess"', "connection.resolution_basis"),
        (MESSAGES, "Europe/Berlin", "Europe/Nowhere", "time.zone"),
        (MESSAGES, "Europe/Berlin", "../etc/passwd", "time.zone"),
        (MESSAGES, '"%Y-%m-%d %H:%M"', '"yyyy-mm-dd"', "time.format"),
        (MESSAGES, '["?"]', '"?"', "cells.missing"),
        (MESSAGES, '"message"', '"sentence"', "file[1].grain"),
        (MESSAGES, 'body = "text"', "", "file[1].columns.body"),
        (MESSAGES, 'body = "text"', 'body = "text"\nbodi = "x"', "file[1].columns.bodi"),
        (MESSAGES, 'at = "at"', "at = 7", "file[1].columns.at"),
        (MESSAGES, "[file.values.private]\nno = false\nyes = true", "", "file[1].values.private"),
        (MESSAGES, "no = false", "no = 0", "file[1].values.private.no"),
        (MESSAGES, 'staff = "agent"', 'staff = "boss"', "file[1].values.author_kind.staff"),
        (MESSAGES, "[bots]", "[robots]", "robots"),
        (UPDATES, 'New = "new"', 'New = "fresh"', "file[1].values.status.New"),
        (REVIEWS, "max = 5", "max = 0", "scorecard.criterion[1].max"),
        (REVIEWS, "weight = 1.5", "weight = -1", "scorecard.criterion[2].weight"),
        (REVIEWS, "weight = 1.5", "weight = inf", "scorecard.criterion[2].weight"),
        (REVIEWS, 'id = "kind"', 'id = "right"', "scorecard.criterion.id"),
        (REVIEWS, 'grain = "review"', 'grain = "ticket_update"', "file[1].columns.turn"),
        (CONNECTION, "", "", "file"),
        (MESSAGES, "[connection]", "[connection", ""),
    ],
)
def test_a_wrong_mapping_says_where_and_what_is_expected(text: str, old: str, new: str, path: str) -> None:
    assert old in text
    with pytest.raises(MappingInvalid) as caught:
        Mapping.parse(text.replace(old, new, 1))
    assert caught.value.path == path
    assert caught.value.detail


@pytest.mark.parametrize("name", ["helpdesk_qa", "incident_log"])
def test_the_shipped_mappings_are_valid_and_found_by_name(name: str) -> None:
    assert Mapping.load(find_mapping(name)).blocks


def test_a_mapping_may_be_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(UPDATES)
    assert Mapping.load(find_mapping(str(path))).connection.key == "desk"
    with pytest.raises(MappingInvalid, match="incident_log"):
        find_mapping("no_such_mapping")
