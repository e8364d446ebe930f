"""Tickets as candidates, designs with debt, and what the reviews of a draw say of its population. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.audit.sampling.designs import AllocatedIn, CandidateIn, Design, Dimension, DrawnIn, TargetedIn
from services.audit.sampling.drawing import ALWAYS
from shared.errors import Fault
from shared.estimates import Stratum, Sums, completed, hajek, stratified

NEW = timedelta(days=30)
SETTLED = timedelta(days=180)
DUE = timedelta(days=7)
"""So long after the draw its samples are to be reviewed."""
SLOWEST = 0.9
"""Long are the tickets that took longer than so many of the population."""
UNHAPPY = Decimal("0.5")
"""Of a satisfaction from 0 to 1: below it is low."""


KEYWORD = "keyword:"


def keywords(design: Design) -> list[str]:
    """Those that it asks for."""
    if not isinstance(design, TargetedIn):
        return []
    return sorted(name.removeprefix(KEYWORD) for name in design.risks if name.startswith(KEYWORD))


def candidate(row: Mapping[str, Any], words: Sequence[str] = ()) -> CandidateIn:
    """A ticket of the population as it is now. `words`: the keywords that are looked for."""
    traits: dict[Dimension, str | None] = {
        "vendor": row["vendor"], "group": row["group_name"], "language": row["language"],
        "channel": row["channel"], "priority": row["priority"], "brand": row["brand"],
        "agent": str(row["agent_id"]), "tenure": tenure(row["agent_since"], row["solved_at"]),
    }  # fmt: skip
    told = {
        "id": str(row["ticket_id"]), "agent": str(row["agent_id"]), "signals": signals(row, words),
        "solved_at": row["solved_at"].isoformat(),
        "traits": {name: value[:200] for name, value in traits.items() if value},
    }  # fmt: skip
    return CandidateIn.model_validate(told)


def tenure(since: datetime | None, at: datetime) -> str | None:
    """How long we had known the agent when they solved it: new, months, settled."""
    if since is None:
        return None
    return "new" if at - since < NEW else "months" if at - since < SETTLED else "settled"


def signals(row: Mapping[str, Any], words: Sequence[str] = ()) -> list[str]:
    """What speaks for looking at this ticket."""
    spoken = {
        "low_csat": row["csat_score"] is not None and row["csat_score"] < UNHAPPY,
        "reopened": row["reopens"] > 0,
        "long": row["slowness"] is not None and row["slowness"] >= SLOWEST,
        "escalated": bool(row["is_escalated"]) or row["priority"] == "urgent",
        "new_agent": tenure(row["agent_since"], row["solved_at"]) == "new",
    }
    tags = sorted({f"tag:{tag}" for tag in row["tags"] or () if tag and len(tag) <= 190})
    said = [f"{KEYWORD}{word}" for word in words if word.lower() in row["words"]]
    return [ALWAYS, *(name for name, is_so in spoken.items() if is_so), *tags, *said]


def with_debt(design: Design, debt: int, population: int) -> Design:
    """The same design over so many more samples, where it has a size; never more than there are tickets."""
    if isinstance(design, AllocatedIn | TargetedIn) and debt:
        return design.model_copy(update={"size": min(design.size + debt, max(population, design.size))})
    return design


def planned(drawn: DrawnIn, stratum_of: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Stratum → {population, samples}. `stratum_of`: of every candidate."""
    found: dict[str, dict[str, int]] = {}
    for stratum in stratum_of.values():
        found.setdefault(stratum, {"population": 0, "samples": 0})["population"] += 1
    for sample in drawn.samples:
        found[sample.stratum]["samples"] += 1
    return dict(sorted(found.items()))


def estimate(
    by_stratum: Sequence[Mapping[str, Any]], scores: Sequence[tuple[str, Decimal, Decimal]]
) -> dict[str, Any] | None:
    """`by_stratum`: [{stratum, population, samples, scored, mean, deviation}]; `scores`: (stratum, pi, score)
    of every scored review. Who was reviewed counts as drawn among the samples of their stratum.

    None until each stratum that has tickets has a score. One probability a stratum: stratified, with finite
    correction; else Hájek over pi · scored / samples."""
    if not scores or any(row["population"] and not row["scored"] for row in by_stratum):
        return None
    plain = float(sum(score for _, _, score in scores) / len(scores))
    probabilities: dict[str, set[Decimal]] = {}
    for stratum, pi, _ in scores:
        probabilities.setdefault(stratum, set()).add(pi)
    if all(len(some) == 1 for some in probabilities.values()):
        told = stratified(
            [Stratum(r["population"], r["scored"], r["mean"], r["deviation"] or 0.0) for r in by_stratum]
        )
        assert told is not None, "every stratum with tickets has a score"
        method, mean, interval = "stratified", told.mean, told.interval
    else:
        rows = {row["stratum"]: row for row in by_stratum}
        weighed = [
            (1 / completed(pi, rows[stratum]["scored"], rows[stratum]["samples"]), score)
            for stratum, pi, score in scores
        ]
        found = hajek(_sums(weighed))
        assert found is not None, "there are scores"
        method, mean, interval = "hajek", found.mean, found.interval
    low, high = interval or (None, None)
    return {
        "method": method, "n": len(scores), "mean": mean, "low": low, "high": high, "plain_mean": plain,
    }  # fmt: skip


def _sums(weighed: Sequence[tuple[Decimal, Decimal]]) -> Sums:
    vs = [(w * (w - 1), y) for w, y in weighed]
    return Sums(
        n=len(weighed),
        w=sum((w for w, _ in weighed), Decimal(0)), ww=sum((w * w for w, _ in weighed), Decimal(0)),
        wy=sum((w * y for w, y in weighed), Decimal(0)),
        v=sum((v for v, _ in vs), Decimal(0)), vy=sum((v * y for v, y in vs), Decimal(0)),
        vyy=sum((v * y * y for v, y in vs), Decimal(0)),
    )  # fmt: skip


def to_probability(pi: str) -> Decimal:
    """The exact fraction to 18 digits after the point."""
    exact = Fraction(pi)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("1e-18"))


def unlike(drawn: DrawnIn, audits: Mapping[str, tuple[Any, ...]]) -> list[Fault]:
    """Where the audits are not the samples. `audits`: ticket → (stratum, number, probability)."""
    samples = {sample.id: sample for sample in drawn.samples}
    lacking, strange = samples.keys() - audits.keys(), audits.keys() - samples.keys()
    faults = [Fault("/audits", "missing", f"{one} is drawn, and no audit.") for one in lacking]
    faults += [Fault("/audits", "not-drawn", f"{one} is no sample.") for one in strange]
    for ticket in samples.keys() & audits.keys():
        sample = samples[ticket]
        if audits[ticket] != (sample.stratum, sample.number, to_probability(sample.pi)):
            words = f"{ticket} has another number, stratum or probability than its sample."
            faults.append(Fault("/audits", "differs", words))
    return sorted(faults, key=lambda fault: fault.detail)
