"""The metrics: one declaration each, from which values, filters, drill-down and docs follow.

`value`, `counts` and `date` are SQL over `ticket_fact f` or over `review r`. A ratio's numerator
is the share of counted rows where `value` is true (or the sum of a 0…1 value); times and means
are taken over `value`. A row whose `value` is null is excluded, and said to be under the first of
`exclusions` that fits it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ratio", "duration", "mean"]

FACTS = "ticket_fact f"
REVIEWS = "review r LEFT JOIN ticket_fact f ON f.ticket_id = r.ticket_id"
"""LEFT: whoever sees a review may not see the ticket any more, because others answer it now."""
FCR_DAYS = 7


@dataclass(frozen=True)
class Metric:
    """What a number means. `unit`: percent or seconds; `direction`: which way is better."""

    key: str
    title: str
    explanation: str
    kind: Kind
    unit: Literal["percent", "seconds"]
    direction: Literal["up", "down"]
    source: str
    date: str
    """The date basis: which moment puts a row into a period."""
    date_basis: str
    value: str
    population: str
    """Which rows the metric is about at all."""
    exclusions: Mapping[str, str] = field(default_factory=dict)
    """reason → condition, tried in this order for rows without a value."""
    version: int = 1


_CSAT = "CASE WHEN f.csat_score IS NULL THEN NULL ELSE f.csat_score >= 0.75 END"
_MATURED = f"f.first_solved_at + interval '{FCR_DAYS} days' <= :as_of"
_STANDING = "COALESCE(f.is_counted, true) AND r.superseded_at IS NULL AND NOT r.is_void"
"""The reviews that say how good the work was: released, not replaced since, not void."""
_SOLVED = "f.is_counted AND f.first_solved_at IS NOT NULL"
_HELD = (
    f"(f.first_reopened_at IS NULL OR f.first_reopened_at > f.first_solved_at + interval '{FCR_DAYS} days')"
)
# The same requester's other tickets count whoever answered them, also where the asker may not see them:
# the function says yes or no, about tickets that the asker does see.
_CONTACT = "f.topic IS NOT NULL AND f.requester_key IS NOT NULL AND contacts_of(f.ticket_id, "
_IS_REPEAT = f"{_CONTACT} f.created_at - interval '{FCR_DAYS} days', f.created_at, 'infinity', 'infinity')"
_CAME_BACK = (
    f"{_CONTACT} 'infinity', 'infinity', f.first_solved_at, f.first_solved_at + interval '{FCR_DAYS} days')"
)

_METRICS = (
    Metric(
        key="csat",
        title="Customer satisfaction (CSAT)",
        explanation="Good answers out of all answers. One answer a ticket: the latest. On a scale, "
        "the upper quarter counts as good. Tickets without an answer are left out.",
        kind="ratio", unit="percent", direction="up", source=FACTS,
        date="COALESCE(f.rated_at, f.created_at)", date_basis="rated (unrated: created)",
        value=_CSAT, population="f.is_counted",
        exclusions={"not_rated": "f.csat_score IS NULL"},
    ),
    Metric(
        key="first_response_time",
        title="First response time (FRT)",
        explanation="From creation to the first public comment by a human agent. Bots, automations "
        "and private notes do not stop it. Calendar time.",
        kind="duration", unit="seconds", direction="down", source=FACTS,
        date="f.created_at", date_basis="created",
        value="f.first_reply_s", population="f.is_counted",
        exclusions={"never_replied": "f.first_reply_s IS NULL"},
    ),
    Metric(
        key="first_response_time_business",
        title="First response time, business hours",
        explanation="As first response time, counting only the business hours of the connection.",
        kind="duration", unit="seconds", direction="down", source=FACTS,
        date="f.created_at", date_basis="created",
        value="f.first_reply_business_s", population="f.is_counted",
        exclusions={
            "never_replied": "f.first_reply_s IS NULL",
            "no_business_hours": "f.first_reply_business_s IS NULL",
        },
    ),
    Metric(
        key="first_contact_resolution",
        title="First contact resolution (FCR)",
        explanation=f"Solved, not reopened within {FCR_DAYS} days, and no new ticket by the same "
        "requester on the same topic in that time. Only tickets whose window has passed; tickets "
        "that are themselves repeats are left out. Where no topic is known, only reopening counts.",
        kind="ratio", unit="percent", direction="up", source=FACTS,
        date="f.first_solved_at", date_basis="first solved",
        value=f"CASE WHEN {_MATURED} AND NOT ({_IS_REPEAT}) THEN {_HELD} AND NOT ({_CAME_BACK}) END",
        population=_SOLVED,
        exclusions={"immature": f"NOT ({_MATURED})", "repeat_contact": _IS_REPEAT},
    ),
    Metric(
        key="resolution_time",
        title="Full resolution time",
        explanation="From creation to the most recent solve. Tickets that are open (again) are left "
        "out. Where the help desk states the time of resolution itself, that one is taken.",
        kind="duration", unit="seconds", direction="down", source=FACTS,
        date="f.created_at", date_basis="created",
        value="f.full_resolution_s", population="f.is_counted",
        exclusions={"not_resolved": "f.full_resolution_s IS NULL"},
    ),
    Metric(
        key="reopen_rate",
        title="Reopen rate",
        explanation="Tickets that were reopened at least once, out of tickets ever solved.",
        kind="ratio", unit="percent", direction="down", source=FACTS,
        date="f.first_solved_at", date_basis="first solved",
        value="f.reopens > 0", population=f"({_SOLVED} OR (f.is_counted AND f.reopens > 0))",
    ),
    Metric(
        key="quality_score",
        title="Quality score (IQS)",
        explanation="The mean score of reviews; a review replaced by a newer version (after an "
        "appeal) does not count any more, nor does a void one. Reviews in which nothing was "
        "rated are left out. Beside it the Hájek estimate for all tickets, from reviews whose probability "
        "of being drawn is known.",
        kind="mean", unit="percent", direction="up", source=REVIEWS,
        date="r.released_at", date_basis="review released",
        value="r.score", population=_STANDING,
        exclusions={"not_scored": "r.score IS NULL"},
    ),
    Metric(
        key="auto_fail_rate",
        title="Auto-fail rate",
        explanation="Reviews set to 0 by a critical criterion, out of scored reviews.",
        kind="ratio", unit="percent", direction="down", source=REVIEWS,
        date="r.released_at", date_basis="review released",
        value="CASE WHEN r.score IS NOT NULL THEN r.auto_failed END",
        population=_STANDING,
        exclusions={"not_scored": "r.score IS NULL"},
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Metric] = {metric.key: metric for metric in _METRICS}

DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    FACTS: {
        "connection_id": "f.connection_id", "vendor_id": "f.vendor_id", "agent_id": "f.agent_id",
        "group_name": "f.group_name", "channel": "f.channel", "language": "f.language",
        "brand": "f.brand", "priority": "f.priority", "topic": "f.topic",
    },
    REVIEWS: {
        "connection_id": "f.connection_id", "vendor_id": "r.vendor_id", "agent_id": "r.agent_id",
        "group_name": "f.group_name", "channel": "f.channel", "language": "f.language",
        "brand": "f.brand", "priority": "f.priority", "topic": "f.topic",
    },
}  # fmt: skip
"""By source: dimension → column. For reviews, agent and vendor are those of the review."""
