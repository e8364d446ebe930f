"""Every reference payload gets the answer and makes the rows that the reference expects of it."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import payloads
import pytest
from world import World

from shared.config import Settings

DEFAULT = Path(__file__).parents[3] / "shared"
FOLDER = Path(os.environ.get("ASSAY_REFERENCE_DIR", DEFAULT)) / "payloads"
CASES = sorted(
    str(path.relative_to(FOLDER)).removesuffix(".expect.json") for path in FOLDER.glob("*/*.expect.json")
) or ["none"]
NOT_KEPT = {
    "dedup_key": "a label",
    "external_id": "no field of ours",
    "scale": "what a score was made from",
}
"""Facts of the reference that no row of ours has to hold."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"help_desk_hosts": ("127.0.0.1",)})


def same(ours: Any, expected: Any) -> bool:
    if isinstance(ours, datetime):
        return isinstance(expected, str) and ours == payloads.moment(expected)
    if isinstance(expected, float) and isinstance(ours, int | float):
        return abs(ours - expected) <= 0.001
    if isinstance(expected, list) and isinstance(ours, list | tuple):
        return set(map(str, expected)) <= set(map(str, ours))
    if isinstance(expected, dict) and isinstance(ours, dict):
        return fits(ours, expected)
    return bool(ours == expected)


def fits(ours: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether all that is expected is there."""
    return all(name in NOT_KEPT or same(ours.get(name), value) for name, value in expected.items())


@pytest.mark.parametrize("name", CASES)
async def test_a_reference_payload_is_answered_and_stored_as_expected(
    world: World, monkeypatch: pytest.MonkeyPatch, reference_dir: Path, name: str
) -> None:
    # given the connection it comes to
    case = payloads.load(FOLDER, name)
    connections = json.loads((FOLDER / "connections.json").read_text())["connections"]
    await payloads.connect(world, case["connection"], connections)
    for request in case["requests"]:
        at, body = payloads.moment(request["received_at"]), (FOLDER / name).parent / request["body_file"]
        with monkeypatch.context() as patched:
            patched.setattr("shared.clock.now", lambda at=at: at)
            # when it comes
            if case["surface"].startswith("rest_"):
                answer = json.loads(body.read_text())
                await payloads.take_answer(world, Path(name).name, case["connection"], answer, at)
            else:
                headers = request.get("headers") or payloads.stream_headers(body.read_bytes(), at)
                given = await world.client.post(
                    payloads.address(case, connections), content=body.read_bytes(), headers=headers
                )
                # then the answer is the one that lets its sender rest
                assert given.status_code // 100 == 2, given.text
                if "soap_ack" in request["expect"].get("response", {}):
                    assert b"<Ack>true</Ack>" in given.content
            await world.worker.drain()
        await check(world, request["expect"])


async def check(world: World, expected: dict[str, Any]) -> None:
    found = await payloads.facts(world)
    for event in expected.get("events", []):
        kind = [one for one in found if one["kind"] == event["kind"]]
        assert any(fits(one, event) for one in kind), f"expected {event}\nfound {kind}"
    for event in expected.get("must_not_emit", []):
        assert not any(fits(one, event) for one in found), event
    for kind, number in expected.get("counts", {}).items():
        if kind in ("message", "csat", "change"):
            told = [one for one in found if one["kind"] == kind and not one.get("is_birth")]
            told = [one for one in told if one.get("basis") != "snapshot"]
            assert len(told) == number, told
    if "config" in expected:
        [config] = [one for one in found if one["kind"] == "config"]
        assert fits(config, expected["config"]), config
    if kept := expected.get("must_not_retain"):
        whole = await payloads.whole_database(world)
        assert [secret for secret in kept if secret in whole] == []
