"""Scales: between what a criterion of a scorecard is answered, and what an answer is worth. Pure.

Every number is an exact `Fraction`. An answer's share is (value - minimum) / (maximum - minimum), 0..1; an
option of a choice may say another one. Formula: KPI reference, section 8 (QA scoring).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args

Kind = Literal["numeric", "binary", "points", "choice", "text"]
"""Any number of a stretch; 0 or 1; whole numbers of a stretch; one of some options; words, never scored."""
Outcome = Literal["passed", "failed", "scored", "auto_failed", "not_scored"]
"""What became of a review, apart from its number. scored: the card knows no pass mark."""

_DIGITS = 12
_DECIMALS = 30
_LARGEST = 10**_DIGITS
MOST_POINTS = 100
HUNDRED = Fraction(100)


class ScaleInvalid(ValueError):
    """Nothing could be answered on it. `pointer`: JSON pointer into the scale; `detail`."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


@dataclass(frozen=True)
class Option:
    """One answer of a choice. `share`: what it is worth, 0..1; `auto_fail`: it fails the whole review."""

    value: Fraction
    share: Fraction
    auto_fail: bool = False


@dataclass(frozen=True)
class Scale:
    """From worst to best. `options`: of a choice, by their values."""

    kind: Kind
    minimum: Fraction
    maximum: Fraction
    options: tuple[Option, ...] = ()

    @classmethod
    def parse(cls, raw: Mapping[str, object]) -> "Scale":
        """From JSON: {kind, min, max, options: [{value, worth, auto_fail}]}. Left out: kind "numeric"; of an
        option, what it is worth by where it stands between the lowest and the highest. Raises ScaleInvalid.
        """
        kind = _kind(raw.get("kind", "numeric"))
        if kind == "text":
            return cls(kind, Fraction(0), Fraction(0))
        if kind == "binary":
            return cls(kind, Fraction(0), Fraction(1))
        if kind == "choice":
            return _choice(raw.get("options"))
        scale = cls(kind, _number(raw.get("min"), "/min"), _number(raw.get("max"), "/max"))
        if scale.minimum >= scale.maximum:
            raise ScaleInvalid("/max", "the scale must end above where it starts")
        if kind == "points":
            _refuse_unusable_points(scale)
        return scale

    def refusal(self, answer: object) -> str | None:
        """Why this is no answer on it, in words; None: it is one."""
        value = exact(answer)
        if self.kind == "text":
            return "it is answered in words: as the comment"
        if value is None:
            return 'a number on the scale or "NA" is expected'
        if self.kind == "choice" and value not in {one.value for one in self.options}:
            return f"one of {', '.join(str(one.value) for one in self.options)} is expected"
        if not self.minimum <= value <= self.maximum:
            return f"the scale runs from {self.minimum} to {self.maximum}"
        if self.kind in ("binary", "points") and value.denominator != 1:
            return "a whole number is expected"
        return None

    def share(self, value: Fraction) -> Fraction:
        """Of an answer that fits: 0..1."""
        for one in self.options:
            if one.value == value:
                return one.share
        return (value - self.minimum) / (self.maximum - self.minimum)

    def fails(self, value: Fraction) -> bool:
        """Whether this answer alone fails the review."""
        return any(one.value == value and one.auto_fail for one in self.options)


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


def _kind(raw: object) -> Kind:
    for kind in get_args(Kind):
        if raw == kind:
            known: Kind = kind
            return known
    raise ScaleInvalid("/kind", f"one of {', '.join(get_args(Kind))} is expected")


def _refuse_unusable_points(scale: Scale) -> None:
    for name, edge in (("min", scale.minimum), ("max", scale.maximum)):
        if edge.denominator != 1:
            raise ScaleInvalid(f"/{name}", "points are whole numbers")
    if scale.maximum - scale.minimum > MOST_POINTS:
        raise ScaleInvalid("/max", f"at most {MOST_POINTS} points apart")


def _choice(raw: object) -> Scale:
    told = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else ()
    values = [
        _number(_of(one, f"/options/{n}").get("value"), f"/options/{n}/value") for n, one in enumerate(told)
    ]
    if len(values) < 2:
        raise ScaleInvalid("/options", "a choice needs at least two options")
    for n, value in enumerate(values):
        if value in values[:n]:
            raise ScaleInvalid(f"/options/{n}/value", "another option has this value")
    low, high = min(values), max(values)
    options = [
        _option(_of(one, f"/options/{n}"), value, (value - low) / (high - low), f"/options/{n}")
        for n, (one, value) in enumerate(zip(told, values, strict=True))
    ]
    return Scale("choice", low, high, tuple(sorted(options, key=lambda one: one.value)))


def _option(raw: Mapping[str, object], value: Fraction, share: Fraction, at: str) -> Option:
    if raw.get("worth") is not None:
        share = _number(raw["worth"], f"{at}/worth") / HUNDRED
        if not 0 <= share <= 1:
            raise ScaleInvalid(f"{at}/worth", "0 to 100 percent is expected")
    auto_fail = raw.get("auto_fail", False)
    if not isinstance(auto_fail, bool):
        raise ScaleInvalid(f"{at}/auto_fail", "true or false is expected")
    return Option(value, share, auto_fail)


def _of(raw: object, at: str) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise ScaleInvalid(at, "an object is expected")
    return raw


def _number(raw: object, at: str) -> Fraction:
    value = exact(raw)
    if value is None:
        raise ScaleInvalid(at, "a finite number is expected")
    return value
