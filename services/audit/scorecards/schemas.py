"""What the scorecards room takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.scales import Kind as ScaleKind
from shared.scales import Outcome
from shared.schemas import Answer, Comment, Id, In, Key, Name, Number, Out

Link = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]{1,500}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,200}$")]


class OptionIn(In):
    value: Number = Field(description="What is answered. Each option has its own.")
    title: Name
    worth: Number | None = Field(
        default=None, ge=0, le=100,
        description="Percent; null: by where its value stands between the lowest and the highest.",
    )  # fmt: skip
    auto_fail: bool = Field(default=False, description="This answer sets the review to 0.")


class AnswerIn(In):
    criterion: Key
    value: Answer = Field(description='On the criterion\'s scale, or "NA". Words are given as the comment.')
    comment: Comment | None = None
    reason: Key | None = Field(default=None, description="One of the criterion's reasons.")


class ScaleIn(In):
    kind: ScaleKind = Field(
        default="numeric",
        description="numeric: any number from min to max; binary: 0 or 1; points: whole numbers from min to "
        "max (3-, 4-, 5-point); choice: one of the options; text: words, never scored.",
    )
    min: Number | None = Field(default=None, description="The worst answer, of numeric and points.")
    max: Number | None = Field(default=None, description="The best answer, of numeric and points.")
    options: list[OptionIn] = Field(default=[], max_length=50, description="Of a choice.")


class ConditionIn(In):
    """Of another criterion's answer. Where that one is hidden or not applicable, so is this."""

    criterion: Key
    values: list[Number] | None = Field(default=None, max_length=50, description="It is one of these.")
    at_least: Number | None = Field(default=None, description="It is this or more.")
    below: Number | None = Field(default=None, description="It is less than this.")


class ListedReasonIn(In):
    id: Key
    title: Name


class CriterionIn(In):
    id: Key = Field(description="Stays the same over versions of the scorecard.")
    title: Name
    weight: Number = Field(default=1, ge=0)
    scale: ScaleIn
    critical: Literal["review", "section"] | None = Field(
        default=None, description="What an answer below half of the scale sets to 0."
    )
    na_allowed: bool = Field(default=True, description="Of words: whether they may be left out.")
    shown_when: ConditionIn | None = Field(default=None, description="Null: it is always shown.")
    reasons: list[ListedReasonIn] = Field(default=[], max_length=50)
    reason_below: Number | None = Field(
        default=None, ge=0, le=100, description="Percent of the scale: a rating below names a reason."
    )
    comment_below: Number | None = Field(
        default=None, ge=0, le=100, description="Percent of the scale: a rating below needs a comment."
    )
    comment_on_na: bool = Field(default=False, description="Whether N/A needs a comment.")
    sop: Link | None = Field(default=None, description="The SOP section that it checks: a key or an address.")


class SectionIn(In):
    id: Key
    title: Name
    weight: Number = Field(default=1, ge=0)
    kind: Literal["standard", "bonus", "autofail"] = "standard"
    criteria: list[CriterionIn] = Field(min_length=1, max_length=100)


class AppliesIn(In):
    """To tickets that fit all of it; what is left out fits every ticket."""

    vendor_ids: list[Id] = Field(default=[], max_length=100)
    groups: list[Word] = Field(default=[], max_length=100, description="Queues, by their name.")
    languages: list[Word] = Field(default=[], max_length=100, description="de fits de-AT too.")
    channels: list[Word] = Field(default=[], max_length=100)


class CardIn(In):
    """The form. How it is scored: docs of `POST /audit/scorecards`."""

    mode: Literal["weighted", "points", "sections"] = "weighted"
    sections: list[SectionIn] = Field(min_length=1, max_length=50)
    pass_mark: Number | None = Field(default=None, description="Percent; a score equal to it passes.")
    cap_at_100: bool = False
    applies_to: AppliesIn | None = Field(default=None, description="Null: to every ticket.")


class ScorecardIn(In):
    key: Key = Field(examples=["email-quality"])
    name: Name = Field(examples=["E-mail quality"])
    card: CardIn


class VersionIn(In):
    card: CardIn


class VersionOut(Out):
    id: UUID
    scorecard_id: UUID
    number: int
    state: str
    card: dict[str, Any]
    published_at: datetime | None


class ScorecardOut(Out):
    id: UUID
    key: str
    name: str
    created_at: datetime


# ---- Trying out, comparing, carrying away -----------------------------------------------------------


class TryIn(In):
    """Either a form, or a version that there is."""

    card: CardIn | None = None
    scorecard_version_id: Id | None = None
    answers: list[AnswerIn] = Field(max_length=500)


class TriedOut(Out):
    outcome: Outcome = Field(
        description="Apart from the number. scored: there is no pass mark; not_scored: nothing was rated."
    )
    score: float | None = Field(description="Percent.")
    score_exact: str | None
    score_without_auto_fail: float | None = Field(description="Had nothing failed the whole review.")
    failed_criteria: list[str] = Field(description="What failed it.")
    earned: float = Field(description="Weight earned, before anything failed the review.")
    at_stake: float
    sections: list[dict[str, Any]] = Field(
        description="[{section, score, earned, at_stake, criteria: [{criterion, score}]}]"
    )
    hidden: list[str] = Field(description="Criteria that no answer showed.")


class ChangeOut(Out):
    what: Literal["card", "section", "criterion"]
    id: str | None = Field(description="Of the section or criterion; null: of the form.")
    change: Literal["added", "removed", "changed", "moved"]
    field: str | None = Field(description="What changed of it: weight, scale, shown_when, …")
    before: Any
    after: Any


class DiffOut(Out):
    from_number: int
    to_number: int
    changes: list[ChangeOut]
    is_comparable: bool = Field(
        description="Whether every criterion that both have is answered on the same scale."
    )


class UsageOut(Out):
    scorecard_version_id: UUID
    audits: int = Field(description="Samples to be scored with it.")
    reviews: int = Field(
        description="Those that count; `GET /audit/reviews?scorecard_version_id=` lists them."
    )
    first_released_at: datetime | None
    last_released_at: datetime | None


class ScorecardFile(In):
    """A scorecard, to be carried to another installation."""

    format: Literal["assay-scorecard/1"] = "assay-scorecard/1"
    key: Key
    name: Name
    card: CardIn
