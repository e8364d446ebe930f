"""Measures of agreement against published answers, and of random tables against slow and simple ones."""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.calibration import agreement
from services.audit.calibration.agreement import LEVELS, Level, Table

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("ASSAY_REFERENCE_DIR", ROOT.parent / "shared"))
PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "150")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)

# ---- Published answers -------------------------------------------------------------------------------


def own() -> list[dict[str, Any]]:
    kept = json.loads((ROOT / "tests/vectors/agreement.json").read_text())
    return list(kept["vectors"])


def reference() -> list[dict[str, Any]]:
    path = REFERENCE / "vectors/agreement.json"
    if not path.exists():
        return []
    rows = json.loads(path.read_text())["vectors"]
    return [{**row, "table": next(iter(row["input"].values())), "tol": row["tol_abs"]} for row in rows]


def computed(fn: str, table: Any) -> dict[str, Any]:
    if fn == "two_rater_table":
        pairs = [(a, b) for a, row in enumerate(table) for b, times in enumerate(row) for _ in range(times)]
        return {
            "n": len(pairs),
            "percent_agreement": agreement.percent_agreement(pairs),
            "cohen_kappa": agreement.cohen_kappa(pairs),
            "cohen_kappa_linear": agreement.cohen_kappa(pairs, "linear"),
            "cohen_kappa_quadratic": agreement.cohen_kappa(pairs, "quadratic"),
            "scott_pi": agreement.fleiss_kappa(pairs),
            "gwet_ac1": agreement.gwet_ac1(pairs),
        }
    if fn == "fleiss_kappa":
        rows = [[value for value, times in enumerate(row) for _ in range(times)] for row in table]
        seen, kappa = agreement.percent_agreement(rows), agreement.fleiss_kappa(rows)
        chance = None if seen is None or kappa is None else (seen - kappa) / (1 - kappa)
        return {"p_bar": seen, "p_e": chance, "fleiss_kappa": kappa}
    if fn == "icc":
        return {name.upper().replace("K", "k"): v for name, v in vars(agreement.intraclass(table)).items()}
    assert fn == "multi_rater_with_missing"
    rows = list(zip(*table, strict=True))
    return {f"alpha_{level}": agreement.krippendorff_alpha(rows, level) for level in LEVELS} | {
        "gwet_ac1": agreement.gwet_ac1(rows),
        "fleiss_kappa_missing": agreement.fleiss_kappa(rows),
        "percent_agreement": agreement.percent_agreement(rows),
    }


@pytest.mark.parametrize("row", own() + reference(), ids=lambda row: row["id"])
def test_the_published_answers_come_out(row: dict[str, Any]) -> None:
    got = computed(row["fn"], row["table"])
    for name, wanted in row["expected"].items():
        assert got[name] == pytest.approx(wanted, abs=row["tol"]) if wanted is not None else got[name] is None


# ---- The same, slowly --------------------------------------------------------------------------------

SOMETIMES = st.one_of(st.none(), st.integers(0, 4))
TABLES = st.integers(2, 5).flatmap(
    lambda raters: st.lists(st.lists(SOMETIMES, min_size=raters, max_size=raters), max_size=12)
)
WHOLE = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.integers(0, 4), min_size=raters, max_size=raters), min_size=2, max_size=10
    )
)
Measure = Callable[[Table], float | None]
MEASURES: dict[str, Measure] = {
    "percent": agreement.percent_agreement,
    "fleiss": agreement.fleiss_kappa,
    "ac1": agreement.gwet_ac1,
    "alpha nominal": lambda table: agreement.krippendorff_alpha(table, "nominal"),
    "alpha ordinal": lambda table: agreement.krippendorff_alpha(table, "ordinal"),
    "alpha interval": lambda table: agreement.krippendorff_alpha(table, "interval"),
    "alpha ratio": lambda table: agreement.krippendorff_alpha(table, "ratio"),
    "icc(a,1)": lambda table: agreement.intraclass(table).icc2,
    "icc(c,1)": lambda table: agreement.intraclass(table).icc3,
    "positive": lambda table: agreement.positive_agreement(table, lambda value: value == 0),
}
OF_TWO: dict[str, Measure] = {
    "cohen": agreement.cohen_kappa,
    "linear": lambda table: agreement.cohen_kappa(table, "linear"),
    "quadratic": lambda table: agreement.cohen_kappa(table, "quadratic"),
}


def slow_alpha(table: Table, level: Level) -> float | None:
    """From every ordered pair of ratings, with fractions: mean distance within over mean distance overall."""
    units = [[Fraction(v) for v in row if v is not None] for row in table]
    units = [unit for unit in units if len(unit) > 1]
    pool = sorted(value for unit in units for value in unit)

    def apart(a: Fraction, b: Fraction) -> Fraction:
        if level == "nominal":
            return Fraction(int(a != b))
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else Fraction(0)
        low, high = sorted((a, b))
        between = sum(1 for value in pool if low <= value <= high)
        return (between - Fraction(pool.count(low) + pool.count(high), 2)) ** 2 if a != b else Fraction(0)

    within = sum(
        (apart(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2)), Fraction(0)
    )
    overall = sum((apart(a, b) for a, b in permutations(pool, 2)), Fraction(0))
    if not overall:
        return None
    return float(1 - (within / len(pool)) / (overall / (len(pool) * (len(pool) - 1))))


def slow_kappa(table: Table) -> float | None:
    """Of what two raters gave alike, against each one's own shares."""
    pairs = [row for row in table if None not in row]
    values = {value for pair in pairs for value in pair}
    if len(values) < 2:
        return None
    seen = Fraction(sum(a == b for a, b in pairs), len(pairs))
    chance = sum(
        Fraction(sum(a == v for a, _ in pairs) * sum(b == v for _, b in pairs), len(pairs) ** 2)
        for v in values
    )
    return float((seen - chance) / (1 - chance)) if chance != 1 else None


@PROPERTY
@given(TABLES, st.sampled_from(LEVELS))
def test_alpha_is_what_all_pairs_of_ratings_say(table: Table, level: Level) -> None:
    assert agreement.krippendorff_alpha(table, level) == pytest.approx(slow_alpha(table, level), abs=1e-9)


@PROPERTY
@given(st.lists(st.tuples(SOMETIMES, SOMETIMES), max_size=15))
def test_kappa_is_what_the_shares_of_two_raters_say(table: Table) -> None:
    assert agreement.cohen_kappa(table) == pytest.approx(slow_kappa(table), abs=1e-9)


@PROPERTY
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_raters_and_conversations_changes_nothing(table: Table, chance: Any) -> None:
    raters = list(range(len(table[0]) if table else 0))
    chance.shuffle(raters)
    mixed = [[row[rater] for rater in raters] for row in table]
    chance.shuffle(mixed)
    for name, measure in MEASURES.items():
        assert measure(mixed) == pytest.approx(measure(table), abs=1e-9), name
    if len(raters) == 2:
        for name, measure in OF_TWO.items():
            assert measure(mixed) == pytest.approx(measure(table), abs=1e-9), name


@PROPERTY
@given(st.lists(st.integers(0, 4), min_size=2, max_size=12), st.integers(2, 5))
def test_raters_who_never_differ_agree_perfectly_unless_there_was_one_value_only(
    values: list[int], raters: int
) -> None:
    table = [[value] * raters for value in values]
    is_told = len(set(values)) > 1
    for name, measure in MEASURES.items():
        got = measure(table)
        if name == "percent":
            assert got == 1
        elif name == "positive":
            assert got == (1 if 0 in values else None)
        else:
            assert got == (pytest.approx(1) if is_told else None), name
    for name, measure in OF_TWO.items():
        assert measure([row[:2] for row in table]) == (pytest.approx(1) if is_told else None), name


@PROPERTY
@given(TABLES, st.permutations(range(5)))
def test_other_names_for_the_values_change_nothing_where_they_are_only_names(
    table: Table, names: list[int]
) -> None:
    renamed = [[None if value is None else names[int(value)] for value in row] for row in table]
    for name in ("percent", "fleiss", "ac1", "alpha nominal"):
        assert MEASURES[name](renamed) == pytest.approx(MEASURES[name](table), abs=1e-9), name


@PROPERTY
@given(WHOLE, st.integers(1, 50))
def test_a_rater_who_is_always_stricter_changes_consistency_not_at_all(table: Any, by: int) -> None:
    stricter = [[row[0] - by, *row[1:]] for row in table]
    plain, biased = agreement.intraclass(table), agreement.intraclass(stricter)
    if plain.icc3 is not None:
        assert biased.icc3 == pytest.approx(plain.icc3, abs=1e-6)


# ---- What is not defined, and intervals --------------------------------------------------------------


@pytest.mark.parametrize("name", [one for one in MEASURES if one != "percent"])
@pytest.mark.parametrize(
    "table",
    [[], [[1, None], [None, 2]], [[3, 3], [3, 3]], [[None, None]]],
    ids=["nothing", "no overlap", "one value", "no ratings"],
)
def test_what_is_not_defined_is_null(name: str, table: Table) -> None:
    assert MEASURES[name](table) is None


def test_three_raters_have_no_cohen_kappa_and_negative_values_no_ratios() -> None:
    assert agreement.cohen_kappa([[1, 2, 1], [2, 2, 1]]) is None
    assert agreement.krippendorff_alpha([[-1, 2], [2, 2]], "ratio") is None


@PROPERTY
@given(TABLES, st.text(max_size=5), st.randoms(use_true_random=False))
def test_an_interval_is_the_same_whenever_it_is_computed(table: Table, seed: str, chance: Any) -> None:
    mixed = list(table)
    chance.shuffle(mixed)
    found = agreement.interval(table, agreement.gwet_ac1, seed, replicates=20)
    assert agreement.interval(mixed, agreement.gwet_ac1, seed, replicates=20) == found
    assert found is None or found[0] <= found[1]


def test_an_interval_holds_the_value_it_is_of_and_another_seed_moves_it_little() -> None:
    table = [[value, value if number % 4 else (value + 1) % 3] for number, value in enumerate([0, 1, 2] * 14)]
    value = agreement.krippendorff_alpha(table, "nominal")
    one, two = (
        agreement.interval(table, lambda t: agreement.krippendorff_alpha(t, "nominal"), seed)
        for seed in ("one", "two")
    )
    assert value is not None
    assert one is not None
    assert two is not None
    assert one != two
    assert one[0] < value < one[1]
    assert max(abs(one[0] - two[0]), abs(one[1] - two[1])) < 0.06
