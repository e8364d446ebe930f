"""Who may look at a verdict before it is released. Pure."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Work:
    """Whose work a verdict is about, and whose verdict it is."""

    author_id: UUID
    agent_id: UUID | None
    agent_lead_id: UUID | None


def bar_to_check(actor_id: UUID, work: Work) -> str | None:
    """Why this person may not be the second one, in words; None: they may."""
    if actor_id == work.author_id:
        return "It is your own: somebody else looks at it."
    if actor_id == work.agent_id:
        return "It is about your own work."
    if actor_id == work.agent_lead_id:
        return "It is about your own team."
    return None
