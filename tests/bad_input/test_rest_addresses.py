# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.2: addresses, parameters and methods that are not what they should be (Q)."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from refusals import CANARY, ask, lasting_world, nothing_written, refused, without_instance
from world import World

TICKETS = "/feedback/tickets"
METRIC = "/kpi/metrics/csat"
INVALID = "validation-failed"


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        for number in range(3):
            await made.vendor(f"vendor-{number}")
        yield made


# ---- Ids -----------------------------------------------------------------------------------------

THINGS = [
    "/feedback/connections/{}", "/feedback/connections/{}/health", "/people/people/{}", "/feedback/tickets/{}", "/feedback/tickets/{}/messages",
    "/audit/audits/{}", "/audit/reviews/{}", "/appeals/{}",
]  # fmt: skip
NOT_IDS = [
    pytest.param("abc", id="Q1-text"),
    pytest.param("1_0", id="Q1-underscore"),
    pytest.param("%201", id="Q1-leading-space"),
    pytest.param("1", id="Q1-number"),
    pytest.param(CANARY, id="Q1-canary"),
    pytest.param("0197a3c0-0000-7000-8000-00000000000g", id="Q1-one-wrong-digit"),
    pytest.param("9" * 30, id="Q2-30-digits"),
    pytest.param(str(2**63), id="Q2-beyond-int8"),
    pytest.param("9" * 5000, id="Q2-5000-digits"),
    pytest.param("%00", id="Q3-nul"),
    pytest.param("a%00" + str(uuid4()), id="Q3-nul-before-an-id"),
    pytest.param("%F0%9F%99%82", id="Q1-emoji"),
    pytest.param("' OR 1=1 --", id="Q1-sql"),
    pytest.param("..%2f", id="Q11-dots"),
    pytest.param(";x", id="Q11-semicolon"),
]


@pytest.mark.parametrize("given", NOT_IDS)
async def test_what_cannot_be_an_id_is_answered_like_a_missing_one(world: World, given: str) -> None:
    for thing in THINGS:
        missing = await world.client.get(thing.format(uuid4()), headers=world.as_())
        refused(missing, 404, "not-found")
        answer = await ask(
            world.app, "GET", thing.format(given).replace(" ", "%20").encode(), [*world.as_().items()]
        )
        refused(answer, 404, "not-found")
        assert without_instance(answer) == without_instance(missing)


@pytest.mark.parametrize("given", ["%00", "zd%00", CANARY, "x" * 64, "a b", "ÄÖ"])
async def test_q3_names_in_addresses_that_name_nothing(world: World, given: str) -> None:
    for path in (f"/feedback/intake/zendesk/{given}", f"/kpi/metrics/{given}"):
        method = "GET" if "kpi" in path else "POST"
        answer = await ask(world.app, method, path.encode("utf-8"), [*world.as_().items()])
        assert answer.status_code in (400, 404)
        assert CANARY not in answer.text


# ---- Parameters ------------------------------------------------------------------------------------

PARAMETERS = [
    pytest.param("limit=-1", "/limit", "out-of-range", id="Q4-minus-one"),
    pytest.param("limit=0", "/limit", "out-of-range", id="Q4-zero"),
    pytest.param("limit=101", "/limit", "out-of-range", id="Q4-101"),
    pytest.param("limit=1000000000", "/limit", "out-of-range", id="Q4-1e9"),
    pytest.param(f"limit={2**63}", "/limit", "out-of-range", id="Q4-beyond-int8"),
    pytest.param("limit=" + "9" * 5000, "/limit", "out-of-range", id="Q4-5000-digits"),
    pytest.param(f"limit={CANARY}", "/limit", "wrong-type", id="Q4-text"),
    pytest.param("limit=1_0", "/limit", "wrong-type", id="Q4-underscore"),
    pytest.param("limit=%2B1", "/limit", "wrong-type", id="Q4-plus"),
    pytest.param("limit=1.0", "/limit", "wrong-type", id="Q4-point"),
    pytest.param("limit=%201", "/limit", "wrong-type", id="Q4-space"),
    pytest.param("limit=%D9%A1", "/limit", "wrong-type", id="Q4-arabic-digit"),
    pytest.param("limit=", "/limit", "wrong-type", id="Q4-empty"),
    pytest.param("offset=-1", "", "unknown-parameter", id="Q5-offset"),
    pytest.param(f"{CANARY}=1", "", "unknown-parameter", id="Q6-unknown"),
    pytest.param(f"token={CANARY}", "", "unknown-parameter", id="A15-credentials-in-the-address"),
    pytest.param("Limit=1", "", "unknown-parameter", id="Q6-wrong-case"),
    pytest.param("limit%5B%5D=1", "", "unknown-parameter", id="Q6-brackets"),
    pytest.param("limit=1&limit=2", "/limit", "repeated-parameter", id="Q6-repeated"),
    pytest.param("limit=1&limit=1", "/limit", "repeated-parameter", id="Q6-repeated-alike"),
    pytest.param("limit=1&li%6Dit=1", "/limit", "repeated-parameter", id="Q6-repeated-escaped"),
    pytest.param(f"external_id={CANARY}%00b", "/external_id", "nul-character", id="Q3-nul"),
    pytest.param(f"external_id={CANARY * 4}", "/external_id", "too-long", id="Q3-too-long"),
    pytest.param(f"after={CANARY}", "/after", "invalid-cursor", id="Q8-forged"),
    pytest.param("after=", "/after", "invalid-cursor", id="Q8-empty"),
    pytest.param("after=%F0%9F%99%82", "/after", "invalid-cursor", id="Q8-emoji"),
    pytest.param("after=" + "A" * 600, "/after", "too-long", id="Q8-too-long"),
    pytest.param("sort=password", "", "unknown-parameter", id="Q9-sort"),
    pytest.param("sort=id%3Bdrop", "", "unknown-parameter", id="Q9-sort-sql"),
    pytest.param(f"status={CANARY}", "/status", "unknown-value", id="R27-unknown-value"),
    pytest.param(f"vendor_id={CANARY}", "/vendor_id", "wrong-form", id="Q1-filter-that-is-no-id"),
    pytest.param("created_from=2026-03-04T09:00:00", "/created_from", "invalid-date", id="R30-no-zone"),
    pytest.param("created_from=2026-02-30T00:00:00Z", "/created_from", "invalid-date", id="R30-february-30"),
    pytest.param("created_from=0000-01-01T00:00:00Z", "/created_from", "invalid-date", id="R30-year-0"),
    pytest.param("created_from=0001-01-01T00:00:00%2B23:59", "/created_from", "invalid-date", id="R30-before-year-1"),
    pytest.param("created_from=9999-12-31T23:59:59-23:59", "/created_from", "invalid-date", id="R30-after-year-9999"),
    pytest.param("created_from=1700000000", "/created_from", "invalid-date", id="R30-epoch"),
    pytest.param("created_from=1e400", "/created_from", "invalid-date", id="R30-endless"),
    pytest.param("created_from=2026-03-04", "/created_from", "invalid-date", id="R30-a-day"),
    pytest.param(f"created_from={CANARY}", "/created_from", "invalid-date", id="R30-text"),
    pytest.param(
        "created_from=2026-03-05T00:00:00Z&created_to=2026-03-04T00:00:00Z",
        "/created_to", "invalid-range", id="R31-ends-before-it-begins",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("query", "pointer", "code"), PARAMETERS)
async def test_the_parameter_is_refused(world: World, query: str, pointer: str, code: str) -> None:
    answer = await ask(world.app, "GET", f"{TICKETS}?{query}".encode(), [*world.as_().items()])
    refused(answer, 422, INVALID, pointer=pointer, code=code)


@pytest.mark.parametrize(
    ("query", "slug", "pointer"),
    [
        pytest.param("from_at=2026-03-02T00:00:00Z&to_at=2026-03-01T00:00:00Z", INVALID, "/to_at", id="R31-period"),
        pytest.param(f"group_by={CANARY}", "unknown-dimension", None, id="R27-dimension"),
        pytest.param(f"brand={CANARY}%00", INVALID, "/brand", id="Q3-nul"),
        pytest.param("from_at=1e9", INVALID, "/from_at", id="R30-epoch"),
    ],
)  # fmt: skip
async def test_the_question_for_a_number_is_refused(
    world: World, query: str, slug: str, pointer: str | None
) -> None:
    answer = await world.client.get(f"{METRIC}?{query}", headers=world.as_())
    refused(answer, 422, slug, pointer=pointer)


async def test_q6_a_post_takes_no_unknown_parameters_either(world: World) -> None:
    async with nothing_written(world):
        answer = await world.client.post(
            f"/people/vendors?{CANARY}=1", json={"key": "k", "name": "n"}, headers=world.as_()
        )
    refused(answer, 422, INVALID, code="unknown-parameter")


# ---- Cursors ------------------------------------------------------------------------------------------


async def test_q8_a_cursor_fits_only_the_list_and_the_filters_it_came_from(world: World) -> None:
    page = await world.get("/people/vendors?limit=1")
    cursor = page["next"]
    assert (await world.get(f"/people/vendors?limit=2&after={cursor}"))["next"] is None
    flipped = ("B" if cursor[0] != "B" else "C") + cursor[1:]
    for address in (
        f"/people/people?after={cursor}",
        f"/people/people?role=agent&after={cursor}",
        f"/people/vendors?after={flipped}",
        f"/people/vendors?after={cursor[:-2]}",
        f"/people/vendors?after={cursor}{cursor}",
    ):
        answer = await world.client.get(address, headers=world.as_())
        refused(answer, 422, INVALID, pointer="/after", code="invalid-cursor", canary=cursor[4:-4])


# ---- The address as a whole ------------------------------------------------------------------------

MALFORMED = [
    pytest.param(f"/people/vendors?{CANARY}=%zz", id="Q7-not-hex-in-a-value"),
    pytest.param("/people/vendors?%z=1", id="Q7-not-hex-in-a-name"),
    pytest.param("/people/vendors?limit=1%", id="Q7-cut-off"),
    pytest.param("/people/people/%zz" + CANARY, id="Q7-not-hex-in-the-path"),
    pytest.param("/nowhere/%zz", id="Q7-not-hex-in-an-unknown-path"),
    pytest.param("/people/vendors?limit=%ff", id="Q7-not-utf8-in-a-value"),
    pytest.param("/people/people/%ff", id="Q7-not-utf8-in-the-path"),
    pytest.param("/people/people/%ed%a0%80", id="Q7-surrogate-in-the-path"),
    pytest.param("/people/vendors?limit=%ed%a0%80", id="Q7-surrogate-in-a-value"),
    pytest.param("/people/vendors?limit=%c0%af", id="Q7-overlong"),
]


@pytest.mark.parametrize("target", MALFORMED)
async def test_the_address_is_malformed(world: World, target: str) -> None:
    answer = await ask(world.app, "GET", target.encode(), [*world.as_().items()])
    refused(answer, 400, "malformed-uri")


async def test_q7_bare_bytes_in_a_query_are_malformed(world: World) -> None:
    answer = await ask(world.app, "GET", b"/people/vendors?limit=\xff", [*world.as_().items()])
    refused(answer, 400, "malformed-uri")


async def test_q10_a_long_address_and_large_headers(world: World) -> None:
    answer = await ask(world.app, "GET", b"/people/vendors?limit=" + b"9" * 8200)
    refused(answer, 414, "address-too-long")
    answer = await ask(world.app, "GET", b"/people/vendors", [("x-note", CANARY * 2000)])
    refused(answer, 431, "headers-too-large")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/nowhere", id="Q12-unknown"),
        pytest.param("/people/vendors/", id="Q12-trailing-slash"),
        pytest.param("//people/vendors", id="Q11-two-slashes"),
        pytest.param("/people/..%2fvendors", id="Q11-dots"),
        pytest.param("/people/vendors;x", id="Q11-semicolon"),
        pytest.param("/PEOPLE/vendors", id="Q12-wrong-case"),
        pytest.param("/people/vendors%00", id="Q3-nul"),
    ],
)
async def test_unknown_paths_are_not_found(world: World, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = await ask(world.app, method, path.encode(), [*world.as_().items()])
        refused(answer, 404, "not-found")


# ---- Methods ---------------------------------------------------------------------------------------

METHODS = [
    pytest.param("DELETE", "/people/vendors", "GET, POST, HEAD", id="Q12-delete"),
    pytest.param("PUT", f"/people/people/{uuid4()}", "GET, PATCH, HEAD", id="Q12-put"),
    pytest.param("GET", "/graphql", "POST", id="Q12-get"),
    pytest.param("HEAD", "/graphql", "POST", id="Q12-head"),
    pytest.param("OPTIONS", "/people/vendors", "GET, POST, HEAD", id="Q12-options"),
    pytest.param("OPTIONS", "/audit/audits/claim-next", "POST", id="Q12-a-word-that-is-no-id"),
    pytest.param("GET", "/audit/audits/claim-next", "POST", id="Q12-get-of-a-word-that-is-no-id"),
    pytest.param(
        "GET", f"/feedback/connections/{uuid4()}/dead-letters/replay", "POST", id="Q12-get-of-a-verb"
    ),
    pytest.param("TRACE", "/people/vendors", "GET, POST, HEAD", id="Q12-trace"),
    pytest.param("BREW", "/people/vendors", "GET, POST, HEAD", id="Q12-no-such-method"),
    pytest.param("get", "/people/vendors", "GET, POST, HEAD", id="Q12-lower-case"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), METHODS)
async def test_other_methods_are_told_which_are_allowed(
    world: World, method: str, path: str, allowed: str
) -> None:
    async with nothing_written(world):
        answer = await ask(world.app, method, path.encode(), [*world.as_().items()])
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    if method != "HEAD":
        refused(answer, 405, "method-not-allowed")


async def test_head_answers_as_get_without_the_body(world: World) -> None:
    for path in ("/healthz", "/people/vendors", f"/people/people/{uuid4()}"):
        got = await world.client.get(path, headers=world.as_())
        head = await world.client.head(path, headers=world.as_())
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


async def test_q14_ranges_are_ignored(world: World) -> None:
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(1500))
    answer = await world.client.get("/people/vendors", headers=world.as_() | {"range": ranges})
    assert answer.status_code == 200


async def test_the_request_id_is_ours_unless_it_is_plain(world: World) -> None:
    for given in (CANARY + " " + CANARY, CANARY + "\n", "a", "x" * 65, "é" * 10, ""):
        answer = await ask(world.app, "GET", b"/nowhere", [("x-request-id", given)])
        refused(answer, 404, "not-found")
    answer = await ask(world.app, "GET", b"/nowhere", [("x-request-id", "a-plain-one-1")])
    assert answer.json()["instance"] == "a-plain-one-1"
