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

from services.audit.scorecards.card import Scorecard
from services.audit.scorecards.rules import ScoredReview, display, iqs, score
from shared.scales import exact

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


@given(st.integers(0, 10**7))
@PROPERTY
def test_display_agrees_with_decimal_rounding(thousandths: int) -> None:
    wanted = (Decimal(thousandths) / 1000).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")

    assert display(Fraction(thousandths, 1000)) == str(wanted)
