"""Every statement of the runs room."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.audit.runs.schemas import FilterIn
from shared.errors import NotFound
from shared.models.audit import Audit, Evidence, Review
from shared.models.feedback import Message, Ticket
from shared.models.kpi import TicketFact
from shared.models.people import Person, Vendor
from shared.models.sampling import SamplingRun

AT_ONCE = 500
"""Audits written by one statement."""


def select_runs(*, key: str | None = None, connection_id: UUID | None = None) -> Select[Any]:
    statement = select(SamplingRun)
    if key is not None:
        statement = statement.where(col(SamplingRun.key) == key)
    if connection_id is not None:
        statement = statement.where(col(SamplingRun.connection_id) == connection_id)
    return statement


async def get_run(session: AsyncSession, run_id: UUID, *, lock: bool = False) -> SamplingRun:
    statement = select(SamplingRun).where(col(SamplingRun.id) == run_id)
    if lock:
        statement = statement.with_for_update()
    found = (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def find_run(session: AsyncSession, key: str, from_at: datetime, to_at: datetime) -> SamplingRun | None:
    """The one of this period that has not failed."""
    statement = select_runs(key=key).where(
        col(SamplingRun.from_at) == from_at, col(SamplingRun.to_at) == to_at,
        col(SamplingRun.state) != "failed",
    )  # fmt: skip
    return (await session.scalars(statement)).one_or_none()


async def count_unreviewed_before(session: AsyncSession, run: SamplingRun) -> int:
    """Samples of the latest draw of this key before it that nobody has reviewed."""
    before = (
        select(col(SamplingRun.id))
        .where(
            col(SamplingRun.key) == run.key, col(SamplingRun.connection_id) == run.connection_id,
            col(SamplingRun.state) == "drawn", col(SamplingRun.to_at) <= run.from_at,
        )
        .order_by(col(SamplingRun.to_at).desc())
        .limit(1)
        .scalar_subquery()
    )  # fmt: skip
    unreviewed = select(func.count()).where(
        col(Audit.run_id) == before, col(Audit.state).in_(("open", "claimed"))
    )
    return int(await session.scalar(unreviewed) or 0)


async def list_population(
    session: AsyncSession,
    connection_id: UUID,
    from_at: datetime,
    to_at: datetime,
    filter: FilterIn,
    *,
    with_words: bool = False,
) -> Sequence[Mapping[str, Any]]:
    """The tickets that were first solved in the period, with what `rules.candidate` asks for, in the order
    of their ids. What is deleted or spam, or nobody's, is not among them."""
    named: list[tuple[Any, Sequence[Any]]] = [
        (col(Ticket.assignee_id), filter.agent_ids), (col(Ticket.group_name), filter.groups),
        (col(Ticket.language), filter.languages), (col(Ticket.channel), filter.channels),
        (col(Ticket.priority), filter.priorities), (col(Ticket.brand), filter.brands),
        (col(Ticket.topic), filter.topics),
    ]  # fmt: skip
    columns: list[Any] = [
        col(Ticket.id).label("ticket_id"), col(Ticket.assignee_id).label("agent_id"),
        col(Vendor.key).label("vendor"), col(Ticket.group_name), col(Ticket.language), col(Ticket.channel),
        col(Ticket.priority), col(Ticket.brand), col(Ticket.tags), col(Ticket.is_escalated),
        col(Person.created_at).label("agent_since"), col(TicketFact.first_solved_at).label("solved_at"),
        col(TicketFact.csat_score), col(TicketFact.reopens),
        func.percent_rank().over(order_by=col(TicketFact.full_resolution_s)).label("slowness"),
    ]  # fmt: skip
    if with_words:
        bodies = func.string_agg(col(Message.body), " ")
        said = select(bodies).where(col(Message.ticket_id) == col(Ticket.id)).scalar_subquery()
        whole = func.concat_ws(" ", col(Ticket.subject), col(Ticket.description), said)
        columns.append(func.lower(whole).label("words"))
    statement = (
        select(*columns)
        .join(TicketFact, col(TicketFact.ticket_id) == col(Ticket.id))
        .outerjoin(Vendor, col(Vendor.id) == col(Ticket.vendor_id))
        .outerjoin(Person, col(Person.id) == col(Ticket.assignee_id))
        .where(
            col(TicketFact.connection_id) == connection_id, col(TicketFact.first_solved_at) >= from_at,
            col(TicketFact.first_solved_at) < to_at, col(TicketFact.is_counted),
            ~col(Ticket.is_deleted), col(Ticket.assignee_id).is_not(None),
            *(column.in_(values) for column, values in named if values),
        )
        .order_by(col(Ticket.id))
    )  # fmt: skip
    if filter.vendor_id is not None:
        statement = statement.where(col(Ticket.vendor_id) == filter.vendor_id)
    if filter.tags:
        statement = statement.where(func.jsonb_exists_any(col(Ticket.tags), filter.tags))
    rows = await session.execute(statement)
    return [dict(row) for row in rows.mappings()]


async def list_tickets(session: AsyncSession, ticket_ids: Sequence[UUID]) -> Sequence[Ticket]:
    return (await session.scalars(select(Ticket).where(col(Ticket.id).in_(ticket_ids)))).all()


async def insert_audits(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """With their evidence."""
    audits = [{name: value for name, value in row.items() if name != "evidence"} for row in rows]
    evidence = [
        {"ticket_id": row["ticket_id"], "audit_id": row["id"], "content": row["evidence"]} for row in rows
    ]
    await session.execute(insert(Audit).values(audits))
    await session.execute(insert(Evidence).values(evidence))


async def list_audits(session: AsyncSession, run_id: UUID) -> dict[str, tuple[Any, ...]]:
    """Ticket → (stratum, number, probability)."""
    statement = select(
        col(Audit.ticket_id), col(Audit.stratum), col(Audit.draw), col(Audit.probability)
    ).where(col(Audit.run_id) == run_id)
    rows = await session.execute(statement)
    return {str(ticket): (stratum, number, probability) for ticket, stratum, number, probability in rows}


async def list_scores(session: AsyncSession, run_id: UUID) -> Sequence[tuple[str, Decimal, Decimal | None]]:
    """(stratum, probability, score) of each review that stands."""
    statement = (
        select(col(Audit.stratum), col(Audit.probability), col(Review.score))
        .join(
            Review,
            and_(
                col(Review.ticket_id) == col(Audit.ticket_id), col(Review.audit_id) == col(Audit.id),
                col(Review.superseded_at).is_(None), ~col(Review.is_void),
            ),
        )
        .where(col(Audit.run_id) == run_id)
    )  # fmt: skip
    return [tuple(row) for row in await session.execute(statement)]  # type: ignore[misc]  # of three
