"""The bytes of a request, read within bounds."""

import asyncio

from fastapi import Request

from shared import errors


async def read_body(request: Request, *, limit: int | None = None) -> bytes:
    """The raw bytes, read no further than the limit (default: of the settings) and no longer than
    patience lasts.

    Raises PayloadTooLarge (413), RequestTimeout (408). A false Content-Length changes nothing:
    what counts is what comes.
    """
    settings = request.app.state.settings
    limit = settings.max_body_bytes if limit is None else limit
    too_large = errors.PayloadTooLarge(f"At most {limit:,} bytes.", limit=limit)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 15 or int(announced) > limit):
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise errors.RequestTimeout from None
    return b"".join(parts)
