"""Draws over a frozen population: who could be drawn with which probability, who is, and whether a draw
that was made is the one its inputs give. Pure and exact, so that every machine finds the same.

Sources: largest remainder; Neyman's allocation in whole numbers by Wright's priorities (2012); numbers that
stay with a ticket, so that a larger draw holds the smaller one.
"""

import hashlib
import heapq
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from services.audit.sampling.designs import (
    AllocatedIn,
    CandidateIn,
    Dimension,
    DrawIn,
    DrawnIn,
    FixedIn,
    QuotaIn,
    SampleIn,
    ShareIn,
    TargetedIn,
)
from services.audit.sampling.rules import SPACE, draw
from shared.business_hours import zone
from shared.errors import Fault
from shared.estimates import Z

RULE = "sha256-64/1"
ALWAYS = "always"
"""The signal that every ticket gives."""
DEVIATION = 30.0
"""Points; of scores that are 100 nine times in ten, and else 0."""
ONE = Fraction(1)


class DesignUnusable(ValueError):
    """This population cannot be drawn from in this way: `fault` says where and why."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.fault = Fault(pointer, code, detail)


@dataclass(frozen=True)
class Chance:
    """A candidate's `pi`. `seed` makes its number. `size`: its group takes so many smallest numbers;
    None: it is taken by itself, when its number is below pi."""

    id: str
    stratum: str
    pi: Fraction
    seed: str
    group: str
    size: int | None


@dataclass(frozen=True)
class Outlook:
    """What a draw will be worth, before it is made. `expected` and `margin` (points) are of the whole;
    `strata`: key → (candidates, expected samples, smallest pi, largest pi)."""

    population: int
    expected: float
    margin: float
    strata: Mapping[str, tuple[int, float, float, float]]


def chances(asked: DrawIn) -> list[Chance]:
    """The probability of every candidate, in the order of their ids. Raises DesignUnusable: nobody there,
    one id twice, more wanted than there are, or a candidate that could never be drawn."""
    people = sorted(asked.population, key=lambda one: one.id)
    if not people:
        raise DesignUnusable("/population", "nothing-to-draw", "No ticket of the period fits the plan.")
    for before, after in pairwise(people):
        if before.id == after.id:
            raise DesignUnusable("/population", "duplicate", "A ticket is in the population twice.")
    strata = [stratum_of(one, asked.strata) for one in people]
    design = asked.design
    if isinstance(design, TargetedIn):
        found = _targeted(design, people, strata, asked.seed)
    elif isinstance(design, QuotaIn):
        found = _quota(design, people, strata, asked.seed)
    else:
        sizes = _sizes(design, Counter(strata))
        counts = Counter(strata)
        found = [
            Chance(one.id, stratum, Fraction(sizes[stratum], counts[stratum]), asked.seed, stratum,
                   sizes[stratum])
            for one, stratum in zip(people, strata, strict=True)
        ]  # fmt: skip
    never = sum(not chance.pi for chance in found)
    if never:
        raise DesignUnusable(
            "/design", "never-drawn",
            f"{never} tickets could never be drawn, so nothing could be said about them: raise the size or "
            "the floor, take fewer strata, or leave those tickets out by the filter.",
        )  # fmt: skip
    return found


def take(found: Sequence[Chance]) -> list[SampleIn]:
    """Who is drawn, in the order of their ids."""
    groups: dict[str, list[tuple[int, str, Chance]]] = defaultdict(list)
    for chance in found:
        groups[chance.group].append((draw(chance.seed, chance.id), chance.id, chance))
    taken: list[SampleIn] = []
    for numbers in groups.values():
        size = numbers[0][2].size
        if size is None:
            inside = [one for one in numbers if one[0] < math.floor(one[2].pi * SPACE)]
        else:
            inside = heapq.nsmallest(size, numbers, key=lambda one: one[:2])
        taken += [
            SampleIn(id=ticket, stratum=chance.stratum, pi=str(chance.pi), number=f"{number:016x}")
            for number, ticket, chance in inside
        ]
    return sorted(taken, key=lambda sample: sample.id)


def drawn(asked: DrawIn) -> DrawnIn:
    """The draw with all it was made of. Raises DesignUnusable."""
    return DrawnIn(
        seed=asked.seed, design=asked.design, strata=asked.strata,
        population=sorted(asked.population, key=lambda one: one.id),
        rule="sha256-64/1", population_hash=population_hash(asked.population), samples=take(chances(asked)),
    )  # fmt: skip


def differences(told: DrawnIn) -> list[Fault]:
    """What of a draw does not follow from its inputs; nothing: it is the draw that they give."""
    faults = []
    if population_hash(told.population) != told.population_hash:
        faults.append(
            Fault("/population", "population-changed", "These are not the tickets that were frozen.")
        )
    try:
        expected = {sample.id: sample for sample in take(chances(told))}
    except DesignUnusable as unusable:
        return [*faults, unusable.fault]
    seen: set[str] = set()
    for index, sample in enumerate(told.samples):
        if sample.id in seen:
            faults.append(Fault(f"/samples/{index}", "duplicate", f"{sample.id} is there twice."))
        elif sample.id not in expected:
            faults.append(Fault(f"/samples/{index}", "not-drawn", f"{sample.id} is not drawn by the rule."))
        elif sample != expected[sample.id]:
            words = f"{sample.id} is drawn, with another number, stratum or probability."
            faults.append(Fault(f"/samples/{index}", "differs", words))
        seen.add(sample.id)
    missing = sorted(expected.keys() - seen)
    return faults + [Fault("/samples", "missing", f"{ticket} is drawn, and not here.") for ticket in missing]


def population_hash(people: Sequence[CandidateIn]) -> str:
    """SHA-256 over one line of JSON a candidate, keys sorted, in the order of ids."""
    whole = hashlib.sha256()
    for one in sorted(people, key=lambda one: one.id):
        told = one.model_dump(mode="json") | {"signals": sorted(one.signals)}
        whole.update(json.dumps(told, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return whole.hexdigest()


def outlook(found: Sequence[Chance], deviation: float = DEVIATION) -> Outlook:
    """What to expect of a draw, if scores differ by so much (points, one standard deviation)."""
    by_stratum: dict[str, list[Fraction]] = defaultdict(list)
    for chance in found:
        by_stratum[chance.stratum].append(chance.pi)
    doubt = sum(float((1 - chance.pi) / chance.pi) for chance in found)
    return Outlook(
        population=len(found),
        expected=float(sum(chance.pi for chance in found)),
        margin=Z * deviation * math.sqrt(doubt) / len(found),
        strata={
            key: (len(all_pi), float(sum(all_pi)), float(min(all_pi)), float(max(all_pi)))
            for key, all_pi in sorted(by_stratum.items())
        },
    )


def stratum_of(one: CandidateIn, strata: Sequence[Dimension]) -> str:
    """A JSON list of its values, so that no value can look like two; null where it has none."""
    return json.dumps([one.traits.get(name) for name in strata], separators=(",", ":"), ensure_ascii=False)


# ---- How many of each stratum -------------------------------------------------------------------


def _sizes(design: ShareIn | AllocatedIn | FixedIn, counts: Mapping[str, int]) -> dict[str, int]:
    keys = sorted(counts)
    if isinstance(design, ShareIn):
        share = exact(design.share)
        return {key: min(counts[key], max(design.minimum, math.ceil(share * counts[key]))) for key in keys}
    if isinstance(design, FixedIn):
        return _named_sizes(design, counts)
    population = sum(counts.values())
    if design.size > population:
        raise DesignUnusable("/design/size", "too-many", f"There are only {population} tickets to draw from.")
    if design.method == "proportional":
        return dict(zip(keys, proportional([counts[key] for key in keys], design.size), strict=True))
    for key in design.deviations:
        if key not in counts:
            raise DesignUnusable("/design/deviations", "empty-stratum", f"No ticket is in stratum {key}.")
    unknown = [key for key in keys if key not in design.deviations]
    if unknown:
        raise DesignUnusable(
            "/design/deviations", "missing", f"How much do scores differ in stratum {unknown[0]}?"
        )
    if design.size < len(keys):
        raise DesignUnusable("/design/size", "too-few", f"There are {len(keys)} strata: one ticket each.")
    spread = [exact(design.deviations[key]) for key in keys]
    return dict(zip(keys, neyman([counts[key] for key in keys], spread, design.size), strict=True))


def _named_sizes(design: FixedIn, counts: Mapping[str, int]) -> dict[str, int]:
    for key, size in design.sizes.items():
        if key not in counts:
            raise DesignUnusable("/design/sizes", "empty-stratum", f"No ticket is in stratum {key}.")
        if size > counts[key]:
            words = f"Stratum {key} has only {counts[key]} tickets."
            raise DesignUnusable("/design/sizes", "too-many", words)
    return {key: design.sizes.get(key, 0) for key in counts}


def proportional(counts: Sequence[int], size: int) -> list[int]:
    """By largest remainder; of equal remainders the earlier stratum's."""
    population = sum(counts)
    shares = [divmod(size * count, population) for count in counts]
    sizes = [whole for whole, _ in shares]
    latecomers = sorted(range(len(counts)), key=lambda h: (-shares[h][1], h))
    for h in latecomers[: size - sum(sizes)]:
        sizes[h] += 1
    return sizes


def neyman(counts: Sequence[int], deviations: Sequence[Fraction], size: int) -> list[int]:
    """The whole numbers with the smallest variance: each stratum gets one, each further unit goes where
    N·S/√(n(n+1)) is largest (of equals, the earlier), up to what the stratum has.
    `len(counts)` <= `size` <= `sum(counts)`."""
    sizes = [1] * len(counts)

    def priority(h: int) -> tuple[Fraction, int]:
        n = sizes[h]
        return -((counts[h] * deviations[h]) ** 2) / (n * (n + 1)), h

    waiting = [priority(h) for h, count in enumerate(counts) if count > 1]
    heapq.heapify(waiting)
    for _ in range(size - len(counts)):
        _, h = heapq.heappop(waiting)
        sizes[h] += 1
        if sizes[h] < counts[h]:
            heapq.heappush(waiting, priority(h))
    return sizes


# ---- By agent and week, and by risk -------------------------------------------------------------


def _quota(design: QuotaIn, people: Sequence[CandidateIn], strata: Sequence[str], seed: str) -> list[Chance]:
    week = _week_in(design.zone)
    groups = []
    for one in people:
        if one.agent is None:
            words = "A quota is of agents: leave tickets without one out by the filter."
            raise DesignUnusable("/population", "no-agent", words)
        groups.append(f"{one.agent}|{week(one.solved_at)}")
    counts = Counter(groups)
    return [
        Chance(one.id, stratum, min(ONE, Fraction(design.count, counts[group])), f"{seed}|{group}", group,
               design.count)
        for one, stratum, group in zip(people, strata, groups, strict=True)
    ]  # fmt: skip


def _week_in(name: str) -> Callable[[datetime], str]:
    there = zone(name)

    def week(at: datetime) -> str:
        year, number, _ = at.astimezone(there).isocalendar()
        return f"{year}-W{number:02d}"

    return week


def _targeted(
    design: TargetedIn, people: Sequence[CandidateIn], strata: Sequence[str], seed: str
) -> list[Chance]:
    """One number decides both draws: pi is that of being taken by at least one of two independent ones."""
    if design.size > len(people):
        raise DesignUnusable(
            "/design/size", "too-many", f"There are only {len(people)} tickets to draw from."
        )
    weights = {signal: exact(weight) for signal, weight in design.risks.items()}
    risks = [
        sum((weights.get(signal, Fraction(0)) for signal in {ALWAYS, *one.signals}), Fraction(0))
        for one in people
    ]
    floor = exact(design.floor)
    evenly = floor * design.size / len(people)
    by_risk = inclusion(risks, (1 - floor) * design.size)
    return [
        Chance(one.id, stratum, 1 - (1 - evenly) * (1 - pi), seed, "", None)
        for one, stratum, pi in zip(people, strata, by_risk, strict=True)
    ]


def inclusion(risks: Sequence[Fraction], expected: Fraction) -> list[Fraction]:
    """Probabilities in proportion to risk that add up to `expected`, none above 1: whoever would be above is
    certain, and the rest is shared out among the others. Where fewer have a risk, those are certain."""
    certain: set[int] = set()
    while True:
        others = sum((risk for i, risk in enumerate(risks) if i not in certain), Fraction(0))
        left = expected - len(certain)
        if not others or left <= 0:
            return [ONE if i in certain else Fraction(0) for i in range(len(risks))]
        over = {i for i, risk in enumerate(risks) if i not in certain and left * risk >= others}
        if not over:
            return [ONE if i in certain else left * risk / others for i, risk in enumerate(risks)]
        certain |= over


def exact(value: float) -> Fraction:
    """0.3 is three tenths."""
    return Fraction(Decimal(repr(value)))
