"""The benchmark of intake measures what it says, on the real product; at full size it holds the goals."""

import os

import pytest

from services.bench import access
from services.bench.intake import run
from services.bench.load import Measured

FULL = bool(os.environ.get("ASSAY_BENCH"))
SECONDS, LINES, ROUNDS = (8.0, 50_000, 5) if FULL else (1.0, 2_000, 1)


async def test_what_is_counted_as_acknowledged_is_stored_and_the_goals_hold() -> None:
    # when intake is measured against pgbench and COPY, in one run
    report = await run(seconds=SECONDS, lines=LINES, rounds=ROUNDS)
    # then every acknowledged webhook is in the inbox, with its event
    assert report.acknowledged == report.stored > 0
    assert min(report.pgbench_tps, report.webhooks_s, report.copy_rows_s, report.bulk_lines_s) > 0
    assert 0 < report.p50_ms <= report.p99_ms
    # and, where there is time and quiet enough to say so, it is as fast as it has to be
    if FULL:
        assert report.webhook_ratio >= 0.5
        assert report.p99_ms < 150
        assert report.bulk_ratio >= 0.4


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)])
def test_a_percentile_is_a_latency_that_was_measured(share: float, expected: float) -> None:
    measured = Measured(latencies_s=[number / 1000 for number in range(100, 0, -1)])
    assert measured.percentile_ms(share) == pytest.approx(expected)


def test_only_answers_of_success_count_as_acknowledged() -> None:
    assert Measured(statuses={200: 5, 202: 1, 401: 7, 503: 9}).acknowledged == 6


async def test_row_security_costs_the_intake_less_than_a_tenth() -> None:
    # when the statements that take deliveries in run with their policies and without, in turns
    costs = await access.run(*((8, 150) if FULL else (1, 5)))
    # then both were measured and, where there is time and quiet enough to say so, the price is small
    assert [cost.operation for cost in costs] == ["webhooks", "bulk"]
    for cost in costs:
        assert cost.with_policies > 0
        assert not FULL or cost.overhead < 10, cost
