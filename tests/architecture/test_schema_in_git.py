"""The GraphQL schema in git is the one that is served: whoever reviews a change sees it."""

import difflib
from pathlib import Path

from sources import ROOT
from typer.testing import CliRunner

from services.cli import app as cli
from services.gateway.schema import schema

FILE = ROOT / "services/gateway/schema.graphql"


def changes(file: Path, served: str) -> str:
    """Empty, or what to do and what is different."""
    written = file.read_text().rstrip("\n") if file.exists() else ""
    if written == served:
        return ""
    lines = difflib.unified_diff(
        written.splitlines(), served.splitlines(), file.name, "served", lineterm="", n=1
    )
    return "\n".join([f"{file.name} is not what is served: run `make schema`.", *lines])


def test_the_schema_in_git_is_the_schema_that_is_served() -> None:
    assert changes(FILE, schema.as_str()) == ""


def test_the_command_line_prints_that_schema_unchanged() -> None:
    printed = CliRunner().invoke(cli, ["schema"])
    assert printed.exit_code == 0
    assert printed.stdout == schema.as_str() + "\n"


def test_a_schema_that_is_out_of_date_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    assert "run `make schema`" in changes(file, "type Query"), "there is none yet"
    file.write_text("type Query {\n  gone: Int\n}\n")
    found = changes(file, "type Query {\n  added: Int\n}")
    assert "run `make schema`" in found
    assert "-  gone: Int" in found
    assert "+  added: Int" in found
    assert changes(file, "type Query {\n  gone: Int\n}") == ""
