"""The neutral tickets in Zendesk's spelling. Ids are numbers in REST, but text inside audits."""

from typing import Any

from help_desks.data import (
    AGENTS,
    BRANDS,
    DAY,
    FIRST_REPLY_TARGET_MIN,
    GROUPS,
    Person,
    Step,
    Ticket,
    agent,
)  # fmt: skip
from help_desks.limits import utc, utc_

Record = dict[str, Any]
FIRST_TICKET = 48_000
AGENT_ID, REQUESTER_ID, SYSTEM_ID = 7_310_448_812_054, 7_310_455_120_400, -1
BRAND_IDS = (360_002_417_811, 360_002_417_852)
GROUP_IDS = (360_009_911_201, 360_009_911_240, 360_009_911_277)
ORDER_FIELD, EMPTY_FIELD = 360_045_118_872, 360_045_118_899
CHANNELS = {"email": "email", "web": "web", "chat": "chat", "phone": "voice"}
SCORES = {"good": "good", "neutral": "good", "bad": "bad"}
REASONS = {"good": ("No reason provided", 1003, 0), "bad": ("The issue took too long to resolve", 1001, 5)}
AUDIT_ID, RATING_ID, METRIC_ID = 6_130_852_000_000, 36_002_000_000, 6_925_131_000_000
PER_STEP, PER_TICKET = 10, 1000  # audit and event ids: base + ticket * 1000 + step * 10 + which


def ticket_id(number: int) -> int:
    return FIRST_TICKET + number


def agent_id(position: int | None) -> int | None:
    return None if position is None else AGENT_ID + position


def user_id(ticket: Ticket, step: Step) -> int:
    if step.by == "requester":
        return REQUESTER_ID + ticket.requester.number
    who = ticket.now_of("assignee", step.index + 1)
    return SYSTEM_ID if step.by == "system" or who is None else AGENT_ID + int(who)


def _via(ticket: Ticket) -> Record:
    person, brand = ticket.requester, BRANDS[ticket.brand]
    if ticket.channel == "phone":
        source: Record = {
            "rel": "voicemail",
            "from": {"formatted_phone": "+49 30 1234567", "phone": "+49301234567", "name": person.name},
            "to": {
                "formatted_phone": "+49 30 7654321",
                "phone": "+49307654321",
                "name": brand,
                "brand_id": BRAND_IDS[ticket.brand],
            },
        }
    elif ticket.channel == "email":
        source = {
            "from": {"address": person.email, "name": person.name},
            "to": {"name": brand, "address": "help@halcyon.test"},
            "rel": None,
        }
    else:
        source = {"from": {}, "to": {}, "rel": None}
    return {"channel": CHANNELS[ticket.channel], "source": source}


def status(ticket: Ticket) -> str:
    return "deleted" if ticket.fate in {"deleted", "spam"} else ticket.status


def _rating_of(ticket: Ticket) -> Record | None:
    rated = ticket.rated
    if rated is None or rated.rating is None:
        return {"score": "offered" if ticket.moves_to("solved") else "unoffered"}
    score = SCORES[rated.rating.level]
    reason, reason_id, _ = REASONS[score]
    return {
        "score": score,
        "id": RATING_ID + ticket.number,
        "comment": rated.rating.comment,
        "reason": reason,
        "reason_id": reason_id,
    }


def ticket_row(ticket: Ticket, root: str) -> Record:
    number, subject, gone = ticket_id(ticket.number), ticket.subject, ticket.fate in {"deleted", "spam"}
    fields = [
        {"id": ORDER_FIELD, "value": f"NG-{number}" if ticket.number % 2 else None},
        {"id": EMPTY_FIELD, "value": None},
    ]
    merged = ["closed_by_merge"] if ticket.fate == "merged" else []
    requester = REQUESTER_ID + ticket.requester.number
    return {
        "url": f"{root}/api/v2/tickets/{number}.json", "id": number, "external_id": None,
        "via": _via(ticket), "created_at": utc(ticket.created_at), "updated_at": utc(ticket.updated_at),
        "type": None, "subject": subject, "raw_subject": subject,
        "description": ticket.steps[0].text, "priority": ticket.priority, "status": status(ticket),
        "recipient": "help@halcyon.test" if ticket.channel == "email" else None,
        "requester_id": requester, "submitter_id": requester, "assignee_id": agent_id(ticket.agent),
        "organization_id": None, "group_id": GROUP_IDS[ticket.group],
        "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [], "forum_topic_id": None,
        "problem_id": None, "has_incidents": False, "is_public": True, "due_at": None,
        "tags": [*merged, f"lang_{ticket.language}"], "custom_fields": fields,
        "satisfaction_rating": None if gone else _rating_of(ticket), "sharing_agreement_ids": [],
        "custom_status_id": 8_593_966, "fields": fields, "followup_ids": [],
        "ticket_form_id": 360_001_880_912, "brand_id": BRAND_IDS[ticket.brand],
        "allow_channelback": False, "allow_attachments": True, "from_messaging_channel": False,
    }  # fmt: skip


# ---- History ------------------------------------------------------------------------------------


def _told(name: str, value: str | None, ticket: Ticket) -> tuple[str, str | None]:
    """A neutral change in audit words: the field's name and its value as text."""
    if name == "assignee":
        return "assignee_id", None if value is None else str(AGENT_ID + int(value))
    if name == "group":
        return "group_id", None if value is None else str(GROUP_IDS[int(value)])
    if name == "fate":
        return "status", "deleted" if value == "deleted" or value == "spam" else ticket.status
    return name, value


def audit(ticket: Ticket, step: Step) -> Record:
    base = AUDIT_ID + ticket.number * PER_TICKET + step.index * PER_STEP
    author, events = user_id(ticket, step), list[Record]()
    if step.text is not None:
        events.append({
            "type": "Comment", "author_id": author, "body": step.text, "html_body": _html(step.text),
            "plain_body": step.text, "public": step.public, "attachments": [], "audit_id": base,
        })  # fmt: skip
    if step.index == 0:
        requester = str(REQUESTER_ID + ticket.requester.number)
        told = [("requester_id", requester), *(_told(name, to, ticket) for name, _, to in step.changes)]
        told += [("brand_id", str(BRAND_IDS[ticket.brand]))]
        events += [{"type": "Create", "value": value, "field_name": name} for name, value in told]
        events.append({"type": "Create", "value": [f"lang_{ticket.language}"], "field_name": "tags"})
    else:
        for name, before, after in step.changes:
            field, value = _told(name, after, ticket)
            events.append({
                "type": "Change", "value": value, "field_name": field,
                "previous_value": _told(name, before, ticket)[1],
            })  # fmt: skip
    if step.rating:
        events.append({
            "type": "SatisfactionRating", "score": SCORES[step.rating.level],
            "assignee_id": agent_id(ticket.agent), "body": step.rating.comment,
        })  # fmt: skip
    via: Record = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
    if step.by == "system":
        rule = {"id": 6_241_378_811_151, "title": "Close ticket 4 days after solved"}
        via = {"channel": "rule", "source": {"from": rule, "to": {}, "rel": "automation"}}
    return {
        "id": base, "ticket_id": ticket_id(ticket.number), "created_at": utc(step.at), "author_id": author,
        "metadata": {"system": {}, "custom": {}},
        "events": [{"id": base + which, **event} for which, event in enumerate(events, 1)],
        "via": _via(ticket) if step.index == 0 else via,
    }  # fmt: skip


def _html(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{safe}</p></div>'


def comment(ticket: Ticket, step: Step) -> Record:
    """A row of the comments list; its id is the one of the audit's Comment event."""
    told = audit(ticket, step)
    event: Record = next(event for event in told["events"] if event["type"] == "Comment")
    more = {"created_at": told["created_at"], "via": told["via"], "metadata": told["metadata"]}
    return event | more


def users_of(ticket: Ticket) -> list[Record]:
    """The side-load: everybody who wrote or did something, but not the system."""
    people: dict[int, Record] = {}
    for step in ticket.steps:
        number = user_id(ticket, step)
        if number != SYSTEM_ID and number not in people:
            person = ticket.requester if step.by == "requester" else agent(number - AGENT_ID)
            people[number] = user(number, person, "end-user" if step.by == "requester" else "agent")
    return list(people.values())


def user(number: int, person: Person, role: str) -> Record:
    return {
        "id": number, "name": person.name, "email": person.email, "role": role, "active": True,
        "locale": "en-US", "time_zone": "Berlin", "created_at": utc(1_600_000_000),
        "updated_at": utc(1_700_000_000), "organization_id": None, "tags": [], "suspended": False,
    }  # fmt: skip


# ---- Ratings, metric events, deletions, directories ---------------------------------------------


def rating_row(ticket: Ticket, which: int, root: str) -> Record:
    step = ticket.steps[which]
    if step.rating is None:
        raise LookupError(which)
    number, score = RATING_ID + ticket.number, SCORES[step.rating.level]
    reason, reason_id, code = REASONS[score]
    return {
        "url": f"{root}/api/v2/satisfaction_ratings/{number}.json", "id": number,
        "assignee_id": agent_id(ticket.agent), "group_id": GROUP_IDS[ticket.group],
        "requester_id": REQUESTER_ID + ticket.requester.number, "ticket_id": ticket_id(ticket.number),
        "score": score, "created_at": utc(step.at), "updated_at": utc(step.at),
        "comment": step.rating.comment, "reason": reason, "reason_id": reason_id, "reason_code": code,
    }  # fmt: skip


def metric_events(ticket: Ticket) -> list[tuple[int, Record]]:
    """The reply-time clock of a ticket: started, SLA applied, breached or not, fulfilled."""
    created, replied = ticket.created_at, ticket.first_reply_at
    policy = {"id": 360_001_110_696, "title": "EU standard", "description": "4 h first reply"}
    sla = {"target": FIRST_REPLY_TARGET_MIN, "business_hours": False, "policy": policy}
    told: list[tuple[int, Record]] = [
        (created, {"instance_id": 0, "type": "measure"}),
        (created, {"instance_id": 1, "type": "activate"}),
        (created, {"instance_id": 1, "type": "apply_sla", "sla": sla, "deleted": False}),
    ]
    due = created + FIRST_REPLY_TARGET_MIN * 60
    late = (replied or ticket.updated_at) > due
    if late or ticket.number % 5 == 0:  # some breaches were called off
        told.append((due, {"instance_id": 1, "type": "breach", "deleted": not late}))
    if replied is not None:
        told.append((replied, {"instance_id": 1, "type": "fulfill"}))
    rows = []
    for which, (at, more) in enumerate(told):
        head = {"id": METRIC_ID + ticket.number * 10 + which, "ticket_id": ticket_id(ticket.number)}
        row = {**head, "metric": "reply_time", "instance_id": more["instance_id"], "type": more["type"]}
        rows.append((at, {**row, "time": utc(at), **more}))
    return rows


def deleted_row(ticket: Ticket, which: int) -> Record:
    step = ticket.steps[which]
    number = user_id(ticket, step)
    name = agent(number - AGENT_ID).name if number >= AGENT_ID and number < REQUESTER_ID else "System"
    return {
        "id": ticket_id(ticket.number), "subject": ticket.subject, "description": ticket.steps[0].text,
        "actor": {"id": number, "name": name}, "deleted_at": utc_(step.at), "previous_state": ticket.status,
    }  # fmt: skip


def deletions(ticket: Ticket, now: int) -> list[tuple[int, int]]:
    """A deleted ticket is listed for 30 days."""
    gone = [s for s in ticket.steps if any(name == "fate" for name, _, _ in s.changes)]
    return [(s.at, s.index) for s in gone[-1:] if s.at > now - 30 * DAY]


def directory(name: str, root: str) -> list[Record]:
    if name == "groups":
        return [{"id": n, "name": told, "deleted": False} for n, told in zip(GROUP_IDS, GROUPS, strict=True)]
    if name == "brands":
        return [{"id": n, "name": told, "active": True} for n, told in zip(BRAND_IDS, BRANDS, strict=True)]
    return [user(AGENT_ID + n, agent(n), "agent") for n in range(len(AGENTS))]
