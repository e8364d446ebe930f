"""Draws over a frozen population: published answers, refusals, and the same draw again from its file."""

import itertools
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.audit.sampling.designs import CandidateIn, DrawIn, DrawnIn
from services.audit.sampling.drawing import (
    DesignUnusable,
    chances,
    differences,
    drawn,
    exact,
    inclusion,
    neyman,
    outlook,
    proportional,
    take,
)

PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "60")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
MONDAY = datetime(2026, 2, 2, tzinfo=UTC)
SIGNALS = ("low_csat", "reopened", "long")
EVERY_KIND: dict[str, dict[str, Any]] = {
    "share": {"kind": "share", "share": 0.3, "minimum": 1},
    "proportional": {"kind": "allocated", "size": 12},
    "neyman": {
        "kind": "allocated", "size": 12, "method": "neyman", "deviations": {'["de"]': 5.0, '["fr"]': 20.0},
    },
    "fixed": {"kind": "fixed", "sizes": {'["de"]': 4, '["fr"]': 7}},
    "quota": {"kind": "quota", "count": 2, "zone": "Europe/Berlin"},
    "targeted": {"kind": "targeted", "size": 10, "risks": {"low_csat": 5.0, "reopened": 2.5}},
}  # fmt: skip


def ticket(n: int, **traits: Any) -> dict[str, Any]:
    """One of two languages and three agents, solved n hours after the Monday, with some signals."""
    signals = [signal for i, signal in enumerate(SIGNALS) if n % (i + 3) == 0]
    return {
        "id": f"T-{n:03d}", "agent": "abc"[n % 3], "solved_at": (MONDAY + timedelta(hours=n)).isoformat(),
        "traits": {"language": ("de", "fr")[n % 2]}, "signals": signals,
    } | traits  # fmt: skip


def asked(design: dict[str, Any], *, seed: str = "a seed", tickets: Any = None) -> DrawIn:
    population = [ticket(n) for n in range(40)] if tickets is None else list(tickets)
    whole = {"seed": seed, "design": design, "strata": ["language"], "population": population}
    return DrawIn.model_validate_json(json.dumps(whole))


def vectors(reference_dir: Path, kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    suite = json.loads((reference_dir / "vectors" / "sampling.json").read_text())
    found = [vector for vector in suite["vectors"] if vector["fn"] == kind]
    assert found
    return ((vector["input"], vector["expected"]) for vector in found)


# ---- Published answers --------------------------------------------------------------------------


def test_allocations_are_those_of_the_reference(reference_dir: Path) -> None:
    for given_, expected in vectors(reference_dir, "allocate"):
        counts, deviations, size = given_["N"], given_["sd"], given_["n"]
        by_size = proportional(counts, size)
        by_spread = neyman(counts, [exact(deviation) for deviation in deviations], size)
        assert by_size == expected["proportional_largest_remainder"]
        assert by_spread == expected["neyman_integer_optimal"]
        for sizes, variance in ((by_size, "proportional"), (by_spread, "neyman")):
            strata = zip(counts, sizes, deviations, strict=True)
            found = sum((N / sum(counts)) ** 2 * (1 - n / N) * s**2 / n for N, n, s in strata)
            assert found == pytest.approx(expected[f"variance_of_mean_{variance}"], abs=1e-9)


def test_probabilities_by_risk_are_those_of_the_reference(reference_dir: Path) -> None:
    for given_, expected in vectors(reference_dir, "inclusion_probabilities"):
        found = inclusion([Fraction(risk) for risk in given_["risk"]], Fraction(given_["n_expected"]))
        assert [float(pi) for pi in found] == pytest.approx(expected["pi"], abs=1e-9)
        assert float(sum(found)) == pytest.approx(expected["sum_pi"], abs=1e-9)


def test_the_smallest_numbers_are_those_of_the_reference(reference_dir: Path) -> None:
    for given_, expected in vectors(reference_dir, "hash_sample"):
        tickets = [ticket(0, id=name, traits={}) for name in given_["ticket_ids"]]
        design = {"kind": "fixed", "sizes": {"[null]": given_["k"]}}
        samples = take(chances(asked(design, seed=given_["seed"], tickets=tickets)))
        by_number = sorted(samples, key=lambda sample: sample.number)
        assert [sample.id for sample in by_number] == expected["selected_bottom_k"]


def test_weekly_quotas_are_those_of_the_reference(reference_dir: Path) -> None:
    for given_, expected in vectors(reference_dir, "weekly_quota"):
        tickets = [
            {"id": t["id"], "agent": t["agent"], "solved_at": t["solved_at"]} for t in given_["tickets"]
        ]
        design = {"kind": "quota", "count": given_["k"], "zone": given_["timezone"]}
        found = chances(asked(design, seed=given_["seed"], tickets=tickets))
        group = {chance.id: chance.group for chance in found}
        selected = defaultdict(list)
        for sample in sorted(take(found), key=lambda sample: sample.number):
            selected[group[sample.id]].append(sample.id)
        assert selected == {key: week["selected"] for key, week in expected.items()}
        for key, week in expected.items():
            mine = [chance for chance in found if chance.group == key]
            assert (len(mine), {float(chance.pi) for chance in mine}) == (week["N"], {week["pi"]})


def test_a_week_is_that_of_the_teams_zone_and_of_the_iso_year() -> None:
    # given one solved on Sunday evening in UTC, which is Monday in Auckland; and the ends of a year
    moments = ("2026-02-08T20:00:00Z", "2026-01-01T12:00:00Z", "2025-12-29T12:00:00Z")
    tickets = [ticket(n, agent="a", solved_at=moment) for n, moment in enumerate(moments)]
    for zone, week in (("UTC", "a|2026-W06"), ("Pacific/Auckland", "a|2026-W07")):
        found = chances(asked({"kind": "quota", "count": 1, "zone": zone}, tickets=tickets))
        assert [chance.group for chance in found] == [week, "a|2026-W01", "a|2026-W01"]


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), min_size=1, max_size=3), st.data())
def test_no_other_allocation_has_a_smaller_variance(strata: list[tuple[int, int]], data: Any) -> None:
    # given strata small enough that every allocation can be tried
    counts, deviations = [count for count, _ in strata], [Fraction(spread) for _, spread in strata]
    size = data.draw(st.integers(len(counts), sum(counts)))

    def variance(sizes: Any) -> Fraction:
        parts = zip(counts, sizes, deviations, strict=True)
        return sum((Fraction(N * N, n) * s * s for N, n, s in parts), Fraction(0))

    every = itertools.product(*(range(1, count + 1) for count in counts))
    best = min(variance(sizes) for sizes in every if sum(sizes) == size)
    assert variance(neyman(counts, deviations, size)) == best


@PROPERTY
@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.data())
def test_allocations_add_up_and_ask_for_no_more_than_there_are(counts: list[int], data: Any) -> None:
    size = data.draw(st.integers(len(counts), sum(counts)))
    for sizes in (proportional(counts, size), neyman(counts, [Fraction(1)] * len(counts), size)):
        assert sum(sizes) == size
        assert all(0 <= n <= count for n, count in zip(sizes, counts, strict=True))


# ---- Of every design ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_who_is_drawn_does_not_depend_on_the_order_of_the_population(kind: str) -> None:
    first = drawn(asked(EVERY_KIND[kind]))
    again = drawn(asked(EVERY_KIND[kind], tickets=[ticket(n) for n in reversed(range(40))]))
    assert first == again
    assert first.samples


@PROPERTY
@given(st.sampled_from(sorted(EVERY_KIND)), st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_everyone_could_be_drawn_and_expectations_hold(kind: str, seed: str) -> None:
    # given any seed, then the probabilities do not depend on it, none is 0, and they add up to the size
    found = chances(asked(EVERY_KIND[kind], seed=seed))
    assert all(0 < chance.pi <= 1 for chance in found)
    expected = sum(chance.pi for chance in found)
    if kind == "targeted":  # two draws may fall on the same ticket
        assert 9 < expected <= 10
    else:
        assert expected == len(take(found))


@pytest.mark.parametrize(
    ("kind", "change"),
    [("share", {"share": 0.6}), ("proportional", {"size": 20}), ("quota", {"count": 3}),
     ("fixed", {"sizes": {'["de"]': 9, '["fr"]': 8}}), ("targeted", {"size": 14})],
)  # fmt: skip
def test_a_larger_draw_holds_the_smaller_one(kind: str, change: dict[str, Any]) -> None:
    small, large = (drawn(asked(EVERY_KIND[kind] | more)) for more in ({}, change))
    assert {s.id for s in small.samples} < {s.id for s in large.samples}


def test_a_targeted_ticket_has_the_chance_of_being_taken_by_either_of_two_draws() -> None:
    # given four tickets of risk 5, 0, 0, 0, of which two are wanted: half evenly, half by risk
    tickets = [ticket(n, signals=["long"] if n == 0 else []) for n in range(4)]
    found = chances(
        asked({"kind": "targeted", "size": 2, "floor": 0.5, "risks": {"long": 5}}, tickets=tickets)
    )
    # then the first is certain, and the others are drawn evenly alone
    assert [chance.pi for chance in found] == [1, *[Fraction(1, 4)] * 3]
    # and with risk for all, 1/4 evenly or 5/8 by risk is 1 - 3/4 · 3/8
    risks = {"kind": "targeted", "size": 2, "floor": 0.5, "risks": {"long": 4, "always": 1}}
    assert chances(asked(risks, tickets=tickets))[0].pi == Fraction(23, 32)


def test_the_share_that_each_ticket_is_drawn_in_is_its_probability() -> None:
    # given a targeted draw, when it is made with 3,000 seeds
    found = chances(asked(EVERY_KIND["targeted"]))
    times: dict[str, int] = defaultdict(int)
    for n in range(3000):
        whole = asked(EVERY_KIND["targeted"], seed=f"seed {n}", tickets=[])
        reseeded = [type(chance)(**vars(chance) | {"seed": whole.seed}) for chance in found]
        for sample in take(reseeded):
            times[sample.id] += 1
    # then each comes as often as it should, within five standard deviations
    for chance in found:
        pi = float(chance.pi)
        assert abs(times[chance.id] / 3000 - pi) <= 5 * (pi * (1 - pi) / 3000) ** 0.5


def test_the_outlook_says_what_a_draw_will_be_worth() -> None:
    # given 100 of endlessly many, of scores that are full nine times in ten: 5.9 points, as in the tables
    tickets = [ticket(n, id=f"T{n}", traits={}) for n in range(10_000)]
    seen = outlook(chances(asked({"kind": "allocated", "size": 100}, tickets=tickets)))
    assert (seen.population, seen.expected) == (10_000, 100)
    assert seen.margin == pytest.approx(1.959964 * 30 / 10 * 0.99**0.5, abs=1e-4)
    assert seen.strata == {"[null]": (10_000, 100, 0.01, 0.01)}
    # and when all are taken there is no doubt
    assert outlook(chances(asked({"kind": "share", "share": 1}))).margin == 0


# ---- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "tickets", "pointer", "code"),
    [
        ({"kind": "share", "share": 0.5}, [], "/population", "nothing-to-draw"),
        ({"kind": "share", "share": 0.5}, [ticket(1), ticket(2), ticket(1)], "/population", "duplicate"),
        ({"kind": "allocated", "size": 41}, None, "/design/size", "too-many"),
        ({"kind": "targeted", "size": 41, "risks": {}}, None, "/design/size", "too-many"),
        ({"kind": "allocated", "size": 1}, None, "/design", "never-drawn"),
        ({"kind": "allocated", "size": 1, "method": "neyman", "deviations": {'["de"]': 1, '["fr"]': 1}},
         None, "/design/size", "too-few"),
        ({"kind": "allocated", "size": 5, "method": "neyman", "deviations": {'["de"]': 1}},
         None, "/design/deviations", "missing"),
        ({"kind": "allocated", "size": 5, "method": "neyman", "deviations": {'["it"]': 1}},
         None, "/design/deviations", "empty-stratum"),
        ({"kind": "fixed", "sizes": {'["it"]': 1}}, None, "/design/sizes", "empty-stratum"),
        ({"kind": "fixed", "sizes": {'["de"]': 21}}, None, "/design/sizes", "too-many"),
        ({"kind": "fixed", "sizes": {'["de"]': 2}}, None, "/design", "never-drawn"),
        ({"kind": "quota", "count": 1}, [ticket(1, agent=None)], "/population", "no-agent"),
        ({"kind": "targeted", "size": 5, "floor": 0, "risks": {"long": 1}}, None, "/design", "never-drawn"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_by_name(design: Any, tickets: Any, pointer: str, code: str) -> None:
    with pytest.raises(DesignUnusable) as refused:
        chances(asked(design, tickets=tickets))
    assert (refused.value.fault.pointer, refused.value.fault.code) == (pointer, code)


@pytest.mark.parametrize(
    "design",
    [{"kind": "quota", "count": 0}, {"kind": "quota", "count": 1, "zone": "Mars/Base"},
     {"kind": "share", "share": 0}, {"kind": "targeted", "size": 5, "risks": {"long": -1}}, {"kind": "whim"}],
)  # fmt: skip
def test_a_design_that_makes_no_sense_is_not_read(design: Any) -> None:
    with pytest.raises(ValidationError):
        asked(design)


# ---- The same draw again ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_another_process_that_has_only_the_file_draws_the_same(kind: str, tmp_path: Path) -> None:
    # given a draw, written to a file without who was drawn
    whole = drawn(asked(EVERY_KIND[kind]))
    file = tmp_path / "draw.json"
    file.write_text(whole.model_dump_json(exclude={"samples", "rule", "population_hash"}))
    # when another process, with other hash seeds, reads that file
    program = (
        "import sys; from services.audit.sampling.designs import DrawIn;"
        "from services.audit.sampling.drawing import drawn;"
        "print(drawn(DrawIn.model_validate_json(open(sys.argv[1]).read())).model_dump_json())"
    )
    again = subprocess.run(
        [sys.executable, "-c", program, str(file)], env={"PYTHONHASHSEED": "7"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    # then it finds the same
    assert DrawnIn.model_validate_json(again.stdout) == whole


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_draw_that_was_made_by_the_rule_differs_in_nothing(kind: str) -> None:
    told = drawn(asked(EVERY_KIND[kind]))
    assert differences(DrawnIn.model_validate_json(told.model_dump_json())) == []


@pytest.mark.parametrize(
    "change",
    [{"agent": "z"}, {"id": "T-999"}, {"signals": ["other"]}, {"solved_at": "2026-02-03T00:00:01Z"},
     {"traits": {"language": "it"}}],
)  # fmt: skip
def test_one_changed_ticket_of_the_population_is_noticed(change: dict[str, Any]) -> None:
    told = json.loads(drawn(asked(EVERY_KIND["targeted"])).model_dump_json())
    told["population"][17] |= change
    faults = differences(DrawnIn.model_validate_json(json.dumps(told)))
    assert faults[0].code == "population-changed"


def test_a_sample_that_was_put_in_left_out_or_altered_is_noticed() -> None:
    # given a draw, in whose list one is replaced, one told twice, and one said to be likelier
    told = drawn(asked(EVERY_KIND["proportional"]))
    inside = {sample.id for sample in told.samples}
    stranger = next(one.id for one in told.population if one.id not in inside)
    first, second, third, *rest = told.samples
    forged = [
        first.model_copy(update={"id": stranger}), second, second,
        third.model_copy(update={"pi": "1"}), *rest,
    ]  # fmt: skip
    # then each is named, with where it is
    faults = differences(told.model_copy(update={"samples": forged}))
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/samples/0", "not-drawn"), ("/samples/2", "duplicate"), ("/samples/3", "differs"),
        ("/samples", "missing"),
    ]  # fmt: skip


def test_another_seed_is_another_draw() -> None:
    told = drawn(asked(EVERY_KIND["proportional"]))
    assert differences(told.model_copy(update={"seed": "another"})) != []


def test_candidates_are_hashed_whatever_the_order_of_their_signals() -> None:
    one, other = (
        DrawIn.model_validate_json(
            asked(EVERY_KIND["share"], tickets=[ticket(0, signals=s)]).model_dump_json()
        )
        for s in (["a", "b"], ["b", "a"])
    )
    assert drawn(one).population_hash == drawn(other).population_hash
    assert isinstance(one.population[0], CandidateIn)
