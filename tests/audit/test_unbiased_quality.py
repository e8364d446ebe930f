"""Targeted draws find what is bad and still say how good all is: a simulation of a month of tickets.

ASSAY_SAMPLING_RUNS: how many draws are made of it (200 in `make prove`).
"""

import json
import os
import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from statistics import mean

from services.audit.sampling.designs import DrawIn
from services.audit.sampling.drawing import chances, take
from shared.estimates import Sums, hajek

RUNS = int(os.environ.get("ASSAY_SAMPLING_RUNS", "40"))
IS_FULL = RUNS >= 200
TICKETS = 20_000
SOLVED = "2026-02-02T00:00:00Z"
RISKS = {"always": 1.0, "low_csat": 6.0, "reopened": 3.0, "escalated": 4.0, "long": 2.0, "new_agent": 1.0}
HOW_OFTEN = {"low_csat": 0.06, "reopened": 0.08, "escalated": 0.04, "long": 0.1, "new_agent": 0.15}


def a_month(chance: random.Random) -> tuple[DrawIn, dict[str, Decimal]]:
    """Tickets with their signals, and the scores their reviews would give: the riskier, the worse."""
    population, scores = [], {}
    for n in range(TICKETS):
        signals = [signal for signal, share in HOW_OFTEN.items() if chance.random() < share]
        risk = sum(RISKS[signal] for signal in signals)
        is_failed = chance.random() < 0.02 + 0.035 * risk
        score = 0.0 if is_failed else max(0.0, min(100.0, chance.gauss(94 - 1.5 * risk, 8)))
        population.append({"id": f"T{n}", "solved_at": SOLVED, "signals": signals})
        scores[f"T{n}"] = Decimal(f"{score:.2f}")
    design = {"kind": "targeted", "size": 100, "floor": 0.3, "risks": RISKS}
    whole = {"seed": "to be replaced", "design": design, "population": population}
    return DrawIn.model_validate_json(json.dumps(whole)), scores


def test_our_headline_is_right_where_the_plain_mean_is_not() -> None:
    # given a month of tickets, whose true quality is known
    month, scores = a_month(random.Random(31))
    truth = float(mean(scores.values()))
    found = chances(month)
    pi = {chance.id: chance.pi for chance in found}
    # when about a hundred of them are drawn, 30 % evenly and the rest by risk, again and again
    plain, ours, covered, sizes = [], [], 0, []
    for run in range(RUNS):
        ids = [sample.id for sample in take([replace(chance, seed=f"run {run}") for chance in found])]
        estimate = hajek(Sums.of((scores[id_], _decimal(pi[id_])) for id_ in ids))
        assert estimate is not None
        assert estimate.interval is not None
        low, high = estimate.interval
        plain.append(float(mean(scores[id_] for id_ in ids)))
        ours.append(estimate.mean)
        covered += low <= truth <= high
        sizes.append(len(ids))
    figures = (
        f"{RUNS} runs of {mean(sizes):.1f} audits: truth {truth:.2f}, plain mean {mean(plain):.2f}, "
        f"ours {mean(ours):.2f}, covered {covered / RUNS:.1%}"
    )
    print(figures)
    # then the plain mean is far off, ours is not, and the intervals hold what they promise
    assert truth - mean(plain) > 3, figures
    assert abs(mean(ours) - truth) < (0.5 if IS_FULL else 1.0), figures
    assert covered / RUNS >= (0.92 if IS_FULL else 0.88), figures


def _decimal(pi: Fraction) -> Decimal:
    return Decimal(pi.numerator) / Decimal(pi.denominator)
