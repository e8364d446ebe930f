"""Verbs of the pull room: read a help desk over its REST API, a page a step, and go on after a kill.

One step is one transaction: what the page says, where to go on, and that there is a next step are
kept together or not at all. A help desk that is busy is not an error: the step comes again later.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.connections import queries as connections
from services.feedback.connections.service import RECONCILE_EVERY, learn_settings
from services.feedback.errors import NoApi, PullOver, PullRunning
from services.feedback.intake.normalised import Normalised, NotUnderstood, Part, Settled, Told
from services.feedback.intake.queries import want_refetch
from services.feedback.intake.service import apply
from services.feedback.pull import freshdesk, queries, salesforce, zendesk
from services.feedback.pull.client import Account, Client, NotNow, Refused
from services.feedback.pull.plan import Detail, Plan, Single, Stage, Stretch
from shared import clock, outbox
from shared.crypto import Sealer
from shared.errors import Fault, ValidationFailed
from shared.events import PullStepDue, TicketsWanted
from shared.ids import new_id, ticket_id
from shared.models.feedback import Connection, Pull, Refetch

log = structlog.get_logger()
PLANS: dict[str, Plan] = {
    "zendesk": zendesk.PLAN, "salesforce": salesforce.PLAN, "freshdesk": freshdesk.PLAN,
}  # fmt: skip
KEYS = {
    "zendesk": re.compile(zendesk.KEY), "salesforce": re.compile(salesforce.KEY),
    "freshdesk": re.compile(freshdesk.KEY),
}  # fmt: skip
OVERLAP = timedelta(minutes=10)
"""A reconciliation begins a little before the last one ended: clocks differ, exports lag a minute."""
AT_ONCE = 50
IN_FLIGHT = 8
MAX_FAILURES = 30
MAX_BACKOFF_S = 300.0
WHILE_PAUSED_S = 60.0
WHILE_REFUSED_S = 900.0
"""Somebody has to mend the connection's api first."""
CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""A ticket that changed so shortly before it was read is read once more."""
STALLED_AFTER = timedelta(hours=2)
"""Longer than any wait: the step of such a reading has died."""
NEWEST = timedelta(minutes=2)
"""Help desks refuse to be asked about the last minute alone."""


# ---- Starting and ending ------------------------------------------------------------------------


async def start_backfill(
    session: AsyncSession, connection_id: UUID, since: datetime, until: datetime
) -> Pull:
    """Raises NotFound, NoApi (409), PullRunning (409), ValidationFailed (422) for no stretch of time."""
    if until <= since:
        raise ValidationFailed(faults=[Fault("/until", "invalid-range", "It ends before it begins.")])
    connection = await connections.get_connection(session, connection_id)
    pull_id = await _start(session, connection, "backfill", since, min(until, clock.now()))
    if pull_id is None:
        raise PullRunning
    return await queries.get_pull(session, pull_id)


async def cancel(session: AsyncSession, pull_id: UUID) -> Pull:
    """What was read stays. Raises NotFound, PullOver (409)."""
    pull = await queries.get_pull(session, pull_id, lock=True)
    if pull.state != "running":
        raise PullOver
    _end(pull, "cancelled")
    await session.flush()
    return pull


async def reconcile_due(session: AsyncSession) -> int:
    """Starts the reconciliations whose time has come. Returns how many connections were looked at."""
    now = clock.now()
    due = await queries.claim_due_reconciliations(session, now=now, every=RECONCILE_EVERY)
    for connection in due:
        last = await queries.last_reconciled_until(session, connection.id)
        await _start(session, connection, "reconciliation", (last or connection.created_at) - OVERLAP, now)
    return len(due)


async def revive_stalled(session: AsyncSession) -> int:
    """A reading whose next step died (after all its attempts) goes on. Returns how many there were."""
    now = clock.now()
    stalled = await queries.claim_stalled(session, now=now, before=now - STALLED_AFTER)
    await outbox.publish(session, *(PullStepDue(pull_id, str(step)) for pull_id, step in stalled))
    return len(stalled)


async def catch_up(session: AsyncSession, connection_id: UUID, since: datetime) -> None:
    """Changes were lost on the way: reads everything since then. Where a reading is under way already,
    this one waits for it."""
    connection = await connections.get_connection(session, connection_id)
    if connection.api and await _start(session, connection, "reconciliation", since, clock.now()) is None:
        raise PullRunning


async def _start(
    session: AsyncSession, connection: Connection, kind: str, since: datetime, until: datetime
) -> UUID | None:
    """None: one of the kind is running."""
    if not connection.api:
        raise NoApi
    now, pull_id = clock.now(), new_id()
    since = min(since, now - NEWEST)
    row = {
        "id": pull_id, "connection_id": connection.id, "kind": kind, "state": "running",
        "since_at": since, "until_at": until, "stage": PLANS[connection.platform].stages[0].name,
        "cursor": None, "step": 0, "failures": 0, "pages": 0, "rows": 0, "refused_rows": 0,
        "changed_tickets": 0, "created_at": now, "stepped_at": now,
    }  # fmt: skip
    if not await queries.start_pull(session, row):
        return None
    await outbox.publish(session, PullStepDue(pull_id, "0"))
    return pull_id


def _end(pull: Pull, state: str) -> None:
    pull.state, pull.finished_at = state, clock.now()


# ---- Stepping -------------------------------------------------------------------------------------


async def step(session: AsyncSession, client: Client, sealer: Sealer, pull_id: UUID, number: int) -> None:
    """Reads one page. A step that was done already, or whose pull is over, does nothing."""
    pull = await queries.get_pull(session, pull_id, lock=True)
    if pull.state != "running" or pull.step != number:
        return
    connection = await connections.get_connection(session, pull.connection_id)
    pull.step += 1
    pull.stepped_at = clock.now()
    wait = WHILE_PAUSED_S
    if not connection.is_paused:
        wait = await _read_page(session, client, sealer, pull, connection)
    await session.flush()
    if pull.state == "running":
        await outbox.publish(session, PullStepDue(pull_id, str(pull.step)), after_s=wait)


async def _read_page(
    session: AsyncSession, client: Client, sealer: Sealer, pull: Pull, connection: Connection
) -> float:
    """Returns how long to wait before the next step (seconds)."""
    plan = PLANS[connection.platform]
    stages = [stage.name for stage in plan.stages]
    stage: Stage = plan.stages[stages.index(pull.stage)]
    stretch = Stretch(pull.since_at, pull.until_at, connection.settings)
    try:
        account = _account(connection, sealer)
        answer = await client.ask(account, stage.ask(stretch, pull.cursor))
        page = stage.read(stretch, pull.cursor, answer)
    except NotNow as busy:
        pull.last_error = str(busy)
        if busy.seconds is not None:
            return busy.seconds  # it said when: that is no failure
        pull.failures += 1
        if pull.failures > MAX_FAILURES:
            _end(pull, "failed")
        return min(2.0 ** min(pull.failures, 10) / 2, MAX_BACKOFF_S)
    except Refused as refused:
        pull.last_error = f"{pull.stage}: {refused}"
        _end(pull, "failed")
        return 0
    pull.failures, pull.last_error = 0, None
    pull.pages += 1
    pull.rows += page.rows
    pull.refused_rows += len(page.refused)
    for why in page.refused[:5]:
        log.warning("a row was not understood", stage=stage.name, why=why)
    if page.told.settings:
        await learn_settings(session, connection, page.told.settings)
    pull.changed_tickets += len(await apply(session, sealer, connection, page.told.tickets))
    await _want_details(session, connection, plan, page.told)
    pull.cursor = page.next
    if page.next is None:
        after = stages.index(stage.name) + 1
        if after == len(stages):
            _end(pull, "done")
        else:
            pull.stage = stages[after]
    return 0


async def _want_details(session: AsyncSession, connection: Connection, plan: Plan, told: Told) -> None:
    """What a list does not tell of a ticket is asked for, where it has changed since it was last read."""
    if not plan.wanted or not told.tickets:
        return
    ids = [ticket_id(connection.id, one.ticket_key) for one in told.tickets if one.state]
    unread = await queries.unread_tickets(session, ids)
    if not unread:
        return
    now = clock.now()
    wanted = [
        {"connection_id": connection.id, "ticket_key": key, "parts": list(plan.wanted), "wanted_at": now}
        for key in unread
    ]
    await want_refetch(session, wanted)
    await outbox.publish(session, TicketsWanted(connection.id))


# ---- Single tickets --------------------------------------------------------------------------------


async def refetch_tickets(session: AsyncSession, client: Client, sealer: Sealer, connection_id: UUID) -> None:
    """Asks for the tickets that wait longest, some side by side, and takes in what they say together.

    Whatever could not be had stays wanted, and is asked for again.
    """
    connection = await connections.get_connection(session, connection_id)
    if not connection.api:
        return
    if connection.is_paused:
        await outbox.publish(session, TicketsWanted(connection_id), after_s=WHILE_PAUSED_S)
        return
    wanted = await queries.take_wanted(session, connection_id, now=clock.now(), limit=AT_ONCE)
    if not wanted:
        return
    account, gate = _account(connection, sealer), asyncio.Semaphore(IN_FLIGHT)
    known = await queries.known_messages(session, connection_id, [one.ticket_key for one in wanted])
    found = await asyncio.gather(
        *(_fetch(client, account, connection, one, known.get(one.ticket_key, []), gate) for one in wanted)
    )
    waits = [one for one in found if isinstance(one, float)]
    told = [one for had in found if not isinstance(had, float) for one in had]
    await apply(session, sealer, connection, told)
    for one, result in zip(wanted, found, strict=True):
        if isinstance(result, float):  # behind those that have not been asked for yet
            one.wanted_at = clock.now() + timedelta(seconds=result)
    await session.flush()
    had = [one.ticket_key for one, result in zip(wanted, found, strict=True) if not isinstance(result, float)]
    await queries.forget_wanted(session, connection_id, had)
    for wait in sorted({0.0} if len(wanted) == AT_ONCE else set(waits)):
        await outbox.publish(session, TicketsWanted(connection_id), after_s=wait)


async def _fetch(
    client: Client,
    account: Account,
    connection: Connection,
    wanted: Refetch,
    known_messages: Iterable[str],
    gate: asyncio.Semaphore,
) -> tuple[Normalised, ...] | float:
    """What the ticket's parts say; or how long to wait before asking again (seconds)."""
    plan = PLANS[connection.platform]
    if not KEYS[connection.platform].fullmatch(wanted.ticket_key):
        return ()  # no such id can be there, and none is ever put into an address
    one = Single(wanted.ticket_key, connection.settings, frozenset(known_messages))
    parts = {*wanted.parts, *plan.wanted}
    parts |= {"comments"} if "messages" in parts else set()
    told: list[Normalised] = []
    try:
        async with gate:
            for part, detail in plan.details.items():
                if part in parts:
                    told += await _fetch_part(client, account, one, part, detail)
    except NotNow as busy:
        return busy.seconds or 5.0
    except Refused as refused:
        log.warning("a ticket may not be read", why=str(refused))
        return WHILE_REFUSED_S
    except NotUnderstood as strange:
        log.warning("a ticket could not be understood", why=str(strange))
        return ()
    return tuple(told)


async def _fetch_part(
    client: Client, account: Account, one: Single, part: Part, detail: Detail
) -> tuple[Normalised, ...]:
    answers, cursor = [], None
    while True:
        answer = await client.ask(account, detail.ask(one, cursor))
        answers.append(answer)
        cursor = detail.next(cursor, answer)
        if cursor is None:
            break
    read = detail.read(one, answers)
    if part == "ticket":
        return read
    whole = Settled("messages", None, answers[0].read_at - CLOCKS_DIFFER_BY)
    return tuple(replace(said, settled=(*said.settled, whole)) for said in read)


def _account(connection: Connection, sealer: Sealer) -> Account:
    if not connection.api or not connection.sealed_api_secret:
        raise Refused("The connection has no api any more.")
    api: dict[str, Any] = connection.api
    secret = sealer.unseal(connection.sealed_api_secret)
    return Account(str(connection.id), connection.platform, api["base_url"], api.get("user"), secret)
