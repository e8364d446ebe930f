# ruff: noqa: E501 (one attack a line)
"""Operations that somebody would send to do harm, and what each of them has to be answered."""

import json
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
OTHER = "multipart/form-data; boundary=b"
ID = "01a00000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Attack:
    name: str
    body: bytes
    """NONCE in it becomes another word each time: no cache helps."""
    code: str
    """The slug of a problem, or the code of a GraphQL error."""
    status: int = 200
    kind: str = JSON
    method: str = "POST"
    target: str = "/graphql"

    def sent(self, number: int) -> bytes:
        return self.body.replace(b"NONCE", b"n%07d" % number)


def document(name: str, query: str, code: str, variables: Any = None) -> Attack:
    asked = {"query": f"{query} #NONCE", "variables": variables}
    return Attack(name, json.dumps(asked).encode(), code)


def refused(name: str, body: bytes, code: str, status: int, **more: Any) -> Attack:
    return Attack(name, body, code, status, **more)


def valued(variables: str) -> bytes:
    return (
        b'{"query": "query($v: UUID!) { ticket(id: $v) { id } } #NONCE", "variables": %s}'
        % variables.encode()
    )


def doubled(times: int, inside: str = "tickets { nodes { id } }") -> str:
    links = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(times))
    return f"{{ ...f0 }} {links} fragment f{times} on Query {{ {inside} }}"


def circle(size: int) -> str:
    links = (f"fragment f{n} on Query {{ ...f{(n + 1) % size} }}" for n in range(size))
    return "{ ...f0 } " + " ".join(links)


def times(number: int, word: str) -> str:
    return "{ " + " ".join(word.replace("%", str(n)) for n in range(number)) + " }"


def nested(depth: int, begin: str = "tickets { nodes ", step: str = "{ audits { ticket ") -> str:
    return f"{{ {begin}{step * depth}{{ id }}{' } }' * depth} }} }}"


PLAIN = b'{"query": "{ viewer { id } } #NONCE"}'
MUTATION = b'{"query": "mutation { claimNextAudit { __typename } } #NONCE"}'
WITHDRAW = f'm%: withdrawAppeal(appealId: "{ID}", reason: "No.") {{ __typename }}'
PAGE = "(first: 100) { nodes { messages { body } audits { reviews { appeals { id } } } } }"
METRICS = "query($k: [String!]!) { metrics(keys: $k) { value } }"
TYPES = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

ATTACKS = [
    # ---- More of everything
    document("alias flood", times(300, "a%: __typename"), "ALIAS_LIMIT"),
    document("aliases of one costly field", times(60, "a%: tickets { nodes { id } }"), "ALIAS_LIMIT"),
    document("aliases in fragments", "{ ...f ...f } fragment f on Query " + times(90, "a%: __typename"), "ALIAS_LIMIT"),
    document("one field over and over", times(900, "__typename"), "COST_LIMIT"),
    document("one page over and over", times(120, "tickets { nodes { id } }"), "COST_LIMIT"),
    document("more tokens than are read", times(2500, "a"), "TOKEN_LIMIT"),
    document("nothing but brackets", "{" * 900, "GRAPHQL_PARSE_FAILED"),
    document("directive overload", "{ __typename " + "@skip(if: false) " * 100 + "}", "DIRECTIVE_LIMIT"),
    document("directives on every field", times(24, "__typename @include(if: true)"), "DIRECTIVE_LIMIT"),
    document("unknown directives", "{ __typename " + "@nope " * 450 + "}", "DIRECTIVE_LIMIT"),
    document("directives in a fragment", doubled(5, "__typename @skip(if: false)"), "DIRECTIVE_LIMIT"),
    document("variables declared by the hundred", "query(" + " ".join(f"$v{n}: Int" for n in range(240)) + ") { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    document("operations by the hundred", " ".join(f"query q{n} {{ __typename }}" for n in range(190)), "OPERATION_RESOLUTION_FAILURE"),
    document("mutations by the dozen", "mutation " + times(14, WITHDRAW), "MUTATION_LIMIT"),
    document("unknown fields", times(900, "nope%"), "GRAPHQL_VALIDATION_FAILED"),
    document("nearly the fields' names", times(900, "ticketz%"), "GRAPHQL_VALIDATION_FAILED"),
    document("unknown arguments", "{ viewer(" + " ".join(f"idd{n}: 1" for n in range(300)) + ") { id } }", "GRAPHQL_VALIDATION_FAILED"),
    document("unknown types", "query(" + " ".join(f"$v{n}: Tickett{n}" for n in range(30)) + ") { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    document("fragments that nobody uses", "{ viewer { id } } " + " ".join(f"fragment f{n} on Query {{ __typename }}" for n in range(120)), "GRAPHQL_VALIDATION_FAILED"),
    # ---- Deeper
    document("deep nesting", nested(8), "DEPTH_LIMIT"),
    document("nesting past the reader", nested(150), "DEPTH_LIMIT"),
    document("a deep literal", f'mutation {{ submitReview(auditId: "{ID}", answers: {"[" * 400}{"]" * 400}) {{ __typename }} }}', "DEPTH_LIMIT"),
    document("a deep type", "query($v: " + "[" * 300 + "Int" + "]" * 300 + ") { __typename }", "DEPTH_LIMIT"),
    document("in place in place", "{ " + "... { " * 200 + "__typename" + " }" * 200 + " }", "DEPTH_LIMIT"),
    # ---- Fragments
    document("a fragment in a circle", circle(1), "GRAPHQL_VALIDATION_FAILED"),
    document("a wide circle of fragments", circle(20), "GRAPHQL_VALIDATION_FAILED"),
    document("a wider circle of fragments", circle(120), "GRAPHQL_VALIDATION_FAILED"),
    document("fragments that double", doubled(19), "COST_LIMIT"),
    document("fragments that double a hundred times", doubled(75), "COST_LIMIT"),
    document("fields that overlap", "{ " + " ".join("... on Query { viewer { id name role } }" for _ in range(90)) + " }", "COST_LIMIT"),
    document("overlapping fragments", "{ " + " ".join(f"...f{n}" for n in range(20)) + " } " + " ".join(f"fragment f{n} on Query {{ a: tickets {{ nodes {{ id subject }} }} a: audits {{ nodes {{ id }} }} }}" for n in range(20)), "ALIAS_LIMIT"),
    # ---- Larger pages
    document("a huge page", "{ tickets(first: 1000000) { nodes { id } } }", "BAD_USER_INPUT"),
    document("a huge page by variable", "query($n: Int!) { tickets(first: $n) { nodes { id } } }", "BAD_USER_INPUT", {"n": 1_000_000}),
    document("pages in pages", "{ a: tickets" + PAGE + " b: tickets" + PAGE + " }", "COST_LIMIT"),
    document("metrics by the hundred", METRICS, "COST_LIMIT", {"k": ["csat"] * 500}),
    document("a number of 15,000 digits", "{ tickets(first: " + "9" * 15_000 + ") { nodes { id } } }", "BAD_USER_INPUT"),
    # ---- What is not for them
    document("introspection", "{ __schema { types { name fields { name } } } }", "INTROSPECTION_DISABLED"),
    document("introspection of itself", TYPES, "INTROSPECTION_DISABLED"),
    document("introspection by alias in a fragment", '{ ...f } fragment f on Query { a: __type(name: "Ticket") { name } }', "INTROSPECTION_DISABLED"),
    document("a subscription", "subscription { tickets { nodes { id } } }", "OPERATION_NOT_TAKEN_HERE"),
    # ---- What cannot be read
    document("a text without an end", '{ ticket(id: "' + "a" * 18_000, "GRAPHQL_PARSE_FAILED"),
    document("a block text without an end", '{ ticket(id: """' + "\n " * 9_000, "GRAPHQL_PARSE_FAILED"),
    document("escapes", '{ ticket(id: "' + "\\u0041" * 3_000 + '") { id } }', "BAD_USER_INPUT"),
    document("nothing but comments", "#\n" * 9_000, "TOKEN_LIMIT"),
    refused("a longer document", b'{"query": "' + b"#" * 20_001 + b'"}', "validation-failed", 422),
    refused("invalid UTF-8", b'{"query": "{ viewer { id } } #\xff\xfe NONCE"}', "malformed-json", 400),
    refused("a cut surrogate", b'{"query": "{ viewer { id } } #\\ud800"}', "validation-failed", 422),
    refused("NUL", b'{"query": "{ viewer { id } } #\\u0000"}', "validation-failed", 422),
    refused("brackets instead of JSON", b"[" * 60_000, "malformed-json", 400),
    refused("the same key twice", b'{"query": "{ viewer { id } }", "query": "{ viewer { name } }"}', "malformed-json", 400),
    # ---- Batches
    refused("a batch", b"[" + PLAIN + b"," + PLAIN + b"]", "validation-failed", 422),
    refused("a batch flood", b"[" + b",".join([PLAIN] * 1_500) + b"]", "validation-failed", 422),
    # ---- Variables
    refused("a bomb of lists", valued('{"v": [' + ",".join(["[]"] * 20_000) + "]}"), "validation-failed", 422),
    refused("a bomb of numbers", valued('{"v": [' + ",".join(["1"] * 30_000) + "]}"), "validation-failed", 422),
    refused("a bomb of objects", valued('{"v": [' + ",".join(['{"a":{}}'] * 6_000) + "]}"), "validation-failed", 422),
    refused("a bomb of names", valued("{" + ",".join(f'"v{n}": 1' for n in range(5_000)) + "}"), "validation-failed", 422),
    refused("a deep bomb", valued('{"v": ' + "[" * 500 + "]" * 500 + "}"), "validation-failed", 422),
    refused("a megabyte in a variable", valued('{"v": "' + "a" * 1_000_000 + '"}'), "payload-too-large", 413),
    refused("a megabyte of lists", valued('{"v": [' + ",".join(["[]"] * 330_000) + "]}"), "payload-too-large", 413),
    refused("endless digits", valued('{"v": ' + "9" * 50_000 + "}"), "malformed-json", 400),
    # ---- From a page of somebody else's
    refused("a form", b"query=mutation%7BclaimNextAudit%7B__typename%7D%7D", "unsupported-media-type", 415, kind="application/x-www-form-urlencoded"),
    refused("a plain text", MUTATION, "unsupported-media-type", 415, kind="text/plain"),
    refused("a multipart form", b'--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n' + MUTATION + b"\r\n--b--", "unsupported-media-type", 415, kind=OTHER),
    refused("no kind at all", MUTATION, "unsupported-media-type", 415, kind=""),
    refused("a mutation in the address", b"", "method-not-allowed", 405, method="GET", target="/graphql?query=mutation%7BclaimNextAudit%7B__typename%7D%7D"),
    # ---- What is kept nowhere
    refused("a hash of nothing that is known", json.dumps({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a" * 64}}}).encode(), "PERSISTED_QUERY_NOT_FOUND", 200),
    refused("a hash that is none", b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "../../etc/passwd"}}}', "validation-failed", 422),
    refused("a document under another one's hash", b'{"query": "{ viewer { id } } #NONCE", "documentId": "sha256:%s"}' % (b"0" * 64), "validation-failed", 422),
]  # fmt: skip
