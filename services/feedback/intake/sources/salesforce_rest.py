"""Rows of Salesforce's REST query: cases, what is said in them, their history, milestones, surveys. Pure.

Every reader takes the `records` of a page and returns what they say and, for each row that could not be
read, why. One broken row loses nothing but itself.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.feedback.intake.normalised import (
    Change,
    NewRating,
    Normalised,
    NotUnderstood,
    Told,
    Version,
)
from services.feedback.intake.sources import reading
from services.feedback.intake.sources.salesforce_history import read_history
from services.feedback.intake.sources.salesforce_ids import record_id
from services.feedback.intake.sources.salesforce_messages import MESSAGES
from services.feedback.intake.sources.salesforce_records import Row, case, entry, table

__all__ = [
    "read_cases", "read_comments", "read_emails", "read_history", "read_milestones", "read_survey_answers",
]  # fmt: skip

Read = tuple[Told, list[str]]
_PLACES = Decimal("0.000001")


def each(records: Any, read: Callable[[Row], Iterable[Normalised]]) -> Read:
    tickets: list[Normalised] = []
    reasons: list[str] = []
    for place, record in enumerate(records if isinstance(records, list) else [None]):
        where = f"/records/{place}"
        try:
            if not isinstance(record, dict):
                raise NotUnderstood(where, "A row is an object.")
            tickets += read(Row(record, where))
        except NotUnderstood as error:
            reasons.append(str(error))
    return Told(tuple(tickets)), reasons


def _key(row: Row, sobject: str) -> str:
    """Decides where two tellings share an instant."""
    return f"sf-rest:{sobject}:{row.key('Id')}"


# ---- Cases and messages ---------------------------------------------------------------------------


def read_cases(records: Any, settings: Mapping[str, Any], *, read_at: datetime) -> Read:
    """Rows of queryAll. What was said in the loser of a merge stands in the winner now: nothing tells so."""
    winners: dict[str, Normalised] = {}

    def read(row: Row) -> list[Normalised]:
        one = case(row, settings, read_at, _key(row, "Case"), whole=True)
        if winner := one.state.get("merged_into_key"):
            winners[winner] = Normalised(winner, one.version, refetch=("messages",))
        return [one]

    told, reasons = each(records, read)
    return Told((*told.tickets, *winners.values())), reasons


def read_emails(records: Any, settings: Mapping[str, Any], *, read_at: datetime) -> Read:
    return _messages("EmailMessage", records, settings, read_at)


def read_comments(records: Any, settings: Mapping[str, Any], *, read_at: datetime) -> Read:
    return _messages("CaseComment", records, settings, read_at)


def _messages(sobject: str, records: Any, settings: Mapping[str, Any], read_at: datetime) -> Read:
    def read(row: Row) -> list[Normalised]:
        said = MESSAGES[sobject](row, settings, read_at, _key(row, sobject))
        return [] if isinstance(said, str) else [said]

    return each(records, read)


# ---- Milestones -----------------------------------------------------------------------------------


def read_milestones(records: Any) -> Read:
    """CaseMilestone: what was promised and met or missed. One that still runs says nothing."""
    return each(records, _milestone)


def _milestone(row: Row) -> list[Normalised]:
    key, ticket = row.key("Id"), row.key("CaseId")
    name = row.name_of("MilestoneType") or row.id("MilestoneTypeId")
    if name is None:
        raise NotUnderstood(f"{row.where}/MilestoneType", "Which milestone it is, is missing.")
    target = row.fields.get("TargetResponseInMins")
    if isinstance(target, float) and target.is_integer():
        target = int(target)
    detail = {"target_min": target if type(target) is int else None}
    ends = (
        ("fulfilled", row.flag("IsCompleted"), "CompletionDate"),
        ("breached", row.flag("IsViolated"), "TargetDate"),
    )
    changes = tuple(
        Change(f"milestone:{key}:{end}", at, 0, f"sla:{name}", None, end, basis="history", detail=detail)
        for end, is_so, date in ends
        if is_so and (at := row.time(date))
    )
    if not changes:
        return []
    version = row.version(max(one.occurred_at for one in changes), f"sf-rest:CaseMilestone:{key}")
    return [Normalised(ticket, version, changes=changes, warnings=tuple(row.warnings))]


# ---- Surveys --------------------------------------------------------------------------------------


def read_survey_answers(records: Any, settings: Mapping[str, Any]) -> Read:
    """SurveyQuestionResponse rows, with `Subjects` (ids of the cases they are about) joined to them: one
    rating a completed response, from the question that the settings name."""
    responses: dict[str, list[Row]] = {}

    def sort(row: Row) -> list[Normalised]:
        responses.setdefault(row.key("ResponseId"), []).append(row)
        return []

    _, reasons = each(records, sort)
    told: list[Normalised] = []
    for key, rows in responses.items():
        try:
            told += _rating(key, rows, table(settings, "csat_questions"))
        except NotUnderstood as error:
            reasons.append(str(error))
    return Told(tuple(told)), reasons


def _rating(key: str, rows: list[Row], questions: Mapping[str, Any]) -> list[Normalised]:
    scored = next((row for row in rows if entry(questions, row.id("QuestionId"))), None)
    if scored is None:
        return []
    response = reading.opt_obj(scored.fields, "Response")
    if reading.opt_text(response, "Status") != "Completed":
        return []
    rated_at = reading.opt_moment(response, "CompletionDateTime") or reading.moment(
        scored.fields, "CreatedDate", scored.where
    )
    version = Version(rated_at, 0, f"sf-rest:SurveyResponse:{key}")
    score = _score(scored, entry(questions, scored.id("QuestionId")))
    if score is None:
        scored.warn("The answer is not on the scale.")
    others = [row for row in rows if row is not scored and row.text("ResponseValue")]
    comment = next((row for row in others if row.text("Datatype") == "String"), None)
    rest = {row.id("QuestionId") or "": row.text("ResponseValue") for row in others if row is not comment}
    rating = NewRating(
        key=key,
        version=version,
        score=score,
        raw=scored.word("ResponseValue") or _digits(scored),
        comment=comment.text("ResponseValue") if comment else None,
        agent_key=None,
        rated_at=rated_at,
        external_id=key,
        extra=rest or None,
    )
    return [Normalised(_subject(scored), version, ratings=(rating,), warnings=tuple(scored.warnings))]


def _subject(row: Row) -> str:
    subjects = row.fields.get("Subjects")
    first = {"0": subjects[0]} if isinstance(subjects, list) and subjects else {}
    return record_id(reading.key(first, "0", f"{row.where}/Subjects"))


def _digits(row: Row) -> str:
    found = _number(row)
    return f"{found.normalize():f}" if found is not None and abs(found) < 10**15 else ""


def _number(row: Row) -> Decimal | None:
    found = row.fields.get("NumberValue")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    number = Decimal(str(found))
    return number if number.is_finite() else None


def _score(row: Row, question: Any) -> Decimal | None:
    """0 … 1, in six places; None: not on the scale."""
    scale = question.get("scale") if isinstance(question, dict) else None
    number = _number(row)
    try:
        low, high = (Decimal(str(end)) for end in scale or ())
        if number is None or not low <= number <= high:
            return None
        return ((number - low) / (high - low)).quantize(_PLACES)
    except (ArithmeticError, ValueError, TypeError):
        return None
