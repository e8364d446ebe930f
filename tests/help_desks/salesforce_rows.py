"""The neutral tickets as Salesforce records: for each object its rows, and each row's fields."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from help_desks.data import AGENTS, BRANDS, FIRST_REPLY_TARGET_MIN, GROUPS, Desk, Step, Ticket, agent

Record = dict[str, Any]
API = "/services/data/v62.0"
STATUSES = {
    "new": "New", "open": "Working", "pending": "Waiting on Customer",
    "hold": "On Hold", "solved": "Solved", "closed": "Closed",
}  # fmt: skip
PRIORITIES = {None: None, "low": "Low", "normal": "Medium", "high": "High", "urgent": "Critical"}
ORIGINS = {"email": "Email", "web": "Web", "chat": "Chat", "phone": "Phone"}
SCORES = {"good": 5.0, "neutral": 3.0, "bad": 1.0}
RECORD_TYPES = ("0125g000000ZkPqAAK", "0125g000000ZkPrAAK")
QUEUES = ("00G5g000004TtLmEAK", "00G5g000004TtLnEAK", "00G5g000004TtLoEAK")
VENDORS = ("Brightdesk", "Kestrel CX", None)
RATING_QUESTION, COMMENT_QUESTION = "0Kc5g000000bTqRCAU", "0Kc5g000000bTqSCAU"
PREFIXES = {
    "Case": "500", "EmailMessage": "02s", "CaseComment": "00a", "CaseHistory": "017", "CaseMilestone": "555",
    "SurveyQuestionResponse": "0Kf", "SurveyResponse": "0Ke", "SurveySubject": "0Kz", "User": "005",
    "Contact": "003",
}  # fmt: skip
PER_TICKET = 100  # ids of child rows: ticket number * 100 + which


def id18(start: str) -> str:
    """The 18-character form of a 15-character id: three characters that tell its capitals."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    ends = (sum(1 << i for i, c in enumerate(start[at : at + 5]) if "A" <= c <= "Z") for at in (0, 5, 10))
    return start + "".join(letters[bits] for bits in ends)


def sf_id(sobject: str, number: int) -> str:
    return id18(f"{PREFIXES[sobject]}5g{number:010d}")


def number_in(sobject: str, text: object) -> int | None:
    """The number in an id of this object, 15 or 18 characters."""
    if not isinstance(text, str) or not text.startswith(f"{PREFIXES[sobject]}5g"):
        return None
    digits = text[5:15]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 10 else None


def time(at: int | None) -> str | None:
    """2026-03-04T08:11:02.000+0000"""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def user_id(position: int | None) -> str:
    """An agent; None is the automatic user."""
    return sf_id("User", 900 if position is None else position)


def _nested(sobject: str, url: str, **fields: Any) -> Record:
    return {"attributes": {"type": sobject, "url": f"{API}/sobjects/{url}"}, **fields}


def _row(sobject: str, row_id: str, **fields: Any) -> Record:
    return {**_nested(sobject, f"{sobject}/{row_id}"), "Id": row_id, **fields}


def _stamps(created: int, changed: int) -> Record:
    return {
        "CreatedDate": time(created),
        "LastModifiedDate": time(changed),
        "SystemModstamp": time(changed),
    }


def _child_id(sobject: str, ticket: Ticket, which: int) -> str:
    return sf_id(sobject, ticket.number * PER_TICKET + which)


def _author(ticket: Ticket, step: Step) -> str:
    by_agent = step.by == "agent" and (who := ticket.now_of("assignee", step.index + 1)) is not None
    return user_id(int(who) if by_agent and who is not None else None)


def _owner(ticket: Ticket) -> tuple[str, Record]:
    if ticket.agent is None:
        queue = QUEUES[ticket.group]
        return queue, _nested("Name", f"Group/{queue}", Name=f"{GROUPS[ticket.group]} Queue", Type="Queue")
    owner = user_id(ticket.agent)
    return owner, _nested("Name", f"User/{owner}", Name=agent(ticket.agent).name, Type="User")


# ---- The objects --------------------------------------------------------------------------------


def case(ticket: Ticket, _which: int) -> Record:
    closed = ticket.status == "closed"
    owner_id, owner = _owner(ticket)
    person, contact_id = ticket.requester, sf_id("Contact", ticket.requester.number)
    return _row(
        "Case", sf_id("Case", ticket.number),
        IsDeleted=ticket.fate != "live",
        MasterRecordId=sf_id("Case", ticket.merged_into) if ticket.merged_into else None,
        CaseNumber=f"{200_000 + ticket.number:09d}", Subject=ticket.subject,
        Description=ticket.steps[0].text, Status=STATUSES[ticket.status],
        Priority=PRIORITIES[ticket.priority], Origin=ORIGINS[ticket.channel], Type=None, Reason=None,
        IsClosed=closed, ClosedDate=time(ticket.moves_to("closed")[-1]) if closed else None,
        IsEscalated=False, OwnerId=owner_id, Owner=owner, RecordTypeId=RECORD_TYPES[ticket.brand],
        ContactId=contact_id,
        Contact=_nested("Contact", f"Contact/{contact_id}", Name=person.name, Email=person.email),
        AccountId=None, ParentId=None, SourceId=None, SuppliedEmail=person.email, SuppliedName=person.name,
        **_stamps(ticket.created_at, ticket.updated_at),
        Vendor__c=VENDORS[ticket.group], Case_Language__c=ticket.language,
    )  # fmt: skip


def _parent(ticket: Ticket) -> str:
    """Messages of a merge's loser hang on the winner."""
    return sf_id("Case", ticket.merged_into or ticket.number)


def _is_comment(ticket: Ticket, step: Step) -> bool:
    """Notes, and what agents say where there is no mail."""
    return step.by == "agent" and (not step.public or ticket.channel in {"chat", "phone"})


def email(ticket: Ticket, which: int) -> Record:
    step, row_id = ticket.steps[which], _child_id("EmailMessage", ticket, which)
    incoming, person = step.by == "requester", ticket.requester
    us = ("help@halcyon.test", BRANDS[ticket.brand])
    sender, to = ((person.email, person.name), us[0]) if incoming else (us, person.email)
    return _row(
        "EmailMessage", row_id, IsDeleted=ticket.fate in {"deleted", "spam"}, ParentId=_parent(ticket),
        Incoming=incoming, Subject=ticket.subject if incoming else f"Re: {ticket.subject}",
        TextBody=step.text, HtmlBody=None, FromAddress=sender[0], FromName=sender[1], ToAddress=to,
        CcAddress=None, MessageDate=time(step.at), Status="0" if incoming else "3",
        IsExternallyVisible=step.public, HasAttachment=False,
        MessageIdentifier=f"<{row_id}@halcyon.test>", ThreadIdentifier=None,
        CreatedById=_author(ticket, step), **_stamps(step.at, step.at),
    )  # fmt: skip


def comment(ticket: Ticket, which: int) -> Record:
    step = ticket.steps[which]
    return _row(
        "CaseComment", _child_id("CaseComment", ticket, which), IsDeleted=ticket.fate in {"deleted", "spam"},
        ParentId=_parent(ticket), CommentBody=step.text, IsPublished=step.public,
        CreatedById=_author(ticket, step), **_stamps(step.at, step.at),
    )  # fmt: skip


def _history(ticket: Ticket) -> list[tuple[Step, str, str | None, str | None, str]]:
    """Step, field, before, after, data type; an owner's change is told twice: in names and in ids."""
    rows: list[tuple[Step, str, str | None, str | None, str]] = [
        (ticket.steps[0], "created", None, None, "Text")
    ]
    for step in ticket.steps[1:]:
        for name, before, after in step.changes:
            if name == "status" and before and after:
                rows.append((step, "Status", STATUSES[before], STATUSES[after], "DynamicEnum"))
            elif name == "assignee" and after:
                queue, who = f"{GROUPS[ticket.group]} Queue", int(after)
                rows.append((step, "Owner", queue, AGENTS[who], "Text"))
                rows.append((step, "Owner", QUEUES[ticket.group], user_id(who), "EntityId"))
    return rows


def history(ticket: Ticket, which: int) -> Record:
    step, name, before, after, kind = _history(ticket)[which]
    return _row(
        "CaseHistory", _child_id("CaseHistory", ticket, which), IsDeleted=ticket.fate != "live",
        CaseId=sf_id("Case", ticket.number), Field=name, OldValue=before, NewValue=after, DataType=kind,
        CreatedById=_author(ticket, step), CreatedDate=time(step.at),
    )  # fmt: skip


def _milestone_times(ticket: Ticket) -> tuple[int, int | None, bool, int]:
    """Target, completion, whether violated, and when the row last changed."""
    target, done = ticket.created_at + FIRST_REPLY_TARGET_MIN * 60, ticket.first_reply_at
    violated = (done or ticket.updated_at) > target
    return target, done, violated, done or (target if violated else ticket.created_at)


def milestone(ticket: Ticket, which: int) -> Record:
    target, done, violated, changed = _milestone_times(ticket)
    late = divmod(ticket.updated_at - target, 60) if violated and done is None else None
    return _row(
        "CaseMilestone", _child_id("CaseMilestone", ticket, which), IsDeleted=ticket.fate != "live",
        CaseId=sf_id("Case", ticket.number), MilestoneTypeId="5575g0000000001AAA",
        MilestoneType=_nested("MilestoneType", "MilestoneType/5575g0000000001AAA", Name="First Response"),
        StartDate=time(ticket.created_at), TargetDate=time(target), CompletionDate=time(done),
        IsCompleted=done is not None, IsViolated=violated, TargetResponseInMins=FIRST_REPLY_TARGET_MIN,
        ElapsedTimeInMins=None if done is None else (done - ticket.created_at) // 60,
        TimeRemainingInMins=None, TimeSinceTargetInMins=f"{late[0]}:{late[1]:02d}" if late else None,
        BusinessHoursId=None, **_stamps(ticket.created_at, changed),
    )  # fmt: skip


def answer(ticket: Ticket, which: int) -> Record:
    """Row 2·step is the number, 2·step + 1 the comment."""
    step = ticket.steps[which // 2]
    if step.rating is None:
        raise LookupError(which)
    response, of_number = _child_id("SurveyResponse", ticket, step.index), which % 2 == 0
    score = SCORES[step.rating.level]
    return _row(
        "SurveyQuestionResponse", _child_id("SurveyQuestionResponse", ticket, which),
        ResponseId=response, QuestionId=RATING_QUESTION if of_number else COMMENT_QUESTION,
        Datatype="Int" if of_number else "String", NumberValue=score if of_number else None, ChoiceValue=None,
        ResponseValue=f"{score:.0f}" if of_number else step.rating.comment,
        Response=_nested(
            "SurveyResponse", f"SurveyResponse/{response}", CompletionDateTime=time(step.at),
            Status="Completed", SubmitterId=sf_id("Contact", ticket.requester.number),
        ),
        IsDeleted=False, **_stamps(step.at, step.at),
    )  # fmt: skip


def subject(ticket: Ticket, which: int) -> Record:
    """Joins an answer to its case: Salesforce has no direct column for it."""
    at = ticket.steps[which].at
    return _row(
        "SurveySubject", _child_id("SurveySubject", ticket, which), IsDeleted=False,
        ParentId=_child_id("SurveyResponse", ticket, which), SubjectId=sf_id("Case", ticket.number),
        **_stamps(at, at),
    )  # fmt: skip


# ---- Which rows there are -----------------------------------------------------------------------


def _answers(ticket: Ticket) -> Iterable[tuple[int, int]]:
    for step in ticket.steps:
        if step.rating:
            yield step.at, 2 * step.index
            if step.rating.comment is not None:
                yield step.at, 2 * step.index + 1


ROWS: dict[str, Callable[[Ticket], Iterable[tuple[int, int]]]] = {
    "EmailMessage": lambda t: [(s.at, s.index) for s in t.messages if not _is_comment(t, s)],
    "CaseComment": lambda t: [(s.at, s.index) for s in t.messages if _is_comment(t, s)],
    "CaseHistory": lambda t: [(row[0].at, which) for which, row in enumerate(_history(t))],
    "CaseMilestone": lambda t: [(_milestone_times(t)[3], 0)],
    "SurveyQuestionResponse": _answers,
    "SurveySubject": lambda t: [(s.at, s.index) for s in t.steps if s.rating],
}
MAKE: dict[str, Callable[[Ticket, int], Record]] = {
    "Case": case, "EmailMessage": email, "CaseComment": comment, "CaseHistory": history,
    "CaseMilestone": milestone, "SurveyQuestionResponse": answer, "SurveySubject": subject,
}  # fmt: skip
PARENTS = {
    "Case": "Id", "EmailMessage": "ParentId", "CaseComment": "ParentId", "CaseHistory": "CaseId",
    "CaseMilestone": "CaseId", "SurveyQuestionResponse": "ResponseId", "SurveySubject": "ParentId",
}  # fmt: skip
TIMES = {name: "CreatedDate" if name == "CaseHistory" else "SystemModstamp" for name in MAKE}


def tickets_of(desk: Desk, sobject: str, parent_id: object) -> list[int]:
    """The numbers of the tickets whose rows may hang on this parent."""
    of = "SurveyResponse" if sobject.startswith("Survey") else "Case"
    number = number_in(of, parent_id)
    if number is not None and of == "SurveyResponse":
        number //= PER_TICKET
    if number is None or not 1 <= number <= desk.count:
        return []
    losers = [number + 1] if number < desk.count and desk.fate(number + 1) == "merged" else []
    return [number, *(losers if PARENTS[sobject] == "ParentId" and of == "Case" else ())]
