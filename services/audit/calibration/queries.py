"""Every statement of the calibration room."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.errors import NotFound
from shared.models.audit import Audit, Evidence, Review, ReviewAuthor, ScorecardVersion
from shared.models.calibration import Calibration, CalibrationRater, CalibrationRating, CalibrationSample
from shared.models.people import Person
from shared.trail import note_read


def select_calibrations(*, state: str | None, scorecard_version_id: UUID | None) -> Select[Any]:
    statement = select(Calibration)
    if state is not None:
        statement = statement.where(col(Calibration.state) == state)
    if scorecard_version_id is not None:
        statement = statement.where(col(Calibration.scorecard_version_id) == scorecard_version_id)
    return statement


async def get_calibration(session: AsyncSession, calibration_id: UUID) -> Calibration:
    return await _one(session, select(Calibration).where(col(Calibration.id) == calibration_id))


async def lock_calibration(
    session: AsyncSession, calibration_id: UUID, *, shared: bool = False
) -> Calibration:
    """`shared`: many may rate at once, and nothing is revealed while they do."""
    statement = select(Calibration).where(col(Calibration.id) == calibration_id)
    return await _one(session, statement.with_for_update(read=shared))


async def _one(session: AsyncSession, statement: Select[Any]) -> Calibration:
    statement = statement.execution_options(populate_existing=True)
    found: Calibration | None = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def find_people(session: AsyncSession, person_ids: Collection[UUID]) -> dict[UUID, Person]:
    found = await session.scalars(select(Person).where(col(Person.id).in_(person_ids)))
    return {person.id: person for person in found}


async def find_audits(session: AsyncSession, audit_ids: Collection[UUID]) -> dict[UUID, Audit]:
    """Those that can be rated: of void ones there is nothing left to read."""
    statement = select(Audit).where(col(Audit.id).in_(audit_ids), col(Audit.state) != "void")
    return {audit.id: audit for audit in await session.scalars(statement)}


async def find_authors(session: AsyncSession, audits: Collection[Audit]) -> set[tuple[UUID, UUID]]:
    """(audit, who reviewed it)"""
    written = (col(ReviewAuthor.ticket_id) == col(Review.ticket_id)) & (
        col(ReviewAuthor.review_id) == col(Review.id)
    )
    statement = (
        select(col(Review.audit_id), col(ReviewAuthor.reviewer_id))
        .join(ReviewAuthor, written)
        .where(
            col(Review.ticket_id).in_({audit.ticket_id for audit in audits}),
            col(Review.audit_id).in_({audit.id for audit in audits}),
        )
    )
    return {(audit, reviewer) for audit, reviewer in (await session.execute(statement)).all()}


async def insert_raters(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(CalibrationRater).values([{"counts_late": False} | row for row in rows]))


async def insert_samples(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    await session.execute(insert(CalibrationSample).values(list(rows)))


async def list_raters(session: AsyncSession, calibration_id: UUID) -> Sequence[CalibrationRater]:
    """Those that the caller may know of."""
    statement = select(CalibrationRater).where(col(CalibrationRater.calibration_id) == calibration_id)
    return (await session.scalars(statement.order_by(col(CalibrationRater.person_id)))).all()


async def find_rater(session: AsyncSession, calibration_id: UUID, person_id: UUID) -> CalibrationRater | None:
    return await session.get(CalibrationRater, (calibration_id, person_id), populate_existing=True)


async def list_samples(session: AsyncSession, calibration_id: UUID) -> Sequence[CalibrationSample]:
    statement = select(CalibrationSample).where(col(CalibrationSample.calibration_id) == calibration_id)
    return (await session.scalars(statement.order_by(col(CalibrationSample.number)))).all()


async def get_sample(session: AsyncSession, calibration_id: UUID, sample_id: UUID) -> CalibrationSample:
    statement = select(CalibrationSample).where(
        col(CalibrationSample.calibration_id) == calibration_id, col(CalibrationSample.id) == sample_id
    )
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def find_evidence(
    session: AsyncSession, samples: Sequence[CalibrationSample]
) -> dict[UUID, tuple[dict[str, Any], str | None]]:
    """Sample → (what its rater reads, the agent's name). What is shown is entered in the trail."""
    named = (
        select(col(CalibrationSample.id), col(Evidence.content), col(Person.name))
        .join(
            Evidence,
            (col(Evidence.ticket_id) == col(CalibrationSample.ticket_id))
            & (col(Evidence.audit_id) == col(CalibrationSample.audit_id)),
        )
        .join(
            Audit,
            (col(Audit.ticket_id) == col(CalibrationSample.ticket_id))
            & (col(Audit.id) == col(CalibrationSample.audit_id)),
        )
        .outerjoin(Person, col(Person.id) == col(Audit.agent_id))
        .where(
            col(CalibrationSample.ticket_id).in_({sample.ticket_id for sample in samples}),
            col(CalibrationSample.id).in_({sample.id for sample in samples}),
        )
    )
    found = {sample: (content, name) for sample, content, name in (await session.execute(named)).all()}
    if found:
        note_read(session, "evidence.read", [one.audit_id for one in samples if one.id in found])
    return found


async def is_revealed(session: AsyncSession, calibration_id: UUID) -> bool:
    """Whether the caller may read what others gave: the database says so, for it keeps them from it."""
    return bool(await session.scalar(select(func.ratings_shown(calibration_id))))


async def list_ratings(
    session: AsyncSession, calibration_ids: Collection[UUID]
) -> Sequence[CalibrationRating]:
    """Those that the caller may read."""
    statement = select(CalibrationRating).where(col(CalibrationRating.calibration_id).in_(calibration_ids))
    order = (col(CalibrationRating.sample_id), col(CalibrationRating.rater_id))
    return (await session.scalars(statement.order_by(*order))).all()


async def put_rating(session: AsyncSession, row: dict[str, Any]) -> CalibrationRating | None:
    """One a sample and rater. In time it replaces what they gave before; late it does not, and None is what
    comes of it."""
    new = insert(CalibrationRating).values(row)
    key = ["ticket_id", "sample_id", "rater_id"]
    if row["is_late"]:
        put = new.on_conflict_do_nothing(index_elements=key)
    else:
        changed = ("answers", "score", "score_exact", "auto_failed", "rated_at")
        put = new.on_conflict_do_update(
            index_elements=key, set_={name: new.excluded[name] for name in changed}
        )
    returned = put.returning(CalibrationRating).execution_options(populate_existing=True)
    return (await session.scalars(returned)).one_or_none()


async def list_unfinished(session: AsyncSession, calibration_id: UUID) -> Sequence[UUID]:
    """Raters who have not rated every sample. For the worker, who sees all."""
    rater, sample = CalibrationRater, CalibrationSample
    rated = (
        select(col(CalibrationRating.sample_id))
        .where(
            col(CalibrationRating.calibration_id) == calibration_id,
            col(CalibrationRating.sample_id) == col(sample.id),
            col(CalibrationRating.rater_id) == col(rater.person_id),
        )
        .exists()
    )
    statement = (
        select(col(rater.person_id))
        .join(sample, col(sample.calibration_id) == col(rater.calibration_id))
        .where(col(rater.calibration_id) == calibration_id, ~rated)
        .distinct()
        .order_by(col(rater.person_id))
    )
    return (await session.scalars(statement)).all()


async def set_late(session: AsyncSession, calibration_id: UUID, rater_id: UUID, *, counts: bool) -> bool:
    """False: they are no rater of it."""
    statement = (
        update(CalibrationRater)
        .where(
            col(CalibrationRater.calibration_id) == calibration_id,
            col(CalibrationRater.person_id) == rater_id,
        )
        .values(counts_late=counts)
        .returning(col(CalibrationRater.person_id))
    )
    return (await session.execute(statement)).first() is not None


async def list_revealed(
    session: AsyncSession, scorecard_id: UUID, limit: int
) -> list[tuple[Calibration, ScorecardVersion]]:
    """The latest of a scorecard's sessions that are discussed or closed, the latest one first."""
    statement = (
        select(Calibration, ScorecardVersion)
        .join(ScorecardVersion, col(ScorecardVersion.id) == col(Calibration.scorecard_version_id))
        .where(
            col(ScorecardVersion.scorecard_id) == scorecard_id,
            col(Calibration.state).in_(("discussing", "closed")),
        )
        .order_by(col(Calibration.revealed_at).desc(), col(Calibration.id).desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in (await session.execute(statement)).all()]


async def list_late_raters(
    session: AsyncSession, calibration_ids: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """(session, rater) whose late ratings a lead has taken in, of those the caller may know of."""
    statement = select(col(CalibrationRater.calibration_id), col(CalibrationRater.person_id)).where(
        col(CalibrationRater.calibration_id).in_(calibration_ids), col(CalibrationRater.counts_late)
    )
    return {(calibration, person) for calibration, person in (await session.execute(statement)).all()}
