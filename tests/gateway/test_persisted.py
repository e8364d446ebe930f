"""Documents that clients ask for by their hash, and a server that runs no others."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from refusals import lasting_world, refused
from typer.testing import CliRunner
from world import World

from services.cli import app as command
from services.gateway.errors import BadOperations
from services.gateway.persisted import hash_of, read, written
from services.gateway.schema import schema

VIEWER, PAGE = "query Me { viewer { name } }", "query Page($n: Int!) { tickets(first: $n) { nodes { id } } }"
FREE = "{ viewer { id } }"


def a_file(folder: Path, *texts: str) -> Path:
    """Written by the verb, of a folder with these documents."""
    documents = folder / "documents"
    documents.mkdir()
    for place, text in enumerate(texts):
        (documents / f"{place}.graphql").write_text(text + "\n")
    path = folder / "operations.json"
    path.write_text(written(documents, schema._schema))
    return path


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_file(tmp_path_factory.mktemp("operations"), VIEWER, PAGE)


@pytest.fixture(scope="module")
async def world(postgres: str, operations: Path) -> AsyncIterator[World]:
    async with lasting_world(postgres, graphql_operations=operations) as made:
        yield made


@pytest.fixture(scope="module")
async def strict(postgres: str, operations: Path) -> AsyncIterator[World]:
    """Runs nothing but those."""
    async with lasting_world(postgres, graphql_operations=operations, graphql_allow_list=True) as made:
        yield made


def by_apollo(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}}


def by_id(text: str) -> dict[str, Any]:
    return {"documentId": f"sha256:{hash_of(text)}"}


BOTH_WAYS = pytest.mark.parametrize("ask_for", [by_apollo, by_id])
Asking = Callable[[str], dict[str, Any]]


async def post(world: World, **body: Any) -> Any:
    return await world.client.post("/graphql", json=body, headers=world.as_())


def code_of(answer: Any) -> str:
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    (error,) = answer.json()["errors"]
    assert error["extensions"]["request_id"] == answer.headers["x-request-id"]
    return str(error["extensions"]["code"])


# ---- By its hash ---------------------------------------------------------------------------------------


@BOTH_WAYS
async def test_a_listed_document_is_run_by_its_hash(world: World, ask_for: Asking) -> None:
    # twice: by the resolvers, and by its statement
    for _ in range(2):
        assert (await post(world, **ask_for(VIEWER))).json()["data"] == {"viewer": {"name": "Administrator"}}
        answer = await post(world, **ask_for(PAGE), variables={"n": 1}, operationName="Page")
        assert answer.json()["data"] == {"tickets": {"nodes": []}}


async def test_the_limits_hold_for_it_too(world: World) -> None:
    answer = await post(world, **by_id(PAGE), variables={"n": 100_000})
    assert code_of(answer) == "BAD_USER_INPUT"


@BOTH_WAYS
async def test_g24_a_hash_of_nothing_that_is_listed(world: World, ask_for: Asking) -> None:
    assert code_of(await post(world, **ask_for(FREE))) == "PERSISTED_QUERY_NOT_FOUND"


@BOTH_WAYS
async def test_g24_a_client_registers_nothing(world: World, ask_for: Asking) -> None:
    """With its text and its hash it is run, as clients of Apollo's do; and it is not kept."""
    assert "errors" not in (await post(world, query=FREE, **ask_for(FREE))).json()
    assert code_of(await post(world, **ask_for(FREE))) == "PERSISTED_QUERY_NOT_FOUND"


@BOTH_WAYS
async def test_g24_a_text_under_another_ones_hash_is_refused(world: World, ask_for: Asking) -> None:
    refused(await post(world, query=FREE, **ask_for(VIEWER)), 422, "validation-failed", pointer="/query")


async def test_g24_two_hashes_are_the_same_or_refused(world: World) -> None:
    assert "errors" not in (await post(world, **by_id(VIEWER), **by_apollo(VIEWER))).json()
    answer = await post(world, **by_id(VIEWER), **by_apollo(PAGE))
    refused(answer, 422, "validation-failed", pointer="/documentId")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"documentId": "../../etc/passwd"}, "/documentId"),
        ({"documentId": "sha256:" + "A" * 64}, "/documentId"),
        ({"documentId": None}, "/documentId"),
        ({"extensions": {"persistedQuery": 5}}, "/extensions/persistedQuery"),
        (
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "0" * 64}}},
            "/extensions/persistedQuery/version",
        ),
        ({"extensions": {"persistedQuery": {"version": 1}}}, "/extensions/persistedQuery/sha256Hash"),
        ({"extensions": {"other": {}}}, "/query"),
    ],
)
async def test_g24_what_is_no_hash_is_refused(world: World, body: Any, pointer: str) -> None:
    refused(await post(world, **body), 422, "validation-failed", pointer=pointer)


async def test_other_extensions_are_not_looked_at(world: World) -> None:
    assert "errors" not in (await post(world, query=FREE, extensions={"tracing": {"a": 1}})).json()


# ---- Nothing but those ----------------------------------------------------------------------------------


@BOTH_WAYS
async def test_listed_documents_are_run_where_no_others_are(strict: World, ask_for: Asking) -> None:
    assert "errors" not in (await post(strict, **ask_for(VIEWER))).json()
    assert "errors" not in (await post(strict, query=VIEWER)).json()
    assert "errors" not in (await post(strict, query=VIEWER, **ask_for(VIEWER))).json()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": FREE}, id="G29-free-text"),
        pytest.param({"query": VIEWER + " "}, id="G29-a-space-more"),
        pytest.param({"query": "{"}, id="G29-not-even-GraphQL"),
        pytest.param({"query": "{ __schema { types { name } } }"}, id="G29-introspection"),
        pytest.param({"query": FREE, **by_apollo(FREE)}, id="G29-with-its-hash"),
        pytest.param(by_apollo(FREE), id="G29-its-hash-alone"),
        pytest.param(by_id(FREE), id="G29-its-id-alone"),
    ],
)
async def test_others_are_refused_before_anything_is_read(strict: World, body: Any) -> None:
    assert code_of(await post(strict, **body)) == "PERSISTED_QUERY_NOT_IN_LIST"


async def test_g29_whoever_may_not_come_in_is_not_told_what_is_listed(strict: World) -> None:
    for body in (by_id(FREE), by_id(VIEWER), {"query": FREE}):
        answer = await strict.client.post("/graphql", json=body, headers={"authorization": "Bearer made-up"})
        refused(answer, 401, "unauthenticated")


# ---- The file --------------------------------------------------------------------------------------------


def test_the_verb_prints_the_file(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "me.graphql").write_text(VIEWER + "\n")
    (tmp_path / "below" / "nameless.graphql").write_text(FREE)
    printed = CliRunner().invoke(command, ["graphql", "persist", str(tmp_path)])
    assert printed.exit_code == 0
    document = json.loads(printed.stdout)
    assert (document["format"], document["version"]) == ("apollo-persisted-query-manifest", 1)
    assert document["operations"] == [
        {"id": hash_of(FREE), "name": "nameless", "type": "query", "body": FREE},
        {"id": hash_of(VIEWER), "name": "Me", "type": "query", "body": VIEWER},
    ]
    path = tmp_path / "operations.json"
    path.write_text(printed.stdout)
    assert read(path) == {hash_of(VIEWER): VIEWER, hash_of(FREE): FREE}


@pytest.mark.parametrize(
    "text", ["{ viewer { nme } }", "{ viewer {", "query a { __typename } query b { __typename }", ""]
)
def test_the_verb_says_which_document_is_wrong(tmp_path: Path, text: str) -> None:
    (tmp_path / "wrong.graphql").write_text(text)
    with pytest.raises(BadOperations, match=r"wrong\.graphql"):
        written(tmp_path, schema._schema)


def listed(**changes: Any) -> dict[str, Any]:
    return {"id": hash_of(FREE), "name": "free", "type": "query", "body": FREE} | changes


def manifest(*operations: Any, **changes: Any) -> str:
    whole = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations} | changes
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a file of GraphQL operations"),
        ("{", "not a file of GraphQL operations"),
        ("[]", "not a file of GraphQL operations"),
        (manifest(format="other"), "format"),
        (manifest(version=2), "version"),
        (manifest(listed(id="a")), "operations/0/id"),
        (manifest(listed(body=5)), "operations/0/body"),
        (manifest(listed(body=FREE + " ")), "the operation free has another hash"),
        (manifest(listed(id=hash_of("{"), body="{")), "the operation free is not GraphQL"),
    ],
)
def test_a_malformed_file_is_named_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "operations.json"
    path.write_text(content)
    with pytest.raises(BadOperations) as raised:
        read(path)
    assert words in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ASSAY_GRAPHQL_OPERATIONS": "nowhere.json"}, "nowhere.json"),
        ({"ASSAY_GRAPHQL_ALLOW_LIST": "true"}, "ASSAY_GRAPHQL_OPERATIONS names no file"),
    ],
)
def test_nothing_starts_with_it_and_one_line_says_why(
    database_url: str, more: dict[str, str], words: str
) -> None:
    environment = {"DATABASE_URL": database_url, "ASSAY_SECRET_KEY": "a secret key for tests, long enough."}
    started = subprocess.run(
        [sys.executable, "-m", "services", "serve", "gateway", "--port", "0"],
        env=environment | more, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert started.returncode == 1
    assert words in started.stderr
    assert len(started.stderr.strip().splitlines()) == 1
