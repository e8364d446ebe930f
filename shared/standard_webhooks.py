"""The Standard Webhooks rule (spec v1.0.0): how signed JSON is signed, here and by others. Pure.

Signed bytes: `{id}.{timestamp}.{raw body}`; HMAC-SHA256; the key is the base64 behind `whsec_`.
(The reference library reads the clock itself, so it cannot be asked about another moment.)
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
MAX_SIGNATURES = 20
_ID = re.compile(r"[!-~]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,12}")


def key_bytes(secret: str) -> bytes:
    """Raises ValueError where it is not `whsec_` and the base64 (padded or not) of a key."""
    text = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not a Standard Webhooks secret") from None


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """One entry of the signature header: `v1,<base64>`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(key_bytes(secret), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def is_genuine(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float, freshness_s: int
) -> bool:
    """Any `v1` entry may fit; every one is compared in constant time. The timestamp may be off by
    `freshness_s` seconds either way."""
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    given = headers.get(SIGNATURE, "").split(" ")[:MAX_SIGNATURES]
    expected = sign(secret, message_id, timestamp, body).encode()
    fits = [hmac.compare_digest(expected, one.encode(errors="replace")) for one in given]
    if not any(fits) or not _ID.fullmatch(message_id) or not _SECONDS.fullmatch(timestamp):
        return False
    return abs(now_s - int(timestamp)) <= freshness_s
