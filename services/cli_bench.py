"""`assay bench`: how fast it is here, as ratios against a baseline of the same run."""

import dataclasses
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    bench = typer.Typer(help="Measure, against a baseline of the same run on the same machine.")
    app.add_typer(bench, name="bench")
    bench.command("intake")(intake)
    bench.command("access")(access)
    bench.callback()(lambda: None)


def intake(
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="Of each measurement.")] = 8,
    lines: Annotated[int, typer.Option(min=100, max=100_000, help="Of each bulk delivery.")] = 50_000,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="The medians of so many count.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """Webhooks acknowledged a second against pgbench inserting the same row; bulk lines against COPY.

    Starts a durable Postgres of its own and two server processes, on this machine and for a minute.
    """
    from services import serving
    from services.bench.intake import run

    report = serving.run(run(seconds=seconds, lines=lines, rounds=rounds))
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(report)))
        return
    table = Table("what", "ours", "baseline", "ratio", title=f"Intake, medians of {report.rounds} rounds")
    table.add_row(
        "webhooks acknowledged a second (pgbench: one row a transaction)",
        f"{report.webhooks_s:,.0f}", f"{report.pgbench_tps:,.0f}", f"{report.webhook_ratio:.0%}",
    )  # fmt: skip
    table.add_row(
        "  time to acknowledge, 64 connections", f"p50 {report.p50_ms:.0f} ms, p99 {report.p99_ms:.0f} ms"
    )
    table.add_row(
        "bulk lines a second (COPY of the same rows)",
        f"{report.bulk_lines_s:,.0f}", f"{report.copy_rows_s:,.0f}", f"{report.bulk_ratio:.0%}",
    )  # fmt: skip
    table.add_row("acknowledged / stored", f"{report.acknowledged:,} / {report.stored:,}")
    out.print(table)


def access(
    rounds: Annotated[int, typer.Option(min=1, max=50, help="The medians of so many count.")] = 8,
    statements: Annotated[int, typer.Option(min=5, max=2000, help="Of each round.")] = 150,
) -> None:
    """What row security costs the statements that take deliveries in: with policies and without, in turns."""
    from services import serving
    from services.bench.access import run

    table = Table("operation", "with policies", "without", "more", title=f"Row security, {rounds} rounds")
    for cost in serving.run(run(rounds, statements)):
        seconds = f"{cost.with_policies:.3f} s", f"{cost.without:.3f} s"
        table.add_row(cost.operation, *seconds, f"{cost.overhead:+.1f} %")
    out.print(table)
