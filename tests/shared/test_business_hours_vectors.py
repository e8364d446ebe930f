"""Business time against the published vectors, and those of the reference directory."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.business_hours import (
    Schedule,
    Slice,
    business_seconds,
    due_at,
    slice_seconds,
)

SUITE = "business_hours"
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("ASSAY_REFERENCE_DIR", ROOT.parent / "shared"))


def own_vectors() -> list[dict[str, Any]]:
    """The project's own rows, written out in the shape of the reference."""
    kept = json.loads((ROOT / f"tests/vectors/{SUITE}.json").read_text())
    schedules = {
        name: {
            "timezone": s["timezone"],
            "weekly": {
                day: [span.split("-") for span in spans]
                for days, spans in s["hours"].items()
                for day in days.split()
            },
            "holidays": [dict(zip(("start", "end"), h.split("/"), strict=True)) for h in s["holidays"]],
        }
        for name, s in kept["schedules"].items()
    }
    rows: list[dict[str, Any]] = []
    for r in kept["seconds"]:
        given_ = {"schedule": schedules[r["schedule"]], "start": r["start"], "end": r["end"]}
        wanted = {"business_seconds": r["seconds"]}
        rows.append({"id": r["id"], "fn": "business_seconds", "input": given_, "expected": wanted})
    for r in kept["due"]:
        given_ = {
            "schedule": schedules[r["schedule"]],
            "start": r["start"],
            "target_business_minutes": r["minutes"],
        }
        wanted = {"due_at_utc": r["due_at"]}
        rows.append({"id": r["id"], "fn": "sla_due_at", "input": given_, "expected": wanted})
    for r in kept["slices"]:
        keys = ("from", "to", "schedule_minutes_of_week")
        slices = [dict(zip(keys, s, strict=True)) for s in r["slices"]]
        wanted = {
            "cumulative_seconds": r["cumulative"],
            "last_schedule_only_seconds": r["last_schedule_only"],
        }
        rows.append(
            {
                "id": r["id"],
                "fn": "business_seconds_multi_schedule",
                "input": {"slices": slices},
                "expected": wanted,
            }
        )
    return rows


def reference_vectors() -> list[Any]:
    files = sorted(REFERENCE.rglob(f"{SUITE}*.json")) if REFERENCE.is_dir() else []
    rows = [v for f in files for v in json.loads(f.read_text())["vectors"]]
    if not rows:
        why = f"no {SUITE} vectors under the reference directory (ASSAY_REFERENCE_DIR)"
        return [pytest.param(None, id="reference", marks=pytest.mark.skip(reason=why))]
    return [pytest.param(v, id=f"reference:{v['id']}") for v in rows]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check(vector: dict[str, Any]) -> None:
    raw, wanted = vector["input"], vector["expected"]
    if vector["fn"] == "business_seconds":
        schedule = Schedule.parse(raw["schedule"])
        got = business_seconds(schedule, moment(raw["start"]), moment(raw["end"]))
        assert got == wanted["business_seconds"]
        assert got / 60 == pytest.approx(wanted.get("business_minutes", got / 60), abs=1e-9)
    elif vector["fn"] == "sla_due_at":
        schedule = Schedule.parse(raw["schedule"])
        target = round(raw["target_business_minutes"] * 60)
        assert due_at(schedule, moment(raw["start"]), target) == moment(wanted["due_at_utc"])
    elif vector["fn"] == "business_seconds_multi_schedule":
        slices = [
            Slice(
                moment(s["from"]),
                moment(s["to"]),
                Schedule.from_week_minutes(s["schedule_minutes_of_week"]),
            )
            for s in raw["slices"]
        ]
        got_slices = slice_seconds(slices)
        assert got_slices.cumulative == wanted["cumulative_seconds"]
        assert got_slices.last_schedule_only == wanted["last_schedule_only_seconds"]
    else:
        pytest.fail(f"no such function: {vector['fn']}")


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in own_vectors()])
def test_a_published_vector_holds(vector: dict[str, Any]) -> None:
    check(vector)


@pytest.mark.parametrize("vector", reference_vectors())
def test_a_vector_of_the_reference_directory_holds(vector: dict[str, Any]) -> None:
    check(vector)
