"""What decides is pure: no waiting, no clock, no chance, no framework. Time and randomness are
arguments, so the same input gives the same answer on any day. (What these modules reach through
others is held by the contract `pure` of .importlinter.)
"""

import pytest
from sources import CODE, Source, dotted, matching

PURE = (
    r"services/.*/(rules|card|catalogue|designs|drawing)\.py"
    r"|services/feedback/intake/normalised\.py"
    r"|services/feedback/intake/sources/\w+\.py"
    r"|shared/(business_hours|estimates)\.py"
)
FORBIDDEN_MODULES = {
    "sqlalchemy", "sqlmodel", "alembic", "asyncpg", "fastapi", "starlette", "httpx", "strawberry",
    "asyncio", "random", "secrets", "time", "socket", "structlog", "shared.db", "shared.clock",
    "shared.outbox",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.date.today", "clock.now", "new_id", "uuid1", "uuid4",
    "uuid7", "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getenv",
}  # fmt: skip
READS_FILES = {
    "services/feedback/intake/sources/csv_rows.py": "exports are files too large for memory",
    "services/feedback/intake/sources/csv_mapping.py": "the mapping is a file the user writes",
    "shared/business_hours.py": "the zone rules come with a package",
}


def impurities(source: Source) -> list[str]:
    """What keeps this module from being a function of its arguments."""
    found = []
    for node, module, name, _ in source.imports():
        parts = f"{module}.{name}".strip(".").split(".")
        prefixes = {".".join(parts[: n + 1]) for n in range(len(parts))}
        for one in sorted(prefixes & FORBIDDEN_MODULES):
            found.append(source.at(node, f"imports {one}"))
    for node in source.nodes("AsyncFunctionDef", "Await", "AsyncFor", "AsyncWith"):
        found.append(source.at(node, "waits (async)"))
    for call, name in source.calls():
        if name in FORBIDDEN_CALLS or name.endswith((".environ.get", ".random")):
            found.append(source.at(call, f"asks {name}()"))
        is_file = name == "open" or name.endswith((".open", ".read_text", ".write_text"))
        if is_file and source.path not in READS_FILES:
            found.append(source.at(call, f"reads or writes a file: {name}()"))
    for node in source.nodes("Attribute"):
        if dotted(node) == "os.environ":
            found.append(source.at(node, "asks os.environ"))
    return found


@pytest.mark.parametrize("source", matching(CODE, PURE), ids=lambda source: source.path)
def test_what_decides_is_pure(source: Source) -> None:
    assert impurities(source) == []


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import sqlalchemy.orm", "imports sqlalchemy"),
        ("from sqlmodel import select", "imports sqlmodel"),
        ("def f():\n    from shared import clock", "imports shared.clock"),
        ("from shared.db import Session", "imports shared.db"),
        ("import random", "imports random"),
        ("from time import monotonic", "imports time"),
        ("async def f(): ...", "waits (async)"),
        ("at = datetime.now(UTC)", "asks datetime.now()"),
        ("day = date.today()", "asks date.today()"),
        ("key = uuid4()", "asks uuid4()"),
        ("zone = os.environ['TZ']", "asks os.environ"),
        ("rows = Path('x').read_text()", "reads or writes a file: .read_text()"),
        ("rows = open('x')", "reads or writes a file: open()"),
    ],
)
def test_an_impure_module_is_reported(code: str, complaint: str) -> None:
    found = impurities(Source("services/twin/rules.py", code))
    assert [line.split(": ", 1)[1] for line in found] == [complaint]


def test_pure_code_is_not_reported() -> None:
    code = (
        "from datetime import datetime\n"
        "def is_late(at: datetime, now: datetime) -> bool:\n"
        "    return datetime.fromisoformat('2026-03-01T00:00:00Z') < now < at\n"
    )
    assert impurities(Source("services/twin/rules.py", code)) == []
