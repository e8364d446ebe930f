"""What fits a connection: its secrets, its API's address, and what may be shown of a message. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from services.feedback.connections.schemas import ApiIn, is_signing_key
from services.feedback.connections.secrets import ZENDESK_TEST_SECRET
from shared.addresses import Allowed
from shared.config import Settings
from shared.errors import Fault, UrlNotAllowed
from shared.schemas import In

SECRETS: dict[str, tuple[set[str], set[str]]] = {
    "zendesk": ({"secret"}, set()),
    "salesforce": (set(), {"secret", "path_token"}),
    "freshdesk": ({"secret", "user", "token"}, set()),
    "generic": ({"secret"}, set()),
}
"""(what a platform needs, of what it needs one)"""


def faults_of_secrets(platform: str, secrets: Mapping[str, str], *, is_test: bool) -> list[Fault]:
    needed, one_of = SECRETS[platform]
    faults = [
        Fault(f"/{name}", "unknown-field", f"A connection to {platform} has no such secret.")
        for name in sorted(set(secrets) - needed - one_of)
    ]
    if one_of and not one_of & set(secrets):
        faults.append(Fault("/secret", "missing", f"Give one of: {', '.join(sorted(one_of))}."))
    secret = secrets.get("secret", "")
    if platform == "zendesk" and secret == ZENDESK_TEST_SECRET and not is_test:
        detail = "Zendesk publishes this secret, so it proves nothing: only a test connection may use it."
        faults.append(Fault("/secret", "public-secret", detail))
    if platform == "zendesk" and len(secret) < 16:
        faults.append(Fault("/secret", "too-short", "At least 16 characters."))
    if platform in ("salesforce", "generic") and "secret" in secrets and not is_signing_key(secret):
        faults.append(Fault("/secret", "wrong-form", "Must be whsec_ and the base64 of at least 24 bytes."))
    return faults


HOSTS = {
    "zendesk": (".zendesk.com",),
    "salesforce": (".salesforce.com", ".force.com"),
    "freshdesk": (".freshdesk.com", ".freshworks.com"),
}


def faults_of_api(platform: str, api: ApiIn | None) -> list[Fault]:
    if api is None or platform in HOSTS:
        return []
    return [Fault("/api", "unknown-field", f"A connection of kind {platform} has no API to be asked.")]


def check_address(platform: str, api: ApiIn | None, settings: Settings) -> None:
    """What we ask with a secret in hand is the help desk itself, and over TLS.

    Raises UrlNotAllowed (422). Where the name leads is checked when it is asked (`shared/outbound.py`)."""
    if api is None:
        return
    allowed = Allowed.of(settings, HOSTS[platform], settings.help_desk_hosts)
    if why := allowed.fault_of(api.base_url):
        known = " or ".join(f"…{suffix}" for suffix in HOSTS[platform])
        words = f"{why} Its host is {known}, or one that ASSAY_HELP_DESK_HOSTS names."
        raise UrlNotAllowed(faults=[Fault("/api/base_url", "url-not-allowed", words)])


def vendors_in(settings: In | None) -> Iterator[tuple[str, UUID | None]]:
    for name in ("groups", "queues"):
        for key, group in getattr(settings, name, {}).items():
            yield f"{name}/{key}/vendor_id", group.vendor_id
    for word, vendor_id in getattr(settings, "vendors", {}).items():
        yield f"vendors/{word}", vendor_id


MAX_SHOWN_DEPTH = 12
MAX_SHOWN_PARTS = 50


def shape(body: bytes) -> Any:
    """A message without its texts: which fields there are, and of which kind and length."""
    try:
        return _shape(json.loads(body), 0)
    except (ValueError, RecursionError):
        return f"not JSON, {len(body)} bytes"


def _shape(value: Any, depth: int) -> Any:
    if depth >= MAX_SHOWN_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {key[:64]: _shape(child, depth + 1) for key, child in list(value.items())[:MAX_SHOWN_PARTS]}
    if isinstance(value, list):
        return [_shape(child, depth + 1) for child in value[:MAX_SHOWN_PARTS]]
    if isinstance(value, str):
        return f"text of {len(value)}"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else value
