"""What ratings of one session say: about criteria, about the whole scorecard, and about raters. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.audit.calibration import agreement
from services.audit.calibration.agreement import Table
from services.audit.scorecards.card import Criterion, Scorecard

ENOUGH = 10
"""Conversations: below, only plain agreement is told."""
WHOLE = ""


@dataclass(frozen=True)
class Given:
    """One rating that counts. `rater` is None: what was agreed on."""

    sample: UUID
    rater: UUID | None
    answers: Mapping[str, Any]
    score: float | None


@dataclass(frozen=True)
class Rater:
    """Somebody who is to rate, and what bars them."""

    id: UUID
    vendor_id: UUID | None
    is_able: bool
    """A specialist or lead who is still here."""


@dataclass(frozen=True)
class Sample:
    audit_id: UUID
    agent_id: UUID | None
    vendor_id: UUID | None
    authors: frozenset[UUID]


def bar_to_rating(rater: Rater, samples: Sequence[Sample], *, authors_may: bool) -> str | None:
    """Why somebody may not rate these, in words."""
    if not rater.is_able:
        return "Only specialists and leads who are active rate."
    for sample in samples:
        if sample.agent_id == rater.id:
            return "One of the samples is their own work."
        if rater.id in sample.authors and not authors_may:
            return "They have reviewed one of the samples (see `authors_may_rate`)."
        if rater.vendor_id is not None and rater.vendor_id != sample.vendor_id:
            return "One of the samples is not their vendor's."
    return None


def is_late(state: str, now: Any, due_at: Any) -> bool:
    return state != "open" or bool(now > due_at)


def without_agent(content: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """Evidence in which nothing says who answered: no ticket number, and no part of the agent's name."""
    parts = [re.escape(part) for part in (name or "").split() if len(part) > 2]
    pattern = re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE) if parts else None

    def cleaned(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub("[agent]", value) if pattern else value
        if isinstance(value, list):
            return [cleaned(one) for one in value]
        if isinstance(value, Mapping):
            return {key: cleaned(one) for key, one in value.items() if key != "external_id"}
        return value

    found: dict[str, Any] = cleaned(content)
    return found


def table_of(given: Sequence[Given], value: Callable[[Given], float | None]) -> Table:
    """One row a conversation, one column a rater; what was agreed on is no rating."""
    raters = sorted({one.rater for one in given if one.rater is not None}, key=str)
    samples = sorted({one.sample for one in given}, key=str)
    at = {(one.sample, one.rater): value(one) for one in given}
    return [tuple(at.get((sample, rater)) for rater in raters) for sample in samples]


def answer(criterion: str) -> Callable[[Given], float | None]:
    def value(one: Given) -> float | None:
        found = one.answers.get(criterion)
        return None if found in (None, "NA") else float(found)

    return value


def of_criterion(given: Sequence[Given], criterion: Criterion, title: str, seed: str) -> dict[str, Any]:
    table = table_of(given, answer(criterion.id))
    middle = float((criterion.minimum + criterion.maximum) / 2)
    return _told(criterion.id, title, table, seed, flagged=lambda value: value < middle) | {
        "not_applicable": sum(
            one.answers.get(criterion.id) == "NA" for one in given if one.rater is not None
        ),
    }


def of_scorecard(given: Sequence[Given], seed: str) -> dict[str, Any]:
    """Of scores in percent: they are many values, so only what knows distances is told."""
    table = table_of(given, lambda one: one.score)
    n = _conversations(table)
    icc = agreement.intraclass
    measures = [
        _measure("percent_agreement", table, agreement.percent_agreement, n, seed),
        _measure("alpha_interval", table, _alpha("interval"), n, seed),
        _measure("icc_a1", table, lambda t: icc(t).icc2, n, seed),
        _measure("icc_c1", table, lambda t: icc(t).icc3, n, seed),
    ]
    return _sums(WHOLE, "", table) | {"measures": measures, "not_applicable": 0}


def _told(
    criterion: str, title: str, table: Table, seed: str, flagged: Callable[[float], bool]
) -> dict[str, Any]:
    n = _conversations(table)
    seed = f"{seed}:{criterion}"
    drawn = {
        "percent_agreement": agreement.percent_agreement,
        "alpha_ordinal": _alpha("ordinal"),
        "gwet_ac1": agreement.gwet_ac1,
    }
    plain = {
        "alpha_nominal": _alpha("nominal"),
        "alpha_interval": _alpha("interval"),
        "alpha_ratio": _alpha("ratio"),
        "fleiss_kappa": agreement.fleiss_kappa,
        "cohen_kappa": agreement.cohen_kappa,
        "cohen_kappa_linear": lambda t: agreement.cohen_kappa(t, "linear"),
        "cohen_kappa_quadratic": lambda t: agreement.cohen_kappa(t, "quadratic"),
        "positive_agreement": lambda t: agreement.positive_agreement(t, flagged),
    }
    measures = [_measure(name, table, measure, n, seed) for name, measure in drawn.items()]
    measures += [_measure(name, table, measure, n, None) for name, measure in plain.items()]
    return _sums(criterion, title, table) | {"measures": measures}


def _sums(criterion: str, title: str, table: Table) -> dict[str, Any]:
    ratings = sum(value is not None for row in table for value in row)
    told = {"criterion": criterion, "title": title, "conversations": _conversations(table)}
    return told | {"ratings": ratings}


def _alpha(level: agreement.Level) -> Callable[[Table], float | None]:
    return lambda table: agreement.krippendorff_alpha(table, level)


def _conversations(table: Table) -> int:
    return sum(sum(value is not None for value in row) > 1 for row in table)


def _measure(
    name: str, table: Table, measure: Callable[[Table], float | None], n: int, seed: str | None
) -> dict[str, Any]:
    """Only plain agreement below ENOUGH conversations; intervals where there is a seed, and enough."""
    is_plain = name == "percent_agreement"
    value = measure(table) if is_plain or n >= ENOUGH else None
    ends = None
    if value is not None and seed is not None and n >= ENOUGH:
        ends = agreement.interval(table, measure, f"{seed}:{name}")
    low, high = ends or (None, None)
    why = _why(name, table, n) if value is None else None
    return {"measure": name, "value": value, "low": low, "high": high, "why": why}


def _why(name: str, table: Table, n: int) -> str:
    values = {value for row in table for value in row if value is not None}
    if n == 0:
        return "no conversation has two ratings"
    if n < ENOUGH:
        return f"{n} conversations: below {ENOUGH}, only plain agreement is told"
    if name == "positive_agreement":
        return "nobody answered below half of the scale"
    if name.startswith("cohen") and any(len(row) != 2 for row in table):
        return "it is for two raters"
    if name == "alpha_ratio" and min(values) < 0:
        return "it is for values that are not negative"
    if name.startswith("icc") and sum(None not in row for row in table) < 2:
        return "fewer than two conversations were rated by everybody"
    return "all ratings are the same: agreement and chance cannot be told apart"


def unclear(criteria: Sequence[Mapping[str, Any]]) -> tuple[str | None, str | None]:
    """(the criterion with the lowest ordinal alpha, why there is none)"""
    found = [(value, one["criterion"]) for one in criteria if (value := _value(one)) is not None]
    if found:
        return min(found)[1], None
    return None, "no criterion has an ordinal alpha"


def _value(told: Mapping[str, Any]) -> float | None:
    return next((one["value"] for one in told["measures"] if one["measure"] == "alpha_ordinal"), None)


def bias_of(
    rater: UUID, given: Sequence[Given], reference: Mapping[UUID, Given], against: str, seed: str
) -> dict[str, Any]:
    """How far one rater's scores lie from the standard, in percent points; from the mean of the other raters
    where a session has none."""
    mine = {one.sample: one for one in given if one.rater == rater and one.score is not None}
    apart: list[tuple[float]] = []
    same: list[bool] = []
    for sample, one in mine.items():
        if reference:
            standard = reference.get(sample)
            if standard is None or standard.score is None:
                continue
            wanted = standard.score
            same += [one.answers.get(key) == value for key, value in standard.answers.items()]
        else:
            others = [
                other.score
                for other in given
                if other.sample == sample and other.rater not in (rater, None) and other.score is not None
            ]
            if not others:
                continue
            wanted = sum(others) / len(others)
        assert one.score is not None
        apart.append((one.score - wanted,))

    def mean(rows: Table) -> float | None:
        values = [row[0] for row in rows if row[0] is not None]
        return sum(values) / len(values) if values else None

    ends = agreement.interval(apart, mean, f"{seed}:{rater}") if len(apart) >= ENOUGH else None
    return {
        "rater_id": rater,
        "against": against if reference else "others",
        "conversations": len(apart),
        "mean": mean(apart),
        "low": ends[0] if ends else None,
        "high": ends[1] if ends else None,
        "direction": direction(ends),
        "same": sum(same) / len(same) if same else None,
    }


def direction(ends: tuple[float, float] | None) -> str:
    if ends is None:
        return "unknown"
    if ends[0] > 0:
        return "lenient"
    return "strict" if ends[1] < 0 else "none"


def titles_of(card: Mapping[str, Any]) -> dict[str, str]:
    return {
        criterion["id"]: criterion["title"]
        for section in card["sections"]
        for criterion in section["criteria"]
    }


def criteria_of(card: Scorecard) -> list[Criterion]:
    return [criterion for section in card.sections for criterion in section.criteria]


def given(rating: Any) -> Given:
    """Of a row of ratings."""
    score = None if rating.score is None else float(rating.score)
    return Given(rating.sample_id, rating.rater_id, _by_criterion(rating.answers), score)


def agreed(sample: Any) -> Given:
    """Of a sample on which something was agreed."""
    score = None if sample.agreed_score is None else float(sample.agreed_score)
    return Given(sample.id, None, _by_criterion(sample.agreed), score)


def _by_criterion(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {one["criterion"]: one["value"] for one in answers if not one.get("is_hidden")}


def results(
    card: Scorecard,
    titles: Mapping[str, str],
    ratings: Sequence[Given],
    standard: Mapping[UUID, Given],
    against: str,
    seed: str,
) -> dict[str, Any]:
    """All that one session's ratings say. `standard`: sample → what it is held against."""
    criteria = [of_criterion(ratings, one, titles[one.id], seed) for one in criteria_of(card)]
    name, why = unclear(criteria)
    raters = sorted({one.rater for one in ratings if one.rater is not None}, key=str)
    judged = [one for one in raters if not (against == "expert" and _is_standard(one, standard))]
    return {
        "conversations": len({one.sample for one in ratings}),
        "raters": len(raters),
        "scorecard": of_scorecard(ratings, seed),
        "criteria": criteria,
        "unclear": name,
        "unclear_why": why,
        "bias": [bias_of(one, ratings, standard, against, seed) for one in judged],
    }


def _is_standard(rater: UUID, standard: Mapping[UUID, Given]) -> bool:
    return any(one.rater == rater for one in standard.values())


def in_short(card: Scorecard, ratings: Sequence[Given]) -> list[dict[str, Any]]:
    """Agreement and alpha of the whole and of each criterion, without intervals."""
    tables = [(WHOLE, table_of(ratings, lambda one: one.score), "alpha_interval", _alpha("interval"))]
    tables += [
        (one.id, table_of(ratings, answer(one.id)), "alpha_ordinal", _alpha("ordinal"))
        for one in criteria_of(card)
    ]
    told = []
    for criterion, table, name, measure in tables:
        n = _conversations(table)
        alpha = _measure(name, table, measure, n, None)
        told.append(
            {
                "criterion": criterion,
                "conversations": n,
                "percent_agreement": agreement.percent_agreement(table),
                "alpha": alpha["value"],
                "why": alpha["why"],
            }
        )
    return told
