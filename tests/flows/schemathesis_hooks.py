"""What Schemathesis does not know by itself: how NDJSON is written."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: Any, value: Any) -> bytes:
    """Whatever was made, as one line; bytes as they are."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, default=str).encode() + b"\n"
