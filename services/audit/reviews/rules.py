"""Who may review what, and what a set of answers is worth. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.audit.sampling.rules import draw, is_drawn
from services.audit.scorecards.answering import AnswersWrong, faults, values_of
from services.audit.scorecards.card import Scorecard
from services.audit.scorecards.conditions import hidden
from services.audit.scorecards.rules import NOT_APPLICABLE, score, sections_of

DECIMALS = Decimal("1e-12")
SECOND_LOOK = "second look"
DIGITS = 80
"""More than the largest score has: bonus weights up to 10^12 over weights from 10^-30."""

LEASE_HOURS = 72
"""So long a claim holds without being worked on, where the policy says nothing else."""


def may_review(actor_id: UUID, agent_id: UUID | None) -> bool:
    """Nobody reviews their own work."""
    return actor_id != agent_id


def needs_check(audit_id: UUID, share: Decimal) -> bool:
    """Whether a second person looks at it: the same answer for the same audit, whoever asks and when. A
    greater share only adds audits."""
    return is_drawn(draw(SECOND_LOOK, audit_id), share)


def release_at(asked: datetime | None, now: datetime, after_hours: int) -> datetime | None:
    """The later of what was asked for and what the policy says; None: at once."""
    by_policy = now + timedelta(hours=after_hours) if after_hours else None
    return max((at for at in (asked, by_policy) if at is not None), default=None)


def misplaced(
    highlights: Sequence[Mapping[str, Any]], card: Scorecard, evidence: Mapping[str, Any] | None
) -> list[tuple[int, str, str]]:
    """[(which of the highlights, which field of it, what is wrong)]: those that show nothing."""
    bodies = {one["id"]: one.get("body") or "" for one in (evidence or {}).get("messages", ())}
    criteria = {criterion.id for criterion in card.criteria}
    found = []
    for place, one in enumerate(highlights):
        body = bodies.get(str(one["message_id"]))
        if body is None:
            found.append((place, "message_id", "The evidence has no such message."))
        elif one["end"] <= one["start"]:
            found.append((place, "end", "It ends before it starts."))
        elif one["end"] > len(body):
            found.append((place, "end", f"The message has {len(body)} characters."))
        if one["criterion"] is not None and one["criterion"] not in criteria:
            found.append((place, "criterion", "The scorecard has no such criterion."))
    return found


def score_answers(
    card: Scorecard, answers: Sequence[Mapping[str, Any]], *, with_words: bool = True
) -> dict[str, Any]:
    """The columns of a review that follow from its answers: [{criterion, value, comment, reason}].

    Raises AnswersWrong for what is missing, unknown, given twice, hidden, off its scale, or lacks its reason
    or comment.
    """
    if wrong := faults(card, answers, with_words=with_words):
        raise AnswersWrong(wrong)
    return columns_of(card, answers)


def columns_of(card: Scorecard, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """As `score_answers`, without asking for reasons and comments."""
    result = score(card, values_of(answers))
    by_id = {answer["criterion"]: dict(answer) for answer in answers if not answer.get("is_hidden")}
    return {
        "answers": [by_id.get(criterion.id) or not_shown(criterion.id) for criterion in card.criteria],
        "score": to_decimal(result.score),
        "score_exact": str(result.score) if result.score is not None else None,
        "score_without_auto_fail": to_decimal(result.score_without_auto_fail),
        "auto_failed": result.auto_failed,
        "passed": result.passed,
        "sections": sections_of(card, result),
    }


def not_shown(criterion: str) -> dict[str, Any]:
    """Not applicable by the card, not by anybody's word."""
    return {"criterion": criterion, "value": NOT_APPLICABLE, "comment": None, "is_hidden": True}


def merge_answers(
    card: Scorecard, answers: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The answers with the ruling's values in place; comments stay. What these hide has no answer any more;
    what they show for the first time was never judged: it is not applicable."""
    changed = {change["criterion"]: change["value"] for change in changes}
    given = {answer["criterion"]: dict(answer) for answer in answers if not answer.get("is_hidden")}
    for name, value in changed.items():
        given[name] = given.get(name, {"criterion": name, "comment": None}) | {"value": value}
    out_of_sight = hidden(card.conditions, {name: one["value"] for name, one in given.items()})
    return [
        given.get(criterion.id, {"criterion": criterion.id, "value": NOT_APPLICABLE, "comment": None})
        for criterion in card.criteria
        if criterion.id not in out_of_sight
    ]


def to_decimal(exact: Fraction | None) -> Decimal | None:
    if exact is None:
        return None
    with localcontext(prec=DIGITS):
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(DECIMALS)
