"""Which source reads a stored delivery. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import Normalised, NotUnderstood, Told, Version
from services.feedback.intake.sources import freshdesk, generic, salesforce, zendesk, zendesk_triggers
from shared import strict
from shared.errors import MalformedJson

MAX_JSON_DEPTH = 64
COLLISION = "collision:"
"""How the key of a delivery begins whose id another one had already, with another body."""


def delivery(
    platform: str, body: bytes, settings: Mapping[str, Any], *, received_at: datetime, source_key: str
) -> Told:
    """What the bytes say. Raises NotUnderstood, and MalformedJson where not even the ticket's id can
    be read from a body that is broken."""
    if source_key.startswith(COLLISION):
        raise NotUnderstood("/id", "Another message came under the same id before: look at both.")
    try:
        payload = strict.cleaned(strict.loads(body, max_depth=MAX_JSON_DEPTH, storable=False))
    except MalformedJson:
        key = salvaged(platform, body)
        if key is None:
            raise
        return _look_at(key, received_at, source_key)
    reader = READERS.get(platform)
    if reader is None:
        raise NotUnderstood("", f"Nothing reads what a connection to {platform} is sent.")
    return reader(payload, settings, received_at, source_key)


Reader = Callable[[Any, Mapping[str, Any], datetime, str], Told]


def _zendesk(payload: Any, settings: Mapping[str, Any], received_at: datetime, source_key: str) -> Told:
    is_trigger = zendesk_triggers.is_trigger(payload) and "template" in payload
    normalise = (zendesk_triggers if is_trigger else zendesk).normalise
    told: Told = normalise(payload, settings, received_at=received_at, source_key=source_key)
    return told


def _salesforce(payload: Any, settings: Mapping[str, Any], received_at: datetime, source_key: str) -> Told:
    return salesforce.normalise(payload, settings, received_at=received_at, source_key=source_key)


def _freshdesk(payload: Any, settings: Mapping[str, Any], received_at: datetime, source_key: str) -> Told:
    return freshdesk.normalise(payload, settings, received_at=received_at, source_key=source_key)


def _generic(payload: Any, settings: Mapping[str, Any], received_at: datetime, source_key: str) -> Told:
    return generic.normalise(payload, settings, received_at=received_at, source_key=source_key)


READERS: dict[str, Reader] = {
    "zendesk": _zendesk, "salesforce": _salesforce, "freshdesk": _freshdesk, "generic": _generic,
}  # fmt: skip


def salvaged(platform: str, body: bytes) -> str | None:
    """The ticket's id from a body that people's templates have broken; None: there is none to trust."""
    if platform == "freshdesk":
        return freshdesk.salvage(body)
    if platform == "zendesk" and b'"template"' in body and b"zen:event-type" not in body:
        return zendesk_triggers.salvage(body)
    return None


def _look_at(ticket_key: str, received_at: datetime, source_key: str) -> Told:
    told = Normalised(
        ticket_key,
        Version(received_at, 0, source_key),
        refetch=("ticket", "messages"),
        warnings=("The body was broken; only the ticket's id was read.",),
    )
    return Told((told,))
