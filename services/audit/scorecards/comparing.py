"""What is different between two forms: element by element, by the ids that stay. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

Change = dict[str, Any]
"""{what, id, change, field, before, after}"""
Form = Mapping[str, Any]
CARD = {"mode": "weighted", "pass_mark": None, "cap_at_100": False, "applies_to": None}
SECTION = {"title": None, "weight": 1, "kind": "standard"}
CRITERION: Form = {
    "title": None, "weight": 1, "scale": None, "critical": None, "na_allowed": True, "shown_when": None,
    "reasons": [], "reason_below": None, "comment_below": None, "comment_on_na": False, "sop": None,
}  # fmt: skip
"""Field → what it is where it is left out."""


def changes(before: Form, after: Form) -> list[Change]:
    """Of the form, its sections, its criteria: in the order of the later one, what is gone last."""
    found = list(_of_fields("card", None, CARD, before, after))
    found += _of_elements("section", SECTION, _sections(before), _sections(after))
    return found + list(_of_elements("criterion", CRITERION, _criteria(before), _criteria(after)))


def is_comparable(found: list[Change]) -> bool:
    """Whether an answer to a criterion of both means the same in both."""
    return not any(one["what"] == "criterion" and one["field"] == "scale" for one in found)


def _sections(form: Form) -> dict[str, Any]:
    return {section["id"]: section for section in form["sections"]}


def _criteria(form: Form) -> dict[str, Any]:
    """Each with the section that it stands in."""
    return {
        criterion["id"]: {**criterion, "section": section["id"]}
        for section in form["sections"]
        for criterion in section["criteria"]
    }


def _of_elements(
    what: str, fields: Form, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for key, now in after.items():
        if key not in before:
            yield _change(what, key, "added", after=now)
            continue
        then = before[key]
        if then.get("section") != now.get("section"):
            yield _change(what, key, "moved", "section", then["section"], now["section"])
        yield from _of_fields(what, key, fields, then, now)
    for key, then in before.items():
        if key not in after:
            yield _change(what, key, "removed", before=then)


def _of_fields(what: str, key: str | None, fields: Form, before: Form, after: Form) -> Iterator[Change]:
    for name, default in fields.items():
        then, now = _plain(before.get(name, default)), _plain(after.get(name, default))
        if then != now:
            yield _change(what, key, "changed", name, then, now)


def _plain(value: Any) -> Any:
    """Of a scale: what is left out where it says nothing new."""
    if not isinstance(value, Mapping):
        return value
    silent = {"kind": "numeric", "options": []}
    return {name: one for name, one in value.items() if one is not None and silent.get(name, ...) != one}


def _change(
    what: str, key: str | None, change: str, field: str | None = None, before: Any = None, after: Any = None
) -> Change:
    return {"what": what, "id": key, "change": change, "field": field, "before": before, "after": after}
