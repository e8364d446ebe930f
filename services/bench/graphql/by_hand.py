# ruff: noqa: E501 (SQL)
"""What somebody writes who wants one answer fast: FastAPI, one statement, Postgres makes the JSON."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response

from services.bench.graphql.signing_in import build, reading

_APPEALS = (
    "(SELECT coalesce(json_agg(json_build_object('id', p.id, 'state', p.state, 'reason', p.reason, 'filedAt',"
    " p.filed_at) ORDER BY p.id), '[]') FROM appeal p WHERE p.ticket_id = r.ticket_id AND p.review_id = r.id)"
)
_REVIEWS = (
    "(SELECT coalesce(json_agg(json_build_object({fields}, 'appeals', "
    + _APPEALS
    + ") ORDER BY r.number), '[]')"
    " FROM review r WHERE r.ticket_id = a.ticket_id AND r.audit_id = a.id)"
)
_PERSON = "(SELECT json_build_object('id', p.id, 'name', p.name) FROM person p WHERE p.id = {id})"
_TICKET = "'id', t.id, 'externalId', t.external_id, 'subject', t.subject, 'status', t.status"
_AUDIT = (
    "json_build_object('id', a.id, 'state', a.state, 'drawnAt', a.drawn_at, 'ticket', (SELECT"
    " json_build_object({ticket}) FROM ticket t WHERE t.id = a.ticket_id), 'agent', "
    + _PERSON.format(id="a.agent_id")
    + ", 'reviews', {reviews})"
)
AUDIT = "SELECT {shown}::text FROM audit a WHERE a.id = $1".format(
    shown=_AUDIT.format(
        ticket=_TICKET + ", 'createdAt', t.created_at",
        reviews=_REVIEWS.format(
            fields="'id', r.id, 'number', r.number, 'score', r.score, 'passed', r.passed, 'answers', r.answers,"
            " 'releasedAt', r.released_at"
        ),
    )
)
AUDITS = (
    "SELECT json_agg({shown} ORDER BY a.drawn_at DESC, a.id DESC)::text FROM (SELECT * FROM audit WHERE state = $1"
    " ORDER BY drawn_at DESC, id DESC LIMIT 50) a"
).format(
    shown=_AUDIT.format(
        ticket=_TICKET, reviews=_REVIEWS.format(fields="'id', r.id, 'score', r.score, 'passed', r.passed")
    )
)
TICKETS = (
    f"SELECT json_agg(json_build_object({_TICKET}, 'priority', t.priority, 'channel', t.channel, 'language',"
    " t.language, 'groupName', t.group_name, 'tags', t.tags, 'createdAt', t.created_at, 'updatedAt', t.updated_at,"
    f" 'assignee', {_PERSON.format(id='t.assignee_id')}) ORDER BY t.created_at DESC, t.id DESC)::text"
    " FROM (SELECT * FROM ticket WHERE status = $1 AND vendor_id = $2 ORDER BY created_at DESC, id DESC LIMIT 50) t"
)
DASHBOARD = (
    "SELECT json_agg(json_build_object('vendor', v, 'csat', c, 'first_response_time', f, 'n', n))::text FROM"
    " (SELECT vendor_id AS v, avg((csat_score >= 0.75)::int) AS c, count(*) AS n,"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY first_reply_s) AS f FROM ticket_fact WHERE is_counted"
    " GROUP BY vendor_id) by_vendor"
)


def create() -> FastAPI:
    app = build()

    async def answer(request: Request, statement: str, *values: Any) -> Response:
        async with reading(request) as driver:
            return Response(await driver.fetchval(statement, *values), media_type="application/json")

    @app.get("/audit")
    async def audit(request: Request, id: UUID) -> Response:
        return await answer(request, AUDIT, id)

    @app.get("/audits")
    async def audits(request: Request, state: str) -> Response:
        return await answer(request, AUDITS, state)

    @app.get("/tickets")
    async def tickets(request: Request, status: str, vendor: UUID) -> Response:
        return await answer(request, TICKETS, status, vendor)

    @app.get("/metrics-by-vendor")
    async def metrics_by_vendor(request: Request) -> Response:
        return await answer(request, DASHBOARD)

    return app
