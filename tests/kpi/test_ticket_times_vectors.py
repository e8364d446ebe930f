"""Facts of tickets and first contact resolution against the published vectors and a slow
reference: one status per minute for a ticket, every pair of tickets for FCR."""

import json
import os
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kpi.facts.rules import (
    Contact,
    Moment,
    Share,
    first_contact_resolution,
    ticket_times,
)
from shared.business_hours import WEEKDAYS, Schedule

SUITE = "ticket_times"
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("ASSAY_REFERENCE_DIR", ROOT.parent / "shared"))
PROPERTY = settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "300")),
    deadline=None,
    database=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
)
MINUTE = timedelta(minutes=1)
FIELDS = {
    "frt_calendar_s": "frt_s",
    "one_touch_zendesk_lt2": "one_touch_lt2",
}
AUTHORS: dict[str, Any] = {
    "end_user": "requester",
    "requester": "requester",
    "agent": "agent",
    "bot": "bot",
    "light_agent": "system",
    "collaborator": "system",
    "system": "system",
}


def own_vectors() -> list[dict[str, Any]]:
    """The project's own rows, written out in the shape of the reference."""
    kept = json.loads((ROOT / f"tests/vectors/{SUITE}.json").read_text())
    rows: list[dict[str, Any]] = []
    for r in kept["tickets"]:
        born = moment(r["created_at"])
        raw = {
            "created_at": r["created_at"],
            "created_by_role": r["by"],
            "events": [whole_event(born, n, e) for n, e in enumerate(r["events"], 1)],
            "as_of": (born + timedelta(seconds=r["until"])).isoformat(),
        }
        if "schedule" in r:
            raw["schedule"] = r["schedule"]
        rows.append({"id": r["id"], "fn": "ticket_metrics", "input": raw, "expected": r["expected"]})
    for r in kept["contacts"]:
        last = moment(r["as_of"])

        def at(hours: int, last: datetime = last) -> str:
            return (last + timedelta(hours=hours)).isoformat()

        tickets = [
            {
                "id": key,
                "requester": requester,
                "topic": topic,
                "created_at": at(created),
                "solved_at": at(solved),
                "reopened_at": [at(h) for h in reopened],
                "agent_replies": replies,
            }
            for key, requester, topic, created, solved, reopened, replies in r["tickets"]
        ]
        raw = {"tickets": tickets, "window_days": r["window_days"], "as_of": r["as_of"]}
        rows.append({"id": r["id"], "fn": "fcr", "input": raw, "expected": r["expected"]})
    return rows


def whole_event(born: datetime, seq: int, event: list[Any]) -> dict[str, Any]:
    offset, kind, *rest = event
    at = {"at": (born + timedelta(seconds=offset)).isoformat(), "seq": seq, "type": kind}
    if kind != "comment":
        return {**at, "to": rest[0]}
    return {**at, "author_role": rest[0], "author_id": rest[1], "public": rest[2] == "public"}


def reference_vectors() -> list[Any]:
    files = sorted(REFERENCE.rglob(f"{SUITE}*.json")) if REFERENCE.is_dir() else []
    rows = [v for f in files for v in json.loads(f.read_text())["vectors"]]
    if not rows:
        why = f"no {SUITE} vectors under the reference directory (ASSAY_REFERENCE_DIR)"
        return [pytest.param(None, id="reference", marks=pytest.mark.skip(reason=why))]
    return [pytest.param(v, id=f"reference:{v['id']}") for v in rows]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def event(raw: dict[str, Any]) -> Moment:
    to = raw.get("to")
    if raw["type"] == "status":
        to = {"hold": "on_hold", "on-hold": "on_hold"}.get(raw["to"], raw["to"])
    role = raw.get("author_role")
    return Moment(
        at=moment(raw["at"]),
        seq=raw["seq"],
        kind=raw["type"],
        author_kind=None if role is None else AUTHORS[role],
        author_id=raw.get("author_id"),
        public=raw.get("public"),
        to=to,
    )


def near(got: Fraction | None, wanted: float | None) -> bool:
    if got is None or wanted is None:
        return got is None and wanted is None
    return abs(float(got) - wanted) <= 1e-9 * max(1.0, abs(wanted))


def check(vector: dict[str, Any]) -> None:
    raw, wanted = vector["input"], vector["expected"]
    if vector["fn"] == "ticket_metrics":
        got = ticket_times(
            moment(raw["created_at"]),
            AUTHORS[raw["created_by_role"]],
            [event(e) for e in reversed(raw["events"])],
            moment(raw["as_of"]),
            Schedule.parse(raw["schedule"]) if raw.get("schedule") else None,
        )
        told = {key: getattr(got, FIELDS.get(key, key)) for key in wanted}
        assert told == wanted
    elif vector["fn"] == "fcr":
        tickets = [
            Contact(
                id=str(t["id"]),
                requester=t["requester"],
                topic=t["topic"],
                created_at=moment(t["created_at"]),
                solved_at=None if t["solved_at"] is None else moment(t["solved_at"]),
                reopened_at=tuple(moment(r) for r in t["reopened_at"]),
                agent_replies=t["agent_replies"],
            )
            for t in raw["tickets"]
        ]
        fcr = first_contact_resolution(tickets, raw["window_days"], moment(raw["as_of"]))
        for name in ("one_touch", "no_reopen", "no_repeat"):
            share: Share = getattr(fcr, name)
            assert [share.numerator, share.denominator] == wanted[f"fcr_{name}_counts"]
            assert near(share.percent, wanted[f"fcr_{name}_pct"])
        assert fcr.immature == wanted["immature_excluded"]
        assert fcr.repeats == wanted["repeat_contacts_excluded"]
    else:
        pytest.fail(f"no such function: {vector['fn']}")


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in own_vectors()])
def test_a_published_vector_holds(vector: dict[str, Any]) -> None:
    check(vector)


@pytest.mark.parametrize("vector", reference_vectors())
def test_a_vector_of_the_reference_directory_holds(vector: dict[str, Any]) -> None:
    check(vector)


# --- the slow reference ------------------------------------------------------------------------

BORN = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
DAYTIME = Schedule("UTC", dict.fromkeys(WEEKDAYS, (("09:00", "11:30"), ("12:00", "14:00"))))
STATUSES = ["new", "open", "pending", "on_hold", "solved", "closed"]


def slow_times(moments: list[Moment], minutes: int) -> dict[str, Any]:
    """A table with one status per minute of the ticket's life, and plain scans of the moments."""
    until = BORN + minutes * MINUTE
    known = sorted((m for m in moments if m.at <= until), key=lambda m: (m.at, m.seq))
    table = []
    for n in range(minutes):
        so_far = [m.to for m in known if m.kind == "status" and m.at <= BORN + n * MINUTE]
        table.append(so_far[-1] if so_far else "new")

    def minutes_in(*statuses: str, business: bool = False) -> int:
        count = 0
        for n, status in enumerate(table):
            clock = (BORN + n * MINUTE).strftime("%H:%M")
            is_open = "09:00" <= clock < "11:30" or "12:00" <= clock < "14:00"
            count += status in statuses and (is_open or not business)
        return 60 * count

    def business_until(at: datetime | None) -> int | None:
        if at is None:
            return None
        clocks = [(BORN + n * MINUTE).strftime("%H:%M") for n in range((at - BORN) // MINUTE)]
        return 60 * sum("09:00" <= c < "11:30" or "12:00" <= c < "14:00" for c in clocks)

    trail = ["new", *[str(m.to) for m in known if m.kind == "status"]]
    times = [BORN, *[m.at for m in known if m.kind == "status"]]
    done = [status in ("solved", "closed") for status in trail]
    solves = [t for t, was, now in zip(times[1:], done, done[1:], strict=False) if now and not was]
    reopens = [t for t, was, now in zip(times[1:], done, done[1:], strict=False) if was and not now]
    comments = [m for m in known if m.kind == "comment"]
    agents = [m for m in comments if m.author_kind == "agent"]
    replies = [m for m in comments[1:] if m.author_kind == "agent" and m.public]
    first = replies[0].at if replies else None
    one = done[-1] and len(replies) == 1
    full = solves[-1] if done[-1] else None

    def since_birth(at: datetime | None) -> int | None:
        return None if at is None else int((at - BORN).total_seconds())

    return {
        "frt_s": since_birth(first),
        "frt_business_s": business_until(first),
        "first_resolution_s": since_birth(solves[0] if solves else None),
        "first_resolution_business_s": business_until(solves[0] if solves else None),
        "full_resolution_s": since_birth(full),
        "full_resolution_business_s": business_until(full),
        "requester_wait_s": minutes_in("new", "open", "on_hold"),
        "requester_wait_business_s": minutes_in("new", "open", "on_hold", business=True),
        "agent_wait_s": minutes_in("pending"),
        "on_hold_s": minutes_in("on_hold"),
        "agent_work_s": minutes_in("new", "open"),
        "reopens": len(reopens),
        "reopened_at": tuple(reopens),
        "agent_replies": len(replies),
        "is_resolved": done[-1],
        "one_touch_lt2": done[-1] and len(replies) < 2,
        "one_touch_exactly_one": one,
        "one_touch_strict": one and not reopens and not {"pending", "on_hold"} & set(trail),
        "agents_touching": len({m.author_id for m in agents}),
        "first_reply_at": first,
        "first_solved_at": solves[0] if solves else None,
        "solved_at": full,
    }


@st.composite
def tickets(draw: st.DrawFn) -> tuple[Any, list[Moment], int]:
    by: Any = draw(st.sampled_from(["requester", "agent"]))
    moments = [Moment(BORN, 0, "comment", by, "x", True)]
    for seq in range(1, draw(st.integers(1, 14))):
        at = BORN + draw(st.integers(0, 500)) * MINUTE
        if draw(st.booleans()):
            moments.append(Moment(at, seq, "status", to=draw(st.sampled_from(STATUSES))))
        else:
            author = draw(st.sampled_from(["agent", "agent", "requester", "bot", "system"]))
            name = draw(st.sampled_from(["a1", "a2", "a3"]))
            moments.append(Moment(at, seq, "comment", author, name, draw(st.booleans())))
    return by, draw(st.permutations(moments)), draw(st.integers(0, 600))


@given(tickets())
@PROPERTY
def test_facts_equal_a_table_of_minutes(case: tuple[Any, list[Moment], int]) -> None:
    by, moments, minutes = case

    got = ticket_times(BORN, by, moments, BORN + minutes * MINUTE, DAYTIME)

    wanted = slow_times(moments, minutes)
    assert {key: getattr(got, key) for key in wanted} == wanted


@given(tickets())
@PROPERTY
def test_every_second_of_a_ticket_is_waited_by_somebody_or_nobody(
    case: tuple[Any, list[Moment], int],
) -> None:
    by, moments, minutes = case
    got = ticket_times(BORN, by, moments, BORN + minutes * MINUTE)

    assert got.agent_work_s + got.on_hold_s == got.requester_wait_s
    assert 0 <= got.requester_wait_s + got.agent_wait_s <= minutes * 60
    assert got.frt_business_s is None
    assert got.requester_wait_business_s is None


def slow_fcr(contacts: list[Contact], days: int, as_of: datetime) -> tuple[Any, ...]:
    """Every ticket against every other."""
    window = timedelta(days=days)
    known = [t for t in contacts if t.created_at <= as_of]
    solved = [(t, t.solved_at) for t in known if t.solved_at and t.solved_at <= as_of]

    def follows(later: Contact, earlier: Contact, at: datetime) -> bool:
        same = (later.requester, later.topic) == (earlier.requester, earlier.topic)
        both_known = None not in (later.requester, later.topic)
        return both_known and same and at < later.created_at <= at + window

    mature = [(t, at) for t, at in solved if at + window <= as_of]
    quiet = [not any(at < r <= at + window for r in t.reopened_at if r <= as_of) for t, at in mature]
    one = [t.agent_replies == 1 and all(r > as_of for r in t.reopened_at) for t, _ in mature]
    repeat = [any(follows(t, other, at) for other, at in solved) for t, _ in mature]
    back = [any(follows(other, t, at) for other in known) for t, at in mature]
    kept = [q and not b for q, b, r in zip(quiet, back, repeat, strict=True) if not r]
    return (
        (sum(one), len(mature)),
        (sum(quiet), len(mature)),
        (sum(kept), len(kept)),
        len(solved) - len(mature),
        sum(repeat),
    )


@st.composite
def contacts(draw: st.DrawFn) -> list[Contact]:
    made: list[Contact] = []
    for n in range(draw(st.integers(0, 12))):
        created = draw(st.integers(0, 40))
        solved = draw(st.one_of(st.none(), st.integers(created, 44)))
        later = st.integers(44 if solved is None else solved, 60)
        made.append(
            Contact(
                id=str(n),
                requester=draw(st.sampled_from(["u1", "u2", None])),
                topic=draw(st.sampled_from(["t1", "t2", None])),
                created_at=BORN + created * timedelta(hours=12),
                solved_at=None if solved is None else BORN + solved * timedelta(hours=12),
                reopened_at=tuple(BORN + r * timedelta(hours=12) for r in draw(st.lists(later, max_size=2))),
                agent_replies=draw(st.integers(0, 2)),
            )
        )
    return made


@given(contacts(), st.integers(0, 8), st.integers(0, 60))
@PROPERTY
def test_first_contact_resolution_equals_comparing_every_pair(
    made: list[Contact], days: int, half_days: int
) -> None:
    as_of = BORN + half_days * timedelta(hours=12)

    got = first_contact_resolution(made, days, as_of)

    shares = [(s.numerator, s.denominator) for s in (got.one_touch, got.no_reopen, got.no_repeat)]
    assert (*shares, got.immature, got.repeats) == slow_fcr(made, days, as_of)
