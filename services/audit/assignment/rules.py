"""Who may take on more, and how it is told that nothing fits. Pure: time is an argument.

Which sample may go to whom is a condition in the database (`queries.bars`), so that one statement asks it of
a whole queue.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from services.audit.assignment.standing import Policy, Standing


def on_leave(standing: Standing, today: date) -> str | None:
    """The last day of the leave they are on, as an ISO date."""
    days = today.isoformat()
    ends = [one["last_day"] for one in standing.leave if one["first_day"] <= days <= one["last_day"]]
    return max(ends, default=None)


def unavailable(standing: Standing, today: date) -> str | None:
    """Why nothing goes to them at present, in words."""
    if until := on_leave(standing, today):
        return f"They are on leave until {until}: a lead can change that in the profile."
    return None if standing.is_available else "They are marked as not available: a lead can change that."


def full(standing: Standing) -> str | None:
    """Why they can take on no more, in words."""
    if standing.open_at_once is not None and standing.open_now >= standing.open_at_once:
        return (
            f"{standing.open_now} are open, and {standing.open_at_once} may be: review one, or give one back."
        )
    if standing.claims_a_day is not None and standing.claimed_today >= standing.claims_a_day:
        return f"{standing.claimed_today} were claimed today, the day's share: more tomorrow."
    return None


def lease_of(policy: Policy, now: datetime) -> datetime:
    return now + timedelta(hours=policy.lease_hours)


IN_WORDS: Mapping[str, str] = {
    "own-work": "own work",
    "own-team": "own team",
    "own-vendor": "own vendor",
    "pair-limit": "the same agent too often",
    "language": "language",
    "skill": "skill",
    "exposure": "distressing, and the budget is used up",
    "opted-out": "distressing, and they take none",
    "passed-on": "skipped or declined before",
}
"""Each reason why a sample may not go to somebody, as it is told."""


def why_nothing(waiting: int, barred: Mapping[str, int]) -> str:
    """`barred`: reason → how many of those that wait it holds for."""
    if not waiting:
        return "Nothing waits."
    reasons = ", ".join(f"{IN_WORDS[bar]} ({n})" for bar, n in barred.items() if n)
    if not reasons:
        return f"{waiting} wait, and others are claiming them at this moment: ask again."
    return f"{waiting} wait, none fits: {reasons}."
