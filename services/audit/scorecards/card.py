"""Scorecards as data: the shape of a form, how it is read from JSON, and what makes it unusable.

Pure values; every number is an exact `Fraction`. What answers to a card are worth is decided in
`rules`. Shapes and modes: KPI reference, section 8 (QA scoring).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args

Mode = Literal["weighted", "points", "sections"]
Kind = Literal["standard", "bonus", "autofail"]
Critical = Literal["review", "section"]

_DIGITS = 12
_DECIMALS = 30
_LARGEST = 10**_DIGITS


class ScorecardInvalid(ValueError):
    """The scorecard cannot be used to score. `pointer`: JSON pointer into the card; `detail`."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


@dataclass(frozen=True)
class Criterion:
    """What is judged: answered between `minimum` and `maximum`, worth `weight`.

    `critical`: an answer below half of the scale fails the whole "review" or its "section".
    """

    id: str
    weight: Fraction
    minimum: Fraction
    maximum: Fraction
    critical: Critical | None = None


@dataclass(frozen=True)
class Section:
    """A group of criteria. `weight` counts only in mode "sections". Kind "bonus" adds points and
    never needs them; kind "autofail" carries no points: one failed criterion fails the review."""

    id: str
    weight: Fraction
    kind: Kind
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Scorecard:
    """A form and its rules. Raises `ScorecardInvalid` when it could not score a review.

    `mode`: "weighted" and "points" divide the weight earned by the weight of the rated criteria (in
    "points" a criterion's weight is its points); "sections" averages section scores by section
    weight. `pass_mark`: percent, a score equal to it passes; None when the card knows no pass.
    `cap_at_100`: bonus cannot lift a score above 100.
    """

    mode: Mode
    sections: tuple[Section, ...]
    pass_mark: Fraction | None = None
    cap_at_100: bool = False

    def __post_init__(self) -> None:
        _refuse_unusable(self)

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "Scorecard":
        """A card from JSON, in the shape of `schemas.CardIn`: `{mode, sections: [{id, weight, kind,
        criteria: [{id, weight, scale: {min, max}, critical}]}], pass_mark, cap_at_100}`. Left out:
        mode "weighted", weights 1, kind "standard", no critical, no pass mark, no cap. Numbers
        become exact (a float by its shortest spelling). Titles and other keys are ignored. Raises
        `ScorecardInvalid`.
        """
        card = _object(raw, "")
        cap = card.get("cap_at_100", False)
        if not isinstance(cap, bool):
            raise ScorecardInvalid("/cap_at_100", "true or false is expected")
        pass_mark = card.get("pass_mark")
        sections = [
            _section(section, f"/sections/{index}")
            for index, section in enumerate(_list(card.get("sections"), "/sections"))
        ]
        return cls(
            mode=_mode(card.get("mode", "weighted")),
            sections=tuple(sections),
            pass_mark=None if pass_mark is None else _number(pass_mark, "/pass_mark"),
            cap_at_100=cap,
        )


def exact(value: object) -> Fraction | None:
    """A finite number as an exact fraction (a float by its shortest spelling, so 0.1 is 1/10);
    None for anything else, including booleans, strings and magnitudes of 10^12 and above."""
    if isinstance(value, bool):
        return None
    if isinstance(value, Fraction | int):
        whole = Fraction(value)
        return whole if abs(whole) < _LARGEST else None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _DIGITS or not isinstance(exponent, int) or exponent < -_DECIMALS:
        return None
    return Fraction(value)


def _refuse_unusable(card: Scorecard) -> None:
    if card.mode not in get_args(Mode):
        raise ScorecardInvalid("/mode", f"one of {', '.join(get_args(Mode))} is expected")
    if not card.sections:
        raise ScorecardInvalid("/sections", "a scorecard needs at least one section")
    seen_sections: set[str] = set()
    seen_criteria: set[str] = set()
    at_stake = Fraction(0)
    for index, section in enumerate(card.sections):
        at = f"/sections/{index}"
        if section.id in seen_sections:
            raise ScorecardInvalid(f"{at}/id", f"the section {section.id!r} appears twice")
        seen_sections.add(section.id)
        _refuse_unusable_section(section, at, seen_criteria)
        if section.kind == "standard":
            weight = sum((criterion.weight for criterion in section.criteria), Fraction())
            if card.mode == "sections" and section.weight > 0 and weight == 0:
                raise ScorecardInvalid(f"{at}/criteria", "the criteria of the section all weigh nothing")
            at_stake += section.weight if card.mode == "sections" else weight
    if at_stake == 0:
        raise ScorecardInvalid("/sections", "no standard section weighs anything")


def _refuse_unusable_section(section: Section, at: str, seen_criteria: set[str]) -> None:
    if section.kind not in get_args(Kind):
        raise ScorecardInvalid(f"{at}/kind", f"one of {', '.join(get_args(Kind))} is expected")
    if section.weight < 0:
        raise ScorecardInvalid(f"{at}/weight", "a weight cannot be negative")
    if not section.criteria:
        raise ScorecardInvalid(f"{at}/criteria", "a section needs at least one criterion")
    for index, criterion in enumerate(section.criteria):
        here = f"{at}/criteria/{index}"
        if criterion.id in seen_criteria:
            raise ScorecardInvalid(f"{here}/id", f"the criterion {criterion.id!r} appears twice")
        seen_criteria.add(criterion.id)
        if criterion.weight < 0:
            raise ScorecardInvalid(f"{here}/weight", "a weight cannot be negative")
        if criterion.minimum >= criterion.maximum:
            raise ScorecardInvalid(f"{here}/scale/max", "the scale must end above where it starts")
        if criterion.critical is not None and criterion.critical not in get_args(Critical):
            raise ScorecardInvalid(f"{here}/critical", "review, section or null is expected")


def _section(raw: object, at: str) -> Section:
    section = _object(raw, at)
    criteria = _list(section.get("criteria"), f"{at}/criteria")
    return Section(
        id=_id(section.get("id"), f"{at}/id"),
        weight=_number(section.get("weight", 1), f"{at}/weight"),
        kind=_kind(section.get("kind", "standard"), f"{at}/kind"),
        criteria=tuple(
            _criterion(criterion, f"{at}/criteria/{index}") for index, criterion in enumerate(criteria)
        ),
    )


def _criterion(raw: object, at: str) -> Criterion:
    criterion = _object(raw, at)
    scale = _object(criterion.get("scale"), f"{at}/scale")
    return Criterion(
        id=_id(criterion.get("id"), f"{at}/id"),
        weight=_number(criterion.get("weight", 1), f"{at}/weight"),
        minimum=_number(scale.get("min"), f"{at}/scale/min"),
        maximum=_number(scale.get("max"), f"{at}/scale/max"),
        critical=_critical(criterion.get("critical"), f"{at}/critical"),
    )


def _mode(raw: object) -> Mode:
    for mode in ("weighted", "points", "sections"):
        if raw == mode:
            return mode
    raise ScorecardInvalid("/mode", f"one of {', '.join(get_args(Mode))} is expected")


def _kind(raw: object, at: str) -> Kind:
    for kind in ("standard", "bonus", "autofail"):
        if raw == kind:
            return kind
    raise ScorecardInvalid(at, f"one of {', '.join(get_args(Kind))} is expected")


def _critical(raw: object, at: str) -> Critical | None:
    for critical in ("review", "section", None):
        if raw == critical:
            return critical
    raise ScorecardInvalid(at, "review, section or null is expected")


def _object(raw: object, at: str) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise ScorecardInvalid(at, "an object is expected")
    return raw


def _list(raw: object, at: str) -> list[object]:
    if not isinstance(raw, list | tuple):
        raise ScorecardInvalid(at, "a list is expected")
    return list(raw)


def _id(raw: object, at: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise ScorecardInvalid(at, "a non-empty id is expected")
    return raw


def _number(raw: object, at: str) -> Fraction:
    value = exact(raw)
    if value is None:
        raise ScorecardInvalid(at, "a finite number is expected")
    return value
