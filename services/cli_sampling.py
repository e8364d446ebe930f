"""`assay sampling`: draws from a file, looked at before, made, and checked afterwards by anybody who has it.

Nothing of ours is asked but the file: no database, no settings.
"""

from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.audit.sampling import drawing
from services.audit.sampling.designs import DrawIn, DrawnIn

app = typer.Typer(help="Draws that anyone can make again from a file.", no_args_is_help=True)
out = Console(highlight=False)
M = TypeVar("M", bound=BaseModel)
Source = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON: seed, design, population.")]


@app.command()
def outlook(
    file: Source,
    deviation: Annotated[float, typer.Option(min=0, help="How much scores differ, in points.")] = 30.0,
) -> None:
    """What a draw would be worth: samples and probabilities by stratum, and the margin to expect."""
    seen = drawing.outlook(_chances(_read(file, DrawIn)), deviation)
    table = Table("stratum", "tickets", "samples expected", "probability")
    for key, (tickets, samples, low, high) in seen.strata.items():
        table.add_row(escape(key), f"{tickets:,}", f"{samples:,.1f}", f"{low:.4f} to {high:.4f}")
    out.print(table)
    out.print(f"{seen.expected:,.1f} of {seen.population:,} tickets; ± {seen.margin:.1f} points to expect.")


@app.command()
def draw(file: Source, to: Annotated[Path, typer.Argument(help="Where the draw is written.")]) -> None:
    """Make the draw, and write it with all that it was made of."""
    asked = _read(file, DrawIn)
    _chances(asked)
    made = drawing.drawn(asked)
    to.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    out.print(f"{len(made.samples):,} of {len(made.population):,} tickets are drawn: {escape(str(to))}.")


@app.command()
def verify(file: Source) -> None:
    """Make a draw again from what the file holds; name whatever does not follow."""
    told = _read(file, DrawnIn)
    faults = drawing.differences(told)
    for fault in faults:
        out.print(f"{fault.pointer}: {fault.detail}", markup=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    out.print(f"The draw holds: {len(told.samples):,} of {len(told.population):,} tickets.")
    out.print(f"Population: {told.population_hash}", soft_wrap=True)


def _read(file: Path, model: type[M]) -> M:
    try:
        return model.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = "/" + "/".join(map(str, first["loc"]))
        raise _refused(where, first["msg"]) from None


def _chances(asked: DrawIn) -> list[drawing.Chance]:
    try:
        return drawing.chances(asked)
    except drawing.DesignUnusable as unusable:
        raise _refused(unusable.fault.pointer, unusable.fault.detail) from None


def _refused(pointer: str, detail: str) -> typer.Exit:
    out.print(f"{pointer}: {detail}", markup=False, soft_wrap=True)
    return typer.Exit(2)
