"""Who is being told things now, in this process: how many may be, and their common end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from prometheus_client import Gauge

from services.gateway.live.feed import Feed
from services.gateway.live.positions import KEY, Cursors
from shared.config import Settings
from shared.crypto import key_for
from shared.db import Database
from shared.errors import TooManyAtOnce

STREAMS = Gauge("assay_live_streams", "Connections over which live events go out", ["transport"])
SUBSCRIPTIONS = Gauge("assay_live_subscriptions", "Subscriptions that are open", ["transport"])
LAST_WORDS_S = 3.0
"""How long is waited, when the process stops, until all have been told."""


class Live:
    """One a process."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.feed = Feed(db)
        self.cursors = Cursors(key_for(settings, KEY))
        self.turns = asyncio.Semaphore(max(1, settings.db_pool_size // 2))
        """Who looks something up for a follower: half of the connections are for those who ask."""
        self.stopping = asyncio.Event()
        self._each = settings.live_streams
        self._open: Counter[UUID] = Counter()
        self._none = asyncio.Event()
        self._none.set()

    @contextlib.contextmanager
    def stream(self, whose: UUID, transport: str) -> Iterator[None]:
        """While it is open. Raises TooManyAtOnce (429)."""
        if self._open[whose] >= self._each:
            raise TooManyAtOnce(f"At most {self._each} live connections at once.")
        self._open[whose] += 1
        self._none.clear()
        STREAMS.labels(transport).inc()
        try:
            yield
        finally:
            STREAMS.labels(transport).dec()
            self._open[whose] -= 1
            self._open += Counter()  # forgets those who have none
            if not self._open:
                self._none.set()

    async def stop(self) -> None:
        """Everybody is told, and nobody is let in any more."""
        self.stopping.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._none.wait(), LAST_WORDS_S)
