"""Scores of random cards and answers, against a scoring that was written apart (`slow_scoring.py`)."""

import os
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from slow_scoring import shown, slow_score, without_review_failures

from services.audit.scorecards.answering import faults
from services.audit.scorecards.card import Scorecard
from services.audit.scorecards.rules import score

PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "400")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
Case = tuple[dict[str, Any], dict[str, Any]]
WEIGHTS = st.one_of(st.integers(1, 30), st.sampled_from([0.1, 0.25, 1.5, 2.675, 12.34]))
STRETCHES = st.sampled_from([(0, 1), (1, 5), (0, 4), (1, 3), (0, 100), (-2, 2), (0.5, 2.5)])
SHARES = st.sampled_from([0, 25, 50, 75, 100, 100, 100, "NA", "NA"])
RARE = st.sampled_from([None, None, None, None, "section", "review"])


@st.composite
def scales_with_answers(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """(a scale, an answer on it)"""
    kind = draw(st.sampled_from(["numeric", "numeric", "binary", "points", "choice", "text"]))
    share = draw(SHARES)
    if kind == "text":
        return {"kind": kind}, "NA"
    if kind == "choice":
        worth = st.one_of(st.none(), st.sampled_from([0, 12.5, 40, 100]))
        values = draw(st.lists(st.integers(-3, 9), min_size=2, max_size=5, unique=True))
        rarely = st.sampled_from([False] * 7 + [True])
        options = [
            {"value": one, "title": str(one), "worth": draw(worth), "auto_fail": draw(rarely)}
            for one in values
        ]
        return {"kind": kind, "options": options}, "NA" if share == "NA" else draw(st.sampled_from(values))
    if kind == "binary":
        return {"kind": kind}, "NA" if share == "NA" else draw(st.integers(0, 1))
    low, high = (1, 5) if kind == "points" else draw(STRETCHES)
    return {"kind": kind, "min": low, "max": high}, "NA" if share == "NA" else low + (
        high - low
    ) * share / 100


@st.composite
def conditions(draw: st.DrawFn, earlier: list[tuple[str, dict[str, Any], Any]]) -> Any:
    """On one of the criteria before, where one can be one; mostly none."""
    able = [one for one in earlier if one[1]["kind"] != "text"]
    if not able or draw(st.integers(0, 2)):
        return None
    name, scale, _ = draw(st.sampled_from(able))
    reachable = (
        [one["value"] for one in scale["options"]] if scale["kind"] == "choice"
        else [scale.get("min", 0), scale.get("max", 1)]
    )  # fmt: skip
    edge = draw(st.sampled_from(reachable))
    how = draw(st.sampled_from(["values", "at_least", "below"]))
    return {"criterion": name, how: [edge] if how == "values" else edge}


@st.composite
def cards_with_answers(draw: st.DrawFn) -> Case:
    more = draw(st.lists(st.sampled_from(["standard", "bonus", "autofail"]), max_size=4))
    sections: list[dict[str, Any]] = []
    earlier: list[tuple[str, dict[str, Any], Any]] = []
    for s, kind in enumerate(draw(st.permutations(["standard", *more]))):
        criteria = []
        for i in range(draw(st.integers(1, 5))):
            scale, answer = draw(scales_with_answers())
            if kind == "standard" and i == 0 and scale["kind"] == "text":
                scale, answer = {"kind": "binary"}, 1  # something is at stake
            name, condition = f"s{s}i{i}", draw(conditions(earlier))
            criteria.append(
                {
                    "id": name, "title": name, "weight": draw(WEIGHTS), "scale": scale,
                    "critical": None if scale["kind"] == "text" else draw(RARE), "shown_when": condition,
                }
            )  # fmt: skip
            earlier.append((name, scale, answer))
        sections.append(
            {"id": f"s{s}", "title": "S", "weight": draw(WEIGHTS), "kind": kind, "criteria": criteria}
        )
    raw = {
        "mode": draw(st.sampled_from(["weighted", "points", "sections"])), "pass_mark": 80,
        "cap_at_100": draw(st.booleans()), "sections": sections,
    }  # fmt: skip
    answers = {name: answer for name, _, answer in earlier}
    visible = shown(raw, answers)
    return raw, {name: answer for name, answer in answers.items() if name in visible}


@given(cards_with_answers())
@PROPERTY
def test_random_cards_score_as_an_independent_scoring_does(case: Case) -> None:
    raw, answers = case

    got = score(Scorecard.parse(raw), answers)
    wanted, failed = slow_score(raw, answers)

    assert got.score == wanted
    assert list(got.failed_criteria) == failed
    assert got.auto_failed is bool(failed)
    assert got.passed is (None if wanted is None else wanted >= 80)
    assert {
        one for section in raw["sections"] for c in section["criteria"] if (one := c["id"]) not in answers
    } == (got.hidden)
    unfailing = {**raw, "sections": [without_review_failures(s) for s in raw["sections"]]}
    assert got.score_without_auto_fail == slow_score(unfailing, answers)[0]


@given(cards_with_answers())
@PROPERTY
def test_what_was_earned_of_what_was_at_stake_is_the_score(case: Case) -> None:
    raw, answers = case
    got = score(Scorecard.parse({**raw, "cap_at_100": False}), answers)
    full = got.score_without_auto_fail
    assert full == (None if got.total.at_stake == 0 else 100 * got.total.earned / got.total.at_stake)
    for section, percent in got.section_scores.items():
        points = got.points[section]
        assert percent == (None if points.at_stake == 0 else 100 * points.earned / points.at_stake)


@given(cards_with_answers(), st.data())
@PROPERTY
def test_whatever_is_wrong_with_answers_is_told_at_once_and_nothing_else_is(
    case: Case, data: st.DataObject
) -> None:
    raw, answers = case
    card = Scorecard.parse(raw)
    given_ = [
        {"criterion": name, "value": value, "comment": None, "reason": None}
        for name, value in answers.items()
    ]
    assert faults(card, given_) == []
    if not given_:
        return
    # when one is left out, another given twice, and one that nobody knows added
    gone = data.draw(st.sampled_from(given_))
    kept = [one for one in given_ if one is not gone]
    twice = kept[:1]
    found = faults(card, [*kept, *twice, {"criterion": "nobody", "value": 1}])
    codes = [one.code for _, one in found]
    # then each is told; what it was that the one left out showed may be hidden now
    assert codes.count("answer-missing") == 1
    assert codes.count("answer-repeated") == len(twice)
    assert codes.count("unknown-criterion") == 1
    assert {*codes} <= {"answer-missing", "answer-repeated", "unknown-criterion", "answer-hidden"}


def test_the_exact_score_of_a_card_with_everything_in_it() -> None:
    """Worked by hand: 2 of 2 and half of 4 (hidden: 6) in a section, a bonus of 1: (2 + 2 + 1) / 6."""
    raw = {
        "sections": [
            {"id": "s", "criteria": [
                {"id": "a", "weight": 2, "scale": {"kind": "binary"}},
                {"id": "b", "weight": 4, "scale": {"kind": "choice", "options": [
                    {"value": 1, "title": "x", "worth": 50}, {"value": 2, "title": "y"}]}},
                {"id": "c", "weight": 6, "scale": {"kind": "points", "min": 1, "max": 5},
                 "shown_when": {"criterion": "a", "values": [0]}},
            ]},
            {"id": "plus", "kind": "bonus", "criteria": [{"id": "d", "scale": {"kind": "binary"}}]},
        ],
    }  # fmt: skip
    got = score(Scorecard.parse(raw), {"a": 1, "b": 1, "d": 1})
    assert got.score == Fraction(500, 6)
    assert (got.total.earned, got.total.at_stake, got.hidden) == (5, 6, {"c"})
