"""What goes wrong on the command line ends with one line that says what to do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def said(*verb: str, **environment: str) -> tuple[int, str]:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | environment
    command = [sys.executable, "-m", "services", *verb]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join(done.stderr.split())


def test_without_a_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    code, words = said("deliveries", "list", ASSAY_STATE_DIR=str(tmp_path))
    assert code == 1
    assert "start `assay up`" in words
    assert "or set DATABASE_URL" in words


def test_a_database_that_does_not_answer_is_named_as_such(tmp_path: Path) -> None:
    code, words = said(
        "deliveries", "count",
        ASSAY_STATE_DIR=str(tmp_path), DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
    )  # fmt: skip
    assert code == 1
    assert "check DATABASE_URL" in words


def test_a_service_that_is_none_is_refused_with_the_list_of_those_there_are(tmp_path: Path) -> None:
    code, words = said("serve", "nonsense", ASSAY_STATE_DIR=str(tmp_path))
    assert code == 2
    assert "No service is called nonsense" in words
    assert "appeals" in words


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path, database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, words = said(
            "serve", "audit", "--port", port, ASSAY_STATE_DIR=str(tmp_path), DATABASE_URL=database_url
        )
    assert code == 1
    assert "name another --port" in words
