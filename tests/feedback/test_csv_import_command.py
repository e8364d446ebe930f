"""`assay import` without a database: what a dry run reports, and how a refusal is told."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from services.cli_import import register
from services.feedback.intake.sources.csv import match_files
from services.feedback.intake.sources.csv_mapping import Mapping, find_mapping
from services.importing import ImportProgress, rehearse_import, run_import
from shared.config import Settings, settings_from_environment
from shared.crypto import Sealer
from shared.db import Database

HEADER = (
    "number,incident_state,sys_updated_at,opened_at,resolved_at,priority,contact_type,"
    "assignment_group,assigned_to,caller_id,category,sys_updated_by\n"
)
ROWS = (
    "INC1,New,1/3/2016 10:00,1/3/2016 09:00,?,3 - Moderate,Phone,Group 1,?,C 1,K 1,U 1\n"
    "INC1,Resolved,1/3/2016 11:00,1/3/2016 09:00,1/3/2016 11:00,3 - Moderate,Phone,Group 1,?,C 1,"
    "K 1,U 1\n"
)
BROKEN = "INC2,New,32/3/2016 10:00,1/3/2016 09:00,?,3 - Moderate,Phone,Group 1,?,C 1,K 1,U 1\n"


def run(*arguments: object) -> Result:
    app = typer.Typer()
    register(app)
    app.command("another")(lambda: None)  # with one verb alone, typer would drop its name
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + ROWS + BROKEN)
    return path


@pytest.fixture
def no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("DATABASE_URL", "ASSAY_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ASSAY_STATE_DIR", str(tmp_path / "state"))
    settings_from_environment.cache_clear()
    yield
    settings_from_environment.cache_clear()


async def test_a_dry_run_reports_everything_and_asks_no_database(log: Path) -> None:
    mapping = Mapping.load(find_mapping("incident_log"))
    heard: list[ImportProgress] = []
    db = Database("postgresql://nobody@127.0.0.1:1/nothing")
    sealer = Sealer(Settings(secret_key=SecretStr("a secret key for tests, long enough.")))
    files = match_files(mapping, [log])
    report = await run_import(db, sealer, mapping, files, dry_run=True, progress=heard.append)
    await db.close()
    assert report.is_dry_run
    assert (report.rows, report.tickets, report.changes, report.messages) == (3, 1, 4, 0)
    assert [(row.line, row.column) for row in report.rejected] == [(4, "sys_updated_at")]
    assert (report.changed_tickets, report.added_reviews) == (0, 0)
    assert heard[-1] == ImportProgress("rows", 3, 3)
    assert rehearse_import(mapping, files, progress=heard.append) == report


def test_the_command_ends_well_and_lists_what_was_left_out(log: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "left_out.csv"
    done = run("incident_log", log, "--dry-run", "--rejects", rejects)
    assert done.exit_code == 0
    assert "log.csv, line 4, column sys_updated_at" in done.output
    assert "nothing was written" in done.output
    with rejects.open(newline="") as file:
        assert [list(row.values())[:2] for row in csv.DictReader(file)] == [["4", "sys_updated_at"]]


def test_the_command_fails_where_no_row_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + BROKEN)
    done = run("incident_log", path, "--dry-run")
    assert done.exit_code == 1
    assert "no row could be read" in done.output


def test_the_command_says_which_file_fits_no_mapping(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    done = run("incident_log", path, "--dry-run")
    assert done.exit_code == 1
    assert "other.csv fits no file of the mapping: as 'updates' it lacks number" in done.output


def test_the_command_says_which_key_of_a_mapping_is_wrong(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[connection]\nname = 'x'\n")
    done = run(path, log, "--dry-run")
    assert done.exit_code == 1
    assert "file: at least one block [[file]] is expected" in done.output


@pytest.mark.usefixtures("no_database")
def test_the_command_says_what_to_do_where_no_database_runs(log: Path) -> None:
    done = run("incident_log", log)
    assert done.exit_code == 1
    assert "assay up" in done.output
    assert "DATABASE_URL" in done.output
