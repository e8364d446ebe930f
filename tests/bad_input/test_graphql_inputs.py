# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.6: GraphQL documents, variables and bodies that are not what they should be (G)."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from refusals import CANARY, ask, lasting_world, nothing_written, refused
from world import World

INVALID = "validation-failed"
JSON = ("content-type", "application/json")


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


async def post(world: World, body: bytes, *more: tuple[str, str], method: str = "POST") -> Any:
    headers = [*world.as_().items(), *(more or (JSON,))]
    return await ask(world.app, method, b"/graphql", headers, [body])


# ---- Bodies and methods ------------------------------------------------------------------------------

OK = json.dumps({"query": "{ viewer { id } }"}).encode()
BODIES = [
    pytest.param(b"null", 422, INVALID, "", "wrong-type", id="G1-null"),
    pytest.param(b"5", 422, INVALID, "", "wrong-type", id="G1-number"),
    pytest.param(b"", 400, "malformed-json", None, None, id="G2-empty"),
    pytest.param(b"{ viewer { id } }", 400, "malformed-json", None, None, id="G2-not-json"),
    pytest.param(b"[" + OK + b"," + OK + b"]", 422, INVALID, "", "wrong-type", id="G2-batch"),
    pytest.param(b"{}", 422, INVALID, "/query", "missing", id="G2-no-query"),
    pytest.param(b'{"query":null}', 422, INVALID, "/query", "wrong-type", id="G2-query-null"),
    pytest.param(b'{"query":""}', 422, INVALID, "/query", "too-short", id="G2-query-empty"),
    pytest.param(b'{"query":"a","query":"b"}', 400, "malformed-json", None, None, id="R5-duplicate-keys"),
    pytest.param(b'{"query":"a","is_admin":"%s"}' % CANARY.encode(), 422, INVALID, "/is_admin", "unknown-field", id="R22-unknown-field"),
    pytest.param(b'{"query":"' + b"#" * 20_001 + b'"}', 422, INVALID, "/query", "too-long", id="G11-20-kb"),
    pytest.param(b'{"query":"a","variables":["%s"]}' % CANARY.encode(), 422, INVALID, "/variables", "wrong-type", id="G17-variables-a-list"),
    pytest.param(b'{"query":"a","variables":"%s"}' % CANARY.encode(), 422, INVALID, "/variables", "wrong-type", id="G17-variables-text"),
    pytest.param(b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"%s"}}}' % CANARY.encode(), 422, INVALID, "/extensions/persistedQuery/sha256Hash", "wrong-form", id="G24-no-hash"),
    pytest.param(b'{"id":"%s"}' % CANARY.encode(), 422, INVALID, "/id", "unknown-field", id="G24-an-id-alone"),
    pytest.param(b'{"query":"a","operationName":5}', 422, INVALID, "/operationName", "wrong-type", id="G18-name-a-number"),
    pytest.param(b'{"query":"a","variables":{"a":"%s\\u0000"}}' % CANARY.encode(), 422, INVALID, "/variables/a", "nul-character", id="R10-nul-in-a-variable"),
    pytest.param(b'{"query":"a","variables":{"a":["\\ud800"]}}', 422, INVALID, "/variables/a/0", "invalid-unicode", id="R12-surrogate-in-a-variable"),
    pytest.param(b'{"query":"a","variables":{"a":%s}}' % (b"9" * 30), 422, INVALID, "/variables/a", "out-of-range", id="R8-30-digits-in-a-variable"),
    pytest.param(b'{"query":"a","variables":{"a":1e400}}', 422, INVALID, "/variables/a", "out-of-range", id="R7-1e400-in-a-variable"),
    pytest.param(b'{"query":"a","variables":{"a":%s}}' % (b"[" * 40 + b"]" * 40), 422, INVALID, None, "too-deep", id="R13-deep-variable"),
    pytest.param(b'{"query":"a","variables":{"a":"' + b"a" * 65_536 + b'"}}', 413, "payload-too-large", None, None, id="G33-over-64-kB"),
    pytest.param(b'{"query":"a","variables":{"a":[' + b"1," * 1_996 + b'1]}}', 422, INVALID, "/variables/a", "too-many-items", id="G33-2001-values"),
    pytest.param(b'{"query":"\\ud800"}', 422, INVALID, "/query", "invalid-unicode", id="R12-surrogate-in-the-query"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "slug", "pointer", "code"), BODIES)
async def test_the_body_is_refused(
    world: World, body: bytes, status: int, slug: str, pointer: str | None, code: str | None
) -> None:
    async with nothing_written(world):
        refused(await post(world, body), status, slug, pointer=pointer, code=code)


async def test_g33_two_thousand_values_are_taken(world: World) -> None:
    # the body, its two fields, the variable, and these
    many = {"query": "{ viewer { id } }", "variables": {"a": [1] * 1_996}}
    assert (await post(world, json.dumps(many).encode())).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_g3_g4_only_post(world: World, method: str) -> None:
    answer = await post(world, OK, ("accept", "text/html"), method=method)
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_g3_a_query_in_the_address_is_not_run(world: World) -> None:
    target = b"/graphql?query=%7Bviewer%7Bid%7D%7D"
    answer = await ask(world.app, "GET", target, [*world.as_().items()])
    refused(answer, 405, "method-not-allowed")
    answer = await ask(world.app, "POST", target, [*world.as_().items(), JSON], [OK])
    refused(answer, 422, INVALID, code="unknown-parameter")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "",
    ],
)
async def test_g5_only_json(world: World, kind: str) -> None:
    """What a browser would send from a foreign page without asking first is never read."""
    refused(await post(world, OK, ("content-type", kind)), 415, "unsupported-media-type")


async def test_g25_no_websocket_of_the_old_sub_protocol(world: World) -> None:
    """Over the wire, with all else about it: tests/gateway/test_live_wire.py."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append((message["type"], message.get("status")))

    await world.app(
        {
            "type": "websocket", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
            "root_path": "", "headers": [], "subprotocols": ["graphql-ws"],
            "extensions": {"websocket.http.response": {}},
        },
        receive, send,
    )  # fmt: skip
    assert sent[0] == ("websocket.http.response.start", 400)


# ---- Documents and variables ---------------------------------------------------------------------------

TICKETS = "{ tickets(first: %s) { nodes { id } } }"
TYPED = "query($n: Int!) { tickets(first: $n) { nodes { id } } }"
BY_ID = "query($id: UUID!) { ticket(id: $id) { id } }"
PERIOD = 'query($f: MetricFilter) { metrics(keys: ["csat"], filter: $f) { value } }'
REVIEW = (
    'mutation { submitReview(auditId: "01a00000-0000-7000-8000-000000000000",'
    ' answers: [{criterion: "a", value: %s}]) { __typename } }'
)
DEEP = "{ tickets { nodes " + "{ audits { ticket " * 4 + "{ id }" + " } }" * 4 + " } }"

DOCUMENTS: list[Any] = [
    pytest.param("{ viewer { id ", None, "GRAPHQL_PARSE_FAILED", id="G6-cut-off"),
    pytest.param("{ viewer { id } } " + CANARY + "!", None, "GRAPHQL_PARSE_FAILED", id="G6-something-behind"),
    pytest.param('{ ticket(id: "' + CANARY, None, "GRAPHQL_PARSE_FAILED", id="G6-text-without-an-end"),
    pytest.param("#", None, "GRAPHQL_PARSE_FAILED", id="G6-nothing-but-a-comment"),
    pytest.param("{ viewer { nme } }", None, "GRAPHQL_VALIDATION_FAILED", id="G7-unknown-field"),
    pytest.param('{ viewer(a: "' + CANARY + '") { id } }', None, "GRAPHQL_VALIDATION_FAILED", id="G7-unknown-argument"),
    pytest.param("{ viewer }", None, "GRAPHQL_VALIDATION_FAILED", id="G7-no-selection"),
    pytest.param("query($a: Nothing) { viewer { id } }", None, "GRAPHQL_VALIDATION_FAILED", id="G7-unknown-type"),
    pytest.param("subscription { a }", None, "OPERATION_NOT_TAKEN_HERE", id="G25-subscription"),
    pytest.param(DEEP, None, "DEPTH_LIMIT", id="G9-depth"),
    pytest.param("{ tickets" + " { nodes" * 300 + " }" * 300 + " }", None, "DEPTH_LIMIT", id="G9-depth-300"),
    pytest.param(REVIEW % ("[" * 300 + "]" * 300), None, "DEPTH_LIMIT", id="G9-deep-value"),
    pytest.param("{ " + " ".join(f"a{n}: __typename" for n in range(200)) + " }", None, "ALIAS_LIMIT", id="G10-200-aliases"),
    pytest.param("{ " + "__typename " * 1500 + "}", None, "TOKEN_LIMIT", id="G11-one-field-1500-times"),
    pytest.param("{ __typename " + "@skip(if: false) " * 500 + "}", None, "TOKEN_LIMIT", id="G11-500-directives"),
    pytest.param("{ ...f } fragment f on Query { ...f }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-fragment-cycle"),
    pytest.param("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-fragments-in-a-circle"),
    pytest.param("{ ...a }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-unknown-fragment"),
    pytest.param("{ ...a } fragment a on Query { ...b }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-unknown-fragment-in-a-fragment"),
    pytest.param("{ ...a } fragment a on Nothing { id }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-fragment-on-an-unknown-type"),
    pytest.param("{ viewer { id } } fragment a on Query { ...a }", None, "GRAPHQL_VALIDATION_FAILED", id="G13-circle-that-nobody-uses"),
    pytest.param(TICKETS % 100_000, None, "BAD_USER_INPUT", id="G14-first-100000"),
    pytest.param(TICKETS % 101, None, "BAD_USER_INPUT", id="G14-first-101"),
    pytest.param(TICKETS % -5, None, "BAD_USER_INPUT", id="G16-first-minus-5"),
    pytest.param(TICKETS % 0, None, "BAD_USER_INPUT", id="G16-first-0"),
    pytest.param(TICKETS % "null", None, "BAD_USER_INPUT", id="G16-first-null"),
    pytest.param(TICKETS % 2**31, None, "BAD_USER_INPUT", id="G17-int-over-int32"),
    pytest.param(TICKETS % "1.5", None, "BAD_USER_INPUT", id="G17-float-for-int"),
    pytest.param(TICKETS % f'"{CANARY}"', None, "BAD_USER_INPUT", id="G17-text-for-int"),
    pytest.param(TICKETS % ("9" * 5000), None, "BAD_USER_INPUT", id="R9-5000-digits"),
    pytest.param(TYPED, {"n": 2**31}, "BAD_USER_INPUT", id="G17-variable-over-int32"),
    pytest.param(TYPED, {"n": CANARY}, "BAD_USER_INPUT", id="G17-variable-of-wrong-type"),
    pytest.param(TYPED, {"n": True}, "BAD_USER_INPUT", id="G17-true-for-int"),
    pytest.param(TYPED, {"n": {"a": CANARY}}, "BAD_USER_INPUT", id="G17-object-for-int"),
    pytest.param(TYPED, {"n": None}, "BAD_USER_INPUT", id="G17-null-for-required"),
    pytest.param(TYPED, None, "BAD_USER_INPUT", id="G17-variable-missing"),
    pytest.param(BY_ID, {"id": CANARY}, "BAD_USER_INPUT", id="G17-no-id"),
    pytest.param(BY_ID, {"id": 5}, "BAD_USER_INPUT", id="G17-number-for-id"),
    pytest.param('{ ticket(id: "' + CANARY + '") { id } }', None, "BAD_USER_INPUT", id="G17-no-id-in-the-document"),
    pytest.param(PERIOD, {"f": {"fromAt": CANARY}}, "BAD_USER_INPUT", id="R30-no-time"),
    pytest.param(PERIOD, {"f": {"fromAt": "2026-02-30T00:00:00Z"}}, "BAD_USER_INPUT", id="R30-february-30"),
    pytest.param(PERIOD, {"f": {CANARY: 1}}, "BAD_USER_INPUT", id="R22-unknown-field-of-an-input"),
    pytest.param(PERIOD, {"f": {"fromAt": "2026-03-02T00:00:00Z", "toAt": "2026-03-01T00:00:00Z"}}, "BAD_USER_INPUT", id="R31-ends-before-it-begins"),
    pytest.param('{ viewer @skip(if: "' + CANARY + '") { id } }', None, "BAD_USER_INPUT", id="G17-directive-argument"),
    pytest.param('{ tickets(externalId: "\\u0000' + CANARY + '") { nodes { id } } }', None, "BAD_USER_INPUT", id="R10-nul-in-the-document"),
    pytest.param('{ tickets(externalId: "\\uD800' + CANARY + '") { nodes { id } } }', None, "GRAPHQL_PARSE_FAILED", id="R12-surrogate-in-the-document"),
    pytest.param(REVIEW % "1e999", None, "BAD_USER_INPUT", id="R7-1e999-in-the-document"),
    pytest.param(REVIEW % ("9" * 30), None, "BAD_USER_INPUT", id="R8-30-digits-in-the-document"),
    pytest.param('{ tickets(after: "' + CANARY + '") { nodes { id } } }', None, "BAD_USER_INPUT", id="Q8-forged-cursor"),
    pytest.param('{ tickets(after: "") { nodes { id } } }', None, "BAD_USER_INPUT", id="Q8-empty-cursor"),
    pytest.param('{ tickets(after: "🙂") { nodes { id } } }', None, "BAD_USER_INPUT", id="Q8-emoji-cursor"),
    pytest.param("{ metrics(keys: []) { value } }", None, "BAD_USER_INPUT", id="G17-no-metrics"),
    pytest.param('{ metrics(keys: ["' + CANARY + '"]) { value } }', None, "NOT_FOUND", id="Q1-unknown-metric"),
    pytest.param('{ metrics(keys: ["../../people/viewer"]) { value } }', None, "NOT_FOUND", id="Q11-metric-that-is-a-path"),
    pytest.param('{ metrics(keys: ["csat?group_by=x#"]) { value } }', None, "NOT_FOUND", id="Q11-metric-that-is-an-address"),
    pytest.param("query a { viewer { id } } query b { viewer { id } }", None, "OPERATION_RESOLUTION_FAILURE", id="G18-two-none-named"),
    pytest.param("fragment f on Query { viewer { id } }", None, "OPERATION_RESOLUTION_FAILURE", id="G18-no-operation"),
    pytest.param("type A { a: Int }", None, "OPERATION_RESOLUTION_FAILURE", id="G18-only-a-type"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables", "code"), DOCUMENTS)
async def test_the_document_is_refused(world: World, query: str, variables: Any, code: str) -> None:
    async with nothing_written(world):
        answer = await post(world, json.dumps({"query": query, "variables": variables}).encode())
    failed(answer, code)


def failed(answer: Any, code: str) -> dict[str, Any]:
    """Asserts that the whole operation failed with this code, and quoted nothing. Returns the error."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["data"] is None
    error: dict[str, Any] = document["errors"][0]
    assert error["extensions"]["code"] == code, document
    assert error["extensions"]["request_id"] == answer.headers["x-request-id"]
    assert error["message"]
    assert "did you mean" not in answer.text.lower()
    assert CANARY not in answer.text
    return error


async def test_g14_the_error_says_where(world: World) -> None:
    answer = await post(world, json.dumps({"query": TICKETS % 101}).encode())
    [fault] = failed(answer, "BAD_USER_INPUT")["extensions"]["errors"]
    assert (fault["pointer"], fault["code"]) == ("/first", "out-of-range")


async def test_q8_a_cursor_fits_only_its_own_question(world: World) -> None:
    for number in range(2):
        await world.connection(f"zd-{number}")
        await world.solved_ticket(key=f"zd-{number}")
    page = "{ tickets(first: 1 %s) { pageInfo { endCursor hasNextPage } } }"
    [info] = (await world.graphql(page % ""))["data"]["tickets"].values()
    assert info["hasNextPage"] is True
    after = f'after: "{info["endCursor"]}"'
    [last] = (await world.graphql(page % after))["data"]["tickets"].values()
    assert last["hasNextPage"] is False
    for other in (f'{after}, status: "solved"', after[:-3] + '"'):
        answer = await post(world, json.dumps({"query": page % other}).encode())
        failed(answer, "BAD_USER_INPUT")
    elsewhere = page.replace("tickets", "audits") % after
    failed(await post(world, json.dumps({"query": elsewhere}).encode()), "BAD_USER_INPUT")


# ---- Which operation --------------------------------------------------------------------------------------

TWO = "query a { viewer { name } } mutation b { claimNextAudit { __typename } }"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        pytest.param(TWO, CANARY, id="G18-unknown-name"),
        pytest.param(TWO, "", id="G18-empty-name"),
        pytest.param("{ viewer { id } }", CANARY, id="G18-name-for-the-nameless"),
        pytest.param("query a { viewer { id } } query a { viewer { name } }", "a", id="G18-two-of-that-name"),
    ],
)
async def test_g18_the_named_operation_has_to_be_there(world: World, query: str, name: str) -> None:
    answer = await post(world, json.dumps({"query": query, "operationName": name}).encode())
    failed(answer, "OPERATION_RESOLUTION_FAILURE")


async def test_g18_the_named_operation_is_the_one_that_runs(world: World) -> None:
    answer = await post(world, json.dumps({"query": TWO, "operationName": "a"}).encode())
    assert answer.json()["data"].keys() == {"viewer"}


# ---- What nobody foresaw ------------------------------------------------------------------------------------


async def test_g19_unforeseen_errors_are_masked_and_logged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError(f"the dsn is {CANARY}")

    lines: list[str] = []

    class Log:
        def error(self, line: str, **_: Any) -> None:
            lines.append(line)

    monkeypatch.setattr("services.gateway.topics.people.allowed_actions", fail)
    monkeypatch.setattr("services.gateway.failures.log", Log())
    answer = await post(world, OK)
    error = failed(answer, "INTERNAL_SERVER_ERROR")
    assert error["message"] == "Something went wrong on our side."
    assert error.keys() == {"message", "locations", "path", "extensions"}
    assert error["extensions"].keys() == {"code", "request_id"}
    assert lines == ["a resolver failed"]


async def test_g19_what_the_caller_did_wrong_is_not_logged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await post(world, json.dumps({"query": TYPED, "variables": {"n": CANARY}}).encode())
    assert CANARY not in caplog.text


async def test_g20_what_is_not_there_is_null(world: World) -> None:
    answer = await world.graphql(BY_ID, id=str(uuid4()))
    assert answer["data"] == {"ticket": None}
    assert "errors" not in answer


@pytest.mark.parametrize(
    ("value", "type", "pointer"),
    [
        pytest.param('"5"', "/problems/validation-failed", "/answers/0/value", id="R24-text-for-a-score"),
        pytest.param(
            '{a: "' + CANARY + '"}',
            "/problems/validation-failed",
            "/answers/0/value",
            id="R24-object-for-a-score",
        ),
        pytest.param("1", "/problems/not-found", None, id="Q1-missing-audit"),
    ],
)
async def test_what_the_owner_refuses_is_a_problem_in_the_data(
    world: World, value: str, type: str, pointer: str | None
) -> None:
    query = (REVIEW % value).replace("__typename", "... on Problem { type errors { pointer } }")
    async with nothing_written(world):
        answer = await post(world, json.dumps({"query": query}).encode())
    problem = answer.json()["data"]["submitReview"]
    assert problem["type"] == type
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])
    assert CANARY not in answer.text
