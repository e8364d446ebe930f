"""The embedded PostgreSQL, with real servers: how it starts, ends, recovers and refuses.

Every folder is below the system's temporary one and open to all: as the root user, the server runs
as `nobody`, who cannot enter pytest's own `tmp_path`.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import embedded_postgres
from shared.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError, default_state_dir

AS_ROOT = os.geteuid() == 0
SUPERVISOR = """
import sys, time
from pathlib import Path
from shared.embedded_postgres import EmbeddedPostgres
pg = EmbeddedPostgres(Path(sys.argv[1]))
print(pg.start(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def state_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="assay-pg-"))
    folder.chmod(0o755)
    yield folder / "state"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def launch(state_dir: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Makes launchers, and stops at the end whatever they started."""
    launchers: list[EmbeddedPostgres] = []

    def make(folder: Path = state_dir, *, durable: bool = False) -> EmbeddedPostgres:
        launchers.append(EmbeddedPostgres(folder, durable=durable))
        return launchers[-1]

    yield make
    for launcher in launchers:
        launcher.stop()


@pytest.fixture
def supervise(state_dir: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that each run a launcher, and kills at the end those that remain."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        root = str(Path(__file__).parents[2])
        command = [sys.executable, "-c", SUPERVISOR, str(state_dir)]
        processes.append(subprocess.Popen(command, cwd=root, text=True, stdout=subprocess.PIPE))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A program of the user that PostgreSQL runs as."""
    with subprocess.Popen(["sleep", "60"], user="nobody" if AS_ROOT else None) as process:
        yield process
        process.kill()


async def ask(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def kill_unnoticed(pid: int) -> None:
    """Kills our child and waits until it is dead, but leaves its end for the launcher to notice."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


def wait_until(happened: Callable[[], bool], seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.005)


def refuses(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return True
    return False


async def test_starts_from_an_empty_folder_and_answers(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given a folder that does not exist yet
    launcher = launch()
    # When the server starts
    url = launcher.start()
    # Then the database `assay` answers its superuser
    assert url.startswith("postgresql+asyncpg://assay:")
    assert await ask(url, "SELECT current_database() || ' of ' || current_user") == "assay of assay"


async def test_the_database_is_the_same_on_every_host(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given a new database
    url = launch().start()
    # When asked for what depends on the host elsewhere
    settings = await ask(
        url,
        """SELECT array_agg(current_setting(name) ORDER BY name) FROM unnest(ARRAY[
           'TimeZone', 'data_checksums', 'lc_messages', 'log_timezone', 'server_encoding']) name""",
    )
    # Then the answers are fixed
    assert settings == ["UTC", "on", "C", "UTC", "UTF8"]


async def test_a_second_start_keeps_the_data(launch: Callable[..., EmbeddedPostgres]) -> None:
    # Given a row, and the server stopped
    launcher = launch()
    await ask(launcher.start(), "CREATE TABLE note AS SELECT 'kept' AS body")
    launcher.stop()
    # When another launcher starts on the same folder
    url = launch().start()
    # Then the row is there
    assert await ask(url, "SELECT body FROM note") == "kept"


async def test_starting_twice_gives_the_same_server(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given a running server
    launcher = launch()
    first = launcher.start()
    # When it is started again
    second = launcher.start()
    # Then it is the same one
    assert first == second


async def test_rows_committed_before_a_kill_are_there_after_the_next_start(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given committed rows on a durable server
    launcher = launch(durable=True)
    await ask(launcher.start(), "CREATE TABLE note AS SELECT n FROM generate_series(1, 5000) n")
    # When the postmaster is killed with no warning, and started again
    launcher.kill()
    url = launcher.start()
    # Then no row is missing
    assert await ask(url, "SELECT count(*) FROM note") == 5000


async def test_a_server_that_crashed_by_itself_is_started_anew(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given a server whose postmaster someone else has killed
    launcher = launch()
    launcher.start()
    pid = json.loads((state_dir / "state.json").read_text())["pid"]
    kill_unnoticed(pid)
    # When the same launcher is asked to start
    url = launcher.start()
    # Then there is a server that answers
    assert await ask(url, "SELECT 1") == 1


def test_data_of_another_major_version_is_refused_and_left_alone(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given data that PostgreSQL 13 made
    (state_dir / "pgdata").mkdir(parents=True)
    state_dir.chmod(0o755)
    (state_dir / "pgdata" / "PG_VERSION").write_text("13\n")
    # When a newer one is started on it
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 13.*pg_upgrade"):
        launch().start()
    # Then nothing was changed
    assert (state_dir / "pgdata" / "PG_VERSION").read_text() == "13\n"


async def test_a_launcher_killed_within_initdb_does_not_spoil_the_next_start(
    state_dir: Path,
    launch: Callable[..., EmbeddedPostgres],
    supervise: Callable[[], subprocess.Popen[str]],
) -> None:
    # Given a launcher that was killed while initdb was at work
    supervisor = supervise()
    wait_until(lambda: any(state_dir.glob("initdb-*/pgdata/global/*")))
    supervisor.kill()
    supervisor.wait()
    assert not (state_dir / "pgdata").exists()
    # When the next one starts
    launcher = launch()
    url = launcher.start()
    # Then it has a whole database, and nothing is left of the half one by the start after that
    assert await ask(url, "SELECT 1") == 1
    launcher.stop()
    launcher.start()
    assert "initdb-" not in " ".join(os.listdir(state_dir))


def test_the_password_file_is_for_its_owner_only(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given a started server
    url = launch().start()
    # When looking at the file of its password
    file = state_dir / "postgres.password"
    # Then only its owner may read it, and it is the one of the URL
    assert file.stat().st_mode & 0o777 == 0o600
    assert f":{file.read_text()}@" in url


async def test_nobody_connects_with_a_wrong_password(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given a started server
    url = launch().start()
    # When connecting with another password
    wrong = f"postgresql://assay:wrong@127.0.0.1:{port_of(url)}/assay"
    # Then it is refused
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(wrong, "SELECT 1")


def test_it_listens_on_the_loopback_address_only(launch: Callable[..., EmbeddedPostgres]) -> None:
    # Given a started server
    url = launch().start()
    # When knocking at its own address and at others of this machine
    refused = [refuses(host, port_of(url)) for host in ("127.0.0.1", "127.0.0.2", "::1")]
    # Then only its own is open
    assert refused == [False, True, True]


def test_a_second_launcher_on_a_running_folder_is_refused(
    state_dir: Path,
    launch: Callable[..., EmbeddedPostgres],
    supervise: Callable[[], subprocess.Popen[str]],
) -> None:
    # Given a folder that another process runs
    supervisor = supervise()
    assert supervisor.stdout
    assert supervisor.stdout.readline()
    # When a second launcher starts on it
    with pytest.raises(EmbeddedPostgresError) as refusal:
        launch().start()
    # Then it names the process and the ways out
    assert f"process {supervisor.pid}" in str(refusal.value)
    assert "ASSAY_STATE_DIR" in str(refusal.value)
    assert "DATABASE_URL" in str(refusal.value)


def test_a_server_without_a_launcher_is_never_taken_over(
    state_dir: Path,
    launch: Callable[..., EmbeddedPostgres],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given a running server whose launcher's lock has been deleted
    monkeypatch.setattr(embedded_postgres, "LOCK_PATIENCE_S", 0.5)
    first = launch()
    url = first.start()
    (state_dir / "launcher.lock").unlink()
    # When a second launcher starts on its data
    with pytest.raises(EmbeddedPostgresError, match=r"kill -INT \d+"):
        launch().start()
    # Then the first server still runs
    assert first.start() == url


async def test_postgres_goes_when_its_supervisor_is_killed_and_the_next_start_works(
    state_dir: Path,
    launch: Callable[..., EmbeddedPostgres],
    supervise: Callable[[], subprocess.Popen[str]],
) -> None:
    # Given a server with a row, run by another process
    supervisor = supervise()
    assert supervisor.stdout
    url = supervisor.stdout.readline().strip()
    await ask(url, "CREATE TABLE note AS SELECT 'kept' AS body")
    # When that process is killed with no warning
    supervisor.kill()
    # Then PostgreSQL shuts down in order, and the next start finds the row
    url = launch().start()
    assert await ask(url, "SELECT body FROM note") == "kept"
    log = (state_dir / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert "not properly shut down" not in log


async def test_a_server_outlives_the_thread_that_started_it(
    launch: Callable[..., EmbeddedPostgres],
) -> None:
    # Given a server that was started on a thread which has ended since
    launcher = launch()
    urls: list[str] = []
    thread = threading.Thread(target=lambda: urls.append(launcher.start()))
    thread.start()
    thread.join()
    # When some time has passed
    await asyncio.sleep(0.5)
    # Then it still answers
    assert await ask(urls[0], "SELECT 1") == 1


async def test_a_stale_pid_that_another_program_has_now_does_not_block_the_start(
    state_dir: Path,
    launch: Callable[..., EmbeddedPostgres],
    stranger: subprocess.Popen[bytes],
) -> None:
    # Given a killed server whose pid file names a program of the same user
    launcher = launch()
    launcher.start()
    launcher.kill()
    pid_file = state_dir / "pgdata" / "postmaster.pid"
    pid_file.write_text("\n".join([str(stranger.pid), *pid_file.read_text().splitlines()[1:]]))
    # When it is started again
    url = launcher.start()
    # Then it answers, and the program was let alone
    assert await ask(url, "SELECT 1") == 1
    assert stranger.poll() is None


@pytest.mark.skipif(not AS_ROOT, reason="only the root user's server runs as somebody else")
def test_a_folder_that_nobody_can_enter_is_named(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given a folder within one that is closed to others
    state_dir.parent.chmod(0o700)
    # When the root user starts a server there
    with pytest.raises(EmbeddedPostgresError) as refusal:
        launch().start()
    # Then the closed folder is named
    assert f"chmod o+x {state_dir.parent}`" in str(refusal.value)


@pytest.mark.skipif(not AS_ROOT, reason="only the root user's server runs from a copy")
def test_the_copy_of_the_binaries_follows_the_wheel(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given a copy that an earlier version of the wheel has left
    launcher = launch()
    launcher.start()
    launcher.stop()
    (current,) = state_dir.glob("binaries-*")
    current.rename(state_dir / f"{current.name.rsplit('.', 1)[0]}.0")
    # When the server starts with this version
    launcher.start()
    # Then the copy is of this version, and the earlier one is gone
    assert list(state_dir.glob("binaries-*")) == [current]


def test_a_folder_that_cannot_be_made_is_explained(
    state_dir: Path, launch: Callable[..., EmbeddedPostgres]
) -> None:
    # Given a file where the folder should be
    state_dir.write_text("")
    # When the server starts
    with pytest.raises(EmbeddedPostgresError, match="set ASSAY_STATE_DIR to another folder"):
        launch().start()
    # Then the file was left alone
    assert state_dir.is_file()


def test_the_state_folder_is_the_named_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a folder named by the environment
    monkeypatch.setenv("ASSAY_STATE_DIR", "/srv/assay")
    # When asked for the folder
    folder = default_state_dir()
    # Then it is that one
    assert folder == Path("/srv/assay")
