"""A help desk for the demonstration: Zendesk event webhooks, signed as Zendesk signs them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.feedback.intake.sources.zendesk import SIGNATURE, TIMESTAMP, sign

ACCOUNT = "20417733"
GROUP = "360009911201"
AGENT, AGENT_NAME = "7310448812054", "Lea Brandt"
BOT = "7310448800001"


@dataclass
class DemoTicket:
    """One ticket's life, told step by step; each step is one webhook body."""

    id: str
    subject: str
    created_at: datetime
    language: str = "en"
    topic: str = "delivery"
    requester: str = "7310455120377"
    status: str = "NEW"
    assignee: str | None = None
    bodies: list[bytes] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def created(self) -> None:
        self._tell("created", self.created_at, {})

    def comment(self, after: timedelta, text: str, *, by: str, public: bool = True) -> None:
        author = {
            "requester": {"id": self.requester, "is_staff": False, "name": "Élodie Martin"},
            "agent": {"id": AGENT, "is_staff": True, "name": AGENT_NAME},
            "bot": {"id": BOT, "is_staff": True, "name": "Autoresponder"},
        }[by]
        comment = {
            "id": f"{self.id}{next(self._numbers):04d}",
            "author": author,
            "body": text,
            "is_public": public,
        }
        self._tell("comment_added", self.created_at + after, {"comment": comment})

    def assign(self, after: timedelta) -> None:
        previous, self.assignee = self.assignee, AGENT
        self._tell(
            "agent_assignment_changed",
            self.created_at + after,
            {"previous": previous, "current": AGENT},
        )

    def move(self, after: timedelta, status: str) -> None:
        previous, self.status = self.status, status
        self._tell("status_changed", self.created_at + after, {"previous": previous, "current": status})

    def rate(self, after: timedelta, score: str, comment: str | None = None) -> None:
        score_given = {"score": score, "comment": comment}
        self._tell("csat_received", self.created_at + after, {"satisfaction_score": score_given})

    def _tell(self, what: str, at: datetime, event: dict[str, Any]) -> None:
        number = next(self._numbers)
        stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        detail = {
            "id": self.id, "subject": self.subject, "description": "", "status": self.status,
            "priority": "NORMAL", "type": "QUESTION",
            "tags": [f"lang_{self.language}", f"topic_{self.topic}"],
            "requester_id": self.requester, "submitter_id": self.requester,
            "assignee_id": self.assignee, "actor_id": self.requester, "group_id": GROUP,
            "brand_id": "360002417811", "organization_id": None, "external_id": None,
            "created_at": self.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "updated_at": f"{stamp}Z",
            "via": {"channel": "mail"}, "is_public": True,
        }  # fmt: skip
        body = {
            "account_id": int(ACCOUNT), "id": f"demo-{self.id}-{number:04d}",
            "type": f"zen:event-type:ticket.{what}", "subject": f"zen:ticket:{self.id}",
            "time": f"{stamp}.{number:06d}Z", "zendesk_event_version": "2022-11-06",
            "detail": detail,
            "event": event | {"meta": {"sequence": {"id": str(number), "position": 1}}},
        }  # fmt: skip
        self.bodies.append(json.dumps(body, ensure_ascii=False).encode())


def signed(secret: str, body: bytes, *, now: datetime | None = None) -> dict[str, str]:
    """The headers of one attempt."""
    stamp = (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Zendesk Webhook",
        TIMESTAMP: stamp,
        SIGNATURE: sign(secret, stamp, body),
    }


def m(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def h(hours: int) -> timedelta:
    return timedelta(hours=hours)


def tickets(start: datetime) -> list[DemoTicket]:
    """Three tickets, long enough ago that the window of first contact resolution has passed.

    Worked out by hand: FRT 750, 3,600 and 120 s; full resolution 7,200, 90,000 and 600 s;
    the second is reopened within a day; ratings good, bad, none.
    """

    parcel = DemoTicket("48213", "Où est mon colis ?", start, language="fr", requester="7310455120377")
    parcel.created()
    parcel.comment(timedelta(0), "Ma commande NG-20931 devait arriver lundi.", by="requester")
    parcel.comment(timedelta(seconds=15), "We have received your request.", by="bot")
    parcel.assign(m(5))
    parcel.comment(m(8), "Carrier says: held at customs.", by="agent", public=False)
    parcel.comment(timedelta(seconds=750), "Bonjour, votre colis est à la douane.", by="agent")
    parcel.move(timedelta(seconds=751), "PENDING")
    parcel.comment(h(1), "Merci !", by="requester")
    parcel.move(h(1), "OPEN")
    parcel.comment(h(2), "Il arrive demain.", by="agent")
    parcel.move(h(2), "SOLVED")
    parcel.rate(h(20), "GOOD", "Très clair")

    address = DemoTicket(
        "48214",
        "Cannot change delivery address",
        start + h(3),
        topic="address",
        requester="7310455120401",
    )
    address.created()
    address.comment(timedelta(0), "The form says error 17.", by="requester")
    address.assign(m(30))
    address.comment(h(1), "Please try again tomorrow.", by="agent")
    address.move(h(1), "SOLVED")
    address.comment(h(6), "It still fails.", by="requester")
    address.move(h(6), "OPEN")
    address.comment(h(25), "I have changed it for you.", by="agent")
    address.move(h(25), "SOLVED")
    address.rate(h(30), "BAD", "Took two days")

    refund = DemoTicket(
        "48215", "Refund received, thanks", start + h(5), topic="refund", requester="7310455120455"
    )
    refund.created()
    refund.comment(timedelta(0), "Just to say it came.", by="requester")
    refund.assign(m(1))
    refund.comment(m(2), "Glad to hear it!", by="agent")
    refund.move(m(10), "SOLVED")
    return [parcel, address, refund]
