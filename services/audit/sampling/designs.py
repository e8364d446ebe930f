"""How a draw may be designed, and the file that holds one: all that is needed to make it again."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.business_hours import zone
from shared.schemas import In, When

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1_000_000)]
Dimension = Literal["vendor", "group", "language", "channel", "priority", "brand", "tenure", "agent"]


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except ValueError:
        raise PydanticCustomError("unknown-zone", "Not a time zone such as Europe/Berlin.") from None
    return name


class ShareIn(In):
    """So much of each stratum, and no fewer than `minimum` (or all there are). A share of 1 is everything."""

    kind: Literal["share"] = "share"
    share: Share
    minimum: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class AllocatedIn(In):
    """`size` tickets, spread over the strata by how many tickets they have; or (neyman) also by how much
    their scores differ: `deviations` says it for each stratum."""

    kind: Literal["allocated"] = "allocated"
    size: Count
    method: Literal["proportional", "neyman"] = "proportional"
    deviations: dict[Text, Weight] = Field(default_factory=dict)


class FixedIn(In):
    """So many tickets of each named stratum."""

    kind: Literal["fixed"] = "fixed"
    sizes: dict[Text, Count]


class QuotaIn(In):
    """So many tickets of each agent in each ISO week of the team's zone; all, where they have fewer."""

    kind: Literal["quota"] = "quota"
    count: Count
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"


class TargetedIn(In):
    """About `size` tickets: a part (`floor`) drawn evenly, the rest in proportion to the risk that their
    signals add up to. The even part is what an estimate for all tickets rests on."""

    kind: Literal["targeted"] = "targeted"
    size: Count
    floor: Annotated[float, Field(ge=0, le=1)] = 0.3
    risks: dict[Text, Weight] = Field(
        description="Signal → weight: low_csat, reopened, long, escalated, new_agent, tag:…, "
        "keyword:… (in subject, description or a message, in any case); `always` is "
        "everybody's.",
    )


Design = Annotated[ShareIn | AllocatedIn | FixedIn | QuotaIn | TargetedIn, Field(discriminator="kind")]


class CandidateIn(In):
    """A ticket that may be drawn, as it was when the population was frozen."""

    id: Text
    agent: Text | None = None
    solved_at: When
    traits: dict[Dimension, Text] = Field(default_factory=dict)
    signals: list[Text] = Field(default_factory=list)


class DrawIn(In):
    """What is decided before the draw. `strata`: the dimensions whose values make a stratum."""

    seed: Text
    design: Design
    strata: list[Dimension] = Field(default_factory=list)
    population: list[CandidateIn]


class SampleIn(In):
    """`pi` is an exact fraction ("3/8"); `number` the 64-bit number in hex by which it was taken."""

    id: Text
    stratum: str
    pi: str
    number: str


class DrawnIn(DrawIn):
    """A draw that was made, whole. `population_hash`: of the candidates in the order of their ids."""

    rule: Literal["sha256-64/1"]
    population_hash: str
    samples: list[SampleIn]
