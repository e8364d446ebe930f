"""Plays the story against a running system and tells it on the screen; once, not at every start."""

from collections.abc import Callable
from uuid import UUID

import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from services.demo.story import METRICS, Story, Told


async def play_and_tell(base: str, token_for: Callable[[UUID | None], str], out: Console) -> None:
    services = ("people", "feedback", "audit", "appeals", "kpi", "gateway")
    async with httpx.AsyncClient(timeout=30) as client:
        if await _played_before(client, base, token_for(None)):
            out.print("The demonstration's data is still here from an earlier run.")
            return
        steps = iter(range(1, 100))
        story = Story(
            client, dict.fromkeys(services, base), token_for,
            lambda line: out.print(f"  {next(steps):2}. {line}", soft_wrap=True),
        )  # fmt: skip
        out.print("[bold]The demonstration, through the public addresses:[/bold]")
        told = await story.play()
    out.print(_numbers(told))


async def _played_before(client: httpx.AsyncClient, base: str, token: str) -> bool:
    """To its end, which is a ruling. A story that was cut off is played on."""
    answer = await client.get(
        f"{base}/appeals?state=decided&limit=1", headers={"authorization": f"Bearer {token}"}
    )
    return bool(answer.raise_for_status().json()["items"])


def _numbers(told: Told) -> Table:
    table = Table(
        title="\nWhat the numbers say, before the appeal and after it", box=box.SIMPLE, title_justify="left"
    )
    table.add_column("metric", no_wrap=True)
    for heading in ("before", "after", "n"):
        table.add_column(heading, justify="right")
    table.add_column("left out")
    for key in METRICS:
        before, after = told.before[key], told.after[key]
        left_out = ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in after["excluded"].items())
        changed = "bold" if before["value"] != after["value"] else ""
        table.add_row(key, _shown(before), _shown(after), str(after["n"]), left_out or "–", style=changed)
    return table


def _shown(value: dict[str, object]) -> str:
    number = value["value"]
    if not isinstance(number, int | float):
        return "–"
    if value["unit"] == "percent":
        return f"{number:.2f} %"
    minutes, seconds = divmod(int(number), 60)
    return f"{minutes // 60} h {minutes % 60:02} m" if minutes >= 60 else f"{minutes} m {seconds:02} s"
