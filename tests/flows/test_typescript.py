"""A front-end's way to types: codegen over the schema as it is served, a program that the compiler has read,
and answers that are what the types say."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from on_the_wire import served
from world import World

EXAMPLE = Path(__file__).parents[2] / "deploy" / "typescript"
ASKED = os.environ.get("ASSAY_TYPESCRIPT")
pytestmark = pytest.mark.skipif(
    not ASKED or shutil.which("npm") is None,
    reason="ASSAY_TYPESCRIPT=1 lets npm install the compiler and codegen (needs npm and its registry)",
)


async def run(folder: Path, *command: str, **environment: str) -> tuple[int | None, str]:
    """(exit code, what it printed)"""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 180)
    return process.returncode, said.decode()


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, before anything was made of it."""
    folder = tmp_path_factory.mktemp("client") / "typescript"
    made = shutil.ignore_patterns("node_modules", "out", "graphql")
    shutil.copytree(EXAMPLE, folder, ignore=made)
    return folder


async def installed(folder: Path) -> None:
    if not (folder / "node_modules").exists():
        code, said = await run(folder, "npm", "ci", "--no-audit", "--no-fund")
        assert code == 0, said


async def generated(folder: Path, world: World) -> None:
    """From the schema as the gateway tells it."""
    schema = folder / "schema.graphql"
    schema.write_text((await world.client.get("/graphql/schema.graphql")).text)
    code, said = await run(folder, "npm", "run", "generate", ASSAY_SCHEMA=str(schema))
    assert code == 0, said


async def test_the_typed_client_reads_every_page_and_claims(world: World, example: Path) -> None:
    # given more reviewed audits than one page holds, and one that waits
    await installed(example)
    await generated(example, world)
    reviewed: list[dict[str, Any]] = []
    specialist = await world.person("specialist")
    await world.plan((await world.connection())["id"])
    for number in range(23):
        await world.solved_ticket(str(number))
        if number < 22:
            reviewed.append(await world.reviewed(specialist))
    # when the example is compiled and run as they would
    token = world.as_(specialist)["authorization"].removeprefix("Bearer ")
    async with served(world.app) as port:
        url = f"http://127.0.0.1:{port}"
        code, said = await run(example, "npm", "start", "--silent", ASSAY_URL=url, ASSAY_TOKEN=token)
    # then it prints each once, and what it claimed
    lines = said.splitlines()
    assert code == 0, said
    assert sorted(line.split()[0] for line in lines[:-1]) == sorted(one["audit_id"] for one in reviewed)
    assert lines[-1].startswith("claimed ")


async def test_a_field_that_the_schema_does_not_have_is_found_before_anything_runs(
    world: World, example: Path
) -> None:
    # given a program that reads what it did not ask for
    await installed(example)
    await generated(example, world)
    source = example / "src" / "audits.ts"
    before = source.read_text()
    source.write_text(before.replace("audit.ticket?.subject", "audit.ticket?.status"))
    # when it is compiled, then the compiler says so
    code, said = await run(example, "npm", "run", "check")
    assert (code, "Property 'status' does not exist" in said) == (2, True), said
    # and when it asks for what there is not, codegen does
    source.write_text(before.replace("number score", "number scroe"))
    code, said = await run(example, "npm", "run", "generate", ASSAY_SCHEMA="schema.graphql")
    assert (code, 'Cannot query field "scroe" on type "Review"' in said) == (1, True), said
    source.write_text(before)
