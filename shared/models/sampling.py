"""Tables of the audit service: draws over a closed period, whole, so that anybody can make them again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from shared.models.base import REFERENCE, json_column, moment, one_of


class SamplingRun(SQLModel, table=True):
    """One draw: what was asked, the population as it was frozen, and who was drawn. Never changed once it
    is drawn; what becomes of its samples stands with the audits."""

    __tablename__ = "sampling_run"
    __table_args__ = (
        one_of("state", "waiting", "drawn", "failed"),
        CheckConstraint("from_at < to_at", name="period"),
        CheckConstraint("(state = 'drawn') = (drawn IS NOT NULL)", name="drawn"),
        CheckConstraint("(state = 'failed') = (fault IS NOT NULL)", name="fault"),
        # One draw a period: asking twice is asking once. What failed may be asked again, otherwise.
        Index(
            "uq_sampling_run_period", "key", "from_at", "to_at",
            unique=True, postgresql_where=text("state <> 'failed'"),
        ),
        REFERENCE,
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    key: str
    """What the draws of a series have in common: weekly-frontline."""
    connection_id: UUID = Field(foreign_key="connection.id")
    scorecard_version_id: UUID = Field(foreign_key="scorecard_version.id")
    vendor_id: UUID | None = Field(default=None, foreign_key="vendor.id")
    """Whose tickets alone are drawn; they may make the draw again. Null: everybody's."""
    from_at: datetime = moment()
    to_at: datetime = moment()
    """Tickets first solved in [from_at, to_at)."""
    filter: dict[str, Any] = json_column()
    """The filter: the shape of `runs.schemas.FilterIn`."""
    strata: list[str] = json_column()
    design: dict[str, Any] = json_column()
    """The shape of `sampling.designs.Design`."""
    seed: str
    carries_debt: bool = False
    debt: int = 0
    """So many samples of the draw before were not reviewed, and are drawn in addition."""
    state: str = "waiting"
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = moment()
    drawn_at: datetime | None = moment(default=None)
    population_size: int | None = None
    population_hash: str | None = None
    samples: int | None = None
    planned: dict[str, Any] | None = json_column(default=None)
    """Stratum → {population, samples}."""
    drawn: dict[str, Any] | None = json_column(default=None)
    """The draw with all it was made of: the shape of `sampling.designs.DrawnIn`."""
    fault: dict[str, Any] | None = json_column(default=None)
    """Why nothing could be drawn: {pointer, code, detail}."""
