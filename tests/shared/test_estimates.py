"""Estimates from samples: published answers, quantiles of tables, and what must hold of any sample."""

import itertools
import json
import math
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.estimates import (
    Stratum,
    Sums,
    around,
    clopper_pearson,
    combined,
    completed,
    hajek,
    hajek_variance,
    horvitz_thompson,
    mean_interval,
    required_size,
    stratified,
    student,
)

PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "100")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
PROBABILITIES = st.decimals(min_value="0.01", max_value=1, places=2)
SCORES = st.decimals(min_value=0, max_value=100, places=1)
SAMPLES = st.lists(st.tuples(SCORES, PROBABILITIES), min_size=1, max_size=30)


def exactly(value: float) -> Decimal:
    return Decimal(str(value))


def sums(pairs: Any) -> Sums:
    return Sums.of((exactly(y), exactly(pi)) for y, pi in pairs)


def vectors(reference_dir: Path, kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    suite = json.loads((reference_dir / "vectors" / "sampling.json").read_text())
    found = [vector for vector in suite["vectors"] if vector["fn"] == kind]
    assert found
    return ((vector["input"], vector["expected"]) for vector in found)


# ---- Published answers --------------------------------------------------------------------------


def test_weighted_means_are_those_of_the_reference(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "weighted_quality_estimate"):
        sample = sums(asked["sample_score_pi"])
        mean, variance = horvitz_thompson(sample, asked["N"])
        found = hajek(sample)
        assert found is not None
        assert float(sample.wy) == pytest.approx(expected["ht_total"], abs=1e-9)
        assert float(sample.w) == pytest.approx(expected["N_hat"], abs=1e-9)
        assert (mean, variance) == pytest.approx(
            (expected["ht_mean"], expected["var_ht_mean_poisson"]), abs=1e-9
        )
        assert found.mean == pytest.approx(expected["hajek_mean"], abs=1e-9)
        assert hajek_variance(sample) == pytest.approx(expected["var_hajek_mean_poisson"], abs=1e-9)
        assert found.n_effective == pytest.approx(expected["kish_effective_n"], abs=1e-9)


def test_the_weighted_total_is_right_on_average_over_every_sample_there_can_be(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "design_expectation"):
        # given a small population, when each of its subsets is drawn, as often as its probability says
        tickets = [(exactly(y), exactly(pi)) for y, pi in asked["population_score_pi"]]
        mean, squares, plain, nonempty = 0.0, 0.0, 0.0, 0.0
        for taken in itertools.product((True, False), repeat=len(tickets)):
            chance = float(math.prod(pi if t else 1 - pi for (_, pi), t in zip(tickets, taken, strict=True)))
            drawn = [ticket for ticket, is_taken in zip(tickets, taken, strict=True) if is_taken]
            estimate, _ = horvitz_thompson(Sums.of(drawn), len(tickets))
            mean, squares = mean + chance * estimate, squares + chance * estimate**2
            if drawn:
                plain += chance * float(sum(y for y, _ in drawn)) / len(drawn)
                nonempty += chance
        # then the total over probabilities is right on average, and the plain mean is not
        assert mean == pytest.approx(expected["E_ht_mean"], abs=1e-9)
        assert squares - mean**2 == pytest.approx(expected["Var_ht_mean"], abs=1e-6)
        assert plain / nonempty == pytest.approx(expected["E_naive_mean_given_nonempty"], abs=1e-9)


def test_several_draws_are_combined_and_hand_picked_reviews_left_out(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "combine_designs"):
        drawn = [row for row in asked["rows"] if row["pi"] is not None]
        probabilities = [combined(map(exactly, row["pi"])) for row in drawn]
        assert [float(pi) for pi in probabilities] == pytest.approx(expected["pi_combined"], abs=1e-9)
        assert len(asked["rows"]) - len(drawn) == expected["excluded_cherry_picks"]
        sample = sums(zip((row["score"] for row in drawn), probabilities, strict=True))
        found = hajek(sample)
        assert found is not None
        assert found.mean == pytest.approx(expected["hajek_mean"], abs=1e-9)
        assert horvitz_thompson(sample, asked["N"])[0] == pytest.approx(expected["ht_mean"], abs=1e-9)


def test_draws_with_replacement_have_the_published_probabilities(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "hansen_hurwitz_and_ht"):
        probabilities = [combined([exactly(p)] * asked["n"]) for p in asked["draw_p"]]
        assert [float(pi) for pi in probabilities] == pytest.approx(expected["inclusion_pi"], abs=1e-9)
        total = sums(zip(asked["y"], probabilities, strict=True)).wy
        assert float(total) == pytest.approx(expected["horvitz_thompson_total"], abs=1e-9)


def test_stratified_means_are_those_of_the_reference(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "stratified_mean"):
        found = stratified([Stratum(s["N"], s["n"], s["mean"], s["sd"]) for s in asked["strata"]])
        assert found is not None
        assert (found.mean, found.error) == pytest.approx((expected["mean"], expected["se"]), abs=1e-8)
        assert found.interval == pytest.approx(expected["ci95_normal"], abs=1e-8)


def test_sizes_are_those_of_the_reference(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "required_sample_size"):
        found = required_size(asked["margin"], p=asked["p"], population=asked["N"])
        assert found == expected["n_required"]


def test_guaranteed_intervals_are_those_of_the_reference(reference_dir: Path) -> None:
    for asked, expected in vectors(reference_dir, "proportion_interval"):
        found = clopper_pearson(asked["k"], asked["n"])
        if expected["clopper_pearson"] is None:
            assert found is None
        else:
            assert found is not None
            assert [end / 100 for end in found] == pytest.approx(expected["clopper_pearson"], abs=1e-8)


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.706204736), (2, 4.302652730), (5, 2.570581836), (10, 2.228138852), (30, 2.042272456),
     (99, 1.984216952), (1e6, 1.959966)],
)  # fmt: skip
def test_students_t_is_that_of_the_tables(freedom: float, t: float) -> None:
    assert student(freedom) == pytest.approx(t, abs=1e-6)


# ---- Of any sample ------------------------------------------------------------------------------


@PROPERTY
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_estimate_stays_inside_the_scores_whatever_their_order(
    sample: list[tuple[Decimal, Decimal]], shuffler: Any
) -> None:
    found = hajek(Sums.of(sample))
    assert found is not None
    scores = [float(y) for y, _ in sample]
    assert min(scores) - 1e-9 <= found.mean <= max(scores) + 1e-9
    assert 1 - 1e-9 <= found.n_effective <= len(sample) + 1e-9
    shuffler.shuffle(sample)
    again = hajek(Sums.of(sample))
    assert again is not None
    assert again.mean == pytest.approx(found.mean, abs=1e-9)


@PROPERTY
@given(st.lists(SCORES, min_size=2, max_size=30))
def test_what_was_reviewed_whole_is_certain(scores: list[Decimal]) -> None:
    found = hajek(Sums.of((score, Decimal(1)) for score in scores))
    assert found is not None
    assert found.interval == (found.mean, found.mean)
    assert found.mean == pytest.approx(float(sum(scores)) / len(scores))


def test_an_estimate_says_when_it_is_of_too_few() -> None:
    nine, ten = ([(80 + n, 0.5) for n in range(count)] for count in (9, 10))
    one = hajek(sums([(80, 0.5)]))
    assert hajek(sums([])) is None
    assert one is not None
    assert one.interval is None
    assert [e and e.is_enough for e in (hajek(sums(nine)), hajek(sums(ten)))] == [False, True]


def test_unequal_weights_have_the_freedom_of_fewer_draws() -> None:
    # given weights 2, 2 and 10, worth 14²/108 equally likely draws
    sample = sums([(80, 0.5), (60, 0.5), (90, 0.1)])
    found = hajek(sample)
    assert found is not None
    assert found.interval is not None
    # then t has 196/108 - 1 degrees of freedom, but at least one: 12.7
    error = math.sqrt(hajek_variance(sample) * 3 / 2)
    assert found.interval[1] - found.mean == pytest.approx(student(1) * error)
    # and with ten more like the first, their effective number less one
    more = sums([(80, 0.5), (60, 0.5), (90, 0.1), *[(70, 0.5)] * 10])
    found = hajek(more)
    assert found is not None
    assert found.interval is not None
    error = math.sqrt(hajek_variance(more) * 13 / 12)
    assert found.interval[1] - found.mean == pytest.approx(student(34**2 / 148 - 1) * error)


def test_students_t_is_taken_below_a_hundred_values() -> None:
    # given the same error, then 99 values are a little less sure than 100
    few, many = around(0, 1, 99, freedom=98), around(0, 1, 100, freedom=99)
    assert (few[1], many[1]) == pytest.approx((1.984467, 1.959964), abs=1e-6)
    assert mean_interval(50, 10, 100) == pytest.approx((48.040036, 51.959964), abs=1e-6)


def test_a_stratum_without_a_review_leaves_the_whole_unknown() -> None:
    seen, unseen, nobody = Stratum(10, 2, 80, 5), Stratum(10, 0, 0, 0), Stratum(0, 0, 0, 0)
    assert stratified([seen, unseen]) is None
    assert stratified([]) is None
    alone, with_nobody = stratified([seen]), stratified([seen, nobody])
    assert alone is not None
    assert alone == with_nobody


def test_a_stratum_reviewed_whole_adds_no_doubt_and_a_single_review_of_many_no_interval() -> None:
    whole = stratified([Stratum(3, 3, 80, 5), Stratum(1, 1, 60, 0)])
    assert whole is not None
    assert (whole.mean, whole.error) == (75, 0)
    single = stratified([Stratum(3, 3, 80, 5), Stratum(5, 1, 60, 0)])
    assert single is not None
    assert (single.error, single.interval) == (None, None)


def test_who_was_not_reviewed_is_made_up_for_by_who_was() -> None:
    # given a stratum drawn at 0.5, of whose four samples three were reviewed
    assert completed(Decimal("0.5"), 3, 4) == Decimal("0.375")
    for done, drawn in ((0, 4), (5, 4)):
        with pytest.raises(ValueError, match="a stratum with a review"):
            completed(Decimal("0.5"), done, drawn)
