"""Scorecards as data: the shape of a form, how it is read from JSON, and what makes it unusable.

Pure values; every number is an exact `Fraction`. What answers to a card are worth is decided in
`rules`. Shapes and modes: KPI reference, section 8 (QA scoring).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from services.audit.scorecards.conditions import Condition, Conditions, cycle
from shared.scales import Scale, ScaleInvalid, exact

Mode = Literal["weighted", "points", "sections"]
Kind = Literal["standard", "bonus", "autofail"]
Critical = Literal["review", "section"]


class ScorecardInvalid(ValueError):
    """The scorecard cannot be used to score. `pointer`: JSON pointer into the card; `detail`."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


@dataclass(frozen=True)
class Criterion:
    """What is judged: answered on `scale`, worth `weight` (words weigh nothing).

    `critical`: an answer below half of the scale fails the whole "review" or its "section".
    `shown_when`: it is hidden unless; None: it is always shown.
    `reasons`: of which one is named where the answer's share is below `reason_below`; below
    `comment_below`, and with `comment_on_na` where it is not applicable, a comment is asked for.
    """

    id: str
    weight: Fraction
    scale: Scale
    critical: Critical | None = None
    na_allowed: bool = True
    shown_when: Condition | None = None
    reasons: tuple[str, ...] = ()
    reason_below: Fraction | None = None
    comment_below: Fraction | None = None
    comment_on_na: bool = False

    @property
    def minimum(self) -> Fraction:
        return self.scale.minimum

    @property
    def maximum(self) -> Fraction:
        return self.scale.maximum


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

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Of all sections, in the order of the form."""
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    @property
    def conditions(self) -> Conditions:
        return {criterion.id: criterion.shown_when for criterion in self.criteria}

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "Scorecard":
        """A card from JSON, in the shape of `schemas.CardIn`: `{mode, sections: [{id, weight, kind,
        criteria: [{id, weight, scale: {kind, min, max, options}, critical, na_allowed, shown_when, reasons,
        reason_below, comment_below, comment_on_na}]}], pass_mark, cap_at_100}`. Left out: mode "weighted",
        weights 1, kind "standard", not applicable allowed, and nothing of the rest. Numbers become exact
        (a float by its shortest spelling). Titles and other keys are ignored. Raises `ScorecardInvalid`.
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
    _refuse_unusable_conditions(card)


def _refuse_unusable_conditions(card: Scorecard) -> None:
    known = {criterion.id: criterion for criterion in card.criteria}
    places = {
        criterion.id: f"/sections/{s}/criteria/{c}/shown_when"
        for s, section in enumerate(card.sections)
        for c, criterion in enumerate(section.criteria)
    }
    for criterion in card.criteria:
        if (condition := criterion.shown_when) is None:
            continue
        at = places[criterion.id]
        if condition.criterion not in known:
            raise ScorecardInvalid(f"{at}/criterion", "the scorecard has no such criterion")
        if known[condition.criterion].scale.kind == "text":
            raise ScorecardInvalid(f"{at}/criterion", "words are no condition")
        asked = [*(condition.values or ()), condition.at_least, condition.below]
        scale = known[condition.criterion].scale
        if all(one is None or not scale.minimum <= one <= scale.maximum for one in asked):
            raise ScorecardInvalid(at, "no answer on that criterion's scale can show it")
    if circle := cycle(card.conditions):
        words = " → ".join([*circle, circle[0]])
        raise ScorecardInvalid(places[circle[0]], f"the conditions run in a circle: {words}")


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
        if criterion.critical is not None and criterion.critical not in get_args(Critical):
            raise ScorecardInvalid(f"{here}/critical", "review, section or null is expected")
        if criterion.critical is not None and criterion.scale.kind == "text":
            raise ScorecardInvalid(f"{here}/critical", "words are not scored, and fail nothing")
        if criterion.reason_below is not None and not criterion.reasons:
            raise ScorecardInvalid(f"{here}/reasons", "a reason is asked for, and there is none to name")


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
    try:
        scale = Scale.parse(_object(criterion.get("scale"), f"{at}/scale"))
    except ScaleInvalid as error:
        raise ScorecardInvalid(f"{at}/scale{error.pointer}", error.detail) from None
    weight = _number(criterion.get("weight", 1), f"{at}/weight")
    reasons = _list(criterion.get("reasons", []), f"{at}/reasons")
    named = [
        _id(_object(one, f"{at}/reasons/{n}").get("id"), f"{at}/reasons/{n}/id")
        for n, one in enumerate(reasons)
    ]
    for n, reason in enumerate(named):
        if reason in named[:n]:
            raise ScorecardInvalid(f"{at}/reasons/{n}/id", f"the reason {reason!r} appears twice")
    return Criterion(
        id=_id(criterion.get("id"), f"{at}/id"),
        weight=Fraction(0) if scale.kind == "text" else weight,
        scale=scale,
        critical=_critical(criterion.get("critical"), f"{at}/critical"),
        na_allowed=_flag(criterion, "na_allowed", at, default=True),
        shown_when=_condition(criterion.get("shown_when"), f"{at}/shown_when"),
        reasons=tuple(named),
        reason_below=_share(criterion.get("reason_below"), f"{at}/reason_below"),
        comment_below=_share(criterion.get("comment_below"), f"{at}/comment_below"),
        comment_on_na=_flag(criterion, "comment_on_na", at),
    )


def _condition(raw: object, at: str) -> Condition | None:
    if raw is None:
        return None
    told = _object(raw, at)
    values = told.get("values")
    edges = {
        name: None if told.get(name) is None else _number(told[name], f"{at}/{name}")
        for name in ("at_least", "below")
    }
    if values is None and not any(edge is not None for edge in edges.values()):
        raise ScorecardInvalid(at, "values, at_least or below is expected")
    one_of = None
    if values is not None:
        numbers = [_number(one, f"{at}/values/{n}") for n, one in enumerate(_list(values, f"{at}/values"))]
        if not numbers:
            raise ScorecardInvalid(f"{at}/values", "at least one value is expected")
        one_of = frozenset(numbers)
    return Condition(_id(told.get("criterion"), f"{at}/criterion"), one_of, **edges)


def _share(raw: object, at: str) -> Fraction | None:
    """Percent of the scale, as 0..1."""
    if raw is None:
        return None
    percent = _number(raw, at)
    if not 0 <= percent <= 100:
        raise ScorecardInvalid(at, "0 to 100 percent is expected")
    return percent / 100


def _flag(raw: Mapping[str, object], name: str, at: str, *, default: bool = False) -> bool:
    flag = raw.get(name, default)
    if not isinstance(flag, bool):
        raise ScorecardInvalid(f"{at}/{name}", "true or false is expected")
    return flag


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
