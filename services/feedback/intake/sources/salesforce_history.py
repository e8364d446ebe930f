"""Salesforce's CaseHistory: the complete log of the fields that the account tracks. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from services.feedback.intake.normalised import Change, Normalised, NotUnderstood, Settled, Told, Version
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.salesforce_ids import QUEUE, USER
from services.feedback.intake.sources.salesforce_records import Row, priority_of, status_of

SETTLES = {"Status": ("status",), "Priority": ("priority",), "Owner": ("assignee", "group")}
"""Field of the log → ours. Other rows (created, long texts, …) say nothing that we keep."""


def read_history(
    records: Any, settings: Mapping[str, Any], *, read_at: datetime, since: datetime | None = None
) -> tuple[Told, list[str]]:
    """All the rows of some cases, after `since` (None: ever) and up to `read_at`. A field that occurs in
    a case's log is known for certain; one that does not may be untracked. One broken row loses itself, and
    the certainty of its case's field."""
    cases: dict[str, list[Change]] = defaultdict(list)
    seen: dict[str, set[str]] = defaultdict(set)
    broken: dict[str, set[str]] = defaultdict(set)
    reasons: list[str] = []
    for place, record in enumerate(records if isinstance(records, list) else [None]):
        row = Row(record if isinstance(record, dict) else {}, f"/records/{place}")
        field = row.text("Field") or ""
        ours = SETTLES.get(field, ())
        ticket = None
        try:
            ticket = row.key("CaseId")
            change = _change(row, field, settings)
        except NotUnderstood as error:
            reasons.append(str(error))
            if ticket:
                broken[ticket].update(ours)
            continue
        if change:
            cases[ticket].append(change)
            seen[ticket].update(ours)
    return Told(
        tuple(
            Normalised(
                ticket,
                Version(max(one.occurred_at for one in changes), 0, f"sf-rest:CaseHistory:{ticket}"),
                changes=tuple(_ordered(changes)),
                settled=tuple(
                    Settled(field, since, read_at) for field in sorted(seen[ticket] - broken[ticket])
                ),
            )
            for ticket, changes in cases.items()
        )
    ), reasons


def _change(row: Row, field: str, settings: Mapping[str, Any]) -> Change | None:
    if field not in SETTLES:
        return None
    if field == "Owner" and row.text("DataType") != "EntityId":
        return None  # the same change again, in names
    key = f"hist:{row.key('Id')}"
    at = reading.moment(row.fields, "CreatedDate", row.where)
    actor = row.id("CreatedById")
    if field == "Owner":
        old, new = row.id("OldValue"), row.id("NewValue")
        ours = "assignee" if (new or "").startswith(USER) else "group"
        if ours == "group" and not (new or "").startswith(QUEUE):
            raise NotUnderstood(f"{row.where}/NewValue", "The new owner is neither a user nor a queue.")
        return Change(key, at, 0, ours, old, new, actor, "history")
    raw = {"from_raw": row.word("OldValue"), "to_raw": row.word("NewValue")}
    word_of = status_of if field == "Status" else priority_of
    old, new = word_of(settings, raw["from_raw"]), word_of(settings, raw["to_raw"])
    return Change(key, at, 0, SETTLES[field][0], old, new, actor, "history", raw)


def _ordered(changes: Iterable[Change]) -> Iterable[Change]:
    """By time; changes of one field in one second chained from what was to what is."""
    ties: dict[tuple[datetime, bool, str], list[Change]] = defaultdict(list)
    for change in changes:
        kind = "owner" if change.field in SETTLES["Owner"] else change.field
        ties[change.occurred_at, kind == "owner", kind].append(change)
    for tie in sorted(ties):
        for position, change in enumerate(_chained(sorted(ties[tie], key=lambda one: one.key))):
            yield replace(change, position=position)


def _chained(changes: list[Change]) -> list[Change]:
    if len(changes) < 2:
        return changes
    by_start: dict[str | None, list[int]] = defaultdict(list)
    for place in reversed(range(len(changes))):
        by_start[_from(changes[place])].append(place)
    ends = {_to(change) for change in changes}
    value = next((_from(change) for change in changes if _from(change) not in ends), _from(changes[0]))
    chained: list[Change] = []
    taken: set[int] = set()
    spare = iter(range(len(changes)))
    while len(chained) < len(changes):
        following = by_start[value]
        while following and following[-1] in taken:
            following.pop()
        place = following.pop() if following else next(one for one in spare if one not in taken)
        taken.add(place)
        chained.append(changes[place])
        value = _to(changes[place])
    return chained


def _from(change: Change) -> str | None:
    return cast(str | None, (change.detail or {}).get("from_raw", change.from_value))


def _to(change: Change) -> str | None:
    return cast(str | None, (change.detail or {}).get("to_raw", change.to_value))
