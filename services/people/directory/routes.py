"""HTTP of the people service."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from services.people.directory import queries, service
from services.people.directory.schemas import (
    PermissionOut,
    PersonIn,
    PersonOut,
    PersonPatch,
    RoleName,
    ScheduleIn,
    ScheduleOut,
    TrailEntryOut,
    VendorIn,
    VendorOut,
    ViewerOut,
)
from services.people.errors import AdminsOnly, OwnRoleUnchangeable, RoleNeedsVendor, ScheduleInvalid
from shared.auth import Actor, allowed_actions, permit
from shared.db import Session
from shared.errors import Conflict, PreconditionFailed
from shared.idempotency import Idempotent
from shared.models.people import Person, Vendor
from shared.models.trail import TrailEntry
from shared.openapi import POSTS, READS, WRITES, answers
from shared.paging import Page, Pages, page_of
from shared.permissions import PERMISSIONS
from shared.preconditions import IfUnchanged, tagged
from shared.schemas import When
from shared.web import router

routes = router("/people", "people")


@routes.get(
    "/viewer",
    response_model=ViewerOut,
    responses=answers(*READS),
    summary="Who am I, and what may I do?",
)
async def viewer(actor: Annotated[Actor, Depends(permit("viewer.read"))]) -> Any:
    return vars(actor) | {"allowed_actions": allowed_actions(actor)}


@routes.get(
    "/permissions",
    response_model=list[PermissionOut],
    responses=answers(*READS),
    summary="Who may do what, to whose",
)
async def permissions(_: Annotated[Actor, Depends(permit("permissions.read"))]) -> Any:
    return [{"action": action, "roles": grants} for action, grants in sorted(PERMISSIONS.items())]


@routes.get(
    "/trail", response_model=Page[TrailEntryOut], responses=answers(*READS),
    summary="Who did what, and who read what people wrote: the newest first",
    description="Leads see all of it; everybody else what they did themselves.",
)  # fmt: skip
async def list_trail(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("trail.read"))],
    actor_id: UUID | None = None, action: Annotated[str | None, Query(max_length=100)] = None,
    row_id: Annotated[UUID | None, Query(description="Of what was changed or read.")] = None,
    from_at: When | None = None, to_at: When | None = None,
) -> Any:  # fmt: skip
    entries = queries.select_trail(actor_id, action, row_id, from_at, to_at)
    return await page_of(session, entries, paging, row_id=TrailEntry.id)


@routes.post("/vendors", status_code=201, response_model=VendorOut, responses=answers(*POSTS, Conflict))
async def add_vendor(
    new: VendorIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("vendors.create"))],
) -> Response:  # fmt: skip
    return await once(service.add_vendor(session, new), VendorOut)


@routes.get("/vendors", response_model=Page[VendorOut], responses=answers(*READS))
async def list_vendors(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("vendors.read"))]
) -> Any:
    return await page_of(session, queries.select_vendors(), paging, row_id=Vendor.id)


@routes.post(
    "/schedules", status_code=201, response_model=ScheduleOut,
    responses=answers(*POSTS, Conflict, ScheduleInvalid), summary="Business hours for a connection",
)  # fmt: skip
async def add_schedule(
    new: ScheduleIn, session: Session, once: Idempotent,
    _: Annotated[Actor, Depends(permit("schedules.create"))],
) -> Response:  # fmt: skip
    return await once(service.add_schedule(session, new), ScheduleOut)


@routes.post(
    "/people",
    status_code=201,
    response_model=PersonOut,
    responses=answers(*POSTS, AdminsOnly, RoleNeedsVendor),
)
async def add_person(
    new: PersonIn, session: Session, once: Idempotent,
    actor: Annotated[Actor, Depends(permit("people.create"))],
) -> Response:  # fmt: skip
    return await once(service.add_person(session, actor, new), PersonOut)


@routes.get("/people", response_model=Page[PersonOut], responses=answers(*READS))
async def list_people(
    session: Session, paging: Pages, _: Annotated[Actor, Depends(permit("people.read"))],
    role: RoleName | None = None, vendor_id: UUID | None = None,
) -> Any:  # fmt: skip
    people = queries.select_people(role=role, vendor_id=vendor_id)
    return await page_of(session, people, paging, row_id=Person.id)


@routes.get("/people/{person_id}", response_model=PersonOut, responses=answers(*READS))
async def get_person(
    person_id: UUID, session: Session, response: Response,
    _: Annotated[Actor, Depends(permit("people.read"))],
) -> Any:  # fmt: skip
    return tagged(response, PersonOut.model_validate(await queries.get_person(session, person_id)))


@routes.patch(
    "/people/{person_id}", response_model=PersonOut,
    responses=answers(*WRITES, AdminsOnly, OwnRoleUnchangeable, PreconditionFailed, RoleNeedsVendor),
)  # fmt: skip
async def change_person(
    person_id: UUID, patch: PersonPatch, session: Session, response: Response, unchanged: IfUnchanged,
    actor: Annotated[Actor, Depends(permit("people.update"))],
) -> Any:  # fmt: skip
    changed = await service.change_person(session, actor, person_id, patch, unchanged)
    return tagged(response, PersonOut.model_validate(changed))
