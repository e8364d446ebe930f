"""Which tickets a form is for. Pure."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID


class About(Protocol):
    """What of a ticket is asked."""

    vendor_id: UUID | None
    group_name: str | None
    language: str | None
    channel: str | None


def fits(told: Mapping[str, Any] | None, ticket: About) -> bool:
    """Whether a form with this `applies_to` is for the ticket: it fits all that is named."""
    if told is None:
        return True
    language = (ticket.language or "").lower()
    return (
        (not told["vendor_ids"] or str(ticket.vendor_id) in told["vendor_ids"])
        and (not told["groups"] or ticket.group_name in told["groups"])
        and (not told["languages"] or bool({language, language.partition("-")[0]} & {*told["languages"]}))
        and (not told["channels"] or ticket.channel in told["channels"])
    )
