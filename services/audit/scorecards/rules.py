"""The score of a review: what answers to a scorecard are worth, and what several reviews are worth
together (IQS). Where cards and reviews are kept, and who may write them, is not here.

All arithmetic is exact (`Fraction`); scores are percentages (0-100, above 100 only through bonus).
Nothing is rounded except by `display`. Formulas: KPI reference, section 8 (QA scoring) and
section 1.4 (IQS).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from services.audit.scorecards.card import Scorecard, Section
from services.audit.scorecards.conditions import hidden
from shared.scales import Outcome, exact

Answer = Fraction | int | Decimal | float | Literal["NA"]

NOT_APPLICABLE = "NA"
HALF = Fraction(1, 2)
HUNDRED = Fraction(100)


class AnswerInvalid(ValueError):
    """An answer does not fit the scorecard. `criterion`: its id; `pointer`: `/answers/<criterion>`, as
    `score` takes them; `detail`; `code`, and which `part` of the answer it is about."""

    def __init__(
        self, criterion_id: str, detail: str, *, code: str = "answer-invalid", part: str = ""
    ) -> None:
        self.criterion, self.code, self.part = criterion_id, code, part
        escaped = criterion_id.replace("~", "~0").replace("/", "~1")
        self.pointer = f"/answers/{escaped}"
        self.detail = detail
        super().__init__(f"{self.pointer}: {detail}")


@dataclass(frozen=True)
class Result:
    """The score of one review, in percent.

    `score` is None when nothing standard was rated and nothing failed it; `passed` is None without
    a score or a pass mark. `score_without_auto_fail` is the score had no review-level failure
    counted (section-level failures still do). `failed_criteria` are the review-level failures in
    card order. `section_scores` covers standard sections, `criterion_scores` every criterion; None
    where all is not applicable. `points`: what each section earned, of how much at stake, and `total`
    the same of the review before any failure of the whole. `hidden`: criteria that no answer showed.
    """

    score: Fraction | None
    score_without_auto_fail: Fraction | None
    auto_failed: bool
    failed_criteria: tuple[str, ...]
    passed: bool | None
    section_scores: Mapping[str, Fraction | None]
    criterion_scores: Mapping[str, Fraction | None]
    points: Mapping[str, "Points"]
    total: "Points"
    hidden: frozenset[str]

    @property
    def outcome(self) -> Outcome:
        """Apart from the number: what became of it."""
        if self.auto_failed:
            return "auto_failed"
        if self.score is None:
            return "not_scored"
        return {True: "passed", False: "failed", None: "scored"}[self.passed]  # type: ignore[return-value]  # the words of Outcome


@dataclass(frozen=True)
class Points:
    earned: Fraction
    at_stake: Fraction


@dataclass(frozen=True)
class ScoredReview:
    """What IQS needs of a review: score in percent (None: nothing rated), flag, weight."""

    score: Fraction | None
    auto_failed: bool = False
    weight: Fraction = Fraction(1)


@dataclass(frozen=True)
class Iqs:
    """Internal quality score over `n` scored reviews, percent; None where undefined."""

    mean: Fraction | None
    weighted: Fraction | None
    n: int
    auto_fail_rate: Fraction | None
    excluding_auto_fail: Fraction | None


def score(scorecard: Scorecard, answers: Mapping[str, Answer]) -> Result:
    """Score a review. `answers` maps the id of every criterion that they show to a value on its scale or
    "NA".

    Criterion score = (value - min) / (max - min). Raises `AnswerInvalid` for a criterion that is
    unknown, unanswered, or hidden and answered all the same, and for an answer that does not fit its scale.
    """
    out_of_sight = hidden(scorecard.conditions, answers)
    rated = _rated(scorecard, answers, out_of_sight)
    failed = _failed_criteria(scorecard, answers, rated)
    tallies = {section.id: _tally(section, rated) for section in scorecard.sections}
    total = _total(scorecard, tallies)
    full = _ratio(total.earned * HUNDRED, total.at_stake)
    if full is not None and scorecard.cap_at_100:
        full = min(full, HUNDRED)
    final = Fraction(0) if failed else full
    pass_mark = scorecard.pass_mark
    return Result(
        score=final,
        score_without_auto_fail=full,
        auto_failed=bool(failed),
        failed_criteria=failed,
        passed=None if final is None or pass_mark is None else final >= pass_mark,
        section_scores={
            section.id: tallies[section.id].percent
            for section in scorecard.sections
            if section.kind == "standard"
        },
        criterion_scores={
            criterion_id: None if share is None else share * HUNDRED for criterion_id, share in rated.items()
        },
        points={key: Points(tally.earned, tally.at_stake) for key, tally in tallies.items()},
        total=total,
        hidden=out_of_sight,
    )


def iqs(reviews: Iterable[ScoredReview]) -> Iqs:
    """Mean review score, plain and weighted, and the share that auto-failed. Reviews without a
    score are left out of everything. Raises `ValueError` for a negative weight."""
    scored: list[tuple[Fraction, bool, Fraction]] = []
    for review in reviews:
        if review.weight < 0:
            raise ValueError("a review cannot weigh less than nothing")
        if review.score is not None:
            scored.append((review.score, review.auto_failed, review.weight))
    n = len(scored)
    sound = [value for value, auto_failed, _ in scored if not auto_failed]
    weight = sum((w for _, _, w in scored), Fraction(0))
    return Iqs(
        mean=_ratio(sum((value for value, _, _ in scored), Fraction(0)), n),
        weighted=_ratio(sum((value * w for value, _, w in scored), Fraction(0)), weight),
        n=n,
        auto_fail_rate=_ratio(HUNDRED * (n - len(sound)), n),
        excluding_auto_fail=_ratio(sum(sound, Fraction(0)), len(sound)),
    )


def sections_of(scorecard: Scorecard, result: Result) -> list[dict[str, Any]]:
    """[{section, score, earned, at_stake, criteria: [{criterion, score}]}]: percents and weights as numbers,
    or null."""
    return [
        {
            "section": section.id,
            "score": _number(result.section_scores.get(section.id)),
            "earned": _number(result.points[section.id].earned),
            "at_stake": _number(result.points[section.id].at_stake),
            "criteria": [
                {
                    "criterion": criterion.id,
                    "score": _number(result.criterion_scores.get(criterion.id)),
                }
                for criterion in section.criteria
            ],
        }
        for section in scorecard.sections
    ]


def _number(exact: Fraction | None) -> float | None:
    return None if exact is None else float(exact)


def display(percent: Fraction) -> str:
    """Two decimals, halves up ("63.89"): for eyes only, never to compare with a pass mark."""
    hundredths = math.floor(abs(percent) * 100 + HALF)
    sign = "-" if percent < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


@dataclass(frozen=True)
class _Tally:
    """A section's rated criteria: weight earned and at stake, whether a critical one failed it."""

    earned: Fraction
    at_stake: Fraction
    failed: bool

    @property
    def percent(self) -> Fraction | None:
        if self.failed:
            return Fraction(0)
        return _ratio(self.earned * HUNDRED, self.at_stake)


def _rated(
    scorecard: Scorecard, answers: Mapping[str, Answer], out_of_sight: frozenset[str]
) -> dict[str, Fraction | None]:
    """Criterion → its share of the scale (0..1); None: not applicable, hidden, or words."""
    known = {criterion.id for criterion in scorecard.criteria}
    for criterion_id in answers:
        if criterion_id not in known:
            raise AnswerInvalid(
                str(criterion_id), "the scorecard has no such criterion", code="unknown-criterion"
            )
    rated: dict[str, Fraction | None] = {}
    for criterion in scorecard.criteria:
        rated[criterion.id] = None
        if criterion.id in out_of_sight:
            if criterion.id in answers:
                raise AnswerInvalid(
                    criterion.id, "the other answers hide this criterion", code="answer-hidden"
                )
            continue
        if criterion.id not in answers:
            raise AnswerInvalid(criterion.id, "the criterion has no answer", code="answer-missing")
        answer = answers[criterion.id]
        if isinstance(answer, str) and answer == NOT_APPLICABLE:
            continue
        if (refusal := criterion.scale.refusal(answer)) is not None:
            raise AnswerInvalid(criterion.id, refusal)
        rated[criterion.id] = criterion.scale.share(exact(answer) or Fraction(0))
    return rated


def _failed_criteria(
    scorecard: Scorecard, answers: Mapping[str, Answer], rated: Mapping[str, Fraction | None]
) -> tuple[str, ...]:
    """Those that fail the review, in the order of the card."""
    return tuple(
        criterion.id
        for section in scorecard.sections
        for criterion in section.criteria
        if (share := rated[criterion.id]) is not None
        and (
            ((section.kind == "autofail" or criterion.critical == "review") and _fails(share))
            or criterion.scale.fails(exact(answers[criterion.id]) or Fraction(0))
        )
    )


def _fails(share: Fraction | None) -> bool:
    """Below half of the scale; exactly half does not fail, not applicable cannot fail."""
    return share is not None and share < HALF


def _tally(section: Section, rated: Mapping[str, Fraction | None]) -> _Tally:
    shares = [
        (criterion, share) for criterion in section.criteria if (share := rated[criterion.id]) is not None
    ]
    failed = any(criterion.critical == "section" and _fails(share) for criterion, share in shares)
    earned = sum((criterion.weight * share for criterion, share in shares), Fraction(0))
    return _Tally(
        earned=Fraction(0) if failed else earned,
        at_stake=sum((criterion.weight for criterion, _ in shares), Fraction(0)),
        failed=failed,
    )


def _total(scorecard: Scorecard, tallies: Mapping[str, _Tally]) -> Points:
    """Of the review, before auto-fail and cap; nothing is at stake where no standard criterion was rated."""
    standard = [s for s in scorecard.sections if s.kind == "standard"]
    bonus = sum((tallies[s.id].earned for s in scorecard.sections if s.kind == "bonus"), Fraction())
    if scorecard.mode != "sections":
        earned = sum((tallies[s.id].earned for s in standard), Fraction())
        return Points(earned + bonus, sum((tallies[s.id].at_stake for s in standard), Fraction()))
    scored = [(s.weight, percent) for s in standard if (percent := tallies[s.id].percent) is not None]
    at_stake = sum((weight for weight, _ in scored), Fraction())
    earned = sum((weight * percent / HUNDRED for weight, percent in scored), Fraction())
    # Bonus points are percents here: they come on top of what the sections are worth together.
    return Points(earned + bonus * at_stake / HUNDRED, at_stake)


def _ratio(numerator: Fraction, denominator: Fraction | int) -> Fraction | None:
    return None if denominator == 0 else numerator / denominator
