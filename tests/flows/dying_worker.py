"""A worker process that kills itself (SIGKILL) in the middle of handlers, at seeded moments.

`before`: the delivery is locked, the handler has not begun. `after`: the handler has written
everything, nothing is committed. Either way the process is gone between two lines.
"""

import asyncio
import os
import random
import signal

from sqlalchemy.ext.asyncio import AsyncSession

from services.run import handlers
from shared.config import Settings
from shared.db import Database
from shared.events import Event
from shared.worker import Handler, Worker


def run(settings: Settings, seed: int, chance: float) -> None:
    """Works until nothing is due any more, or until it dies."""
    asyncio.run(_run(settings, random.Random(seed), chance))


async def _run(settings: Settings, dice: random.Random, chance: float) -> None:
    db = Database.of(settings, "worker")
    deadly = {name: _deadly(handler, dice, chance) for name, handler in handlers(settings).items()}
    worker = Worker(db, deadly, settings)
    await asyncio.gather(worker.drain(), worker.drain())
    await db.close()


def _deadly(handler: Handler, dice: random.Random, chance: float) -> Handler:
    async def handle(session: AsyncSession, event: Event) -> None:
        _perhaps_die(dice, chance)
        await handler(session, event)
        await session.flush()
        _perhaps_die(dice, chance)

    return handle


def _perhaps_die(dice: random.Random, chance: float) -> None:
    if dice.random() < chance:
        os.kill(os.getpid(), signal.SIGKILL)
