"""GraphQL: what workers are told before a machine is used on their work."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from sqlalchemy import exists, select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command, sent, told
from services.gateway.topics.people import Person, person
from shared.auth import check
from shared.models.notices import Notice as NoticeRow
from shared.models.notices import NoticeReading as ReadingRow


@strawberry.type(description="What people are told about a machine's part in their work. It never changes.")
class Notice:
    id: UUID = field(description="Its key in Assay.")
    title: str = field(description="What it is about, in short.")
    body: str = field(description="What they are told.")
    language: str = field(description="In which it is written: en, pt-BR.")
    signals: list[str] = field(description="Which automated signals it is about.")
    vendor_id: UUID | None = field(description="For this vendor's people; null: for everybody.")
    published_by_id: UUID = field(description="Who published it.")
    published_at: datetime = field(description="When it was published.")

    @strawberry.field(description="Who published it, if you may see them.")
    async def published_by(self, info: Ask) -> Person | None:
        return await person(info, self.published_by_id)

    @strawberry.field(description="By you; null: not yet.")
    async def acknowledged_at(self, info: Ask) -> datetime | None:
        async def load(notice_ids: list[UUID]) -> list[datetime | None]:
            mine = col(ReadingRow.person_id) == info.context.actor.id
            found = select(ReadingRow).where(mine, col(ReadingRow.notice_id).in_(notice_ids))
            at = {row.notice_id: row.acknowledged_at for row in await info.context.rows(found)}
            return [at.get(one) for one in notice_ids]

        acknowledged: datetime | None = await info.context.load("my readings", self.id, load)
        return acknowledged


@strawberry.type(description="Somebody has said that they have read a notice.")
class NoticeReading:
    person_id: UUID = field(description="Who.")
    acknowledged_at: datetime = field(description="When they said so first.")

    @strawberry.field(description="Who, if you may see them.")
    async def person(self, info: Ask) -> Person | None:
        return await person(info, self.person_id)


@strawberry.type(description="One kind of automated signal, and since when it may be used.")
class Signal:
    signal: str = field(description="Its name.")
    meaning: str = field(description="What a machine makes of people's work.")
    usable_from: datetime | None = field(
        description="When the notice that covers it has been out long enough; null: no notice covers it."
    )
    is_usable: bool = field(description="Whether that moment is over.")


def notice_of(row: NoticeRow) -> Notice:
    return Notice(
        id=row.id, title=row.title, body=row.body, language=row.language, signals=row.signals,
        vendor_id=row.vendor_id, published_by_id=row.published_by, published_at=row.published_at,
    )  # fmt: skip


def reading_of(row: ReadingRow) -> NoticeReading:
    return NoticeReading(person_id=row.person_id, acknowledged_at=row.acknowledged_at)


NoticeOrProblem = Annotated[
    Notice | Problem, strawberry.union("NoticeOrProblem", description="The notice, or why nothing was done.")
]


@strawberry.type
class NoticesQuery:
    @strawberry.field(
        description="Which automated signals may be used, and since when, on people of a vendor; without "
        "one, on people of none. None of them decides anything."
    )
    async def signals(
        self, info: Ask,
        vendor_id: Annotated[UUID | None, argument(description="Whose people; null: of no vendor.")] = None,
    ) -> list[Signal]:  # fmt: skip
        check(info.context.actor, "notices.read")
        found = await told(info.context, "people", "/people/signals", {"vendor_id": vendor_id})
        info.context.count(len(found))
        return [
            Signal(
                **one | {"usable_from": datetime.fromisoformat(at) if (at := one["usable_from"]) else None}
            )
            for one in found
        ]

    @strawberry.field(description="One notice; null where there is none, or none for you.")
    async def notice(
        self, info: Ask, id: Annotated[UUID, argument(description="Its key in Assay.")]
    ) -> Notice | None:
        check(info.context.actor, "notices.read")
        row = await info.context.one(NoticeRow, id)
        return notice_of(row) if row else None

    @strawberry.field(description="Notices for you, the latest first.")
    async def notices(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
        signal: Annotated[str | None, argument(description="Only those about this signal.")] = None,
        is_acknowledged: Annotated[
            bool | None, argument(description="Only those that you have acknowledged, or have not.")
        ] = None,
    ) -> Connection[Notice]:  # fmt: skip
        check(info.context.actor, "notices.read")
        statement = select(NoticeRow)
        if signal is not None:
            statement = statement.where(col(NoticeRow.signals).contains([signal]))
        if is_acknowledged is not None:
            mine = col(ReadingRow.person_id) == info.context.actor.id
            read = exists().where(col(ReadingRow.notice_id) == NoticeRow.id, mine)
            statement = statement.where(read if is_acknowledged else ~read)
        filters = {"signal": signal, "is_acknowledged": is_acknowledged}
        return await page(
            info.context, statement, name=info.field_name, filters=filters, first=first,
            after=after, order=order,
            newest=col(NoticeRow.id), row_id=col(NoticeRow.id), make=notice_of,
        )  # fmt: skip

    @strawberry.field(description="Who has read a notice; leads see everybody, others themselves.")
    async def notice_readings(
        self, info: Ask, notice_id: Annotated[UUID, argument(description="Which notice.")],
        first: First = 20, after: After = None, order: Ordered = Order.NEWEST,
    ) -> Connection[NoticeReading]:  # fmt: skip
        check(info.context.actor, "notices.read")
        statement = select(ReadingRow).where(col(ReadingRow.notice_id) == notice_id)
        return await page(
            info.context, statement, name=info.field_name, filters={"notice_id": notice_id}, first=first,
            after=after, order=order,
            newest=col(ReadingRow.person_id), row_id=col(ReadingRow.person_id), make=reading_of,
        )  # fmt: skip


@strawberry.type
class NoticesMutation:
    @strawberry.mutation(description="Tell people what a machine will make of their work.")
    async def publish_notice(
        self, info: Ask, title: Annotated[str, argument(description="What it is about, in short.")],
        body: Annotated[str, argument(description="What they are told.")],
        signals: Annotated[list[str], argument(description="Which signals it is about: `signals` has them.")],
        language: Annotated[str, argument(description="In which it is written: en, pt-BR.")] = "en",
        vendor_id: Annotated[
            UUID | None, argument(description="For this vendor's people; null: for everybody.")
        ] = None,
    ) -> NoticeOrProblem:  # fmt: skip
        given = {
            "title": title, "body": body, "signals": signals, "language": language, "vendor_id": vendor_id,
        }  # fmt: skip
        return await _notice(info, "/people/notices", sent(given))

    @strawberry.mutation(description="I have read it.")
    async def acknowledge_notice(
        self, info: Ask, notice_id: Annotated[UUID, argument(description="Which notice.")]
    ) -> NoticeOrProblem:
        return await _notice(info, f"/people/notices/{notice_id}/acknowledge")


async def _notice(info: Ask, path: str, body: Any = None) -> NoticeOrProblem:
    done = await command(info.context, "people", path, body)
    if isinstance(done, Problem):
        return done
    row = await info.context.one(NoticeRow, UUID(done["id"]))
    assert row is not None, "what was just written can be read"
    return notice_of(row)
