"""Schemathesis asks every operation of every service's OpenAPI document what its author did not think of: all
checks on, one call after the other with what the one before gave. No 5xx, no answer that the document does
not allow, no status that it does not name.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from world import World

from services.bench.servers import Setting, serving
from services.run import create_app
from shared.config import Settings

REQUESTS = int(os.environ.get("ASSAY_SCHEMATHESIS_REQUESTS", "0"))
"""At least so many; 0: a small round."""
CASES_AN_OPERATION = max(1, REQUESTS // 120)
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
async def served(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """(where it is served, role → token), with something of everything in it."""
    async with World(create_app(settings)) as world:
        connection = await world.connection()
        await world.plan(connection["id"])
        for number in ("1", "2", "3"):
            await world.solved_ticket(number)
        mara = await world.person("specialist", "Mara")
        review = await world.reviewed(mara)
        tokens = {
            "admin": world.as_()["authorization"],
            "specialist": world.as_(mara)["authorization"],
            "agent": world.as_(review["agent_id"])["authorization"],
        }
    async with serving(Setting(settings, tmp_path, Path()), 1, services="all") as (port,):
        yield f"http://127.0.0.1:{port}", tokens


async def asked(base: str, token: str, *, phases: str, cases: int, seed: int) -> tuple[int, int, str]:
    """(exit code, requests made, what it said)"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{base}/openapi.json",
        "--header", f"Authorization: {token}", "--checks", "all", "--phases", phases,
        "--max-examples", str(cases), "--seed", str(seed), "--suppress-health-check", "all", "--no-color",
        "--request-timeout", "20", "--no-shrink",
        env=os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(CONFIG.parent)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode(errors="replace")
    generated = re.search(r"(\d[\d,]*) generated", said)
    return process.returncode or 0, int(generated[1].replace(",", "")) if generated else 0, said


def found_in(said: str) -> str:
    """The failures, without the advice behind them."""
    return said[max(said.find("= FAILURES ="), 0) :][:8000]


async def test_every_operation_answers_as_its_document_says(served: tuple[str, dict[str, str]]) -> None:
    base, tokens = served
    phases = "examples,coverage,fuzzing,stateful" if REQUESTS else "examples,fuzzing"
    code, made, said = await asked(base, tokens["admin"], phases=phases, cases=CASES_AN_OPERATION, seed=1)
    assert code == 0, found_in(said)
    assert made >= max(REQUESTS, 150), said[-600:]


@pytest.mark.parametrize("role", ["specialist", "agent"] if REQUESTS else ["agent"])
async def test_to_others_too(served: tuple[str, dict[str, str]], role: str) -> None:
    base, tokens = served
    code, made, said = await asked(base, tokens[role], phases="examples,fuzzing", cases=1, seed=2)
    assert code == 0, found_in(said)
    assert made > 80, said[-600:]
