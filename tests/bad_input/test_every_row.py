"""Every row of docs/bad-input.md is a test that can be asked for by its name (`pytest -k W13`)."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bad-input.md"
ROWS = {"R": 39, "Q": 14, "I": 13, "A": 21, "W": 27, "G": 33, "S": 7}
"""How many there are of each kind: 154."""


def documented(page: str) -> list[str]:
    return re.findall(r"^\| ([A-Z]\d+) \|", page, re.MULTILINE)


def named_in(tests: Iterable[str]) -> set[str]:
    """The rows that these tests name, as `test_w13_…` or as `[W13-cut-off]`."""
    names = (one.partition("::")[2] for one in tests)
    return {row.upper() for name in names for row in re.findall(r"(?:_|\[|-)([a-zA-Z]\d+)(?=[_-])", name)}


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The rows that all tests name."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", "tests"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return named_in(line for line in listed.stdout.splitlines() if "::" in line)


def test_the_page_has_every_row_once() -> None:
    expected = [f"{kind}{number}" for kind, many in ROWS.items() for number in range(1, many + 1)]
    assert documented(PAGE.read_text()) == expected
    assert len(expected) == 154


def test_every_row_is_a_test(collected: set[str]) -> None:
    assert [row for row in documented(PAGE.read_text()) if row not in collected] == []


def test_a_row_without_a_test_is_noticed() -> None:
    tests = [
        "tests/a.py::test_w1_is_taken",
        "tests/a.py::test_refused[W13-cut-off]",
        "tests/W9.py::test_no_row",
    ]
    assert named_in(tests) == {"W1", "W13"}
