"""Salesforce outbound messages: SOAP 1.1, up to 100 notifications in one envelope. Pure.

The XML comes from anybody who knows the address, so no DTD (hence no entities), nothing is fetched,
and depth, elements and texts are bounded. Session id and server addresses are not even read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from services.feedback.intake.sources.salesforce_ids import fitted

MAX_NOTIFICATIONS, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT = 100, 32, 200_000, 200_000
ENCODINGS = {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
RECORDS = ("urn:sobject.enterprise.soap.sforce.com", "urn:sobject.partner.soap.sforce.com")
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_ROOT = f"{SOAP} Envelope"
_MESSAGE = [_ROOT, f"{SOAP} Body", f"{OUTBOUND} notifications"]
_ORG = [*_MESSAGE, f"{OUTBOUND} OrganizationId"]
_NOTIFICATION = [*_MESSAGE, f"{OUTBOUND} Notification"]
_ID = [*_NOTIFICATION, f"{OUTBOUND} Id"]
_RECORD = [*_NOTIFICATION, f"{OUTBOUND} sObject"]


class NotSoap(Exception):
    """No outbound message: the same bytes will never be one. The text quotes nothing of them."""


@dataclass(frozen=True)
class Notification:
    id: str
    """Stays the same when it is sent again, maybe with newer fields."""
    sobject: str
    """Case, EmailMessage, …"""
    fields: dict[str, str | None]
    """As text, whatever they are; None: sent as nil. Fields that are empty are mostly left out."""


@dataclass(frozen=True)
class Message:
    org_id: str | None
    notifications: tuple[Notification, ...]


def parse(body: bytes) -> Message:
    """Raises NotSoap."""
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError:
        raise NotSoap("It is not well-formed XML.") from None
    except (ValueError, LookupError):  # what pyexpat raises over encodings
        raise NotSoap("Its encoding is not taken.") from None
    if not reader.is_message:
        raise NotSoap("The envelope holds no notifications.")
    return Message(reader.org_id, tuple(reader.notifications))


class _Reader:
    """Follows the path of names; reads only what stands exactly where it belongs."""

    def __init__(self) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self.parser = parser
        self.path: list[str] = []
        self.elements = 0
        self.is_message = False
        self.org_id: str | None = None
        self.notifications: list[Notification] = []
        self._id = self._sobject = ""
        self._fields: dict[str, str | None] = {}
        self._text: list[str] | None = None
        """What is being read; None: nothing that counts."""
        self._length = 0
        self._is_nil = False

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            raise NotSoap("Its encoding is not taken.")

    def _doctype(self, *_: object) -> None:
        raise NotSoap("A document type is not taken.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.path.append(name)
        self.elements += 1
        depth = len(self.path)
        if depth > MAX_DEPTH:
            raise NotSoap("It is nested too deeply.")
        if self.elements > MAX_ELEMENTS:
            raise NotSoap("It has too many elements.")
        if depth == 1 and name != _ROOT:
            raise NotSoap("It is no SOAP envelope.")
        self._text = None  # an element with elements inside has no text of its own
        if self.path == _MESSAGE:
            self.is_message = True
        elif self.path == _NOTIFICATION:
            if len(self.notifications) >= MAX_NOTIFICATIONS:
                raise NotSoap("It holds more than 100 notifications.")
            self._id, self._sobject, self._fields = "", "", {}
        elif self.path == _RECORD:
            self._sobject = attributes.get(f"{XSI} type", "").rpartition(":")[2][:80]
        elif self._is_field() or self.path in (_ORG, _ID):
            self._text, self._length = [], 0
            self._is_nil = attributes.get(f"{XSI} nil", "").strip() in ("true", "1")

    def _is_field(self) -> bool:
        return (
            len(self.path) == len(_RECORD) + 1
            and self.path[:-1] == _RECORD
            and self.path[-1].rpartition(" ")[0] in RECORDS
        )

    def _characters(self, text: str) -> None:
        if self._text is not None and self._length < MAX_TEXT:
            self._text.append(text[: MAX_TEXT - self._length])
            self._length += len(text)

    def _end(self, name: str) -> None:
        if self._text is not None:
            text = None if self._is_nil else "".join(self._text)
            if self.path == _ORG:
                self.org_id = self.org_id or (text or "").strip()[:40] or None
            elif self.path == _ID:
                self._id = self._id or (text or "").strip()[:100]
            else:
                self._fields.setdefault(name.rpartition(" ")[2][:255], text)
            self._text = None
        elif self.path == _NOTIFICATION:
            self.notifications.append(Notification(self._id, self._sobject, self._fields))
        self.path.pop()


# ---- As it is kept ------------------------------------------------------------------------------


def as_json(notification: Notification) -> bytes:
    """One notification by itself: what is stored, and later normalised."""
    kept = {
        "notification_id": notification.id,
        "sobject": notification.sobject,
        "fields": notification.fields,
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def source_key(org18: str, notification: Notification) -> str:
    """A retry under the same id may carry newer fields: then it is another telling."""
    prefix = f"sf-om:{org18}:"
    stamp = notification.fields.get("SystemModstamp") or ""
    if not notification.id:
        return fitted(f"{prefix} {as_json(notification).decode()}", prefix)
    return fitted(f"{prefix}{notification.id}:{stamp}", prefix)


# ---- The answers --------------------------------------------------------------------------------


def ack(ok: bool = True) -> bytes:
    """One for all notifications of the message; anything but true makes Salesforce send it again."""
    word = "true" if ok else "false"
    return _envelope(f'<notificationsResponse xmlns="{OUTBOUND}"><Ack>{word}</Ack></notificationsResponse>')


def fault(code: str, detail: str) -> bytes:
    """`code`: Client (the sender's mistake) or Server (ours)."""
    return _envelope(
        f"<soapenv:Fault><faultcode>soapenv:{_safe(code)}</faultcode>"
        f"<faultstring>{_safe(detail)}</faultstring></soapenv:Fault>"
    )


def _envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>'
    ).encode()


def _safe(text: Any) -> str:
    return escape("".join(char if char.isprintable() else " " for char in str(text)))
