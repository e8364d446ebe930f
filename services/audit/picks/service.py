"""Verbs of the picks room: an audit of a ticket that somebody chose, to coach. It has no probability, and so
enters no estimate."""

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.errors import ScorecardNotPublished
from services.audit.picks import queries
from services.audit.picks.schemas import PickIn
from services.audit.reviews.service import AUDIT
from services.audit.sampling.queries import list_messages
from services.audit.sampling.service import evidence_of
from services.audit.scorecards.queries import get_version
from shared import clock, outbox
from shared.auth import Actor
from shared.errors import Fault, NotFound, ValidationFailed
from shared.events import AuditMoved, AuditPicked
from shared.ids import derived_id
from shared.models.audit import Audit, Evidence
from shared.states import record

DUE = timedelta(days=7)
"""So long after the pick it is to be reviewed."""


async def pick(session: AsyncSession, actor: Actor, new: PickIn) -> dict[str, Any]:
    """The worker puts it up for review, with its evidence. The same ticket, agent and version picked again
    is the same audit. Raises ValidationFailed (422), ScorecardNotPublished (409)."""
    ticket = await queries.find_ticket(session, new.ticket_id)
    if ticket is None:
        raise _unknown("ticket_id")
    try:
        version = await get_version(session, new.scorecard_version_id)
    except NotFound:
        raise _unknown("scorecard_version_id") from None
    if version.state != "published":
        raise ScorecardNotPublished
    agent_id = new.agent_id or ticket.assignee_id
    if agent_id is None or await queries.find_person(session, agent_id) is None:
        raise _unknown("agent_id")
    audit_id = derived_id(ticket.id, "pick", f"{version.id} {agent_id}")
    picked = AuditPicked(audit_id, ticket.id, version.id, agent_id, actor.id, new.reason)
    await outbox.publish(session, picked)
    return {"audit_id": audit_id, "ticket_id": ticket.id, "agent_id": agent_id}


async def put_up(session: AsyncSession, picked: AuditPicked) -> None:
    """Once, however often it is told. A ticket that is gone meanwhile is reviewed by nobody."""
    ticket = await queries.find_ticket(session, picked.ticket_id)
    agent = await queries.find_person(session, picked.agent_id)
    if ticket is None or agent is None:
        return
    now = clock.now()
    # Whose vendor it is about: of the assignee the ticket's own, of anybody else theirs.
    vendor_id = ticket.vendor_id if agent.id == ticket.assignee_id else agent.vendor_id
    audit = Audit(
        ticket_id=ticket.id, id=picked.audit_id, scorecard_version_id=picked.scorecard_version_id,
        drawn_at=now, due_at=now + DUE, agent_id=agent.id, vendor_id=vendor_id,
    )  # fmt: skip
    content = evidence_of(ticket, await list_messages(session, [ticket.id]))
    evidence = Evidence(ticket_id=ticket.id, audit_id=audit.id, content=content)
    if await queries.insert_audit(session, audit, evidence):
        moved = (None, "open")
        await record(session, AUDIT, audit.id, moved=moved, by=picked.picked_by, reason=picked.reason)
        await outbox.publish(session, AuditMoved(audit.id))


def _unknown(field: str) -> ValidationFailed:
    return ValidationFailed(faults=[Fault(f"/{field}", "unknown-id", "There is no such thing.")])
