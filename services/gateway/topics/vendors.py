"""GraphQL: vendors."""

from typing import Annotated
from uuid import UUID

import strawberry
from sqlalchemy import select
from sqlmodel import col
from strawberry import argument, field

from services.gateway.context import Ask
from services.gateway.paging import After, Connection, First, Order, Ordered, page
from services.gateway.problems import Problem, command
from shared.auth import check
from shared.models.people import Vendor as VendorRow


@strawberry.type(description="A company whose agents answer tickets. In-house teams have none.")
class Vendor:
    id: UUID = field(description="Its key in Assay.")
    key: str = field(description="Its short name, which stays.")
    name: str = field(description="What it is called.")


def vendor_of(row: VendorRow) -> Vendor:
    return Vendor(id=row.id, key=row.key, name=row.name)


async def vendor(info: Ask, vendor_id: UUID | None) -> Vendor | None:
    row = await info.context.one(VendorRow, vendor_id) if vendor_id else None
    return vendor_of(row) if row else None


VendorOrProblem = Annotated[
    Vendor | Problem, strawberry.union("VendorOrProblem", description="The vendor, or why there is none.")
]


@strawberry.type
class VendorsQuery:
    @strawberry.field(description="Vendors, the latest added first.")
    async def vendors(
        self, info: Ask, first: First = 20, after: After = None, order: Ordered = Order.NEWEST
    ) -> Connection[Vendor]:
        check(info.context.actor, "vendors.read")
        return await page(
            info.context, select(VendorRow), name=info.field_name, filters={}, first=first,
            after=after, order=order,
            newest=col(VendorRow.id), row_id=col(VendorRow.id), make=vendor_of,
        )  # fmt: skip


@strawberry.type
class VendorsMutation:
    @strawberry.mutation(description="Add a vendor.")
    async def add_vendor(
        self,
        info: Ask,
        key: Annotated[str, argument(description="Its short name, which stays: brightdesk.")],
        name: Annotated[str, argument(description="What it is called: Brightdesk.")],
    ) -> VendorOrProblem:
        done = await command(info.context, "people", "/people/vendors", {"key": key, "name": name})
        if isinstance(done, Problem):
            return done
        row = await info.context.one(VendorRow, UUID(done["id"]))
        assert row is not None, "what was just written can be read"
        return vendor_of(row)
