"""Which rows about people's work a caller sees: one condition, the same for every table."""

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlmodel import col

from shared.auth import Actor
from shared.models.people import Person, Role

SEES_ALL = frozenset({Role.ADMIN, Role.LEAD, Role.SPECIALIST, Role.ANALYST})


def visible(actor: Actor, *, agent_id: Any, vendor_id: Any) -> ColumnElement[bool]:
    """A condition over a table's agent and vendor columns.

    Quality staff see all, a vendor's manager the vendor's rows, a team lead the rows of the
    people they lead, an agent their own. What the condition hides answers 404, as if missing.
    """
    if actor.role in SEES_ALL:
        return true()
    if actor.role is Role.VENDOR_MANAGER:
        return vendor_id == actor.vendor_id if actor.vendor_id else false()
    if actor.role is Role.TEAM_LEAD:
        led = select(col(Person.id)).where(col(Person.lead_id) == actor.id)
        return or_(agent_id.in_(led), agent_id == actor.id)
    return agent_id == actor.id  # type: ignore[no-any-return]  # a column compared is a condition
