"""What is wrong with a set of answers: all at once, so that a form shows it where it belongs. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from services.audit.scorecards.card import Criterion, Scorecard
from services.audit.scorecards.conditions import hidden
from services.audit.scorecards.rules import NOT_APPLICABLE, AnswerInvalid
from shared.scales import exact

Wrong = tuple[int | None, AnswerInvalid]
"""(which of the answers, None: one that is missing; what is wrong)"""


class AnswersWrong(ValueError):
    """`faults`: everything that is wrong with them."""

    def __init__(self, found: list[Wrong]) -> None:
        super().__init__("; ".join(str(one) for _, one in found))
        self.faults = found


def values_of(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Criterion → value, of those that are somebody's answers: not those that were hidden."""
    return {one["criterion"]: one["value"] for one in answers if not one.get("is_hidden")}


def faults(card: Scorecard, answers: Sequence[Mapping[str, Any]], *, with_words: bool = True) -> list[Wrong]:
    """Of [{criterion, value, comment, reason}]: in their order, what is missing last. Without words: what is
    rated alone is looked at, not why."""
    known = {criterion.id: criterion for criterion in card.criteria}
    out_of_sight = hidden(card.conditions, values_of(answers))
    found: list[Wrong] = []
    seen: set[str] = set()
    for place, answer in enumerate(answers):
        name = answer["criterion"]
        if name not in known:
            said = AnswerInvalid(
                name, "The scorecard has no such criterion.", code="unknown-criterion", part="criterion"
            )
            found.append((place, said))
        elif name in seen:
            said = AnswerInvalid(name, "Answered twice.", code="answer-repeated", part="criterion")
            found.append((place, said))
        elif name in out_of_sight:
            condition = known[name].shown_when
            on = condition.criterion if condition else name
            said = AnswerInvalid(
                name, f"The answer to {on} hides this criterion: leave it out.", code="answer-hidden"
            )
            found.append((place, said))
        else:
            wrong = _wrong_with(known[name], answer)
            found += [(place, one) for one in wrong if with_words or one.part == "value"]
        seen.add(name)
    missing = [name for name in known if name not in seen | out_of_sight]
    return found + [
        (None, AnswerInvalid(name, "the criterion has no answer", code="answer-missing")) for name in missing
    ]


def _wrong_with(criterion: Criterion, answer: Mapping[str, Any]) -> list[AnswerInvalid]:
    value, comment, reason = answer["value"], answer.get("comment"), answer.get("reason")
    found: list[AnswerInvalid] = []

    def wrong(detail: str, code: str = "answer-invalid", part: str = "value") -> None:
        found.append(AnswerInvalid(criterion.id, detail, code=code, part=part))

    if reason is not None and reason not in criterion.reasons:
        wrong("The criterion has no such reason.", "unknown-reason", "reason")
    if value == NOT_APPLICABLE:
        if criterion.scale.kind == "text":
            if not criterion.na_allowed and not comment:
                wrong("It asks for words.", "comment-required", "comment")
        elif not criterion.na_allowed:
            wrong("It always applies: it has to be rated.", "na-not-allowed")
        elif criterion.comment_on_na and not comment:
            wrong("Say why it does not apply.", "comment-required", "comment")
        return found
    if (refusal := criterion.scale.refusal(value)) is not None:
        wrong(refusal)
        return found
    share = criterion.scale.share(exact(value) or Fraction(0))
    if criterion.reason_below is not None and share < criterion.reason_below and reason is None:
        wrong("A low rating names its reason.", "reason-required", "reason")
    if criterion.comment_below is not None and share < criterion.comment_below and not comment:
        wrong("A low rating needs a comment.", "comment-required", "comment")
    return found
