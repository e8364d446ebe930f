"""The benchmark of GraphQL asks every server the same and gets the same; at full size it holds the goals."""

import os
from pathlib import Path

from services.bench.graphql.compare import BY_HAND, OURS, PLAIN, POSTGRAPHILE, Options, run

FULL = bool(os.environ.get("ASSAY_BENCH"))
PEER = Path(os.environ["ASSAY_POSTGRAPHILE"]) if "ASSAY_POSTGRAPHILE" in os.environ else None
"""A folder in which npm has installed it."""
OPTIONS = Options(4, 3, 40_000, (16,), PEER) if FULL else Options(0.3, 1, 2000, (4,), PEER)


async def test_every_server_gives_the_same_answers_and_ours_gives_them_soonest() -> None:
    # when the same questions go to every server, in turns (where answers differ, it raises)
    measures = {(one.operation, one.server): one for one in await run(OPTIONS)}
    # then each was answered
    servers = [OURS, PLAIN, BY_HAND, *([POSTGRAPHILE] if PEER else [])]
    records = ("one audit", "50 audits", "50 tickets")
    assert {(name, server) for name in records for server in servers} <= measures.keys()
    assert all(one.requests_s > 0 and 0 < one.p50_ms <= one.p99_ms for one in measures.values())
    # and, where there is time and quiet enough to say so, ours is as fast as it has to be
    if FULL:
        of = measures["50 audits", OURS].requests_s
        assert of >= 10 * measures["50 audits", PLAIN].requests_s
    if FULL and PEER:
        for name in records:
            ours, theirs = measures[name, OURS], measures[name, POSTGRAPHILE]
            assert ours.requests_s >= 2 * theirs.requests_s, (ours, theirs)
            assert ours.p99_ms <= theirs.p99_ms, (ours, theirs)
