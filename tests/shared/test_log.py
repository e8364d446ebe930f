"""What goes wrong is logged with its place, and without a word of what people wrote."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from shared import log

CANARY = "4111 1111 1111 1111"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    to = io.StringIO()
    before = structlog.get_config()
    log.configure("json", to)
    yield to
    structlog.configure(**before)


def test_an_exception_is_logged_by_kind_and_place_and_not_by_its_words(written: io.StringIO) -> None:
    def read_the_card(number: str) -> None:
        try:
            int(number)
        except ValueError as error:
            raise LookupError(f"no card {number}") from error

    try:
        read_the_card(CANARY)
    except LookupError:
        structlog.get_logger().exception("a card could not be read", field="number")
    line = json.loads(written.getvalue())
    assert line["event"] == "a card could not be read"
    assert "LookupError after ValueError" in line["exception"]
    assert "in read_the_card" in line["exception"]
    assert CANARY not in written.getvalue()


def test_a_line_without_an_exception_has_none(written: io.StringIO) -> None:
    structlog.get_logger().info("answered", status=200)
    assert "exception" not in json.loads(written.getvalue())
