"""`assay bench`: how fast it is here, as ratios against a baseline of the same run."""

import dataclasses
import json
from pathlib import Path
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
    bench.command("graphql")(graphql)
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


def graphql(
    seconds: Annotated[float, typer.Option(min=0.2, max=30, help="Of each measurement.")] = 4,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="The medians of so many count.")] = 3,
    tickets: Annotated[int, typer.Option(min=1000, max=2_000_000, help="Half of them audited.")] = 40_000,
    connections: Annotated[list[int] | None, typer.Option(help="At once. Default: 1, 16 and 64.")] = None,
    postgraphile: Annotated[
        Path | None, typer.Option(help="A folder in which npm has installed postgraphile (and node).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """The gateway against what a team would write instead: Strawberry with data loaders, FastAPI with one
    statement a question, and PostGraphile where you name one. The same questions, rows and row security.

    Starts a durable Postgres of its own and a server process for each, on this machine and for some minutes.
    """
    from services import serving
    from services.bench.graphql.compare import OURS, Options, run

    options = Options(seconds, rounds, tickets, connections or (1, 16, 64), postgraphile)
    measures = serving.run(run(options))
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(one) for one in measures]))
        return
    table = Table("operation", "connections", "server", "requests/s", "p50 ms", "p99 ms", "Assay is")
    ours = {(one.operation, one.connections): one.requests_s for one in measures if one.server == OURS}
    for one in measures:
        ratio = ours[one.operation, one.connections] / one.requests_s
        table.add_row(
            one.operation, str(one.connections), one.server, f"{one.requests_s:,.0f}", f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}", "" if one.server == OURS else f"{ratio:.1f} ×",
        )  # fmt: skip
    out.print(table)
