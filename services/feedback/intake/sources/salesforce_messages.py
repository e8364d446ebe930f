"""What Salesforce's EmailMessage and CaseComment records say, whichever way they came. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from services.feedback.intake.normalised import AgentSighting, Change, NewMessage, Normalised
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.salesforce_ids import USER
from services.feedback.intake.sources.salesforce_records import Row, bots_of

AUTHORS = {"standard": "agent", "automatedprocess": "system"}
"""Kinds of user accounts; all others (guests, portal and community users) are requesters."""
DRAFT = "5"
_GAP = re.compile(r"<\s{20,}")
"""Blanks behind a "<", of which a reader of tags would try every split."""


def email(row: Row, settings: Mapping[str, Any], fallback: datetime, key: str) -> Normalised | str:
    """What the e-mail says; text: why it says nothing. Raises NotUnderstood."""
    if row.text("Status") == DRAFT:
        return "An e-mail that is not sent yet."
    if not row.text("ParentId"):
        return "An e-mail that belongs to no case."
    external_id = row.key("Id")
    incoming = row.flag("Incoming")
    creator = row.id("CreatedById")
    kind = "requester" if incoming else _author(row, creator, settings)
    if incoming is None:
        row.warn("Whether the e-mail came in is not told.")
    body = row.text("TextBody") or reading.plain(_GAP.sub("< ", row.text("HtmlBody") or ""))
    return _message(
        row, fallback, key,
        external_id=external_id,
        sent_at=row.time("MessageDate") or row.time("CreatedDate"),
        author_kind=kind,
        author_key=None if incoming else creator,
        author_name=(None if incoming else row.name_of("CreatedBy")) or row.word("FromName"),
        is_public=row.flag("IsExternallyVisible") is not False,
        body=body,
        channel="email",
        attachments=int(row.flag("HasAttachment") or False),
    )  # fmt: skip


def comment(row: Row, settings: Mapping[str, Any], fallback: datetime, key: str) -> Normalised | str:
    """What the comment says. Raises NotUnderstood."""
    external_id = row.key("Id")
    row.key("ParentId")
    is_public = row.flag("IsPublished")
    if is_public is None and not row.flag("IsDeleted"):
        row.warn("Whether the comment is published is not told: it counts as internal.")
    creator = row.id("CreatedById")
    created, edited = row.time("CreatedDate"), row.time("LastModifiedDate")
    return _message(
        row, fallback, key,
        external_id=external_id,
        sent_at=created,
        author_kind=_author(row, creator, settings),
        author_key=creator,
        author_name=row.name_of("CreatedBy"),
        is_public=bool(is_public),
        body=row.text("CommentBody") or "",
        edited_at=edited if created and edited and edited > created else None,
    )  # fmt: skip


def _message(row: Row, fallback: datetime, key: str, *, sent_at: datetime | None, **said: Any) -> Normalised:
    version = row.version(fallback, key)
    if sent_at is None:
        row.warn("When it was said is not told.")
    message = NewMessage(sent_at=sent_at or version.at, position=0, version=version, **said)
    ticket = row.key("ParentId")
    if row.flag("IsDeleted"):
        gone = Change(
            f"message_deleted:{message.external_id}", version.at, 0, "message_deleted", None,
            message.external_id,
        )  # fmt: skip
        return Normalised(ticket, version, changes=(gone,), warnings=tuple(row.warnings))
    agents: tuple[AgentSighting, ...] = ()
    if message.author_kind == "agent" and message.author_key:
        agents = (AgentSighting(message.author_key, row.name_of("CreatedBy")),)
    return Normalised(ticket, version, messages=(message,), agents=agents, warnings=tuple(row.warnings))


def _author(row: Row, creator: str | None, settings: Mapping[str, Any]) -> str:
    if creator is None:
        row.warn("Who wrote it is not told.")
        return "system"
    if creator in bots_of(settings):
        return "bot"
    kind = reading.opt_text(reading.opt_obj(row.fields, "CreatedBy"), "UserType")
    if kind:
        return AUTHORS.get(kind.lower(), "requester")
    return "agent" if creator.startswith(USER) else "requester"


MESSAGES: dict[str, Callable[[Row, Mapping[str, Any], datetime, str], Normalised | str]] = {
    "EmailMessage": email,
    "CaseComment": comment,
}
