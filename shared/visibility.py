"""Which rows a caller sees: one condition a table, the same for REST, GraphQL and the metrics.

What it hides answers 404, as if missing. Rows that are only reached through another (a ticket's
messages, a ruling) are seen with it.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import SQLModel, col

from shared.auth import Actor
from shared.models.appeals import Appeal
from shared.models.audit import Audit, Review
from shared.models.feedback import Ticket
from shared.models.people import Person, Role, Vendor

QUALITY = frozenset({Role.ADMIN, Role.LEAD, Role.SPECIALIST, Role.ANALYST})
WHOSE: dict[type[SQLModel], tuple[Any, Any]] = {
    Ticket: (col(Ticket.assignee_id), col(Ticket.vendor_id)),
    Audit: (col(Audit.agent_id), col(Audit.vendor_id)),
    Review: (col(Review.agent_id), col(Review.vendor_id)),
    Appeal: (col(Appeal.agent_id), col(Appeal.vendor_id)),
}
"""table → (the agent whose work it is about, the vendor they worked for)"""


def visible(actor: Actor, *, agent_id: Any, vendor_id: Any) -> ColumnElement[bool]:
    """A condition over these columns.

    Quality staff see all, or all of the vendor they work for; a vendor's manager the vendor's rows;
    a team lead the rows of the people they lead; an agent their own.
    """
    if actor.role in QUALITY or actor.role is Role.VENDOR_MANAGER:
        if actor.vendor_id is not None:
            return vendor_id == actor.vendor_id  # type: ignore[no-any-return]  # a column is Any here
        return true() if actor.role in QUALITY else false()
    if actor.role is Role.TEAM_LEAD:
        return or_(agent_id.in_(_led_by(actor)), agent_id == actor.id)
    return agent_id == actor.id  # type: ignore[no-any-return]  # a column is Any here


def visible_rows(actor: Actor, table: type[SQLModel]) -> ColumnElement[bool]:
    """The condition for a table; true for those that are only reached through another."""
    if table not in WHOSE:
        return true()
    agent_id, vendor_id = WHOSE[table]
    mine = visible(actor, agent_id=agent_id, vendor_id=vendor_id)
    if table is Audit and actor.role not in QUALITY:
        # Who is being watched is not known before the review is released.
        return and_(mine, col(Audit.state) == "reviewed")
    return mine


def visible_people(actor: Actor) -> ColumnElement[bool]:
    """Quality staff see everybody, others those of their vendor or team; everybody sees themselves."""
    if actor.role in QUALITY and actor.vendor_id is None:
        return true()
    near = [col(Person.id) == actor.id]
    if actor.vendor_id is not None and actor.role in QUALITY | {Role.VENDOR_MANAGER}:
        near.append(col(Person.vendor_id) == actor.vendor_id)
    if actor.role is Role.TEAM_LEAD:
        near.append(col(Person.lead_id) == actor.id)
    return or_(*near)


def visible_vendors(actor: Actor) -> ColumnElement[bool]:
    """A vendor's people see their vendor, and no other's name."""
    if actor.vendor_id is not None:
        return col(Vendor.id) == actor.vendor_id
    return true() if actor.role in QUALITY else false()


def _led_by(actor: Actor) -> Any:
    return select(col(Person.id)).where(col(Person.lead_id) == actor.id)
