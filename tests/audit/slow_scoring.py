"""A second scoring of reviews, written apart from the product's: in another order, with other means.

It spreads 100 percent over whatever was rated first, then takes what each answer deserves.
"""

from fractions import Fraction
from typing import Any

Raw = dict[str, Any]


def shown(raw: Raw, answers: dict[str, Any]) -> set[str]:
    """Criteria that are shown: those whose condition fails are taken away, until none does."""
    criteria = {c["id"]: c for section in raw["sections"] for c in section["criteria"]}
    left = set(criteria)
    while True:
        gone = {name for name in left if not _is_shown(criteria[name].get("shown_when"), left, answers)}
        if not gone:
            return left
        left -= gone


def _is_shown(condition: Any, left: set[str], answers: dict[str, Any]) -> bool:
    if condition is None:
        return True
    answer = answers.get(condition["criterion"])
    if condition["criterion"] not in left or not isinstance(answer, int | float):
        return False
    value = Fraction(str(answer))
    if condition.get("values") is not None:
        return value in [Fraction(str(one)) for one in condition["values"]]
    if condition.get("at_least") is not None:
        return value >= Fraction(str(condition["at_least"]))
    return value < Fraction(str(condition["below"]))


def deserved(scale: Raw, answer: Any) -> Fraction:
    """0..1"""
    value = Fraction(str(answer))
    if scale.get("kind") == "choice":
        values = [Fraction(str(one["value"])) for one in scale["options"]]
        option = scale["options"][values.index(value)]
        if option.get("worth") is not None:
            return Fraction(str(option["worth"])) / 100
        return (value - min(values)) / (max(values) - min(values))
    if scale.get("kind") == "binary":
        return value
    return (value - Fraction(str(scale["min"]))) / (Fraction(str(scale["max"])) - Fraction(str(scale["min"])))


def is_deadly(scale: Raw, answer: Any) -> bool:
    return any(one.get("auto_fail") and one["value"] == answer for one in scale.get("options", ()))


def slow_score(raw: Raw, answers: dict[str, Any]) -> tuple[Fraction | None, list[str]]:
    """(the score, what failed the review)"""
    visible = shown(raw, answers)
    spread: list[tuple[Fraction, Fraction]] = []
    extra, failed = Fraction(0), []
    by_sections = raw["mode"] == "sections"
    rated: list[tuple[Raw, list[tuple[Raw, Fraction]]]] = []
    for section in raw["sections"]:
        kept = []
        for criterion in section["criteria"]:
            answer = answers.get(criterion["id"])
            if criterion["id"] not in visible or answer == "NA":
                continue
            merit = deserved(criterion["scale"], answer)
            fatal = section["kind"] == "autofail" or criterion["critical"] == "review"
            if (fatal and 2 * merit < 1) or is_deadly(criterion["scale"], answer):
                failed.append(criterion["id"])
            kept.append((criterion, merit))
        if any(criterion["critical"] == "section" and 2 * share < 1 for criterion, share in kept):
            kept = [(criterion, Fraction(0)) for criterion, _ in kept]
        if kept:
            rated.append((section, kept))
    standard = [(s, kept) for s, kept in rated if s["kind"] == "standard"]
    pot = sum(Fraction(str(criterion["weight"])) for _, kept in standard for criterion, _ in kept)
    section_pot = sum(Fraction(str(s["weight"])) for s, _ in standard)
    for section, kept in rated:
        own_pot = sum(Fraction(str(criterion["weight"])) for criterion, _ in kept)
        for criterion, merit in kept:
            weight = Fraction(str(criterion["weight"]))
            if section["kind"] == "bonus":
                extra += weight * merit * (1 if by_sections or not pot else 100 / pot)
            elif section["kind"] == "standard":
                part = Fraction(str(section["weight"])) / section_pot if by_sections else Fraction(1)
                spread.append((100 * part * weight / (own_pot if by_sections else pot), merit))
    if not standard:
        return (Fraction(0) if failed else None), failed
    assert sum(share for share, _ in spread) == 100
    total = sum((share * merit for share, merit in spread), extra)
    if raw["cap_at_100"] and total > 100:
        total = Fraction(100)
    return (Fraction(0) if failed else total), failed


def without_review_failures(section: Raw) -> Raw:
    """The section with nothing in it that could fail the review."""
    harmless = [_harmless(criterion) for criterion in section["criteria"]]
    if section["kind"] == "autofail":
        return {
            **section,
            "kind": "bonus",
            "criteria": [{**c, "critical": None, "weight": 0} for c in harmless],
        }
    kept = [{**c, "critical": None if c["critical"] == "review" else c["critical"]} for c in harmless]
    return {**section, "criteria": kept}


def _harmless(criterion: Raw) -> Raw:
    options = [{**one, "auto_fail": False} for one in criterion["scale"].get("options", ())]
    return {**criterion, "scale": {**criterion["scale"], "options": options}}
