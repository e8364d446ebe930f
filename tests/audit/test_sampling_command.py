"""`assay sampling`: a draw is looked at, made and checked, with nothing but a file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import app


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["sampling", *map(str, words)])
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Sixty tickets of two languages, ten of which are to be drawn."""
    population = [
        {"id": f"T{n}", "solved_at": (datetime(2026, 2, 2, tzinfo=UTC) + timedelta(hours=n)).isoformat(),
         "traits": {"language": "de" if n % 3 else "fr"}}
        for n in range(60)
    ]  # fmt: skip
    return written(tmp_path, {"design": {"kind": "allocated", "size": 10}, "population": population})


def written(folder: Path, told: dict[str, Any]) -> Path:
    target = folder / "population.json"
    target.write_text(json.dumps({"seed": "2026-W06|qa", "strata": ["language"]} | told))
    return target


def test_a_draw_is_looked_at_made_and_found_whole(file: Path, tmp_path: Path) -> None:
    # given a population, when it is looked at, then samples and margin by stratum are told
    code, words = run("outlook", file)
    assert code == 0
    assert "10.0 of 60 tickets; ± 17.0 points to expect." in words
    assert '["de"]' in words
    assert '["fr"]' in words
    # when it is drawn from, then the file holds
    assert run("draw", file, tmp_path / "drawn.json")[0] == 0
    code, words = run("verify", tmp_path / "drawn.json")
    assert (code, words.split(" Population")[0]) == (0, "The draw holds: 10 of 60 tickets.")


def test_one_changed_ticket_of_the_file_is_named(file: Path, tmp_path: Path) -> None:
    # given a draw in a file, when one ticket of its population gets another language
    target = tmp_path / "drawn.json"
    run("draw", file, target)
    told = json.loads(target.read_text())
    told["population"][5]["traits"]["language"] = "it"
    target.write_text(json.dumps(told))
    # then it does not hold, and the command fails
    code, words = run("verify", target)
    assert code == 1
    assert "/population: These are not the tickets that were frozen." in words


def test_what_cannot_be_drawn_is_said_and_nothing_written(tmp_path: Path) -> None:
    # given fewer tickets than are wanted, then it is refused by name
    one = {"id": "T1", "solved_at": "2026-02-02T00:00:00Z"}
    file = written(tmp_path, {"design": {"kind": "allocated", "size": 2}, "population": [one]})
    code, words = run("draw", file, tmp_path / "drawn.json")
    assert (code, words) == (2, "/design/size: There are only 1 tickets to draw from.")
    assert not (tmp_path / "drawn.json").exists()
    # and a file that says something else is not read
    file.write_text('{"seed": "s"}')
    assert run("verify", file)[0] == 2
