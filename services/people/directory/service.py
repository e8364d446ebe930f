"""Verbs of the directory: vendors, schedules, people."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.people.directory import queries
from services.people.directory.schemas import PersonIn, PersonOut, PersonPatch, ScheduleIn, VendorIn
from services.people.errors import AdminsOnly, OwnRoleUnchangeable, RoleNeedsVendor, ScheduleInvalid
from shared import clock, outbox
from shared.auth import Actor
from shared.business_hours import Schedule as Hours
from shared.errors import Fault, Forbidden, ValidationFailed
from shared.events import PersonLeft
from shared.ids import new_id
from shared.models.people import Person, Role, Schedule, Vendor
from shared.preconditions import Unchanged


async def add_vendor(session: AsyncSession, new: VendorIn) -> Vendor:
    vendor = Vendor(id=new_id(), key=new.key, name=new.name, created_at=clock.now())
    session.add(vendor)
    await session.flush()
    return vendor


async def keep_reporting_login(session: AsyncSession, login: str, person_id: UUID) -> str:
    """The role of the person whose eyes the login has. Raises NotFound (404)."""
    person = await queries.get_person(session, person_id)
    await queries.upsert_reporting_login(session, login, person_id)
    return person.role


async def forget_reporting_login(session: AsyncSession, login: str) -> None:
    await queries.delete_reporting_login(session, login)


async def add_schedule(session: AsyncSession, new: ScheduleIn) -> Schedule:
    hours = new.hours.model_dump()
    try:
        Hours.parse(hours)
    except ValueError as error:
        part, _, words = str(error).partition(": ")
        fault = Fault(f"/hours/{part.replace('.', '/')}", "schedule-invalid", words)
        raise ScheduleInvalid(faults=[fault]) from None
    schedule = Schedule(id=new_id(), key=new.key, hours=hours, created_at=clock.now())
    session.add(schedule)
    await session.flush()
    return schedule


async def add_person(session: AsyncSession, actor: Actor, new: PersonIn) -> Person:
    person = Person(id=new_id(), created_at=clock.now(), **new.model_dump())
    if person.role == Role.ADMIN and actor.role is not Role.ADMIN:
        raise AdminsOnly
    await _check(session, person)
    session.add(person)
    await session.flush()
    return person


async def change_person(
    session: AsyncSession, actor: Actor, person_id: UUID, patch: PersonPatch, unchanged: Unchanged
) -> Person:
    """Raises NotFound (404), OwnRoleUnchangeable, AdminsOnly (403), PreconditionFailed (412), RoleNeedsVendor
    and ValidationFailed (422); Forbidden (403) for an administrator who is none any more: of two who end each
    other, one stays."""
    changes = patch.model_dump(exclude_unset=True)
    ends = actor.role is Role.ADMIN and changes.keys() & {"role", "is_active"}
    if ends and actor.id not in await queries.lock_administrators(session):
        raise Forbidden("You are no administrator any more.")
    person = await queries.get_person(session, person_id, lock=True)
    unchanged.check(PersonOut.model_validate(person))
    if person.id == actor.id and changes.keys() & {"role", "vendor_id", "is_active"}:
        raise OwnRoleUnchangeable
    if Role.ADMIN in (person.role, changes.get("role")) and actor.role is not Role.ADMIN:
        raise AdminsOnly
    if changes.keys() & {"name", "vendor_id"}:
        person.edited_at = clock.now()
    if person.is_active and changes.get("is_active") is False:
        await outbox.publish(session, PersonLeft(person.id))
    for field, value in changes.items():
        setattr(person, field, value)
    await _check(session, person)
    await session.flush()
    return person


async def register_agent(session: AsyncSession, person_id: UUID) -> None:
    await queries.upsert_agent(session, person_id)


async def ensure_admin(session: AsyncSession, person_id: UUID, name: str) -> Person:
    """The first person, who can add the others. Safe to repeat."""
    person = await session.get(Person, person_id)
    if person is None:
        person = Person(id=person_id, name=name, role=Role.ADMIN, created_at=clock.now())
        session.add(person)
        await session.flush()
    return person


async def _check(session: AsyncSession, person: Person) -> None:
    if person.role == Role.VENDOR_MANAGER and person.vendor_id is None:
        raise RoleNeedsVendor
    if person.vendor_id and await session.get(Vendor, person.vendor_id) is None:
        raise ValidationFailed(faults=[Fault("/vendor_id", "unknown-id", "No such vendor.")])
    if person.lead_id and (person.lead_id == person.id or await session.get(Person, person.lead_id) is None):
        raise ValidationFailed(faults=[Fault("/lead_id", "unknown-id", "No such other person.")])
