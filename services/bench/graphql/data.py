# ruff: noqa: E501 (SQL)
"""What the GraphQL benchmark reads: tickets of several vendors, every second one audited, with reviews of
twelve criteria and appeals. Rows come from numbers alone, so each run reads the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url

from services.bench.servers import Setting

VENDORS, AGENTS, LEADS, SPECIALISTS = 20, 600, 16, 20
CRITERIA = 12


@dataclass(frozen=True)
class Furnished:
    """`askers` see every row: the leads of the company itself."""

    askers: Sequence[UUID]
    vendors: Sequence[UUID]
    audits: Sequence[tuple[UUID, UUID]]
    """(ticket, audit)"""


async def furnish(setting: Setting, tickets: int) -> Furnished:
    """`tickets`: how many; audits are half as many, appeals a tenth of those."""
    url = make_url(setting.settings.database_url).set(drivername="postgresql")
    owner = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        async with owner.transaction():
            for statement in _STATEMENTS:
                await owner.execute(statement.replace("{tickets}", str(tickets)))
        for table in (
            "person",
            "vendor",
            "ticket",
            "ticket_fact",
            "audit",
            "review",
            "review_author",
            "appeal",
        ):
            await owner.execute(f"VACUUM ANALYZE {table}")
        askers = await owner.fetch("SELECT id FROM person WHERE role = 'lead' AND name LIKE 'Lead %'")
        vendors = await owner.fetch("SELECT id FROM vendor ORDER BY id")
        audits = await owner.fetch("SELECT ticket_id, id FROM audit ORDER BY id LIMIT 5000")
        return Furnished(
            [row["id"] for row in askers],
            [row["id"] for row in vendors],
            [(row["ticket_id"], row["id"]) for row in audits],
        )
    finally:
        await owner.close()


def _id(kind: str, number: str) -> str:
    return f"md5('{kind}' || ({number}))::uuid"


_WHEN = "timestamptz '2026-01-01 00:00+00' + n * interval '97 seconds'"
_AGENT, _VENDOR = _id("agent", f"n % {AGENTS}"), _id("vendor", f"n % {AGENTS} % {VENDORS}")
_TICKET, _AUDIT, _REVIEW = (_id(kind, "n") for kind in ("ticket", "audit", "review"))
_EVERY = "FROM generate_series(1, {tickets}) n"
_SECOND, _TWENTIETH = f"{_EVERY} WHERE n % 2 = 0", f"{_EVERY} WHERE n % 20 = 0"
_ANSWERS = (
    "(SELECT jsonb_agg(jsonb_build_object('criterion', 'criterion_' || c, 'value', (n + c) % 5,"
    f" 'comment', 'As the guideline says, and as the reply shows.')) FROM generate_series(1, {CRITERIA}) c)"
)
_SECTIONS = """'[{"section": "care", "score": "80", "criteria": []}]'"""

_STATEMENTS = (
    f"INSERT INTO vendor (id, key, name, created_at) SELECT {_id('vendor', 'n')}, 'vendor-' || n, 'Vendor ' || n,"
    f" now() FROM generate_series(0, {VENDORS - 1}) n",
    "INSERT INTO person (id, name, role, vendor_id, is_active, created_at)"
    f" SELECT {_id('agent', 'n')}, 'Agent ' || n, 'agent', {_id('vendor', f'n % {VENDORS}')}, true, now()"
    f" FROM generate_series(0, {AGENTS - 1}) n",
    *(
        "INSERT INTO person (id, name, role, is_active, created_at)"
        f" SELECT {_id(role, 'n')}, '{role.capitalize()} ' || n, '{role}', true, now()"
        f" FROM generate_series(0, {count - 1}) n"
        for role, count in (("lead", LEADS), ("specialist", SPECIALISTS))
    ),
    "INSERT INTO connection (id, key, name, platform, is_test, revision, is_paused, settings, raw_kept_days,"
    " resolution_basis, created_at)"
    f" SELECT {_id('connection', '0')}, 'bench', 'Bench', 'generic', false, 0, false, '{{}}', 30, 'history', now()",
    f"INSERT INTO scorecard (id, key, name, created_at) SELECT {_id('card', '0')}, 'care', 'Care', now()",
    "INSERT INTO scorecard_version (id, scorecard_id, number, state, card, published_at)"
    f" SELECT {_id('version', '0')}, {_id('card', '0')}, 1, 'published', '{{}}', now()",
    "INSERT INTO ticket (id, connection_id, external_id, told, settled, is_provisional, has_redactions, created_at,"
    " updated_at, subject, description, status, priority, channel, language, topic, group_name, vendor_id,"
    " assignee_id, tags, is_deleted, is_spam, is_purged, is_erased, redaction_version)"
    f" SELECT {_TICKET}, {_id('connection', '0')}, 'T-' || n, '[]', '{{}}', false, false, {_WHEN},"
    f" {_WHEN} + interval '1 day', 'Payout of month ' || n % 12 || ' is late', repeat('What happened. ', 20),"
    " (ARRAY['new', 'open', 'pending', 'solved', 'closed'])[n / 20 % 5 + 1], (ARRAY['low', 'normal', 'high'])[n % 3 + 1],"
    " (ARRAY['email', 'chat', 'web', 'phone'])[n % 4 + 1], (ARRAY['en', 'de', 'id', 'pt', 'ja'])[n % 7 % 5 + 1],"
    f" (ARRAY['payout', 'login', 'copyright'])[n % 3 + 1], 'Group ' || n % 40, {_VENDOR}, {_AGENT},"
    f" '[\"vip\", \"mobile\"]', false, false, false, false, 0 {_EVERY}",
    "INSERT INTO ticket_fact (ticket_id, connection_id, vendor_id, agent_id, channel, language, topic, is_counted,"
    " created_at, first_reply_at, solved_at, first_solved_at, rated_at, first_reply_s, first_resolution_s,"
    " full_resolution_s, reopens, agent_replies, is_one_touch, csat_score, clocks)"
    f" SELECT {_TICKET}, {_id('connection', '0')}, {_VENDOR}, {_AGENT},"
    " (ARRAY['email', 'chat', 'web', 'phone'])[n % 4 + 1], 'en', 'payout', true,"
    f" {_WHEN}, {_WHEN} + interval '20 minutes', {_WHEN} + interval '9 hours', {_WHEN} + interval '9 hours',"
    f" {_WHEN} + interval '10 hours', 600 + n % 900, 30000 + n % 9000, 30000 + n % 9000, n % 9 / 8, 2, n % 3 = 0,"
    f" n % 5 / 4.0, '{{}}' {_EVERY}",
    "INSERT INTO audit (ticket_id, id, scorecard_version_id, probability, draw, drawn_at, agent_id, vendor_id, state)"
    f" SELECT {_TICKET}, {_AUDIT}, {_id('version', '0')}, 0.5, '00ff', {_WHEN} + interval '1 day', {_AGENT}, {_VENDOR},"
    f" CASE WHEN n % 10 = 0 THEN 'open' ELSE 'reviewed' END {_SECOND}",
    "INSERT INTO review (ticket_id, id, audit_id, number, scorecard_version_id, agent_id, vendor_id, probability,"
    " answers, score, score_exact, auto_failed, passed, sections, summary, released_at, is_imported, signed_id)"
    f" SELECT {_TICKET}, {_REVIEW}, {_AUDIT}, 1, {_id('version', '0')}, {_AGENT}, {_VENDOR}, 0.5, {_ANSWERS},"
    f" 60 + n % 40, '4/5', false, n % 40 > 10, {_SECTIONS}, 'Kind and quick.', {_WHEN} + interval '2 days', false,"
    f" {_REVIEW} {_SECOND}",
    "INSERT INTO review_author (ticket_id, review_id, reviewer_id)"
    f" SELECT {_TICKET}, {_REVIEW}, {_id('specialist', f'n % {SPECIALISTS}')} {_SECOND}",
    "INSERT INTO appeal (ticket_id, id, review_id, agent_id, vendor_id, filed_by, reason, points, state, filed_at,"
    f" due_at) SELECT {_TICKET}, {_id('appeal', 'n')}, {_REVIEW}, {_AGENT}, {_VENDOR}, {_AGENT}, 'wrong_fact', '[]',"
    f" 'open', {_WHEN} + interval '3 days', {_WHEN} + interval '8 days' {_TWENTIETH}",
    # PostGraphile follows foreign keys: these relations are in the rows, and not in the schema.
    "COMMENT ON TABLE audit IS '@foreignKey (agent_id) references person (id)'",
    "COMMENT ON TABLE ticket IS '@foreignKey (assignee_id) references person (id)'",
)  # fmt: skip
"""All in one transaction: a review and its author each name the other."""
