"""Scores of reviews against the published vectors, and of random cards against an independent
scoring."""

import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.scorecards.card import Scorecard, exact
from services.audit.scorecards.rules import ScoredReview, display, iqs, score

SUITE = "qa_scoring"
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("ASSAY_REFERENCE_DIR", ROOT.parent / "shared"))
PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "400")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)


def own_vectors() -> list[dict[str, Any]]:
    """The project's own rows, with whole cards."""
    kept = json.loads((ROOT / f"tests/vectors/{SUITE}.json").read_text())
    rows: list[dict[str, Any]] = []
    for r in kept["reviews"]:
        wanted = r["expected"]
        rows.append(
            {
                "id": r["id"],
                "fn": "score_review",
                "input": {"scorecard": whole_card(r["card"]), "answers": r["answers"]},
                "expected": {
                    "score_exact": wanted["score"],
                    "score_display_2dp": wanted["display"],
                    "auto_failed": wanted["auto_failed"],
                    "failed_criteria": wanted["failed_criteria"],
                    "passed": wanted["passed"],
                    "section_scores_pct": wanted["sections"],
                },
            }
        )
    for r in kept["iqs"]:
        keys = ("score", "auto_failed", "weight")
        reviews = [dict(zip(keys, review, strict=True)) for review in r["reviews"]]
        rows.append({"id": r["id"], "fn": "iqs", "input": {"reviews": reviews}, "expected": r["expected"]})
    return rows


def whole_card(compact: dict[str, Any]) -> dict[str, Any]:
    """`{mode, pass, cap, sections: [[id, weight, kind, [[id, weight, min, max, critical]]]]}`."""
    return {
        "mode": compact["mode"],
        "pass_mark": compact.get("pass"),
        "cap_at_100": compact.get("cap", False),
        "sections": [
            {
                "id": section_id,
                "title": f"Section {section_id}",
                "weight": weight,
                "kind": kind,
                "criteria": [
                    {
                        "id": c[0],
                        "title": f"Criterion {c[0]}",
                        "weight": c[1],
                        "scale": {"min": c[2], "max": c[3]},
                        "critical": c[4],
                    }
                    for c in criteria
                ],
            }
            for section_id, weight, kind, criteria in compact["sections"]
        ],
    }


def reference_vectors() -> list[Any]:
    files = sorted(REFERENCE.rglob(f"{SUITE}*.json")) if REFERENCE.is_dir() else []
    rows = [translated(v) for f in files for v in json.loads(f.read_text())["vectors"]]
    if not rows:
        why = f"no {SUITE} vectors under the reference directory (ASSAY_REFERENCE_DIR)"
        return [pytest.param(None, id="reference", marks=pytest.mark.skip(reason=why))]
    return [pytest.param(v, id=f"reference:{v['id']}") for v in rows]


def translated(vector: dict[str, Any]) -> dict[str, Any]:
    """A row of the reference in the words of this project."""
    if vector["fn"] != "score_review":
        return vector
    raw, wanted = vector["input"], dict(vector["expected"])
    wanted["failed_criteria"] = wanted.pop("failed_items")
    return {
        **vector,
        "input": {**raw, "scorecard": translated_card(raw["scorecard"])},
        "expected": wanted,
    }


def translated_card(raw: dict[str, Any]) -> dict[str, Any]:
    """`items`, `type`, `min` and `max`, `pass_threshold` by our names; gaps stay gaps."""
    card = renamed(raw, {"pass_threshold": "pass_mark"})
    card["sections"] = [
        renamed(section, {"type": "kind", "items": "criteria"}) for section in raw["sections"]
    ]
    for section in card["sections"]:
        section["criteria"] = [
            {
                **{key: value for key, value in criterion.items() if key not in ("min", "max")},
                "scale": {"min": criterion["min"], "max": criterion["max"]},
            }
            for criterion in section["criteria"]
        ]
    return card


def renamed(raw: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in raw.items()}


def near(got: Fraction | None, wanted: float | None) -> bool:
    if got is None or wanted is None:
        return got is None and wanted is None
    return abs(float(got) - wanted) <= 1e-9 * max(1.0, abs(wanted))


def check(vector: dict[str, Any]) -> None:
    raw, wanted = vector["input"], vector["expected"]
    if vector["fn"] == "score_review":
        got = score(Scorecard.parse(raw["scorecard"]), raw["answers"])
        exactly = wanted["score_exact"]
        assert got.score == (None if exactly is None else Fraction(exactly))
        if "score_pct" in wanted:
            assert near(got.score, wanted["score_pct"])
        shown = None if got.score is None else display(got.score)
        assert shown == wanted["score_display_2dp"]
        assert got.auto_failed is wanted["auto_failed"]
        assert list(got.failed_criteria) == wanted["failed_criteria"]
        assert got.passed is wanted["passed"]
        sections = wanted["section_scores_pct"]
        assert got.section_scores.keys() == sections.keys()
        assert all(near(got.section_scores[key], sections[key]) for key in sections)
    elif vector["fn"] == "iqs":
        reviews = [
            ScoredReview(exact(r["score"]), r["auto_failed"], exact(r["weight"]) or Fraction(0))
            for r in raw["reviews"]
        ]
        total = iqs(reviews)
        assert total.n == wanted["n"]
        assert near(total.mean, wanted["iqs_mean_pct"])
        assert near(total.weighted, wanted["iqs_weighted_pct"])
        assert near(total.auto_fail_rate, wanted["auto_fail_rate_pct"])
        assert near(total.excluding_auto_fail, wanted["iqs_excluding_auto_fail_pct"])
    else:
        pytest.fail(f"no such function: {vector['fn']}")


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in own_vectors()])
def test_a_published_vector_holds(vector: dict[str, Any]) -> None:
    check(vector)


@pytest.mark.parametrize("vector", reference_vectors())
def test_a_vector_of_the_reference_directory_holds(vector: dict[str, Any]) -> None:
    check(vector)


def slow_score(raw: dict[str, Any], answers: dict[str, Any]) -> tuple[Fraction | None, list[str]]:
    """Spreads 100 percent over the rated standard criteria first, then takes what each deserves."""
    spread: list[tuple[Fraction, Fraction]] = []
    extra, failed = Fraction(0), []
    by_sections = raw["mode"] == "sections"
    rated: list[tuple[dict[str, Any], list[tuple[dict[str, Any], Fraction]]]] = []
    for section in raw["sections"]:
        kept = []
        for criterion in section["criteria"]:
            answer = answers[criterion["id"]]
            if answer == "NA":
                continue
            scale = criterion["scale"]
            low, high = Fraction(str(scale["min"])), Fraction(str(scale["max"]))
            deserved = (Fraction(str(answer)) - low) / (high - low)
            fatal = section["kind"] == "autofail" or criterion["critical"] == "review"
            if fatal and 2 * deserved < 1:
                failed.append(criterion["id"])
            kept.append((criterion, deserved))
        if any(criterion["critical"] == "section" and 2 * share < 1 for criterion, share in kept):
            kept = [(criterion, Fraction(0)) for criterion, _ in kept]
        if kept:
            rated.append((section, kept))
    standard = [(s, kept) for s, kept in rated if s["kind"] == "standard"]
    pot = sum(Fraction(str(criterion["weight"])) for _, kept in standard for criterion, _ in kept)
    section_pot = sum(Fraction(str(s["weight"])) for s, _ in standard)
    for section, kept in rated:
        own_pot = sum(Fraction(str(criterion["weight"])) for criterion, _ in kept)
        for criterion, deserved in kept:
            weight = Fraction(str(criterion["weight"]))
            if section["kind"] == "bonus":
                extra += weight * deserved * (1 if by_sections or not pot else 100 / pot)
            elif section["kind"] == "standard":
                part = Fraction(str(section["weight"])) / section_pot if by_sections else Fraction(1)
                spread.append((100 * part * weight / (own_pot if by_sections else pot), deserved))
    if not standard:
        return (Fraction(0) if failed else None), failed
    assert sum(share for share, _ in spread) == 100
    total = sum((share * deserved for share, deserved in spread), extra)
    if raw["cap_at_100"] and total > 100:
        total = Fraction(100)
    return (Fraction(0) if failed else total), failed


WEIGHTS = st.one_of(st.integers(1, 30), st.sampled_from([0.1, 0.25, 1.5, 2.675, 12.34]))
SCALES = st.sampled_from([(0, 1), (1, 5), (0, 4), (1, 3), (0, 100), (-2, 2), (0.5, 2.5)])


@st.composite
def cards_with_answers(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    kinds = [
        "standard",
        *draw(st.lists(st.sampled_from(["standard", "bonus", "autofail"]), max_size=4)),
    ]
    sections, answers = [], {}
    for s, kind in enumerate(draw(st.permutations(kinds))):
        criteria = []
        for i in range(draw(st.integers(1, 5))):
            low, high = draw(SCALES)
            rare = [None, None, None, None, "section", "review"]
            name = f"s{s}i{i}"
            criteria.append([name, draw(WEIGHTS), low, high, draw(st.sampled_from(rare))])
            share = draw(st.sampled_from([0, 25, 50, 75, 100, 100, 100, "NA", "NA"]))
            answers[name] = share if share == "NA" else low + (high - low) * share / 100
        sections.append([f"s{s}", draw(WEIGHTS), kind, criteria])
    mode = draw(st.sampled_from(["weighted", "points", "sections"]))
    compact = {"mode": mode, "pass": 80, "cap": draw(st.booleans()), "sections": sections}
    return whole_card(compact), answers


@given(cards_with_answers())
@PROPERTY
def test_random_cards_score_as_an_independent_scoring_does(
    case: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    raw, answers = case

    got = score(Scorecard.parse(raw), answers)
    wanted, failed = slow_score(raw, answers)

    assert got.score == wanted
    assert list(got.failed_criteria) == failed
    assert got.auto_failed is bool(failed)
    assert got.passed is (None if wanted is None else wanted >= 80)
    unfailing = {**raw, "sections": [without_review_failures(s) for s in raw["sections"]]}
    assert got.score_without_auto_fail == slow_score(unfailing, answers)[0]


def without_review_failures(section: dict[str, Any]) -> dict[str, Any]:
    """The section with nothing in it that could fail the review."""
    if section["kind"] == "autofail":
        harmless = [{**c, "critical": None, "weight": 0} for c in section["criteria"]]
        return {**section, "kind": "bonus", "criteria": harmless}
    kept = [
        {**c, "critical": None if c["critical"] == "review" else c["critical"]} for c in section["criteria"]
    ]
    return {**section, "criteria": kept}


@given(st.integers(0, 10**7))
@PROPERTY
def test_display_agrees_with_decimal_rounding(thousandths: int) -> None:
    wanted = (Decimal(thousandths) / 1000).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")

    assert display(Fraction(thousandths, 1000)) == str(wanted)
