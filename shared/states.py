"""State machines: one literal a machine, one history row a move."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared import clock
from shared.errors import IllegalMove
from shared.models.queue import StateChange


class Machine:
    """`Machine("appeal", {"open": {"in_review"}, …})`: which state may follow which."""

    def __init__(self, subject: str, moves: Mapping[str, set[str]]) -> None:
        self.subject = subject
        self.moves = moves

    def check(self, state: str, to: str) -> None:
        """Raises IllegalMove (409) with what would be possible instead."""
        allowed = sorted(self.moves.get(state, ()))
        if to not in allowed:
            ways = ", ".join(allowed) or "nothing more"
            raise IllegalMove(
                f"This {self.subject} is {state}: it cannot become {to} (possible: {ways}).",
                state=state,
                possible=allowed,
            )


async def record(
    session: AsyncSession,
    machine: Machine,
    subject_id: UUID,
    *,
    moved: tuple[str | None, str],
    by: UUID | None,
    reason: str | None = None,
) -> None:
    """Adds the history row. The caller holds the lock on the subject's row, which orders the numbers."""
    number = await session.scalar(
        select(func.coalesce(func.max(col(StateChange.number)), 0) + 1).where(
            col(StateChange.subject) == machine.subject, col(StateChange.subject_id) == subject_id
        )
    )
    session.add(
        StateChange(
            subject=machine.subject,
            subject_id=subject_id,
            number=number or 1,
            from_state=moved[0],
            to_state=moved[1],
            moved_by=by,
            moved_at=clock.now(),
            reason=reason,
        )
    )


BLANK = "[removed: it named somebody who was erased]"
"""Stands where words of people were taken out."""


async def blank_reasons(session: AsyncSession, machine: Machine, subject_ids: Collection[UUID]) -> None:
    """Takes the reasons of their moves away; the moves stay."""
    await session.execute(
        update(StateChange)
        .where(
            col(StateChange.subject) == machine.subject, col(StateChange.subject_id).in_(subject_ids),
            col(StateChange.reason).is_not(None),
        )
        .values(reason=BLANK)
    )  # fmt: skip
