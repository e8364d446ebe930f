"""Two real exports come in by their shipped mappings, and the public addresses give the published figures.

Source of the figures: the reference data's own expected values (help-desk tickets with a manager's
scores; an incident log). The files stay beside the project; without them these tests skip.
"""

import os
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from world import World

from services.feedback.intake.sources.csv import match_files
from services.feedback.intake.sources.csv_mapping import Mapping, find_mapping
from services.importing import ImportReport, run_import


async def imported(world: World, mapping_name: str, *paths: Path) -> ImportReport:
    mapping = Mapping.load(find_mapping(mapping_name))
    files = match_files(mapping, list(paths))
    sealer = world.app.state.sealer
    report = await run_import(world.db, sealer, mapping, files, dry_run=False, progress=lambda _: None)
    await world.worker.drain()
    return report


async def value(world: World, metric: str, **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={text}" for name, text in query.items())
    return dict((await world.get(f"/kpi/metrics/{metric}?{asked}"))["values"][0])


async def rows_of_all_tables(url: str) -> dict[str, int]:
    """table → hash of all its rows."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    tables = await connection.fetch(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition"
    )
    found = {
        table["relname"]: await connection.fetchval(
            f"SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table['relname']} t"
        )
        for table in tables
    }
    await connection.close()
    return found


async def test_the_help_desk_set_gives_its_published_figures(
    world: World, reference_dir: Path, database_url: str
) -> None:
    data = reference_dir / "data"
    files = (
        data / "helpdesk_qa_scored_even_tickets.csv.gz",
        data / "helpdesk_utterances_even_tickets.csv.gz",
    )
    # when it is imported
    report = await imported(world, "helpdesk_qa", *files)
    # then all of it came in
    assert (report.tickets, report.messages, report.private_messages) == (170, 3600, 861)
    assert (report.reviews, report.unscored_reviews, report.rejected) == (368, 75, ())

    # and the numbers are right, through the public address
    response = await value(world, "first_response_time")
    assert response["n"] == 168
    assert response["excluded"] == {"never_replied": 2}
    assert response["value"] / 60 == pytest.approx(1.625)
    assert response["mean"] / 60 == pytest.approx(216.3263, abs=1e-4)
    quality = await value(world, "quality_score")
    assert quality["n"] == 293
    assert quality["excluded"] == {"not_scored": 75}, "unscored turns are never averaged in"
    assert quality["value"] == pytest.approx(80.6598, abs=1e-4)
    assert quality["estimate"]["n"] == 0, "nobody knows how these tickets were chosen"
    by_agent = await world.get("/kpi/metrics/quality_score?group_by=agent_id")
    low = [v for v in by_agent["values"] if v["n"] == 17 and v["value"] < 50]
    assert [v["value"] for v in low] == [pytest.approx(41.960784, abs=1e-6)], "agent 4lhl"
    by_priority = await world.get("/kpi/metrics/quality_score?group_by=priority")
    assert sum(v["n"] for v in by_priority["values"]) == 293

    # and the three criteria stand beside the composite: they were all but always rated alike
    scorecards = (await world.get("/audit/scorecards"))["items"]
    told = await world.get(f"/audit/scorecards/{scorecards[0]['id']}/criteria")
    assert (told["reviews"], told["comparable"], told["same_on_all"]) == (368, 293, 279)
    assert [(one["n"], one["not_applicable"]) for one in told["criteria"]] == [(293, 75)] * 3
    assert [one["mean_value"] for one in told["criteria"]] == [
        pytest.approx(4.03413, abs=1e-5), pytest.approx(4.017065, abs=1e-6),
        pytest.approx(4.047782, abs=1e-6),
    ]  # fmt: skip
    counts = {one["value"]: one["n"] for one in told["criteria"][0]["values"]}
    assert counts == {1: 28, 2: 23, 3: 36, 4: 30, 5: 176, "NA": 75}
    one = (await world.get("/audit/reviews?limit=1"))["items"][0]
    assert len(one["answers"]) == 3

    # and importing it again changes nothing, in no table
    before = await rows_of_all_tables(database_url)
    again = await imported(world, "helpdesk_qa", *files)
    assert (again.changed_tickets, again.added_reviews) == (0, 0)
    assert await rows_of_all_tables(database_url) == before


async def test_the_incident_log_gives_its_published_figures(
    world: World, reference_dir: Path, database_url: str
) -> None:
    file = reference_dir / "data" / "uci_incidents_2016q1.csv.gz"
    # when it is imported
    report = await imported(world, "incident_log", file)
    # then every incident is here, in the order of the file
    assert (report.rows, report.tickets, report.rejected) == (59_354, 9202, ())
    assert len(report.warnings) == 1, "one incident's updates are not in the order of their times"

    # and the numbers are right, through the public address
    resolution = await value(world, "resolution_time")
    assert resolution["n"] == 8419
    assert resolution["excluded"] == {"not_resolved": 783}
    assert resolution["value"] / 60 == 4226
    assert resolution["mean"] / 60 == pytest.approx(14577.841, abs=1e-3)
    assert resolution["p90"] / 60 == pytest.approx(30018.2)
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    assert await connection.fetchval("SELECT sum(reopens) FROM ticket_fact") == 161
    await connection.close()
    reopened = await value(world, "reopen_rate")
    assert reopened["numerator"] == 133

    if not os.environ.get("ASSAY_BULK_LINES"):
        return  # that a second import changes nothing, the smaller set has shown
    before = await rows_of_all_tables(database_url)
    again = await imported(world, "incident_log", file)
    assert again.changed_tickets == 0
    assert await rows_of_all_tables(database_url) == before
