# ruff: noqa: E501 (one case a line)
"""RELIABILITY.md §2.1: bodies that are not what they should be (R)."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from refusals import CANARY, lasting_world, nothing_written, refused
from world import World

from services.demo.story import CARD

JSON = {"content-type": "application/json"}
VENDORS = "/people/vendors"
SCHEDULES = "/people/schedules"
SCORECARDS = "/audit/scorecards"
PLANS = "/audit/plans"
PEOPLE = "/people/people"


@pytest.fixture(scope="module")
async def world(postgres: str) -> AsyncIterator[World]:
    async with lasting_world(postgres) as made:
        yield made


def vendor(**more: Any) -> bytes:
    return json.dumps({"key": "brightdesk", "name": "Brightdesk"} | more).encode()


def named(raw: str) -> bytes:
    """A vendor whose name is this piece of JSON."""
    return f'{{"key":"brightdesk","name":{raw},"{CANARY}":1}}'.encode()


def schedule(hours: Any) -> bytes:
    return json.dumps({"key": "hours", "hours": hours}).encode()


def card(**more: Any) -> bytes:
    return json.dumps({"key": "card", "name": "Card", "card": CARD | more}).encode()


def criteria(*found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": "s", "title": "S", "criteria": list(found)}]


def criterion(**more: Any) -> dict[str, Any]:
    return {"id": "a", "title": "A", "scale": {"min": 0, "max": 1}} | more


def plan(**more: Any) -> bytes:
    ids = {"connection_id": str(uuid4()), "scorecard_version_id": str(uuid4())}
    return json.dumps({"key": "plan", "rate": 0.5, "seed": "s"} | ids | more).encode()


INVALID = "validation-failed"


def case(
    id: str, path: str, body: bytes, status: int, slug: str, pointer: Any = None, code: Any = None
) -> Any:
    return pytest.param(path, body, status, slug, pointer, code, id=id)


def malformed(id: str, body: bytes) -> Any:
    return case(id, VENDORS, body, 400, "malformed-json")


def invalid(id: str, path: str, body: bytes, pointer: str, code: str) -> Any:
    return case(id, path, body, 422, INVALID, pointer, code)


CASES = [
    malformed("R1-truncated", f'{{"key":"{CANARY}","name":'.encode()),
    malformed("R1-empty", b""),
    malformed("R1-blank", b" \n"),
    malformed("R1-second-document", vendor() + b' {"a":1}'),
    malformed("R1-comment", b"// " + CANARY.encode() + b"\n" + vendor()),
    invalid("R2-null", VENDORS, b"null", "", "wrong-type"),
    invalid("R2-list", VENDORS, f'["{CANARY}"]'.encode(), "", "wrong-type"),
    invalid("R2-number", VENDORS, b"5", "", "wrong-type"),
    invalid("R2-text", VENDORS, f'"{CANARY}"'.encode(), "", "wrong-type"),
    malformed("R3-not-utf8", b'{"key":"\xff\xfe","name":"' + CANARY.encode() + b'"}'),
    malformed("R3-overlong-utf8", b'{"key":"\xc0\xaf","name":"a"}'),
    malformed("R4-utf16", vendor().decode().encode("utf-16")),
    malformed("R4-utf32", vendor().decode().encode("utf-32")),
    malformed("R4-bom", b"\xef\xbb\xbf" + vendor()),
    malformed("R5-duplicate-keys", f'{{"key":"a","key":"b","name":"{CANARY}"}}'.encode()),
    malformed("R5-duplicate-keys-escaped", b'{"key":"a","name":"b","na\\u006de":"c"}'),
    malformed("R6-nan", named("NaN")),
    malformed("R6-infinity", named("-Infinity")),
    invalid("R7-1e400", PLANS, plan().replace(b"0.5", b"1e400"), "/rate", "out-of-range"),
    invalid("R8-int-over-int8", PLANS, plan(rate=2**63), "/rate", "out-of-range"),
    invalid("R8-int-under-int8", PLANS, plan(rate=-(2**63) - 1), "/rate", "out-of-range"),
    invalid("R8-30-digits", PLANS, plan(rate=10**29), "/rate", "out-of-range"),
    invalid("R8-int4-over-one", PLANS, plan(rate=2**31), "/rate", "out-of-range"),
    malformed("R9-5000-digits", named("9" * 5000)),
    malformed("R9-5000-digit-fraction", named("0." + "9" * 5000)),
    invalid("R10-nul", VENDORS, named(f'"{CANARY}\\u0000"'), "/name", "nul-character"),
    malformed("R10-raw-nul", named(f'"{CANARY}\x00"')),
    invalid("R10-nul-in-a-name", VENDORS, vendor(**{f"{CANARY}\x00": 1}), "", "nul-character"),
    invalid(
        "R11-nul-deep", SCHEDULES, schedule({"a": [{"b": [f"{CANARY}\x00"]}]}),
        "/hours/a/0/b/0", "nul-character",
    ),
    invalid("R12-lone-surrogate", VENDORS, named(f'"{CANARY}\\ud800"'), "/name", "invalid-unicode"),
    invalid("R12-pair-reversed", VENDORS, named('"\\udc00\\ud800"'), "/name", "invalid-unicode"),
    malformed("R12-surrogate-as-bytes", named('"').replace(b'"name":""', b'"name":"\xed\xa0\x80"')),
    invalid("R13-nesting-500", SCHEDULES, schedule(None).replace(b"null", b"[" * 500 + b"]" * 500), "/hours/0/0", "too-deep"),
    invalid("R13-nesting-33", SCHEDULES, schedule(None).replace(b"null", b"[" * 33 + b"]" * 33), "/hours/0/0", "too-deep"),
    malformed("R14-nesting-100000", b"[" * 100_000),
    malformed("R14-nesting-100000-objects", b'{"a":' * 100_000),
    invalid(
        "R15-long-list", SCORECARDS, card(sections=criteria(*[criterion()] * 101)),
        "/card/sections/0/criteria", "too-many-items",
    ),
    invalid(
        "R15-100000-items", SCORECARDS,
        card(sections=[]).replace(b'"sections": []', b'"sections": [' + b"0," * 99_999 + b"0]"),
        "/card/sections", "too-many-items",
    ),
    case("R16-over-the-limit", VENDORS, vendor(name=CANARY * 100_000), 413, "payload-too-large"),
    invalid("R22-unknown-field", VENDORS, vendor(is_admin=CANARY), "/is_admin", "unknown-field"),
    invalid(
        "R22-unknown-field-deep", SCHEDULES,
        schedule({"timezone": "UTC", "weekly": {}, "holidays": [{"start": "2026-01-01", "end": "2026-01-01", "x": CANARY}]}),
        "/hours/holidays/0/x", "unknown-field",
    ),
    invalid("R22-long-name-is-cut", VENDORS, vendor(**{"n" * 70 + CANARY: 1}), "/" + "n" * 64, "unknown-field"),
    invalid("R23-read-only-id", VENDORS, vendor(id=CANARY), "/id", "read-only-field"),
    invalid("R23-read-only-created-at", PEOPLE, json.dumps({"name": "A", "role": "agent", "created_at": CANARY}).encode(), "/created_at", "read-only-field"),
    invalid("R23-read-only-is-active", PLANS, plan(is_active=False), "/is_active", "read-only-field"),
    invalid("R24-text-for-number", PLANS, plan(rate="0.5"), "/rate", "wrong-type"),
    invalid("R24-false-for-number", PLANS, plan(rate=False), "/rate", "wrong-type"),
    invalid("R24-number-for-text", VENDORS, vendor(name=5), "/name", "wrong-type"),
    invalid("R24-number-for-id", PLANS, plan(connection_id=5), "/connection_id", "wrong-type"),
    invalid("R24-text-for-either-number", SCORECARDS, card(sections=criteria(criterion(weight=CANARY))), "/card/sections/0/criteria/0/weight", "wrong-type"),
    invalid("R24-list-for-text", VENDORS, vendor(name=[CANARY]), "/name", "wrong-type"),
    invalid("R24-null-for-text", VENDORS, vendor(name=None), "/name", "wrong-type"),
    invalid("R24-not-an-id", PLANS, plan(connection_id=CANARY), "/connection_id", "wrong-form"),
    invalid("R24-missing", VENDORS, b'{"key":"a"}', "/name", "missing"),
    invalid("R26-no-sections", SCORECARDS, card(sections=[]), "/card/sections", "too-few-items"),
    invalid("R26-no-criteria", SCORECARDS, card(sections=criteria()), "/card/sections/0/criteria", "too-few-items"),
    case("R26-same-criterion-twice", SCORECARDS, card(sections=criteria(criterion(), criterion())), 422, "scorecard-invalid"),
    case("R26-scale-that-ends-first", SCORECARDS, card(sections=criteria(criterion(scale={"min": 1, "max": 1}))), 422, "scorecard-invalid"),
    case("R26-weighs-nothing", SCORECARDS, card(sections=criteria(criterion(weight=0))), 422, "scorecard-invalid"),
    invalid("R26-negative-weight", SCORECARDS, card(sections=criteria(criterion(weight=-1))), "/card/sections/0/criteria/0/weight", "out-of-range"),
    invalid("R27-unknown-enum", PEOPLE, json.dumps({"name": "A", "role": CANARY}).encode(), "/role", "unknown-value"),
    invalid("R27-wrong-case", PEOPLE, json.dumps({"name": "A", "role": "Agent"}).encode(), "/role", "unknown-value"),
    invalid("R27-form-of-a-key", VENDORS, vendor(key=f"{CANARY} A"), "/key", "wrong-form"),
    invalid("R27-newline-behind-a-key", VENDORS, vendor(key=f"{CANARY}\n"), "/key", "wrong-form"),
    invalid("R28-blank", VENDORS, vendor(name=" \t\n"), "/name", "text-invalid"),
    invalid("R28-zero-width", VENDORS, vendor(name="\u200b\u200d\ufeff"), "/name", "text-invalid"),
    invalid("R28-control-characters", VENDORS, vendor(name=f"{CANARY}\x1b[2J"), "/name", "text-invalid"),
    invalid("R28-empty", VENDORS, vendor(name=""), "/name", "too-short"),
    invalid("R29-name-of-201", VENDORS, vendor(name=CANARY + "🙂" * 200), "/name", "too-long"),
    case("R30-unknown-zone", SCHEDULES, schedule({"timezone": f"../{CANARY}", "weekly": {}}), 422, "schedule-invalid", "/hours/timezone", "schedule-invalid"),
    case("R30-no-such-day", SCHEDULES, schedule({"timezone": "UTC", "weekly": {}, "holidays": [{"start": "2026-02-30", "end": "2026-03-01"}]}), 422, "schedule-invalid", "/hours/holidays", "schedule-invalid"),
    case("R30-no-such-hour", SCHEDULES, schedule({"timezone": "UTC", "weekly": {"mon": [["09:00", CANARY]]}}), 422, "schedule-invalid", "/hours/weekly", "schedule-invalid"),
    case("R31-holiday-ends-first", SCHEDULES, schedule({"timezone": "UTC", "weekly": {}, "holidays": [{"start": "2026-03-02", "end": "2026-03-01"}]}), 422, "schedule-invalid", "/hours/holidays", "schedule-invalid"),
    invalid("R31-unknown-weekday", SCHEDULES, schedule({"timezone": "UTC", "weekly": {"monday": []}}), "/hours/weekly/monday", "unknown-value"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "slug", "pointer", "code"), CASES)
async def test_the_body_is_refused(
    world: World, path: str, body: bytes, status: int, slug: str, pointer: str | None, code: str | None
) -> None:
    async with nothing_written(world):
        answer = await world.client.post(path, content=body, headers=world.as_() | JSON)
    refused(answer, status, slug, pointer=pointer, code=code)


async def test_r14_deep_nesting_is_refused_at_once(world: World) -> None:
    started = time.perf_counter()
    answer = await world.client.post(VENDORS, content=b"[" * 100_000, headers=world.as_() | JSON)
    refused(answer, 400, "malformed-json")
    assert time.perf_counter() - started < 0.5  # it takes a millisecond; machines differ


async def test_a_post_that_takes_no_body_needs_none(world: World) -> None:
    draft = await world.post(SCORECARDS, json.loads(card()))
    published = await world.client.post(
        f"/audit/scorecard-versions/{draft['id']}/publish", headers=world.as_()
    )
    assert published.status_code == 200, published.text


# ---- Text and times in commands ---------------------------------------------------------------------


async def test_r29_a_comment_is_counted_in_characters(world: World) -> None:
    agent = await world.person("agent")
    point = {"criterion": "greeting", "proposed_value": 1, "text": "🙂" * 10_001}
    body = {"review_id": str(uuid4()), "reason": "other", "points": [point]}
    async with nothing_written(world):
        answer = await world.client.post("/appeals", json=body, headers=world.as_(agent))
        refused(answer, 422, INVALID, pointer="/points/0/text", code="too-long", canary="🙂")
        point["text"] = "🙂" * 10_000
        answer = await world.client.post("/appeals", json=body, headers=world.as_(agent))
        refused(answer, 404, "not-found")


ANSWERS = [
    pytest.param({"solution": 987_654_321}, "answers-invalid", "/answers/1/value", id="R25-above-the-scale"),
    pytest.param({"solution": -1}, "answers-invalid", "/answers/1/value", id="R25-below-the-scale"),
    pytest.param({"solution": 2**62}, "answers-invalid", "/answers/1/value", id="R25-huge"),
    pytest.param({"solution": "5"}, INVALID, "/answers/1/value", id="R24-text-for-a-score"),
    pytest.param({"solution": False}, INVALID, "/answers/1/value", id="R24-false-for-a-score"),
    pytest.param({"solution": "na"}, INVALID, "/answers/1/value", id="R27-na-in-lower-case"),
    pytest.param({"solution": None}, INVALID, "/answers/1/value", id="R24-null-for-a-score"),
    pytest.param({"solution": ...}, "answers-invalid", "/answers", id="I13-criterion-missing"),
    pytest.param({CANARY: 1}, "answers-invalid", None, id="I13-no-such-criterion"),
]


@pytest.fixture(scope="module")
async def claimed(world: World) -> dict[str, Any]:
    """An audit that a specialist has claimed."""
    connection = await world.connection()
    await world.plan(connection["id"])
    await world.solved_ticket()
    specialist = await world.person("specialist")
    audit = await world.post("/audit/audits/claim-next", by=specialist, status=200)
    return {"id": audit["id"], "by": specialist}


@pytest.mark.parametrize(("changed", "slug", "pointer"), ANSWERS)
async def test_the_answers_are_refused(
    world: World, claimed: dict[str, Any], changed: dict[str, Any], slug: str, pointer: str | None
) -> None:
    values = {"greeting": 0, "solution": 4, "privacy": 1} | changed
    answers = [{"criterion": k, "value": v} for k, v in values.items() if v is not ...]
    async with nothing_written(world):
        answer = await world.client.post(
            f"/audit/audits/{claimed['id']}/reviews",
            json={"answers": answers},
            headers=world.as_(claimed["by"]),
        )
    refused(
        answer,
        422,
        slug,
        pointer=pointer,
        canary="987654321" if 987_654_321 in changed.values() else "4611686",
    )


NOT_NULL = ["name", "role", "is_active"]


@pytest.mark.parametrize("field", [pytest.param(name, id=f"R24-{name}-null") for name in NOT_NULL])
async def test_what_a_patch_may_leave_out_may_still_not_be_null(world: World, field: str) -> None:
    person = f"/people/people/{await world.person('agent')}"
    before = await world.get(person)
    answer = await world.client.patch(person, json={field: None}, headers=world.as_())
    refused(answer, 422, INVALID, pointer=f"/{field}")
    assert await world.get(person) == before
    assert (await world.patch(person, {}))["name"] == before["name"]


# ---- What nobody foresaw -----------------------------------------------------------------------------


class StubLog:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def _note(self, line: str, **_: Any) -> None:
        self.lines.append(line)

    info = error = exception = _note


async def test_an_unforeseen_error_is_a_problem_without_internals(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError(f"the dsn is {CANARY}")

    log = StubLog()
    monkeypatch.setattr("services.people.directory.service.add_vendor", fail)
    monkeypatch.setattr("shared.edges.log", log)
    async with nothing_written(world):
        answer = await world.client.post(VENDORS, content=vendor(), headers=world.as_() | JSON)
    document = refused(answer, 500, "internal-error")
    assert document.keys() == {"type", "title", "status", "instance"}
    assert log.lines == ["unforeseen error", "answered"]
