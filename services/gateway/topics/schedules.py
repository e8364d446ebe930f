"""GraphQL: business hours."""

from typing import Annotated, cast
from uuid import UUID

import strawberry
from strawberry import argument, field
from strawberry.scalars import JSON

from services.gateway.context import Ask
from services.gateway.problems import Problem, command, sent


@strawberry.type(description="Business hours, as connections use them.")
class Schedule:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="Its short name, which stays.")
    hours: JSON = field(description="{timezone, weekly: {day: [[open, close]]}, holidays: [{start, end}]}")


@strawberry.input(description="Local days, both included.")
class HolidayInput:
    start: str = field(description="The first day: 2026-12-25.")
    end: str = field(description="The last day: 2026-12-26.")


@strawberry.input(description="When the business is open, in its own local time.")
class HoursInput:
    timezone: str = field(description="IANA name: Europe/Berlin.")
    weekly: JSON = field(description="{mon: [[open, close]], …}; a missing day is closed.")
    holidays: list[HolidayInput] = field(default_factory=list, description="When it is closed all day.")


ScheduleOrProblem = Annotated[
    Schedule | Problem,
    strawberry.union("ScheduleOrProblem", description="The schedule, or why there is none."),
]


@strawberry.type
class SchedulesMutation:
    @strawberry.mutation(description="Business hours for a connection.")
    async def add_schedule(
        self,
        info: Ask,
        key: Annotated[str, argument(description="Its short name, which stays: eu-frontline.")],
        hours: Annotated[HoursInput, argument(description="When the business is open.")],
    ) -> ScheduleOrProblem:
        body = sent({"key": key, "hours": hours})
        done = await command(info.context, "people", "/people/schedules", body)
        if isinstance(done, Problem):
            return done
        return Schedule(id=UUID(done["id"]), key=done["key"], hours=cast(JSON, done["hours"]))
