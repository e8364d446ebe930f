"""How Salesforce is read: one query an object, ordered by its stamp; nothing needs asking ticket by
ticket. Pure. (Salesforce ids in a query are checked first: nothing else is ever quoted into it.)"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.feedback.intake.normalised import Normalised, Told
from services.feedback.intake.sources import salesforce_rest
from services.feedback.pull.plan import (
    Answer,
    Ask,
    Cursor,
    Detail,
    Page,
    Plan,
    Settings,
    Single,
    Stage,
    Stretch,
    field_of,
    rows_of,
)

VERSION = "v62.0"
OVERLAP = timedelta(minutes=5)
"""Stamps are set before rows can be seen: a reading begins a little before where the last one ended."""
CASE = (
    "Id, IsDeleted, MasterRecordId, CaseNumber, Subject, Description, Status, Priority, Origin, Type, "
    "IsClosed, ClosedDate, IsEscalated, OwnerId, Owner.Name, Owner.Type, RecordTypeId, ContactId, "
    "Contact.Name, Contact.Email, AccountId, SuppliedEmail, SuppliedName, CreatedDate, LastModifiedDate, "
    "SystemModstamp"
)
EMAIL = (
    "Id, ParentId, Incoming, TextBody, HtmlBody, FromAddress, FromName, MessageDate, Status, "
    "IsExternallyVisible, HasAttachment, CreatedById, CreatedBy.Name, CreatedBy.UserType, "
    "CreatedDate, IsDeleted, SystemModstamp"
)
COMMENT = (
    "Id, ParentId, CommentBody, IsPublished, CreatedById, CreatedBy.Name, CreatedBy.UserType, CreatedDate, "
    "LastModifiedDate, IsDeleted, SystemModstamp"
)
HISTORY = "Id, CaseId, Field, OldValue, NewValue, DataType, CreatedById, CreatedDate"
MILESTONE = (
    "Id, CaseId, MilestoneType.Name, StartDate, TargetDate, CompletionDate, IsCompleted, IsViolated, "
    "TargetResponseInMins, SystemModstamp"
)
Reader = Callable[[list[Any], Stretch, datetime], tuple[Told, list[str]]]
NEVER = datetime.min.replace(tzinfo=UTC)
"""As the beginning of a stretch: everything there is."""


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _stage(
    name: str, fields: Callable[[Settings], str], table: str, read: Reader, stamp: str = "SystemModstamp"
) -> Stage:
    def ask(stretch: Stretch, cursor: Cursor | None) -> Ask:
        if cursor:
            return Ask(str(cursor["path"]), {})
        since, until = _time(stretch.since - OVERLAP), _time(stretch.until)
        where = f"{stamp} >= {since} AND {stamp} <= {until} ORDER BY {stamp}, Id"
        query = f"SELECT {fields(stretch.settings)} FROM {table} WHERE {where}"  # times and names of ours
        return Ask(f"/services/data/{VERSION}/queryAll", {"q": query})

    def read_page(stretch: Stretch, cursor: Cursor | None, answer: Answer) -> Page:
        rows = rows_of(answer, "records")
        told, refused = read(rows, stretch, answer.read_at)
        return Page(told, len(rows), tuple(refused), _next(answer))

    return Stage(name, ask, read_page)


def _next(answer: Answer) -> Cursor | None:
    """Only ever a path of the same instance."""
    path = field_of(answer, "nextRecordsUrl")
    more = field_of(answer, "done") is False and isinstance(path, str) and path.startswith("/services/data/")
    return {"path": path} if more else None


def _case_fields(settings: Settings) -> str:
    own = {settings.get(name) for name in ("vendor_field", "language_field", "topic_field")}
    own |= {field for field in settings.get("declared_fields", {}).get("Case", []) if field.endswith("__c")}
    return ", ".join([CASE, *sorted(field for field in own if field)])


def _detail(fields: Callable[[Settings], str], table: str, key: str, read: Reader) -> Detail:
    def ask(one: Single, cursor: Cursor | None) -> Ask:
        if cursor:
            return Ask(str(cursor["path"]), {})
        query = f"SELECT {fields(one.settings)} FROM {table} WHERE {key} = '{one.key}'"  # the key fits KEY
        return Ask(f"/services/data/{VERSION}/queryAll", {"q": query})

    def read_all(one: Single, answers: list[Answer]) -> tuple[Normalised, ...]:
        rows = [row for answer in answers for row in rows_of(answer, "records")]
        return read(rows, Stretch(NEVER, answers[0].read_at, one.settings), answers[0].read_at)[0].tickets

    return Detail(ask, lambda cursor, answer: _next(answer), read_all)


def _cases(rows: list[Any], stretch: Stretch, read_at: datetime) -> tuple[Told, list[str]]:
    return salesforce_rest.read_cases(rows, stretch.settings, read_at=read_at)


def _emails(rows: list[Any], stretch: Stretch, read_at: datetime) -> tuple[Told, list[str]]:
    return salesforce_rest.read_emails(rows, stretch.settings, read_at=read_at)


def _comments(rows: list[Any], stretch: Stretch, read_at: datetime) -> tuple[Told, list[str]]:
    return salesforce_rest.read_comments(rows, stretch.settings, read_at=read_at)


def _history(rows: list[Any], stretch: Stretch, read_at: datetime) -> tuple[Told, list[str]]:
    since = None if stretch.since == NEVER else stretch.since - OVERLAP
    until = min(read_at, stretch.until)
    return salesforce_rest.read_history(rows, stretch.settings, read_at=until, since=since)


def _milestones(rows: list[Any], stretch: Stretch, read_at: datetime) -> tuple[Told, list[str]]:
    return salesforce_rest.read_milestones(rows)


PLAN = Plan(
    stages=(
        _stage("tickets", _case_fields, "Case", _cases),
        _stage("emails", lambda _: EMAIL, "EmailMessage", _emails),
        _stage("comments", lambda _: COMMENT, "CaseComment", _comments),
        _stage("history", lambda _: HISTORY, "CaseHistory", _history, "CreatedDate"),
        _stage("milestones", lambda _: MILESTONE, "CaseMilestone", _milestones),
    ),
    details={
        "ticket": _detail(_case_fields, "Case", "Id", _cases),
        "messages": _detail(lambda _: EMAIL, "EmailMessage", "ParentId", _emails),
        "comments": _detail(lambda _: COMMENT, "CaseComment", "ParentId", _comments),
        "history": _detail(lambda _: HISTORY, "CaseHistory", "CaseId", _history),
    },
    wanted=(),
)
KEY = r"500[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?"
"""What a case's id looks like in a query."""
