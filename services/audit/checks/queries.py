"""Every statement of the checks room."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from shared.errors import NotFound
from shared.models.appeals import Appeal, Ruling
from shared.models.audit import Assignment, Evidence, Review, ReviewAuthor
from shared.models.calibration import Calibration, CalibrationRating, CalibrationSample, ReviewCheck
from shared.models.people import Person
from shared.trail import note_read

LATEST = 1000
"""So many judgements that can be compared are looked at, the latest ones."""
_WRITTEN = and_(
    col(ReviewAuthor.ticket_id) == col(Review.ticket_id), col(ReviewAuthor.review_id) == col(Review.id)
)


def select_checks(*, reviewer_id: UUID | None, checker_id: UUID | None) -> Select[Any]:
    statement = select(ReviewCheck)
    if reviewer_id is not None:  # who is checked is hidden from whoever checks, until they have
        statement = statement.where(
            col(ReviewCheck.reviewer_id) == reviewer_id, col(ReviewCheck.checked_at).is_not(None)
        )
    if checker_id is not None:
        statement = statement.where(col(ReviewCheck.checker_id) == checker_id)
    return statement


async def get_check(session: AsyncSession, check_id: UUID, *, lock: bool = False) -> ReviewCheck:
    statement = select(ReviewCheck).where(col(ReviewCheck.id) == check_id)
    if lock:
        statement = statement.with_for_update()
    found = (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def get_review(session: AsyncSession, review_id: UUID) -> Review:
    found = (await session.scalars(select(Review).where(col(Review.id) == review_id))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def find_person(session: AsyncSession, person_id: UUID) -> Person | None:
    return (await session.scalars(select(Person).where(col(Person.id) == person_id))).one_or_none()


async def find_evidence(session: AsyncSession, review: Review) -> tuple[dict[str, Any], str | None] | None:
    """(the ticket, the agent's name), where the caller may read it. The trail says so."""
    evidence = await session.get(Evidence, (review.ticket_id, review.audit_id))
    if evidence is None:
        return None
    note_read(session, "evidence.read", [review.audit_id])
    agent = await find_person(session, review.agent_id) if review.agent_id else None
    return evidence.content, agent.name if agent else None


async def sum_reviews(session: AsyncSession, person_id: UUID) -> dict[str, Any]:
    """Of the first versions that they released: what came of an appeal is the resolver's word."""
    took = extract("epoch", col(Review.released_at) - col(Assignment.claimed_at))
    statement = (
        select(
            func.count().label("reviews"),
            func.avg(col(Review.score)).label("score_mean"),
            func.stddev_samp(col(Review.score)).label("score_sd"),
            func.percentile_cont(0.5).within_group(took).label("review_seconds_median"),
        )
        .select_from(Review)
        .join(ReviewAuthor, _WRITTEN)
        .outerjoin(
            Assignment,
            and_(
                col(Assignment.ticket_id) == col(Review.ticket_id),
                col(Assignment.audit_id) == col(Review.audit_id),
                col(Assignment.specialist_id) == person_id,
            ),
        )
        .where(col(ReviewAuthor.reviewer_id) == person_id, col(Review.appeal_id).is_(None))
    )
    return dict((await session.execute(statement)).mappings().one())


async def sum_appeals(session: AsyncSession, person_id: UUID) -> dict[str, Any]:
    statement = (
        select(
            func.count().label("appeals"),
            func.count(col(Ruling.outcome)).label("decided"),
            func.count().filter(col(Ruling.outcome) != "upheld").label("changed"),
        )
        .select_from(Appeal)
        .join(
            ReviewAuthor,
            and_(
                col(ReviewAuthor.ticket_id) == col(Appeal.ticket_id),
                col(ReviewAuthor.review_id) == col(Appeal.review_id),
            ),
        )
        .outerjoin(
            Ruling,
            and_(col(Ruling.ticket_id) == col(Appeal.ticket_id), col(Ruling.appeal_id) == col(Appeal.id)),
        )
        .where(col(ReviewAuthor.reviewer_id) == person_id)
    )
    return dict((await session.execute(statement)).mappings().one())


async def list_checked(session: AsyncSession, person_id: UUID) -> list[Any]:
    """(their score, the checker's, their answers, the checker's)"""
    of = and_(
        col(Review.ticket_id) == col(ReviewCheck.ticket_id), col(Review.id) == col(ReviewCheck.review_id)
    )
    statement = (
        select(col(Review.score), col(ReviewCheck.score), col(Review.answers), col(ReviewCheck.answers))
        .join(ReviewCheck, of)
        .where(col(ReviewCheck.reviewer_id) == person_id, col(ReviewCheck.checked_at).is_not(None))
        .order_by(col(ReviewCheck.checked_at).desc())
        .limit(LATEST)
    )
    return list((await session.execute(statement)).all())


async def list_calibrated(session: AsyncSession, person_id: UUID) -> list[Any]:
    """(their score, the standard's, their answers, the standard's), of ratings that are revealed to the
    caller and came in time: the expert's, or what was agreed on."""
    mine, expert = aliased(CalibrationRating), aliased(CalibrationRating)
    is_expert = col(Calibration.standard) == "expert"
    statement = (
        select(
            col(mine.score),
            func.coalesce(col(expert.score), col(CalibrationSample.agreed_score)),
            col(mine.answers),
            func.coalesce(col(expert.answers), col(CalibrationSample.agreed)),
        )
        .select_from(mine)
        .join(Calibration, col(Calibration.id) == col(mine.calibration_id))
        .join(
            CalibrationSample,
            and_(
                col(CalibrationSample.ticket_id) == col(mine.ticket_id),
                col(CalibrationSample.id) == col(mine.sample_id),
            ),
        )
        .outerjoin(
            expert,
            and_(
                col(expert.ticket_id) == col(mine.ticket_id),
                col(expert.sample_id) == col(mine.sample_id),
                col(expert.rater_id) == col(Calibration.expert_id),
            ),
        )
        .where(
            col(mine.rater_id) == person_id,
            ~col(mine.is_late),
            func.ratings_shown(col(mine.calibration_id)),
            or_(
                and_(
                    is_expert,
                    col(expert.rater_id).is_not(None),
                    col(Calibration.expert_id) != person_id,
                ),
                and_(~is_expert, col(CalibrationSample.agreed).is_not(None)),
            ),
        )
        .order_by(col(mine.rated_at).desc())
        .limit(LATEST)
    )
    return list((await session.execute(statement)).all())
