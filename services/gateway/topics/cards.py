"""GraphQL: the form of a scorecard: sections and criteria."""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry import field


@strawberry.type(description="Between what a criterion is answered.")
class Scale:
    min: float = field(description="The worst answer.")
    max: float = field(description="The best answer.")


@strawberry.type(description="What is judged.")
class Criterion:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    weight: float = field(description="What it counts beside the others.")
    scale: Scale = field(description="Between what it is answered.")
    critical: str | None = field(
        description="What an answer below half of the scale sets to 0: review or section."
    )


@strawberry.type(description="Criteria that belong together.")
class Section:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    weight: float = field(description="What it counts beside the others, where sections are averaged.")
    kind: str = field(description="standard, bonus (only adds) or autofail (one hit sets the review to 0)")
    criteria: list[Criterion] = field(description="What is judged, in the order of the form.")


@strawberry.type(description="The form that reviews are scored with.")
class Card:
    mode: str = field(
        description="weighted and points: weight earned by weight of what was rated; sections: their scores "
        "averaged by weight."
    )
    sections: list[Section] = field(description="In the order of the form.")
    pass_mark: float | None = field(description="Percent; a score equal to it passes.")
    cap_at_100: bool = field(description="Whether 100 is the most that bonus sections lead to.")


@strawberry.input(description="Between what a criterion is answered.")
class ScaleInput:
    min: float = field(description="The worst answer.")
    max: float = field(description="The best answer.")


@strawberry.input(description="What is judged.")
class CriterionInput:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    scale: ScaleInput = field(description="Between what it is answered.")
    weight: float = field(default=1, description="What it counts beside the others.")
    critical: str | None = field(
        default=None, description="What an answer below half of the scale sets to 0: review or section."
    )


@strawberry.input(description="Criteria that belong together.")
class SectionInput:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    criteria: list[CriterionInput] = field(description="What is judged, in the order of the form.")
    weight: float = field(
        default=1, description="What it counts beside the others, where sections are averaged."
    )
    kind: str = field(
        default="standard",
        description="standard, bonus (only adds) or autofail (one hit sets the review to 0)",
    )


@strawberry.input(description="The form that reviews are scored with.")
class CardInput:
    sections: list[SectionInput] = field(description="In the order of the form.")
    mode: str = field(default="weighted", description="weighted, points or sections")
    pass_mark: float | None = field(default=None, description="Percent; a score equal to it passes.")
    cap_at_100: bool = field(
        default=False, description="Whether 100 is the most that bonus sections lead to."
    )


def card_of(told: Mapping[str, Any]) -> Card:
    """As it is stored; what is left out is what `CardIn` says by default."""
    return Card(
        mode=told.get("mode", "weighted"), sections=[_section_of(one) for one in told["sections"]],
        pass_mark=told.get("pass_mark"), cap_at_100=told.get("cap_at_100", False),
    )  # fmt: skip


def _section_of(told: Mapping[str, Any]) -> Section:
    return Section(
        id=told["id"], title=told.get("title", told["id"]), weight=told.get("weight", 1),
        kind=told.get("kind", "standard"), criteria=[_criterion_of(one) for one in told["criteria"]],
    )  # fmt: skip


def _criterion_of(told: Mapping[str, Any]) -> Criterion:
    scale = Scale(min=told["scale"]["min"], max=told["scale"]["max"])
    return Criterion(
        id=told["id"], title=told.get("title", told["id"]), weight=told.get("weight", 1), scale=scale,
        critical=told.get("critical"),
    )  # fmt: skip
