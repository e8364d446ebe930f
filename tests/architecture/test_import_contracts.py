"""Which way imports flow: the contracts of .importlinter hold, and each fails when it is broken."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT

PACKAGES = ("services", "shared", "migrations")
FORBIDDEN = {
    "floors": [("shared/clock.py", "import services.audit.errors")],
    "shared-floors": [
        ("shared/models/base.py", "import shared.errors"),
        ("shared/auth.py", "import shared.web"),
    ],
    "roof": [
        ("services/people/directory/service.py", "import services.run"),
        ("services/serving.py", "import services.up"),
    ],
    "services-apart": [
        ("services/kpi/values/service.py", "from services.audit.scorecards import rules"),
        ("services/gateway/context.py", "import services.kpi.values.service"),
        ("services/appeals/rules.py", "import services.audit.reviews.schemas"),
    ],
    "audit-rooms": [("services/audit/scorecards/service.py", "import services.audit.reviews.rules")],
    "feedback-rooms": [
        ("services/feedback/connections/service.py", "import services.feedback.intake.queries")
    ],
    "feedback-redaction": [
        ("services/feedback/redaction/numbers.py", "import services.feedback.redaction.links"),
        ("services/feedback/redaction/reading.py", "import services.feedback.redaction.rules"),
    ],
    "feedback-tickets": [("services/feedback/intake/service.py", "import services.feedback.tickets.queries")],
    "people-rooms": [("services/people/access/service.py", "import services.people.directory.service")],
    "kpi-rooms": [
        ("services/kpi/values/service.py", "import services.kpi.facts.rules"),
        ("services/kpi/facts/service.py", "import services.kpi.values.catalogue"),
    ],
    "gateway-rooms": [("services/gateway/context.py", "import services.gateway.schema")],
    "files": [
        ("services/audit/reviews/queries.py", "import services.audit.reviews.service"),
        ("services/appeals/rules.py", "import services.appeals.queries"),
        ("services/people/directory/service.py", "import services.people.directory.routes"),
    ],
    "pure": [
        ("services/appeals/rules.py", "import sqlalchemy"),
        ("services/kpi/facts/rules.py", "from shared.db import Session"),
        ("services/audit/scorecards/card.py", "import shared.clock"),
        ("services/kpi/values/catalogue.py", "import fastapi"),
        ("services/feedback/intake/normalised.py", "import starlette.requests"),
        ("services/feedback/intake/sources/zendesk.py", "import httpx"),
        ("services/kpi/values/rules.py", "import shared.auth  # reaches the database over others"),
    ],
    "demo": [
        ("services/demo/story.py", "import services.audit.reviews.service"),
        ("services/demo/zendesk.py", "import shared.models.feedback"),
    ],
}
"""Each contract, and imports that break it: (file, line)."""
CASES = [(contract, *broken) for contract, listed in FORBIDDEN.items() for broken in listed]


def lint(root: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, that finds `services` and `shared` under this root only."""
    chosen = [f"--contract={contract}" for contract in contracts]
    lint_imports = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-P", "-c", lint_imports, "--no-cache", "--no-logo", *chosen],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def contracts() -> dict[str, str]:
    """Identifier → name."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {
        section.removeprefix(prefix): config[section]["name"]
        for section in config.sections()
        if section.startswith(prefix)
    }


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, to break."""
    root = tmp_path_factory.mktemp("twin")
    shutil.copy(ROOT / ".importlinter", root)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_the_import_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_an_import_that_breaks_it() -> None:
    assert FORBIDDEN.keys() == contracts().keys()


@pytest.mark.parametrize(("contract", "path", "line"), CASES, ids=[f"{c}: {p}: {i}" for c, p, i in CASES])
def test_a_forbidden_import_breaks_its_contract(twin: Path, contract: str, path: str, line: str) -> None:
    # given a copy of the sources with one import too many
    file = twin / path
    original = file.read_text()
    file.write_text(f"{original}\n{line}\n")
    try:
        # when the contract is checked
        done = lint(twin, contract)
    finally:
        file.write_text(original)
    # then it is broken, and named
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contracts()[contract]} BROKEN" in done.stdout
    assert path.removesuffix(".py").replace("/", ".") in done.stdout


def test_the_gateway_may_import_the_schemas_of_others(twin: Path) -> None:
    file = twin / "services/gateway/context.py"
    original = file.read_text()
    file.write_text(f"{original}\nimport services.audit.reviews.schemas\n")
    try:
        done = lint(twin, "services-apart")
    finally:
        file.write_text(original)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_room_has_to_find_its_floor(twin: Path) -> None:
    (twin / "services/audit/corner.py").write_text('"""New."""\n')
    try:
        done = lint(twin, "audit-rooms")
    finally:
        (twin / "services/audit/corner.py").unlink()
    assert done.returncode == 1
    assert "services.audit.corner" in done.stdout
