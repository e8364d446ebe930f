"""Where a reader of what is live stands, and how that is written into a cursor. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from shared.crypto import DataKey
from shared.errors import Fault, ValidationFailed


class Position(NamedTuple):
    """Everything up to here is known. Compared as the database orders events: by transaction, then id; `part`
    is which of the things that one event is about."""

    xid: int
    id: UUID = UUID(int=0)
    part: int = 0


MAX_CURSOR = 300
KEY = "live cursors"


class Cursors:
    """Sealed: how many transactions there were since the last one is nobody's business. Each is of use to the
    person it was written for."""

    def __init__(self, key: bytes) -> None:
        self._key = DataKey(key)

    def write(self, whose: UUID, position: Position, at: datetime) -> str:
        """`at`: when everything up to there had been told."""
        words = f"{position.xid} {position.id.hex} {position.part} {int(at.timestamp())}"
        return urlsafe_b64encode(self._key.seal(words, KEY, whose)).decode().rstrip("=")

    def read(self, whose: UUID, cursor: str) -> tuple[Position, datetime]:
        """Raises ValidationFailed (422) for a forged cursor, or somebody else's."""
        try:
            given = cursor[:MAX_CURSOR].encode("ascii")
            sealed = urlsafe_b64decode(given + b"=" * (-len(given) % 4))
            xid, event_id, part, seconds = self._key.open(sealed, KEY, whose).split()
        except (ValueError, RuntimeError):
            fault = Fault("/after", "invalid-cursor", "Not a cursor of yours.")
            raise ValidationFailed("Start again without `after`.", faults=[fault]) from None
        position = Position(int(xid), UUID(event_id), int(part))
        return position, datetime.fromtimestamp(int(seconds), UTC)
