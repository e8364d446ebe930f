"""Every way in for deliveries: how a connection is made for it, and how a genuine delivery looks."""

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from world import LONG_AGO, SECRET, World

from services.demo import zendesk
from services.feedback.intake.sources.zendesk import SIGNATURE
from shared import standard_webhooks

GENERIC_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ORG = "00D5g00000K7hQzEAJ"
PATH_TOKEN = "an-unguessable-part-of-an-address"
USER, PASSWORD, TOKEN = "intake", "fd-Basic-Pa55!", "fdtok_7b1c0e4492d84d1f"
DOMAIN = "example.freshdesk.com"
MORE: dict[str, dict[str, Any]] = {
    "zendesk": {},
    "freshdesk": {"account_id": DOMAIN, "user": USER, "secret": PASSWORD, "token": TOKEN},
    "salesforce": {"account_id": ORG, "secret": GENERIC_SECRET},
    "soap": {"platform": "salesforce", "account_id": ORG, "secret": None, "path_token": PATH_TOKEN},
    "generic": {"account_id": None, "secret": GENERIC_SECRET},
}
DOORS = tuple(MORE)


@dataclass(frozen=True)
class Delivery:
    """A request as its sender makes it."""

    path: str
    body: bytes
    headers: dict[str, str]
    expected: Sequence[str] = field(default=())
    """What the proof it brings has to be compared with, whole."""

    async def posted(self, world: World) -> httpx.Response:
        return await world.client.post(
            f"/feedback/intake/{self.path}", content=self.body, headers=self.headers
        )


async def furnish(world: World, door: str) -> dict[str, Any]:
    """A connection behind this door; its key is the door's name."""
    if door == "zendesk":
        return await world.connection(door)
    new = {"key": door, "name": door, "platform": door, **MORE[door]}
    made = await world.post(
        "/feedback/connections", {name: value for name, value in new.items() if value is not None}
    )
    return dict(made)


def document(
    number: str, at: datetime = LONG_AGO, *, words: str = "Hello", subject: str = "A question", **more: Any
) -> bytes:
    """A ticket document with one message."""
    message = {"id": f"m-{number}", "sent_at": LONG_AGO, "author_kind": "requester", "body": words}
    said = {"at": at, "ticket": {"id": number, "subject": subject}, "messages": [message], **more}
    return json.dumps(said, default=lambda moment: moment.isoformat()).encode()


def soap(*case_ids: str) -> bytes:
    """An outbound message: one notification a case."""
    inside = "".join(
        f"<Notification><Id>04l{number:012}AAA</Id><sObject xsi:type='sf:Case'"
        " xmlns:sf='urn:sobject.enterprise.soap.sforce.com'>"
        f"<sf:Id>{case_id}</sf:Id><sf:Subject>Tent leaks</sf:Subject><sf:Status>New</sf:Status>"
        "<sf:CreatedDate>2026-03-04T08:11:02.000Z</sf:CreatedDate>"
        "<sf:SystemModstamp>2026-03-04T10:44:01.000Z</sf:SystemModstamp></sObject></Notification>"
        for number, case_id in enumerate(case_ids)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{ORG}</OrganizationId>{inside}</notifications></s:Body></s:Envelope>"
    ).encode()


def body_for(door: str, number: str) -> bytes:
    """A small delivery of the shape that comes through this door, about ticket `number`."""
    case_id = f"5005g{number:0>10}AAA"
    match door:
        case "zendesk":
            ticket = zendesk.DemoTicket(number, "A question", LONG_AGO)
            ticket.created()
            return ticket.bodies[0]
        case "freshdesk":
            said = {"ticket_id": number, "ticket_subject": "A question", "ticket_status": "Open"}
            return json.dumps({"freshdesk_webhook": said}).encode()
        case "salesforce":
            record = {"Id": case_id, "Subject": "Tent leaks", "SystemModstamp": "2026-03-04T10:44:01Z"}
            return json.dumps({"org_id": ORG, "sobject": "Case", "record": record}).encode()
        case "soap":
            return soap(case_id)
        case _:
            return document(number)


def genuine(door: str, number: str, *, body: bytes | None = None) -> Delivery:
    """Signed now, or whatever proves it at this door."""
    body = body_for(door, number) if body is None else body
    if door == "zendesk":
        headers = zendesk.signed(SECRET, body)
        return Delivery(f"{door}/{door}", body, headers, [headers[SIGNATURE]])
    if door == "freshdesk":
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "x-intake-token": TOKEN}
        return Delivery(f"{door}/{door}", body, headers, [f"{USER}:{PASSWORD}", TOKEN])
    if door == "soap":
        return Delivery(f"salesforce/{door}/{PATH_TOKEN}", body, {"content-type": "text/xml"}, [PATH_TOKEN])
    stamp = str(int(time.time()))
    signature = standard_webhooks.sign(GENERIC_SECRET, f"msg_{number}", stamp, body)
    headers = {
        standard_webhooks.ID: f"msg_{number}",
        standard_webhooks.TIMESTAMP: stamp,
        standard_webhooks.SIGNATURE: signature,
    }
    return Delivery(f"{door}/{door}", body, headers, [signature])
