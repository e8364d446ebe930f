"""Verbs of the runs room: draw a sample of a closed period once, and show that it was drawn by the rule."""

from collections import defaultdict
from statistics import mean, stdev
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.errors import NotDrawn, SamplingImpossible, SamplingRunExists, ScorecardNotPublished
from services.audit.runs import queries, rules
from services.audit.runs.schemas import QuestionIn, RunIn, RunOut
from services.audit.sampling import drawing
from services.audit.sampling.designs import DrawIn, DrawnIn
from services.audit.sampling.queries import list_messages
from services.audit.sampling.service import evidence_of
from services.audit.scorecards.queries import get_version
from shared import clock, outbox
from shared.auth import Actor
from shared.errors import Fault, Forbidden, NotFound, ValidationFailed
from shared.events import SamplingRunAsked
from shared.ids import derived_id, new_id
from shared.models.feedback import Connection, Message
from shared.models.people import Vendor
from shared.models.sampling import SamplingRun


async def outlook(session: AsyncSession, actor: Actor, question: QuestionIn) -> dict[str, Any]:
    """What such a draw would be worth, of the tickets as they are now. Nothing is kept. Raises
    SamplingImpossible, ValidationFailed (422), Forbidden (403)."""
    _within_company(actor)
    await _check(session, question)
    asked = await _asked(session, question)
    seen = drawing.outlook(_chances(asked))
    names = ("population", "expected", "lowest_probability", "highest_probability")
    return {
        "population": seen.population, "expected": seen.expected, "margin": seen.margin,
        "strata": [
            {"stratum": key} | dict(zip(names, told, strict=True)) for key, told in seen.strata.items()
        ],
    }  # fmt: skip


async def ask(session: AsyncSession, actor: Actor, new: RunIn) -> SamplingRun:
    """The worker draws it. Asked again, word for word, it is the run that there is. Raises SamplingRunExists,
    ScorecardNotPublished (409), SamplingImpossible, ValidationFailed (422), Forbidden (403)."""
    _within_company(actor)
    await _check(session, new)
    try:
        version = await get_version(session, new.scorecard_version_id)
    except NotFound:
        raise _unknown("scorecard_version_id") from None
    if version.state != "published":
        raise ScorecardNotPublished
    run = SamplingRun(
        id=new_id(), key=new.key, connection_id=new.connection_id, scorecard_version_id=version.id,
        vendor_id=new.filter.vendor_id, from_at=new.from_at, to_at=new.to_at,
        filter=new.filter.model_dump(mode="json"), strata=list(new.strata),
        design=new.design.model_dump(mode="json"), seed=new.seed, carries_debt=new.carries_debt,
        requested_by=actor.id, requested_at=clock.now(),
    )  # fmt: skip
    found = await queries.find_run(session, new.key, new.from_at, new.to_at)
    if found is None:
        _chances(await _asked(session, new))
        try:
            async with session.begin_nested():
                session.add(run)
                await session.flush()
        except IntegrityError:  # the unique key decides a race
            found = await queries.find_run(session, new.key, new.from_at, new.to_at)
    if found is None:
        await outbox.publish(session, SamplingRunAsked(run.id))
        return run
    if not _are_one(found, run):
        raise SamplingRunExists(f"It is run {found.id}, drawn by another question.", run_id=str(found.id))
    return found


async def draw(session: AsyncSession, run_id: UUID) -> None:
    """Freezes the population, draws, and puts the samples up for review: all of it or nothing. Whoever comes
    second waits for the run's lock, and finds it drawn."""
    run = await queries.get_run(session, run_id, lock=True)
    if run.state != "waiting":
        return
    question = _question_of(run)
    run.debt = await queries.count_unreviewed_before(session, run) if run.carries_debt else 0
    try:
        drawn = drawing.drawn(await _asked(session, question, debt=run.debt))
    except drawing.DesignUnusable as unusable:  # the tickets have changed since it was asked for
        run.state, run.fault = "failed", vars(unusable.fault)
        return
    strata = {one.id: drawing.stratum_of(one, drawn.strata) for one in drawn.population}
    run.state, run.drawn_at = "drawn", clock.now()
    run.population_size, run.samples = len(drawn.population), len(drawn.samples)
    run.population_hash, run.drawn = drawn.population_hash, drawn.model_dump(mode="json")
    run.planned = rules.planned(drawn, strata)
    await session.flush()
    for start in range(0, len(drawn.samples), queries.AT_ONCE):
        await _put_up(session, run, drawn, start)


async def _put_up(session: AsyncSession, run: SamplingRun, drawn: DrawnIn, start: int) -> None:
    samples = {UUID(one.id): one for one in drawn.samples[start : start + queries.AT_ONCE]}
    messages: dict[UUID, list[Message]] = defaultdict(list)
    for message in await list_messages(session, list(samples)):
        messages[message.ticket_id].append(message)
    due_at = run.drawn_at + rules.DUE if run.drawn_at else None
    rows = [
        {
            "ticket_id": ticket.id, "id": derived_id(run.id, "audit", ticket.id), "run_id": run.id,
            "scorecard_version_id": run.scorecard_version_id, "stratum": samples[ticket.id].stratum,
            "probability": rules.to_probability(samples[ticket.id].pi), "draw": samples[ticket.id].number,
            "drawn_at": run.drawn_at, "due_at": due_at, "agent_id": ticket.assignee_id,
            "vendor_id": ticket.vendor_id,
            "evidence": evidence_of(ticket, messages[ticket.id]), "state": "open",
        }
        for ticket in await queries.list_tickets(session, list(samples))
    ]  # fmt: skip
    await queries.insert_audits(session, rows)


async def detail(session: AsyncSession, run_id: UUID) -> dict[str, Any]:
    """With what was planned and what is done, stratum by stratum. Raises NotFound (404)."""
    run = await queries.get_run(session, run_id)
    scores = await queries.list_scores(session, run_id)
    by_stratum = [_stratum(key, told, scores) for key, told in (run.planned or {}).items()]
    reviewed = sum(row["reviewed"] for row in by_stratum)
    scored = [(stratum, pi, score) for stratum, pi, score in scores if score is not None]
    return {
        **{name: getattr(run, name) for name in RunOut.model_fields},
        "reviewed": reviewed,
        "unreviewed": (run.samples or 0) - reviewed,
        "by_stratum": by_stratum,
        "estimate": rules.estimate(by_stratum, scored),
    }


def _stratum(key: str, told: dict[str, int], scores: Any) -> dict[str, Any]:
    mine = [score for stratum, _, score in scores if stratum == key]
    given = [float(score) for score in mine if score is not None]
    return told | {
        "stratum": key, "reviewed": len(mine), "scored": len(given), "mean": mean(given) if given else None,
        "deviation": stdev(given) if len(given) > 1 else None,
    }  # fmt: skip


async def inputs(session: AsyncSession, run_id: UUID) -> dict[str, Any]:
    """The file that `assay sampling verify` takes. Raises NotFound (404), NotDrawn (409)."""
    run = await queries.get_run(session, run_id)
    if run.drawn is None:
        raise NotDrawn(f"The run is {run.state}.")
    return run.drawn


async def verify(session: AsyncSession, run_id: UUID) -> dict[str, Any]:
    """Makes the draw again from its stored inputs. Raises NotFound (404), NotDrawn (409)."""
    drawn = DrawnIn.model_validate(await inputs(session, run_id))
    run = await queries.get_run(session, run_id)
    faults = drawing.differences(drawn)
    if drawn.population_hash != run.population_hash:
        words = "The frozen population is not the one that was drawn from."
        faults.append(Fault("/population_hash", "population-changed", words))
    faults += rules.unlike(drawn, await queries.list_audits(session, run_id))
    return {
        "holds": not faults, "population_hash": run.population_hash, "samples": len(drawn.samples),
        "faults": [vars(fault) for fault in faults],
    }  # fmt: skip


# ---- What is asked ----------------------------------------------------------------------------------


async def _asked(session: AsyncSession, question: QuestionIn, *, debt: int = 0) -> DrawIn:
    words = rules.keywords(question.design)
    rows = await queries.list_population(
        session, question.connection_id, question.from_at, question.to_at, question.filter,
        with_words=bool(words),
    )  # fmt: skip
    return DrawIn(
        seed=question.seed, strata=question.strata,
        population=[rules.candidate(row, words) for row in rows],
        design=rules.with_debt(question.design, debt, len(rows)),
    )  # fmt: skip


def _chances(asked: DrawIn) -> list[drawing.Chance]:
    try:
        return drawing.chances(asked)
    except drawing.DesignUnusable as unusable:
        raise SamplingImpossible(faults=[unusable.fault]) from None


async def _check(session: AsyncSession, question: QuestionIn) -> None:
    if question.from_at >= question.to_at:
        fault = Fault("/to_at", "invalid-range", "The period ends before it begins.")
        raise ValidationFailed(faults=[fault])
    if question.to_at > clock.now():
        fault = Fault("/to_at", "not-over", "Tickets may still be solved in it: draw when it is over.")
        raise ValidationFailed(faults=[fault])
    if await session.get(Connection, question.connection_id) is None:
        raise _unknown("connection_id")
    vendor_id = question.filter.vendor_id
    if vendor_id is not None and await session.get(Vendor, vendor_id) is None:
        raise _unknown("filter/vendor_id")


def _question_of(run: SamplingRun) -> QuestionIn:
    told = {
        "connection_id": str(run.connection_id), "from_at": run.from_at.isoformat(),
        "to_at": run.to_at.isoformat(), "filter": run.filter, "strata": run.strata, "design": run.design,
        "seed": run.seed,
    }  # fmt: skip
    return QuestionIn.model_validate(told)


def _are_one(run: SamplingRun, other: SamplingRun) -> bool:
    """Whether both ask the same."""
    return _question_of(run) == _question_of(other) and (
        (run.scorecard_version_id, run.carries_debt) == (other.scorecard_version_id, other.carries_debt)
    )


def _within_company(actor: Actor) -> None:
    if actor.vendor_id is not None:
        raise Forbidden("Draws are the company's own.")


def _unknown(field: str) -> ValidationFailed:
    return ValidationFailed(faults=[Fault(f"/{field}", "unknown-id", "There is no such thing.")])
