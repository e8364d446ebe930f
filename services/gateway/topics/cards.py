"""GraphQL: the form of a scorecard: sections and criteria."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry
from strawberry import field


@strawberry.type(description="One answer of a choice.")
class Option:
    value: float = field(description="What is answered.")
    title: str = field(description="What it is called.")
    worth: float | None = field(description="Percent; null: by where its value stands among the others.")
    auto_fail: bool = field(description="Whether this answer sets the review to 0.")


@strawberry.type(description="Between what a criterion is answered.")
class Scale:
    kind: str = field(description="numeric, binary, points, choice or text")
    min: float = field(description="The worst answer.")
    max: float = field(description="The best answer.")
    options: list[Option] = field(description="Of a choice.")


@strawberry.type(description="When a criterion is shown: what another one's answer is.")
class Condition:
    criterion: str = field(description="The other one.")
    values: list[float] | None = field(description="Its answer is one of these.")
    at_least: float | None = field(description="Its answer is this or more.")
    below: float | None = field(description="Its answer is less than this.")


@strawberry.type(description="Why a rating is low.")
class ListedReason:
    id: str = field(description="What an answer names.")
    title: str = field(description="What it is called.")


@strawberry.type(description="What is judged.")
class Criterion:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    weight: float = field(description="What it counts beside the others.")
    scale: Scale = field(description="Between what it is answered.")
    critical: str | None = field(
        description="What an answer below half of the scale sets to 0: review or section."
    )
    na_allowed: bool = field(description="Whether it may be not applicable.")
    shown_when: Condition | None = field(description="Null: it is always shown.")
    reasons: list[ListedReason] = field(description="Of which a low rating names one.")
    reason_below: float | None = field(description="Percent of the scale: a rating below names a reason.")
    comment_below: float | None = field(description="Percent of the scale: a rating below needs a comment.")
    comment_on_na: bool = field(description="Whether a comment says why it does not apply.")
    sop: str | None = field(description="The SOP section that it checks: a key or an address.")


@strawberry.type(description="Criteria that belong together.")
class Section:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    weight: float = field(description="What it counts beside the others, where sections are averaged.")
    kind: str = field(description="standard, bonus (only adds) or autofail (one hit sets the review to 0)")
    criteria: list[Criterion] = field(description="What is judged, in the order of the form.")


@strawberry.type(description="To tickets that fit all of it; an empty list fits every ticket.")
class AppliesTo:
    vendor_ids: list[UUID] = field(description="Whose agents answer.")
    groups: list[str] = field(description="Queues, by their name.")
    languages: list[str] = field(description="de fits de-AT too.")
    channels: list[str] = field(description="How the ticket came.")


@strawberry.type(description="The form that reviews are scored with.")
class Card:
    mode: str = field(
        description="weighted and points: weight earned by weight of what was rated; sections: their scores "
        "averaged by weight."
    )
    sections: list[Section] = field(description="In the order of the form.")
    pass_mark: float | None = field(description="Percent; a score equal to it passes.")
    cap_at_100: bool = field(description="Whether 100 is the most that bonus sections lead to.")
    applies_to: AppliesTo | None = field(description="Null: to every ticket.")


@strawberry.input(description="One answer of a choice.")
class OptionInput:
    value: float = field(description="What is answered. Each option has its own.")
    title: str = field(description="What it is called.")
    worth: float | None = field(
        default=None, description="Percent; null: by where its value stands among the others."
    )
    auto_fail: bool = field(default=False, description="Whether this answer sets the review to 0.")


@strawberry.input(description="Between what a criterion is answered.")
class ScaleInput:
    min: float | None = field(default=None, description="The worst answer, of numeric and points.")
    max: float | None = field(default=None, description="The best answer, of numeric and points.")
    kind: str = field(default="numeric", description="numeric, binary, points, choice or text")
    options: list[OptionInput] = field(default_factory=list, description="Of a choice.")


@strawberry.input(description="When a criterion is shown: what another one's answer is.")
class ConditionInput:
    criterion: str = field(description="The other one.")
    values: list[float] | None = field(default=None, description="Its answer is one of these.")
    at_least: float | None = field(default=None, description="Its answer is this or more.")
    below: float | None = field(default=None, description="Its answer is less than this.")


@strawberry.input(description="Why a rating is low.")
class ListedReasonInput:
    id: str = field(description="What an answer names.")
    title: str = field(description="What it is called.")


@strawberry.input(description="What is judged.")
class CriterionInput:
    id: str = field(description="Stays the same over versions of the scorecard.")
    title: str = field(description="What it is called.")
    scale: ScaleInput = field(description="Between what it is answered.")
    weight: float = field(default=1, description="What it counts beside the others.")
    critical: str | None = field(
        default=None, description="What an answer below half of the scale sets to 0: review or section."
    )
    na_allowed: bool = field(default=True, description="Whether it may be not applicable.")
    shown_when: ConditionInput | None = field(default=None, description="Null: it is always shown.")
    reasons: list[ListedReasonInput] = field(
        default_factory=list, description="Of which a low rating names one."
    )
    reason_below: float | None = field(
        default=None, description="Percent of the scale: a rating below names a reason."
    )
    comment_below: float | None = field(
        default=None, description="Percent of the scale: a rating below needs a comment."
    )
    comment_on_na: bool = field(default=False, description="Whether a comment says why it does not apply.")
    sop: str | None = field(default=None, description="The SOP section that it checks: a key or an address.")


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


@strawberry.input(description="To tickets that fit all of it; an empty list fits every ticket.")
class AppliesToInput:
    vendor_ids: list[UUID] = field(default_factory=list, description="Whose agents answer.")
    groups: list[str] = field(default_factory=list, description="Queues, by their name.")
    languages: list[str] = field(default_factory=list, description="de fits de-AT too.")
    channels: list[str] = field(default_factory=list, description="How the ticket came.")


@strawberry.input(description="The form that reviews are scored with.")
class CardInput:
    sections: list[SectionInput] = field(description="In the order of the form.")
    mode: str = field(default="weighted", description="weighted, points or sections")
    pass_mark: float | None = field(default=None, description="Percent; a score equal to it passes.")
    cap_at_100: bool = field(
        default=False, description="Whether 100 is the most that bonus sections lead to."
    )
    applies_to: AppliesToInput | None = field(default=None, description="Null: to every ticket.")


def card_of(told: Mapping[str, Any]) -> Card:
    """As it is stored; what is left out is what `CardIn` says by default."""
    applies: dict[str, Any] | None = told.get("applies_to")
    if applies is not None:
        applies = applies | {"vendor_ids": [UUID(one) for one in applies["vendor_ids"]]}
    return Card(
        mode=told.get("mode", "weighted"), sections=[_section_of(one) for one in told["sections"]],
        pass_mark=told.get("pass_mark"), cap_at_100=told.get("cap_at_100", False),
        applies_to=AppliesTo(**applies) if applies is not None else None,
    )  # fmt: skip


def _section_of(told: Mapping[str, Any]) -> Section:
    return Section(
        id=told["id"], title=told.get("title", told["id"]), weight=told.get("weight", 1),
        kind=told.get("kind", "standard"), criteria=[_criterion_of(one) for one in told["criteria"]],
    )  # fmt: skip


def _criterion_of(told: Mapping[str, Any]) -> Criterion:
    shown_when = told.get("shown_when")
    return Criterion(
        id=told["id"], title=told.get("title", told["id"]), weight=told.get("weight", 1),
        scale=_scale_of(told["scale"]), critical=told.get("critical"),
        na_allowed=told.get("na_allowed", True),
        shown_when=shown_when and Condition(**{"values": None, "at_least": None, "below": None} | shown_when),
        reasons=[ListedReason(**one) for one in told.get("reasons", ())],
        reason_below=told.get("reason_below"), comment_below=told.get("comment_below"),
        comment_on_na=told.get("comment_on_na", False), sop=told.get("sop"),
    )  # fmt: skip


def _scale_of(told: Mapping[str, Any]) -> Scale:
    options = [Option(**{"worth": None, "auto_fail": False} | one) for one in told.get("options", ())]
    return Scale(kind=told.get("kind", "numeric"), min=told["min"], max=told["max"], options=options)
