"""Salesforce's record ids, in their 15- and 18-character forms, and keys that fit the inbox. Pure."""

import hashlib
import re

USER, QUEUE = "005", "00G"
"""What the ids of users and of queues begin with."""
MAX_KEY = 200
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_SHOWN = re.compile(r"[!-~]+")


def org18(found: str) -> str | None:
    """The 18-character form of an id; None: it is no id. The first 15 characters are the id, the
    last three say which of them are capitals."""
    if not _ID.fullmatch(found):
        return None
    blocks = (found[start : start + 5] for start in (0, 5, 10))
    return found[:15] + "".join(
        _LETTERS[sum(1 << place for place, char in enumerate(block) if "A" <= char <= "Z")]
        for block in blocks
    )


def same_org(a: str, b: str) -> bool:
    """Either form of the same organisation's id; capitals count."""
    return org18(a) is not None and org18(a) == org18(b)


def record_id(found: str) -> str:
    """15 characters become 18; whatever else it is stays as it is."""
    return (org18(found) if len(found) == 15 else None) or found


def fitted(key: str, prefix: str) -> str:
    """The key, where it is at most 200 characters of visible ASCII; else its hash behind the prefix."""
    if len(key) <= MAX_KEY and _SHOWN.fullmatch(key):
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()
    safe = prefix if len(prefix) <= 100 and _SHOWN.fullmatch(prefix) else "sf:"
    return f"{safe}sha256:{digest}"
