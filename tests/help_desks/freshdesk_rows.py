"""The neutral tickets in Freshdesk's spelling."""

from typing import Any

from help_desks.data import GROUPS, HOUR, Step, Ticket
from help_desks.limits import utc

Record = dict[str, Any]
FIRST_TICKET = 20_000
AGENT_ID, REQUESTER_ID, GROUP_ID, PRODUCT_ID = 67_013_469_919, 67_013_470_400, 67_000_259_995, 67_000_014_161
CONVERSATION_ID, RATING_ID, SURVEY_ID = 67_000_700_000, 67_000_000_000, 67_000_118_831
PER_TICKET = 100  # conversation ids: base + ticket * 100 + step
STATUSES = {"new": 2, "open": 2, "pending": 3, "hold": 7, "solved": 4, "closed": 5}
PRIORITIES = {None: 1, "low": 1, "normal": 2, "high": 3, "urgent": 4}
SOURCES = {"email": 1, "web": 2, "phone": 3, "chat": 7}
LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "French", "ar": "Arabic", "fi": "Finnish"}
SCORES = {"good": 103, "neutral": 100, "bad": -103}
SUPPORT = "help@halcyon.test"
_CREATED = "2025-01-01T00:00:00Z"


def ticket_id(number: int) -> int:
    return FIRST_TICKET + number


def responder_id(ticket: Ticket, step: Step | None = None) -> int | None:
    who = ticket.now_of("assignee", None if step is None else step.index + 1)
    return None if who is None else AGENT_ID + int(who)


def row(ticket: Ticket) -> Record:
    """A row of the list, without includes. `deleted` appears only when true."""
    mailed, late = ticket.channel == "email", ticket.number % 7 == 0
    return {
        "cc_emails": [], "fwd_emails": [], "reply_cc_emails": [], "ticket_cc_emails": [],
        "fr_escalated": late, "spam": ticket.fate == "spam",
        "email_config_id": 67_000_041_177 if mailed else None, "group_id": GROUP_ID + ticket.group,
        "priority": PRIORITIES[ticket.priority], "requester_id": REQUESTER_ID + ticket.requester.number,
        "responder_id": responder_id(ticket), "source": SOURCES[ticket.channel], "company_id": None,
        "status": STATUSES[ticket.status], "subject": ticket.subject, "association_type": None,
        "support_email": SUPPORT if mailed else None, "to_emails": [SUPPORT] if mailed else None,
        "product_id": PRODUCT_ID + ticket.brand, "id": ticket_id(ticket.number), "type": "Question",
        "due_by": utc(ticket.created_at + 48 * HOUR), "fr_due_by": utc(ticket.created_at + 4 * HOUR),
        "is_escalated": late,
        "custom_fields": {"cf_language": LANGUAGES[ticket.language], "cf_order_number": None},
        "created_at": utc(ticket.created_at), "updated_at": utc(ticket.updated_at),
        "associated_tickets_count": None, "tags": ["address"] if ticket.number % 3 == 0 else [],
        "nr_due_by": None, "nr_escalated": False,
        **({"deleted": True} if ticket.fate == "deleted" else {}),
    }  # fmt: skip


def description(ticket: Ticket) -> Record:
    text = ticket.steps[0].text or ""
    return {"description": _html(text), "description_text": _flat(text)}


def requester(ticket: Ticket) -> Record:
    person = ticket.requester
    told = {"id": REQUESTER_ID + person.number, "name": person.name, "email": person.email}
    return {**told, "mobile": None, "phone": None}


def stats(ticket: Ticket) -> Record:
    """`resolved_at` and `closed_at` are wiped when the ticket is opened again."""
    agents = [s.at for s in ticket.messages if s.index and s.by == "agent" and s.public]
    customers = [s.at for s in ticket.messages if s.index and s.by == "requester"]
    changed = ticket.moves_to("new", "open", "pending", "hold", "solved", "closed")
    resolved = ticket.moves_to("solved", "closed") if ticket.status in {"solved", "closed"} else []
    closed = ticket.moves_to("closed") if ticket.status == "closed" else []
    reopened = [
        s.at
        for s in ticket.steps
        for name, before, after in s.changes
        if name == "status" and before in {"solved", "closed"} and after == "open"
    ]
    return {
        "agent_responded_at": _last(agents),
        "requester_responded_at": _last(customers),
        "first_responded_at": utc(ticket.first_reply_at),
        "status_updated_at": _last(changed),
        "reopened_at": _last(reopened),
        "resolved_at": utc(resolved[0] if not reopened else resolved[-1]) if resolved else None,
        "closed_at": _last(closed),
        "pending_since": _last(ticket.moves_to("pending")) if ticket.status == "pending" else None,
    }


def _last(times: list[int]) -> str | None:
    return utc(times[-1]) if times else None


# ---- Conversations ------------------------------------------------------------------------------


def conversations(ticket: Ticket) -> list[Record]:
    """All but the description; the comment of a rating stands among them as if it were a reply."""
    told = [_conversation(ticket, step) for step in ticket.steps[1:] if step.text is not None]
    for step in ticket.steps:
        if step.rating and step.rating.comment is not None:
            told.append(_conversation(ticket, step, feedback=step.rating.comment))
    return sorted(told, key=lambda each: int(each["id"]))


def _conversation(ticket: Ticket, step: Step, feedback: str | None = None) -> Record:
    incoming, automatic = step.by == "requester", step.by == "system"
    text = (step.text if feedback is None else feedback) or ""
    source, category = (
        (6, 7) if feedback is not None else (0, 1 if incoming else 3) if step.public else (2, 2)
    )
    user = REQUESTER_ID + ticket.requester.number if incoming else responder_id(ticket, step)
    sender = ticket.requester.email if incoming else f"Halcyon <{SUPPORT}>"
    return {
        "body": _html(text), "body_text": _flat(text),
        "id": CONVERSATION_ID + ticket.number * PER_TICKET + step.index, "incoming": incoming,
        "private": not step.public, "user_id": None if automatic else user,
        "support_email": None if feedback is not None else SUPPORT, "source": source, "category": category,
        "to_emails": [ticket.requester.email] if category == 3 and not automatic else [],
        "from_email": sender if step.public and feedback is None and not automatic else None,
        "cc_emails": [], "bcc_emails": [], "email_failure_count": None, "outgoing_failures": None,
        "thread_id": None, "thread_message_id": None, "created_at": utc(step.at), "updated_at": utc(step.at),
        "last_edited_at": None, "last_edited_user_id": None, "attachments": [],
        "automation_id": 67_000_112_233 if automatic else None,
        "automation_type_id": 1 if automatic else None, "auto_response": automatic,
        "ticket_id": ticket_id(ticket.number), "source_additional_info": None,
    }  # fmt: skip


def _html(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
    return f"<div>{safe}</div>"


def _flat(text: str) -> str:
    return text.replace("\n", " ")


# ---- Ratings and the account's words ------------------------------------------------------------


def rating(ticket: Ticket, which: int) -> Record:
    step = ticket.steps[which]
    if step.rating is None:
        raise LookupError(which)
    return {
        "id": RATING_ID + ticket.number * PER_TICKET + which, "survey_id": SURVEY_ID,
        "user_id": REQUESTER_ID + ticket.requester.number, "agent_id": responder_id(ticket),
        "feedback": step.rating.comment, "group_id": GROUP_ID + ticket.group,
        "ticket_id": ticket_id(ticket.number), "created_at": utc(step.at), "updated_at": utc(step.at),
        "ratings": {"default_question": SCORES[step.rating.level]},
    }  # fmt: skip


def _survey(number: int, title: str, accepted: list[int], active: bool) -> Record:
    question = {
        "id": "default_question",
        "label": "How would you rate us?",
        "accepted_ratings": accepted,
        "default": True,
    }
    stamps = {"created_at": _CREATED, "updated_at": _CREATED}
    return {"id": number, "title": title, "questions": [question], "active": active, **stamps}


SURVEYS = [
    _survey(SURVEY_ID, "Default", [103, 100, -103], True),
    _survey(SURVEY_ID + 1, "Long scale", [103, 102, 101, 100, -101, -102, -103], False),
]
_STATUS_NAMES = {
    "2": ["Open", "Being Processed"],
    "3": ["Pending", "Awaiting your Reply"],
    "4": ["Resolved", "This ticket has been Resolved"],
    "5": ["Closed", "This ticket has been Closed"],
    "6": ["Waiting on Customer", "Awaiting your Reply"],
    "7": ["Waiting on Third Party", "Being Processed"],
}
_SOURCE_NAMES = {
    "Email": 1, "Portal": 2, "Phone": 3, "Forum": 4, "Twitter": 5, "Facebook": 6, "Chat": 7, "MobiHelp": 8,
    "Feedback Widget": 9, "Outbound Email": 10, "Ecommerce": 11, "Bot": 12, "Whatsapp": 13,
}  # fmt: skip
_PRIORITY_NAMES = {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}
TICKET_FIELDS: list[Record] = [
    {"id": 67_000_001 + n, "name": name, "label": name.title(), "type": f"default_{name}", "choices": choices}
    for n, (name, choices) in enumerate(
        {"status": _STATUS_NAMES, "priority": _PRIORITY_NAMES, "source": _SOURCE_NAMES}.items()
    )
]
GROUP_ROWS: list[Record] = [{"id": GROUP_ID + n, "name": name} for n, name in enumerate(GROUPS)]
