"""Answers of many lines (NDJSON). They are written to a file before they are sent: so they are whole, cost no
memory, and what they show is in the trail first."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any

import orjson
from fastapi.responses import StreamingResponse

KIND = "application/x-ndjson"
SPOOL_BYTES = 1024 * 1024
"""So much is kept in memory, the rest on disk."""


class Lines(StreamingResponse):
    """The response class of a route that gives lines."""

    media_type = KIND


def documented(description: str) -> dict[int | str, dict[str, Any]]:
    """Beside `answers(…)`."""
    return {200: {"content": {KIND: {}}, "description": description}}


def new_file() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)


def line_of(said: object) -> bytes:
    return orjson.dumps(said, default=str, option=orjson.OPT_APPEND_NEWLINE)


def sent(file: IO[bytes]) -> Lines:
    """From its beginning; closed when it was sent."""
    return Lines(_parts(file))


async def _parts(file: IO[bytes]) -> AsyncIterator[bytes]:
    with contextlib.closing(file):
        file.seek(0)
        while part := file.read(65_536):
            yield part
