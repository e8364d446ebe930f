"""Who may review what, and what a set of answers is worth. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import UUID

from services.audit.scorecards.card import Scorecard
from services.audit.scorecards.rules import AnswerInvalid, Result, score

DECIMALS = Decimal("1e-12")
DIGITS = 80
"""More than the largest score has: bonus weights up to 10^12 over weights from 10^-30."""

LEASE_HOURS = 72
"""So long a claim holds without being worked on, where the policy says nothing else."""


def may_review(actor_id: UUID, agent_id: UUID | None) -> bool:
    """Nobody reviews their own work."""
    return actor_id != agent_id


def misplaced(
    highlights: Sequence[Mapping[str, Any]], card: Scorecard, evidence: Mapping[str, Any] | None
) -> list[tuple[int, str, str]]:
    """[(which of the highlights, which field of it, what is wrong)]: those that show nothing."""
    bodies = {one["id"]: one.get("body") or "" for one in (evidence or {}).get("messages", ())}
    criteria = {criterion.id for section in card.sections for criterion in section.criteria}
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


def score_answers(card: Scorecard, answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of a review that follow from its answers: [{criterion, value, comment}].

    Raises AnswerInvalid for a criterion that is missing, unknown, given twice or off its scale.
    """
    values: dict[str, Any] = {}
    for answer in answers:
        if answer["criterion"] in values:
            raise AnswerInvalid(answer["criterion"], "Answered twice.")
        values[answer["criterion"]] = answer["value"]
    result = score(card, values)
    by_id = {answer["criterion"]: answer for answer in answers}
    order = [criterion.id for section in card.sections for criterion in section.criteria]
    return {
        "answers": [dict(by_id[criterion]) for criterion in order],
        "score": to_decimal(result.score),
        "score_exact": str(result.score) if result.score is not None else None,
        "score_without_auto_fail": to_decimal(result.score_without_auto_fail),
        "auto_failed": result.auto_failed,
        "passed": result.passed,
        "sections": _sections(card, result),
    }


def merge_answers(
    answers: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The answers with the ruling's values in place; comments stay."""
    changed = {change["criterion"]: change["value"] for change in changes}
    return [{**answer, "value": changed.get(answer["criterion"], answer["value"])} for answer in answers]


def to_decimal(exact: Fraction | None) -> Decimal | None:
    if exact is None:
        return None
    with localcontext(prec=DIGITS):
        return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(DECIMALS)


def _sections(card: Scorecard, result: Result) -> list[dict[str, Any]]:
    """[{section, score, criteria: [{criterion, score}]}], percents as numbers or null."""
    return [
        {
            "section": section.id,
            "score": _number(result.section_scores.get(section.id)),
            "criteria": [
                {
                    "criterion": criterion.id,
                    "score": _number(result.criterion_scores.get(criterion.id)),
                }
                for criterion in section.criteria
            ],
        }
        for section in card.sections
    ]


def _number(exact: Fraction | None) -> float | None:
    return None if exact is None else float(exact)
