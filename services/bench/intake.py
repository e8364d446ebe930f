"""`assay bench intake`: how fast deliveries are taken in, against what the same Postgres on the same
machine in the same minute does with the same rows. Ratios count, absolutes do not travel.
"""

import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import httpx
from sqlalchemy import make_url

from services.bench import load, servers
from services.feedback.connections.schemas import GenericIn, ZendeskIn
from services.feedback.connections.service import connect
from services.feedback.intake.sources import zendesk
from services.local import ADMIN_ID, first_admin
from shared.config import Settings
from shared.crypto import Sealer
from shared.db import Database
from shared.local_issuer import LocalIssuer

SECRET = "a signing secret for benchmarks"  # of a database that lives for a minute
CONNECTIONS = 64
SERVERS = 2
TEXT = "Der Reißverschluss klemmt seit dem dritten Tag, und der Händler antwortet nicht. " * 12


@dataclass(frozen=True)
class Report:
    """Rates per second; the ratios are medians of rounds."""

    rounds: int
    pgbench_tps: float
    webhooks_s: float
    webhook_ratio: float
    p50_ms: float
    p99_ms: float
    copy_rows_s: float
    bulk_lines_s: float
    bulk_ratio: float
    acknowledged: int
    stored: int


async def run(*, seconds: float, lines: int, rounds: int) -> Report:
    """Each round measures the baseline and ours, one after the other."""
    async with servers.database() as setting, servers.serving(setting, SERVERS) as ports:
        hooks, bulks, acknowledged = [], [], 0
        webhooks, documents, token = await furnish(setting.settings)
        for _ in range(rounds):
            await _run(setting.settings.database_url, "VACUUM ANALYZE baseline", "VACUUM ANALYZE inbox")
            tps = await _pgbench(setting, webhooks, seconds)
            measured = await load.send_all(
                _deliveries(int(seconds * 12_000)), ports, connections=CONNECTIONS, seconds=seconds
            )
            acknowledged += measured.acknowledged
            hooks.append((tps, measured))
            copied = await _copy(setting, documents, lines)
            bulks.append((copied, await _bulk(ports[0], documents, token, lines)))
        stored = await _count(setting.settings.database_url, webhooks)
    rates = [(tps, one.acknowledged / one.seconds) for tps, one in hooks]
    return Report(
        rounds=rounds,
        pgbench_tps=statistics.median(tps for tps, _ in rates),
        webhooks_s=statistics.median(rate for _, rate in rates),
        webhook_ratio=statistics.median(rate / tps for tps, rate in rates),
        p50_ms=statistics.median(one.percentile_ms(0.5) for _, one in hooks),
        p99_ms=statistics.median(one.percentile_ms(0.99) for _, one in hooks),
        copy_rows_s=statistics.median(copy for copy, _ in bulks),
        bulk_lines_s=statistics.median(bulk for _, bulk in bulks),
        bulk_ratio=statistics.median(bulk / copy for copy, bulk in bulks),
        acknowledged=acknowledged,
        stored=stored,
    )


async def furnish(settings: Settings) -> tuple[UUID, UUID, str]:
    """A connection for webhooks, one for documents, and an administrator's token."""
    db, sealer = Database.of(settings, "worker"), Sealer(settings)
    signing = "whsec_" + "YmVuY2htYXJrLXNpZ25pbmcta2V5LW51bWJlci1vbmU="
    async with db.transaction() as session:
        await first_admin(session)
        zd = ZendeskIn(key="zd", name="zd", platform="zendesk", account_id="20417733", secret=SECRET)
        docs = GenericIn(key="docs", name="docs", platform="generic", secret=signing)
        made = [await connect(session, sealer, new, settings) for new in (zd, docs)]
        ids = made[0].id, made[1].id
    await db.close()
    await _run(settings.database_url, *BASELINE)
    return *ids, LocalIssuer(settings).issue(ADMIN_ID)


# ---- Webhooks ---------------------------------------------------------------------------------------


def _body(event_id: str) -> bytes:
    """An event as Zendesk sends it, of about 2 KB."""
    return json.dumps(
        {
            "account_id": 20417733, "id": event_id, "subject": "zen:ticket:48213",
            "type": "zen:event-type:ticket.comment_added", "time": "2026-03-04T09:02:13.412Z",
            "zendesk_event_version": "2022-11-06",
            "detail": {
                "id": "48213", "status": "OPEN", "created_at": "2026-03-04T09:02:11Z",
                "updated_at": "2026-03-04T09:02:13Z", "subject": "Der Reißverschluss klemmt",
                "requester_id": "7310455120377", "assignee_id": "7310448812054", "tags": ["zip", "lang_de"],
                "group_id": "360009911201", "via": {"channel": "web"}, "priority": "NORMAL",
            },
            "event": {
                "comment": {
                    "id": "58789194475545", "is_public": True, "body": TEXT,
                    "author": {"id": "7310455120377", "is_staff": False, "name": "M."},
                },
                "meta": {"sequence": {"id": "3931", "position": 1}},
            },
        },
        ensure_ascii=False,
    ).encode()  # fmt: skip


def _deliveries(count: int) -> Iterator[bytes]:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for _ in range(count):
        body = _body(str(uuid4()))
        headers = {
            "Content-Type": "application/json", zendesk.TIMESTAMP: stamp,
            zendesk.SIGNATURE: zendesk.sign(SECRET, stamp, body),
        }  # fmt: skip
        yield load.request("/feedback/intake/zendesk/zd", headers, body)


async def _pgbench(setting: servers.Setting, connection_id: UUID, seconds: float) -> float:
    """Transactions a second of inserting the same row, one each, over as many connections as help."""
    body = _body(str(uuid4()))
    script = setting.folder / "insert.sql"
    script.write_text(
        "INSERT INTO baseline "
        "(id, connection_id, source_key, headers, body, body_sha256, received_at, is_held) "
        f"VALUES (gen_random_uuid(), '{connection_id}', gen_random_uuid()::text, "
        f"""'{{"content-type": "application/json"}}', '\\x{body.hex()}', '\\x{sha256(body).hexdigest()}', """
        "now(), false);\n"
    )
    where = make_url(setting.settings.database_url)
    environment = {
        "PGHOST": where.host or "", "PGPORT": str(where.port), "PGUSER": where.username or "",
        "PGPASSWORD": str(where.password), "PGDATABASE": where.database or "",
    }  # fmt: skip
    best = 0.0
    for clients in (16, CONNECTIONS):
        process = await asyncio.create_subprocess_exec(
            str(setting.pgbench), "-n", "-f", str(script), "-M", "prepared", "-c", str(clients),
            "-j", "2", "-T", str(max(1, round(seconds / 2))),
            env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, failed = await process.communicate()
        found = re.search(rb"tps = ([0-9.]+)", told)
        if found is None:
            raise RuntimeError(f"pgbench did not say how fast it was: {failed.decode()[-500:]}")
        best = max(best, float(found[1]))
    return best


def _plain(url: str) -> str:
    return url.replace("+asyncpg", "")


BASELINE = (
    "CREATE TABLE baseline (LIKE inbox INCLUDING ALL)",
    "ALTER TABLE baseline ADD FOREIGN KEY (connection_id) REFERENCES connection (id)",
)
"""The same table again, for rows that are nobody's deliveries."""


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(_plain(url))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _count(url: str, connection_id: UUID) -> int:
    connection = await asyncpg.connect(_plain(url))
    try:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM inbox JOIN event ON payload->>'inbox_id' = inbox.id::text "
            "WHERE connection_id = $1",
            connection_id,
        )
        return found
    finally:
        await connection.close()


# ---- Bulk ---------------------------------------------------------------------------------------------


def _line(number: int) -> bytes:
    """A ticket document of about 1 KB."""
    return json.dumps(
        {
            "id": str(uuid4()), "at": "2026-03-04T09:02:13Z",
            "ticket": {
                "id": str(number), "created_at": "2026-03-04T09:00:00Z", "status": "open",
                "subject": "Der Reißverschluss klemmt", "priority": "normal", "channel": "email",
                "assignee": {"id": "7310448812054", "name": "Lea"}, "tags": ["zip", "lang_de"],
            },
            "messages": [
                {"id": f"{number}-1", "sent_at": "2026-03-04T09:00:00Z", "author_kind": "requester",
                 "body": TEXT[:600]}
            ],
        },
        ensure_ascii=False,
    ).encode()  # fmt: skip


async def _copy(setting: servers.Setting, connection_id: UUID, lines: int) -> float:
    """Rows a second of COPY into the same table, of rows that are ready."""
    bodies = [_line(number) for number in range(lines)]
    now = datetime.now(UTC)
    rows = [
        (uuid4(), connection_id, f"copy:{uuid4()}", "{}", body, sha256(body).digest(), now, False)
        for body in bodies
    ]
    columns = [
        "id", "connection_id", "source_key", "headers", "body", "body_sha256", "received_at", "is_held",
    ]  # fmt: skip
    connection = await asyncpg.connect(_plain(setting.settings.database_url))
    try:
        started = time.perf_counter()
        await connection.copy_records_to_table("baseline", records=rows, columns=columns)
        return lines / (time.perf_counter() - started)
    finally:
        await connection.close()


async def _bulk(port: int, connection_id: UUID, token: str, lines: int) -> float:
    """Lines a second through the bulk endpoint, each with its result."""
    body = b"\n".join(_line(number) for number in range(lines))

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 262_144):
            yield body[start : start + 262_144]

    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}
    async with httpx.AsyncClient(timeout=300) as client:
        started = time.perf_counter()
        answer = await client.post(
            f"http://127.0.0.1:{port}/feedback/connections/{connection_id}/bulk",
            content=parts(), headers=headers,
        )  # fmt: skip
        took = time.perf_counter() - started
    summary = json.loads(answer.content.splitlines()[-1]).get("summary", {})
    if answer.status_code != 200 or summary.get("stored") != lines:
        raise RuntimeError(f"the bulk endpoint took {summary} of {lines} lines (status {answer.status_code})")
    return lines / took
