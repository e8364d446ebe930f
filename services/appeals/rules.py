"""What makes an appeal fair. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.scales import Scale

WINDOW = timedelta(days=14)
"""From the release of a review to the last moment of appealing it."""
TIME_TO_RULE = timedelta(days=7)


@dataclass(frozen=True)
class Parties:
    """Everyone who has a part in an appeal."""

    agent_id: UUID
    agent_lead_id: UUID | None
    vendor_id: UUID | None
    reviewer_ids: frozenset[UUID]
    """Of every version of the review: the first reviewer, and whoever ruled on it since."""
    filed_by: UUID


def may_file(actor_id: UUID, agent_id: UUID | None, agent_lead_id: UUID | None) -> bool:
    """The agent whose work it is, or whoever leads them."""
    return agent_id is not None and actor_id in {agent_id, agent_lead_id}


def is_late(released_at: datetime, now: datetime) -> bool:
    return now > released_at + WINDOW


def bar_to_ruling(actor_id: UUID, actor_vendor_id: UUID | None, parties: Parties) -> str | None:
    """Why this person may not rule, in words; None: they may."""
    if actor_id in parties.reviewer_ids:
        return "You made this review, or an earlier version of it."
    if actor_id in {parties.agent_id, parties.filed_by}:
        return "It is your own appeal or your own work."
    if actor_id == parties.agent_lead_id:
        return "You lead this agent."
    if parties.vendor_id is not None and actor_vendor_id == parties.vendor_id:
        return "You work for this agent's vendor."
    return None


def scales(card: Mapping[str, Any]) -> dict[str, Scale]:
    """A scorecard's criteria: id → what they are answered on."""
    return {
        criterion["id"]: Scale.parse(criterion["scale"])
        for section in card["sections"]
        for criterion in section["criteria"]
    }


def misfits(card: Mapping[str, Any], named: Sequence[tuple[str, Any]]) -> list[tuple[int, str, str]]:
    """(index, code, detail) of each (criterion, value) that the card cannot take."""
    known, seen, found = scales(card), set(), []
    for index, (criterion, value) in enumerate(named):
        if criterion not in known:
            found.append((index, "unknown-criterion", "The scorecard has no such criterion."))
        elif criterion in seen:
            found.append((index, "repeated-criterion", "Named more than once."))
        elif value != "NA" and (refusal := known[criterion].refusal(value)) is not None:
            found.append((index, "out-of-range", f"{refusal[0].upper()}{refusal[1:]}."))
        seen.add(criterion)
    return found


def inconsistency(
    outcome: str,
    points: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
) -> str | None:
    """What is wrong with a ruling as a whole; None: nothing.

    Upheld changes no answer; overturned changes every appealed one; partially, some of them.
    """
    appealed = {point["criterion"] for point in points}
    was = {answer["criterion"]: answer["value"] for answer in answers}
    changed = {change["criterion"] for change in changes if was.get(change["criterion"]) != change["value"]}
    if not {change["criterion"] for change in changes} <= appealed:
        return "A ruling changes only criteria that were appealed."
    if len(changed) < len(changes):
        return "A changed answer must differ from the one it replaces."
    if outcome == "upheld" and changed:
        return "An upheld review keeps its answers: leave changes empty."
    if outcome == "overturned" and changed != appealed:
        return "Overturned means that every appealed answer changes."
    if outcome == "partially_overturned" and not (changed and changed < appealed):
        return "Partially overturned means that some appealed answers change, not all."
    return None
