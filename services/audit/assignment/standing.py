"""What holds for every claim, and how a specialist stands at this moment: what the database is asked with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.audit.reviews.rules import LEASE_HOURS

WEEK = timedelta(days=6)
"""Before today: with it, seven days."""


@dataclass(frozen=True)
class Policy:
    """What holds for every claim; the values here are the defaults."""

    lease_hours: int = LEASE_HOURS
    pair_limit: int | None = None
    pair_days: int = 30
    vendors_audit_own: bool = True
    skill_tags: Sequence[str] = ()
    distress_weights: Mapping[str, int] = field(default_factory=dict)
    distress_a_day: int | None = None
    distress_a_week: int | None = None
    check_share: Decimal = Decimal(0)
    release_after_hours: int = 0


@dataclass(frozen=True)
class Standing:
    """A specialist at this moment: what they review, and what they have had of it."""

    person_id: UUID
    lead_id: UUID | None = None
    vendor_id: UUID | None = None
    open_at_once: int | None = None
    claims_a_day: int | None = None
    languages: Collection[str] | None = None
    skills: Collection[str] | None = None
    is_available: bool = True
    leave: Sequence[Mapping[str, Any]] = ()
    takes_distressing: bool = True
    open_now: int = 0
    claimed_today: int = 0
    weight_today: int = 0
    weight_this_week: int = 0


def day_of(now: datetime) -> datetime:
    """Its midnight, in UTC."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC)


def weight_left(policy: Policy, standing: Standing) -> int | None:
    """How much more distress they may read today; None: there is no limit."""
    limits = (
        (policy.distress_a_day, standing.weight_today), (policy.distress_a_week, standing.weight_this_week),
    )  # fmt: skip
    left = [limit - had for limit, had in limits if limit is not None]
    return max(0, min(left)) if left else None


def lacking(policy: Policy, standing: Standing) -> list[str]:
    """The tags that ask for a skill they do not have."""
    return [] if standing.skills is None else sorted({*policy.skill_tags} - {*standing.skills})
