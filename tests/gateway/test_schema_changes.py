"""What front-ends have built on lasts: it is deprecated, and in a later release taken away."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app as command
from services.gateway.changes import changes
from services.gateway.schema import schema

RELEASED = Path(__file__).parents[2] / "services" / "gateway" / "released.graphql"
HOW = (
    "clients of the last release break. Deprecate it first (deprecation_reason=…), release that"
    " (make release-schema), and take it away in the release after"
)


def test_nothing_that_was_released_breaks() -> None:
    found = [one.words for one in changes(RELEASED.read_text(), schema.as_str()) if one.kind == "breaks"]
    assert found == [], HOW


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a: Int b: Int", "a: Int", "breaks: Field Query.b was removed."),
        ('a: Int b: Int @deprecated(reason: "a")', "a: Int", "was announced: Field Query.b was removed."),
        ("a: Int!", "a: Int", "breaks: Field Query.a changed type from Int! to Int."),
        ("a(n: Int): Int", "a(n: Int!): Int",
         "breaks: Argument Query.a(n:) has changed type from Int to Int!."),
        ("a(n: Int, m: Int): Int", "a(n: Int): Int", "breaks: Argument Query.a(m:) was removed."),
        ('a(n: Int, m: Int @deprecated(reason: "n")): Int', "a(n: Int): Int",
         "was announced: Argument Query.a(m:) was removed."),
        ("a(n: Int = 1): Int", "a(n: Int = 2): Int",
         "may break: Query.a(n:) has changed defaultValue from 1 to 2."),
        ("a: Int", "a(n: Int): Int", "may break: An optional argument Query.a(n:) was added."),
        ("a: Int", "a: Int b: Int", "is new: Query.b was added."),
        ("a: Int", "a: Int b: More } type More { c: Int",
         "is new: More was added., is new: Query.b was added."),
        ("a: Int", "a: Int", ""),
    ],
)  # fmt: skip
def test_a_change_is_told_by_what_it_does_to_clients(before: str, after: str, expected: str) -> None:
    found = changes(f"type Query {{ {before} }}", f"type Query {{ {after} }}")
    assert ", ".join(f"{one.kind}: {one.words}" for one in found) == expected


def test_a_value_that_was_deprecated_may_go() -> None:
    before = 'type Query { a: E } enum E { P Q @deprecated(reason: "P") R }'
    found = changes(before, "type Query { a: E } enum E { P }")
    assert [(one.kind, one.words) for one in found] == [
        ("breaks", "Enum value E.R was removed."),
        ("was announced", "Enum value E.Q was removed."),
    ]


def test_the_command_prints_what_differs_and_fails_where_that_breaks(tmp_path: Path) -> None:
    # given a release that had one field more, and one that had one less
    text = schema.as_str()
    more, less = tmp_path / "more.graphql", tmp_path / "less.graphql"
    more.write_text(text.replace("type Query {", "type Query {\n  gone: Int\n", 1))
    less.write_text(re.sub(r'  """[^"]*"""\n  liveCursor: String!\n', "", text))
    # when each is compared with what is served
    broken, sound = (CliRunner().invoke(command, ["schema", "--diff", str(path)]) for path in (more, less))
    # then
    assert (broken.exit_code, broken.output) == (1, "breaks        Field Query.gone was removed.\n")
    assert (sound.exit_code, sound.output) == (0, "is new        Query.liveCursor was added.\n")


def test_the_command_says_what_is_wrong_with_the_file(tmp_path: Path) -> None:
    (path := tmp_path / "bad.graphql").write_text("type Query {")
    for given in (path, tmp_path / "none.graphql"):
        result = CliRunner().invoke(command, ["schema", "--diff", str(given)])
        assert (result.exit_code, given.name in result.output) == (2, True)
